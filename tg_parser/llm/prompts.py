"""All prompts: those of the package, in English and Russian, and the user's own that replace them.

`NAME.yaml` is a prompt in English, `NAME.ru.yaml` the same in Russian. In a user's folder `NAME.yaml` replaces it in
every language, `NAME.ru.yaml` in Russian alone. The package's prompt decides which variables a replacement may use.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from tg_parser.config.llm_settings import PromptSettings
from tg_parser.domain.errors import NotFoundError, SettingsError
from tg_parser.llm.prompt_files import PromptTemplate, line_of, parse_prompt, require_variables, wrong
from tg_parser.llm.question import Prompt

LANGUAGES = ("en", "ru")
_SUFFIX = ".yaml"
_PACKAGE = "tg_parser/llm/prompts/"


class Prompts:
    """The prompts in force, by name."""

    def __init__(self, templates: Mapping[str, PromptTemplate]) -> None:
        self.templates = templates

    def __getitem__(self, name: str) -> PromptTemplate:
        """The prompt of a name. Raises SettingsError for an unknown one."""
        try:
            return self.templates[name]
        except KeyError:
            listed = ", ".join(sorted(self.templates))
            raise NotFoundError(f"There is no prompt {name!r}.", f"Known prompts: {listed}.") from None

    def filled(self, name: str, **values: str) -> Prompt:
        """The prompt `name` with its variables filled in."""
        return self[name].filled(**values)


def load_prompts(settings: PromptSettings) -> Prompts:
    """Read and check every prompt, including the user's. Raises SettingsError with file and line of the first error."""
    packaged = _packaged(settings.language)
    own = {} if settings.dir is None else _own(settings.dir)
    for template in own.values():
        known = packaged.get(template.name)
        if known is None:
            there = ", ".join(sorted(packaged))
            line = line_of(template.text, r"(?m)^name:")
            raise wrong(template.origin, line, f"there is no prompt {template.name!r} to replace; there are {there}.")
        require_variables(template, known.variables)
    chosen = {name: own.get(f"{name}.{settings.language}") or own.get(name) or packaged[name] for name in packaged}
    return Prompts(chosen)


def _packaged(language: str) -> dict[str, PromptTemplate]:
    """The prompts of the package by name, in `language` if they exist in it."""
    found: dict[str, PromptTemplate] = {}
    texts = {
        entry.name.removesuffix(_SUFFIX): entry.read_text("utf-8")
        for entry in files("tg_parser.llm").joinpath("prompts").iterdir()
        if entry.name.endswith(_SUFFIX)
    }
    for key in sorted(texts):
        name, tongue = _named(key)
        if tongue == "en":
            chosen = f"{name}.{language}" if f"{name}.{language}" in texts else key
            found[name] = parse_prompt(texts[chosen], f"{_PACKAGE}{chosen}{_SUFFIX}")
    return found


def _own(folder: Path) -> dict[str, PromptTemplate]:
    """The prompts of a user's folder by file name."""
    if not folder.is_dir():
        raise SettingsError(f"PROMPTS_DIR: there is no folder {str(folder)!r}.", "Create it, or unset the variable.")
    found: dict[str, PromptTemplate] = {}
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        key = path.name.removesuffix(_SUFFIX)
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise wrong(str(path), None, f"it cannot be read: {error}.") from error
        found[key] = template = parse_prompt(text, str(path))
        if template.name != _named(key)[0]:
            line = line_of(template.text, r"(?m)^name:")
            raise wrong(str(path), line, f"its name is {template.name!r}, and its file's is {_named(key)[0]!r}.")
    return found


def _named(key: str) -> tuple[str, str]:
    """The name and the language in a file name without its ending."""
    name, dot, language = key.rpartition(".")
    return (name, language) if dot and language in LANGUAGES else (key, "en")
