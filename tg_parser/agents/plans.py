"""Plans: which agent does what, in which order, with which options. Data in YAML files beside this one."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tg_parser.agents.agent import Agent, OptionValue
from tg_parser.domain.errors import SettingsError
from tg_parser.domain.problems import in_words


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Step(_Strict):
    """One handoff to one agent."""

    name: str = Field(min_length=1)
    agent: str = Field(min_length=1)
    needs: tuple[str, ...] = ()
    options: dict[str, OptionValue] = Field(default_factory=dict)


class Plan(_Strict):
    """Steps in order; a step comes after those that it needs."""

    name: str = Field(min_length=1)
    description: str
    steps: tuple[Step, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        above: set[str] = set()
        for step in self.steps:
            if step.name in above:
                raise ValueError(f"the step {step.name!r} appears twice")
            if missing := sorted(set(step.needs) - above):
                raise ValueError(f"the step {step.name!r} needs {missing[0]!r}, which does not come before it")
            above.add(step.name)
        return self

    def require_agents(self, agents: Mapping[str, Agent]) -> None:
        """Refuse a plan with unknown agents, or with options that they do not have. Raises SettingsError."""
        for step in self.steps:
            if step.agent not in agents:
                known = ", ".join(sorted(agents))
                raise SettingsError(f"Plan {self.name!r}: there is no agent {step.agent!r}.", f"Known agents: {known}.")
            if unknown := sorted(step.options.keys() - agents[step.agent].options):
                raise SettingsError(f"Plan {self.name!r}: {step.agent!r} has no option {unknown[0]!r}.")


def parse_plan(text: str, origin: str) -> Plan:
    """The plan in `text`. Raises SettingsError that names `origin`."""
    try:
        return Plan.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise SettingsError(f"Plan {origin} is not valid YAML: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the plan"
        raise SettingsError(f"Plan {origin}: {place}: {in_words(first)}.") from error


def packaged_plan(name: str) -> Plan:
    """The plan called `name` that comes with the package."""
    file = files("tg_parser.agents").joinpath("plans", f"{name}.yaml")
    return parse_plan(file.read_text("utf-8"), f"{name}.yaml")
