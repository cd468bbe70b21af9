"""Models that prepare what they send beside the messages once a prompt, where pydantic-ai does it for every call."""

from __future__ import annotations

from functools import cached_property

from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.settings import ModelSettings

_MOST_KEPT = 64

Prepared = tuple[ModelSettings | None, ModelRequestParameters]


class PreparedOnce(Model):
    """To be inherited before a provider's model. The same objects, not equal ones, are known again."""

    def prepare_request(
        self, model_settings: ModelSettings | None, model_request_parameters: ModelRequestParameters
    ) -> Prepared:
        """See Model. What was asked is kept beside the answer, so that no other object gets its id."""
        key = id(model_settings), id(model_request_parameters)
        if key not in self._known:
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            asked = model_settings, model_request_parameters
            self._known[key] = asked, super().prepare_request(*asked)
        settings, parameters = self._known[key][1]
        return settings and settings.copy(), parameters

    @cached_property
    def _known(self) -> dict[tuple[int, int], tuple[Prepared, Prepared]]:
        return {}
