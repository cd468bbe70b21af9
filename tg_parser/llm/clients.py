"""Models over HTTP: one client for each address, opened when it is first needed and closed in order.

The packages of the providers would try again on their own; that is switched off, so that every call is counted once.
"""

from __future__ import annotations

from collections.abc import Callable

import httpx2
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI
from pydantic_ai.models import Model
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.google import GoogleModel
from pydantic_ai.models.ollama import OllamaModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.profiles import ModelProfile, merge_profile
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.google import GoogleProvider
from pydantic_ai.providers.ollama import OllamaProvider
from pydantic_ai.providers.openai import OpenAIProvider

from tg_parser import __version__
from tg_parser.config.llm_settings import LlmSettings
from tg_parser.llm.choice import ModelChoice
from tg_parser.llm.parameters import profile_for, speaks_responses

_CONNECT_SECONDS = 10.0
_NO_KEY = "none"
"""What is sent where no key is needed; the packages insist on one."""

_OPENAI, _ANTHROPIC = "https://api.openai.com/v1", "https://api.anthropic.com"
"""Said here, because the packages would read other variables than ours."""

HeaderListener = Callable[[httpx2.Headers], None]


def http_client(llm: LlmSettings, listener: HeaderListener) -> httpx2.AsyncClient:
    """A client whose every answer shows its headers to `listener`. Proxies are those of the environment."""

    async def told(response: httpx2.Response) -> None:
        listener(response.headers)

    return httpx2.AsyncClient(
        timeout=httpx2.Timeout(llm.timeout, connect=min(_CONNECT_SECONDS, llm.timeout)),
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=None),
        headers={"User-Agent": f"TG_parser/{__version__}"},
        event_hooks={"response": [told]},
    )


def provider_model(llm: LlmSettings, choice: ModelChoice, http: httpx2.AsyncClient) -> Model:
    """The model of a choice, over `http`."""
    return _MAKERS[choice.provider](llm, choice, http)


def _openai(llm: LlmSettings, choice: ModelChoice, http: httpx2.AsyncClient) -> Model:
    provider = OpenAIProvider(openai_client=_openai_client(choice, http))
    profile = _profile(llm, choice, provider.model_profile(choice.model))
    if speaks_responses(choice):
        return OpenAIResponsesModel(choice.model, provider=provider, profile=profile)
    return OpenAIChatModel(choice.model, provider=provider, profile=profile)


def _ollama(llm: LlmSettings, choice: ModelChoice, http: httpx2.AsyncClient) -> Model:
    provider = OllamaProvider(openai_client=_openai_client(choice, http))
    return OllamaModel(
        choice.model, provider=provider, profile=_profile(llm, choice, provider.model_profile(choice.model))
    )


def _anthropic(llm: LlmSettings, choice: ModelChoice, http: httpx2.AsyncClient) -> Model:
    address = choice.base_url or _ANTHROPIC
    client = AsyncAnthropic(
        api_key=choice.key or _NO_KEY, base_url=address, http_client=http, max_retries=0, timeout=llm.timeout
    )
    provider = AnthropicProvider(anthropic_client=client)
    return AnthropicModel(
        choice.model, provider=provider, profile=_profile(llm, choice, provider.model_profile(choice.model))
    )


def _gemini(llm: LlmSettings, choice: ModelChoice, http: httpx2.AsyncClient) -> Model:
    provider = GoogleProvider(api_key=choice.key or _NO_KEY, base_url=choice.base_url, http_client=http)
    return GoogleModel(
        choice.model, provider=provider, profile=_profile(llm, choice, provider.model_profile(choice.model))
    )


_MAKERS: dict[str, Callable[[LlmSettings, ModelChoice, httpx2.AsyncClient], Model]] = {
    "openai": _openai,
    "anthropic": _anthropic,
    "gemini": _gemini,
    "ollama": _ollama,
}


def _openai_client(choice: ModelChoice, http: httpx2.AsyncClient) -> AsyncOpenAI:
    address = choice.base_url or _OPENAI
    return AsyncOpenAI(
        api_key=choice.key or _NO_KEY, base_url=address, http_client=http, max_retries=0, timeout=http.timeout
    )


def _profile(llm: LlmSettings, choice: ModelChoice, known: ModelProfile | None) -> ModelProfile:
    return merge_profile(known, profile_for(llm, choice))
