"""The server itself: connections, sessions, faults, live updates. README.md is the guide."""

import asyncio
import contextlib
import fnmatch
import hashlib
import ipaddress
import os
import re
import struct
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import rsa
from telethon.crypto import AuthKey
from telethon.errors import InvalidBufferError, InvalidChecksumError, TypeNotFoundError
from telethon.sessions import SQLiteSession, StringSession
from telethon.tl import types as tl

from fake_telegram.connection import Connection
from fake_telegram.faults import Entry, Fault, RpcFault
from fake_telegram.handshake import Key, ProtocolError, make_rsa_key, rand_int

HANDLERS: dict[type, Any] = {}


def rpc(*classes):
    return lambda handler: HANDLERS.update(dict.fromkeys(classes, handler)) or handler


class FakeTelegram:
    """`with FakeTelegram(world) as tg` runs it in a thread, `async with` in the running loop."""

    def __init__(
        self,
        world,
        *,
        host="127.0.0.1",
        port=0,
        dc_id=2,
        gzip=True,
        check_salt=True,
        auto_login=False,
        rsa_key=None,
        login_code="12345",
    ):
        self.world, self.host, self.port, self.dc_id = world, host, port, dc_id
        self.gzip, self.check_salt, self.auto_login, self.login_code = gzip, check_salt, auto_login, login_code
        self.latency = 0  # seconds added to every answer
        self.bandwidth = None  # bytes/s towards each client
        self.cut_exchanges = 0  # how many of the next exchanges of an auth key end with the connection
        self.refused_keys = 0  # how many of the next exchanges of an auth key must begin anew
        self.keys, self.faults, self.log, self.counts, self.bugs = {}, [], [], Counter(), []
        self.salt, self._rsa_key, self._last_id, self._flood = rand_int(64), rsa_key, 0, {}
        self.connections, self._server, self._thread, self._loop, self._ended = set(), None, None, None, False

    # -- life

    async def start(self):
        self._loop = asyncio.get_running_loop()
        self._server = await asyncio.start_server(self._accept, self.host, self.port, limit=1 << 20)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self):
        self._ended = True
        self._close()
        await asyncio.sleep(0)

    def _close(self):
        if self._server:
            self._server.close()
            self._server = None
        self._drop_all()

    async def _go_down(self, seconds):
        """Refuse connections for a while, then listen on the same port again."""
        self._close()
        await asyncio.sleep(seconds)
        if not self._ended:
            await self.start()

    def _drop_all(self):
        for conn in list(self.connections):
            conn.close()

    def _run_soon(self, func, *args):
        self._loop.call_soon_threadsafe(func, *args)

    def drop_all(self):
        """Cut every connection now (from any thread)."""
        self._run_soon(self._drop_all)

    def go_down(self, seconds):
        """Cut every connection and refuse new ones for a while (from any thread)."""

        def start():
            self._down = asyncio.ensure_future(self._go_down(seconds))

        self._run_soon(start)

    async def __aenter__(self):
        return await self.start()

    async def __aexit__(self, *_):
        await self.stop()

    def __enter__(self):
        ready = threading.Event()

        async def main():
            self._quit = asyncio.Event()
            await self.start()
            ready.set()
            await self._quit.wait()
            await self.stop()

        self._thread = threading.Thread(target=asyncio.run, args=(main(),), daemon=True)
        self._thread.start()
        if not ready.wait(10):
            raise RuntimeError("the server did not start")
        return self

    def __exit__(self, *_):
        self._run_soon(self._quit.set)
        self._thread.join(10)

    async def _accept(self, reader, writer):
        conn = Connection(self, reader, writer)
        self.connections.add(conn)
        self.counts["connections"] += 1
        try:
            await conn.run()
        except (
            ProtocolError,
            InvalidBufferError,
            InvalidChecksumError,
            TypeNotFoundError,
            struct.error,
            BufferError,
        ) as error:
            self.counts["protocol_errors"] += 1
            self.log.append(Entry(time.time(), conn.number, "protocol error", {}, result=repr(error)))
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            for task in conn.tasks:
                task.cancel()
            self.connections.discard(conn)
            with contextlib.suppress(Exception):
                writer.close()

    def new_msg_id(self):
        now = time.time()
        new = (int(now) << 32) | (int((now % 1) * (1 << 32)) & ~3) | 1
        self._last_id = new if new > self._last_id else self._last_id + 4
        return self._last_id

    # -- what a client needs

    @property
    def rsa_key(self):
        if self._rsa_key is None:
            self._rsa_key = make_rsa_key()
        return self._rsa_key

    @property
    def public_key_pem(self):
        """For telethon.crypto.rsa.add_key(pem, old=False); only a client without an auth key needs it."""
        return rsa.PublicKey(self.rsa_key.n, self.rsa_key.e).save_pkcs1().decode()

    def new_key(self, seed=None, signed_in=True):
        data = (
            os.urandom(256)
            if seed is None
            else b"".join(hashlib.sha512(f"{seed}/{i}".encode()).digest() for i in range(4))
        )
        auth = AuthKey(data)
        self.keys[auth.key_id] = Key(auth, self.world.me if signed_in else None)
        return auth

    def _fill_session(self, session, seed, signed_in):
        session.set_dc(self.dc_id, str(ipaddress.ip_address(self.host)), self.port)
        session.auth_key = self.new_key(seed, signed_in)
        return session

    def session_string(self, seed=None, signed_in=True):
        """A StringSession that is already signed in here: no handshake, RSA key, phone or code needed.
        seed: the same seed gives the same auth key in another server, too."""
        return StringSession.save(self._fill_session(StringSession(), seed, signed_in))

    def session_file(self, path, seed=None, signed_in=True):
        """The same as a Telethon .session (SQLite) file."""
        session = self._fill_session(SQLiteSession(str(path)), seed, signed_in)
        session.save()
        session.close()
        return str(path)

    # -- tests drive it with these

    def fault(self, method="*", **kw):
        fault = Fault(method, **kw)
        self.faults.append(fault)
        return fault

    def requests(self, method="*"):
        return [e for e in list(self.log) if fnmatch.fnmatch(e.method, method)]

    def reset_log(self):
        self.log.clear()
        self.counts.clear()

    def push(self, chat, n=1):
        """Send the last n events of a chat (posts, edits, deletions) to connected clients as live updates."""
        with self.world.lock:
            updates = [u for u in map(chat.update, range(chat.pts - n + 1, chat.pts + 1)) if u]
            chats, users = self._people(chat, [u.message for u in updates if hasattr(u, "message")])
            body = bytes(tl.Updates(updates, users, chats, datetime.now(UTC), 0))
        self._run_soon(self._broadcast, body)

    def _broadcast(self, body):
        for conn in list(self.connections):
            if conn.key and conn.key.user and conn.wants_updates:
                task = asyncio.ensure_future(conn.send(body))
                conn.tasks.add(task)
                task.add_done_callback(conn.tasks.discard)

    # -- requests

    def record(self, conn, method, req):
        args = {k: v for k, v in vars(req).items() if isinstance(v, (int, str))}
        if getattr(req, "offset_date", None) and req.offset_date.timestamp() > 0:
            args["offset_date"] = req.offset_date.isoformat()
        if isinstance(getattr(req, "id", None), list):
            args["ids"] = [getattr(x, "id", x) for x in req.id if isinstance(getattr(x, "id", x), int)]
        peer = getattr(req, "peer", None) or getattr(req, "channel", None)
        entry = Entry(time.time(), conn.number, method, args, getattr(peer, "channel_id", None))
        self.log.append(entry)
        self.counts[method] += 1
        return entry

    def check_flood(self, method, fault):
        """Raise the fault's error; a client that calls before FLOOD_WAIT_x is over gets it again and is counted."""
        left = self._flood.get(method, 0) - time.monotonic()
        if left > 0.05:
            self.counts["flood_violations"] += 1
            raise RpcFault(f"FLOOD_WAIT_{max(1, round(left))}")
        if fault and fault.error:
            wait = re.fullmatch(r"FLOOD_(?:PREMIUM_)?WAIT_(\d+)", fault.error)
            if wait:
                self._flood[method] = time.monotonic() + int(wait[1])
            raise RpcFault(fault.error, fault.code)

    def dispatch(self, conn, method, req):
        if not conn.key.user and not method.startswith(("help.", "auth.")):
            raise RpcFault("AUTH_KEY_UNREGISTERED")
        handler = HANDLERS.get(type(req))
        if handler is None:
            self.counts["unknown:" + method] += 1
            raise RpcFault("METHOD_NOT_IMPLEMENTED")
        return handler(self, conn, req)

    def chat(self, peer):
        chat = self.world.chats.get(getattr(peer, "channel_id", None))
        if chat is None:
            raise RpcFault("CHANNEL_INVALID" if hasattr(peer, "channel_id") else "PEER_ID_INVALID")
        if getattr(peer, "access_hash", chat.access_hash) != chat.access_hash:
            raise RpcFault("CHANNEL_INVALID")
        if chat.private:
            raise RpcFault("CHANNEL_PRIVATE")
        return chat

    def _people(self, chat, raws):
        refs = frozenset().union(*(r.refs for r in raws))
        chats = [chat] + ([chat.linked] if chat.linked else [])
        chats += [c for c in map(self.world.chats.get, refs) if c and c not in chats]
        return [c.tl for c in chats], [u for u in map(self.world.users.get, refs) if u]

    def page(self, chat, ids, page, offset=None):
        raws = [chat.raw(i) for i in page]
        chats, users = self._people(chat, raws)
        return tl.messages.ChannelMessages(chat.pts, len(ids), raws, [], chats, users, offset_id_offset=offset)
