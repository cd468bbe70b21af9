"""A channel or a group: writing into it, and reading it by pages as Telegram does."""

import bisect
from datetime import timedelta

from telethon.extensions import html
from telethon.tl import types as tl

from fake_telegram.filling import fill_chat
from fake_telegram.media import EPOCH, reactions, stable_int


class _Raw:
    """A TL object that is already bytes (serialising a message once is enough)."""

    __slots__ = ("data", "refs")

    def __init__(self, data, refs):
        self.data, self.refs = data, refs

    def _bytes(self):
        return self.data


class Chat:
    """A channel or a group.  Messages are plain telethon types.Message objects;
    after changing one by hand call touch(msg.id)."""

    def __init__(
        self, world, id, username, title, megagroup, about="", private=False, members=1000, invite=None, left=False
    ):
        self.world, self.id, self.username, self.title, self.megagroup = world, id, username, title, megagroup
        self.about, self.private, self.members, self.invite, self.left = about, private, members, invite, left
        self.access_hash = stable_int("chat", id)
        self.linked = None
        self.messages, self.ids = {}, []  # id -> message; ids ascending
        self.threads = {}  # in a group: root id -> ascending ids of its comments
        self.roots = {}  # in a channel: post id -> root id in the linked group
        self.next_id, self.events = 1, []  # events: ('new' | 'edit' | 'delete', id); pts counts them
        self._raw = {}

    @property
    def peer(self):
        return tl.PeerChannel(self.id)

    @property
    def pts(self):
        return 1 + len(self.events)

    @property
    def tl(self):
        return tl.Channel(
            id=self.id,
            title=self.title,
            photo=tl.ChatPhotoEmpty(),
            date=EPOCH,
            username=self.username,
            access_hash=self.access_hash,
            broadcast=not self.megagroup,
            megagroup=self.megagroup,
            has_link=self.linked is not None,
            left=self.left,
            participants_count=self.members,
        )

    # -- writing

    def post(
        self,
        text="",
        *,
        html_text=None,
        id=None,
        date=None,
        user=None,
        fwd=None,
        react=None,
        discuss=True,
        reply_to=None,
        action=None,
        **kw,
    ):
        """Add a message.  user: User/Chat (groups); fwd: Chat, User, 'hidden name' or MessageFwdHeader;
        react: {'👍': 3}; action: a MessageAction makes it a service message; **kw: any types.Message field."""
        with self.world.lock:
            id = id or self.next_id
            if id in self.messages:
                raise ValueError(f"message {id} exists")
            if html_text is not None:
                text, kw["entities"] = html.parse(html_text)
            if date is None:
                date = self.messages[self.ids[-1]].date + timedelta(minutes=1) if self.ids else EPOCH
            kw.setdefault("post", not self.megagroup)
            if user is not None:
                kw["from_id"] = user.peer if isinstance(user, Chat) else tl.PeerUser(user.id)
            if isinstance(reply_to, int):
                reply_to = tl.MessageReplyHeader(reply_to_msg_id=reply_to)
            if action is not None:
                msg = tl.MessageService(id=id, peer_id=self.peer, date=date, action=action, reply_to=reply_to, **kw)
            else:
                if not self.megagroup:
                    kw.setdefault("views", 100 + id)
                    kw.setdefault("forwards", id % 7)
                if fwd is not None:
                    kw["fwd_from"] = self._fwd_header(fwd, date)
                if react:
                    kw["reactions"] = reactions(react)
                msg = tl.Message(id=id, peer_id=self.peer, date=date, message=text, reply_to=reply_to, **kw)
            self.messages[id] = msg
            bisect.insort(self.ids, id)
            self.next_id = max(self.next_id, id + 1)
            self.events.append(("new", id))
            if discuss and self.linked and not self.megagroup and action is None:
                self._open_thread(msg)
            self.raw(id)  # a value that can't be serialised fails here, in the test
            return msg

    def album(self, medias, text="", **kw):
        grouped = stable_int("album", self.id, self.next_id)
        first = self.post(text, media=medias[0], grouped_id=grouped, **kw)
        return [first] + [self.post(media=m, grouped_id=grouped, date=first.date, discuss=False) for m in medias[1:]]

    def service(self, action=None, **kw):
        return self.post(action=action or tl.MessageActionPinMessage(), **kw)

    def comment(self, post_id, text="", *, user=None, reply_to=None, **kw):
        """Comment on a post of this channel, in the linked group; reply_to: id of another comment."""
        group, root = self.linked, self.roots[post_id]
        with self.world.lock:
            user = user or next((u for u in self.world.users.values() if not u.is_self), None) or self.world.user()
            header = tl.MessageReplyHeader(reply_to_msg_id=reply_to or root, reply_to_top_id=root if reply_to else None)
            msg = group.post(text, user=user, reply_to=header, **kw)
            bisect.insort(group.threads[root], msg.id)
            self._count_comments(post_id)
            return msg

    def edit(self, id, text=None, *, date=None, **fields):
        with self.world.lock:
            msg = self.messages[id]
            if text is not None:
                msg.message, msg.entities = text, fields.pop("entities", None)
            for name, value in fields.items():
                setattr(msg, name, value)
            msg.edit_date = date or msg.date + timedelta(hours=1)
            self.touch(id)
            self.events.append(("edit", id))
            return msg

    def delete(self, *ids):
        with self.world.lock:
            for id in ids:
                del self.messages[id]
                self.ids.remove(id)
                self.touch(id)
                self.events.append(("delete", id))
                for root, thread in self.threads.items():
                    if id in thread:
                        thread.remove(id)
                        post_id = next(p for p, r in self.linked.roots.items() if r == root)
                        self.linked._count_comments(post_id)

    def touch(self, id):
        with self.world.lock:
            self._raw.pop(id, None)

    def fill(self, n, *, seed=0, comments=0.0, step=timedelta(minutes=7)):
        """Add n messages of every kind, the same from the same seed."""
        fill_chat(self, n, seed, comments, step)
        return self

    def update(self, pts):
        """The update whose pts this is, or None if its message is gone."""
        kind, id = self.events[pts - 2]
        if kind == "delete":
            return tl.UpdateDeleteChannelMessages(self.id, [id], pts, 1)
        if id not in self.messages:
            return None
        return (tl.UpdateNewChannelMessage if kind == "new" else tl.UpdateEditChannelMessage)(self.raw(id), pts, 1)

    def _fwd_header(self, fwd, date):
        if isinstance(fwd, tl.MessageFwdHeader):
            return fwd
        if isinstance(fwd, str):
            return tl.MessageFwdHeader(date=date - timedelta(days=1), from_name=fwd)
        if isinstance(fwd, Chat):
            return tl.MessageFwdHeader(date=date - timedelta(days=1), from_id=fwd.peer, channel_post=1)
        return tl.MessageFwdHeader(date=date - timedelta(days=1), from_id=tl.PeerUser(fwd.id))

    def _open_thread(self, msg):
        group = self.linked
        root = group.post(
            msg.message,
            date=msg.date,
            user=self,
            entities=msg.entities,
            media=msg.media,
            pinned=True,
            fwd_from=tl.MessageFwdHeader(
                date=msg.date,
                from_id=self.peer,
                channel_post=msg.id,
                saved_from_peer=self.peer,
                saved_from_msg_id=msg.id,
            ),
        )
        self.roots[msg.id], group.threads[root.id] = root.id, []
        self._count_comments(msg.id)

    def _count_comments(self, post_id):
        group, root = self.linked, self.roots[post_id]
        ids = group.threads[root]
        last = [group.messages[i].from_id for i in ids[-3:]]
        count = dict(replies=len(ids), replies_pts=group.pts, max_id=ids[-1] if ids else None)
        for chat, id, extra in (
            (self, post_id, dict(comments=True, channel_id=group.id, recent_repliers=last or None)),
            (group, root, {}),
        ):
            if id in chat.messages:
                chat.messages[id].replies = tl.MessageReplies(**count, **extra)
                chat.touch(id)

    # -- reading

    def raw(self, id):
        raw = self._raw.get(id)
        if raw is None:
            msg = self.messages[id]
            peers = [
                msg.from_id,
                getattr(msg.fwd_from, "from_id", None),
                *(getattr(msg.replies, "recent_repliers", None) or ()),
            ]
            raw = self._raw[id] = _Raw(
                bytes(msg), frozenset(getattr(p, "channel_id", None) or p.user_id for p in peers if p)
            )
        return raw

    def window(self, ids, req):
        """Telegram's paging over a newest-first list: offset_id wins over offset_date, the window is cut
        at the ends (not shifted), and only then min_id/max_id filter it."""
        n, limit = len(ids), max(0, min(req.limit, 100))
        start = 0
        if req.offset_id:
            start = n - bisect.bisect_left(ids, req.offset_id)
        elif getattr(req, "offset_date", None) and req.offset_date.timestamp() > 0:
            start = n - bisect.bisect_left(ids, req.offset_date, key=lambda i: self.messages[i].date)
        lo, hi = start + req.add_offset, start + req.add_offset + limit
        page = [ids[n - 1 - k] for k in range(max(0, lo), max(0, min(n, hi)))]
        page = [i for i in page if i > req.min_id and (not req.max_id or i < req.max_id)]
        return page, max(0, lo)
