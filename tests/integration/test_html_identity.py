"""An HTML export tells neither number nor name of its chat: it belongs to the channel that somebody names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tg_parser.config.settings import Settings
from tg_parser.services.ingestion import IngestRequest
from tg_parser.wiring.app import open_app
from tg_parser.wiring.context import RunContext

PAGE = """<!DOCTYPE html><html><body><div class="page_wrap"><div class="page_header"><div class="content">
<div class="text bold">News</div></div></div><div class="page_body chat_page"><div class="history">
<div class="message default clearfix" id="message7"><div class="body">
<div class="pull_right date details" title="27.11.2024 09:00:00 UTC+00:00">09:00</div>
<div class="from_name">News</div><div class="text">Told in both formats</div></div></div>
</div></div></div></body></html>"""
JSON = {
    "name": "News",
    "type": "public_channel",
    "id": 1234567,
    "messages": [
        {
            "id": 7,
            "type": "message",
            "date": "2024-11-27T09:00:00",
            "date_unixtime": "1732698000",
            "from": "News",
            "from_id": "channel1234567",
            "text": "Told in both formats",
        }
    ],
}


@pytest.fixture
def exports(tmp_path: Path) -> tuple[Path, Path]:
    html, json_file = tmp_path / "html", tmp_path / "json"
    html.mkdir()
    json_file.mkdir()
    (html / "messages.html").write_text(PAGE)
    (json_file / "result.json").write_text(json.dumps(JSON))
    return html, json_file


async def test_both_formats_of_a_named_channel_are_one_channel(settings: Settings, exports: tuple[Path, Path]) -> None:
    """With --channel the page goes to that channel, whichever format came first; nothing doubles, nothing is edited."""
    html, json_file = exports
    async with open_app(settings) as app, app.new_run(RunContext()) as run:
        (first,) = await run.ingest.from_export(html, IngestRequest(), channel="1234567")
        (second,) = await run.ingest.from_export(json_file, IngestRequest())
        (third,) = await run.ingest.from_export(html, IngestRequest(), source=second.source)
        assert {each.source.channel_id for each in (first, second, third)} == {"-1000001234567"}
        assert [each.counts["new"] for each in (first, second, third)] == [1, 0, 0]
        assert [each.counts["revised"] for each in (first, second, third)] == [0, 0, 0]
        assert len(await app.sources.list()) == 1


async def test_unnamed_page_is_a_channel_of_its_own(settings: Settings, exports: tuple[Path, Path]) -> None:
    """Nobody said whose it is: it gets an id made from its title, the same every time."""
    html, _ = exports
    async with open_app(settings) as app, app.new_run(RunContext()) as run:
        (first,) = await run.ingest.from_export(html, IngestRequest())
        (again,) = await run.ingest.from_export(html, IngestRequest())
        assert first.source.channel_id == again.source.channel_id
        assert first.source.channel_id.startswith("unnamed-")
        assert (first.counts["new"], again.counts["new"]) == (1, 0)
