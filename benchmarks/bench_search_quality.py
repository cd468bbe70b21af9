"""How good search is: questions and headlines with known answers, by words, by meaning and by both, on both backends.

Usage: PYTHONPATH=tests bench_search_quality.py FOLDER [every]

FOLDER is that of the shared data, see tests/data/SOURCES.md. Questions of the first half served for tuning; the second
half is reported, or every n-th question of it with `every`.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

from fresh_databases import fresh_postgres_database, keep_server, make_schemas, settings_of, sqlite_files, stop_server
from retrieval import GoldSet, Remembered, asked, cut_into_sentences, headlines, indexed, paragraphs

from tg_parser.nlp.embeddings import SentenceEncoder
from tg_parser.search.searcher import By
from tg_parser.storage.engine.databases import open_databases

CHANNEL = "-1001234567890"


def gold_sets(folder: Path) -> list[GoldSet]:
    """The sets of the table."""
    ru, en = folder / "retrieval/xquad.ru.json", folder / "retrieval/xquad.en.json"
    return [
        paragraphs("paragraphs, ru", ru, ru),
        paragraphs("paragraphs, en", en, en),
        cut_into_sentences("sentences, ru", ru, "ru"),
        cut_into_sentences("sentences, en", en, "en"),
        paragraphs("paragraphs, ru asked in en", ru, en),
        paragraphs("paragraphs, en asked in ru", en, ru),
        headlines("headlines, ru", folder / "gold_categories/ru_cat_training.tsv"),
        headlines("headlines, en", folder / "gold_categories/en_cat_training.tsv"),
    ]


@contextmanager
def backend_of(name: str) -> Iterator[dict[str, str]]:
    """The variables of a fresh database with schemas."""
    with ExitStack() as stack:
        if name == "sqlite":
            variables = sqlite_files(Path(stack.enter_context(TemporaryDirectory())))
        else:
            variables = {"DB_TYPE": "postgresql", "DB_URL": stack.enter_context(fresh_postgres_database())}
        make_schemas(variables)
        yield variables


async def measured(gold: GoldSet, variables: dict[str, str], embedder: Remembered, every: int) -> str:
    """The row of a set: by words, by meaning, by both."""
    half, cells = gold.questions[len(gold.questions) // 2 :: every], list[str]()
    async with open_databases(settings_of(variables)) as databases:
        searcher = await indexed(databases, gold, embedder, CHANNEL)
        for by in get_args(By):
            embedder.embed([question for question, _ in half])
            begin = time.perf_counter()
            quality = await asked(searcher, half, CHANNEL, by)
            each = (time.perf_counter() - begin) / max(1, len(half)) * 1000
            cells.append(f"{quality.ndcg:.3f} {quality.recall:.3f} ({each:.0f} ms)")
    return f"| {gold.name} | {len(gold.texts)} | {len(half)} | {' | '.join(cells)} |"


def main(folder: Path, every: int = 1, *chosen: str) -> None:
    """Print the table."""
    keep_server()
    embedder = Remembered(SentenceEncoder())
    print("| texts | backend | number | questions | words | meaning | both |\n|---|---|---|---|---|---|---|")
    try:
        for gold in gold_sets(folder):
            for name in chosen or ("sqlite", "postgresql"):
                with backend_of(name) as variables:
                    print(
                        asyncio.run(measured(gold, variables, embedder, every)).replace(" | ", f" | {name} | ", 1),
                        flush=True,
                    )
    finally:
        stop_server()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:3]), *sys.argv[3:])
