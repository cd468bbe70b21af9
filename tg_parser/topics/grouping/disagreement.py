"""What messages state, as columns whose products say how far two of them agree or disagree.

Two messages that each name places, figures or days, but not the same, hardly tell the same event, however alike their
words are. A message that names none agrees with all. Sums of messages have the sums of their columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from tg_parser.nlp.facts import Facts
from tg_parser.topics.grouping.word_weights import Floats, on_grid, word_weights


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of facts: what it takes from a similarity to share none, and what it adds to share all.

    A message with `half` different facts counts half, because it may just not mention the others.
    """

    name: str
    disagree: float
    agree: float
    half: float


KINDS = (Kind("names", 0.4, 0.05, 3), Kind("figures", 0.03, 0.1, 0), Kind("days", 0.1, 0.0, 0))
"""Like the cuts in membership.py, tried by benchmarks/bench_topic_calibration.py."""


def statements(facts: Sequence[Facts], kinds: Sequence[Kind]) -> tuple[Floats, sparse.csr_matrix]:
    """How much each message states by kind, and its facts.

    Half the product of two messages' facts less the product of how much they state is added to their similarity.
    """
    stated, columns = np.zeros((len(facts), len(kinds))), []
    for place, kind in enumerate(kinds):
        rows = [getattr(one, kind.name) for one in facts]
        counts = np.array([float(len(set(row))) for row in rows])
        share = counts / np.maximum(counts + kind.half, 1)
        stated[:, place] = on_grid(share * kind.disagree**0.5)
        scaled = sparse.diags(share * (2 * (kind.disagree + kind.agree)) ** 0.5) @ word_weights(rows)
        columns.append(scaled)
    shared = sparse.csr_matrix(sparse.hstack(columns)) if columns else sparse.csr_matrix((len(facts), 0))
    shared.data = on_grid(shared.data)
    return stated, shared
