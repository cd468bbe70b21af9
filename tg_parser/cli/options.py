"""Options that several commands share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tg_parser.domain.errors import UsageError

if TYPE_CHECKING:
    from tg_parser.ingestion.source import Recheck

Source = Annotated[str | None, typer.Option("--source", help="Source id, as `sources list` shows it.")]
Channel = Annotated[
    str | None, typer.Option("--channel", help="A chat in any form: @name, name, t.me link, numeric id.")
]
Out = Annotated[Path, typer.Option("--out", help="Folder for the files.")]
FromExport = Annotated[
    Path | None,
    typer.Option("--from-export", help="A Telegram Desktop export: its folder, result.json or messages.html."),
]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="Take at most this many messages of a chat.")]
RecheckSpan = Annotated[
    str | None,
    typer.Option("--recheck", help="Look again at stored posts for edits and deletions: the newest 200, or 7d, 12h."),
]
Concurrency = Annotated[
    int | None, typer.Option("--concurrency", "-c", min=1, max=1000, help="Messages analysed at a time.")
]
KnownTopics = Annotated[
    Path | None,
    typer.Option("--known-topics", help="File with topics that are wanted: title, description, keywords of each."),
]
MultiAgent = Annotated[
    bool,
    typer.Option("--multi-agent", help="By agents: only what is worth it is read deeply, and what was is reviewed."),
]
Provider = Annotated[
    Literal["openai", "anthropic", "gemini", "ollama", "local"] | None,
    typer.Option("--provider", help="Who reads messages and names topics; local works offline, without a key."),
]
Model = Annotated[str | None, typer.Option("--model", help="Model of every stage.")]
MaxCost = Annotated[
    float | None, typer.Option("--max-cost", min=0, metavar="USD", help="Stop when this run has cost so much.")
]
NoCache = Annotated[
    bool, typer.Option("--no-cache", help="Ask again what was answered before; new answers are kept all the same.")
]
MaxTopics = Annotated[int | None, typer.Option("--max-topics", min=1, help="Keep only the strongest topics.")]
Pretty = Annotated[bool, typer.Option("--pretty", help="Indent topics.json and the topic files.")]
Replace = Annotated[
    bool, typer.Option("--replace", help="Let the files take the place of another channel's in the folder of --out.")
]
Mode = Annotated[
    Literal["incremental", "snapshot"],
    typer.Option("--mode", help="What is new, or everything between the source's history dates."),
]


def parse_recheck(value: str | None) -> Recheck | None:
    """`200` posts or `7d` days that a user wants looked at again. Raises typer.BadParameter."""
    if value is None:
        return None
    from tg_parser.ingestion.source import Recheck

    number, unit = (value[:-1], value[-1]) if value[-1:] in {"d", "h"} else (value, "")
    if not number.isdecimal() or int(number) == 0:
        raise typer.BadParameter(f"{value!r} is no span; write 200 (posts), 7d (days) or 12h (hours).")
    if unit:
        return Recheck(age=timedelta(days=int(number)) if unit == "d" else timedelta(hours=int(number)))
    return Recheck(newest=int(number))


def parse_time(value: str | None) -> datetime | None:
    """A date or time given by a user; without a zone it is UTC. Raises typer.BadParameter."""
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise typer.BadParameter(f"{value!r} is not a date; write 2024-11-27 or 2024-11-27T09:00:00+03:00.") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def refuse_with_a_file(from_export: Path | None, **given: object) -> None:
    """Refuse options that mean nothing for a file. Raises UsageError."""
    for name, value in given.items():
        if from_export is not None and value:
            raise UsageError(f"--{name} asks Telegram itself; --from-export reads a file. Give one of them.")


def exactly_one(**given: object) -> None:
    """Refuse a call that names none or several of options that exclude each other. Raises UsageError."""
    names = [name for name, value in given.items() if value]
    options = " or ".join(f"--{name.replace('_', '-')}" for name in given)
    if len(names) != 1:
        raise UsageError(f"Give exactly one of {options}.")
