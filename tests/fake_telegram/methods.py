"""The methods of Telegram's API that the server knows; a test adds one with `@rpc(RequestClass)`."""

import re
from datetime import UTC, datetime, timedelta

from telethon.tl import functions as fn
from telethon.tl import types as tl

from fake_telegram.chat import Chat
from fake_telegram.faults import RpcFault
from fake_telegram.media import file_bytes
from fake_telegram.server import rpc

API_ID, API_HASH = 12345, "0123456789abcdef0123456789abcdef"


@rpc(fn.help.GetConfigRequest)
def _(tg, conn, req):
    now, names = datetime.now(UTC), list(tl.Config.__init__.__annotations__)
    ints = {n: 0 for n in names if tl.Config.__init__.__annotations__[n] is int}
    return tl.Config(
        **{
            **ints,
            "this_dc": tg.dc_id,
            "chat_size_max": 200,
            "megagroup_size_max": 200_000,
            "message_length_max": 4096,
            "caption_length_max": 1024,
        },
        date=now,
        expires=now + timedelta(hours=1),
        test_mode=False,
        dc_options=[tl.DcOption(tg.dc_id, tg.host, tg.port)],
        dc_txt_domain_name="",
        me_url_prefix="https://t.me/",
    )


@rpc(fn.help.GetNearestDcRequest)
def _(tg, conn, req):
    return tl.NearestDc("RU", tg.dc_id, tg.dc_id)


@rpc(fn.auth.SendCodeRequest)
def _(tg, conn, req):
    if (req.api_id, req.api_hash) != (API_ID, API_HASH):
        raise RpcFault("API_ID_INVALID")
    return tl.auth.SentCode(tl.auth.SentCodeTypeApp(len(tg.login_code)), "code-hash")


@rpc(fn.auth.SignInRequest)
def _(tg, conn, req):
    if req.phone_code != tg.login_code:
        raise RpcFault("PHONE_CODE_INVALID")
    conn.key.user = tg.world.me
    return tl.auth.Authorization(tg.world.me)


@rpc(fn.auth.LogOutRequest)
def _(tg, conn, req):
    conn.key.user = None
    return tl.auth.LoggedOut()


@rpc(fn.DestroySessionRequest)
def _(tg, conn, req):
    return tl.DestroySessionOk(req.session_id)


@rpc(fn.RpcDropAnswerRequest)
def _(tg, conn, req):
    return tl.RpcAnswerUnknown()


@rpc(fn.account.UpdateStatusRequest, fn.channels.ReadHistoryRequest)
def _(tg, conn, req):
    return True


@rpc(fn.users.GetUsersRequest)
def _(tg, conn, req):
    return [
        conn.key.user
        if isinstance(u, tl.InputUserSelf)
        else tg.world.users.get(getattr(u, "user_id", 0), tl.UserEmpty(getattr(u, "user_id", 0)))
        for u in req.id
    ]


@rpc(fn.updates.GetStateRequest)
def _(tg, conn, req):
    return tl.updates.State(1, 0, datetime.now(UTC), 1, 0)


@rpc(fn.updates.GetDifferenceRequest)
def _(tg, conn, req):
    return tl.updates.DifferenceEmpty(datetime.now(UTC), 1)


@rpc(fn.updates.GetChannelDifferenceRequest)
def _(tg, conn, req):
    chat = tg.chat(req.channel)
    last = min(chat.pts, req.pts + max(1, req.limit))
    updates = [u for u in map(chat.update, range(max(2, req.pts + 1), last + 1)) if u]
    if not updates:
        return tl.updates.ChannelDifferenceEmpty(last, final=last == chat.pts, timeout=30)
    new = [u.message for u in updates if isinstance(u, tl.UpdateNewChannelMessage)]
    other = [u for u in updates if not isinstance(u, tl.UpdateNewChannelMessage)]
    chats, users = tg._people(chat, [u.message for u in updates if hasattr(u, "message")])
    return tl.updates.ChannelDifference(last, new, other, chats, users, final=last == chat.pts, timeout=30)


@rpc(fn.contacts.GetContactsRequest)
def _(tg, conn, req):
    return tl.contacts.Contacts([], 0, [])


@rpc(fn.contacts.ResolveUsernameRequest)
def _(tg, conn, req):
    if not re.fullmatch(r"@?\w{2,32}", req.username, re.ASCII):
        raise RpcFault("USERNAME_INVALID")
    found = tg.world.by_username(req.username)
    if found is None:
        raise RpcFault("USERNAME_NOT_OCCUPIED")
    if isinstance(found, Chat):
        return tl.contacts.ResolvedPeer(found.peer, [found.tl], [])
    return tl.contacts.ResolvedPeer(tl.PeerUser(found.id), [], [found])


@rpc(fn.messages.CheckChatInviteRequest)
def _(tg, conn, req):
    chat = next((c for c in tg.world.chats.values() if c.invite and c.invite == req.hash), None)
    if chat is None:
        raise RpcFault("INVITE_HASH_EXPIRED")
    return tl.ChatInviteAlready(chat.tl)


@rpc(fn.channels.JoinChannelRequest)
def _(tg, conn, req):
    chat = tg.chat(req.channel)
    chat.left = False
    return tl.messages.ChatInviteJoinResultOk(tl.Updates([], [], [chat.tl], datetime.now(UTC), 0))


@rpc(fn.channels.GetChannelsRequest)
def _(tg, conn, req):
    return tl.messages.Chats([tg.chat(c).tl for c in req.id])


@rpc(fn.channels.GetFullChannelRequest)
def _(tg, conn, req):
    chat = tg.chat(req.channel)
    top = chat.ids[-1] if chat.ids else 0
    full = tl.ChannelFull(
        id=chat.id,
        about=chat.about,
        read_inbox_max_id=top,
        read_outbox_max_id=0,
        unread_count=0,
        chat_photo=tl.PhotoEmpty(0),
        notify_settings=tl.PeerNotifySettings(),
        bot_info=[],
        pts=chat.pts,
        participants_count=chat.members,
        linked_chat_id=chat.linked.id if chat.linked else None,
    )
    return tl.messages.ChatFull(full, [c.tl for c in (chat, chat.linked) if c], [])


@rpc(fn.messages.GetDialogsRequest)
def _(tg, conn, req):
    chats = [c for c in tg.world.chats.values() if c.ids and not c.left and not c.private]
    dialogs = [
        tl.Dialog(c.peer, c.ids[-1], c.ids[-1], 0, 0, 0, 0, 0, tl.PeerNotifySettings(), pts=c.pts) for c in chats
    ]
    raws = [c.raw(c.ids[-1]) for c in chats]
    people = [tg._people(c, [r]) for c, r in zip(chats, raws, strict=True)]
    unique = lambda k: list({x.id: x for p in people for x in p[k]}.values())
    return tl.messages.Dialogs(dialogs, raws, unique(0), unique(1))


@rpc(fn.messages.GetHistoryRequest)
def _(tg, conn, req):
    if not hasattr(req.peer, "channel_id"):
        return tl.messages.Messages([], [], [], [])
    chat = tg.chat(req.peer)
    return tg.page(chat, chat.ids, *chat.window(chat.ids, req))


@rpc(fn.channels.GetMessagesRequest)
def _(tg, conn, req):
    chat = tg.chat(req.channel)
    ids = [getattr(i, "id", 0) for i in req.id]
    answer = tg.page(chat, ids, [i for i in ids if i in chat.messages])
    answer.messages = [chat.raw(i) if i in chat.messages else tl.MessageEmpty(id=i, peer_id=chat.peer) for i in ids]
    return answer


@rpc(fn.messages.GetMessagesRequest)
def _(tg, conn, req):
    return tl.messages.Messages([tl.MessageEmpty(id=i.id, peer_id=None) for i in req.id], [], [], [])


def _thread(tg, peer, msg_id):
    """(group, root id, comment ids) for a channel post or for a message of a group."""
    chat = tg.chat(peer)
    if chat.megagroup:
        if msg_id not in chat.messages:
            raise RpcFault("MSG_ID_INVALID")
        nested = [i for i in chat.ids if getattr(chat.messages[i].reply_to, "reply_to_msg_id", 0) == msg_id]
        return chat, msg_id, chat.threads.get(msg_id, nested)
    if msg_id not in chat.messages or msg_id not in chat.roots or chat.roots[msg_id] not in chat.linked.messages:
        raise RpcFault("MSG_ID_INVALID")
    return chat.linked, chat.roots[msg_id], chat.linked.threads[chat.roots[msg_id]]


@rpc(fn.messages.GetRepliesRequest)
def _(tg, conn, req):
    group, _, ids = _thread(tg, req.peer, req.msg_id)
    return tg.page(group, ids, *group.window(ids, req))


@rpc(fn.messages.GetDiscussionMessageRequest)
def _(tg, conn, req):
    group, root, ids = _thread(tg, req.peer, req.msg_id)
    raw = group.raw(root)
    chats, users = tg._people(group, [raw])
    return tl.messages.DiscussionMessage([raw], 0, chats, users, max_id=ids[-1] if ids else root)


@rpc(fn.messages.SearchRequest)
def _(tg, conn, req):
    chat = tg.chat(req.peer)
    mime = lambda m: getattr(getattr(m.media, "document", None), "mime_type", "")
    keep = {
        tl.InputMessagesFilterPhotos: lambda m: isinstance(m.media, tl.MessageMediaPhoto),
        tl.InputMessagesFilterVideo: lambda m: mime(m).startswith("video/"),
        tl.InputMessagesFilterDocument: lambda m: bool(mime(m)) and not mime(m).startswith(("video/", "audio/")),
        tl.InputMessagesFilterPinned: lambda m: bool(m.pinned),
        tl.InputMessagesFilterUrl: lambda m: any(
            isinstance(e, (tl.MessageEntityUrl, tl.MessageEntityTextUrl)) for e in m.entities or ()
        ),
    }.get(type(req.filter), lambda m: True)
    author = getattr(req.from_id, "user_id", None) or getattr(req.from_id, "channel_id", None)
    low, high = (d.timestamp() if d else 0 for d in (req.min_date, req.max_date))

    def good(m):
        sender = getattr(m.from_id, "user_id", None) or getattr(m.from_id, "channel_id", None)
        return (
            req.q.lower() in (m.message or "").lower()
            and keep(m)
            and (not author or sender == author)
            and m.date.timestamp() >= low
            and (not high or m.date.timestamp() < high)
        )

    ids = [i for i in chat.ids if good(chat.messages[i])]
    return tg.page(chat, ids, *chat.window(ids, req))


@rpc(fn.messages.GetMessagesViewsRequest)
def _(tg, conn, req):
    chat = tg.chat(req.peer)
    found = [chat.messages.get(i) for i in req.id]
    return tl.messages.MessageViews(
        [tl.MessageViews(m.views, m.forwards, m.replies) if m else tl.MessageViews() for m in found], [], []
    )


@rpc(fn.upload.GetFileRequest)
def _(tg, conn, req):
    """Reproducible bytes: block k of file i is sha256('i/k'); the size is that of the media."""
    loc, size = req.location, 0
    for chat in tg.world.chats.values():
        for msg in chat.messages.values():
            media = getattr(msg.media, "photo", None) or getattr(msg.media, "document", None)
            if getattr(media, "id", None) == loc.id:
                size = getattr(media, "size", 0) or next((s.size for s in media.sizes if s.type == loc.thumb_size), 0)
    if not size:
        raise RpcFault("FILE_REFERENCE_EXPIRED")
    return tl.upload.File(tl.storage.FileUnknown(), 0, file_bytes(loc.id, size)[req.offset : req.offset + req.limit])
