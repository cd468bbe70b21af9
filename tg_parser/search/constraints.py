"""What a query demands, as terms of the index: filters, words that must occur, and words that must not (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tg_parser.domain.search_entries import SearchEntry, first_number
from tg_parser.nlp.indexing import author_mark, channel_mark, has_mark, kind_mark, language_mark, tone_mark
from tg_parser.nlp.terms import host_of, terms
from tg_parser.search.query import SearchFilter, SearchQuery
from tg_parser.storage.engine.term_queries import NumberRange, TermQuery

Phrase = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Constraints:
    """What an entry must fulfil to be found at all. Phrases are looked up as words and then checked in their order."""

    wanted: TermQuery
    within: NumberRange
    phrases: tuple[tuple[Phrase, ...], ...] = ()
    without: tuple[Phrase, ...] = ()
    refs: frozenset[str] | None = None
    """The messages of a topic."""

    @property
    def demands(self) -> bool:
        """Whether some entries may not fulfil it."""
        return self != Constraints(TermQuery(), NumberRange())

    def met_by(self, entry: SearchEntry) -> bool:
        """Whether an entry fulfils all of it."""
        if not self.within.first <= entry.number < self.within.end:
            return False
        there = set(entry.terms.split(" "))
        groups = self.wanted.groups
        return (
            all(any(there.issuperset(each) for each in group) for group in groups)
            and there.isdisjoint(self.wanted.without)
            and self.fulfilled_by(entry)
        )

    def fulfilled_by(self, entry: SearchEntry) -> bool:
        """Whether an entry that matches `wanted` fulfils the rest too."""
        if self.refs is not None and entry.source_ref not in self.refs:
            return False
        text = f" {entry.terms} "
        return all(any(_occurs(each, text) for each in group) for group in self.phrases) and not any(
            _occurs(each, text) for each in self.without
        )


def constraints_of(query: SearchQuery, channel_ids: Iterable[str] | None, refs: frozenset[str] | None) -> Constraints:
    """The constraints of `query`; its channels and topic are given as they were found: `channel_ids`, `refs`."""
    groups = [tuple(filter(None, map(phrase_of, group))) for group in query.required]
    phrases = tuple(group for group in groups if group)
    excluded = [phrase for phrase in map(phrase_of, query.excluded) if phrase]
    wanted = TermQuery(
        (*phrases, *_marks(query.filter, channel_ids)), tuple(one for one, *more in excluded if not more)
    )
    return Constraints(
        wanted=wanted,
        within=_within(query.filter),
        phrases=tuple(group for group in phrases if any(len(each) > 1 for each in group)),
        without=tuple(phrase for phrase in excluded if len(phrase) > 1),
        refs=refs,
    )


def sought_by(query: SearchQuery) -> tuple[str, ...]:
    """The different terms that rank, in the order of the query."""
    said = [*query.words, *(phrase for group in query.required for phrase in group)]
    return tuple(dict.fromkeys(term for text in said for term in phrase_of(text)))


def phrase_of(text: str) -> Phrase:
    """The terms of a word or phrase in their order; of a link or the name of a site, its host."""
    if _HOST.fullmatch(text.strip()):
        return (host_of(text.strip().lower()) or text,)
    return tuple(term.text for term in terms(text))


_HOST = re.compile(r"(?:[a-z0-9-]{1,63}\.){1,4}[a-z]{2,20}", re.IGNORECASE)


def _occurs(phrase: Phrase, text: str) -> bool:
    return f" {' '.join(phrase)} " in text


def _marks(wanted: SearchFilter, channel_ids: Iterable[str] | None) -> list[tuple[Phrase, ...]]:
    marks = list[tuple[Phrase, ...]]()
    if channel_ids is not None:
        marks.append(tuple((channel_mark(each),) for each in channel_ids) or ((_NOTHING,),))
    one = [
        wanted.kind and kind_mark(wanted.kind),
        wanted.language and language_mark(wanted.language),
        wanted.tone and tone_mark(wanted.tone),
        wanted.author and author_mark(wanted.author),
        *(has_mark(what) for what in sorted(wanted.has)),
    ]
    return marks + [((mark,),) for mark in one if mark]


_NOTHING = "=nothing"
"""A mark that no entry has: of no channel at all."""


def _within(wanted: SearchFilter) -> NumberRange:
    first = 0 if wanted.date_from is None else first_number(_second(wanted.date_from.timestamp()))
    end = NumberRange().end if wanted.date_to is None else first_number(_second(wanted.date_to.timestamp()))
    return NumberRange(first, end)


def _second(moment: float) -> int:
    """Times of messages are whole seconds: the first one at or behind `moment`."""
    return int(-(-moment // 1))
