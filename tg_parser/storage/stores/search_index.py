"""The search index: how complete it is, how frequent terms are, and which entries match."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, func, literal, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tg_parser.domain.search_entries import ALL, SAMPLE, SAMPLE_RATE, SearchEntry
from tg_parser.storage.engine.term_queries import NumberRange, TermQuery
from tg_parser.storage.engine.transactions import Database, rows_of
from tg_parser.storage.stores.document_reading import readable_with_facts
from tg_parser.storage.stores.search_writing import put_entries
from tg_parser.storage.tables.processing import document_changes, processed_documents
from tg_parser.storage.tables.search import search_entries
from tg_parser.storage.tables.topics import embeddings, topic_runs

_doc = processed_documents.c
_entry = search_entries.c
COUNTED = 1_000
"""Up to so many documents of a term are counted; the number beyond is estimated from the sample."""
_NEWEST = 1_000
EVER = NumberRange()


class SearchIndex:
    """Part of the processing database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def missing(self) -> int:
        """How many documents have no entry."""
        counted = select(func.count().label("all")).where(~_doc.is_indexed)
        return int((await self._database.rows(counted))[0]["all"])

    async def documents(self) -> int:
        """How many documents there are."""
        return int(
            (await self._database.rows(select(func.count().label("all")).select_from(processed_documents)))[0]["all"]
        )

    async def without_entry(self, size: int) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
        """The documents without an entry by ref with the facts of their messages, `size` at a time."""
        async for page in self._database.pages(readable_with_facts().where(~_doc.is_indexed), _doc.source_ref, size):
            yield page

    async def add(self, entries: Mapping[str, SearchEntry], made_at: Mapping[str, datetime]) -> None:
        """Store entries by ref, unless the document has been made again since it was read; `made_at` is when it was."""
        dialect = self._database.dialect
        waiting = select(_doc.source_ref, _doc.processed_at).where(dialect.any_of(_doc.source_ref, entries))

        async def add(conn: AsyncConnection) -> None:
            rows = await rows_of(conn, waiting.where(~_doc.is_indexed).with_for_update())
            fresh = [row["source_ref"] for row in rows if row["processed_at"] == made_at[row["source_ref"]]]
            await put_entries(self._database, conn, fresh, [entries[ref] for ref in fresh])
            is_fresh = dialect.any_of(_doc.source_ref, fresh)
            await conn.execute(update(processed_documents).where(is_fresh).values(is_indexed=True))

        if entries:
            await self._database.write(add)

    async def forget_all(self) -> None:
        """Remove every entry, so that all are made anew."""

        async def forget(conn: AsyncConnection) -> None:
            await self._database.dialect.lift_time_limit(conn)
            await conn.execute(update(processed_documents).where(_doc.is_indexed).values(is_indexed=False))
            await conn.execute(delete(search_entries))

        await self._database.write(forget)

    async def is_lost(self) -> bool:
        """Whether documents are marked as indexed although there is no entry at all."""
        some = select(exists().where(_doc.is_indexed).label("marked"), exists(select(_entry.number)).label("kept"))
        row = (await self._database.rows(some))[0]
        return bool(row["marked"]) and not row["kept"]

    async def frequencies(self, terms: Iterable[str]) -> dict[str, int]:
        """In how many documents each term occurs, ALL in every one; exact up to COUNTED."""
        wanted = sorted({*terms, ALL})

        async def count(conn: AsyncConnection) -> dict[str, int]:
            await self._database.dialect.use_word_index(conn)
            found = await self._counts(conn, wanted)
            frequent = [term for term, count in found.items() if count > COUNTED]
            sampled = await self._counts(conn, [f"{SAMPLE}{term}" for term in frequent], limit=None)
            estimates = {term: SAMPLE_RATE * sampled[f"{SAMPLE}{term}"] for term in frequent}
            return {term: max(count, estimates.get(term, 0)) for term, count in found.items()}

        return await self._database.read(count)

    async def _counts(
        self, conn: AsyncConnection, terms: Sequence[str], limit: int | None = COUNTED + 1
    ) -> dict[str, int]:
        if not terms:
            return {}
        parts = []
        for term in terms:
            some = self._database.dialect.numbers_matching(TermQuery((((term,),),)), EVER).order_by(None).limit(limit)
            parts.append(
                select(literal(term).label("term"), func.count().label("documents")).select_from(some.subquery())
            )
        return {row["term"]: row["documents"] for row in await rows_of(conn, union_all(*parts))}

    async def usual_length(self) -> float:
        """The mean number of words of the newest documents."""
        newest = select(_entry.length).order_by(_entry.number.desc()).limit(_NEWEST).subquery()
        row = (await self._database.rows(select(func.sum(newest.c.length).label("sum"), func.count().label("all"))))[0]
        return int(row["sum"] or 0) / max(1, int(row["all"]))

    async def numbers(self, wanted: TermQuery, within: NumberRange, limit: int) -> list[int]:
        """The numbers of matching entries, the `limit` newest, newest first."""
        statement = self._database.dialect.numbers_matching(wanted, within).limit(limit)

        async def read(conn: AsyncConnection) -> list[int]:
            await self._database.dialect.use_word_index(conn)
            return [row["number"] for row in await rows_of(conn, statement)]

        return await self._database.read(read)

    async def entries(self, numbers: Collection[int]) -> list[SearchEntry]:
        """Entries by number, newest first; those that do not exist are left out."""
        return await self._read(_entry.number.in_(sorted(numbers)))

    async def entries_of(self, refs: Collection[str]) -> list[SearchEntry]:
        """Entries of messages, newest first."""
        return await self._read(self._database.dialect.any_of(_entry.source_ref, refs))

    async def _read(self, condition: Any) -> list[SearchEntry]:
        statement = select(search_entries).where(condition).order_by(_entry.number.desc())
        return [SearchEntry(**row) for row in await self._database.rows(statement)]

    async def state(self) -> str:
        """A text that changes whenever an entry or an embedding may have been added or removed."""
        counted = select(func.coalesce(func.sum(document_changes.c.changes), 0)).scalar_subquery()
        last = select(func.max(topic_runs.c.finished_at)).scalar_subquery()
        missing = select(func.count()).where(~_doc.is_indexed).scalar_subquery()
        statement = select(counted.label("changes"), last.label("topics"), missing.label("missing"))
        return " ".join(str(value) for value in (await self._database.rows(statement))[0].values())

    async def vectors(self, model_id: str, size: int, after: int = 0) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
        """The numbers behind `after` with the embeddings of their texts by one model, `size` at a time."""
        same = (embeddings.c.text_hash == _entry.text_hash) & (embeddings.c.model_id == model_id)
        statement = select(_entry.number, embeddings.c.vector).join(embeddings, same)
        while page := await self._database.rows(
            statement.where(_entry.number > after).order_by(_entry.number).limit(size)
        ):
            yield page
            after = page[-1]["number"]
