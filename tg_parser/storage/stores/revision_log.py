"""The logs of many raw messages at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import select

from tg_parser.storage.engine.transactions import Database
from tg_parser.storage.stores.raw_rows import Revision
from tg_parser.storage.tables.raw import raw_revisions

_log = raw_revisions.c


class RevisionLog:
    """Reads the revision logs of a page of messages."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, source_refs: Collection[str]) -> dict[str, list[Revision]]:
        """The logs of messages by ref, oldest entry first; messages without one are left out."""
        if not source_refs:
            return {}
        any_of = self._database.dialect.any_of(_log.source_ref, sorted(source_refs))
        statement = select(*(_log[name] for name in Revision.__dataclass_fields__)).where(any_of)
        found = defaultdict[str, list[Revision]](list)
        for row in await self._database.rows(statement.order_by(_log.source_ref, _log.revision)):
            found[row["source_ref"]].append(Revision(**row))
        return dict(found)
