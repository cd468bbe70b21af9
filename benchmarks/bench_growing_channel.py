"""A channel that grows: what happens to its topics from export to export, through the command line.

python benchmarks/bench_growing_channel.py [--steps 10 40] [--channels habr moskvach naked_science]

Each channel is cut into exports that end later and later; after each the main job runs on the same databases. Ids gone,
and old posts in another event, count only where no recorded change says so.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import shared_posts
from topics_of_export import write_export

from tg_parser.topics.model import TopicDocument

CHANNELS = ("habr", "moskvach", "naked_science")
ENDS = {"merged", "retired"}


@dataclass
class Topics:
    """The titles of topics by id, and the event of each post that is in one."""

    titles: dict[str, str] = field(default_factory=dict)
    events: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, out: Path) -> Topics:
        found = cls()
        for file in out.glob("topic_*.json"):
            topic = json.loads(file.read_text("utf-8"))
            found.titles[topic["card"]["id"]] = topic["card"]["title"]
            if topic["card"]["level"] == "event":
                found.events |= {item["source_ref"]: topic["card"]["id"] for item in topic["bundle"]["items"]}
        return found


def measured(posts: list[TopicDocument], steps: int, folder: Path) -> Counter[str]:
    days = sorted({post.date.date() for post in posts})
    ends = days[max(1, len(days) // steps) - 1 :: max(1, len(days) // steps)]
    before, seen, count = Topics(), 0, Counter[str](steps=len(ends))
    for step, end in enumerate(ends):
        export = folder / f"export{step}"
        write_export([post for post in posts if post.date.date() <= end], export)
        shutil.rmtree(folder / "out", ignore_errors=True)
        done = _run(folder, "run", "--from-export", str(export), "--out", "out")
        if done.returncode:
            count["errors"] += 1
            print(done.stderr.strip()[-300:], file=sys.stderr)
            continue
        now, changes = Topics.of(folder / "out"), _changes(folder)
        _compare(count, before, now, changes[seen:])
        before, seen = now, len(changes)
    count["faults"] = len(json.loads(_run(folder, "topics", "check", "--json").stdout)["faults"])
    return count


def _compare(count: Counter[str], before: Topics, now: Topics, changes: list[dict[str, Any]]) -> None:
    over = {change["topic_id"] for change in changes if change["kind"] in ENDS}
    told = {(change["topic_id"], ref) for change in changes for ref in change["messages"]}
    moved = {ref for ref, topic in before.events.items() if now.events.get(ref) != topic}
    count["ids"] += len(before.titles)
    count["gone"] += len(before.titles.keys() - now.titles.keys())
    count["gone unsaid"] += len(before.titles.keys() - now.titles.keys() - over)
    count["posts"] += len(before.events)
    count["moved"] += len(moved)
    count["moved unsaid"] += sum(
        (before.events[ref], ref) not in told and before.events[ref] not in over for ref in moved
    )
    kept = before.titles.keys() & now.titles.keys()
    count["kept"] += len(kept)
    count["renamed"] += sum(before.titles[id_] != now.titles[id_] for id_ in kept)


def _changes(folder: Path) -> list[dict[str, Any]]:
    told = _run(folder, "topics", "diff", "--since", "2000-01-01", "--json").stdout
    return list(json.loads(told)["changes"])


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tg_parser", *arguments]
    variables = {**os.environ, "LOG_LEVEL": "WARNING"}
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, nargs="+", default=[10, 40])
    parser.add_argument("--channels", nargs="+", default=list(CHANNELS))
    options = parser.parse_args()
    shared_posts.need_data()
    shown = ("errors", "faults", "ids", "gone", "gone unsaid", "posts", "moved", "moved unsaid", "kept", "renamed")
    print(f"{'channel':16}{'steps':>6}" + "".join(f"{name:>14}" for name in shown))
    for name in options.channels:
        posts = sorted(shared_posts.channel(name), key=lambda one: (one.date, int(one.message_id)))
        for steps in options.steps:
            with TemporaryDirectory() as folder:
                count = measured(posts, steps, Path(folder))
            print(f"{name:16}{count['steps']:>6}" + "".join(f"{count[value]:>14,}" for value in shown), flush=True)


if __name__ == "__main__":
    main()
