"""What a fake Telegram truly holds, what the databases hold of it, and processes that collect one from the other."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import psycopg
from cli_process import tg_parser, tg_parser_json
from fake_telegram.chat import Chat
from fake_telegram_server import fake, telegram_variables, world
from fresh_databases import settings_of

from tg_parser.domain.messages import RawMessage
from tg_parser.storage.engine.databases import open_databases
from tg_parser.storage.stores.raw import RawStorage
from tg_parser.storage.stores.raw_rows import Revision, StoredMessage
from tg_parser.storage.stores.sources import IngestionStorage

NAME, SOURCE = "news", "news"
IMPATIENT = {"RETRY_BACKOFF_BASE": "0.1", "RETRY_BACKOFF_MAX": "1", "RETRY_JITTER": "0"}
MINUTE = timedelta(minutes=1)

_FILES = {"video/mp4": "video", "audio/ogg": "voice", "application/pdf": "document"}

Facts = dict[str, Any]


def mixed_channel(posts: int, comments: float, seed: int = 3) -> Chat:
    """A channel with its discussion group, filled with every kind of post and with threads."""
    return world().channel(NAME, "Новости", discussion=True).fill(posts, seed=seed, comments=comments)


def plain_channel(posts: int, **options: Any) -> Chat:
    """A channel whose posts are numbered texts, a minute apart."""
    channel = world().channel(NAME, "Новости", **options)
    for number in range(1, posts + 1):
        channel.post(f"Пост номер {number} о новой ракете")
    return channel


def telegram_env(process_env: dict[str, str], server: Any, **more: str) -> dict[str, str]:
    """The environment of a process that is signed in at `server` and retries quickly."""
    return {**process_env, **telegram_variables(server), **IMPATIENT, **more}


def add_source(env: dict[str, str], folder: Any, *options: str) -> None:
    """Register the channel as a source that is read through the API, with comments."""
    tg_parser(env, "add-source", "--source-id", SOURCE, "--include-comments", "--via", "api", *options, cwd=folder)


def ingest(env: dict[str, str], folder: Any, *options: str) -> dict[str, int]:
    """Collect the source to the end; the counts."""
    (outcome,) = tg_parser_json(env, "ingest", "--source", SOURCE, *options, cwd=folder)["sources"]
    counts: dict[str, int] = outcome["counts"]
    return counts


def channel_ref(channel: Any) -> str:
    """The channel's id as the product writes it."""
    return f"-100{channel.id}"


def truth(channel: Any) -> dict[str, Facts]:
    """Every post and every comment as Telegram has it, by source_ref."""
    marked = channel_ref(channel)
    posts = {f"tg:{marked}:post:{number}": _true_post(channel, channel.messages[number]) for number in channel.ids}
    comments = {
        f"tg:{marked}:comment:{number}": _true_comment(channel, channel.linked.messages[number], post, root)
        for post, root in channel.roots.items()
        for number in channel.linked.threads[root]
    }
    return posts | comments


def held(env: dict[str, str], channel: Any) -> dict[str, Facts]:
    """Every message in the raw database, in the same shape; rows of other channels too, if there were any."""
    stored = asyncio.run(_stored(env))
    assert {each.message.channel_id for each in stored} <= {channel_ref(channel)}
    facts = {each.message.source_ref: _facts_of(each.message) for each in stored}
    assert len(facts) == len(stored) == row_count(env, "raw_messages")
    return facts


def stored(env: dict[str, str], ref: str) -> tuple[StoredMessage, list[Revision]]:
    """One stored message and its log."""

    async def read() -> tuple[StoredMessage, list[Revision]]:
        async with open_databases(settings_of(_database_variables(env))) as databases:
            raw = RawStorage(databases.raw)
            message = await raw.get(ref)
            assert message is not None
            return message, await raw.revisions(ref)

    return asyncio.run(read())


def row_count(env: dict[str, str], table: str) -> int:
    """The rows of a table of the raw database, as its own driver counts them."""
    if env["DB_TYPE"] == "sqlite":
        with closing(sqlite3.connect(env["RAW_STORAGE_DB_PATH"])) as connection:
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
    with psycopg.connect(env["DB_URL"]) as server:
        row = server.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
        assert row is not None
        return int(row[0])


def entries(folder: Any) -> dict[str, Any]:
    """The message entries of an export by source_ref."""
    lines = (folder / "kb_entries.ndjson").read_text("utf-8").splitlines()
    every = [json.loads(line) for line in lines]
    return {each["source"]["source_ref"]: each for each in every if each["source"]["type"] == "telegram_message"}


def refs_in_topics(folder: Any) -> set[str]:
    """Every source_ref that a topic of an export names."""
    files = [json.loads(path.read_text("utf-8")) for path in folder.glob("topic_*.json")]
    return {source["source_ref"] for each in files for source in each["resolved_sources"]}


async def _stored(env: dict[str, str]) -> list[StoredMessage]:
    async with open_databases(settings_of(_database_variables(env))) as databases:
        raw = RawStorage(databases.raw)
        channels = {source.channel_id for source in await IngestionStorage(databases.ingestion).list_sources()}
        return [each for channel in sorted(channels) async for page in raw.pages(channel) for each in page]


def _database_variables(env: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if name.startswith("DB_") or name.endswith("_DB_PATH")}


def _facts_of(message: RawMessage) -> Facts:
    forward = message.forward
    return {
        "type": message.message_type,
        "thread": message.thread_id,
        "parent": message.parent_message_id,
        "reply_to": message.reply_to_message_id,
        "text": message.text,
        "date": message.date,
        "author": message.author and (message.author.id, message.author.name),
        "views": message.views,
        "forwards": message.forwards,
        "reactions": [(each.emoji, each.count) for each in message.reactions],
        "media": [each.kind for each in message.media],
        "links": [(each.text, each.url) for each in message.links],
        "album": message.album_id,
        "forward": forward and (forward.peer_id, forward.name, forward.message_id, forward.date),
        "edited": message.edited_at,
        "is_service": message.service_action is not None,
        "via": message.via,
    }


def _true_post(channel: Any, post: Any) -> Facts:
    own = str(post.id)
    return {**_true_facts(channel, post), "type": "post", "thread": own, "parent": None, "reply_to": None}


def _true_comment(channel: Any, comment: Any, post: int, root: int) -> Facts:
    answered = comment.reply_to.reply_to_msg_id
    parent = str(post if answered == root else answered)
    return {
        **_true_facts(channel, comment),
        "type": "comment",
        "thread": str(post),
        "parent": parent,
        "reply_to": parent,
    }


def _true_facts(channel: Any, message: Any) -> Facts:
    written = type(message).__name__ == "Message"
    counted = message.reactions.results if written and message.reactions else []
    return {
        "text": _true_text(message) if written else "",
        "date": message.date,
        "author": _true_author(channel, message),
        "views": message.views if written else None,
        "forwards": message.forwards if written else None,
        "reactions": [(each.reaction.emoticon, each.count) for each in counted],
        "media": _true_media(message) if written else [],
        "links": _true_links(message) if written else [],
        "album": str(message.grouped_id) if written and message.grouped_id else None,
        "forward": _true_forward(channel, message.fwd_from) if written and message.fwd_from else None,
        "edited": message.edit_date if written else None,
        "is_service": not written,
        "via": "api",
    }


def _true_author(channel: Any, message: Any) -> tuple[str, str]:
    if message.from_id is None:
        return channel_ref(channel), channel.title
    person = channel.world.users[message.from_id.user_id]
    return str(person.id), person.first_name


def _true_text(message: Any) -> str:
    """The words of a message; those of a poll are its question and its answers."""
    if type(message.media).__name__ != "MessageMediaPoll":
        return str(message.message)
    poll = message.media.poll
    return "\n".join([poll.question.text, *(f"- {answer.text.text}" for answer in poll.answers)])


def _true_media(message: Any) -> list[str]:
    kind = type(message.media).__name__
    if kind == "MessageMediaDocument":
        return [_FILES[message.media.document.mime_type]]
    return [{"MessageMediaPhoto": "photo", "MessageMediaPoll": "poll"}[kind]] if kind in _ATTACHED else []


_ATTACHED = {"MessageMediaPhoto", "MessageMediaPoll"}


def _true_links(message: Any) -> list[tuple[str, str]]:
    hidden = [each for each in message.entities or [] if type(each).__name__ == "MessageEntityTextUrl"]
    # The link of a mixed post stands behind these words.
    return [("ссылка 👨‍👩‍👧", each.url) for each in hidden]


def _true_forward(channel: Any, header: Any) -> tuple[str | None, str, str | None, datetime]:
    if header.from_id is None:
        return None, header.from_name, None, header.date
    if type(header.from_id).__name__ == "PeerChannel":
        return channel_ref(channel), channel.title, str(header.channel_post), header.date
    person = channel.world.users[header.from_id.user_id]
    return str(person.id), person.first_name, None, header.date


def api_hash() -> str:
    """The secret of the application that the fake Telegram knows."""
    return str(fake().API_HASH)
