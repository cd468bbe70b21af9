"""The history of a chat through the API is exactly what the chat holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from fake_telegram.chat import Chat as LocalChat
from fake_telegram.server import FakeTelegram
from fake_telegram.world import World
from fake_telegram_server import fake, fake_telegram, world
from telegram_reach import EVERYTHING, looked_again, messages_of, open_chat, reach
from telethon.tl.patched import Message

from tg_parser.domain.errors import SourceError
from tg_parser.domain.messages import Chat, RawMessage
from tg_parser.ingestion.source import Window
from tg_parser.storage.engine.databases import Databases

pytestmark = pytest.mark.parametrize("backend", ["sqlite"])

KINDS = {"MessageMediaPhoto": "photo", "MessageMediaPoll": "poll"}
FILES = {"video/mp4": "video", "audio/ogg": "voice", "application/pdf": "document"}


@pytest.fixture
def inhabited() -> World:
    return world()


@pytest.fixture
def news(inhabited: World) -> LocalChat:
    return inhabited.channel("news", "Новости")


@pytest.fixture
def server(inhabited: World) -> Iterator[FakeTelegram]:
    with fake_telegram(inhabited) as running:
        yield running


def ids(messages: list[RawMessage]) -> list[int]:
    return [int(message.id) for message in messages]


def true_media(post: Message) -> list[str]:
    """The kind of what is attached, by the truth of the server."""
    kind = type(post.media).__name__
    if kind == "MessageMediaDocument":
        return [FILES[post.media.document.mime_type]]
    return [KINDS[kind]] if kind in KINDS else []


def true_text(post: Message) -> str:
    """The words of a post; those of a poll are its question and its answers."""
    if type(post.media).__name__ != "MessageMediaPoll":
        return post.message
    poll = post.media.poll
    return "\n".join([poll.question.text, *(f"- {answer.text.text}" for answer in poll.answers)])


def true_reactions(post: Message) -> list[tuple[str, int]]:
    given = post.reactions.results if post.reactions else []
    return [(each.reaction.emoticon, each.count) for each in given]


async def test_three_hundred_mixed_posts_are_exact(server: FakeTelegram, news: LocalChat, databases: Databases) -> None:
    """Ids, texts, dates, edits, media, albums, forwards, reactions and counters, all as the server holds them."""
    news.fill(300, seed=3)
    async with reach(server, databases) as api:
        chat = await open_chat(api, "@news")
        messages = await messages_of(chat.batches(EVERYTHING))
    posts = [news.messages[number] for number in news.ids]
    assert chat.chat == Chat(channel_id="-1001500000001", title="Новости", username="news", usernames=("news",))
    assert ids(messages) == news.ids
    for message, post in zip(messages, posts, strict=True):
        written = type(post).__name__ == "Message"
        assert message.text == (true_text(post) if written else "")
        assert message.date == post.date
        assert (message.service_action is None) == written
        if written:
            assert (message.views, message.forwards, message.edited_at) == (post.views, post.forwards, post.edit_date)
            assert message.album_id == (str(post.grouped_id) if post.grouped_id else None)
            assert [each.kind for each in message.media] == true_media(post)
            assert [(each.emoji, each.count) for each in message.reactions] == true_reactions(post)
            assert (message.forward is None) == (post.fwd_from is None)
            assert message.forward is None or message.forward.date == post.fwd_from.date
    albums = [message.album_id for message in messages if message.album_id]
    assert albums
    assert min(albums.count(each) for each in albums) >= 2
    assert json.loads(json.dumps([message.raw_payload for message in messages]))


async def test_a_forward_names_its_origin(
    server: FakeTelegram, inhabited: World, news: LocalChat, databases: Databases
) -> None:
    """A channel with title and post, a person with both names, a hidden one by the name alone."""
    origin = inhabited.channel("space", "Космос")
    news.post("a", fwd=origin)
    news.post("b", fwd=inhabited.user("Анна", "Белл", id=5))
    news.post("c", fwd="Скрытый автор")
    async with reach(server, databases) as api:
        messages = await messages_of((await open_chat(api, "news")).batches(EVERYTHING))
    told = [(each.forward.name, each.forward.peer_id, each.forward.message_id) for each in messages]
    assert told == [
        ("Космос", "-1001500000002", "1"),
        ("Анна Белл", "5", None),
        ("Скрытый автор", None, None),
    ]


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        (Window(after_id=240), range(241, 251)),
        (Window(before_id=11), range(1, 11)),
        (Window(after_id=120, before_id=130), range(121, 130)),
        (Window(limit=130), range(1, 131)),
        (Window(after_id=100, limit=5), range(101, 106)),
        (Window(after_id=250), range(0)),
        (Window(limit=250), range(1, 251)),
    ],
)
async def test_a_window_of_ids_is_kept_exactly(
    server: FakeTelegram, news: LocalChat, databases: Databases, window: Window, expected: range
) -> None:
    """Both marks are excluded, and no message beyond the limit comes."""
    for number in range(1, 251):
        news.post(f"post {number}")
    async with reach(server, databases) as api:
        messages = await messages_of((await open_chat(api, "news")).batches(window))
    assert ids(messages) == list(expected)


async def test_a_window_of_dates_is_half_open(server: FakeTelegram, news: LocalChat, databases: Databases) -> None:
    """The first moment is in, the last is out; nothing older is asked for."""
    for number in range(1, 501):
        news.post(f"post {number}")
    window = Window(date_from=news.messages[301].date, date_to=news.messages[400].date)
    async with reach(server, databases) as api:
        chat = await open_chat(api, "news")
        messages = await messages_of(chat.batches(window))
    assert ids(messages) == list(range(301, 400))
    assert server.counts["messages.getHistory"] == 1


@pytest.mark.parametrize("beyond", [timedelta(days=1), timedelta(days=-4000)])
async def test_dates_without_any_message_give_nothing(
    server: FakeTelegram, news: LocalChat, databases: Databases, beyond: timedelta
) -> None:
    """After the newest and before the oldest message there is nothing, and no error."""
    for number in range(1, 150):
        news.post(f"post {number}")
    start = news.messages[149].date + beyond
    async with reach(server, databases) as api:
        chat = await open_chat(api, "news")
        window = Window(date_from=start, date_to=start + timedelta(hours=1))
        assert await messages_of(chat.batches(window)) == []


@pytest.mark.parametrize(("size", "lengths"), [(None, [500, 120]), (10, [10] * 62), (250, [250, 250, 120])])
async def test_batches_have_the_size_that_is_wished(
    server: FakeTelegram, news: LocalChat, databases: Databases, size: int | None, lengths: list[int]
) -> None:
    """However many messages an answer of Telegram holds."""
    for number in range(1, 621):
        news.post(f"post {number}")
    async with reach(server, databases) as api:
        chat = await open_chat(api, "news")
        batches = [batch async for batch in chat.batches(Window(batch_size=size))]
    assert [len(batch.messages) for batch in batches] == lengths
    assert [number for batch in batches for number in ids(batch.messages)] == list(range(1, 621))


async def test_gaps_in_the_numbers_stop_nothing(server: FakeTelegram, news: LocalChat, databases: Databases) -> None:
    """Deleted posts leave holes of any width."""
    for number in (1, 2, 700, 701, 5000, 90_000):
        news.post(f"post {number}", id=number)
    async with reach(server, databases) as api:
        messages = await messages_of((await open_chat(api, "news")).batches(EVERYTHING))
    assert ids(messages) == [1, 2, 700, 701, 5000, 90_000]


async def test_nothing_new_costs_two_requests_however_long_the_channel_is(
    server: FakeTelegram, news: LocalChat, databases: Databases
) -> None:
    """The chat by its number and one question for what follows the cursor."""
    for number in range(1, 1001):
        news.post(f"post {number}")
    async with reach(server, databases) as api:
        await open_chat(api, "news")
    server.reset_log()
    async with reach(server, databases) as api:
        chat = await open_chat(api, "-1001500000001")
        assert await messages_of(chat.batches(Window(after_id=1000))) == []
    asked = [entry.method for entry in server.log]
    assert asked == ["help.getConfig", "channels.getChannels", "messages.getHistory"]


async def test_a_second_look_shows_edits_and_what_is_gone(
    server: FakeTelegram, news: LocalChat, databases: Databases
) -> None:
    """Edited posts come with their new text, deleted ones are named, the rest as before; a request a hundred."""
    for number in range(1, 251):
        news.post(f"post {number}")
    news.edit(10, "another text")
    news.delete(11, 249)
    async with reach(server, databases) as api:
        chat = await open_chat(api, "news")
        messages, gone = await looked_again(chat.shown(range(1, 251)))
    assert gone == [11, 249]
    assert ids(messages) == [number for number in range(1, 251) if number not in (11, 249)]
    edited = messages[9]
    assert (edited.text, edited.edited_at) == ("another text", news.messages[10].edit_date)
    assert server.counts["channels.getMessages"] == 3


async def test_a_channel_that_turns_private_midway_keeps_what_came_before(
    server: FakeTelegram, news: LocalChat, databases: Databases
) -> None:
    """The messages that were read are handed over, then the error names the chat; nothing counts as gone."""
    for number in range(1, 351):
        news.post(f"post {number}")
    server.fault("messages.getHistory", error="CHANNEL_PRIVATE", after=2)
    server.fault("channels.getMessages", error="CHANNEL_PRIVATE")
    async with reach(server, databases) as api:
        chat = await open_chat(api, "news")
        taken = []
        with pytest.raises(SourceError, match="@news is private, or the account has lost access to it"):
            async for batch in chat.batches(EVERYTHING):
                taken += ids(batch.messages)
        with pytest.raises(SourceError, match="@news is private"):
            await looked_again(chat.shown([1, 2]))
    assert taken == list(range(1, 201))


async def test_a_group_is_read_as_threads(server: FakeTelegram, inhabited: World, databases: Databases) -> None:
    """What answers nothing is a post, an answer a comment that names its parent and the root of its thread."""
    talk = inhabited.channel("talk", "Разговор", megagroup=True)
    anna = inhabited.user("Анна", id=7)
    header = fake().tl.MessageReplyHeader
    talk.post("question", user=anna)
    talk.post("answer", user=anna, reply_to=1)
    talk.post("answer to the answer", user=talk, reply_to=header(reply_to_msg_id=2, reply_to_top_id=1))
    async with reach(server, databases) as api:
        chat = await open_chat(api, "talk")
        messages = await messages_of(chat.batches(EVERYTHING))
        available = await chat.discussion_group()
    assert (chat.chat.kind, available) == ("group", None)
    assert [(each.message_type, each.thread_id, each.parent_message_id) for each in messages] == [
        ("post", "1", None),
        ("comment", "1", "1"),
        ("comment", "1", "2"),
    ]
    assert [each.author.name for each in messages] == ["Анна", "Анна", "Разговор"]
