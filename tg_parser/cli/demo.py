"""demo: the whole main job on the bundled sample, and what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tg_parser.cli.execution import execute, finish
from tg_parser.cli.models import model_use
from tg_parser.cli.options import Out
from tg_parser.cli.presentation import Json, emit_facts, emit_json, emit_line, emit_table
from tg_parser.cli.progress import shown_progress
from tg_parser.cli.run import run_facts

if TYPE_CHECKING:
    from tg_parser.bootstrap import App
    from tg_parser.domain.topics import TopicCard
    from tg_parser.services.runs import RunReport

TopicsShown = Annotated[int, typer.Option("--topics", min=1, help="Topics shown per channel.")]


def demo(out: Out = Path("output"), topics: TopicsShown = 15, json: Json = False) -> None:
    """Turn the bundled sample channels into a knowledge base, offline and without a key."""

    async def work(app: App) -> tuple[RunReport, dict[str, list[TopicCard]]]:
        from tg_parser.sample import SAMPLE_EXPORT
        from tg_parser.services.runs import RunRequest

        with shown_progress() as report:
            done = await app.runs.run(
                RunRequest(
                    out=out, export_path=SAMPLE_EXPORT, process=app.process_options(), topics=app.topic_options()
                ),
                report,
            )
        return done, {channel: await app.topics.cards([channel]) for channel in done.channel_ids}

    done, cards = execute(work, use=model_use("local"))
    if json:
        emit_json(run_facts(done))
    else:
        _emit_demo(done, cards, topics)
    finish(done.processed.failed if done.processed else 0)


def _emit_demo(done: RunReport, cards: dict[str, list[TopicCard]], shown: int) -> None:
    for outcome in done.ingested or ():
        found = sorted(cards[outcome.source.channel_id], key=lambda card: (-card.metadata["messages"], card.id))
        emit_line(f"\n{outcome.source.channel_title}: {len(found)} topics")
        emit_table(
            ("topic", "messages", "first anchor"),
            [(card.title, card.metadata["messages"], card.anchors[0].anchor_ref) for card in found[:shown]],
            whole={"first anchor"},
        )
    emit_line("")
    if done.ingested and done.processed and done.exported:
        emit_facts(
            [
                ("messages", sum(outcome.counts["seen"] for outcome in done.ingested)),
                ("new documents", done.processed.processed),
                ("topics", sum(len(found) for found in cards.values())),
                ("entries", done.exported.message_entries + done.exported.topics),
                ("files", f"{done.exported.out}: {', '.join(done.exported.files[:2])}, topic_<ref>.json"),
            ]
        )
    emit_line("\nNext, your own channel: tg-parser run @name --out ./my-output")
