"""Reads the topics a user wants from a YAML file, strictly; errors name the file and the entry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from tg_parser.domain.errors import InputFileError, UsageError
from tg_parser.domain.problems import in_words
from tg_parser.topics.model import WantedTopic

_FORM = "Each topic is `- title: …`, optionally with `description: …` and `keywords: [a, b]`, in a list `topics:`."
_MOST = 500

_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
_Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]


class _Entry(BaseModel):
    """One topic of the file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    title: _Short
    description: _Text | None = None
    keywords: list[_Short] = []


def read_wanted(path: Path) -> tuple[WantedTopic, ...]:
    """The topics of the file at `path`. Raises InputFileError, and UsageError for wrong content."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputFileError(f"The file of known topics {str(path)!r} cannot be read: {why}.", _FORM) from error
    return parse_wanted(text, str(path))


def parse_wanted(text: str, origin: str) -> tuple[WantedTopic, ...]:
    """The topics of a file's `text`, in order; titles must differ. Raises UsageError naming `origin`."""
    wanted = tuple(_wanted(entry, f"{origin}, entry {place}") for place, entry in enumerate(_entries(text, origin), 1))
    titles = Counter(one.title.casefold() for one in wanted)
    for place, one in enumerate(wanted, 1):
        if titles[one.title.casefold()] > 1:
            raise UsageError(f"{origin}, entry {place}: the title {one.title!r} appears more than once.", _FORM)
    return wanted


def _entries(text: str, origin: str) -> Sequence[Any]:
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{origin}, line {mark.line + 1}" if mark else origin
        raise UsageError(
            f"{place}: this is not valid YAML: {getattr(error, 'problem', None) or error}.", _FORM
        ) from error
    if isinstance(data, dict) and data.keys() == {"topics"}:
        data = data["topics"]
    if not isinstance(data, list) or not data:
        raise UsageError(f"{origin} has no list of topics.", _FORM)
    if len(data) > _MOST:
        raise UsageError(
            f"{origin} contains {len(data)} topics; at most {_MOST} are allowed.", "Split it over several runs."
        )
    return data


def _wanted(entry: Any, place: str) -> WantedTopic:
    if not isinstance(entry, dict):
        raise UsageError(f"{place}: {entry!r} is not a topic.", _FORM)
    try:
        read = _Entry.model_validate(entry)
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(f"{place}: {_problem(first['type'], first['loc'], in_words(first))}.", _FORM) from error
    return WantedTopic(read.title, read.description or "", tuple(dict.fromkeys(read.keywords)))


def _problem(kind: str, loc: tuple[int | str, ...], message: str) -> str:
    key = ".".join(str(part) for part in loc)
    if kind == "extra_forbidden":
        return f"{key!r} is not a key of a topic; the keys are title, description, keywords"
    return f"the {key} is missing" if kind == "missing" else f"{key}: {message}"
