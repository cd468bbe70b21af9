"""Usage errors in plain words: the option, its value, what is allowed."""

from __future__ import annotations

import re
from typing import Any

_CHOICES = re.compile(r"is not one of (?P<choices>.+?)\.?$", re.DOTALL)
_NUMBERS = {"int_parsing": "a whole number", "int_from_float": "a whole number", "float_parsing": "a number"}


def usage_words(error: Any) -> tuple[str, str]:
    """Return what is wrong and where to find help; `error` is the exception from Typer."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "tg-parser"
    cause: Any = error.__cause__
    problems = cause.errors() if hasattr(cause, "errors") else []
    words = _refused(error, problems[0]) if problems else _full_sentence(error.format_message())
    return words, f"To see how to use it: {command} --help"


def _refused(error: Any, problem: dict[str, Any]) -> str:
    from tg_parser.config.ranges import number_range, refusal

    param = error.param
    name = max(param.opts, key=len) if param is not None and param.opts[0].startswith("-") else _argument(param)
    choices = _CHOICES.search(problem["msg"])
    allowed = choices["choices"].replace("'", "") if choices else ""
    if not allowed and param is not None:
        allowed = number_range(getattr(param, "min", None), getattr(param, "max", None))
        allowed = allowed or _NUMBERS.get(problem["type"], "")
    return refusal(name, repr(problem["input"]), allowed)


def _argument(param: Any) -> str:
    return "an argument" if param is None else (param.metavar or param.name).upper()


def _full_sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!", ")")) else f"{text}."
