"""prompts: list, show and check the instructions for language models."""

from __future__ import annotations

from typing import Annotated

import typer

from tg_parser.cli.execution import error_boundary, settings_of_the_command
from tg_parser.cli.presentation import Json, emit_json, emit_line, emit_table

commands = typer.Typer(
    help="Prompts: the instructions for language models. Put your own into PROMPTS_DIR.", no_args_is_help=True
)


@commands.command("list")
def list_prompts(json: Json = False) -> None:
    """List the prompts in use and their files."""
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
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of a prompt, as shown by `prompts list`.")],
    packaged: Annotated[bool, typer.Option("--packaged", help="Print the built-in prompt, not your own.")] = False,
) -> None:
    """Print a prompt file. A changed copy saved in PROMPTS_DIR replaces it."""
    from tg_parser.services.prompts import prompt_text

    with error_boundary():
        settings = settings_of_the_command().prompts
        text = prompt_text(settings.model_copy(update={"dir": None}) if packaged else settings, name)
    emit_line(text.rstrip("\n"))


@commands.command()
def check(json: Json = False) -> None:
    """Check all prompts in all languages, including your own, and report errors by file and line."""
    from tg_parser.services.prompts import checked_prompts

    with error_boundary():
        found = checked_prompts(settings_of_the_command().prompts)
    emit_json(found) if json else emit_line(f"{len(found.checked)} prompt files are valid.")
