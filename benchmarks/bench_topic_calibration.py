"""How the weights of disagreement and the cuts are chosen, and what they are worth on posts they were not chosen on.

python benchmarks/bench_topic_calibration.py [number of settings, 40]

Settings are drawn at random. For each labelled set, the setting that is best on all others is measured on it: B-cubed
F1 and F1 of pairs, of events and of stories. Beside the sets of posts there are pairs of news articles in the sample
data (shared_posts.py); counted is F1 of those in one topic. Texts are cleaned as in the program, but nothing is left
out as noise.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, pstdev
from typing import cast

import labelled_posts
import numpy as np
import shared_posts
from agreement import Labels, b_cubed, pairs_f1

from tg_parser.nlp.embeddings import SentenceEncoder
from tg_parser.topics.grouping import membership
from tg_parser.topics.grouping.disagreement import KINDS, Kind
from tg_parser.topics.grouping.groups import PreparedCorpus, group_documents, prepare
from tg_parser.topics.grouping.similarity import message_items
from tg_parser.topics.model import Level, TopicDocument, TopicOptions

Scores = tuple[float, ...]
_WEIGHTS = (1.0, 0.15, 1.0, 0.1)
"""Of the scores of a set of posts; few pairs make a restless score."""
_PAIRS_OF = "pairs of articles"


@dataclass(frozen=True)
class Setting:
    """Weights of disagreement, and cuts by level."""

    kinds: Sequence[Kind]
    cuts: Mapping[Level, float]


class Sets:
    """The labelled sets, prepared once."""

    def __init__(self) -> None:
        self._encoder = SentenceEncoder()
        self.posts = {name: labelled_posts.load(name) for name in labelled_posts.names()}
        self._prepared = {
            name: self._prepare(
                [shared_posts.document("posts", at, post.date.isoformat(), post.text) for at, post in enumerate(posts)]
            )
            for name, posts in self.posts.items()
        }
        self._articles = {language: shared_posts.pairs(language) for language in ("ru", "en")}
        self._prepared |= {
            language: self._prepare([article for first, second, _ in rows for article in (first, second)])
            for language, rows in self._articles.items()
        }
        self.names = (*self.posts, _PAIRS_OF)

    def scores(self, setting: Setting) -> dict[str, Scores]:
        """What `setting` is worth on every set."""
        found = dict[str, Scores]()
        for name, posts in self.posts.items():
            events, stories = self._homes(name, setting)
            wanted, over = [post.event for post in posts], [post.story for post in posts]
            found[name] = (
                b_cubed(events, wanted), pairs_f1(events, wanted), b_cubed(stories, over), pairs_f1(stories, over)
            )  # fmt: skip
        together = [
            (homes[2 * place] == homes[2 * place + 1], is_same)
            for language, rows in self._articles.items()
            for homes in [self._homes(language, setting)[1]]
            for place, (_, _, is_same) in enumerate(rows)
        ]
        right = sum(both and is_same for both, is_same in together)
        found[_PAIRS_OF] = (2 * right / sum(both + is_same for both, is_same in together),)
        return found

    def _prepare(self, documents: Sequence[TopicDocument]) -> tuple[PreparedCorpus, np.ndarray]:
        vectors = self._encoder.embed([document.text for document in documents])
        order = sorted(range(len(documents)), key=lambda place: documents[place].source_ref)
        return prepare(documents, vectors, TopicOptions()), vectors[order]

    def _homes(self, name: str, setting: Setting) -> tuple[Labels, Labels]:
        prepared, vectors = self._prepared[name]
        corpus = prepared.corpus
        items = message_items(vectors, corpus.stems, corpus.facts, setting.kinds)
        cast("dict[Level, float]", membership.CUTS).update(setting.cuts)
        groups = group_documents(PreparedCorpus(corpus, items, prepared.fits, prepared.options), []).groups
        events, stories = dict[int, str](), dict[int, str]()
        for place, group in enumerate(groups):
            (stories if group.level == "story" else events).update(dict.fromkeys(group.rows, f"topic {place}"))
        rows = sorted(range(len(corpus.documents)), key=lambda row: int(corpus.documents[row].message_id))
        in_events = [events.get(row, str(row)) for row in rows]
        return in_events, [stories.get(row, event) for row, event in zip(rows, in_events, strict=True)]


def drawn(chance: random.Random) -> Setting:
    """A setting by chance."""
    pick = chance.choice
    return Setting(
        (
            Kind("names", pick([0.0, 0.2, 0.3, 0.4, 0.5]), pick([0.0, 0.05, 0.1]), pick([1, 2, 3])),
            Kind("figures", pick([0.0, 0.03, 0.06]), pick([0.0, 0.05, 0.1, 0.15]), 0),
            Kind("days", pick([0.0, 0.05, 0.1, 0.15]), 0.0, 0),
        ),
        {"event": pick([0.19, 0.2, 0.21, 0.22, 0.23, 0.25]), "story": pick([0.28, 0.3, 0.32, 0.34, 0.36])},
    )


def worth(scores: Scores) -> float:
    return sum(weight * score for weight, score in zip(_WEIGHTS, scores, strict=False))


def shown(scores: Scores) -> str:
    return "   ".join(f"{score:.3f}" for score in scores)


def main() -> None:
    ours = Setting(KINDS, dict(membership.CUTS))
    sets, chance = Sets(), random.Random(14)
    settings = [drawn(chance) for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 40)]
    found = [sets.scores(setting) for setting in settings]
    print(f"{'chosen on the other sets':<28}events, pairs, stories, pairs")
    held = []
    for name in sets.names:
        others = [other for other in sets.names if other != name]
        best = max(range(len(settings)), key=lambda at: sum(worth(found[at][other]) for other in others))
        print(f"{name:<28}{shown(found[best][name])}   {settings[best]}")
        held.append(found[best][name])
    whole = list(zip(*(scores for scores in held if len(scores) > 1), strict=True))
    print(f"{'mean':<28}{shown(tuple(map(mean, whole)))}\n{'spread':<28}{shown(tuple(map(pstdev, whole)))}")
    print("\nthe program; then without facts, with the cuts 0.25 and 0.32")
    alone = Setting(tuple(Kind(kind.name, 0.0, 0.0, 0) for kind in KINDS), {"event": 0.25, "story": 0.32})
    for setting in (ours, alone):
        for name, scores in sets.scores(setting).items():
            print(f"{name:<28}{shown(scores)}")


if __name__ == "__main__":
    main()
