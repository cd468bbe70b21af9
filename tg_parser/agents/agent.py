"""The agent interface: what an agent is, and how it works on its assignments."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tg_parser.domain.agents import AgentCard, JsonObject

OptionValue = bool | int | float | str


@dataclass(frozen=True, slots=True)
class Done:
    """The result of a step: `value` for the caller of the run, `facts` for the history."""

    value: Any
    facts: JsonObject


@dataclass(frozen=True, slots=True)
class Assignment:
    """A step of a plan: its options, the input of the run, and the results of earlier steps."""

    step: str
    inputs: Mapping[str, Any]
    options: Mapping[str, OptionValue] = field(default_factory=dict)
    done: Mapping[str, Done] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Agent:
    """Carries out steps of plans, with the `options` it knows."""

    card: AgentCard
    work: Callable[[Assignment], Awaitable[Done]]
    options: frozenset[str] = frozenset()
