"""Reads one prompt file: YAML with the texts, strictly; errors name the file and the line.

The user text contains variables, `${name}`; a literal `$` is written `$$`. The system text has none: what providers
cache of it between two calls is then the same for every message.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from string import Template
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tg_parser.domain.errors import SettingsError
from tg_parser.domain.problems import in_words
from tg_parser.llm.question import Prompt


class PromptParameters(BaseModel):
    """What a prompt may set for the model; otherwise the settings apply."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    temperature: float | None = Field(default=None, ge=0, le=2)
    max_tokens: int | None = Field(default=None, ge=1, le=200_000)
    top_p: float | None = Field(default=None, gt=0, le=1)


class PromptFile(BaseModel):
    """The keys of a prompt file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: str = Field(min_length=1)
    version: int = Field(ge=1)
    system: str = Field(min_length=1)
    user: str = Field(min_length=1)
    parameters: PromptParameters = PromptParameters()


@dataclass(frozen=True, slots=True)
class PromptTemplate:
    """A prompt before its variables are filled in. `origin` is its file, `id` is a digest of its `text`."""

    name: str
    version: int
    id: str
    origin: str
    system: str
    user: str
    parameters: dict[str, Any]
    variables: frozenset[str]
    text: str

    def filled(self, **values: str) -> Prompt:
        """The prompt with the value of each of its variables. Raises KeyError for a missing one."""
        return Prompt(self.name, self.id, self.system, Template(self.user).substitute(values).strip(), self.parameters)


def parse_prompt(text: str, origin: str) -> PromptTemplate:
    """The prompt in a file's `text`. Raises SettingsError with `origin` and the line of the error."""
    try:
        lines, data = _key_lines(text, origin), yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise wrong(
            origin, _line_in(error), f"this is not valid YAML: {getattr(error, 'problem', None) or error}."
        ) from error
    try:
        read = PromptFile.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        line = lines.get(str(first["loc"][0])) if first["loc"] else None
        raise wrong(origin, line, _problem(first["type"], key, in_words(first))) from error
    return PromptTemplate(
        name=read.name,
        version=read.version,
        id=f"sha256:{hashlib.sha256(text.encode()).hexdigest()}",
        origin=origin,
        system=read.system.strip(),
        user=read.user.strip(),
        parameters=read.parameters.model_dump(exclude_none=True),
        variables=frozenset(_variables(read.user, text, origin)),
        text=text,
    )


def require_variables(template: PromptTemplate, known: Iterable[str]) -> None:
    """Refuse a prompt that has other variables than the `known` ones. Raises SettingsError."""
    listed = ", ".join(f"${{{name}}}" for name in sorted(known))
    for name in sorted(template.variables - frozenset(known)):
        place = line_of(template.text, rf"\$\{{?{name}\b")
        raise wrong(template.origin, place, f"${{{name}}} is not a variable of this prompt; it has {listed}.")
    for name in sorted(frozenset(known) - template.variables):
        raise wrong(template.origin, line_of(template.text, r"(?m)^user:"), f"the variable ${{{name}}} is missing.")


def wrong(origin: str, line: int | None, what: str) -> SettingsError:
    """The error in a prompt file, with the line if it is known."""
    place = origin if line is None else f"{origin}, line {line}"
    return SettingsError(f"Prompt file {place}: {what}", case="prompt_file", file=origin, line=line)


def line_of(text: str, pattern: str) -> int | None:
    """The line of the first match, from 1."""
    match = re.search(pattern, text)
    return None if match is None else text.count("\n", 0, match.start()) + 1


def _key_lines(text: str, origin: str) -> dict[str, int]:
    """The line of every top-level key; YAML itself would let a later key silently replace an earlier one."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        raise wrong(origin, 1, f"it must have the keys {', '.join(PromptFile.model_fields)}.")
    lines: dict[str, int] = {}
    for key, _ in root.value:
        line = key.start_mark.line + 1
        name = str(key.value)
        if name in lines:
            raise wrong(origin, line, f"the key {name!r} appears twice.")
        lines[name] = line
    return lines


def _line_in(error: yaml.YAMLError) -> int | None:
    mark = getattr(error, "problem_mark", None)
    return None if mark is None else mark.line + 1


def _variables(user: str, text: str, origin: str) -> Iterable[str]:
    for match in Template.pattern.finditer(user):
        if match["invalid"] is not None:
            line = line_of(text, re.escape(user[match.start() : match.start() + 10].splitlines()[0]))
            raise wrong(origin, line, "a `$` that does not begin a variable is written `$$`.")
        if name := match["named"] or match["braced"]:
            yield name


def _problem(kind: str, key: str, message: str) -> str:
    if kind == "extra_forbidden":
        return f"{key!r} is not a key of a prompt; the keys are {', '.join(PromptFile.model_fields)}."
    if kind == "missing":
        return f"the key {key!r} is missing."
    return f"{key}: {message}."
