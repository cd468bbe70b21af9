"""A chat is found by its name once and by its number from then on; what cannot be read is named with the reason."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fake_telegram.server import FakeTelegram
from fake_telegram.world import World
from fake_telegram_server import fake, fake_telegram, world
from telegram_reach import EVERYTHING, messages_of, open_chat, reach

from tg_parser.domain.errors import SourceError
from tg_parser.domain.peers import Peer
from tg_parser.storage.engine.databases import Databases

pytestmark = pytest.mark.parametrize("backend", ["sqlite"])


@pytest.fixture
def inhabited() -> World:
    made = world()
    made.channel("news", "Новости").post("first")
    return made


@pytest.fixture
def server(inhabited: World) -> Iterator[FakeTelegram]:
    with fake_telegram(inhabited) as running:
        yield running


def asked(server: FakeTelegram) -> list[str]:
    return [entry.method for entry in server.log if entry.method != "help.getConfig"]


async def test_a_name_is_asked_for_once(server: FakeTelegram, databases: Databases) -> None:
    """The next process asks by the number it was told; the present name and title come with the answer."""
    async with reach(server, databases) as api:
        await open_chat(api, "@News")
    server.world.by_username("news").title = "Новое имя"
    server.reset_log()
    async with reach(server, databases) as api:
        chat = await api.keep(Peer("-1001500000001", "news"))
    assert (chat.chat.channel_id, chat.chat.title, chat.chat.username) == ("-1001500000001", "Новое имя", "news")
    assert asked(server) == ["channels.getChannels"]


async def test_a_renamed_channel_is_found_by_its_number(server: FakeTelegram, databases: Databases) -> None:
    """The old name leads nowhere; the number says which channel it is."""
    async with reach(server, databases) as api:
        await open_chat(api, "news")
        server.world.by_username("news").username = "fresh_news"
        chat = await api.keep(Peer("-1001500000001", "news"))
    assert chat.chat.username == "fresh_news"


async def test_a_name_that_moved_to_another_channel_is_told(
    server: FakeTelegram, inhabited: World, databases: Databases
) -> None:
    """Who is asked for by number and by an old name is never taken for the name's new owner."""
    async with reach(server, databases) as api:
        with pytest.raises(
            SourceError, match="@news now belongs to another chat, -1001500000001, not to -1000000000009"
        ):
            await api.keep(Peer("-1000000000009", "news"))


async def test_a_number_that_is_no_longer_good_is_found_by_the_name(
    server: FakeTelegram, inhabited: World, databases: Databases
) -> None:
    """Telegram gave the account another access number: the name leads to the same channel."""
    async with reach(server, databases) as api:
        await open_chat(api, "news")
        inhabited.by_username("news").access_hash += 1
        server.reset_log()
        chat = await api.keep(Peer("-1001500000001", "news"))
        assert len(await messages_of(chat.batches(EVERYTHING))) == 1
    assert asked(server)[:2] == ["channels.getChannels", "contacts.resolveUsername"]


async def test_a_private_channel_is_found_among_the_chats_of_the_account(
    server: FakeTelegram, inhabited: World, databases: Databases
) -> None:
    """By its number alone; the list is looked through once, whatever number is asked for."""
    inhabited.channel(None, "Закрытый").post("secret")
    inhabited.channel(None, "Второй").post("secret too")
    async with reach(server, databases) as api:
        chat = await open_chat(api, "https://t.me/c/1500000002/1")
        other = await open_chat(api, "-1001500000003")
    assert [(each.chat.title, each.chat.username) for each in (chat, other)] == [("Закрытый", None), ("Второй", None)]
    assert server.counts["messages.getDialogs"] == 1
    server.reset_log()
    async with reach(server, databases) as restarted:
        await open_chat(restarted, "-1001500000002")
    assert asked(server) == ["channels.getChannels"]


async def test_a_number_nobody_knows_says_what_would_help(server: FakeTelegram, databases: Databases) -> None:
    """Telegram opens numbers only to those who have seen the chat."""
    async with reach(server, databases) as api:
        with pytest.raises(SourceError, match="The account knows no chat with the number -1000000004242") as caught:
            await open_chat(api, "-1000000004242")
    assert "@name" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("nobody_here", "Nobody on Telegram has the name @nobody_here"),
        ("anna_bell", "@anna_bell is a person, not a channel"),
        ("helper_bot", "@helper_bot is a bot, not a channel"),
    ],
)
async def test_what_is_no_channel_is_told_apart(
    server: FakeTelegram, inhabited: World, databases: Databases, name: str, sentence: str
) -> None:
    """An unknown name, a person, a bot: each has its own sentence."""
    inhabited.user("Анна", username="anna_bell")
    inhabited.user("Помощник", username="helper_bot", bot=True, bot_info_version=1)
    async with reach(server, databases) as api:
        with pytest.raises(SourceError, match=sentence):
            await open_chat(api, name)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ("USERNAME_INVALID", "@news cannot be a name on Telegram"),
        ("CHANNEL_PRIVATE", "@news is private, or the account has lost access to it"),
    ],
)
async def test_refusals_name_the_chat(server: FakeTelegram, databases: Databases, error: str, sentence: str) -> None:
    """The sentence says which chat it is about, and the hint what to do."""
    server.fault("contacts.resolveUsername", error=error)
    async with reach(server, databases) as api:
        with pytest.raises(SourceError, match=sentence) as caught:
            await open_chat(api, "news")
    assert caught.value.hint


async def test_a_channel_that_was_left_tells_so_at_once(
    server: FakeTelegram, inhabited: World, databases: Databases
) -> None:
    """A private channel that the account knew is refused by name."""
    async with reach(server, databases) as api:
        await open_chat(api, "news")
        inhabited.by_username("news").private = True
        with pytest.raises(SourceError, match="-1001500000001 is private"):
            await open_chat(api, "-1001500000001")


async def test_other_forms_of_a_chat_are_told_apart(server: FakeTelegram, databases: Databases) -> None:
    """A forum has topics, a basic group no number to remember, a closed or moved one its reason."""
    from telethon.tl import types

    from tg_parser.ingestion.telegram.finding import found_chat

    photo, date = types.ChatPhotoEmpty(), fake().EPOCH
    names = [types.Username("old", active=False), types.Username("sold_name", active=True)]
    forum = types.Channel(5, "Forum", photo, date, access_hash=1, megagroup=True, forum=True, usernames=names)
    basic = types.Chat(9, "Old group", photo, 3, date, 1)
    moved = types.Chat(9, "Old group", photo, 3, date, 1, migrated_to=types.InputChannel(77, 1))
    found = found_chat(forum, "x")
    assert (found.chat.kind, found.chat.username, found.is_forum) == ("group", "sold_name", True)
    assert found_chat(basic, "x").chat.channel_id == "-9"
    with pytest.raises(SourceError, match="has become a supergroup with the number -1000000000077"):
        found_chat(moved, "-9")
    with pytest.raises(SourceError, match="no access to -1000000000005"):
        found_chat(types.ChannelForbidden(5, 1, "Closed"), "-1000000000005")


@pytest.mark.parametrize(
    ("bare", "marked"),
    [
        (5, "-1000000000005"),
        (10567596, "-1000010567596"),
        (4300000000, "-1004300000000"),
        (12345678901, "-1012345678901"),
    ],
)
async def test_a_channel_of_any_number_is_known_by_its_marked_id(
    server: FakeTelegram, inhabited: World, databases: Databases, bare: int, marked: str
) -> None:
    """Collected by name, then asked for by that number; its messages, author and forwards name it the same way."""
    channel = inhabited.channel("numbered", "Odd", id=bare)
    channel.post("one")
    channel.post("two", fwd=channel)
    async with reach(server, databases) as api:
        assert (await open_chat(api, "numbered")).chat.channel_id == marked
        chat = await open_chat(api, f"https://t.me/c/{bare}/1")
        first, second = await messages_of(chat.batches(EVERYTHING))
    assert (first.channel_id, first.source_ref, first.author.id) == (marked, f"tg:{marked}:post:1", marked)
    assert second.forward.peer_id == marked
