"""Models over HTTP: one client per address, opened on first use and closed in order.

The providers' packages would retry on their own; that is switched off, so that every call is counted once.
"""

from __future__ import annotations

from collections.abc import Callable

import httpx2
import orjson
from pydantic_ai.models import Model

from tg_parser import __version__
from tg_parser.config.llm_settings import LlmSettings
from tg_parser.config.proxies import parse_proxy
from tg_parser.llm.choice import ModelChoice

_CONNECT_SECONDS = 10.0

_ERROR_WITHIN = 2_000
"""How many bytes of a body are searched for an error in place of an answer."""
_ANSWERS = frozenset({"choices", "output", "content", "candidates"})
"""Where the providers' formats put an answer."""
_NO_STATUS = 600

HeaderListener = Callable[[httpx2.Headers], None]


def http_client(llm: LlmSettings, listener: HeaderListener) -> httpx2.AsyncClient:
    """A client that passes the headers of every response to `listener`. Without LLM_PROXY, proxies are those of the
    environment.
    """

    async def pass_headers(response: httpx2.Response) -> None:
        listener(response.headers)
        await show_hidden_error(response)

    return httpx2.AsyncClient(
        proxy=None if llm.proxy is None else parse_proxy(llm.proxy.get_secret_value()).url,
        timeout=httpx2.Timeout(llm.timeout, connect=min(_CONNECT_SECONDS, llm.timeout)),
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=None),
        headers={"User-Agent": f"TG_parser/{__version__}"},
        event_hooks={"response": [pass_headers]},
    )


async def show_hidden_error(response: httpx2.Response) -> None:
    """If a gateway wraps an error in a response with status 200, give it the status that the error names."""
    if response.status_code != httpx2.codes.OK or "json" not in response.headers.get("Content-Type", ""):
        return
    body = await response.aread()
    if b'"error"' not in body[:_ERROR_WITHIN]:
        return
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError:
        return
    error = data.get("error") if isinstance(data, dict) else None
    if isinstance(error, dict | str) and error and not any(map(data.get, _ANSWERS)):
        code = error.get("code") if isinstance(error, dict) else None
        named = isinstance(code, int) and httpx2.codes.BAD_REQUEST <= code < _NO_STATUS
        response.status_code = int(str(code)) if named else httpx2.codes.BAD_GATEWAY


def provider_model(llm: LlmSettings, choice: ModelChoice, http: httpx2.AsyncClient) -> Model:
    """The model of a choice, over `http`."""
    # The providers' packages take up to two seconds to load, so only that of the chosen one is.
    if choice.provider == "anthropic":
        from tg_parser.llm.models.anthropic import anthropic_model  # noqa: PLC0415

        return anthropic_model(llm, choice, http)
    if choice.provider == "gemini":
        from tg_parser.llm.models.gemini import gemini_model  # noqa: PLC0415

        return gemini_model(llm, choice, http)
    from tg_parser.llm.models.openai import ollama_model, openai_model  # noqa: PLC0415

    return ollama_model(llm, choice, http) if choice.provider == "ollama" else openai_model(llm, choice, http)
