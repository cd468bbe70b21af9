"""Settings of language models: provider, models, rate limits and spending limits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, SecretStr

from tg_parser.config.groups import WEB_ADDRESS, readable_by
from tg_parser.config.groups import SettingsGroup as _Group
from tg_parser.config.groups import setting as _env
from tg_parser.config.proxies import PROXY_FORM, parse_proxy

Provider = Literal["openai", "anthropic", "gemini", "ollama", "local"]
_Lower = BeforeValidator(lambda value: value.strip().lower() if isinstance(value, str) else value)


class LlmSettings(_Group):
    """Language model for messages and topics; without a provider or a key, the program works offline."""

    provider: Annotated[Provider | None, _Lower] = _env(
        "LLM_PROVIDER", None, "Provider; unset, the one whose key is set, else `local`: offline, without a key."
    )
    model: str | None = _env("LLM_MODEL", None, "Model for all stages; unset, a suitable one of the provider.")
    model_processing: str | None = _env("LLM_MODEL_PROCESSING", None, "Different model for messages.")
    model_topics: str | None = _env("LLM_MODEL_TOPICS", None, "Different model for topics.")
    fallback: str | None = _env(
        "LLM_FALLBACK",
        None,
        "Models to fall back to, in this order: `provider:model`, separated by commas.",
    )
    base_url: str | None = _env(
        "LLM_BASE_URL",
        None,
        "Address of the provider's API, or of any OpenAI-compatible API.",
        pattern=r"^https?://\S+$",
        form=WEB_ADDRESS,
    )
    proxy: Annotated[SecretStr | None, readable_by(parse_proxy)] = _env(
        "LLM_PROXY",
        None,
        f"Proxy for the provider: {PROXY_FORM}; unset, HTTPS_PROXY and the like are used.",
    )
    openai_api_key: SecretStr | None = _env("OPENAI_API_KEY", None, "Key for `openai`.")
    anthropic_api_key: SecretStr | None = _env("ANTHROPIC_API_KEY", None, "Key for `anthropic`.")
    gemini_api_key: SecretStr | None = _env("GEMINI_API_KEY", None, "Key for `gemini`.")
    ollama_base_url: str = _env(
        "OLLAMA_BASE_URL",
        "http://localhost:11434",
        "Address of Ollama.",
        pattern=r"^https?://\S+$",
        form=WEB_ADDRESS,
    )
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high"] | None = _env(
        "LLM_REASONING_EFFORT", None, "How long reasoning models think; unset, the provider's default."
    )
    verbosity: Literal["low", "medium", "high"] | None = _env(
        "LLM_VERBOSITY", None, "Verbosity of OpenAI's gpt-5 models."
    )
    temperature: float = _env("LLM_TEMPERATURE", 0.0, "Randomness of answers; 0 for none.", ge=0, le=2)
    max_tokens: int = _env("LLM_MAX_TOKENS", 4096, "Maximum length of an answer, tokens.", ge=64, le=200_000)
    timeout: float = _env("LLM_TIMEOUT", 60.0, "Seconds to wait for an answer.", gt=0, le=3600)
    output_mode: Literal["auto", "tool", "native", "prompted"] = _env(
        "LLM_OUTPUT_MODE", "auto", "How structured output is requested; `auto` chooses by model."
    )
    max_input_chars: int = _env(
        "LLM_MAX_INPUT_CHARS",
        24_000,
        "Characters of a message that are sent; longer messages are cut, which is noted.",
        ge=500,
        le=1_000_000,
    )
    batch_size: int = _env("LLM_BATCH_SIZE", 1, "Short messages sent in one call.", ge=1, le=50)
    faithfulness: float = _env(
        "LLM_MIN_FAITHFULNESS",
        0.9,
        "Minimum share of the cleaned text's words that occur in the message; below it, the model is asked again.",
        ge=0,
        le=1,
    )


class LlmLimitSettings(_Group):
    """Rate limits of models, and how long a run waits for open calls."""

    requests_per_minute: int | None = _env("LLM_REQUESTS_PER_MINUTE", None, "Maximum calls per minute.", ge=1)
    tokens_per_minute: int | None = _env("LLM_TOKENS_PER_MINUTE", None, "Maximum tokens per minute.", ge=1)
    max_wait: float = _env(
        "LLM_MAX_WAIT", 300.0, "Longest wait requested by a provider that is accepted, seconds.", ge=0, le=86_400
    )
    shutdown_wait: float = _env(
        "LLM_SHUTDOWN_WAIT", 30.0, "Seconds to wait for open calls after Ctrl-C, since they are paid for.", ge=0, le=600
    )


class LlmMoneySettings(_Group):
    """Spending limits of models, and the cache that avoids paying twice."""

    max_cost: float | None = _env("LLM_MAX_COST", None, "Maximum US dollars per run, like `--max-cost`.", ge=0)
    monthly_budget: float | None = _env(
        "LLM_MONTHLY_BUDGET", None, "Maximum US dollars per calendar month (UTC).", ge=0
    )
    allow_unknown_price: bool = _env(
        "LLM_ALLOW_UNKNOWN_PRICE", False, "Let models of unknown price answer although a cap is set."
    )
    price_input: float | None = _env(
        "LLM_PRICE_INPUT",
        None,
        "Your price of a million input tokens, US dollars, for models without a known price.",
        ge=0,
    )
    price_output: float | None = _env(
        "LLM_PRICE_OUTPUT", None, "Your price of a million output tokens, US dollars.", ge=0
    )
    cache: bool = _env("LLM_CACHE", True, "Store answers, so that the same question is not paid for twice.")
    cache_read: bool = _env("LLM_CACHE_READ", True, "Use stored answers; `--no-cache` turns this off for one run.")


class PromptSettings(_Group):
    """Prompts."""

    dir: Path | None = _env(
        "PROMPTS_DIR", None, "Folder with your own prompt files, which replace those of the same name."
    )
    language: Literal["en", "ru"] = _env(
        "PROMPT_LANGUAGE", "en", "Language of the instructions; answers are in the language of each message."
    )
