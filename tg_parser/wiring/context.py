"""What is specific to one run: models, spending limit, progress reporter."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tg_parser.config.llm_settings import Provider
from tg_parser.config.settings import Settings
from tg_parser.domain.progress import ReportProgress, silent
from tg_parser.domain.utc_time import utc_now
from tg_parser.llm.choice import chosen_provider
from tg_parser.llm.spending.ledger import new_run_id


@dataclass(frozen=True, slots=True)
class RunContext:
    """Options of a run; missing values come from the settings.

    `max_cost` limits this run only, in dollars; `fresh` asks a model again even if its answer is cached.
    """

    provider: Provider | None = None
    model: str | None = None
    max_cost: float | None = None
    fresh: bool = False
    report: ReportProgress = silent
    run_id: str = field(default_factory=lambda: new_run_id(utc_now()))

    def applied(self, settings: Settings) -> Settings:
        """Return `settings` for this run. Models and an address that were set for another provider are ignored."""
        llm: dict[str, Any] = {}
        if self.provider is not None:
            llm["provider"] = self.provider
            if settings.llm.provider not in {None, self.provider}:
                llm["base_url"] = None
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
