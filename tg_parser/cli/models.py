"""What commands say of language models: which one is asked, and what it has cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tg_parser.cli.stderr import say

if TYPE_CHECKING:
    from tg_parser.config.llm_settings import Provider
    from tg_parser.llm.overrides import ModelUse
    from tg_parser.wiring.app import App


def model_use(
    provider: Provider | None, model: str | None = None, max_cost: float | None = None, *, fresh: bool = False
) -> ModelUse:
    """The options of a command as one value."""
    from tg_parser.llm.overrides import ModelUse

    return ModelUse(provider, model, max_cost, fresh)


def say_who_reads(app: App) -> None:
    """Say on stderr that the work is done offline, where nobody has chosen that."""
    if app.models.is_offline and app.settings.llm.provider is None:
        say("No key of a language model is set: working offline (--provider local says so without this line).")


def spending_facts(app: App) -> dict[str, Any] | None:
    """What the models of this run were asked and cost, unknown prices as null; None offline."""
    from dataclasses import asdict

    from tg_parser.services.costs import cost_line

    if app.models.is_offline:
        return None
    line = asdict(cost_line("", app.models.ledger.spent))
    del line["label"]
    return line


def spending_lines(facts: dict[str, Any] | None) -> list[tuple[str, object]]:
    """The same for people."""
    from tg_parser.cli.commands.costs import dollars_text

    if facts is None:
        return []
    return [
        ("calls", facts["calls"]),
        ("from cache", facts["cached_answers"] or None),
        ("tokens", f"{facts['input_tokens']} sent, {facts['output_tokens']} answered"),
        ("cost", dollars_text(facts["cost_usd"])),
        ("price unknown", f"{facts['unknown_price_calls']} calls" if facts["unknown_price_calls"] else None),
    ]
