"""BM25: how well the words of a document fit those of a query (pure). The same numbers give the same score anywhere."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

from tg_parser.domain.search_entries import ALL

_K1, _B = 0.6, 0.4
_DECIMALS = 6


class Bm25:
    """Scores entries for one query; `frequencies` are the numbers of documents of its terms, and of ALL."""

    def __init__(self, sought: Collection[str], frequencies: Mapping[str, int], usual_length: float) -> None:
        documents = max(1, frequencies.get(ALL, 0))
        self._usual_length = max(1.0, usual_length)
        self.rarity = {term: _rarity(min(frequencies.get(term, 0), documents), documents) for term in sorted(sought)}
        self._most = (_K1 + 1) * sum(self.rarity.values()) or 1.0

    def score(self, terms: str, length: int) -> float:
        """The score of an entry with these terms, as a share of the most that the query could give."""
        found, norm = terms.split(" "), _K1 * (1 - _B + _B * length / self._usual_length)
        score = 0.0
        for term, rarity in self.rarity.items():
            if count := found.count(term):
                score += rarity * count * (_K1 + 1) / (count + norm)
        return round(score / self._most, _DECIMALS)


def _rarity(frequency: int, documents: int) -> float:
    return math.log(1 + (documents - frequency + 0.5) / (frequency + 0.5))
