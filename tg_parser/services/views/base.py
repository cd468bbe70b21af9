"""What all views have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from tg_parser.domain.errors import TgParserError

HintOf = Callable[[TgParserError], str | None]
"""How an interface says what to do about an error."""


class View(BaseModel):
    """A result, or a part of one, whose form is a contract."""

    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True, defer_build=True)

    @classmethod
    def copied_from(cls, result: Any) -> Self:
        """The view of a result whose facts have the same names."""
        return cls.model_validate(result)


class SparseView(View):
    """A view that shows only what it was given: a fact that nobody stated has no key."""

    @model_serializer(mode="wrap")
    def _stated(self, as_usual: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in as_usual(self).items() if name in self.model_fields_set}


class FailedView(SparseView):
    """A view of what may have failed: then it has the error, what to do, and for programs its code and facts."""

    error: str | None = None
    hint: str | None = None
    code: str | None = None
    data: dict[str, Any] = Field(default_factory=dict)


def failure(error: TgParserError | None, hint_of: HintOf) -> dict[str, Any]:
    """The facts of a FailedView; none where nothing failed."""
    if error is None:
        return {}
    return {"error": error.message, "hint": hint_of(error), "code": error.code, "data": error.data}
