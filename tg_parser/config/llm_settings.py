"""Language models: which one is used, how fast it may be called, and what it may cost."""

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
    """The model that analyses messages and names topics; without a provider or a key both are done offline."""

    provider: Annotated[Provider | None, _Lower] = _env(
        "LLM_PROVIDER", None, "Who answers; unset, the provider whose key is set, else `local`: offline, no key."
    )
    model: str | None = _env("LLM_MODEL", None, "Model of every stage; unset, a fitting one of the provider.")
    model_processing: str | None = _env("LLM_MODEL_PROCESSING", None, "Another model for messages.")
    model_topics: str | None = _env("LLM_MODEL_TOPICS", None, "Another model for topics.")
    fallback: str | None = _env(
        "LLM_FALLBACK",
        None,
        "Models that answer when those before them cannot: `provider:model`, several with commas between them.",
    )
    base_url: str | None = _env(
        "LLM_BASE_URL",
        None,
        "Address of the provider's API, or of any that speaks OpenAI's.",
        pattern=r"^https?://\S+$",
        form=WEB_ADDRESS,
    )
    proxy: Annotated[SecretStr | None, readable_by(parse_proxy)] = _env(
        "LLM_PROXY",
        None,
        f"Proxy to reach the provider through: {PROXY_FORM}; unset, those of HTTPS_PROXY and its like.",
    )
    openai_api_key: SecretStr | None = _env("OPENAI_API_KEY", None, "Key for `openai`.")
    anthropic_api_key: SecretStr | None = _env("ANTHROPIC_API_KEY", None, "Key for `anthropic`.")
    gemini_api_key: SecretStr | None = _env("GEMINI_API_KEY", None, "Key for `gemini`.")
    ollama_base_url: str = _env(
        "OLLAMA_BASE_URL",
        "http://localhost:11434",
        "Where Ollama listens.",
        pattern=r"^https?://\S+$",
        form=WEB_ADDRESS,
    )
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high"] | None = _env(
        "LLM_REASONING_EFFORT", None, "How long models that reason think; unset, as the provider has it."
    )
    verbosity: Literal["low", "medium", "high"] | None = _env(
        "LLM_VERBOSITY", None, "How much OpenAI's gpt-5 models say."
    )
    temperature: float = _env("LLM_TEMPERATURE", 0.0, "Chance in the answers; 0 is none.", ge=0, le=2)
    max_tokens: int = _env("LLM_MAX_TOKENS", 4096, "Longest answer, tokens.", ge=64, le=200_000)
    timeout: float = _env("LLM_TIMEOUT", 60.0, "Seconds to wait for an answer.", gt=0, le=3600)
    output_mode: Literal["auto", "tool", "native", "prompted"] = _env(
        "LLM_OUTPUT_MODE", "auto", "How an answer of the wanted shape is asked for; `auto`, as suits the model."
    )
    max_input_chars: int = _env(
        "LLM_MAX_INPUT_CHARS",
        24_000,
        "Characters of one message that are sent; a longer one is cut, with a note.",
        ge=500,
        le=1_000_000,
    )
    batch_size: int = _env("LLM_BATCH_SIZE", 1, "Short messages that share one call.", ge=1, le=50)
    faithfulness: float = _env(
        "LLM_MIN_FAITHFULNESS",
        0.9,
        "Least share of the clean text's words that must stand in the message; below it the answer is asked for again.",
        ge=0,
        le=1,
    )


class LlmLimitSettings(_Group):
    """How fast models are called, and how long a run waits for calls in progress."""

    requests_per_minute: int | None = _env("LLM_REQUESTS_PER_MINUTE", None, "Calls a minute at most.", ge=1)
    tokens_per_minute: int | None = _env("LLM_TOKENS_PER_MINUTE", None, "Tokens a minute at most.", ge=1)
    max_wait: float = _env(
        "LLM_MAX_WAIT", 300.0, "Longest wait, seconds, asked for by a provider that is sat out.", ge=0, le=86_400
    )
    shutdown_wait: float = _env(
        "LLM_SHUTDOWN_WAIT", 30.0, "Seconds that Ctrl-C waits for running calls, which are paid for.", ge=0, le=600
    )


class LlmMoneySettings(_Group):
    """What may be spent on models, and the cache that saves paying twice."""

    max_cost: float | None = _env("LLM_MAX_COST", None, "US dollars a run at most; `--max-cost` for one run.", ge=0)
    monthly_budget: float | None = _env("LLM_MONTHLY_BUDGET", None, "US dollars a calendar month (UTC) at most.", ge=0)
    allow_unknown_price: bool = _env(
        "LLM_ALLOW_UNKNOWN_PRICE", False, "Let models of unknown price answer although a cap is set."
    )
    price_input: float | None = _env(
        "LLM_PRICE_INPUT",
        None,
        "Your price of a million tokens sent, US dollars, for models that are in no list.",
        ge=0,
    )
    price_output: float | None = _env(
        "LLM_PRICE_OUTPUT", None, "Your price of a million tokens answered, US dollars.", ge=0
    )
    cache: bool = _env("LLM_CACHE", True, "Keep answers, so that the same question is not paid for twice.")
    cache_read: bool = _env(
        "LLM_CACHE_READ", True, "Serve the answers that are kept; `--no-cache` does not, for one run."
    )


class PromptSettings(_Group):
    """The prompts."""

    dir: Path | None = _env("PROMPTS_DIR", None, "Folder with your own prompt files; one here replaces its namesake.")
    language: Literal["en", "ru"] = _env(
        "PROMPT_LANGUAGE", "en", "Language of the instructions; answers are in the language of each message."
    )
