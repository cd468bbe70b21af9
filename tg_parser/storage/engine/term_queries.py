"""Queries of the search index by terms, as FTS5 and as tsquery. Both take terms as they are: no parser, no stemmer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, cast, column, func, select, table, type_coerce
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.sql.elements import literal

from tg_parser.domain.search_entries import ALL
from tg_parser.domain.storable import REPLACEMENT
from tg_parser.storage.tables.columns import BigNumber
from tg_parser.storage.tables.search import search_entries

_NEVER_INDEXED = re.compile(r"[\x00-\x7f](?<![\w=~:.'-])|[\ud800-\udfff]")
"""The characters that the tokenizer of search_words splits at, and what no text can be stored with."""
Together = tuple[str, ...]
"""Terms that must all occur."""


@dataclass(frozen=True, slots=True)
class TermQuery:
    """What the terms of an entry must fulfil: of each group one alternative occurs, and none of `without`."""

    groups: tuple[tuple[Together, ...], ...] = ()
    without: Together = ()

    def also(self, *alternatives: Together) -> TermQuery:
        """The same with one more group."""
        return TermQuery((*self.groups, alternatives), self.without)


@dataclass(frozen=True, slots=True)
class NumberRange:
    """Numbers of entries, and so times of messages: `first` is included, `end` is not."""

    first: int = 0
    end: int = 2**63 - 1


def fts5_numbers(wanted: TermQuery, within: NumberRange) -> Select[*tuple[Any, ...]]:
    """The numbers of matching entries, newest first; SQLite stops at a limit without looking at the others."""
    number = column("rowid", BigNumber)
    matches = column("search_words").op("MATCH")(_written(wanted, _fts5_term, (" AND ", " OR ", " NOT ")))
    between = number.between(within.first, within.end - 1)
    words = table("search_words", number, column("search_words"))
    return select(number.label("number")).select_from(words).where(matches, between).order_by(number.desc())


def tsquery_numbers(wanted: TermQuery, within: NumberRange) -> Select[*tuple[Any, ...]]:
    """The same; the expression is that of the index."""
    entry = search_entries.c
    words = func.array_to_tsvector(func.string_to_array(entry.terms, literal(" ", literal_execute=True)))
    query = cast(_written(wanted, _tsquery_term, (" & ", " | ", " & !")), TSQUERY)
    matches: ColumnElement[bool] = type_coerce(words, TSQUERY).bool_op("@@")(query)
    between = entry.number.between(within.first, within.end - 1)
    return select(entry.number).where(matches, between).order_by(entry.number.desc())


Operators = tuple[Literal[" AND ", " & "], Literal[" OR ", " | "], Literal[" NOT ", " & !"]]


def _written(wanted: TermQuery, quoted: Callable[[str], str], operators: Operators) -> str:
    both, either, but_not = operators
    groups = wanted.groups or (((ALL,),),)
    every = both.join(_either((both.join(map(quoted, terms)) for terms in group), either) for group in groups)
    return f"({every}){but_not}({either.join(map(quoted, wanted.without))})" if wanted.without else every


def _either(alternatives: Iterable[str], either: str) -> str:
    return f"({either.join(f'({one})' for one in alternatives)})"


def _fts5_term(term: str) -> str:
    return f'"{_possible(term)}"'


def _tsquery_term(term: str) -> str:
    doubled = _possible(term).replace("'", "''")
    return f"'{doubled}'"


def _possible(term: str) -> str:
    """`term` as one that may be in the index: FTS5 would take another one apart, and find a phrase or an error."""
    return _NEVER_INDEXED.sub(REPLACEMENT, term) or REPLACEMENT
