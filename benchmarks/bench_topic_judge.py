"""How much a model that judges messages near the border of an event brings: simulated, through the command line.

python benchmarks/bench_topic_judge.py [share of right answers, 0.95]

A local server answers what an annotator's labels say, wrong in every twentieth question. It is asked by `tg-parser run`
with TOPIC_JUDGE_EVENTS; all else is default.
"""

from __future__ import annotations

import hashlib
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import labelled_posts
from agreement import b_cubed, pairs_f1
from labelled_posts import LabelledPost
from llm_servers import Asked, LlmServer
from topic_model import Shown, reply
from topics_of_export import homes

_WORD = re.compile(r"\w+")
_DATED = re.compile(r"\d{4}-\d\d-\d\d\n")


class Annotator:
    """Answers by the labels of `posts`, `right` of the answers; `asked` counts questions about events."""

    def __init__(self, posts: Sequence[LabelledPost], right: float) -> None:
        self._posts = [(frozenset(_WORD.findall(post.text.lower())), post) for post in posts]
        self._right = right
        self.asked = 0

    def __call__(self, asked: Asked) -> Any:
        shown = Shown(asked.system, asked.user)
        if shown.prompt != "merge":
            return reply(asked.system, asked.user)
        is_event = _DATED.match(shown.texts["FIRST"][0]) is not None
        self.asked += is_event
        first, second = (self._label(shown.texts[side], is_event) for side in ("FIRST", "SECOND"))
        texts = "\n".join([*shown.texts["FIRST"], *shown.texts["SECOND"]])
        chance = int.from_bytes(hashlib.sha256(texts.encode()).digest()[:4]) / 2**32
        return {"same": (first == second) == (chance < self._right), "reason": ""}

    def _label(self, texts: Sequence[str], is_event: bool) -> str:
        posts = [self._post(_DATED.sub("", text, count=1)) for text in texts]
        return Counter(post.event if is_event else post.story for post in posts).most_common(1)[0][0]

    def _post(self, text: str) -> LabelledPost:
        words = frozenset(_WORD.findall(text.lower()))
        return max(self._posts, key=lambda one: len(words & one[0]) / len(words | one[0]))[1]


def main() -> None:
    right = float(sys.argv[1]) if len(sys.argv) > 1 else 0.95
    for name in labelled_posts.names():
        posts = labelled_posts.load(name)
        annotator = Annotator(posts, right)
        with tempfile.TemporaryDirectory() as folder, LlmServer(annotator) as server:
            variables = {**server.environment("openai"), "TOPIC_JUDGE_EVENTS": "true"}
            events, stories = homes(posts, Path(folder) / name, variables)
        wanted, over = [post.event for post in posts], [post.story for post in posts]
        print(
            f"{name:<26} {len(posts)} posts, {annotator.asked} questions"
            f"   events {b_cubed(events, wanted):.3f}, pairs {pairs_f1(events, wanted):.2f}"
            f"   stories {b_cubed(stories, over):.3f}, pairs {pairs_f1(stories, over):.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
