"""Base classes of the views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from tg_parser.domain.errors import TgParserError

HintOf = Callable[[TgParserError], str | None]
"""Returns an interface's hint for an error."""


class View(BaseModel):
    """A result, or a part of one, whose form is a documented contract."""

    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True, defer_build=True)

    @classmethod
    def copied_from(cls, result: Any) -> Self:
        """Return a view with the attributes of the same name."""
        return cls.model_validate(result)


class SparseView(View):
    """A view that omits the keys of values that were not set."""

    @model_serializer(mode="wrap")
    def _stated(self, as_usual: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in as_usual(self).items() if name in self.model_fields_set}


class FailedView(SparseView):
    """A view of something that may have failed; it then has the error, a hint, and its code and data for programs."""

    error: str | None = None
    hint: str | None = None
    code: str | None = None
    data: dict[str, Any] = Field(default_factory=dict)


def failure(error: TgParserError | None, hint_of: HintOf) -> dict[str, Any]:
    """Return the fields of a FailedView; empty if nothing failed."""
    if error is None:
        return {}
    return {"error": error.message, "hint": hint_of(error), "code": error.code, "data": error.data}
