"""How well topics agree with people: events and stories of labelled posts, found by the command line, beside baselines.

python benchmarks/bench_topic_quality.py

The posts of each set are written as an export of one channel and read by `tg-parser run` with default settings; the
topics are read from its files. The cut of each baseline is the best one of the other two sets. BERTopic's method is
rebuilt from its parts: embeddings, fewer dimensions (PCA), HDBSCAN; posts that it calls noise are alone. How many
dimensions, and which clusters of the tree, is chosen in the same way. B-cubed F1 is that of all posts; pairs F1 counts
only pairs of posts in one class, so that posts alone do not raise it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path

import labelled_posts
import numpy as np
from agreement import Labels, b_cubed, pairs_f1
from labelled_posts import LabelledPost
from sklearn.cluster import HDBSCAN, AgglomerativeClustering
from sklearn.decomposition import PCA
from topics_of_export import homes

from tg_parser.nlp.embeddings import SentenceEncoder
from tg_parser.topics.grouping.texts import stems_of
from tg_parser.topics.grouping.word_weights import word_weights

STEPS = np.arange(0.05, 0.95, 0.02)


def similarities(posts: Sequence[LabelledPost]) -> dict[str, np.ndarray]:
    """The similarity of all pairs by baseline."""
    vectors = SentenceEncoder().embed([post.text for post in posts])
    meaning = vectors @ vectors.T
    words = word_weights([stems_of(post.text, "ru") for post in posts]).toarray()
    return {"TF-IDF": words @ words.T, "embeddings": meaning, "half and half": (words @ words.T + meaning) / 2}


def linked(similarity: np.ndarray, cut: float) -> list[int]:
    """Average linkage down to a mean similarity of `cut`."""
    distance = np.clip(1 - similarity, 0, None)
    np.fill_diagonal(distance, 0)
    model = AgglomerativeClustering(
        n_clusters=None, metric="precomputed", linkage="average", distance_threshold=1 - cut
    )
    return list(model.fit_predict(distance))


def bertopic(vectors: np.ndarray, dimensions: int, selection: str) -> list[int]:
    """Clusters as BERTopic finds them, without its words."""
    fewer = PCA(n_components=dimensions, random_state=0).fit_transform(vectors)
    found = HDBSCAN(min_cluster_size=2, cluster_selection_method=selection, copy=True).fit_predict(fewer)
    return [int(label) if label >= 0 else -1 - place for place, label in enumerate(found)]


def best_bertopic(sets: Sequence[tuple[np.ndarray, Labels]]) -> tuple[int, str]:
    """The dimensions and the selection with the highest mean B-cubed F1 over `sets`."""
    choices = product((5, 10, 20, 50), ("eom", "leaf"))
    return max(choices, key=lambda one: np.mean([b_cubed(bertopic(vectors, *one), wanted) for vectors, wanted in sets]))


def best_cut(sets: Sequence[tuple[np.ndarray, Labels]]) -> float:
    """The cut with the highest mean B-cubed F1 over `sets`."""
    return float(max(STEPS, key=lambda cut: np.mean([b_cubed(linked(one, cut), wanted) for one, wanted in sets])))


def main() -> None:
    sets = {name: labelled_posts.load(name) for name in labelled_posts.names()}
    matrices = {name: similarities(posts) for name, posts in sets.items()}
    vectors = {name: SentenceEncoder().embed([post.text for post in posts]) for name, posts in sets.items()}
    with tempfile.TemporaryDirectory() as folder:
        ours = {name: homes(posts, Path(folder) / name) for name, posts in sets.items()}
    levels: dict[str, Callable[[LabelledPost], str]] = {"events": lambda p: p.event, "stories": lambda p: p.story}
    for place, (level, label) in enumerate(levels.items()):
        print(f"\n{level:<18}" + "".join(f"{name.removeprefix('ru_'):>24}" for name in sets))
        wanted = {name: [label(post) for post in posts] for name, posts in sets.items()}
        rows: dict[str, dict[str, Labels]] = {"every post alone": {n: range(len(posts)) for n, posts in sets.items()}}
        for baseline in next(iter(matrices.values())):
            rows[baseline] = {}
            for name in sets:
                others = [(matrices[other][baseline], wanted[other]) for other in sets if other != name]
                rows[baseline][name] = linked(matrices[name][baseline], best_cut(others))
        rows["BERTopic's method"] = {
            name: bertopic(
                vectors[name], *best_bertopic([(vectors[other], wanted[other]) for other in sets if other != name])
            )
            for name in sets
        }
        rows["TG_parser"] = {name: ours[name][place] for name in sets}
        for title, found in rows.items():
            scores = [(b_cubed(found[name], wanted[name]), pairs_f1(found[name], wanted[name])) for name in sets]
            print(f"{title:<18}" + "".join(f"{f'{bc:.3f}, pairs {pairs:.2f}':>24}" for bc, pairs in scores))


if __name__ == "__main__":
    main()
