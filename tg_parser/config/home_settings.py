"""The home folder of all files: databases, session file, backups, the agents' archives."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic_settings import BaseSettings

from tg_parser.config.groups import SettingsGroup, setting

DEFAULT_HOME = Path("data")


class HomeSettings(SettingsGroup):
    """The folder of all data files."""

    folder: Path = setting(
        "TG_PARSER_HOME",
        DEFAULT_HOME,
        "Folder for all files that have no location of their own; the option `--data-dir` overrides it.",
    )


def at_home(groups: Mapping[str, BaseSettings], home: Path) -> dict[str, BaseSettings]:
    """Return `groups` with all defaults in the usual folder moved to `home`; explicit values stay."""
    home = home.expanduser()
    if home == DEFAULT_HOME:
        return dict(groups)
    return {name: group.model_copy(update=dict(_moved(group, home))) for name, group in groups.items()}


def _moved(group: BaseSettings, home: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, field in type(group).model_fields.items():
        if name in group.model_fields_set or isinstance(group, HomeSettings):
            continue
        if isinstance(field.default, Path) and field.default.is_relative_to(DEFAULT_HOME):
            found[name] = home / field.default.relative_to(DEFAULT_HOME)
        elif isinstance(field.default, SecretStr):
            default = Path(field.default.get_secret_value())
            if default.is_relative_to(DEFAULT_HOME):
                found[name] = SecretStr(str(home / default.relative_to(DEFAULT_HOME)))
    return found
