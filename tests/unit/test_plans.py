"""Plans are data: read strictly, and refused where they cannot be run."""

from __future__ import annotations

import pytest

from tg_parser.agents.agent import Agent
from tg_parser.agents.plans import packaged_plan, parse_plan
from tg_parser.domain.agents import AgentCard
from tg_parser.domain.errors import SettingsError


def plan(steps: str) -> str:
    return f"name: test\ndescription: A test.\nsteps:\n{steps}"


def agents(*names: str, options: tuple[str, ...] = ()) -> dict[str, Agent]:
    return {name: Agent(AgentCard(name, "test", "", ()), None, frozenset(options)) for name in names}


def test_packaged_plans_name_their_steps() -> None:
    """The two plans that come with the program, in their order."""
    assert [step.name for step in packaged_plan("process").steps] == ["process", "quality"]
    assert [(step.name, step.agent) for step in packaged_plan("run").steps] == [
        ("ingest", "collector"),
        ("process", "processor"),
        ("topicize", "topicizer"),
        ("curate", "curator"),
        ("export", "exporter"),
        ("quality", "inspector"),
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (plan("  - {name: a, agent: x, needs: [b]}\n  - {name: b, agent: x}"), "needs 'b', which does not come before"),
        (plan("  - {name: a, agent: x}\n  - {name: a, agent: x}"), "'a' appears twice"),
        (plan("  - {name: a, agent: x, wants: []}"), "steps.0.wants: Extra inputs are not permitted"),
        (plan("  - {name: a}"), "steps.0.agent: Field required"),
        (plan(""), "steps"),
        ("steps: [", "is not valid YAML"),
    ],
)
def test_wrong_plan_is_refused(text: str, problem: str) -> None:
    """Each with a sentence that names the file and what is wrong there."""
    with pytest.raises(SettingsError) as refused:
        parse_plan(text, "test.yaml")
    assert refused.value.message.startswith("Plan test.yaml")
    assert problem in refused.value.message


def test_plan_for_agents_that_there_are_not() -> None:
    """An unknown agent and an option that an agent does not have are refused before anything is begun."""
    known = parse_plan(plan("  - {name: a, agent: x, options: {depth: 2}}"), "test.yaml")
    known.require_agents(agents("x", options=("depth",)))
    with pytest.raises(SettingsError, match="there is no agent 'x'"):
        known.require_agents(agents("y"))
    with pytest.raises(SettingsError, match="'x' has no option 'depth'"):
        known.require_agents(agents("x"))
