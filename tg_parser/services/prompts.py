"""Prompts: which are in force, what one says, and whether all of them are right."""

from __future__ import annotations

from tg_parser.config.llm_settings import PromptSettings
from tg_parser.llm.prompts import LANGUAGES, load_prompts
from tg_parser.services.views.upkeep import CheckedPrompts, PromptLine, PromptList


def prompts_in_force(settings: PromptSettings) -> PromptList:
    """Every prompt by name. Raises SettingsError for one that is not right."""
    found = (each for _, each in sorted(load_prompts(settings).templates.items()))
    lines = (PromptLine(name=one.name, version=one.version, id=one.id, file=one.origin) for one in found)
    return PromptList(prompts=tuple(lines))


def prompt_text(settings: PromptSettings, name: str) -> str:
    """The file of a prompt as it stands. Raises SettingsError, NotFoundError."""
    return load_prompts(settings)[name].text


def checked_prompts(settings: PromptSettings) -> CheckedPrompts:
    """The files of the prompts in all languages. Raises SettingsError for the first that is not right."""
    found = {
        template.origin
        for language in LANGUAGES
        for template in load_prompts(settings.model_copy(update={"language": language})).templates.values()
    }
    return CheckedPrompts(checked=tuple(sorted(found)))
