"""Models of OpenAI, of Ollama, and of every server that speaks OpenAI's format."""

from __future__ import annotations

import httpx2
from openai import AsyncOpenAI
from pydantic_ai.models import Model
from pydantic_ai.models.ollama import OllamaModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.ollama import OllamaProvider
from pydantic_ai.providers.openai import OpenAIProvider

from tg_parser.config.llm_settings import LlmSettings
from tg_parser.llm.choice import ModelChoice
from tg_parser.llm.models.parameters import profile_of, speaks_responses
from tg_parser.llm.models.prepared_once import PreparedOnce

_ADDRESS = "https://api.openai.com/v1"
"""Said here, because the package would read other variables than ours."""


class _Responses(PreparedOnce, OpenAIResponsesModel): ...


class _Chat(PreparedOnce, OpenAIChatModel): ...


class _Ollama(PreparedOnce, OllamaModel): ...


def openai_model(llm: LlmSettings, choice: ModelChoice, http: httpx2.AsyncClient) -> Model:
    """The Responses API if the model needs it, else Chat Completions."""
    provider = OpenAIProvider(openai_client=_client(choice, http))
    profile = profile_of(llm, choice, provider.model_profile(choice.model))
    if speaks_responses(choice):
        return _Responses(choice.model, provider=provider, profile=profile)
    return _Chat(choice.model, provider=provider, profile=profile)


def ollama_model(llm: LlmSettings, choice: ModelChoice, http: httpx2.AsyncClient) -> Model:
    """Ollama speaks OpenAI's format, with peculiarities."""
    provider = OllamaProvider(openai_client=_client(choice, http))
    profile = profile_of(llm, choice, provider.model_profile(choice.model))
    return _Ollama(choice.model, provider=provider, profile=profile)


def _client(choice: ModelChoice, http: httpx2.AsyncClient) -> AsyncOpenAI:
    address = choice.base_url or _ADDRESS
    return AsyncOpenAI(api_key=choice.sent_key, base_url=address, http_client=http, max_retries=0, timeout=http.timeout)
