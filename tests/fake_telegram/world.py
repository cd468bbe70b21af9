"""Everything the local Telegram knows: the signed-in user, people, chats."""

import itertools
import threading

from telethon.tl import types as tl

from fake_telegram.chat import Chat
from fake_telegram.media import stable_int


class World:
    """Everything the fake Telegram knows: the signed-in user, people, channels."""

    def __init__(self):
        self.lock = threading.RLock()
        self.chats, self.users = {}, {}
        self.me = self.user("Тест", id=777000777, username="tester", phone="79990000000", is_self=True)

    def user(self, first_name="Аня", last_name=None, *, id=None, **kw):
        id = id or 1_000_001 + len(self.users)
        self.users[id] = user = tl.User(
            id=id, first_name=first_name, last_name=last_name, access_hash=stable_int("user", id), **kw
        )
        return user

    def channel(self, username=None, title=None, *, id=None, discussion=False, megagroup=False, **kw):
        """A broadcast channel; discussion=True also makes its linked comment group."""
        chat = Chat(
            self, id or 1_500_000_001 + len(self.chats), username, title or username or "Канал", megagroup, **kw
        )
        self.chats[chat.id] = chat
        if discussion:
            chat.linked = self.channel(None, chat.title + " · чат", megagroup=True)
            chat.linked.linked = chat
        return chat

    def by_username(self, name):
        name = name.lower().lstrip("@")
        return next(
            (
                x
                for x in itertools.chain(self.chats.values(), self.users.values())
                if (x.username or "").lower() == name
            ),
            None,
        )
