"""The owner of a channel links another discussion group, whose comments are numbered from 1 again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_process import tg_parser, tg_parser_json
from fake_telegram.chat import Chat
from fake_telegram_server import fake_telegram, world
from fresh_databases import settings_of
from telegram_worlds import SOURCE, add_source, entries, ingest, row_count, stored, telegram_env

from tg_parser.domain.utc_time import utc_now
from tg_parser.storage.engine.databases import open_databases
from tg_parser.storage.stores.sources import IngestionStorage

CHANNEL = "tg:-1001500000001"


@pytest.fixture
def letters() -> Chat:
    channel = world().channel(SOURCE, "Letters", discussion=True)
    ann, bob = channel.world.user("Ann"), channel.world.user("Bob")
    channel.post("The first letter of this channel")
    channel.comment(1, "Ann about the first letter", user=ann)
    channel.comment(1, "Bob agrees with Ann", user=bob)
    return channel


@pytest.fixture
def env(process_env: dict[str, str], letters: Chat) -> Iterator[dict[str, str]]:
    with fake_telegram(letters.world) as server:
        yield telegram_env(process_env, server)


def link_another_group(channel: Chat) -> None:
    """Posts that were commented in the old group have no thread any more; a new one is commented in the new group."""
    channel.linked.linked = None
    channel.linked = channel.world.channel(None, "Letters, the second chat", megagroup=True)
    channel.linked.linked = channel
    channel.roots.clear()
    for message in channel.messages.values():
        message.replies = None
        channel.touch(message.id)
    channel.post("The second letter of this channel")
    cid = channel.comment(2, "Cid writes about the second letter", user=channel.world.user("Cid"))
    channel.comment(2, "An answer to Cid", reply_to=cid.id)


def test_comments_of_both_groups_are_kept_apart(env: dict[str, str], letters: Chat, tmp_path: Path) -> None:
    """The new group's comment 2 is a comment of its own, the old ones stay as they are, also after a second look."""
    add_source(env, tmp_path)
    ingest(env, tmp_path)
    link_another_group(letters)
    group = letters.linked.id
    counts = ingest(env, tmp_path)
    assert counts["new_comments"] == 2
    old, revisions = stored(env, f"{CHANNEL}:comment:2")
    assert (old.message.text, revisions, old.deleted_at) == ("Ann about the first letter", [], None)
    new, _ = stored(env, f"{CHANNEL}:comment:2@{group}")
    assert (new.message.text, new.message.author.name) == ("Cid writes about the second letter", "Cid")
    answer, _ = stored(env, f"{CHANNEL}:comment:3@{group}")
    assert (answer.message.thread_id, answer.message.parent_message_id) == ("2", f"2@{group}")
    letters.linked.edit(2, "Cid has changed his mind about it")
    letters.linked.delete(3)
    counts = ingest(env, tmp_path, "--recheck", "200")
    assert (counts["revised"], counts["deleted"], counts["note:comments_of_a_former_group"]) == (1, 1, 2)
    assert row_count(env, "raw_revisions") == 2
    assert [stored(env, f"{CHANNEL}:comment:{each}")[0].deleted_at for each in ("2", "3")] == [None, None]
    tg_parser(env, "run", "--source", SOURCE, "--skip-ingest", "--out", "out", cwd=tmp_path)
    made = entries(tmp_path / "out")
    assert made[f"{CHANNEL}:comment:2@{group}"]["metadata"]["link"] == f"https://t.me/{SOURCE}/2?comment=2"
    assert made[f"{CHANNEL}:comment:2"]["metadata"]["link"] == f"https://t.me/{SOURCE}/1?comment=2"


def test_the_first_group_is_known_from_comments_of_earlier_versions(
    env: dict[str, str], letters: Chat, tmp_path: Path
) -> None:
    """They noted no group: the payload of a stored comment tells it, also when the group has been replaced since."""
    add_source(env, tmp_path)
    ingest(env, tmp_path)
    forget_groups(env)
    link_another_group(letters)
    assert ingest(env, tmp_path)["new_comments"] == 2
    assert stored(env, f"{CHANNEL}:comment:2")[0].message.text == "Ann about the first letter"
    shown = tg_parser_json(env, "sources", "show", SOURCE, cwd=tmp_path)
    assert shown["discussion_groups"] == ["1500000002", str(letters.linked.id)]


def forget_groups(env: dict[str, str]) -> None:
    """The databases as they were before groups were noted."""
    variables = {name: value for name, value in env.items() if name.startswith("DB_") or name.endswith("_DB_PATH")}

    async def forget() -> None:
        async with open_databases(settings_of(variables)) as databases:
            sources = IngestionStorage(databases.ingestion)
            await sources.set_progress(SOURCE, utc_now(), discussion_groups=None)

    asyncio.run(forget())
