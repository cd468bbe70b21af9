"""prompts: the instructions for language models, and whether a user's own are valid."""

from __future__ import annotations

from typing import Annotated

import typer

from tg_parser.cli.execution import error_boundary, settings_of_the_command
from tg_parser.cli.presentation import Json, emit_json, emit_line, emit_table

commands = typer.Typer(
    help="Prompts: the instructions for language models; PROMPTS_DIR holds your own.", no_args_is_help=True
)


@commands.command("list")
def list_prompts(json: Json = False) -> None:
    """The prompts in force, with the files they come from."""
    from tg_parser.services.prompts import prompts_in_force

    with error_boundary():
        found = prompts_in_force(settings_of_the_command().prompts)
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
    from tg_parser.services.prompts import prompt_text

    with error_boundary():
        settings = settings_of_the_command().prompts
        text = prompt_text(settings.model_copy(update={"dir": None}) if packaged else settings, name)
    emit_line(text.rstrip("\n"))


@commands.command()
def check(json: Json = False) -> None:
    """Read every prompt in every language, your own too, and say what is wrong with file and line."""
    from tg_parser.services.prompts import checked_prompts

    with error_boundary():
        found = checked_prompts(settings_of_the_command().prompts)
    emit_json(found) if json else emit_line(f"{len(found.checked)} prompt files are right.")
