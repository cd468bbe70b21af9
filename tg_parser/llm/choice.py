"""Decides which models answer (pure): from settings to a chain of names, addresses and keys. Imports nothing heavy.

Nobody has to name a provider: the one whose key is set answers, or the server at LLM_BASE_URL, else there is none and
the work is done offline (`local`).
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, field
from typing import Literal

from pydantic import SecretStr

from tg_parser.config.llm_settings import LlmSettings, Provider
from tg_parser.domain.errors import ProviderError

Stage = Literal["processing", "topics", "agents"]

DEFAULT_MODELS = {
    "openai": "gpt-6-luna",
    "anthropic": "claude-haiku-5-5",
    "gemini": "gemini-3.1-flash-lite",
    "ollama": "qwen3:8b",
}
"""Cheap models that are good enough; their prices are known."""

KEY_VARIABLES = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY", "gemini": "GEMINI_API_KEY"}
_PACKAGES = ("pydantic_ai", "openai", "anthropic", "genai_prices")


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """One model of a chain. `base_url` is set unless it is the provider's own address; `key` is empty if none is
    needed.
    """

    provider: str
    model: str
    base_url: str | None = None
    key: str = field(default="", repr=False)

    @property
    def label(self) -> str:
        """The model for people: as LLM_FALLBACK writes it, with its address unless that is the provider's own."""
        at = "" if self.base_url is None else f" at {_shown(self.base_url)}"
        return f"{self.provider}:{self.model}{at}"

    @property
    def sent_key(self) -> str:
        """The key, or a placeholder: the providers' packages insist on one."""
        return self.key or "none"


def chosen_provider(llm: LlmSettings) -> Provider:
    """The provider that answers; `local` if none was chosen and no key is set."""
    if llm.provider is not None:
        return llm.provider
    keys: dict[Provider, SecretStr | None] = {
        "openai": llm.openai_api_key,
        "anthropic": llm.anthropic_api_key,
        "gemini": llm.gemini_api_key,
    }
    with_key = next((provider for provider, key in keys.items() if key), None)
    return with_key or ("openai" if llm.base_url else "local")


def model_chain(llm: LlmSettings, stage: Stage) -> list[ModelChoice]:
    """The model of a stage, then its fallbacks; empty for `local`. Raises ProviderError."""
    provider = chosen_provider(llm)
    if provider == "local":
        return []
    own = {"processing": llm.model_processing, "topics": llm.model_topics, "agents": llm.model_processing}[stage]
    first = _choice(llm, provider, own or llm.model)
    return [first, *(_fallback(llm, text.strip()) for text in (llm.fallback or "").split(",") if text.strip())]


def require_extra() -> None:
    """Raises ProviderError if the packages for providers are not installed."""
    missing = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise ProviderError(
            f"Language models need packages that are not installed: {', '.join(missing)}.",
            "Run make install in the folder of TG_parser, or pip install 'FOLDER[llm]' with that folder or its wheel; "
            "--provider local works without a model.",
        )


def _shown(address: str) -> str:
    """An address without any user name and password in it."""
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


def _fallback(llm: LlmSettings, text: str) -> ModelChoice:
    provider, colon, model = text.partition(":")
    if not colon or not model or provider not in DEFAULT_MODELS:
        raise ProviderError(
            f"LLM_FALLBACK: {text!r} is not a model.",
            f"Use the form provider:model, separated by commas; providers are {', '.join(DEFAULT_MODELS)}.",
        )
    return _choice(llm, provider, model)


def _choice(llm: LlmSettings, provider: str, model: str | None) -> ModelChoice:
    address = _address(llm, provider)
    if provider == "openai" and address is not None and model is None:
        raise ProviderError(f"LLM_MODEL is not set, and the models are unknown at {_shown(address)}.", "Set LLM_MODEL.")
    return ModelChoice(provider, model or DEFAULT_MODELS[provider], address, _key(llm, provider, address))


def address_variable(provider: str) -> str:
    """The setting with the address of `provider`."""
    return "OLLAMA_BASE_URL" if provider == "ollama" else "LLM_BASE_URL"


def _address(llm: LlmSettings, provider: str) -> str | None:
    """LLM_BASE_URL belongs to the chosen provider; fallbacks have their own addresses."""
    given = llm.base_url.rstrip("/") if llm.base_url and provider == chosen_provider(llm) else None
    if provider != "ollama":
        return given
    ollama = given or llm.ollama_base_url.rstrip("/")
    return ollama if ollama.endswith("/v1") else f"{ollama}/v1"


def _key(llm: LlmSettings, provider: str, address: str | None) -> str:
    secret = getattr(llm, f"{provider}_api_key", None)
    key = secret.get_secret_value().strip() if secret else ""
    variable = KEY_VARIABLES.get(provider)
    if not key and variable and address is None:
        raise ProviderError(
            f"{variable} is not set, so {provider} cannot be used.", f"Set {variable}, or choose --provider local."
        )
    if not (key.isascii() and key.isprintable() and " " not in key) and key:
        raise ProviderError(
            f"{variable} contains characters that cannot be part of a key.", "Copy the key again, and nothing else."
        )
    return key
