"""Sources as the interfaces know them: every way to name a chat, and one source a chat."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from samples import NOW, document, message, topic
from sqlalchemy import text

from tg_parser.config.settings import Settings
from tg_parser.domain.errors import InvalidPeerError, SourceError, TgParserError, UnknownSourceError, UsageError
from tg_parser.domain.messages import Chat
from tg_parser.domain.sources import SourceChange
from tg_parser.storage.engine.databases import open_databases
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.raw import RawStorage
from tg_parser.storage.stores.topics import TopicRun, TopicStorage
from tg_parser.wiring.app import App, open_app


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[App]:
    async with open_app(settings) as opened:
        yield opened


async def test_username_alone_is_enough(app: App) -> None:
    """A source whose id is a username needs nothing else."""
    source = await app.sources.add(SourceChange(source_id="Durov"))
    assert (source.channel_id, source.channel_username) == ("durov", "Durov")


@pytest.mark.parametrize("written", ["1032086354", "-1001032086354", "https://t.me/c/1032086354/5"])
async def test_every_form_of_a_number_is_one_channel(app: App, written: str) -> None:
    """However its number is written, the channel is the same, and found again by every form."""
    await app.sources.add(SourceChange(source_id="habr", channel_id=written, channel_username="@habr_com"))
    assert (await app.sources.get("habr")).channel_id == "-1001032086354"
    for form in ("-1001032086354", "1032086354", "@habr_com", "t.me/habr_com", "habr_com"):
        assert (await app.sources.by_channel(form)).source_id == "habr"


async def test_known_source_changes_only_what_is_named(app: App) -> None:
    """Adding again does not reset the rest."""
    await app.sources.add(SourceChange(source_id="habr", channel_id="1032086354", batch_size=10))
    changed = await app.sources.add(SourceChange(source_id="habr", include_comments=True))
    assert (changed.channel_id, changed.batch_size, changed.include_comments) == ("-1001032086354", 10, True)


async def test_what_names_no_chat_is_refused(app: App) -> None:
    """No chat, no source."""
    with pytest.raises(UsageError, match="does not name a chat"):
        await app.sources.add(SourceChange(source_id="my notes"))
    with pytest.raises(InvalidPeerError):
        await app.sources.add(SourceChange(source_id="a", channel_id="!!"))
    with pytest.raises(UnknownSourceError, match="no source 'a'"):
        await app.sources.get("a")


async def test_chat_is_registered_once_under_a_speaking_id(app: App) -> None:
    """A chat met again is its source again; another chat of the same title gets an id of its own."""
    chat = Chat(channel_id="-1001", title="Моя группа: чат!", kind="group")
    first = await app.sources.ensure(chat)
    assert (first.source_id, first.channel_kind, first.via) == ("moya-gruppa-chat", "group", "export")
    assert await app.sources.ensure(chat) == first
    twin = await app.sources.ensure(Chat(channel_id="-1002", title="Моя группа: чат!"))
    assert twin.source_id == "moya-gruppa-chat-1002"


async def test_name_of_a_source_meets_its_number(app: App) -> None:
    """A source known by name alone takes the number its first export tells; another chat's export is refused."""
    named = await app.sources.add(SourceChange(source_id="habr_com"))
    chat = Chat(channel_id="-1001032086354", title="Хабр")
    met = await app.sources.ensure(chat, named)
    assert (met.channel_id, met.channel_username, met.channel_title) == ("-1001032086354", "habr_com", "Хабр")
    with pytest.raises(UsageError, match="the chat that was read is -1005"):
        await app.sources.ensure(Chat(channel_id="-1005"), met)


async def test_pause_and_resume(app: App) -> None:
    """A paused source is left out of --all until it is resumed."""
    await app.sources.add(SourceChange(source_id="durov"))
    assert (await app.sources.set_status("durov", "paused")).status == "paused"
    assert (await app.sources.set_status("durov", "active")).status == "active"


async def test_a_source_outlives_its_data_when_their_removal_fails(app: App, settings: Settings) -> None:
    """The source goes last: as long as anything of its channel is left, a second call finds it and removes the rest."""
    await app.sources.add(SourceChange(source_id="s", channel_id="-100123"))
    async with open_databases(settings) as databases:
        await databases.raw.write(lambda conn: conn.execute(text("ALTER TABLE raw_messages RENAME TO away")))
        with pytest.raises(TgParserError):
            await app.sources.remove("s", with_data=True)
        await databases.raw.write(lambda conn: conn.execute(text("ALTER TABLE away RENAME TO raw_messages")))
    assert (await app.sources.get("s")).channel_id == "-100123"
    await app.sources.remove("s", with_data=True)
    with pytest.raises(UnknownSourceError):
        await app.sources.get("s")


async def test_remove_keeps_or_takes_the_data(app: App, settings: Settings) -> None:
    """Without its data a source is only forgotten; with them messages, documents and topics go too."""
    async with open_databases(settings) as databases:
        await RawStorage(databases.raw).store([message(1), message(2)], NOW)
        await ProcessingStorage(databases.processing).store([document(1), document(2)])
        topics = TopicStorage(databases.processing)
        await topics.replace(["-100123"], [topic(1, 2)], [], TopicRun("f", NOW, {}))
    await app.sources.add(SourceChange(source_id="s", channel_id="-100123"))
    held = await app.sources.holdings("s")
    assert (held.messages, held.documents, held.topics) == (2, 2, 1)
    await app.sources.remove("s", with_data=False)
    await app.sources.add(SourceChange(source_id="s", channel_id="-100123"))
    assert await app.sources.holdings("s") == held
    await app.sources.remove("s", with_data=True)
    await app.sources.add(SourceChange(source_id="s", channel_id="-100123"))
    held = await app.sources.holdings("s")
    assert (held.messages, held.documents, held.topics) == (0, 0, 0)


async def test_rename_changes_the_id_alone(app: App) -> None:
    """The channel of a renamed source stays; a taken or untypable id and an unknown source are refused in words."""
    await app.sources.add(SourceChange(source_id="habr", channel_id="1032086354"))
    await app.sources.add(SourceChange(source_id="other", channel_id="77"))
    renamed = await app.sources.rename("habr", "хабр")
    assert (renamed.source_id, renamed.channel_id) == ("хабр", "-1001032086354")
    with pytest.raises(SourceError, match="A source 'other' already exists"):
        await app.sources.rename("хабр", "other")
    with pytest.raises(UsageError, match="cannot be the id"):
        await app.sources.rename("хабр", "a b")
    with pytest.raises(UnknownSourceError, match="no source 'habr'"):
        await app.sources.rename("habr", "new")
