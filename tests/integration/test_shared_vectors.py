"""What processing embeds to hear the tone of a message, topics need not embed again."""

from __future__ import annotations

from collections.abc import Sequence

from samples import CHANNEL, NOW, message

from tg_parser.nlp.embeddings import SentenceEncoder, Vectors
from tg_parser.processing.claims import WorkClaims
from tg_parser.processing.local_analyzer import LocalAnalyzer
from tg_parser.processing.processor import ProcessOptions, Processor
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.claims import ClaimStorage
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.raw import RawStorage
from tg_parser.storage.stores.topics import TopicStorage
from tg_parser.topics.model import TopicOptions
from tg_parser.topics.topicizer import Topicizer


class WatchedEncoder(SentenceEncoder):
    """A sentence encoder that knows what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return super().embed(texts)


async def test_a_text_is_embedded_once(databases: Databases) -> None:
    """Each text with words in a known language is embedded by processing alone; topics embed only what is left."""
    raw, documents = RawStorage(databases.raw), ProcessingStorage(databases.processing)
    texts = ["Снег выпал в Москве", "Курс доллара вырос", "👍👍", "הישיבה נדחתה למחר בבוקר"]
    await raw.store([message(number, text) for number, text in enumerate(texts, start=1)], NOW)
    claims = WorkClaims(ClaimStorage(databases.processing), databases.locks)
    processing, topics = WatchedEncoder(), WatchedEncoder()
    analyzer = LocalAnalyzer(names=False, embedder=processing)
    await Processor(documents, raw, analyzer, claims).run(CHANNEL, ProcessOptions())
    await Topicizer(documents, TopicStorage(databases.processing), topics).run([CHANNEL], TopicOptions())
    assert sorted(processing.asked) == ["Курс доллара вырос", "Снег выпал в Москве"]
    assert topics.asked == ["הישיבה נדחתה למחר בבוקר"]
