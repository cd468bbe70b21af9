"""The topic stage: reads documents, embeds new ones, groups them (pure), and writes changes in one transaction."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import numpy.typing as npt

from tg_parser.domain.progress import Progress, ReportProgress, silent
from tg_parser.domain.utc_time import utc_now
from tg_parser.nlp.embeddings import Embedder, text_hash
from tg_parser.observability import metrics
from tg_parser.observability.tracing import span
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.topics import TopicRun, TopicStorage
from tg_parser.topics.at_hand import AtHand, Reader
from tg_parser.topics.discovery import TopicReport, TopicsFound, found_topics, titles_of_untouched
from tg_parser.topics.editor import TopicEditor
from tg_parser.topics.finalizing import Edit, Topic, finalize, kept_edits
from tg_parser.topics.grouping.border import answered
from tg_parser.topics.grouping.constraints import mark, with_edits
from tg_parser.topics.grouping.groups import Grouping, PreparedCorpus, group_documents, merge_groups, prepare
from tg_parser.topics.llm_session import EditReport, LlmSession
from tg_parser.topics.model import METHOD, TopicOptions
from tg_parser.topics.verdicts import remembered
from tg_parser.topics.word_workers import WordWorkers
from tg_parser.topics.wording.cards import WORDING, Draft, draft_topics

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
    """Finds the topics of one or several channels together; an `editor` improves their words, `workers` find them."""

    def __init__(
        self,
        documents: ProcessingStorage,
        topics: TopicStorage,
        embedder: Embedder,
        editor: TopicEditor | None = None,
        workers: WordWorkers | None = None,
    ) -> None:
        self._documents = documents
        self._topics = topics
        self._reader = Reader(documents, topics)
        self._embedder = embedder
        self._editor = editor
        self._workers = workers

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
        setup = self._setup(options, mark(edits))
        fingerprint = f"{setup} {await self._documents.content_fingerprint(channel_ids)}"
        last = await self._topics.last_run(channel_ids)
        anew = force or options.rebuild
        if last is not None and last.fingerprint == fingerprint and not anew:
            if not dry_run:
                await self._topics.settle_dormancy(channel_ids, utc_now())
            return TopicizeReport(TopicReport.of(last.report), unchanged=True)
        if last is None or anew or not await self._goes_on(last, setup, channel_ids, options):
            at_hand = await self._reader.everything(channel_ids)
        else:
            at_hand = await self._reader.news(channel_ids, TopicReport.of(last.report))
        texts = [document.text for document in at_hand.documents]
        vectors = await self._embed([*texts, *(one.text for one in options.wanted)], report)
        vectors, wanted = vectors[: len(texts)], vectors[len(texts) :]
        at_hand = replace(at_hand, known=with_edits(at_hand.known, edits))
        prepared = await asyncio.to_thread(prepare, at_hand.documents, vectors, options, wanted)
        session = self._editor.session(channel_ids, report) if self._editor and not dry_run else None
        found, editing = await self._find(prepared, at_hand, channel_ids, session, force=force)
        if not dry_run:
            noted = fingerprint if session is None or session.stopped is None else UNFINISHED
            run = TopicRun(noted, utc_now(), asdict(found.report), found.changes, at_hand.taken_up, at_hand.lost)
            await self._topics.replace(channel_ids, found.topics, found.retired, run)
            outcomes = {"in_a_topic": found.report.in_a_topic, "in_no_topic": found.report.in_no_topic}
            metrics.count_messages("topicize", outcomes)
        if session is not None and session.stopped is not None:
            raise session.stopped
        titles = tuple(sorted(card.title for card, _ in (*found.topics, *found.standing)))
        return TopicizeReport(found.report, unchanged=False, titles=titles, editing=editing)

    async def _goes_on(self, last: TopicRun, setup: str, channel_ids: Sequence[str], options: TopicOptions) -> bool:
        """Whether news are enough: wanted topics and a limit look at all, and the numbers are those of the last run."""
        looks_at_all = bool(options.wanted) or options.max_topics is not None
        is_same = last.fingerprint.startswith(f"{setup} ")
        return is_same and not looks_at_all and not await self._topics.was_run_apart(channel_ids, last.finished_at)

    def _setup(self, options: TopicOptions, edits: str) -> str:
        """Equal for two runs exactly if options, edits, method, embedder and editor are the same."""
        editor = self._editor.id if self._editor else ""
        parts = (repr(replace(options, rebuild=False)), METHOD, WORDING, self._embedder.model_id, editor, edits)
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()

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
        at_hand: AtHand,
        channel_ids: Sequence[str],
        session: LlmSession | None,
        *,
        force: bool,
    ) -> tuple[TopicsFound, EditReport | None]:
        """The topics of a corpus. Computing steps run in a thread, so that answers are received as they come."""
        editor, corpus, known = self._editor, prepared.corpus, at_hand.known
        verdicts = remembered(prepared.options.wanted, corpus, known)
        if editor is None or session is None:
            grouping = await asyncio.to_thread(group_documents, prepared, known, verdicts, at_hand.taken)
            drafts = await self._drafts(grouping)
            topics = await self._finalize(grouping, drafts, {}, at_hand, channel_ids)
            return at_hand.of_all(found_topics(grouping, topics, known, utc_now())), None
        judged = await editor.judge(prepared, {} if force else verdicts, session)
        same = await editor.same_events(prepared, known, session)
        told = replace(prepared, items=answered(prepared.items, same))
        grouping = await asyncio.to_thread(group_documents, told, known, {**verdicts, **judged}, at_hand.taken)
        grouping = grouping.also_touching(editor.unworded(grouping.matched, force=force))
        duplicates = await editor.duplicates(grouping, session)
        grouping = await asyncio.to_thread(merge_groups, grouping, duplicates)
        drafts = await self._drafts(grouping)
        kept = kept_edits(drafts)
        fresh = await editor.word(drafts, corpus, kept, session, force=force)
        topics = await self._finalize(grouping, drafts, fresh, at_hand, channel_ids)
        found = at_hand.of_all(found_topics(grouping, topics, known, utc_now()))
        merged = sum(map(len, grouping.merged.values()))
        standing = sum("wording" in card.metadata for card, _ in found.standing)
        counts = {
            "worded": len(fresh),
            "kept": len(kept.keys() - fresh.keys()) + standing,
            "judged": len(judged) + len(same),
        }
        return found, session.edit_report(merged=merged, **counts)

    async def _drafts(self, grouping: Grouping) -> list[Draft]:
        words = await self._workers.words(grouping) if self._workers else None
        return await asyncio.to_thread(draft_topics, grouping, utc_now(), words)

    async def _finalize(
        self,
        grouping: Grouping,
        drafts: Sequence[Draft],
        fresh: Mapping[str, Edit],
        at_hand: AtHand,
        channel_ids: Sequence[str],
    ) -> list[Topic]:
        """The topics in their words, with titles that no other topic has, be it at hand or not."""
        others, options = titles_of_untouched(grouping), grouping.prepared.options
        at_hand_ids = {topic.card.id for topic in at_hand.known}
        while True:
            topics = finalize(drafts, kept_edits(drafts), fresh, options, others)
            titles = [] if at_hand.elsewhere is None else [card.title for card, _ in topics]
            same = await self._reader.titled(channel_ids, titles, at_hand_ids)
            if same.keys() <= others.keys():
                return topics
            others = {**others, **same}
