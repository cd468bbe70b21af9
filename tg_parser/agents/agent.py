"""An agent: what it is, and how it works on what it is handed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tg_parser.domain.agents import AgentCard, JsonObject

OptionValue = bool | int | float | str


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a step: `value` for who asked for the run, `facts` for the history."""

    value: Any
    facts: JsonObject


@dataclass(frozen=True, slots=True)
class Assignment:
    """A step of a plan: its options, what the run was given, and what the steps before it came to."""

    step: str
    inputs: Mapping[str, Any]
    options: Mapping[str, OptionValue] = field(default_factory=dict)
    done: Mapping[str, Done] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Agent:
    """Does steps of plans, with the `options` it knows."""

    card: AgentCard
    work: Callable[[Assignment], Awaitable[Done]]
    options: frozenset[str] = frozenset()
