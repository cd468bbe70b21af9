"""Models of Google."""

from __future__ import annotations

import httpx2
from pydantic_ai.models import Model
from pydantic_ai.models.google import GoogleModel
from pydantic_ai.providers.google import GoogleProvider

from tg_parser.config.llm_settings import LlmSettings
from tg_parser.llm.choice import ModelChoice
from tg_parser.llm.models.parameters import profile_of
from tg_parser.llm.models.prepared_once import PreparedOnce


class _Gemini(PreparedOnce, GoogleModel): ...


def gemini_model(llm: LlmSettings, choice: ModelChoice, http: httpx2.AsyncClient) -> Model:
    """The generateContent API."""
    provider = GoogleProvider(api_key=choice.sent_key, base_url=choice.base_url, http_client=http)
    profile = profile_of(llm, choice, provider.model_profile(choice.model))
    return _Gemini(choice.model, provider=provider, profile=profile)
