"""Pages that may not be passed on: one recorded from Telegram, two made by others."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from sample_data import LENT

from tg_parser.ingestion.web.page import PreviewPage, read_page

PAGES = LENT / "web_preview"


def load(name: str) -> PreviewPage:
    return read_page((PAGES / f"{name}.html").read_text("utf-8"), "asked_name")


def test_a_whole_recorded_page() -> None:
    """The page of a young channel: its number, title and name, a service message and a captioned photo."""
    read, wanted = load("prstnk_s_page"), json.loads((PAGES / "prstnk_s_page.expected.json").read_text("utf-8"))
    assert read.chat.channel_id == "-1003976510481"
    assert (read.chat.title, f"@{read.chat.username}") == (wanted["channel_title"], wanted["channel_username"])
    for message, post in zip(read.messages, wanted["posts"], strict=True):
        assert (int(message.id), message.date) == (post["id"], datetime.fromisoformat(post["datetime"]))
        assert message.views == (int(post["views"]) if post["views"] else None)
        assert (message.service_action is not None) == post["service"]
        shown = message.raw_payload["service_text"] if post["service"] else message.text
        assert (shown, len(message.media)) == (post["text"], post["photos"])
    assert (read.lowest_id, read.tells_of_older, dict(read.skipped)) == (1, False, {})


@pytest.mark.parametrize(
    ("name", "ids", "skipped"),
    [
        ("fixture_jobs_ru", ["100", "101", "102", "103"], {}),
        ("fixture_autonews_ru", ["12345", "12346"], {"no_date": 1}),
    ],
)
def test_pages_made_by_others(name: str, ids: list[str], skipped: dict[str, int]) -> None:
    """Simpler markup than Telegram's is read too."""
    read = load(name)
    assert ([message.id for message in read.messages], dict(read.skipped)) == (ids, skipped)


def test_texts_and_links_of_a_page_made_by_others() -> None:
    """Line ends are those of the text, and links stand behind their words."""
    job = load("fixture_jobs_ru").messages[1]
    assert job.text == "Ищем Senior Backend в BetaLabs.\nСтек: Go, Postgres. Зарплата 350–450k."
    assert [(link.text, link.url) for link in job.links] == [("BetaLabs", "https://example.com/job")]
