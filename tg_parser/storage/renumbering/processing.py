"""Corrects chat numbers in the processing database: documents, topics, answers, and texts of agents and jobs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import Connection, text

from tg_parser.storage.renumbering.common import (
    Ask,
    Move,
    asking,
    channels_in_refs,
    has_messages,
    renumber_json,
    right_numbers,
)
from tg_parser.storage.renumbering.topics import move_topics

_WITH_REFS = ("processed_documents", "processing_failures")
_WITH_NUMBERS = (
    "processed_documents",
    "processing_failures",
    "topic_items",
    "topics",
    "llm_answers",
    "task_history",
    "jobs",
)
_JSON: dict[str, tuple[str, tuple[str, ...]]] = {
    "topics": (
        "id",
        (
            "anchors_json", "sources_json", "related_topics_json", "metadata_json", "bundle_channels_json",
            "bundle_metadata_json",
        ),
    ),
    "task_history": ("id", ("input_json", "output_json")),
    "handoff_history": ("id", ("payload_json", "context_json", "result_json")),
    "jobs": ("job_id", ("progress_json", "result_json")),
    "topic_runs": ("channels_key", ("report_json",)),
}  # fmt: skip
_SPENT_ON = ("day", "run_id", "stage", "provider", "model")
_SPENT = (
    "calls", "input_tokens", "output_tokens", "cost_nanousd", "unknown_usage_calls", "unknown_price_calls",
    "cached_answers",
)  # fmt: skip


def renumber_documents(conn: Connection) -> None:
    """Correct every wrong number in the processing database."""
    ask = asking(conn)
    numbers = right_numbers(ask, channels_of_documents(ask), with_messages=has_messages(conn))
    for wrong, right in sorted(numbers.items()):
        move = Move(conn, wrong, right)
        _move_documents(move)
        move_topics(move)
        _move_spending(move)
        for name in _WITH_NUMBERS:
            move.number(name)
    if numbers:
        for name, (key, columns) in _JSON.items():
            renumber_json(conn, name, key, columns, numbers)
        _rename_runs(conn, numbers)


def channels_of_documents(ask: Ask) -> Iterator[str]:
    """Every number under which a row names its chat."""
    for name in _WITH_REFS:
        yield from channels_in_refs(ask, name)
    for name in (*_WITH_NUMBERS[2:], "llm_spending"):
        for row in ask(f"SELECT DISTINCT channel_id FROM {name} WHERE channel_id IS NOT NULL", {}):
            yield row["channel_id"]


def _move_documents(move: Move) -> None:
    """A message with two documents keeps one, and waits for processing again if it has a revision log."""
    duplicate = f"SELECT 1 FROM processed_documents AS o WHERE {move.within('o.source_ref')}"
    duplicate += f" AND {move.new('o.source_ref')} = processed_documents.source_ref"
    move.run(f"UPDATE processed_documents SET revision = 0 WHERE channel_id = :right AND EXISTS ({duplicate})")
    # Claims belong to running workers, and none runs while the schema changes.
    move.run(f"DELETE FROM processing_claims WHERE {move.within('source_ref')}")
    for name in _WITH_REFS:
        move.drop_duplicates(name)
        move.refs(name)
    move.refs("processed_documents", "id", "doc:tg:")
    move.refs("task_history")


def _move_spending(move: Move) -> None:
    """What was spent under the two numbers is added up."""
    on, sums = ", ".join(_SPENT_ON), ", ".join(_SPENT)
    added = ", ".join(f"{name} = llm_spending.{name} + excluded.{name}" for name in _SPENT)
    move.run(
        f"INSERT INTO llm_spending ({on}, channel_id, {sums}) SELECT {on}, :right, {sums} FROM llm_spending"
        f" WHERE channel_id = :wrong ON CONFLICT ({on}, channel_id) DO UPDATE SET {added}"
    )
    move.run("DELETE FROM llm_spending WHERE channel_id = :wrong")


def _rename_runs(conn: Connection, numbers: Mapping[str, str]) -> None:
    """Keys of runs are the sorted numbers of their channels; if two become one, their topics are found anew."""
    known = set(conn.scalars(text("SELECT channels_key FROM topic_runs")))
    for key in sorted(known):
        channels = key.split(" ")
        renamed = " ".join(sorted({numbers.get(each, each) for each in channels}))
        if renamed == key:
            continue
        taken = renamed in known or len(renamed.split(" ")) < len(channels)
        statement = "DELETE FROM topic_runs" if taken else "UPDATE topic_runs SET channels_key = :renamed"
        values = {"key": key} if taken else {"key": key, "renamed": renamed}
        conn.execute(text(f"{statement} WHERE channels_key = :key"), values)
