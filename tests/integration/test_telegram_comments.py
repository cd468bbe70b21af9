"""Comments under posts: every one, nested ones with what they answer, new ones alone, and second looks at them."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import pytest
from fake_telegram.chat import Chat
from fake_telegram.connection import Connection
from fake_telegram.server import FakeTelegram
from fake_telegram.world import World
from fake_telegram_server import fake, fake_telegram, world
from telegram_reach import EVERYTHING, looked_again, messages_of, open_chat, reach
from telethon.tl.functions.messages import GetForumTopicsRequest
from telethon.tl.types import Channel
from telethon.tl.types.messages import ForumTopics

from tg_parser.domain.errors import RateLimitedError, SourceError
from tg_parser.storage.engine.databases import Databases

pytestmark = pytest.mark.parametrize("backend", ["sqlite"])


GROUP = "1500000002"


@pytest.fixture
def news() -> Chat:
    return world().channel("news", "Новости", discussion=True)


@pytest.fixture
def server(news: Chat) -> Iterator[FakeTelegram]:
    with fake_telegram(news.world) as running:
        yield running


def true_comments(news: Chat, post: int) -> list[tuple[str, str, str]]:
    """What the server holds under a post: id, text, and the comment or the post that is answered."""
    root = news.roots[post]
    rows = []
    for number in news.linked.threads[root]:
        message = news.linked.messages[number]
        answered = message.reply_to.reply_to_msg_id
        rows.append((str(number), message.message, str(post if answered == root else answered)))
    return rows


async def test_comments_are_exact_and_nested(server: FakeTelegram, news: Chat, databases: Databases) -> None:
    """Under every post all comments in the order of their ids, each with its thread, parent and author."""
    news.fill(120, seed=5, comments=0.5)
    people = {str(each.id): each.first_name for each in news.world.users.values()}
    async with reach(server, databases) as api:
        chat = await open_chat(api, "news")
        assert await chat.discussion_group() == GROUP
        found = {post: await messages_of(chat.comments(post, 0, GROUP)) for post in news.roots}
    nested = 0
    for post, comments in found.items():
        told = [(each.id, each.text, each.parent_message_id) for each in comments]
        assert told == true_comments(news, post)
        nested += sum(each.parent_message_id != str(post) for each in comments)
        for comment in comments:
            assert (comment.message_type, comment.channel_id) == ("comment", "-1001500000001")
            assert comment.thread_id == str(post)
            assert people[comment.author.id] == comment.author.name
    assert nested > 5


async def test_only_comments_after_the_cursor_come(server: FakeTelegram, news: Chat, databases: Databases) -> None:
    """A long thread is read in pages, and from where the last run stopped."""
    news.post("post")
    for number in range(1, 251):
        news.comment(1, f"comment {number}")
    ids = news.linked.threads[news.roots[1]]
    async with reach(server, databases) as api:
        chat = await open_chat(api, "news")
        all_of_them = await messages_of(chat.comments(1, 0, GROUP))
        rest = await messages_of(chat.comments(1, ids[199], GROUP))
        none = await messages_of(chat.comments(1, ids[-1], GROUP))
    assert [int(each.id) for each in all_of_them] == ids
    assert [int(each.id) for each in rest] == ids[200:]
    assert none == []


async def test_the_count_of_comments_comes_with_posts_and_alone(
    server: FakeTelegram, news: Chat, databases: Databases
) -> None:
    """With the history at no cost, later for a hundred posts a request without their texts."""
    news.fill(230, seed=6, comments=0.3)
    news.post("nobody can comment here", discuss=False)
    truth = {post: len(news.linked.threads[root]) for post, root in news.roots.items()}
    async with reach(server, databases) as api:
        chat = await open_chat(api, "news")
        told = [batch.reply_counts async for batch in chat.batches(EVERYTHING)]
        asked = await chat.reply_counts(range(1, 251))
    assert {post: count for each in told for post, count in each.items()} == truth
    assert asked == truth
    assert server.counts["messages.getMessagesViews"] == 3


async def test_a_post_without_a_thread_has_no_comments(server: FakeTelegram, news: Chat, databases: Databases) -> None:
    """Neither one that nobody can comment nor one whose copy in the group is gone is an error."""
    news.post("closed", discuss=False)
    news.post("open")
    news.comment(2, "soon gone")
    news.linked.delete(news.roots[2])
    async with reach(server, databases) as api:
        chat = await open_chat(api, "news")
        assert [await messages_of(chat.comments(post, 0, GROUP)) for post in (1, 2, 99)] == [[], [], []]


async def test_comments_are_not_available_without_a_group_that_can_be_read(
    server: FakeTelegram, news: Chat, databases: Databases
) -> None:
    """No group, or one that is closed to the account; trouble that may pass is no answer."""
    news.post("post")
    news.world.channel("alone", "Без чата").post("post")
    async with reach(server, databases) as api:
        assert not await (await open_chat(api, "alone")).discussion_group()
        news.linked.private = True
        assert not await (await open_chat(api, "news")).discussion_group()
        news.linked.private = False
        server.fault("channels.getChannels", error="FLOOD_WAIT_9000", times=1)
        with pytest.raises(RateLimitedError):
            await (await open_chat(api, "news")).discussion_group()


async def test_a_second_look_at_comments_shows_edits_and_what_is_gone(
    server: FakeTelegram, news: Chat, databases: Databases
) -> None:
    """Each comment comes with the thread it was stored under."""
    for post in (1, 2):
        news.post(f"post {post}")
    first, second, third = (news.comment(post, f"comment {post}").id for post in (1, 1, 2))
    nested = news.comment(2, "an answer", reply_to=third).id
    news.linked.edit(first, "another text")
    news.linked.delete(second)
    async with reach(server, databases) as api:
        chat = await open_chat(api, "news")
        threads = {first: 1, second: 1, third: 2, nested: 2}
        messages, gone = await looked_again(chat.comments_shown(threads, GROUP))
    assert gone == [second]
    assert [(each.id, each.thread_id, each.parent_message_id, each.text) for each in messages] == [
        (str(first), "1", "1", "another text"),
        (str(third), "2", "2", "comment 2"),
        (str(nested), "2", str(third), "an answer"),
    ]


async def test_without_comments_no_second_look_is_asked_for(
    server: FakeTelegram, news: Chat, databases: Databases
) -> None:
    """An empty list costs no request."""
    news.post("post")
    async with reach(server, databases) as api:
        chat = await open_chat(api, "news")
        before = len(server.log)
        assert await looked_again(chat.comments_shown({}, GROUP)) == ([], [])
    assert len(server.log) == before


async def test_the_channel_itself_and_deleted_people_write_comments(
    server: FakeTelegram, news: Chat, databases: Databases
) -> None:
    """The channel has its title, a deleted account only its number."""
    news.post("post")
    news.comment(1, "we", user=news)
    news.comment(1, "gone", user=news.world.user(None, id=99, deleted=True))
    async with reach(server, databases) as api:
        comments = await messages_of((await open_chat(api, "news")).comments(1, 0, GROUP))
    assert [(each.author.id, each.author.name) for each in comments] == [
        ("-1001500000001", "Новости"),
        ("99", None),
    ]


async def test_an_access_error_in_a_thread_names_the_channel(
    server: FakeTelegram, news: Chat, databases: Databases
) -> None:
    """What was yielded before it is good."""
    news.post("post")
    for number in range(150):
        news.comment(1, f"comment {number}")
    server.fault("messages.getReplies", error="CHANNEL_PRIVATE", after=1)
    async with reach(server, databases) as api:
        chat = await open_chat(api, "news")
        taken = []
        with pytest.raises(SourceError, match="@news is private"):
            async for batch in chat.comments(1, 0, GROUP):
                taken += batch.messages
    assert len(taken) == 100


async def test_a_forum_tells_the_titles_of_its_topics(databases: Databases) -> None:
    """Asked for once a reading; messages of a topic carry its title."""
    module = fake()
    module.rpc(module.fn.messages.GetForumTopicsRequest)(topics_of)
    forum = forum_in(world())
    header = module.tl.MessageReplyHeader
    forum.post(action=module.tl.MessageActionTopicCreate("Offers", 1))
    forum.post("for sale", reply_to=header(reply_to_msg_id=1, forum_topic=True))
    forum.post("how much?", reply_to=header(reply_to_msg_id=2, reply_to_top_id=1, forum_topic=True))
    with fake_telegram(forum.world) as server:
        async with reach(server, databases) as api:
            messages = await messages_of((await open_chat(api, "forum")).batches(EVERYTHING))
        assert server.counts["messages.getForumTopics"] == 1
    assert [(each.message_type, each.thread_id, each.forum_topic) for each in messages] == [
        ("post", "1", None),
        ("post", "2", "Offers"),
        ("comment", "2", "Offers"),
    ]


def forum_in(inhabited: World) -> Any:
    """A group with topics, which the fake server does not make by itself."""

    class Forum(Chat):
        @property
        def tl(self) -> Channel:
            entity = super().tl
            entity.forum = True
            return entity

    forum = Forum(inhabited, 1_500_000_001, "forum", "Форум", megagroup=True)
    inhabited.chats[forum.id] = forum
    return forum


def topics_of(server: FakeTelegram, conn: Connection, request: GetForumTopicsRequest) -> ForumTopics:
    """The server's answer: one topic, on the first page."""
    module = fake()
    made = module.tl.ForumTopic
    known = {
        "id": 1, "title": "Offers", "date": module.EPOCH, "top_message": 3, "peer": module.tl.PeerChannel(1),
        "from_id": module.tl.PeerUser(1), "notify_settings": module.tl.PeerNotifySettings(),
        "icon_emoji_id": None, "draft": None,
    }  # fmt: skip
    topic = made(**{**dict.fromkeys(inspect.signature(made).parameters, 0), **known})
    topics = [] if request.offset_topic else [topic]
    return module.tl.messages.ForumTopics(len(topics), topics, [], [], [], 1)
