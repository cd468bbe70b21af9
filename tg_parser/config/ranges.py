"""Describes the allowed values of a setting, and what is wrong with a value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_settings import BaseSettings

from tg_parser.config.groups import FORM, UNREADABLE

_KINDS = {"boolean": "true or false", "integer": "a whole number", "number": "a number"}
_OWN_WORDS = "Value error, "


def variable_range(field: Any) -> str:
    """Return the allowed values of a setting in words; empty if all are allowed."""
    if form := (field.json_schema_extra or {}).get(FORM):
        return str(form)
    schema = dict(_range_schema(field))
    if "enum" in schema:
        return ", ".join(str(value) for value in schema["enum"])
    if schema.get("minLength"):
        return "not empty"
    return number_range(
        schema.get("minimum"), schema.get("maximum"), above=schema.get("exclusiveMinimum")
    ) or _KINDS.get(schema.get("type", ""), "")


def number_range(low: float | None, high: float | None, *, above: float | None = None) -> str:
    """Return `1 to 10`, `1 or more`, `more than 0, up to 9`; empty without limits."""
    if above is not None:
        return f"more than {above}" + (f", up to {high}" if high is not None else "")
    if low is None:
        return "" if high is None else f"up to {high}"
    return f"{low} or more" if high is None else f"{low} to {high}"


def refusal(name: str, value: str, allowed: str) -> str:
    """Return a sentence saying that the value of a setting or option is not allowed."""
    return f"{name}: {value} is not allowed" + (f" (allowed: {allowed})." if allowed else ".")


def problems_of(group: type[BaseSettings], error: ValidationError) -> Iterator[str]:
    """Yield a sentence for each wrong variable; values of secrets are not shown."""
    fields = {field.validation_alias: field for field in group.model_fields.values()}
    for item in error.errors():
        variable = str(item["loc"][0]) if item["loc"] else _sentence(group)
        field = fields.get(variable)
        if str(item["msg"]).startswith(_OWN_WORDS):
            yield f"{variable}: {str(item['msg']).removeprefix(_OWN_WORDS)}"
            continue
        if item["type"] == UNREADABLE:
            yield f"{variable}: its value is not allowed: {item['msg']}."
            continue
        secret = field is None or "Secret" in str(field.annotation)
        yield refusal(variable, "its value" if secret else repr(item["input"]), variable_range(field) if field else "")


def _sentence(group: type[BaseSettings]) -> str:
    return (group.__doc__ or "").strip().rstrip(".")


def _range_schema(field: Any) -> dict[str, Any]:
    schema = TypeAdapter(field.rebuild_annotation()).json_schema()
    return next((part for part in schema.get("anyOf", ()) if part.get("type") != "null"), schema)
