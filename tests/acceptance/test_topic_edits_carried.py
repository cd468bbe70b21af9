"""What people did to topics goes where the topics go, and holds there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from backup_samples import programs
from cli_process import tg_parser, tg_parser_json
from conftest import process_environment
from test_topic_edits import LATER, Channel, in_one_topic, ref

MIGRATE = ("db", "migrate-from-sqlite", "--sqlite-dir", "databases", "--verify")


def edited(channel: Channel) -> tuple[str, str, str]:
    """The snow with another title, two of its messages split off, and the dollar pinned."""
    snow, dollar = channel.topic_of(1), channel.topic_of(5)
    channel.do("rename", snow, "Погода в столице", "--by", "anna")
    split = channel.do("split", snow, "--messages", ref(3), ref(4), "--by", "boris")["edit"]["other_id"]
    channel.do("pin", dollar, "--by", "anna")
    return snow, dollar, str(split)


def state(channel: Channel) -> Any:
    """All edits, and all topics with their history, as the commands tell them."""
    return channel.do("edits"), channel.topics(), channel.do("diff", "--since", "2000-01-01")


def assert_holds(channel: Channel, snow: str, dollar: str, split: str) -> None:
    """After a run with new messages, and a rebuild, every edit holds."""
    for messages in LATER[:1], None:
        if messages is None:
            tg_parser(channel.env, "topicize", "--all", "--rebuild", "--provider", "local", cwd=channel.folder)
        else:
            channel.run(*messages[0])
        now = channel.topics()
        assert now[snow]["title"] == "Погода в столице"
        assert {ref(3), ref(4)} <= now[split]["refs"]
        assert not in_one_topic(now, 1, 3)
        assert not in_one_topic(now, 2, 4)
        assert now[dollar]["pinned"]
        assert channel.do("check")["faults"] == []


def test_a_backup_brings_edits_back(process_env: dict[str, str], tmp_path: Path) -> None:
    """Taken back after the backup, the edits are there again once it is restored, and the next runs keep to them."""
    env = {**process_env, "BACKUP_DIR": str(tmp_path / "backups"), "PG_BIN_DIR": str(programs())}
    channel = Channel(env, tmp_path)
    channel.run()
    ids = edited(channel)
    before = state(channel)
    name = tg_parser_json(env, "backup", "create", cwd=tmp_path)["name"]
    for _ in range(3):
        channel.do("undo", "--by", "boris")
    assert channel.topics()[ids[0]]["title"] != "Погода в столице"
    tg_parser(env, "backup", "restore", name, "--yes", cwd=tmp_path)
    assert state(channel) == before
    assert_holds(channel, *ids)


@pytest.mark.postgres
def test_edits_move_to_another_database(
    sqlite_env: dict[str, str], postgres_variables: dict[str, str], tmp_path: Path
) -> None:
    """Moved to PostgreSQL, topics have their edits and history still; runs there keep to them, and undoing works."""
    channel = Channel(sqlite_env, tmp_path)
    channel.run()
    ids = edited(channel)
    before = state(channel)
    channel.env = process_environment(postgres_variables)
    tg_parser(channel.env, *MIGRATE, cwd=tmp_path)
    assert state(channel) == before
    assert_holds(channel, *ids)
    channel.do("undo", "--by", "boris")
    assert not channel.topics()[ids[1]]["pinned"]
