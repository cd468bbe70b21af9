"""The local Telegram server does to an unchanged Telethon client what Telegram would do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fake_telegram as server
import pytest
from fake_telegram import API_HASH, API_ID, FakeTelegram, World
from fake_telegram.chat import Chat
from telethon import TelegramClient, errors, events, functions
from telethon.crypto import rsa as client_rsa
from telethon.helpers import TotalList
from telethon.network import ConnectionTcpAbridged, ConnectionTcpFull, ConnectionTcpIntermediate
from telethon.network.connection.connection import Connection
from telethon.sessions import StringSession
from telethon.tl import types as tl


def with_client(
    tg: FakeTelegram, use: Callable[..., Any], session: str | StringSession | None = None, **kw: Any
) -> Any:
    """Run `await use(client)` with a connected real client."""

    async def main() -> Any:
        kw.setdefault("retry_delay", 0.05)
        string = tg.session_string() if session is None else session
        client = TelegramClient(
            StringSession(string) if isinstance(string, str) and "/" not in string else string, API_ID, API_HASH, **kw
        )
        await client.connect()
        try:
            return await use(client)
        finally:
            await client.disconnect()

    result = asyncio.run(asyncio.wait_for(main(), 60))
    assert not tg.bugs, tg.bugs[0]
    return result


def ids_of(tg: FakeTelegram, entity: str = "news", **kw: Any) -> list[int]:
    async def use(client: TelegramClient) -> list[int]:
        return [m.id async for m in client.iter_messages(entity, **{"wait_time": 0, **kw})]

    return with_client(tg, use)


@pytest.fixture(scope="module")
def big() -> Iterator[FakeTelegram]:
    world = World()
    world.channel("news", "Новости", discussion=True).fill(1000, seed=3, comments=0.3)
    with FakeTelegram(world) as tg:
        yield tg


@pytest.fixture
def tg(big: FakeTelegram) -> FakeTelegram:
    big.faults.clear()
    big.reset_log()
    big.latency, big.bandwidth = 0, None
    big._flood.clear()
    return big


@pytest.fixture
def small() -> Iterator[FakeTelegram]:
    world = World()
    world.channel("news", "Новости", discussion=True)
    with FakeTelegram(world) as tg:
        yield tg


def news(tg: FakeTelegram) -> Chat:
    return tg.world.by_username("news")


# ---------------------------------------------------------------- connecting


@pytest.mark.parametrize("transport", [ConnectionTcpFull, ConnectionTcpAbridged, ConnectionTcpIntermediate])
def test_signed_in_without_handshake(tg: FakeTelegram, transport: type[Connection]) -> None:
    async def use(client: TelegramClient) -> tuple[bool, str]:
        return await client.is_user_authorized(), (await client.get_me()).username

    assert with_client(tg, use, connection=transport) == (True, "tester")
    assert tg.counts["handshakes"] == 0
    assert tg.counts["messages.getHistory"] == 0


def test_handshake_and_sign_in() -> None:
    world = World()
    with FakeTelegram(world) as tg:
        client_rsa.add_key(tg.public_key_pem, old=False)
        blank = StringSession()
        blank.set_dc(tg.dc_id, "127.0.0.1", tg.port)

        async def use(client: TelegramClient) -> str:
            assert not await client.is_user_authorized()
            with pytest.raises(errors.AuthKeyUnregisteredError):
                await client(functions.messages.GetDialogsRequest(None, 0, tl.InputPeerEmpty(), 10, 0))
            await client.send_code_request(world.me.phone)
            with pytest.raises(errors.PhoneCodeInvalidError):
                await client.sign_in(world.me.phone, "99999")
            me = await client.sign_in(world.me.phone, "12345")
            assert me.username == "tester"
            assert await client.is_user_authorized()
            return blank.save()

        saved = with_client(tg, use, session=blank)
        assert tg.counts["handshakes"] == 1
        assert with_client(tg, lambda c: c.is_user_authorized(), session=saved)  # the key goes on working


def test_auth_key_the_server_does_not_know(tg: FakeTelegram) -> None:
    with FakeTelegram(World()) as other:
        foreign = other.session_string()
    string = StringSession(foreign)
    string.set_dc(2, "127.0.0.1", tg.port)
    with pytest.raises(errors.AuthKeyNotFound):
        with_client(tg, lambda c: c.get_me(), session=string, connection_retries=1)


def test_signed_out_session(tg: FakeTelegram) -> None:
    assert with_client(tg, lambda c: c.is_user_authorized(), session=tg.session_string(signed_in=False)) is False


def test_sqlite_session_file(tg: FakeTelegram, tmp_path: Path) -> None:
    path = tg.session_file(tmp_path / "acc.session")
    assert with_client(tg, lambda c: c.is_user_authorized(), session=path)


def test_config_and_nearest_dc(tg: FakeTelegram) -> None:
    async def use(client: TelegramClient) -> tuple[int, int, int]:
        config = await client(functions.help.GetConfigRequest())
        return (
            config.this_dc,
            config.dc_options[0].port,
            (await client(functions.help.GetNearestDcRequest())).nearest_dc,
        )

    assert with_client(tg, use) == (2, tg.port, 2)


def test_requests_in_one_container(tg: FakeTelegram) -> None:
    async def use(client: TelegramClient) -> list[int]:
        peer = await client.get_input_entity("news")
        reqs = [functions.messages.GetHistoryRequest(peer, i, None, 0, 1, 0, 0, 0) for i in range(2, 102)]
        return [(await f).messages[0].id for f in client._sender.send(reqs)]

    assert with_client(tg, use) == list(range(1, 101))


# ---------------------------------------------------------------- history


def test_both_directions_exact(tg: FakeTelegram) -> None:
    ids = news(tg).ids
    assert len(ids) == 1000
    assert ids_of(tg) == ids[::-1]
    assert ids_of(tg, reverse=True) == ids
    assert tg.counts["messages.getHistory"] == 21  # 10 pages + Telethon's empty last one going up


def test_every_field_survives(tg: FakeTelegram) -> None:
    async def use(client: TelegramClient) -> list[Any]:
        return [m async for m in client.iter_messages("news", wait_time=0)]

    got = {m.id: m for m in with_client(tg, use)}
    for number, msg in news(tg).messages.items():
        assert bytes(got[number]) == bytes(msg)
    kinds = [type(m.media).__name__ for m in got.values()]
    assert {"MessageMediaPhoto", "MessageMediaDocument", "MessageMediaWebPage", "MessageMediaPoll", "NoneType"} <= set(
        kinds
    )
    for want in (
        lambda m: m.fwd_from,
        lambda m: m.edit_date,
        lambda m: m.action,
        lambda m: m.grouped_id,
        lambda m: m.reactions,
        lambda m: m.message == "" and m.media,
        lambda m: m.entities,
        lambda m: m.replies and m.replies.replies,
    ):
        assert any(map(want, got.values()))
    bold = next(m for m in got.values() if m.raw_text and m.raw_text.startswith("🚀"))
    assert [t for _, t in bold.get_entities_text()][1] == "ссылка 👨‍👩‍👧"  # UTF-16 offsets


@pytest.mark.parametrize(
    ("kw", "want"),
    [
        ({"min_id": 990}, lambda i: i[:-11:-1]),
        ({"min_id": 990, "reverse": True}, lambda i: i[990:]),
        ({"min_id": 1000}, lambda i: []),
        ({"max_id": 11}, lambda i: i[9::-1]),
        ({"offset_id": 501, "limit": 250}, lambda i: i[499:249:-1]),
        ({"offset_id": 500, "limit": 250, "reverse": True}, lambda i: i[500:750]),
        ({"min_id": 100, "max_id": 200, "reverse": True}, lambda i: i[100:199]),
        ({"min_id": 100, "max_id": 200}, lambda i: i[198:99:-1]),
        ({"limit": 7}, lambda i: i[:-8:-1]),
        ({"limit": 5, "add_offset": 3}, lambda i: i[-4:-9:-1]),
        ({"ids": [5, 999, 3]}, lambda i: [5, 999, 3]),
    ],
)
def test_paging(tg: FakeTelegram, kw: dict[str, Any], want: Callable[..., Any]) -> None:
    assert ids_of(tg, **kw) == want(news(tg).ids)


def test_paging_over_gaps_and_by_date(small: FakeTelegram) -> None:
    for number in (3, 4, 250, 251, 900, 905):
        news(small).post(f"№{number}", id=number)
    date = news(small).messages[251].date
    assert ids_of(small) == [905, 900, 251, 250, 4, 3]
    assert ids_of(small, reverse=True) == [3, 4, 250, 251, 900, 905]
    assert ids_of(small, min_id=4, reverse=True) == [250, 251, 900, 905]
    assert ids_of(small, offset_date=date) == [250, 4, 3]
    assert ids_of(small, offset_date=date, reverse=True) == [251, 900, 905]


def test_incremental_edit_delete(small: FakeTelegram) -> None:
    chat = news(small)
    for i in range(250):
        chat.post(f"пост {i}")
    seen = ids_of(small, reverse=True)
    chat.edit(250, "исправлено ✏️")
    chat.delete(249)
    chat.post("новый")

    async def use(client: TelegramClient) -> tuple[list[int], TotalList]:
        fresh = [m.id async for m in client.iter_messages("news", min_id=max(seen), reverse=True)]
        return fresh, await client.get_messages("news", ids=[249, 250])

    fresh, (gone, edited) = with_client(small, use)
    assert fresh == [251]
    assert gone is None
    assert edited.raw_text == "исправлено ✏️"
    assert edited.edit_date


def test_full_channel_dialogs_search_views(tg: FakeTelegram) -> None:
    async def use(client: TelegramClient) -> tuple[Any, ...]:
        entity = await client.get_entity("news")
        full = await client(functions.channels.GetFullChannelRequest(entity))
        dialogs = {d.name for d in await client.get_dialogs()}
        found = [m.raw_text async for m in client.iter_messages("news", search="Пост №7", wait_time=0)]
        photos = [m async for m in client.iter_messages("news", filter=tl.InputMessagesFilterPhotos, wait_time=0)]
        views = await client(functions.messages.GetMessagesViewsRequest(entity, [1, 2], False))
        total = (await client.get_messages("news", limit=0)).total
        return full, dialogs, found, photos, views, total

    full, dialogs, found, photos, views, total = with_client(tg, use)
    assert full.full_chat.linked_chat_id == news(tg).linked.id
    assert total == 1000
    assert dialogs == {"Новости", "Новости · чат"}
    assert found
    assert all("Пост №7" in t for t in found)
    assert all(m.photo for m in photos)
    assert views.views[0].views == news(tg).messages[1].views


def test_download_media(small: FakeTelegram) -> None:
    post = news(small).post("фото", media=server.photo(5, size=300_000))

    async def use(client: TelegramClient) -> bytes:
        return await (await client.get_messages("news", ids=post.id)).download_media(bytes)

    assert with_client(small, use) == server.file_bytes(post.media.photo.id, 300_000)


def test_live_updates_and_gap(small: FakeTelegram) -> None:
    news(small).post("старый")
    got = []

    async def use(client: TelegramClient) -> None:
        client.add_event_handler(lambda e: got.append(("new", e.raw_text)), events.NewMessage())
        client.add_event_handler(lambda e: got.append(("edit", e.raw_text)), events.MessageEdited())
        await client.get_entity("news")
        for text in ("раз", "два", "три"):
            post = news(small).post(text)
            if text != "два":  # 'два' is not pushed: the client must fetch the difference
                small.push(news(small))
        await asyncio.sleep(1.5)
        news(small).edit(post.id, "три!")
        small.push(news(small))
        await asyncio.sleep(0.3)

    with_client(small, use)
    assert sorted(got) == sorted([("new", "раз"), ("new", "два"), ("new", "три"), ("edit", "три!")])


# ---------------------------------------------------------------- comments


def test_comments(tg: FakeTelegram) -> None:
    chat = news(tg)
    posts = [p for p, root in chat.roots.items() if chat.linked.threads[root]]
    assert len(posts) > 100

    async def use(client: TelegramClient) -> tuple[dict[int, list[int]], dict[int, list[Any]], Any]:
        down, up = {}, {}
        for p in posts:
            down[p] = [m.id async for m in client.iter_messages("news", reply_to=p, wait_time=0)]
            up[p] = [m async for m in client.iter_messages("news", reply_to=p, wait_time=0, reverse=True)]
        root = await client(functions.messages.GetDiscussionMessageRequest("news", posts[0]))
        return down, up, root

    down, up, root = with_client(tg, use)
    for p in posts:
        thread = chat.linked.threads[chat.roots[p]]
        assert down[p] == thread[::-1]
        assert [m.id for m in up[p]] == thread
        assert chat.messages[p].replies.replies == len(thread)
        assert all(
            (m.reply_to.reply_to_top_id or m.reply_to.reply_to_msg_id) == chat.roots[p] and m.sender.first_name
            for m in up[p]
        )
    assert root.messages[0].fwd_from.channel_post == posts[0]


def test_long_thread_and_posts_without_comments(small: FakeTelegram) -> None:
    world, chat = small.world, news(small)
    post, silent, off = chat.post("обсуждаем"), chat.post("тишина"), chat.post("без комментариев", discuss=False)
    ghost = world.user("", deleted=True)
    for i in range(330):
        chat.comment(
            post.id, f"{i} 💬", user=(ghost, chat, world.me)[i % 3], reply_to=None if i < 2 else chat.linked.ids[-1]
        )
    thread = chat.linked.threads[chat.roots[post.id]]
    assert ids_of(small, reply_to=post.id) == thread[::-1]
    assert ids_of(small, reply_to=post.id, reverse=True) == thread
    assert ids_of(small, reply_to=post.id, min_id=thread[299], reverse=True) == thread[300:]
    assert ids_of(small, reply_to=silent.id) == []
    with pytest.raises(errors.MsgIdInvalidError):
        ids_of(small, reply_to=off.id)


# ---------------------------------------------------------------- faults


def test_flood_wait_slept(tg: FakeTelegram) -> None:
    tg.fault("messages.getHistory", error="FLOOD_WAIT_1", after=3, times=2)
    started = time.time()
    assert ids_of(tg) == news(tg).ids[::-1]
    assert time.time() - started > 2
    assert tg.counts["error:FLOOD_WAIT_1"] == 2
    assert tg.counts["flood_violations"] == 0


def test_flood_wait_raised_and_violation_counted(tg: FakeTelegram) -> None:
    tg.fault("messages.getHistory", error="FLOOD_WAIT_30", after=1, times=1)

    async def use(client: TelegramClient) -> int:
        client.flood_sleep_threshold = 0
        with pytest.raises(errors.FloodWaitError) as wait:
            [m async for m in client.iter_messages("news", wait_time=0)]
        client._flood_waited_requests.clear()  # a careless program: asks again at once
        with pytest.raises(errors.FloodWaitError):
            await client.get_messages("news", limit=1)
        return wait.value.seconds

    assert with_client(tg, use) == 30
    assert tg.counts["flood_violations"] == 1


@pytest.mark.parametrize("how", ["before", "reply", "mid"])
def test_drop_mid_history(tg: FakeTelegram, how: str) -> None:
    tg.fault("messages.getHistory", drop=how, after=4, times=3, every=2)
    assert ids_of(tg) == news(tg).ids[::-1]  # nothing lost, nothing twice
    assert tg.counts["drops"] == 3
    assert tg.counts["connections"] == 4
    assert tg.counts["messages.getHistory"] == 10 + 3  # each lost page was asked for again


def test_drop_with_server_down(tg: FakeTelegram) -> None:
    tg.fault("messages.getHistory", drop="before", after=2, times=1, down=1)
    started = time.time()
    assert ids_of(tg, reverse=True) == news(tg).ids
    assert time.time() - started > 0.5
    assert tg.counts["connections"] == 2


def test_drop_all_by_hand(tg: FakeTelegram) -> None:
    async def use(client: TelegramClient) -> list[int]:
        got = []
        async for m in client.iter_messages("news", wait_time=0):
            got.append(m.id)
            if len(got) in (150, 450):
                tg.drop_all()
        return got

    assert with_client(tg, use) == news(tg).ids[::-1]
    assert tg.counts["connections"] == 3


@pytest.mark.parametrize(
    ("error", "cls"),
    [
        ("CHANNEL_PRIVATE", errors.ChannelPrivateError),
        ("AUTH_KEY_UNREGISTERED", errors.AuthKeyUnregisteredError),
        ("USER_DEACTIVATED_BAN", errors.UserDeactivatedBanError),
        ("SOMETHING_NEW", errors.BadRequestError),
    ],
)
def test_errors_raised(tg: FakeTelegram, error: str, cls: Any) -> None:
    tg.fault("messages.getHistory", error=error, after=2)
    with pytest.raises(cls):
        ids_of(tg)
    assert tg.counts["messages.getHistory"] == 3


def test_internal_error_is_retried(tg: FakeTelegram) -> None:
    tg.fault("messages.getHistory", error="INTERNAL", after=1, times=1)
    assert ids_of(tg, limit=300) == news(tg).ids[:-301:-1]
    assert tg.counts["error:INTERNAL"] == 1


def test_private_and_unknown_channels(small: FakeTelegram) -> None:
    news(small).post("x")
    small.world.channel("closed", private=True).post("y")

    async def use(client: TelegramClient) -> None:
        with pytest.raises(errors.ChannelPrivateError):
            await client.get_messages("closed")
        with pytest.raises(ValueError, match="nobody_here"):  # Telethon's wording of USERNAME_NOT_OCCUPIED
            await client.get_entity("nobody_here")
        with pytest.raises(errors.UsernameNotOccupiedError):
            await client(functions.contacts.ResolveUsernameRequest("nobody_here"))
        with pytest.raises(errors.ChannelInvalidError):  # a wrong access_hash
            await client.get_messages(tl.InputPeerChannel(news(small).id, 1))

    with_client(small, use)


def test_fault_for_one_channel_only(small: FakeTelegram) -> None:
    small.world.channel("other").post("b")
    news(small).post("a")
    small.fault("messages.getHistory", error="CHANNEL_PRIVATE", channel="other")
    assert ids_of(small, "news") == [1]
    with pytest.raises(errors.ChannelPrivateError):
        ids_of(small, "other")


def test_delay_hang_and_slow(tg: FakeTelegram) -> None:
    tg.fault("messages.getHistory", delay=0.3, times=2)
    started = time.time()
    ids_of(tg, limit=200)
    assert 0.6 < time.time() - started < 2
    tg.bandwidth = 40_000
    started = time.time()
    ids_of(tg, limit=200)
    assert time.time() - started > 0.3
    tg.bandwidth = None
    tg.fault("messages.getHistory", hang=True)

    async def use(client: TelegramClient) -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.get_messages("news", limit=1), 0.5)

    with_client(tg, use)


def test_request_log(tg: FakeTelegram) -> None:
    ids_of(tg, limit=150, offset_id=900)
    first, second = tg.requests("messages.getHistory")
    assert (first.args["offset_id"], first.args["limit"], first.items, first.channel) == (900, 100, 100, news(tg).id)
    assert (second.args["limit"], second.items, second.result) == (50, 50, "ok")
