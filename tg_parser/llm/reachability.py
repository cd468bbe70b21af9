"""Whether a provider answers and takes the key: it is asked for its list of models, which costs nothing."""

from __future__ import annotations

from tg_parser import __version__
from tg_parser.config.llm_settings import LlmSettings
from tg_parser.config.proxies import parse_proxy
from tg_parser.domain.errors import ProviderError, ProviderUnavailableError
from tg_parser.llm.choice import ModelChoice, model_chain

_OWN = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com",
    "gemini": "https://generativelanguage.googleapis.com",
}
_LISTS = {"openai": "/models", "ollama": "/models", "anthropic": "/v1/models", "gemini": "/v1beta/models"}
_REFUSED, _BROKEN = (401, 403), 500


async def require_answer(llm: LlmSettings, seconds: float) -> None:
    """Raise ProviderError if the key is refused, ProviderUnavailableError if there is no answer in time."""
    # Only who asks needs it, and it takes a while to load.
    import httpx  # noqa: PLC0415

    choice = model_chain(llm, "processing")[0]
    proxy = parse_proxy(llm.proxy.get_secret_value()).url if llm.proxy else None
    try:
        async with httpx.AsyncClient(proxy=proxy, timeout=seconds) as client:
            response = await client.get(_address(choice), headers=_headers(choice))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        why = "in time" if isinstance(error, httpx.TimeoutException) else f"({type(error).__name__})"
        raise ProviderUnavailableError(f"{choice.label} does not answer {why}.") from error
    if response.status_code in _REFUSED:
        raise ProviderError(f"{choice.label} refuses the key (HTTP {response.status_code}).")
    if response.status_code >= _BROKEN:
        raise ProviderUnavailableError(f"{choice.label} answers with HTTP {response.status_code}.")


def _address(choice: ModelChoice) -> str:
    return (choice.base_url or _OWN[choice.provider]).rstrip("/") + _LISTS[choice.provider]


def _headers(choice: ModelChoice) -> dict[str, str]:
    shown = {"User-Agent": f"TG_parser/{__version__}"}
    if choice.provider == "anthropic":
        return shown | {"x-api-key": choice.sent_key, "anthropic-version": "2023-06-01"}
    if choice.provider == "gemini":
        return shown | {"x-goog-api-key": choice.sent_key}
    return shown | {"Authorization": f"Bearer {choice.sent_key}"}
