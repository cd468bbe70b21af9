"""One channel in three shapes: an export, the web preview, the API. It stays one channel, one row a message."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fake_telegram.chat import Chat
from fake_telegram.server import FakeTelegram
from fake_telegram.world import World
from fake_telegram_server import fake, fake_telegram, telegram_variables, world
from web_pages import PreviewServer, page, post, serving, text

from tg_parser.config.settings import Settings, TelegramSettings, WebSettings
from tg_parser.domain.errors import SourceError
from tg_parser.domain.sources import SourceChange
from tg_parser.services.ingestion import IngestRequest
from tg_parser.storage.engine.databases import open_databases
from tg_parser.storage.stores.raw import RawStorage
from tg_parser.storage.stores.raw_rows import StoredMessage
from tg_parser.wiring.app import open_app
from tg_parser.wiring.context import RunContext

NAME = "news_channel"


@asynccontextmanager
async def opened(settings: Settings, *, web: str | None = None, api: FakeTelegram | None = None) -> AsyncIterator[Any]:
    """The application and a run, with a web preview, an account, or neither."""
    reach: dict[str, Any] = {}
    if web is not None:
        reach["web"] = WebSettings(_env_file=None, WEB_PREVIEW_URL=web, WEB_PREVIEW_PAUSE=0)
    if api is not None:
        variables: dict[str, Any] = telegram_variables(api)
        reach["telegram"] = TelegramSettings(_env_file=None, **variables)
    async with open_app(settings.model_copy(update=reach)) as app, app.new_run(RunContext()) as run:
        yield app, run


@pytest.fixture
def telegram() -> tuple[World, Chat]:
    """A channel with a plain post, one with a hidden link, a photo with words, and a forward."""
    there = world()
    news = there.channel(NAME, "News")
    news.post("Plain words of the first post", views=10)
    news.post(html_text='Read <a href="https://example.org/2">the second one</a> now', views=20)
    news.post("A picture with words", media=fake().photo(3), views=30)
    news.post("Told by others", fwd="Somebody hidden", views=40)
    return there, news


def export_of(news: Chat, folder: Path) -> Path:
    """The channel as Telegram Desktop exports it."""
    messages = [
        {
            "id": number,
            "type": "message",
            "date_unixtime": str(int(news.messages[number].date.timestamp())),
            "date": news.messages[number].date.strftime("%Y-%m-%dT%H:%M:%S"),
            "from": news.title,
            "from_id": f"channel{news.id}",
            "text": news.messages[number].message,
        }
        for number in news.ids
    ]
    messages[2]["photo"] = "(File not included)"
    path = folder / "result.json"
    path.write_text(json.dumps({"name": news.title, "type": "public_channel", "id": news.id, "messages": messages}))
    return path


def preview_of(news: Chat, *, numbered: bool = True) -> PreviewServer:
    """The channel as its web preview shows it."""
    preview = PreviewServer()
    bodies = {2: text('Read <a href="https://example.org/2">the second one</a> now')}
    for number in news.ids:
        message = news.messages[number]
        channel = news.id if numbered else None
        body = bodies.get(number, text(message.message))
        preview.posts[number] = post(number, body, date=message.date.isoformat(), views="1.2K", channel=channel)
    return preview


async def rows(settings: Settings) -> dict[str, StoredMessage]:
    """All that is stored of any channel, by ref."""
    async with open_databases(settings) as databases:
        raw, sources = RawStorage(databases.raw), {}
        async with databases.ingestion.engine.connect() as conn:
            channels = {row[0] for row in await conn.exec_driver_sql("SELECT channel_id FROM ingestion_state")}
        for channel in channels:
            async for stored_page in raw.pages(channel):
                sources.update({each.message.source_ref: each for each in stored_page})
        return sources


async def test_export_then_preview_then_api(settings: Settings, telegram: tuple[World, Chat], tmp_path: Path) -> None:
    """One source, one id, one row a message whatever comes after what; of each field the richest version stays."""
    there, news = telegram
    channel = f"-{10**12 + news.id}"
    refs = [f"tg:{channel}:post:{number}" for number in news.ids]
    async with opened(settings) as (_, run):
        (outcome,) = await run.ingest.from_export(export_of(news, tmp_path), IngestRequest())
        first = outcome.source
        assert (first.channel_id, outcome.counts["new"]) == (channel, 4)
    with serving(preview_of(news)) as address:
        async with opened(settings, web=address) as (_, run):
            outcome = await run.collect.collect_chat(f"@{NAME}", IngestRequest(mode="snapshot"))
            assert outcome.error is None
            assert (outcome.source.source_id, outcome.source.channel_username) == (first.source_id, NAME)
            assert (outcome.counts["new"], outcome.counts["revised"]) == (0, 0)
    held = await rows(settings)
    assert list(held) == refs
    assert held[refs[0]].message.views == 1200
    with fake_telegram(there) as api:
        async with opened(settings, api=api) as (app, run):
            await app.sources.add(_via(first.source_id, "api"))
            source = await app.sources.get(first.source_id)
            outcome = await run.collect.collect(source, IngestRequest(mode="snapshot"))
            assert outcome.error is None
            assert (outcome.counts["new"], outcome.counts["revised"]) == (0, 0)
            assert len(await app.sources.list()) == 1
    held = await rows(settings)
    assert list(held) == refs
    assert [each.revision for each in held.values()] == [0, 0, 0, 0]
    assert [each.message.views for each in held.values()] == [10, 20, 30, 40]
    assert held[refs[1]].message.links[0].url == "https://example.org/2"
    assert held[refs[2]].message.media[0].kind == "photo"
    assert held[refs[2]].message.media[0].size == 20000
    assert held[refs[3]].message.forward.name == "Somebody hidden"
    assert {each.message.via for each in held.values()} == {"api"}


async def test_number_learned_after_the_name_keeps_the_messages_where_they_are(
    settings: Settings, telegram: tuple[World, Chat]
) -> None:
    """A preview that tells no number stores under the name; the API, which does, adds to the same channel."""
    there, news = telegram
    with serving(preview_of(news, numbered=False)) as address:
        async with opened(settings, web=address) as (_, run):
            outcome = await run.collect.collect_chat(NAME, IngestRequest())
            assert outcome.source.channel_id == NAME
    news.post("Only the API has seen this")
    with fake_telegram(there) as api:
        async with opened(settings, api=api) as (app, run):
            outcome = await run.collect.collect_chat(f"-{10**12 + news.id}", IngestRequest())
            assert outcome.error is None, outcome.error
            assert (outcome.source.channel_id, outcome.source.peer_id) == (NAME, f"-{10**12 + news.id}")
            assert outcome.counts["new"] == 1
            assert len(await app.sources.list()) == 1
    assert list(await rows(settings)) == [f"tg:{NAME}:post:{number}" for number in range(1, 6)]


async def test_renamed_channel_stays_one(settings: Settings, telegram: tuple[World, Chat]) -> None:
    """Under its new name, by the old source or by its number, the channel is the one that is known."""
    there, news = telegram
    with fake_telegram(there) as api:
        async with opened(settings, api=api) as (_, run):
            first = (await run.collect.collect_chat(NAME, IngestRequest())).source
        news.username = "renamed_news"
        news.post("After the renaming")
        async with opened(settings, api=api) as (app, run):
            outcome = await run.collect.collect(await app.sources.get(first.source_id), IngestRequest())
            assert outcome.error is None, outcome.error
            assert (outcome.source.channel_username, outcome.counts["new"]) == ("renamed_news", 1)
            outcome = await run.collect.collect_chat("@renamed_news", IngestRequest())
            assert outcome.source.source_id == first.source_id
            assert [each.source_id for each in await app.sources.list()] == [first.source_id]


async def test_two_channels_that_swapped_names_do_not_merge(settings: Settings, telegram: tuple[World, Chat]) -> None:
    """Each keeps its source, its messages and its number; the names go over."""
    there, news = telegram
    other = there.channel("other_channel", "Other")
    other.post("Of the other channel")
    with fake_telegram(there) as api:
        async with opened(settings, api=api) as (_, run):
            mine = (await run.collect.collect_chat(NAME, IngestRequest())).source
            theirs = (await run.collect.collect_chat("other_channel", IngestRequest())).source
        news.username, other.username = "other_channel", NAME
        news.post("Mine again")
        other.post("Theirs again")
        async with opened(settings, api=api) as (app, run):
            outcome = await run.collect.collect_chat(f"@{NAME}", IngestRequest())
            assert outcome.error is None, outcome.error
            assert (outcome.source.source_id, outcome.counts["new"]) == (theirs.source_id, 1)
            assert (await app.sources.get(mine.source_id)).channel_username is None
            outcome = await run.collect.collect(await app.sources.get(mine.source_id), IngestRequest())
            assert (outcome.source.channel_username, outcome.counts["new"]) == ("other_channel", 1)
    refs = list(await rows(settings))
    assert len(refs) == len(set(refs)) == 7


async def test_name_that_moved_is_told_by_the_preview(settings: Settings, telegram: tuple[World, Chat]) -> None:
    """By --source, a page of another number under the known name is no news of that source."""
    _, news = telegram
    preview = preview_of(news)
    with serving(preview) as address:
        async with opened(settings, web=address) as (_, run):
            mine = (await run.collect.collect_chat(NAME, IngestRequest())).source
            preview.posts = {1: post(1, channel=999)}
            outcome = await run.collect.collect(mine, IngestRequest())
            assert isinstance(outcome.error, SourceError)
            assert f"@{NAME} now belongs to -1000000000999" in outcome.error.message
            assert outcome.source.status == "error"


async def test_name_that_moved_unseen_is_told_by_the_dates(settings: Settings, telegram: tuple[World, Chat]) -> None:
    """Where no number is told, the same ids with other dates are another channel: nothing of it is stored."""
    _, news = telegram
    preview = preview_of(news, numbered=False)
    with serving(preview) as address:
        async with opened(settings, web=address) as (_, run):
            mine = (await run.collect.collect_chat(NAME, IngestRequest())).source
            moved = news.messages[2].date + timedelta(days=900)
            preview.posts = {number: post(number, date=moved.isoformat(), channel=None) for number in (2, 3, 9)}
            outcome = await run.collect.collect(mine, IngestRequest(mode="snapshot"))
            assert "this is another chat" in outcome.error.message
    assert list(await rows(settings)) == [f"tg:{NAME}:post:{number}" for number in range(1, 5)]


def _via(source_id: str, via: str) -> SourceChange:
    return SourceChange(source_id=source_id, via=via)


async def test_a_page_without_posts_under_a_known_name_changes_nothing(
    settings: Settings, telegram: tuple[World, Chat]
) -> None:
    """An empty page is no reason to forget or to fail."""
    _, news = telegram
    preview = preview_of(news)
    with serving(preview) as address:
        async with opened(settings, web=address) as (_, run):
            mine = (await run.collect.collect_chat(NAME, IngestRequest())).source
            preview.pages[f"/s/{NAME}"] = page()
            outcome = await run.collect.collect(mine, IngestRequest())
            assert (outcome.error, outcome.counts.get("new", 0)) == (None, 0)
            assert outcome.source.last_post_id == 4
