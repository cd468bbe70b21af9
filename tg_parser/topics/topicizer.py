"""The topic stage: reads documents, embeds new ones, groups them (pure), and writes changes in one transaction."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import numpy.typing as npt

from tg_parser.domain.progress import Progress, ReportProgress, silent
from tg_parser.domain.utc_time import utc_now
from tg_parser.nlp.embeddings import Embedder, text_hash
from tg_parser.observability import metrics
from tg_parser.observability.tracing import span
from tg_parser.storage.stores.document_reading import DocumentFilter
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.topics import TopicRun, TopicStorage
from tg_parser.topics.discovery import TopicReport, TopicsFound, find_topics, found_topics, titles_of_untouched
from tg_parser.topics.editor import TopicEditor
from tg_parser.topics.finalizing import finalize, kept_edits
from tg_parser.topics.grouping.border import answered
from tg_parser.topics.grouping.constraints import mark, with_edits
from tg_parser.topics.grouping.groups import PreparedCorpus, group_documents, merge_groups, prepare
from tg_parser.topics.llm_session import EditReport, LlmSession
from tg_parser.topics.model import METHOD, KnownTopic, TopicDocument, TopicOptions
from tg_parser.topics.verdicts import remembered
from tg_parser.topics.wording.cards import WORDING, draft_topics

PAGE = 2000
EMBED_BATCH = 64
UNFINISHED = "unfinished"
"""Stored instead of a fingerprint if an error ended a model's work, so that the next run continues it."""

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TopicizeReport:
    """What a run found; `unchanged` if the documents are those of the last run and nothing was done.

    `editing` is what a model did, if one was asked.
    """

    found: TopicReport
    unchanged: bool
    titles: tuple[str, ...] = ()
    editing: EditReport | None = None


class Topicizer:
    """Finds the topics of one or several channels together; an `editor` improves their words."""

    def __init__(
        self, documents: ProcessingStorage, topics: TopicStorage, embedder: Embedder, editor: TopicEditor | None = None
    ) -> None:
        self._documents = documents
        self._topics = topics
        self._embedder = embedder
        self._editor = editor

    async def run(
        self,
        channel_ids: Sequence[str],
        options: TopicOptions,
        *,
        force: bool = False,
        dry_run: bool = False,
        report: ReportProgress = silent,
    ) -> TopicizeReport:
        """Bring the topics of `channel_ids` up to date with their documents.

        An error that stops a model's work is raised after everything found and paid for is stored. A dry run asks no
        model.
        """
        with span("topicize", channels=len(channel_ids)) as told:
            found = await self._run(channel_ids, options, force=force, dry_run=dry_run, report=report)
            told.tell(topics=found.found.topics, unchanged=found.unchanged)
            return found

    async def _run(
        self, channel_ids: Sequence[str], options: TopicOptions, *, force: bool, dry_run: bool, report: ReportProgress
    ) -> TopicizeReport:
        edits = await self._topics.edits(channel_ids)
        fingerprint = await self._fingerprint(channel_ids, options, mark(edits))
        last = await self._topics.last_run(channel_ids)
        if last is not None and last.fingerprint == fingerprint and not (force or options.rebuild):
            return TopicizeReport(TopicReport.of(last.report), unchanged=True)
        documents = [document async for document in self._read(channel_ids)]
        texts = [document.text for document in documents]
        vectors = await self._embed([*texts, *(one.text for one in options.wanted)], report)
        vectors, wanted = vectors[: len(texts)], vectors[len(texts) :]
        stored = [KnownTopic(card, bundle) for card, bundle in await self._topics.known(channel_ids)]
        known = with_edits(stored, edits)
        prepared = await asyncio.to_thread(prepare, documents, vectors, options, wanted)
        session = self._editor.session(channel_ids, report) if self._editor and not dry_run else None
        taken = await self._topics.ids_named_after(channel_ids)
        found, editing = await self._find(prepared, known, taken, session, force=force)
        if not dry_run:
            noted = fingerprint if session is None or session.stopped is None else UNFINISHED
            taken_up = {one.source_ref: one.made_at for one in documents if one.is_new and one.made_at}
            run = TopicRun(noted, utc_now(), asdict(found.report), found.changes, taken_up)
            await self._topics.replace(channel_ids, found.topics, found.retired, run)
            outcomes = {"in_a_topic": found.report.in_a_topic, "in_no_topic": found.report.in_no_topic}
            metrics.count_messages("topicize", outcomes)
        if session is not None and session.stopped is not None:
            raise session.stopped
        titles = tuple(sorted(card.title for card, _ in (*found.topics, *found.standing)))
        return TopicizeReport(found.report, unchanged=False, titles=titles, editing=editing)

    async def _fingerprint(self, channel_ids: Sequence[str], options: TopicOptions, edits: str) -> str:
        """Equal for two runs exactly if documents, options, edits, method, embedder and editor are the same."""
        content = await self._documents.content_fingerprint(channel_ids)
        editor = self._editor.id if self._editor else ""
        parts = (
            content,
            repr(replace(options, rebuild=False)),
            METHOD,
            WORDING,
            self._embedder.model_id,
            editor,
            edits,
        )
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()

    async def _read(self, channel_ids: Sequence[str]) -> AsyncIterator[TopicDocument]:
        wanted = DocumentFilter(channel_ids=tuple(channel_ids), noise=False, with_text=True)
        async for page in self._documents.pages(wanted, PAGE):
            for row in page:
                yield TopicDocument.of(row)

    async def _embed(self, texts: Sequence[str], report: ReportProgress) -> Vectors:
        """One vector per text; only texts new to this embedder are computed, and stored as they come."""
        hashes = [text_hash(text) for text in texts]
        known = await self._topics.embeddings(set(hashes), self._embedder.model_id)
        by_hash = dict(zip(hashes, texts, strict=True))
        missing = sorted(by_hash.keys() - known.keys())
        for start in range(0, len(missing), EMBED_BATCH):
            batch = missing[start : start + EMBED_BATCH]
            vectors = await asyncio.to_thread(self._embedder.embed, [by_hash[key] for key in batch])
            fresh = {key: vector.astype("<f4").tobytes() for key, vector in zip(batch, vectors, strict=True)}
            await self._topics.put_embeddings(self._embedder.model_id, self._embedder.dimensions, fresh)
            known.update(fresh)
            report(Progress("embed", start + len(batch), len(missing)))
        if not texts:
            return np.zeros((0, self._embedder.dimensions), dtype=np.float32)
        return np.stack([np.frombuffer(known[key], dtype="<f4") for key in hashes])

    async def _find(
        self,
        prepared: PreparedCorpus,
        known: Sequence[KnownTopic],
        taken: Collection[str],
        session: LlmSession | None,
        *,
        force: bool,
    ) -> tuple[TopicsFound, EditReport | None]:
        """The topics of a corpus. Computing steps run in a thread, so that answers are received as they come."""
        editor, corpus = self._editor, prepared.corpus
        if editor is None or session is None:
            return await asyncio.to_thread(find_topics, prepared, known, utc_now(), taken), None
        verdicts = remembered(prepared.options.wanted, corpus, known)
        judged = await editor.judge(prepared, {} if force else verdicts, session)
        same = await editor.same_events(prepared, known, session)
        told = replace(prepared, items=answered(prepared.items, same))
        grouping = await asyncio.to_thread(group_documents, told, known, {**verdicts, **judged}, taken)
        grouping = grouping.also_touching(editor.unworded(grouping.matched, force=force))
        duplicates = await editor.duplicates(grouping, session)
        grouping = await asyncio.to_thread(merge_groups, grouping, duplicates)
        drafts = await asyncio.to_thread(draft_topics, grouping, utc_now())
        kept = kept_edits(drafts)
        fresh = await editor.word(drafts, corpus, kept, session, force=force)
        topics = finalize(drafts, kept, fresh, prepared.options, titles_of_untouched(grouping))
        found = found_topics(grouping, topics, known, utc_now())
        merged = sum(map(len, grouping.merged.values()))
        standing = sum("wording" in card.metadata for card, _ in found.standing)
        counts = {
            "worded": len(fresh),
            "kept": len(kept.keys() - fresh.keys()) + standing,
            "judged": len(judged) + len(same),
        }
        return found, session.edit_report(merged=merged, **counts)
