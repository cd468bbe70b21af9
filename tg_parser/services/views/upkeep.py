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
    """The revision of a database, and the newest one known to this version."""

    database: DatabaseName
    revision: str | None
    newest: str


class SchemaStates(View):
    """`init`, `db upgrade`, `db downgrade`, `db stamp`, `db current`."""

    databases: tuple[SchemaState, ...]


class SchemaHistory(RootModel[dict[str, tuple[str, ...]]]):
    """`db history`: the revisions of each database, newest first."""


class ReplicaState(View):
    """A read replica; `left_out` says why it is not used, null if it is."""

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
    """`db pool`: known connections; `sessions` is empty without a server."""

    pools: dict[str, PoolFigures]
    replicas: tuple[ReplicaState, ...]
    sessions: tuple[SessionGroup, ...]
    max_connections: int | None


class BackupView(View):
    """A backup; `problem` says what is wrong with it, `size` is in bytes."""

    name: str
    path: Path
    state: BackupState
    problem: str | None
    created_at: datetime
    size: int
    manifest: Manifest | None


class CreatedBackup(BackupView):
    """`backup create`, with the names of backups that were removed afterwards."""

    pruned: tuple[str, ...]

    @classmethod
    def of(cls, made: Backup, pruned: Sequence[Backup]) -> Self:
        """Return the view of the new backup."""
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
    """`backup restore`: the number of rows per table."""

    restored: str
    tables: dict[str, int]


class PrunedBackups(View):
    """`backup prune`: backups that were removed, or with `dry_run` would be."""

    pruned: tuple[str, ...]
    dry_run: bool


class PromptLine(View):
    """A prompt in use; its id is a digest of its content."""

    name: str
    version: int
    id: str
    file: str


class PromptText(View):
    """The content of a prompt file."""

    name: str
    text: str


class PromptList(View):
    """`prompts list`."""

    prompts: tuple[PromptLine, ...]


class CheckedPrompts(View):
    """`prompts check`: the files that were checked and are valid."""

    checked: tuple[str, ...]


class VerifiedTable(View):
    """A table compared with its source row by row; `missing`, `different` and `unexpected` list keys."""

    compared: int
    mismatches: int
    missing: tuple[str, ...]
    different: tuple[str, ...]
    unexpected: int
    source_digest: str
    target_digest: str
    good: bool


class MigratedTable(View):
    """Outcome for the rows of one source table; `already_there` counts rows that the target already contained."""

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
    """`db migrate-from-sqlite`; `good` if every row is accounted for and, if requested, verified."""

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
        """Return the report without its lists of rows."""
        return cls.model_validate(report.as_json())


class RolledBackMigration(View):
    """`db migrate-from-sqlite --rollback`: the number of removed rows by table."""

    rolled_back: str
    removed: dict[str, int]
