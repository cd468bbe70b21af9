"""demo: the complete pipeline on the bundled sample."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tg_parser.cli.execution import execute, finish
from tg_parser.cli.hints import hint_of
from tg_parser.cli.models import ModelOptions, opened_run
from tg_parser.cli.options import Out, Replace
from tg_parser.cli.presentation import Json, emit_facts, emit_json, emit_line, emit_table

if TYPE_CHECKING:
    from tg_parser.config.settings import Settings
    from tg_parser.domain.topics import TopicCard
    from tg_parser.services.runs import RunReport
    from tg_parser.wiring.app import App

TopicsShown = Annotated[int, typer.Option("--topics", min=1, help="How many topics to show per channel.")]


@dataclass(frozen=True, slots=True)
class DemoPlace:
    """Settings for the demo's own databases, in a subfolder of the home folder; the user's data is never touched."""

    def applied(self, settings: Settings) -> Settings:
        """Return `settings` pointing to the demo's databases."""
        database = settings.database.model_copy(update={"type": "sqlite"})
        return settings.model_copy(update={"database": database.in_folder(place(settings))})


def place(settings: Settings) -> Path:
    """Return the folder of the demo's databases."""
    return settings.home.folder.expanduser() / "demo"


def demo(out: Out = Path("output"), topics: TopicsShown = 15, replace: Replace = False, json: Json = False) -> None:
    """Turn the bundled sample channels into a knowledge base: offline, without a key, in separate databases."""

    async def work(app: App) -> tuple[RunReport, dict[str, list[TopicCard]], Path]:
        from tg_parser.sample import SAMPLE_EXPORT
        from tg_parser.services.runs import RunRequest

        async with opened_run(app, ModelOptions(provider="local")) as run:
            request = RunRequest(
                out=out,
                export_path=SAMPLE_EXPORT,
                process=run.process_options(),
                topics=run.topic_options(),
                replace=replace,
            )
            done = await run.runs.run(request, run.context.report)
            cards = {channel: await run.topics.cards([channel]) for channel in done.channel_ids}
        return done, cards, place(app.settings)

    done, cards, folder = execute(work, begin=True, use=DemoPlace())
    if json:
        from tg_parser.services.views.runs import RunResult

        emit_json(RunResult.of(done, hint_of))
    else:
        _emit_demo(done, cards, topics)
        emit_line(
            f"\nThe demo keeps its data separate from yours; look at it with: tg-parser status --data-dir {folder}"
        )
        emit_line("Next, try your own channel: tg-parser run @name --out ./my-output")
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
