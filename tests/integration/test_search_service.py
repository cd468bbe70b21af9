"""Search as a service: the same answers on both backends, and an answer or a clear error for whatever is typed."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from samples import NOW, document, message, topic

from tg_parser.domain.errors import InvalidQueryError, NotFoundError, UsageError
from tg_parser.domain.sources import SourceChange
from tg_parser.domain.text_vectors import TextVector
from tg_parser.nlp.embeddings import Vectors, text_hash
from tg_parser.search.searcher import Searcher
from tg_parser.search.vectors import Meanings
from tg_parser.services.reading.access import Access
from tg_parser.services.searching.service import SearchFilter, SearchRequest, SearchService
from tg_parser.services.sources import SourceService
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.job_channels import JobChannels
from tg_parser.storage.stores.search_index import SearchIndex
from tg_parser.storage.stores.topics import TopicRun
from tg_parser.wiring.stores import stores_over

CHANNEL = "-1000000000123"
OTHER = "-1000000000999"
TEXTS = (
    "Цена нефти выросла вдвое, сообщают биржи",
    "Нефтяники просят снизить налоги",
    "Кошки спят днём. А вы?",
    "Oil prices doubled, the exchanges say",
    "Цена нефти выросла вдвое, сообщают биржи",
    "Погода в ёлочном лесу: https://www.example.com/forecast",
)


class Subjects:
    """An embedder that knows two subjects, by a word of each."""

    dimensions = 2

    def __init__(self, model_id: str = "subjects:1") -> None:
        self.model_id = model_id

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Oil is one direction, all else the other."""
        return np.array([[1.0, 0.0] if is_oil(text) else [0.0, 1.0] for text in texts], np.float32)


def ref(number: int, channel: str = CHANNEL) -> str:
    return f"tg:{channel}:post:{number}"


def is_oil(text: str) -> bool:
    return any(word in text.lower() for word in ("oil", "нефт"))


@pytest.fixture
async def search(databases: Databases) -> SearchService:
    stores = stores_over(databases)
    jobs = JobChannels(databases.processing)
    sources = SourceService(stores.sources, stores.raw, stores.documents, stores.topics, keys=stores.keys, jobs=jobs)
    for source_id, channel in (("one", CHANNEL), ("two", OTHER)):
        await sources.add(SourceChange(source_id=source_id, channel_id=channel))
    messages = [message(n, text, channel=CHANNEL, author={"name": "Ann"}) for n, text in enumerate(TEXTS, 1)]
    await stores.raw.store([*messages, message(9, TEXTS[1], channel=OTHER)], NOW)
    vector = {text: Subjects().embed([text])[0].astype("<f4").tobytes() for text in TEXTS}
    made = [
        document(n, text, channel=CHANNEL, language="en" if text.isascii() else "ru") for n, text in enumerate(TEXTS, 1)
    ]
    made.append(document(9, TEXTS[1], channel=OTHER, language="ru"))
    await stores.documents.store([
        replace(one, vector=TextVector(text_hash(text), "subjects:1", 2, vector[text]))
        for one in made
        for text in [one.document.text_clean]
    ])  # fmt: skip
    await stores.topics.replace([CHANNEL], [topic(1, 2, title="Oil", channel=CHANNEL)], [], TopicRun("f", NOW, {}))
    index = SearchIndex(databases.processing)
    access = Access(sources, stores.raw, stores.messages, stores.documents, stores.topics)
    service = SearchService(access, index, Searcher(index, Meanings(index, Subjects())))
    await service.index.build()
    return service


async def found(search: SearchService, written: str, **options: Any) -> list[str]:
    result = await search.search(SearchRequest(written, **options))
    return [hit.source_ref.removeprefix("tg:").replace(":post:", "/") for hit in result.hits]


async def test_words_in_any_form_and_meaning_are_found(search: SearchService) -> None:
    """The best first, copies under it, other languages by meaning, matches marked, topics beside."""
    result = await search.search(SearchRequest("цены на нефть"))
    first = result.hits[0]
    assert (first.source_ref, [copy.source_ref for copy in first.copies]) == (
        ref(1),
        [ref(5)],
    )
    assert [first.snippet.text[start:end] for start, end in first.snippet.marks] == ["Цена", "нефти"]
    assert ref(4) in [hit.source_ref for hit in result.hits]
    assert ref(3) not in [hit.source_ref for hit in result.hits]
    assert [(one.title, one.messages) for one in result.topics] == [("Oil", 2)]
    assert (result.indexed, result.documents) == (7, 7)


FILTERED = {
    "нефтяники from:two": [f"{OTHER}/9"],
    '"снизить налоги" from:one': [f"{CHANNEL}/2"],
    '"налоги снизить"': [],
    "+кошки": [f"{CHANNEL}/3"],
    "has:question": [f"{CHANNEL}/3"],
    "+елочный": [f"{CHANNEL}/6"],
    "+example.com": [f"{CHANNEL}/6"],
    "has:link author:ann": [f"{CHANNEL}/6"],
    "lang:en": [f"{CHANNEL}/4"],
    "кошки type:comment": [],
    "from:one -нефти lang:ru": [f"{CHANNEL}/6", f"{CHANNEL}/3", f"{CHANNEL}/2"],
    "налоги topic:topic:tg:-1000000000123:post:1": [f"{CHANNEL}/2"],
    "after:2024-11-27T09:04 before:2024-11-27T09:05": [f"{CHANNEL}/4"],
    "https://t.me/c/123/3": [f"{CHANNEL}/3"],
}


async def test_filters_hold(search: SearchService) -> None:
    """Each filter, phrase and sign leaves what it says."""
    assert {written: await found(search, written) for written in FILTERED} == FILTERED


async def test_a_limited_caller_sees_its_own(search: SearchService) -> None:
    """Neither messages nor sources of others, whatever the query says."""
    limited = search.restricted_to([OTHER])
    assert await found(limited, "нефть налоги") == [f"{OTHER}/9"]
    with pytest.raises(InvalidQueryError):
        await found(limited, "нефть from:one")
    with pytest.raises(NotFoundError):
        await found(limited, "https://t.me/c/123/3")


async def test_a_query_without_hits_says_which_filter_to_drop(search: SearchService) -> None:
    """Those without which there are hits, and not the others."""
    result = await search.search(SearchRequest("+кошки lang:en has:question"))
    assert (result.hits, result.drop) == ((), ("lang:",))


async def test_newest_of_the_good_ones(search: SearchService) -> None:
    """By date, the newest comes first, and what fits badly does not come."""
    newest = await found(search, "цена нефти выросла from:one", sort="date")
    assert newest[0] == f"{CHANNEL}/5"
    assert f"{CHANNEL}/6" not in newest


HARD = [
    "слово " * 1_700, "и в на the of", "🙂🙂", '"', '«"', "'; DROP TABLE search_entries; --", 'x" OR "y',
    "a* NEAR(b c)", "терміни\x00нефть", "\u202eнефть\u202c", "שלום עולם", "подію їжа ґанок", "нефtь oil 原油",
    "--", "((", "\\", "%s %(a)s", "{}", ":", "&!|", "\ud800", "нефть" * 500, "-нефть", "NOT AND OR",
]  # fmt: skip


async def test_whatever_is_typed_is_answered(search: SearchService) -> None:
    """An answer, or an error that says what is wrong with the query; and the index is as it was."""
    for written in HARD:
        with contextlib.suppress(UsageError):
            assert len((await search.search(SearchRequest(written))).hits) <= 10
    assert (await search.index.state()) == (7, 7)


async def test_nothing_asked_is_said(search: SearchService) -> None:
    """A query without a word and a filter is an error, but not with a filter given as an option."""
    for written in ("", "  ", "OR", '""'):
        with pytest.raises(InvalidQueryError):
            await found(search, written)
    assert await found(search, "", given=SearchFilter(language="en")) == [f"{CHANNEL}/4"]


async def test_similar_messages(search: SearchService) -> None:
    """Those that say much the same, without the message itself."""
    result = await search.similar(ref(2))
    assert result.hits[0].source_ref == ref(9, OTHER)
    assert ref(2) not in [hit.source_ref for hit in result.hits]


async def test_an_index_that_is_not_complete_says_so(databases: Databases, search: SearchService) -> None:
    """What is not indexed yet, and an index that was lost, are counted in every result and built again."""
    await stores_over(databases).documents.store([document(7, "new", channel=CHANNEL)])
    assert (await search.search(SearchRequest("нефть"))).indexed == 7
    await databases.processing.write(lambda conn: conn.exec_driver_sql("DELETE FROM search_entries"))
    result = await search.search(SearchRequest("нефть"))
    assert (result.hits, result.indexed, result.documents) == ((), 0, 8)
    report = await search.index.build()
    assert (report.added, report.indexed, report.rebuilt) == (8, 8, True)
    assert await found(search, "+new") == [f"{CHANNEL}/7"]


async def test_vectors_of_another_model_are_not_compared(databases: Databases, search: SearchService) -> None:
    """With another model, messages are found by their words alone until topics make its embeddings."""
    index = SearchIndex(databases.processing)
    known = [
        len((await Meanings(index, Subjects(model)).near("oil")).numbers) for model in ("subjects:1", "subjects:2")
    ]
    assert (search is not None, known) == (True, [7, 0])
