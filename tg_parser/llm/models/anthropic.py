"""Models of Anthropic."""

from __future__ import annotations

import httpx2
from anthropic import AsyncAnthropic
from pydantic_ai.models import Model
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.providers.anthropic import AnthropicProvider

from tg_parser.config.llm_settings import LlmSettings
from tg_parser.llm.choice import ModelChoice
from tg_parser.llm.models.parameters import profile_of
from tg_parser.llm.models.prepared_once import PreparedOnce

_ADDRESS = "https://api.anthropic.com"
"""Said here, because the package would read other variables than ours."""


class _Anthropic(PreparedOnce, AnthropicModel): ...


def anthropic_model(llm: LlmSettings, choice: ModelChoice, http: httpx2.AsyncClient) -> Model:
    """The Messages API."""
    address = choice.base_url or _ADDRESS
    client = AsyncAnthropic(
        api_key=choice.sent_key, base_url=address, http_client=http, max_retries=0, timeout=llm.timeout
    )
    provider = AnthropicProvider(anthropic_client=client)
    profile = profile_of(llm, choice, provider.model_profile(choice.model))
    return _Anthropic(choice.model, provider=provider, profile=profile)
