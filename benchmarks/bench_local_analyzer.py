"""Messages a second of the local analyzer, tool by tool and in all, on one core, and in worker processes on all cores.

python benchmarks/bench_local_analyzer.py [EXPORT.json] [--noise]

EXPORT.json is a Telegram Desktop export or a list of posts with `text`; without it, the posts of habr.json in the
shared data (TG_PARSER_SHARED_DATA) are read. `--noise` measures the advertising flag against the weak labels there.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tg_parser.domain.messages import RawMessage
from tg_parser.nlp.cleaning import clean
from tg_parser.nlp.embeddings import SentenceEncoder
from tg_parser.nlp.entities import find_entities
from tg_parser.nlp.footers import ChannelProfile, build_profile, without_footer
from tg_parser.nlp.keyphrases import key_phrases
from tg_parser.nlp.language import detect_language
from tg_parser.nlp.names import find_names
from tg_parser.nlp.noise import is_advertisement, is_noise
from tg_parser.nlp.sentiment import sentiment
from tg_parser.nlp.summary import summarize
from tg_parser.processing.analyzer import Task
from tg_parser.processing.local_analyzer import LocalAnalyzer
from tg_parser.processing.text_tools import analyze_locally
from tg_parser.processing.worker_pool import WorkerPool, all_cores

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("TG_PARSER_SHARED_DATA", ROOT.parent / "shared" / "data"))
AIM = 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("export", nargs="?", type=Path, default=SHARED / "channel_posts_ru" / "habr.json")
    parser.add_argument("--noise", action="store_true")
    options = parser.parse_args()
    if options.noise:
        measure_noise(sorted((SHARED / "channel_posts_ru").glob("*.json")))
    else:
        measure_speed(read_texts(options.export))


def read_texts(path: Path) -> list[str]:
    data = json.loads(path.read_text("utf-8"))
    posts = data["messages"] if isinstance(data, dict) else data
    texts = (post.get("text") or post.get("message") or "" for post in posts)
    return [text if isinstance(text, str) else "".join(map(flat, text)) for text in texts]


def flat(piece: str | dict[str, str]) -> str:
    return piece if isinstance(piece, str) else piece["text"]


def measure_speed(texts: Sequence[str]) -> None:
    messages = [message(number, text) for number, text in enumerate(texts, start=1)]
    profile = build_profile(texts)
    measure_workers(messages, profile, all_cores())
    analyze_locally(messages[0], profile)  # models and word lists are read once
    cleaned = [without_footer(clean(text).text, profile.footer_lines) for text in texts]
    spoken = list(zip(cleaned, map(detect_language, cleaned), strict=True))
    encoder = SentenceEncoder()
    vectors = encoder.embed(cleaned)
    tools: dict[str, Callable[[], object]] = {
        "profile of the channel": lambda: build_profile(texts),
        "cleaning": lambda: [without_footer(clean(text).text, profile.footer_lines) for text in texts],
        "language": lambda: [detect_language(text) for text in cleaned],
        "key phrases": lambda: [key_phrases(text, language) for text, language in spoken],
        "summary": lambda: [summarize(text, language) for text, language in spoken],
        "entities": lambda: [find_entities(text) for text in cleaned],
        "embedding": lambda: [encoder.embed([text]) for text in cleaned],
        "sentiment": lambda: [sentiment(*each, vector) for each, vector in zip(spoken, vectors, strict=True)],
        "noise": lambda: [is_noise(one, text) for one, text in zip(messages, cleaned, strict=True)],
        "all but the tone": lambda: [analyze_locally(one, profile) for one in messages],
        "names": lambda: [find_names(text, language) for text, language in spoken],
        "all but names": lambda: analyze_all(messages, profile, encoder, names=False),
        "all together": lambda: analyze_all(messages, profile, encoder, names=True),
    }
    mean = sum(map(len, texts)) // len(texts)
    print(f"{len(texts)} messages, {mean} characters each on average; aim: {AIM} messages/s\n")
    print(f"{'tool':<24}{'messages/s':>12}{'ms each':>10}{'x aim':>8}")
    for name, work in tools.items():
        seconds = measured(work) / len(texts)
        print(f"{name:<24}{1 / seconds:>12,.0f}{1000 * seconds:>10.2f}{1 / seconds / AIM:>8.1f}")


def measure_workers(messages: Sequence[RawMessage], profile: ChannelProfile, count: int) -> None:
    """By the clock, over two thirds of the messages, once all have started and have read the first third.

    Other work on the machine counts here. It comes before the tools, from which this process would know every word.
    """

    third = len(messages) // 3

    async def seconds(workers: WorkerPool) -> float:
        analyzer = LocalAnalyzer(workers=workers)
        batches = list(analyzer.batches([Task(one) for one in messages[third:]]))
        first = analyzer.batches([Task(one) for one in messages[:third]])
        await asyncio.gather(*(analyzer.analyze(batch, profile) for batch in first))
        started = time.perf_counter()
        await asyncio.gather(*(analyzer.analyze(batch, profile) for batch in batches))
        spent = time.perf_counter() - started
        await workers.close()
        return spent

    pool = WorkerPool(count, messages_per_worker=1)
    pool.expect(len(messages))
    alone, shared = asyncio.run(seconds(WorkerPool())), asyncio.run(seconds(pool))
    one, all_of_them = (len(messages) - third) / alone, (len(messages) - third) / shared
    print(f"by the clock: {one:,.0f} messages/s in one process, {all_of_them:,.0f} in {count} workers")
    print(f"ratio {alone / shared:.2f}\n")


def analyze_all(
    messages: Sequence[RawMessage], profile: ChannelProfile, encoder: SentenceEncoder, *, names: bool
) -> None:
    analyzer = LocalAnalyzer(names=names, embedder=encoder)
    asyncio.run(analyzer.analyze([Task(one) for one in messages], profile))


def measured(work: Callable[[], object]) -> float:
    """CPU seconds, so that other work on the machine does not count."""
    started = time.process_time()
    work()
    return time.process_time() - started


def measure_noise(paths: Sequence[Path]) -> None:
    print(f"{'channel':<24}{'posts':>8}{'labelled':>10}{'flagged':>9}{'both':>6}{'precision':>11}{'recall':>8}")
    total = [0, 0, 0, 0]
    for path in paths:
        posts = json.loads(path.read_text("utf-8"))
        labelled = {post["message_id"] for post in posts if post["category"] == "advertisement"}
        flagged = {post["message_id"] for post in posts if is_advertisement(message(post["message_id"], post["text"]))}
        counts = [len(posts), len(labelled), len(flagged), len(labelled & flagged)]
        total = [one + other for one, other in zip(total, counts, strict=True)]
        print_noise(path.stem, counts)
    print_noise("all", total)


def print_noise(name: str, counts: Sequence[int]) -> None:
    posts, labelled, flagged, both = counts
    precision, recall = both / max(flagged, 1), both / max(labelled, 1)
    print(f"{name:<24}{posts:>8}{labelled:>10}{flagged:>9}{both:>6}{precision:>11.2f}{recall:>8.2f}")


def message(number: int, text: str) -> RawMessage:
    return RawMessage(
        id=str(number),
        message_type="post",
        source_ref=f"tg:-1001:post:{number}",
        channel_id="-1001",
        date=datetime(2024, 11, 30, tzinfo=UTC),
        text=text,
    )


if __name__ == "__main__":
    main()
