"""The templates of `.env`, from the settings classes: every variable with what it means and its default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr
from pydantic_settings import BaseSettings

from tg_parser.config.ranges import variable_range
from tg_parser.config.settings import setting_groups


@dataclass(frozen=True)
class Template:
    """A file, how it begins, what it sets to something else than the default, and whether it is for containers."""

    name: str
    head: tuple[str, ...]
    chosen: Mapping[str, str] = field(default_factory=dict)
    for_compose: bool = False


COMPOSE_VARIABLES = {
    "TG_PARSER_IMAGE": ("tg_parser:local", "Image of the program; it is built where it is missing."),
    "PYTHON_IMAGE": ("python:3.13-slim-trixie", "Image that it is built on."),
    "TG_PARSER_ADDRESS": ("127.0.0.1:8000", "Where this machine offers the API."),
    "TG_PARSER_DOMAIN": ("localhost", "Name that the profile `proxy` answers to, with a certificate of its own."),
    "BACKUP_AT": ("03:15", "Time of day, UTC, of the backups of the profile `backup`."),
    "METRICS_KEY_FILE": ("./deploy/prometheus/metrics.key", "File with the API key of the profile `monitoring`."),
    "PROMETHEUS_RETENTION": ("30d", "How long its figures are kept."),
    "GRAFANA_PASSWORD": ("", "Password of Grafana's user `admin`; `admin` where it is unset."),
}
"""What docker-compose.yml alone reads: default and meaning."""

TEMPLATES = (
    Template(
        ".env.example",
        ("Copy to .env and change what differs. Every line shows a default; ENV_VARIABLES_GUIDE.md has tables.",),
    ),
    Template(
        ".env.development.example",
        ("For work on a laptop: SQLite, everything in the log. Copy to .env and change what differs.",),
        {"LOG_LEVEL": "DEBUG", "METRICS_ENABLED": "true", "COLLECT_MAX_WAIT": "10.0", "LLM_MAX_COST": "1"},
    ),
    Template(
        ".env.production.example",
        (
            "For a server: PostgreSQL, keys, the schedule, backups, logs for machines. Copy to .env, readable by its",
            "owner alone, and set DB_PASSWORD (a value with $ or # goes into single quotes). For containers see",
            "docs/how-to/run-in-containers.md: what belongs to them is set in docker-compose.yml and wins.",
        ),
        {
            "DB_TYPE": "postgresql",
            "LOG_FORMAT": "json",
            "API_KEY_REQUIRED": "true",
            "METRICS_ENABLED": "true",
            "SCHEDULER_ENABLED": "true",
            "BACKUP_SCHEDULE": "15 2 * * *",
        },
        for_compose=True,
    ),
)


def template_text(template: Template) -> str:
    """The whole file."""
    lines = [f"# {line}" for line in template.head]
    for _, group in setting_groups():
        lines += ["", f"## {sentence(group)}"]
        for each in group.model_fields.values():
            lines += _lines(each, template.chosen.get(str(each.validation_alias)))
    if template.for_compose:
        lines += ["", "## Containers: only docker-compose.yml reads these"]
        for name, (default, meaning) in COMPOSE_VARIABLES.items():
            lines += [f"# {meaning}", f"#{name}={default}"]
    return "\n".join(lines) + "\n"


def _lines(setting: Any, chosen: str | None) -> Iterator[str]:
    allowed, default = variable_range(setting), default_of(setting)
    facts = [f"default: {default}"] if chosen is not None and default else []
    facts += [f"allowed: {allowed}"] if allowed else []
    yield f"# {setting.description}" + (f" ({'; '.join(facts)})" if facts else "")
    if chosen is None:
        yield f"#{setting.validation_alias}={default}"
    else:
        yield f"{setting.validation_alias}={chosen}"


def sentence(group: type[BaseSettings]) -> str:
    """What a group is about."""
    return (group.__doc__ or "").strip().rstrip(".")


def default_of(setting: Any) -> str:
    """The default of a setting as it is written in the environment; empty where there is none."""
    value = setting.default
    if value is None or isinstance(value, SecretStr):
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
