"""Models over HTTP: one client for each address, opened when it is first needed and closed in order.

The packages of the providers would try again on their own; that is switched off, so that every call is counted once.
"""

from __future__ import annotations

from collections.abc import Callable

import httpx2
from pydantic_ai.models import Model

from tg_parser import __version__
from tg_parser.config.llm_settings import LlmSettings
from tg_parser.llm.choice import ModelChoice

_CONNECT_SECONDS = 10.0

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
    # The packages of the providers take up to two seconds to load, so only the chosen one's is.
    if choice.provider == "anthropic":
        from tg_parser.llm.clients_anthropic import anthropic_model  # noqa: PLC0415

        return anthropic_model(llm, choice, http)
    if choice.provider == "gemini":
        from tg_parser.llm.clients_gemini import gemini_model  # noqa: PLC0415

        return gemini_model(llm, choice, http)
    from tg_parser.llm.clients_openai import ollama_model, openai_model  # noqa: PLC0415

    return ollama_model(llm, choice, http) if choice.provider == "ollama" else openai_model(llm, choice, http)
