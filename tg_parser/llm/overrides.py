"""What a command says about models, laid over the settings for one run. Nothing heavy is imported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tg_parser.config.llm_settings import Provider
from tg_parser.config.settings import Settings
from tg_parser.llm.choice import chosen_provider


@dataclass(frozen=True, slots=True)
class ModelUse:
    """What is left open is as the settings have it. `max_cost` is in dollars; `fresh` asks again what is kept."""

    provider: Provider | None = None
    model: str | None = None
    max_cost: float | None = None
    fresh: bool = False

    def applied(self, settings: Settings) -> Settings:
        """`settings` for this run. Models that were set for another provider do not count."""
        llm: dict[str, Any] = {}
        if self.provider is not None:
            llm["provider"] = self.provider
        if self.model is not None or (self.provider or chosen_provider(settings.llm)) != chosen_provider(settings.llm):
            llm |= {"model": self.model, "model_processing": None, "model_topics": None}
        money: dict[str, Any] = {"cache_read": False} if self.fresh else {}
        if self.max_cost is not None:
            money["max_cost"] = self.max_cost
        changed = {
            "llm": settings.llm.model_copy(update=llm),
            "llm_money": settings.llm_money.model_copy(update=money),
        }
        return settings.model_copy(update=changed)
