"""The compose files of the repository, with their variables resolved as Compose would resolve them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
PRODUCTION, DEVELOPMENT = ROOT / "docker-compose.yml", ROOT / "docker-compose.dev.yml"
_VARIABLE = re.compile(r"\$\{(?P<name>[A-Z][A-Z0-9_]*)(?:(?P<how>:?[-+?])(?P<word>[^{}]*))?\}")


class MissingVariableError(Exception):
    """A variable without which the file means nothing."""


def raw(path: Path) -> dict[str, Any]:
    """A file with its variables as they are written."""
    read: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return read


def resolved(path: Path, env: Mapping[str, str]) -> dict[str, Any]:
    """A file as it is in an environment. Raises MissingVariableError with what the file says then."""
    found: dict[str, Any] = _resolved(raw(path), env)
    return found


def _resolved(value: Any, env: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _resolved(each, env) for key, each in value.items()}
    if isinstance(value, list):
        return [_resolved(each, env) for each in value]
    return _VARIABLE.sub(lambda found: _value(found, env), value) if isinstance(value, str) else value


def _value(found: re.Match[str], env: Mapping[str, str]) -> str:
    name, how, word = found["name"], found["how"] or "", found["word"] or ""
    given = env.get(name)
    there = bool(given) if how.startswith(":") else given is not None
    if how.endswith("+"):
        return word if there else ""
    if there:
        return given or ""
    if how.endswith("?"):
        raise MissingVariableError(f"{name}: {word}")
    return word if how.endswith("-") else ""


def variables(path: Path) -> Iterator[tuple[str, str | None]]:
    """The variables of a file, each with its default where it has one."""
    for found in _VARIABLE.finditer(path.read_text("utf-8")):
        yield found["name"], found["word"] if found["how"] in {"-", ":-"} else None


def own_services(file: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The services that run the image of the repository."""
    return {name: service for name, service in file["services"].items() if "build" in service}


def environment(service: Mapping[str, Any]) -> dict[str, str]:
    """The variables that a service is given by the file itself."""
    return {name: str(value) for name, value in service.get("environment", {}).items()}
