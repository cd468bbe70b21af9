"""The curator: reads the topics of a channel with their messages and proposes changes to them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tg_parser.agents.curating import MOST_MESSAGES, Proposal, TopicOutlook, propose
from tg_parser.agents.model_curator import ModelCurator
from tg_parser.domain.agents import AgentCard
from tg_parser.domain.topics import TopicBundle, TopicCard
from tg_parser.nlp.embeddings import text_hash
from tg_parser.nlp.language import detect_language
from tg_parser.storage.stores.document_reading import DocumentFilter
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.topics import TopicStorage

CARD = AgentCard("curator", "topics", "Proposes merges, splits and renames of topics.", ("merge", "split", "rename"))
_PAGE = 2000


class Curator:
    """Reads topics, documents and the embeddings the topics were found by; a `model` may give its opinion."""

    def __init__(
        self, topics: TopicStorage, documents: ProcessingStorage, embedder_id: str, model: ModelCurator | None = None
    ) -> None:
        self._model = model
        self._topics = topics
        self._documents = documents
        self._embedder_id = embedder_id

    async def proposals(self, channel_id: str, most: int) -> list[Proposal]:
        """At most `most` proposals for the active topics of a channel, the strongest first."""
        known = [
            pair for pair in await self._topics.known([channel_id]) if pair[0].status == "active" and not pair[0].hidden
        ]
        wanted = {ref for _, bundle in known for ref in _strongest(bundle)}
        documents = {
            row["source_ref"]: row
            async for page in self._documents.pages(DocumentFilter(source_refs=tuple(sorted(wanted))), _PAGE)
            for row in page
        }
        hashes = {text_hash(row["text_clean"]) for row in documents.values()}
        vectors = await self._topics.embeddings(hashes, self._embedder_id)
        views = [_view(card, bundle, documents, vectors) for card, bundle in known]
        found = await asyncio.to_thread(propose, views, most)
        if self._model is None:
            return found
        return await self._model.judged(found, {view.id: view for view in views}, channel_id)


def _strongest(bundle: TopicBundle) -> Sequence[str]:
    return [item.source_ref for item in bundle.items[:MOST_MESSAGES]]


def _view(
    card: TopicCard, bundle: TopicBundle, documents: Mapping[str, Mapping[str, Any]], vectors: Mapping[str, bytes]
) -> TopicOutlook:
    rows = [documents[ref] for ref in _strongest(bundle) if ref in documents]
    rows = [row for row in rows if text_hash(row["text_clean"]) in vectors]
    matrix = [np.frombuffer(vectors[text_hash(row["text_clean"])], dtype="<f4") for row in rows]
    return TopicOutlook(
        id=card.id,
        title=card.title,
        language=detect_language(" ".join(row["text_clean"][:300] for row in rows[:5])) or "",
        refs=frozenset(item.source_ref for item in bundle.items),
        texts=tuple(row["text_clean"] for row in rows),
        phrases=tuple(tuple(row["topics"]) for row in rows),
        vectors=np.stack(matrix).astype(np.float64) if matrix else np.zeros((0, 1)),
    )
