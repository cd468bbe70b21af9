"""What the wrappers around a model cost: nothing but their own work."""

from __future__ import annotations

import pytest
from pydantic_ai.models.wrapper import WrapperModel

from tg_parser.llm.models.cached import Cached
from tg_parser.llm.models.concurrency_limited import ConcurrencyLimited
from tg_parser.llm.models.endpoint import Endpoint
from tg_parser.llm.models.fallback import Fallback
from tg_parser.llm.models.layer import Layer
from tg_parser.llm.models.priced import Priced
from tg_parser.llm.models.rate_limited import Limited
from tg_parser.llm.models.retrying import Retrying


@pytest.mark.parametrize("kind", [Cached, ConcurrencyLimited, Endpoint, Fallback, Limited, Priced, Retrying])
def test_a_wrapper_does_not_repeat_what_the_innermost_model_does(kind: type[WrapperModel]) -> None:
    """pydantic-ai wraps the `request` of every class of models, which is seven times for each call to a provider."""
    assert kind.request is Layer.request
    assert not hasattr(kind.request, "__wrapped__")
