"""The dashboard of sources."""

from __future__ import annotations

from boards.parts import Board, graph, number

BOARD = Board(
    "tg-parser-sources",
    "TG_parser: sources",
    "Which channels are collected, and which are not.",
    {
        "Now": (
            number("Active", "short", "Sources.", 'sum(tg_parser_sources{status="active"}) or vector(0)'),
            number(
                "In error",
                "short",
                "Sources that cannot be read.",
                'sum(tg_parser_sources{status="error"}) or vector(0)',
            ),
            number("Longest without", "s", "Since a source was collected.", "max(tg_parser_ingestion_lag_seconds)"),
            number(
                "Age of these figures",
                "s",
                "Read from the database.",
                "time() - max(tg_parser_state_timestamp_seconds)",
            ),
        ),
        "Sources": (
            graph("Sources by status", "short", "All sources.", ("sum by (status) (tg_parser_sources)", "{{status}}")),
            graph(
                "Time since a source was collected",
                "s",
                "The ten longest.",
                ("topk(10, tg_parser_ingestion_lag_seconds)", "{{source}}"),
            ),
            graph(
                "Failed attempts in a row",
                "short",
                "The ten sources with the most.",
                ("topk(10, tg_parser_failed_attempts)", "{{source}}"),
            ),
            graph(
                "Failed messages",
                "short",
                "The ten sources with the most.",
                ("topk(10, tg_parser_failed_messages)", "{{source}}"),
            ),
        ),
    },
)
