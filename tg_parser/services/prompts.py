"""Prompts: list those in use, show one, and check all of them."""

from __future__ import annotations

from tg_parser.config.llm_settings import PromptSettings
from tg_parser.llm.prompts import LANGUAGES, load_prompts
from tg_parser.services.views.upkeep import CheckedPrompts, PromptLine, PromptList


def prompts_in_force(settings: PromptSettings) -> PromptList:
    """Return the prompts by name. Raises SettingsError for an invalid one."""
    found = (each for _, each in sorted(load_prompts(settings).templates.items()))
    lines = (PromptLine(name=one.name, version=one.version, id=one.id, file=one.origin) for one in found)
    return PromptList(prompts=tuple(lines))


def prompt_text(settings: PromptSettings, name: str) -> str:
    """Return the text of a prompt file. Raises SettingsError, NotFoundError."""
    return load_prompts(settings)[name].text


def checked_prompts(settings: PromptSettings) -> CheckedPrompts:
    """Check the prompt files of all languages. Raises SettingsError for the first invalid one."""
    found = {
        template.origin
        for language in LANGUAGES
        for template in load_prompts(settings.model_copy(update={"language": language})).templates.values()
    }
    return CheckedPrompts(checked=tuple(sorted(found)))
