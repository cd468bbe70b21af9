"""Chats that were exported in both formats are the same from either; what HTML lacks is listed here, field by field."""

from __future__ import annotations

import pytest
from desktop_files import read
from sample_data import present, sample

from tg_parser.domain.errors import ExportTruncatedError
from tg_parser.domain.messages import RawMessage

CHANNEL, GROUP = "uponthepath_channel", "fixture_roboteam_group"
EDGES = sample("tdesktop_export", "fixture_html_edge_cases")
CHATS = present("tdesktop_export", CHANNEL, GROUP)
SAME = (
    "id", "message_type", "text", "parent_message_id", "thread_id", "reply_to_message_id", "reactions", "links",
    "album_id", "forum_topic", "service_action", "language", "via",
)  # fmt: skip
"""Fields that are equal for every message. `date` is, but for service messages. Of author, forward and media the parts
below are. channel_id, edited_at, views, forwards are in JSON alone."""
SERVICE = {CHANNEL: {"1", "2", "5", "63", "246"}, GROUP: {"426593", "426595", "426596", "428644"}}
UNNAMED = {
    CHANNEL: {
        "91", "115", "133", "255", "253", "274", "276", "155", "157", "161", "164", "172", "178", "180", "183", "185",
        "189", "191", "194", "198", "220", "226", "230", "232", "234", "239", "242", "244", "247", "249", "252", "254",
        "256", "258", "260", "264", "267", "270", "273", "275", "277", "279", "281", "283",
    },
    GROUP: set(),
}  # fmt: skip
"""Songs, videos and, from 155 on, stickers whose files were not saved: their boxes show no file name."""
WITHOUT_DURATION = {CHANNEL: set(), GROUP: {"428647"}}
"""The box of an animation shows its size, not its length."""


async def _both(name: str) -> list[tuple[RawMessage, RawMessage]]:
    folder = sample("tdesktop_export", name)
    in_json, in_html = await read(folder), await read(folder / "messages.html")
    assert (in_json.error, in_html.error, in_html.skipped) == (None, None, {})
    assert in_json.ids == in_html.ids
    return list(zip(in_json.messages, in_html.messages, strict=True))


@pytest.mark.parametrize("name", CHATS)
async def test_the_same_messages_come_from_both_formats(name: str) -> None:
    """Texts to the character, links, replies, threads, reactions and the kinds of service messages."""
    pairs = await _both(name)
    assert len(pairs) == {CHANNEL: 213, GROUP: 12}[name]
    for field in SAME:
        assert [getattr(html, field) for _, html in pairs] == [getattr(json, field) for json, _ in pairs], field


@pytest.mark.parametrize("name", CHATS)
async def test_dates_are_the_same_but_for_service_messages(name: str) -> None:
    """Those have no time on a page; they get one of the same day, not later than the true one."""
    pairs = await _both(name)
    assert {json.id for json, html in pairs if json.date != html.date} == SERVICE[name]
    assert all(0 <= (json.date - html.date).total_seconds() < 86_400 for json, html in pairs)


@pytest.mark.parametrize("name", CHATS)
async def test_people_and_origins_have_the_same_names(name: str) -> None:
    """Names are on a page, ids are not; one service message of the channel's first day names nobody in JSON either."""
    pairs = await _both(name)
    assert [html.author.name for _, html in pairs] == [json.author.name for json, _ in pairs]
    origins = [(json.forward and json.forward.name, html.forward and html.forward.name) for json, html in pairs]
    assert all(in_json == in_html for in_json, in_html in origins)
    assert all(html.forward.date is not None for _, html in pairs if html.forward)


@pytest.mark.parametrize("name", CHATS)
async def test_media_have_the_same_kind_name_title_and_length(name: str) -> None:
    """Mime types are not on a page, and sizes are cut there to a tenth of their unit."""
    pairs = [(json.id, json.media, html.media) for json, html in await _both(name) if json.media or html.media]
    assert len(pairs) == {CHANNEL: 74, GROUP: 5}[name]
    for message_id, (in_json,), (in_html,) in pairs:
        assert (in_html.kind, in_html.title) == (in_json.kind, in_json.title)
        assert in_html.file_name == (None if message_id in UNNAMED[name] else in_json.file_name)
        if message_id not in WITHOUT_DURATION[name]:
            assert in_html.duration_seconds == in_json.duration_seconds
        if in_json.size and in_html.size:
            assert 0 <= in_json.size - in_html.size < max(in_json.size * 0.1, 1)


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("basic_messages", ["1", "2", "3"]),
        ("document_messages", ["30", "31", "32"]),
        ("forwarded_messages", ["20", "21", "22"]),
        ("reaction_messages", ["10", "11", "12"]),
        ("rtl_unicode_messages", ["40", "41", "42", "43", "44", "45", "46"]),
        ("timezone_messages", ["1", "2", "3", "4"]),
    ],
)
async def test_pages_that_other_tools_rewrote_are_read(name: str, ids: list[str]) -> None:
    """Their layout is looser than that of Telegram Desktop; each message has text, date and the author it shows."""
    reading = await read(EDGES / f"{name}.html")
    assert (reading.ids, reading.error, reading.skipped) == (ids, None, {})
    assert all(item.text for item in reading.messages)
    named = [item.id for item in reading.messages if item.author]
    assert named == [message_id for message_id in ids if message_id != "46"]


async def test_a_malformed_and_cut_page_gives_its_messages_then_the_error() -> None:
    """The one without a date is counted; open tags cost nothing; the missing end is told last."""
    reading = await read(EDGES / "malformed_truncated.html")
    assert reading.ids == ["50", "51", "52", "54", "55", "56"]
    assert reading.messages[1].text == "This message has no closing tag"
    assert (reading.skipped, type(reading.error)) == ({"no_date": 1}, ExportTruncatedError)
