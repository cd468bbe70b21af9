"""What all views have in common."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer


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
