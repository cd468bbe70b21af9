"""Options that several commands share."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tg_parser.cli.stderr import say
from tg_parser.domain.date_parsing import parse_date, parse_span
from tg_parser.domain.errors import UsageError
from tg_parser.domain.paths import expanded
from tg_parser.domain.utc_time import iso_z, moment_text, utc_now

if TYPE_CHECKING:
    from tg_parser.domain.sources import Recheck

SourceOption = Annotated[str | None, typer.Option("--source", help="Source id, as shown by `sources list`.")]
Channel = Annotated[
    str | None, typer.Option("--channel", help="A chat in any form: @name, name, t.me link, numeric id.")
]
Out = Annotated[Path, typer.Option("--out", callback=expanded, help="Folder to write the files to.")]
FromExport = Annotated[
    Path | None,
    typer.Option(
        "--from-export", callback=expanded, help="A Telegram Desktop export: its folder, result.json or messages.html."
    ),
]
Encoding = Annotated[
    str | None,
    typer.Option("--encoding", help="Encoding of the export if it is not UTF-8, for example cp1251."),
]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="Take at most this many messages of a chat.")]
RecheckSpan = Annotated[
    str | None,
    typer.Option(
        "--recheck",
        metavar="SPAN",
        help="Check stored posts again for edits and deletions: the newest 200, those of the last 7d or 12h, or "
        "those since a date (UTC unless a zone is given).",
    ),
]
DateFrom = Annotated[
    str | None,
    typer.Option("--from", metavar="DATE", help="Only messages from this time on: 2026-11-05, 2026-11, 7d, 12h (UTC)."),
]
DateTo = Annotated[
    str | None, typer.Option("--to", metavar="DATE", help="Only messages before this time, in the same format.")
]
Concurrency = Annotated[
    int | None, typer.Option("--concurrency", "-c", min=1, max=1000, help="Messages analysed at the same time.")
]
KnownTopics = Annotated[
    Path | None,
    typer.Option(
        "--known-topics",
        callback=expanded,
        help="File with the topics to look for: title, description and keywords of each.",
    ),
]
MultiAgent = Annotated[
    bool,
    typer.Option(
        "--multi-agent", help="Use agents: a model reads only the messages worth it, and its answers are reviewed."
    ),
]
Provider = Annotated[
    Literal["openai", "anthropic", "gemini", "ollama", "local"] | None,
    typer.Option(
        "--provider", help="Provider that reads messages and names topics; local works offline, without a key."
    ),
]
Model = Annotated[str | None, typer.Option("--model", help="Model for all stages.")]
MaxCost = Annotated[
    float | None, typer.Option("--max-cost", min=0, metavar="USD", help="Stop when this run has cost this much (USD).")
]
NoCache = Annotated[
    bool,
    typer.Option("--no-cache", help="Ask the model again instead of using cached answers; new ones are still cached."),
]
MaxTopics = Annotated[
    int | None, typer.Option("--max-topics", min=1, help="Keep only this many topics, the strongest.")
]
Pretty = Annotated[bool, typer.Option("--pretty", help="Indent topics.json and the topic files.")]
Replace = Annotated[bool, typer.Option("--replace", help="Replace another channel's files in the --out folder.")]
Mode = Annotated[
    Literal["incremental", "snapshot"],
    typer.Option("--mode", help="incremental: only what is new; snapshot: everything between the source's dates."),
]


def parse_recheck(value: str | None) -> Recheck | None:
    """Parse --recheck: a number of posts, a duration such as `7d`, or a date. Raises UsageError."""
    if value is None:
        return None
    from tg_parser.domain.sources import Recheck

    now = utc_now()
    span = Recheck.parsed(value, now)
    if span.age is not None:
        say_dates(rechecked=(now - span.age, None))
    return span


def parse_time(value: str | None) -> datetime | None:
    """Parse a date or time given by the user. Raises UsageError."""
    return None if value is None else parse_date(value, utc_now())


def parse_dates(first: str | None, last: str | None) -> tuple[datetime | None, datetime | None]:
    """Parse `--from` and `--to` (half-open) and print the exact times to stderr. Raises UsageError."""
    span = parse_span(first, last, utc_now())
    say_dates(messages=span)
    return span


def say_dates(**spans: tuple[datetime | None, datetime | None]) -> None:
    """Print the exact times that the given dates stand for."""
    for what, (first, last) in spans.items():
        named = {"from": first, "to": last}
        shown = [f"{name} {moment_text(moment)}" for name, moment in named.items() if moment is not None]
        if shown:
            moments = {name: iso_z(moment) for name, moment in named.items() if moment is not None}
            say(f"{what.capitalize()} {' '.join(shown)}.", **moments)


def refuse_with_a_file(from_export: Path | None, **given: object) -> None:
    """Refuse options that do not apply to a file. Raises UsageError."""
    for name, value in given.items():
        if from_export is not None and value:
            raise UsageError(f"--{name} reads from Telegram, --from-export from a file. Give only one of them.")


def refuse_without_a_file(from_export: Path | None, encoding: str | None) -> None:
    """Refuse --encoding if no file is given. Raises UsageError."""
    if from_export is None and encoding is not None:
        raise UsageError("--encoding is the encoding of an export; give the export with --from-export.")


def exactly_one(hint: str | None = None, **given: object) -> None:
    """Refuse a call that gives none or several of mutually exclusive options. Raises UsageError."""
    names = [name for name, value in given.items() if value]
    options = " or ".join(f"--{name.replace('_', '-')}" for name in given)
    if len(names) != 1:
        raise UsageError(f"Give exactly one of {options}.", hint)
