"""Checks what is stored: the databases, their schemas, the worker, the backups."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from tg_parser.domain.utc_time import moment_text
from tg_parser.services.backups import Backup
from tg_parser.services.doctor.finding import Finding, advised
from tg_parser.services.health import HealthService
from tg_parser.services.views.health import DatabaseHealth
from tg_parser.storage.engine import migrator
from tg_parser.storage.engine.databases import Databases

SLOW_MS = 500.0
OLD_BACKUP = timedelta(days=7)


class _WrongSchema(NamedTuple):
    sentence: str
    case: str


_WRONG = {
    "empty": _WrongSchema("has no schema yet", case="schema_missing"),
    "foreign": _WrongSchema("has our tables, but no record of their version", case="schema_unknown"),
    "behind": _WrongSchema("is older than this version of TG_parser", case="schema_behind"),
    "newer": _WrongSchema("is newer than this version of TG_parser", case="schema_newer"),
}


async def check_database(health: HealthService, places: Sequence[str]) -> Finding:
    """Check whether the databases respond, and how fast."""
    found: DatabaseHealth = (await health.health()).database
    if found.problem is not None or found.latency_ms is None:
        return Finding("database", "failed", found.problem or "The database does not respond.")
    message = f"{', '.join(places)}: responds in {found.latency_ms:g} ms."
    if found.latency_ms > SLOW_MS:
        return Finding("database", "warning", message, "Check the load of the server, and the network to it.")
    return Finding("database", "ok", message)


async def check_migrations(databases: Databases) -> Finding:
    """Check whether every schema is the one that this version requires."""
    states = {each.name: await migrator.check(each) for each in databases.all}
    wrong = {name: _WRONG[state] for name, state in states.items() if state != "current"}
    if not wrong:
        return Finding("migrations", "ok", "All schemas are those of this version.")
    message = "; ".join(f"{name} {schema.sentence}" for name, schema in wrong.items())
    return advised("migrations", "failed", f"{message}.", case=next(iter(wrong.values())).case)


async def check_worker(health: HealthService) -> Finding:
    """Check whether a worker runs the waiting jobs."""
    jobs = (await health.health()).jobs
    if jobs.status == "ok":
        return Finding("worker", "ok", "A worker is running.")
    waiting = (await health.status()).jobs.get("queued", 0)
    if waiting:
        return advised("worker", "warning", f"No worker is running, and jobs are waiting: {waiting}.", case="no_worker")
    return Finding("worker", "ok", "No worker is running, and no job is waiting.")


def check_backup(backups: Sequence[Backup], now: datetime) -> Finding:
    """Check whether there is an intact backup that is not too old; `backups` come newest first."""
    good = next((each for each in backups if each.state == "good"), None)
    if good is None:
        return advised("backup", "warning", "There is no intact backup.", case="no_good_backup")
    message = f"The latest intact one is {good.name} of {moment_text(good.created_at)}."
    if now - good.created_at > OLD_BACKUP:
        return advised("backup", "warning", message, case="old_backup")
    return Finding("backup", "ok", message)
