"""The dashboard of pipeline."""

from __future__ import annotations

from boards.parts import Board, graph, number, rate

BOARD = Board(
    "tg-parser-pipeline",
    "TG_parser: pipeline",
    "Messages on their way from the channel to the knowledge base.",
    {
        "Now": (
            number("Waiting messages", "short", "Not processed yet.", "sum(tg_parser_backlog_messages) or vector(0)"),
            number("Failed messages", "short", "In the failure ledger.", "sum(tg_parser_failed_messages) or vector(0)"),
            number("Oldest waiting message", "s", "Its age.", "max(tg_parser_backlog_oldest_seconds)"),
            number("Messages a second", "ops", "Handled by all stages.", "sum(rate(tg_parser_messages_total[5m]))"),
        ),
        "Stages": (
            graph(
                "Messages by stage",
                "ops",
                "What each stage did with messages.",
                (rate("tg_parser_messages_total", "stage", "outcome"), "{{stage}} {{outcome}}"),
            ),
            graph(
                "Failures by class",
                "ops",
                "Of messages, of attempts to collect a source, of jobs.",
                (rate("tg_parser_failures_total", "stage", "error"), "{{stage}} {{error}}"),
            ),
            graph(
                "Retries",
                "ops",
                "Calls that were repeated, by the class of their error.",
                (rate("tg_parser_retries_total", "error"), "{{error}}"),
            ),
            graph(
                "Waits that others asked for",
                "s",
                "Seconds of waiting per second: rate limits of Telegram, of the web preview, of models.",
                (rate("tg_parser_flood_wait_seconds_total", "asked_by"), "{{asked_by}}"),
                (rate("tg_parser_flood_waits_total", "asked_by"), "times {{asked_by}}"),
            ),
        ),
        "Backlog": (
            graph(
                "Waiting messages by source",
                "short",
                "The ten sources with the most.",
                ("topk(10, tg_parser_backlog_messages)", "{{source}}"),
            ),
            graph(
                "Oldest waiting message by source",
                "s",
                "The ten oldest.",
                ("topk(10, tg_parser_backlog_oldest_seconds)", "{{source}}"),
            ),
        ),
    },
)
