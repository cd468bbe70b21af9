"""How well events and stories agree with labels, through the command line (bench_topic_quality.py prints more)."""

from __future__ import annotations

from pathlib import Path

import labelled_posts
import pytest
from agreement import b_cubed, pairs_f1
from topics_of_export import homes

FLOORS = {
    "ru_2024-11-22_2024-11-30": ((0.960, 0.52), (0.920, 0.28)),
    "ru_2024-11-27": ((0.985, 0.95), (0.975, 0.95)),
}
"""The least B-cubed F1 and F1 of pairs, of events and of stories: a little below what was measured last."""


@pytest.mark.parametrize("name", sorted(FLOORS))
def test_topics_agree_with_labels(name: str, tmp_path: Path) -> None:
    """With default settings and without a model, events and stories of labelled posts stay above the floors."""
    posts = labelled_posts.load(name)
    found = homes(posts, tmp_path / name)
    wanted = ([post.event for post in posts], [post.story for post in posts])
    scores = [(b_cubed(own, true), pairs_f1(own, true)) for own, true in zip(found, wanted, strict=True)]
    for (whole, pairs), (least_whole, least_pairs) in zip(scores, FLOORS[name], strict=True):
        assert whole >= least_whole, scores
        assert pairs >= least_pairs, scores
