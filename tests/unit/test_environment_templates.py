"""The templates of `.env` hold every setting, and what they say is taken as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tg_parser.config.near_names import nearly
from tg_parser.config.settings import load_settings, setting_groups, variable_names

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted(ROOT.glob(".env*.example"))
LINE = re.compile(r"^#?(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>.*)$", re.MULTILINE)
CONTAINERS = "\n## Containers: "


def by_name(path: Path) -> str:
    return path.name


def of_settings(path: Path) -> str:
    """The part of a template that is about settings."""
    return path.read_text("utf-8").partition(CONTAINERS)[0]


def test_there_are_three_templates() -> None:
    """One to look things up in, one for a laptop, one for a server."""
    assert [path.name for path in TEMPLATES] == [".env.development.example", ".env.example", ".env.production.example"]


@pytest.mark.parametrize("template", TEMPLATES, ids=by_name)
def test_no_template_lacks_a_setting(template: Path) -> None:
    """Every variable is there once, in the order of the settings, under a comment that says what it means."""
    fields = [field for _, group in setting_groups() for field in group.model_fields.values()]
    told = re.findall(r"^# (.+)\n#?([A-Z][A-Z0-9_]*)=", of_settings(template), re.MULTILINE)
    assert [name for _, name in told] == [field.validation_alias for field in fields]
    assert all(comment.startswith(str(field.description)) for (comment, _), field in zip(told, fields, strict=True))
    assert len(LINE.findall(of_settings(template))) == len(fields)


@pytest.mark.parametrize("template", TEMPLATES, ids=by_name)
def test_a_template_is_taken_as_it_stands(template: Path) -> None:
    """What is not commented out is allowed, and no name looks like another one misspelt."""
    settings = load_settings(template)
    assert settings.database.type == ("postgresql" if "production" in template.name else "sqlite")
    assert settings.api.key_required is ("production" in template.name)
    names = {name for name, _ in LINE.findall(template.read_text("utf-8"))}
    assert nearly(names, variable_names()) == {}


def test_every_line_shows_a_default(tmp_path: Path) -> None:
    """With all lines of .env.example in force, everything is as it is without a file."""
    example = ROOT / ".env.example"
    assert not re.search(r"^[A-Z]", example.read_text("utf-8"), re.MULTILINE)
    (tmp_path / ".env").write_text(re.sub(r"^#(?=[A-Z])", "", example.read_text("utf-8"), flags=re.MULTILINE), "utf-8")
    assert load_settings(tmp_path / ".env") == load_settings(None)


def test_a_laptop_needs_no_server_and_spends_little() -> None:
    """The choices for development."""
    settings = load_settings(ROOT / ".env.development.example")
    assert (settings.logging.level, settings.llm_money.max_cost) == ("DEBUG", 1.0)


def test_a_server_is_told_apart_from_a_laptop() -> None:
    """The choices for production; the password alone is left to whoever sets it up."""
    settings = load_settings(ROOT / ".env.production.example")
    assert (settings.logging.format, settings.schedule.enabled, settings.schedule.backup) == (
        "json",
        True,
        "15 2 * * *",
    )
    assert settings.observability.metrics
    assert settings.database.password.get_secret_value() == ""
