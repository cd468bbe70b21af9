"""Health of the language model's provider, checked regularly if configured."""

from __future__ import annotations

import time

from tg_parser.config.llm_settings import LlmSettings
from tg_parser.config.observability_settings import ObservabilitySettings
from tg_parser.domain.errors import TgParserError
from tg_parser.llm.choice import chosen_provider
from tg_parser.llm.reachability import require_answer
from tg_parser.services.cached import CachedValue
from tg_parser.services.views.health import ProviderHealth


class LlmProvider:
    """Checks the provider as HEALTH_LLM_CHECK says."""

    def __init__(self, llm: LlmSettings, settings: ObservabilitySettings) -> None:
        self._llm = llm
        self._settings = settings
        self._checked = CachedValue(self._asked, settings.llm_kept)

    async def health(self) -> ProviderHealth:
        """Return the result of the last check, or just the provider's name if checks are off."""
        provider = chosen_provider(self._llm)
        if provider == "local":
            return ProviderHealth(name=provider, status="offline", latency_ms=None, problem=None)
        if not self._settings.llm_check:
            return ProviderHealth(name=provider, status="unchecked", latency_ms=None, problem=None)
        return await self._checked.get()

    async def _asked(self) -> ProviderHealth:
        name, began = chosen_provider(self._llm), time.perf_counter()
        try:
            await require_answer(self._llm, self._settings.llm_timeout)
        except TgParserError as error:
            return ProviderHealth(name=name, status="failed", latency_ms=None, problem=error.message)
        taken = round((time.perf_counter() - began) * 1000, 2)
        return ProviderHealth(name=name, status="ok", latency_ms=taken, problem=None)
