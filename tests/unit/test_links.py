"""Links lead back to the original message."""

from __future__ import annotations

import pytest

from tg_parser.domain.refs import MessageType
from tg_parser.export.links import ChatAddress, message_link

NAMED, NUMBERED = ChatAddress(username="durov"), ChatAddress()
GROUP = ChatAddress(kind="group")


@pytest.mark.parametrize(
    ("channel", "kind", "message", "thread", "address", "expected"),
    [
        ("-1000000000123", "post", "7", "7", NAMED, "https://t.me/durov/7"),
        ("-1000000000123", "post", "7", "7", NUMBERED, "https://t.me/c/123/7"),
        ("durov", "post", "7", None, NUMBERED, "https://t.me/durov/7"),
        ("-1000000000123", "comment", "99", "7", NAMED, "https://t.me/durov/7?comment=99"),
        ("-1000000000123", "post", "99999999999", "1", NAMED, None),
        ("-1000000000123", "comment", "99", "0", GROUP, "https://t.me/c/123/99"),
        ("-1000000000123", "comment", "99@55", "7", NAMED, "https://t.me/durov/7?comment=99"),
        ("-1000000000123", "comment", "99", "7", NUMBERED, "https://t.me/c/123/7?comment=99"),
        ("-1000000000123", "comment", "7", "7", NAMED, "https://t.me/durov/7?comment=7"),
        ("-1000000000123", "comment", "99", "7", GROUP, "https://t.me/c/123/99?thread=7"),
        ("-1000000000123", "comment", "99", None, NUMBERED, "https://t.me/c/123/99"),
        ("-1000000000123", "comment", "99", "-999999993", GROUP, "https://t.me/c/123/99"),
        ("-1000000000123", "comment", "99", "-999999993", NAMED, "https://t.me/durov/99"),
        ("-1004300000000", "post", "7", "7", NUMBERED, "https://t.me/c/4300000000/7"),
        ("-1012345678901", "comment", "99", "7", GROUP, "https://t.me/c/12345678901/99?thread=7"),
        ("-1000000000123", "post", "-7", "-7", GROUP, None),
        ("-123456789", "post", "7", "7", GROUP, None),
        ("unnamed-0123456789abcdef", "post", "7", "7", NUMBERED, None),
        ("777000", "post", "7", "7", ChatAddress(kind="private"), None),
    ],
)
def test_link_of_a_message(
    channel: str, kind: MessageType, message: str, thread: str | None, address: ChatAddress, expected: str | None
) -> None:
    """A username wins, else the internal id, else there is no link; a comment opens in its thread."""
    assert message_link(channel, kind, message, thread, address) == expected
