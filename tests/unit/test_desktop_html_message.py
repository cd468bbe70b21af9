"""One message of an exported page, as the object that a JSON export would hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from html_export_files import day, page, post, reply_to, service

from tg_parser.domain.messages import Chat, Reaction
from tg_parser.ingestion.desktop.fields import reactions
from tg_parser.ingestion.desktop.html.message import HtmlMessageReader
from tg_parser.ingestion.desktop.html.page import Element, read_page

TALK = Chat(channel_id="x", title="Talk", kind="group")


def _payload(html: str, classes: tuple[str, str] = ("message", "default")) -> dict[str, Any]:
    return HtmlMessageReader(TALK).payload(Element(7, frozenset(classes), html))


@pytest.mark.parametrize(
    ("shown", "written"),
    [
        ("13.02.2025 01:04:32 UTC+03:30", "2025-02-13T01:04:32+03:30"),
        ("13.02.2025 22:49:26 UTC-05:00", "2025-02-13T22:49:26-05:00"),
        ("13.02.2025 22:49:26 UTC", "2025-02-13T22:49:26+00:00"),
        ("14.02.2025 15:45:00", "2025-02-14T15:45:00"),
        ("Jan 15, 2024, 10:31 PM", "2024-01-15T22:31:00"),
        ("yesterday", None),
    ],
)
def test_a_date_is_read_with_its_zone(shown: str, written: str | None) -> None:
    """Newer versions write a zone; without one it is left open, and taken as UTC and counted later."""
    assert _payload(post(7, title=shown)).get("date") == written


@pytest.mark.parametrize(
    ("line", "answered"),
    [
        (reply_to(12), 12),
        (reply_to(12, "messages3.html"), 12),
        (reply_to(-999999), -999999),
        ('<div class="reply_to details">\nIn reply to a message in another chat\n</div>', None),
    ],
)
def test_an_answer_names_the_message_of_this_chat(line: str, answered: int | None) -> None:
    """Also on another page; an answer across chats names none."""
    assert _payload(post(7, extra=line)).get("reply_to_message_id") == answered


def test_a_signature_wins_over_the_channel() -> None:
    """The person who signed a post is its author."""
    signed = post(7).replace('<div class="text">', '<div class="signature details">\nAnn\n</div><div class="text">')
    assert (_payload(signed)["author"], _payload(signed)["from"]) == ("Ann", "News")


def test_reactions_are_counted_as_shown() -> None:
    """Where all who reacted are shown there is no number; custom emoji and stars have names of their own."""
    shown = [
        ("reaction", "👍", '<span class="count">12</span>'),
        (
            "reaction active",
            "🔥",
            '<span class="userpics"><div class="userpic"></div><div class="userpic"></div></span>',
        ),
        ("reaction", '<a href="stickers/c.webp">🃏</a>', '<span class="count">3</span>'),
        ("reaction paid", "⭐️", '<span class="count">4</span>'),
    ]
    each = "".join(
        f'<span class="{name}"><span class="emoji">{emoji}</span>{rest}</span>' for name, emoji, rest in shown
    )
    html = f'<span class="reactions">{each}</span>'
    assert reactions(_payload(post(7, extra=html))) == (
        Reaction(emoji="👍", count=12),
        Reaction(emoji="🔥", count=2),
        Reaction(emoji="custom:stickers/c.webp", count=3),
        Reaction(emoji="paid", count=4),
    )


def test_a_changed_photo_is_media_of_its_service_message() -> None:
    """As in JSON; by whom it was changed is the actor."""
    html = service(7, "Deleted Account changed group photo", '<a class="userpic_link" href="photos/p.jpg"><img></a>')
    fields = _payload(html, ("message", "service"))
    assert (fields["action"], fields["photo"], "actor" in fields) == ("edit_group_photo", "photos/p.jpg", False)


def test_a_page_tells_its_title_messages_and_neighbour(tmp_path: Path) -> None:
    """Date lines are no messages, but each message knows its day; the link to the next page is known."""
    path = tmp_path / "messages.html"
    path.write_text(page(day(), post(1), service(2, "History cleared"), following="messages2.html"), "utf-8")
    found = read_page(path)
    assert (found.title, found.following, found.cut) == ("News", "messages2.html", False)
    assert [(item.id, "service" in item.classes, str(item.day), item.zone) for item in found.elements] == [
        (1, False, "2024-09-12", "+03:00"),
        (2, True, "2024-09-12", "+03:00"),
    ]
