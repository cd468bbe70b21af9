"""One client connection: transports, the exchange of the auth key, encrypted messages (MTProto 2.0)."""

import asyncio
import gzip
import hashlib
import itertools
import os
import struct
import time
import traceback

from telethon.crypto import AES
from telethon.extensions import BinaryReader
from telethon.network.connection.tcpabridged import AbridgedPacketCodec
from telethon.network.connection.tcpfull import FullPacketCodec
from telethon.network.connection.tcpintermediate import IntermediatePacketCodec
from telethon.network.mtprotostate import MTProtoState
from telethon.tl import TLObject, TLRequest
from telethon.tl import functions as fn
from telethon.tl import types as tl
from telethon.tl.core import GzipPacked, MessageContainer

from fake_telegram.faults import RpcFault
from fake_telegram.handshake import Handshake, ProtocolError, rand_int

_WRAPPERS = (
    fn.InvokeWithLayerRequest,
    fn.InitConnectionRequest,
    fn.InvokeWithoutUpdatesRequest,
    fn.InvokeAfterMsgRequest,
    fn.InvokeAfterMsgsRequest,
    fn.InvokeWithTakeoutRequest,
    fn.InvokeWithMessagesRangeRequest,
)


_UNRELATED = {
    "ping": lambda msg_id, req: tl.Pong(msg_id, req.ping_id),
    "pingDelayDisconnect": lambda msg_id, req: tl.Pong(msg_id, req.ping_id),
    "getFutureSalts": lambda msg_id, _: tl.FutureSalts(msg_id, int(time.time()), []),
}
"""Requests that are answered with a message of its own, not with a result."""


def method_name(req):
    cls = type(req)
    space, name = cls.__module__.rsplit(".", 1)[-1], cls.__name__.removesuffix("Request")
    name = name[0].lower() + name[1:]
    return name if space == "functions" else f"{space}.{name}"


class _Reader:
    """StreamReader with some bytes put back in front."""

    def __init__(self, reader, head):
        self.reader, self.head = reader, head

    async def readexactly(self, n):
        if self.head:
            part, self.head = self.head[:n], self.head[n:]
            return part + (await self.reader.readexactly(n - len(part)) if len(part) < n else b"")
        return await self.reader.readexactly(n)


class Connection:
    numbers = itertools.count(1)

    def __init__(self, server, reader, writer):
        self.server, self.reader, self.writer = server, reader, writer
        self.number, self.lock, self.tasks = next(self.numbers), asyncio.Lock(), set()
        self.codec = self.key = self.session_id = None
        self.handshake = Handshake(server)
        self.seq, self.sessions, self.wants_updates = 0, set(), False

    async def run(self):
        head = await self.reader.readexactly(1)
        if head == b"\xef":
            self.codec, head = AbridgedPacketCodec(None), b""
        else:
            head += await self.reader.readexactly(3)
            self.codec = IntermediatePacketCodec(None) if head == b"\xee" * 4 else FullPacketCodec(None)
            head = b"" if head == b"\xee" * 4 else head
        reader = _Reader(self.reader, head)
        while True:
            packet = await self.codec.read_packet(reader)
            self.server.counts["bytes_in"] += len(packet)
            if len(packet) < 20:
                raise ProtocolError("short packet")
            if packet[:8] == bytes(8):
                await self.send_packet(self._plain(packet))
            elif not await self._encrypted(packet):
                return

    def close(self):
        self.writer.transport.abort()

    async def send_packet(self, data, cut=False):
        async with self.lock:
            packet = self.codec.encode_packet(data)
            if cut:
                packet = packet[: len(packet) // 2]
            self.server.counts["bytes_out"] += len(packet)
            rate = self.server.bandwidth
            step = max(1, int(rate / 20)) if rate else len(packet)
            for at in range(0, len(packet), step):
                self.writer.write(packet[at : at + step])
                await self.writer.drain()
                if rate:
                    await asyncio.sleep(step / rate)

    # -- plain: the exchange of the auth key

    def _plain(self, packet):
        with BinaryReader(packet[20:]) as reader:
            answer = bytes(self.handshake.answer(reader.tgread_object()))
        return struct.pack("<qqi", 0, self.server.new_msg_id(), len(answer)) + answer

    # -- encrypted

    async def _encrypted(self, packet):
        key = self.server.keys.get(struct.unpack_from("<Q", packet)[0])
        if key is None:
            self.server.counts["unknown_auth_key"] += 1
            await self.send_packet(struct.pack("<i", -404))
            return False
        msg_key, secret = packet[8:24], key.auth.key
        plain = AES.decrypt_ige(packet[24:], *MTProtoState._calc_key(secret, msg_key, True))
        if hashlib.sha256(secret[88:120] + plain).digest()[8:24] != msg_key:
            raise ProtocolError("bad msg_key")
        salt, session_id, msg_id, seq, length = struct.unpack_from("<qqqii", plain)
        self.key, self.session_id = key, session_id
        if self.server.check_salt and salt != self.server.salt:
            await self.send(tl.BadServerSalt(msg_id, seq, 48, self.server.salt), related=False)
            return True
        if session_id not in self.sessions:
            self.sessions.add(session_id)
            await self.send(tl.NewSessionCreated(msg_id, rand_int(64), self.server.salt))
        with BinaryReader(plain[32 : 32 + length]) as reader:
            await self._message(msg_id, reader.tgread_object())
        return True

    async def _message(self, msg_id, obj):
        if isinstance(obj, MessageContainer):
            for inner in obj.messages:
                await self._message(inner.msg_id, inner.obj)
        elif isinstance(obj, GzipPacked):
            with BinaryReader(obj.data) as reader:
                await self._message(msg_id, reader.tgread_object())
        elif isinstance(obj, tl.MsgsAck):
            self.server.counts["acks"] += len(obj.msg_ids)
        elif isinstance(obj, TLRequest):
            task = asyncio.create_task(self._call(msg_id, obj))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    def pack(self, body, related=True):
        """One encrypted server message."""
        server, secret = self.server, self.key.auth.key
        seq, self.seq = self.seq * 2 + related, self.seq + related
        plain = struct.pack("<qqqii", server.salt, self.session_id, server.new_msg_id(), seq, len(body)) + body
        plain += os.urandom(-(len(plain) + 12) % 16 + 12)
        msg_key = hashlib.sha256(secret[96:128] + plain).digest()[8:24]
        return (
            struct.pack("<Q", self.key.auth.key_id)
            + msg_key
            + AES.encrypt_ige(plain, *MTProtoState._calc_key(secret, msg_key, False))
        )

    async def send(self, obj, related=True, cut=False):
        await self.send_packet(self.pack(obj if isinstance(obj, bytes) else bytes(obj), related), cut)

    # -- requests

    async def _call(self, msg_id, req):
        while isinstance(req, _WRAPPERS):
            self.wants_updates |= isinstance(req, fn.InvokeWithLayerRequest)
            if isinstance(req, fn.InvokeWithoutUpdatesRequest):
                self.wants_updates = False
            req = req.query
        method, started = method_name(req), time.time()
        entry = self.server.record(self, method, req)
        try:
            await self._answer(msg_id, method, req, entry)
        except (ConnectionError, asyncio.CancelledError):
            entry.result = "dropped"
        finally:
            entry.ms = round((time.time() - started) * 1000, 1)

    async def _answer(self, msg_id, method, req, entry):
        server = self.server
        hits = [f for f in list(server.faults) if f.hit(method, req, server.world.chats.get(entry.channel))]
        fault = next((f for f in hits if f.error or f.drop or f.hang), None)
        delay = server.latency + sum(f.delay for f in hits)
        if delay:
            await asyncio.sleep(delay)
        if fault and fault.hang:
            entry.result = "hung"
        elif fault and fault.drop == "before":
            self._drop(entry, fault)
        elif method in _UNRELATED:
            entry.result = "ok"
            await self.send(_UNRELATED[method](msg_id, req), related=False)
        else:
            body = self._result_bytes(self._result(method, req, fault, entry))
            entry.bytes = len(body)
            lost = fault and fault.drop
            if lost != "reply":
                await self.send(struct.pack("<Iq", 0xF35C6D01, msg_id) + body, cut=lost == "mid")
            if lost:
                self._drop(entry, fault)

    def _result(self, method, req, fault, entry):
        server = self.server
        try:
            server.check_flood(method, fault)
            with server.world.lock:
                result = server.dispatch(self, method, req)
        except RpcFault as error:
            entry.result = error.message
            server.counts["error:" + error.message] += 1
            return tl.RpcError(error.code, error.message)
        except Exception as error:  # noqa: BLE001 a fault here or in the test's data, never the client's: told by `bugs`
            entry.result = f"SERVER BUG {error!r}"
            server.bugs.append(traceback.format_exc())
            return tl.RpcError(500, "FAKE_SERVER_BUG")
        entry.result, entry.items = "ok", len(getattr(result, "messages", ()))
        return result

    def _drop(self, entry, fault):
        entry.result = "dropped"
        self.server.counts["drops"] += 1
        self.close()
        if fault.down:
            self.server.go_down(fault.down)

    def _result_bytes(self, result):
        if isinstance(result, bool):
            return struct.pack("<I", 0x997275B5 if result else 0xBC799737)
        if isinstance(result, list):
            return struct.pack("<Ii", 0x1CB5C415, len(result)) + b"".join(map(bytes, result))
        body = bytes(result)
        if self.server.gzip and len(body) > 512 and not isinstance(result, tl.upload.File):
            body = struct.pack("<I", GzipPacked.CONSTRUCTOR_ID) + TLObject.serialize_bytes(gzip.compress(body, 1))
        return body
