"""Links to messages are read in every form that Telegram writes."""

from __future__ import annotations

from typing import Any

import pytest

from tg_parser.domain.errors import InvalidPeerError, InvalidRefError
from tg_parser.domain.message_links import parse_message_link


@pytest.mark.parametrize(
    ("link", "chat", "number", "types"),
    [
        ("https://t.me/durov/12", "durov", "12", ("post", "comment")),
        ("t.me/durov/12", "durov", "12", ("post", "comment")),
        ("https://t.me/s/durov/12", "durov", "12", ("post", "comment")),
        ("https://t.me/durov/12?single", "durov", "12", ("post", "comment")),
        ("https://t.me/durov/12?comment=34", "durov", "34", ("comment",)),
        ("https://t.me/c/1032086354/5", "-1001032086354", "5", ("post", "comment")),
        ("https://t.me/c/1032086354/7/55", "-1001032086354", "55", ("post", "comment")),
        ("https://t.me/group/55?thread=7", "group", "55", ("post", "comment")),
    ],
)
def test_link_names_chat_and_message(link: str, chat: str, number: str, types: tuple[Any, ...]) -> None:
    """Public and private channels, previews, comments, threads of a forum."""
    found = parse_message_link(link)
    assert (found.peer.canonical, found.message_id, found.types) == (chat, number, types)


@pytest.mark.parametrize("link", ["https://t.me/durov", "t.me/c/123", "https://t.me/durov/x", "durov", "12", ""])
def test_what_names_no_message_is_refused(link: str) -> None:
    """A chat alone is no message."""
    with pytest.raises(InvalidRefError, match="not a valid reference"):
        parse_message_link(link)


def test_another_site_is_no_chat() -> None:
    """A link to elsewhere."""
    with pytest.raises(InvalidPeerError):
        parse_message_link("https://example.org/durov/12")
