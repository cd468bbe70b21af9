"""prompts: what language models are told, and whether a user's own prompts are right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tg_parser.cli.execution import errors_told, settings_of_the_command
from tg_parser.cli.presentation import Json, emit_json, emit_line, emit_table

if TYPE_CHECKING:
    from tg_parser.config.llm_settings import PromptSettings
    from tg_parser.llm.prompts import Prompts

commands = typer.Typer(help="Prompts: what language models are told; PROMPTS_DIR holds your own.", no_args_is_help=True)


@commands.command("list")
def list_prompts(json: Json = False) -> None:
    """The prompts in force, with the files they come from."""
    from tg_parser.services.views.upkeep import PromptList

    found = PromptList.of(_loaded(_settings()))
    if json:
        emit_json(found)
    else:
        rows = [(each.name, each.version, each.id[:19], each.file) for each in found.prompts]
        emit_table(("name", "version", "id", "file"), rows, whole={"name", "id"})


@commands.command()
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A prompt, as `prompts list` shows it.")],
    packaged: Annotated[
        bool, typer.Option("--packaged", help="The one that comes with the program, not your own.")
    ] = False,
) -> None:
    """Print a prompt file as it stands; saved in PROMPTS_DIR and changed, it replaces this one."""
    settings = _settings()
    if packaged:
        settings = settings.model_copy(update={"dir": None})
    with errors_told():
        text = _loaded(settings)[name].text
    emit_line(text.rstrip("\n"))


@commands.command()
def check(json: Json = False) -> None:
    """Read every prompt in every language, your own too, and say what is wrong with file and line."""
    from tg_parser.llm.prompts import LANGUAGES

    settings = _settings()
    found = {
        template.origin
        for language in LANGUAGES
        for template in _loaded(settings.model_copy(update={"language": language})).templates.values()
    }
    if json:
        from tg_parser.services.views.upkeep import CheckedPrompts

        emit_json(CheckedPrompts(checked=tuple(sorted(found))))
    else:
        emit_line(f"{len(found)} prompt files are right.")


def _settings() -> PromptSettings:
    with errors_told():
        return settings_of_the_command().prompts


def _loaded(settings: PromptSettings) -> Prompts:
    from tg_parser.llm.prompts import load_prompts

    with errors_told():
        return load_prompts(settings)
