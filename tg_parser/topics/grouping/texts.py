"""Documents as rows of stems, as clustering and naming use them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from tg_parser.nlp.boilerplate import without_boilerplate
from tg_parser.nlp.facts import Facts, facts_of
from tg_parser.nlp.links import without_links
from tg_parser.nlp.words import stem, stop_words, words
from tg_parser.topics.model import TopicDocument

LOOKED_AT = 20_000
_RARE = 50
"""A language detected for fewer than one in this many documents is taken for a detection error."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """Documents with their languages, content stems in reading order and facts, how many documents contain each stem,
    and the words behind each stem; `total` is how many documents were counted.
    """

    documents: Sequence[TopicDocument]
    languages: Sequence[str]
    stems: Sequence[tuple[str, ...]]
    facts: Sequence[Facts]
    frequency: Counter[str]
    forms: Mapping[str, Counter[str]]
    total: int

    def part(self, rows: Sequence[int]) -> Corpus:
        """Only the documents of `rows`, without facts, but with what was counted in all."""
        stems = [self.stems[row] for row in rows]
        forms = {root: self.forms[root] for own in stems for root in own}
        documents, languages = [self.documents[row] for row in rows], [self.languages[row] for row in rows]
        return Corpus(documents, languages, stems, (), self.frequency, forms, self.total)

    def language_of(self, rows: Sequence[int]) -> str:
        """The language of most of `rows`."""
        return _commonest(self.languages[row] for row in rows)


def corpus_of(documents: Sequence[TopicDocument]) -> Corpus:
    """`documents`, prepared; one without words has no stems."""
    languages = _languages(documents)
    stems: list[tuple[str, ...]] = []
    facts: list[Facts] = []
    forms: dict[str, Counter[str]] = defaultdict(Counter)
    for document, language in zip(documents, languages, strict=True):
        text = without_boilerplate(document.text[:LOOKED_AT], language)
        content = content_words(text, language)
        facts.append(facts_of(text, language, document.date.date()))
        stems.append(tuple(stem(word, language) for word in content))
        for word, root in zip(content, stems[-1], strict=True):
            forms[root][word] += 1
    frequency = Counter(root for row in stems for root in set(row))
    return Corpus(documents, languages, stems, facts, frequency, forms, len(documents))


def content_words(text: str, language: str) -> list[str]:
    """The words of `text` that carry meaning, without links."""
    stop = _function_words(language)
    return [word for word in words(without_links(text)) if len(word) > 1 and word not in stop]


@cache
def _function_words(language: str) -> frozenset[str]:
    return stop_words(language) | stop_words("en")


def stems_of(text: str, language: str) -> tuple[str, ...]:
    """The stems of the content words of `text`."""
    return tuple(stem(word, language) for word in content_words(text, language))


def _languages(documents: Sequence[TopicDocument]) -> list[str]:
    counts = Counter(one.language for one in documents if one.language)
    main = _commonest(one.language for one in documents if one.language)
    return [
        one.language if one.language and counts[one.language] * _RARE >= len(documents) else main for one in documents
    ]


def _commonest(languages: Iterable[str]) -> str:
    counts = Counter(languages)
    return min(counts, key=lambda language: (-counts[language], language), default="")
