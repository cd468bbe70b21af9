"""What can go wrong on purpose, and the log of what was asked."""

import dataclasses
import fnmatch
import re
from typing import Any

from telethon.errors.rpcerrorlist import rpc_errors_dict, rpc_errors_re

_SETUP = {
    "ping",
    "pingDelayDisconnect",
    "getFutureSalts",
    "help.getConfig",
    "users.getUsers",
    "updates.getState",
    "updates.getDifference",
    "destroySession",
    "rpcDropAnswer",
}


class RpcFault(Exception):
    def __init__(self, message, code=None):
        super().__init__(message)
        self.message, self.code = message, code or error_code(message)


def error_code(message):
    cls = rpc_errors_dict.get(message.upper()) or next((c for r, c in rpc_errors_re if re.match(r, message)), None)
    return cls.code if cls else (500 if "INTERNAL" in message else 400)


@dataclasses.dataclass
class Fault:
    """Fires on matching requests: not the first `after`, `times` times (None: for ever), every `every`-th."""

    method: str = "*"  # fnmatch over 'messages.getHistory'; '*' leaves out ping and connection set-up
    error: str = None  # 'FLOOD_WAIT_5', 'CHANNEL_PRIVATE', 'USERNAME_NOT_OCCUPIED', 'INTERNAL', …
    code: int = None  # taken from Telethon's error list if not given
    drop: str = None  # 'before' it is handled | 'reply': handled, answer lost | 'mid': half the answer sent
    down: float = 0  # with drop: refuse connections for so many seconds
    delay: float = 0  # answer late by so many seconds
    hang: bool = False  # never answer
    after: int = 0
    times: int = None
    every: int = 1
    channel: object = None  # username, id or Chat
    when: object = None  # callable(request) -> bool
    seen: int = 0
    fired: int = 0

    def hit(self, method, req, chat):
        if not fnmatch.fnmatch(method, self.method) or (self.method == "*" and method in _SETUP):
            return False
        if self.channel is not None and (chat is None or self.channel not in (chat, chat.id, chat.username)):
            return False
        if self.when and not self.when(req):
            return False
        self.seen += 1
        k = self.seen - self.after
        if k < 1 or (k - 1) % self.every or (self.times is not None and self.fired >= self.times):
            return False
        self.fired += 1
        return True


@dataclasses.dataclass
class Entry:
    """One line of the request log."""

    t: float
    conn: int
    method: str
    args: dict[str, Any]
    channel: int = None
    result: str = None  # 'ok', the error text, 'dropped', 'hung'
    items: int = None  # messages in the answer
    bytes: int = 0
    ms: float = 0
