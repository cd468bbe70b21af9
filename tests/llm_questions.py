"""Questions that tests ask of language models, over the real chain of wrappers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from llm_servers import LlmServer
from pydantic import BaseModel

from tg_parser.config.llm_settings import LlmLimitSettings, LlmSettings
from tg_parser.config.settings import RetrySettings, Settings
from tg_parser.llm.asking import Llm
from tg_parser.llm.models.connections import Connections
from tg_parser.llm.models.stages import Models
from tg_parser.llm.question import Prompt, Purpose, Question

ENDPOINTS = {
    "chat": ("openai", "gpt-4o-mini"),
    "responses": ("openai", "gpt-6-luna"),
    "anthropic": ("anthropic", "claude-haiku-4-5"),
    "gemini": ("gemini", "gemini-3.1-flash-lite"),
    "ollama": ("ollama", "qwen3:8b"),
    "compatible": ("openai", "mistral-small"),
}
"""Every way a model is spoken to, with a provider and a model that is spoken to so."""


class Reading(BaseModel):
    """A small shape with what schemas are made of."""

    summary: str
    score: float | None
    tags: list[str]


GOOD = {"summary": "Rates rose.", "score": 0.5, "tags": ["rates"]}
PROMPT = Prompt("reading", "sha256:0", "You read messages.", "Rates rose today.")


def question(check: Callable[[Reading], None] | None = None, **parameters: Any) -> Question[Reading]:
    """The sample question; `parameters` are those of its prompt."""
    prompt = Prompt(PROMPT.name, PROMPT.id, PROMPT.system, PROMPT.user, parameters)
    return Question(prompt, Reading, Purpose("processing", "-1001"), check)


def settings_of(llm: LlmSettings, **limits: Any) -> Settings:
    """Settings with short pauses; `limits` by the names of their variables."""
    return Settings(
        llm=llm,
        retry=RetrySettings(_env_file=None, RETRY_BACKOFF_BASE=0.1, RETRY_JITTER=0),
        llm_limits=LlmLimitSettings(_env_file=None, **limits),
    )


@asynccontextmanager
async def open_models(settings: Settings) -> AsyncIterator[Models]:
    """The models that `settings` choose, over connections that end with the block."""
    connections = Connections()
    try:
        yield Models(settings, connections)
    finally:
        await connections.close()


@asynccontextmanager
async def asking(llm: LlmSettings, **limits: Any) -> AsyncIterator[Llm]:
    """The model that `llm` chooses, ready to be asked."""
    settings = settings_of(llm, **limits)
    async with open_models(settings) as models:
        yield Llm(await models.chain("processing"), settings.retry.max_attempts)


def pointed_at(server: LlmServer, endpoint: str, **more: Any) -> LlmSettings:
    """Settings that have `server` asked in the way of an endpoint."""
    provider, model = ENDPOINTS[endpoint]
    return server.settings(provider, model, **more)
