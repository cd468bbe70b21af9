"""A Telegram server on 127.0.0.1 for end-to-end tests: an unchanged Telethon client talks to it. See README.md."""

from telethon.tl import functions as fn
from telethon.tl import types as tl

from fake_telegram.chat import Chat
from fake_telegram.connection import Connection, method_name
from fake_telegram.faults import Entry, Fault, RpcFault
from fake_telegram.handshake import DH_PRIME
from fake_telegram.media import EPOCH, document, file_bytes, photo, poll, reactions, stable_int, video, voice, webpage
from fake_telegram.methods import API_HASH, API_ID
from fake_telegram.server import HANDLERS, FakeTelegram, rpc
from fake_telegram.world import World

__all__ = [
    "API_HASH", "API_ID", "DH_PRIME", "EPOCH", "HANDLERS", "Chat", "Connection", "Entry", "FakeTelegram", "Fault",
    "RpcFault", "World", "document", "file_bytes", "fn", "method_name", "photo", "poll", "reactions", "rpc",
    "stable_int", "tl", "video", "voice", "webpage",
]  # fmt: skip
