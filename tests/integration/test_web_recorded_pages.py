"""Pages recorded from Telegram and pages made by others give what is written down beside them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from sample_data import sample

from tg_parser.ingestion.web.landing import why_no_preview
from tg_parser.ingestion.web.page import PreviewPage, read_page

CASES = (
    "audio_message", "location_message_2", "multimedia_message", "no_posts_found", "photo_multiple", "photo_single",
    "service_message_channel_created", "service_message_channel_name_changed", "sticker_message",
    "text_message_link_with_regular_preview", "text_message_multiline", "text_message_signed_not_edited",
    "text_reply_to_video", "unsigned_text_message", "video_big", "video_single_2",
)  # fmt: skip
KINDS = {"audio": "voice", "location": "location", "photo": "photo", "sticker": "sticker", "video": "video"}
"""What that author calls the type of a post, and the kind of its media here."""
LANDINGS = {
    "group": "is a group",
    "no_page_at_all": "is not a page of Telegram",
    "no_preview": "has its web preview switched off",
    "no_preview_boilerplate": "has no web preview",
    "not_found": "knows no public channel",
    "private": "is private",
    "restricted": "is restricted; Telegram says: This channel can't be displayed because it was used to spread "
    "pornographic content.",
    "user": "is a person or a bot",
}


def page(name: str) -> str:
    return sample("web_preview", f"{name}.html").read_text("utf-8")


def load(name: str) -> PreviewPage:
    return read_page(page(name), "asked_name")


def expected(name: str) -> Any:
    return json.loads(sample("web_preview", f"{name}.expected.json").read_text("utf-8"))


@pytest.mark.parametrize("name", CASES)
def test_posts_recorded_by_tchan(name: str) -> None:
    """Ids, dates, views, authors, edits and replies are exact; texts but for spaces; media by kind."""
    case = f"tchan_cases/parse_{name}"
    wanted = expected(case)
    wanted = wanted if isinstance(wanted, list) else [wanted]
    posts = [message for message in load(case).messages if message.album_id in (None, message.id)]
    assert [int(message.id) for message in posts] == [post["id"] for post in wanted]
    for message, post in zip(posts, wanted, strict=True):
        payload = message.raw_payload or {}
        assert message.date == datetime.fromisoformat(post["created_at"])
        assert (message.views, message.author and message.author.name) == (post["views"], post["author"])
        assert payload.get("edited", False) == post["edited"]
        assert message.reply_to_message_id == (str(post["reply_to_id"]) if "reply_to_id" in post else None)
        text = payload.get("service_text") or message.text
        assert text.split() == (post["text"] or "").split()
        assert (message.service_action is not None) == (post["type"] == "service")
        if post["type"] in KINDS:
            assert message.media[0].kind == KINDS[post["type"]]
        if "preview_url" in post:
            names = {"url": "url", "title": "title", "site": "site_name", "description": "description"}
            assert payload["link_preview"] == {name: post[f"preview_{theirs}"] for name, theirs in names.items()}


def test_the_album_recorded_by_tchan_is_four_messages() -> None:
    """Two videos and two photos, each with the id that its link opens."""
    messages = load("tchan_cases/parse_multimedia_message").messages
    assert [(message.id, message.media[0].kind, message.album_id) for message in messages] == [
        ("84", "video", "84"), ("85", "photo", "84"), ("86", "video", "84"), ("87", "photo", "84"),
    ]  # fmt: skip
    assert [message.media[0].duration_seconds for message in messages] == [27.0, None, 8.0, None]


def test_a_page_made_by_others() -> None:
    """Simpler markup than Telegram's is read too."""
    read = load("edge_cases/channel_page")
    assert ([message.id for message in read.messages], dict(read.skipped)) == (["80", "85", "99"], {})


def test_views_reactions_and_forwards_of_the_edge_case() -> None:
    """Shortened numbers, three sorts of reactions, an origin, an edit mark."""
    first, second, third = load("edge_cases/channel_page").messages
    assert (first.views, second.views, third.views) == (1200, 980, 2400)
    assert [(each.emoji, each.count) for each in second.reactions] == [
        ("paid", 1), ("😁", 12), ("custom:5465587407350942612", 2),
    ]  # fmt: skip
    assert (second.forward.name, second.forward.peer_id) == ("Other Source", "othersource")
    assert third.raw_payload == {"edited": True}


@pytest.mark.parametrize(("name", "counts"), [("empty_channel", False), ("contradiction", True)])
def test_pages_without_posts(name: str, counts: bool) -> None:
    """One belongs to a new channel; the other counts photos and shows no post."""
    read = load(f"edge_cases/{name}")
    assert (read.is_preview, read.messages, read.tells_of_posts) == (True, [], counts)


@pytest.mark.parametrize("name", LANDINGS)
def test_landing_pages(name: str) -> None:
    """Each says what it is; the two that look alike are told apart."""
    html = page(f"edge_cases/{name}")
    assert not read_page(html, name).is_preview
    assert LANDINGS[name] in why_no_preview(html, name).message
