"""Databases, connections, backups, prompts, migrations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pydantic import RootModel

from tg_parser.backup.directory import BackupState
from tg_parser.backup.manifest import Manifest
from tg_parser.services.views.base import View
from tg_parser.storage.engine.pool import PoolFigures
from tg_parser.storage.tables import DatabaseName

if TYPE_CHECKING:
    from tg_parser.backup.directory import Backup
    from tg_parser.transfer.migration import MigrationReport


class SchemaState(View):
    """The revision a database stands at, and the newest this version knows."""

    database: DatabaseName
    revision: str | None
    newest: str


class SchemaStates(View):
    """`init`, `db upgrade`, `db downgrade`, `db stamp`, `db current`."""

    databases: tuple[SchemaState, ...]


class SchemaHistory(RootModel[dict[str, tuple[str, ...]]]):
    """`db history`: the revisions of each database, newest first."""


class ReplicaState(View):
    """A read replica; `left_out` is the reason why nobody reads from it, null where it serves."""

    name: str
    left_out: str | None


class SessionGroup(View):
    """The sessions of one process on the server, and the age in seconds of its oldest open transaction."""

    application: str
    sessions: int
    active: int
    idle_in_transaction: int
    oldest_transaction: float | None


class PoolReport(View):
    """`db pool`: all that is known of connections; `sessions` is empty where there is no server."""

    pools: dict[str, PoolFigures]
    replicas: tuple[ReplicaState, ...]
    sessions: tuple[SessionGroup, ...]
    max_connections: int | None


class BackupView(View):
    """A backup; `problem` says why it is not good, `size` is in bytes."""

    name: str
    path: Path
    state: BackupState
    problem: str | None
    created_at: datetime
    size: int
    manifest: Manifest | None


class CreatedBackup(BackupView):
    """`backup create`, with the names of those that were removed after it."""

    pruned: tuple[str, ...]

    @classmethod
    def of(cls, made: Backup, pruned: Sequence[Backup]) -> Self:
        """The new backup."""
        return cls(**dict(BackupView.copied_from(made)), pruned=tuple(each.name for each in pruned))


class BackupList(View):
    """`backup list`, newest first."""

    backups: tuple[BackupView, ...]


class BackupVerdict(View):
    """`backup verify`."""

    backup: str
    good: bool
    problems: tuple[str, ...]


class RestoredBackup(View):
    """`backup restore`: the rows of each table."""

    restored: str
    tables: dict[str, int]


class PrunedBackups(View):
    """`backup prune`: what was removed, or with `dry_run` would be."""

    pruned: tuple[str, ...]
    dry_run: bool


class PromptLine(View):
    """A prompt in force; its id is a digest of what it says."""

    name: str
    version: int
    id: str
    file: str


class PromptText(View):
    """A prompt as its file stands."""

    name: str
    text: str


class PromptList(View):
    """`prompts list`."""

    prompts: tuple[PromptLine, ...]


class CheckedPrompts(View):
    """`prompts check`: the files that were read and are right."""

    checked: tuple[str, ...]


class VerifiedTable(View):
    """A table compared with its source, row by row; `missing`, `different` and `unexpected` list keys."""

    compared: int
    mismatches: int
    missing: tuple[str, ...]
    different: tuple[str, ...]
    unexpected: int
    source_digest: str
    target_digest: str
    good: bool


class MigratedTable(View):
    """What became of the rows of one table of the source; `already_there` are those that the target held before."""

    table: str
    target: str | None
    rows: int
    migrated: int
    already_there: int
    changed: int
    quarantined: int
    changes: dict[str, int]
    reasons: dict[str, int]
    verification: VerifiedTable | None


class MigrationResult(View):
    """`db migrate-from-sqlite`; `good` where every row is accounted for and, where it was asked for, verified."""

    run_id: str | None
    dry_run: bool
    source: str
    target: str
    files: dict[str, str]
    channels: dict[str, str]
    seconds: float
    objection: str | None
    good: bool
    tables: tuple[MigratedTable, ...]

    @classmethod
    def of(cls, report: MigrationReport) -> Self:
        """The report but for its lists of rows."""
        return cls.model_validate(report.as_json())


class RolledBackMigration(View):
    """`db migrate-from-sqlite --rollback`: the rows that were removed, by table."""

    rolled_back: str
    removed: dict[str, int]
