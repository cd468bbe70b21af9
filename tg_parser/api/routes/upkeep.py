"""Failures, costs, agents, prompts, the schedule."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from tg_parser.api.answers import DATES, Cursor, Limit, SourceIds, answer, problems
from tg_parser.api.context import FOR_READERS, Caller, TheServices
from tg_parser.api.routes.jobs import accepted
from tg_parser.domain.agents import Handoff, HandoffStatus, TaskRecord
from tg_parser.domain.date_parsing import PATTERN, parse_date
from tg_parser.domain.pages import PageRequest
from tg_parser.domain.strict_fields import NO_NUL
from tg_parser.domain.utc_time import utc_now
from tg_parser.services.agent_history import AgentState
from tg_parser.services.costs import CostGrouping
from tg_parser.services.job_requests import SourceId
from tg_parser.services.prompts import prompt_text, prompts_in_force
from tg_parser.services.status import Failure
from tg_parser.services.views.agents import AgentStatus
from tg_parser.services.views.jobs import JobView
from tg_parser.services.views.pages import Page
from tg_parser.services.views.schedule import ScheduleResult
from tg_parser.services.views.spending import CostReport
from tg_parser.services.views.upkeep import PromptLine, PromptText

router = APIRouter()

AgentName = Annotated[str, Path(min_length=1, max_length=200, pattern=NO_NUL, description="Name of an agent.")]


class FailedAgain(BaseModel):
    """Which failures to retry."""

    model_config = ConfigDict(extra="forbid")

    source: SourceId


@router.get(
    "/failures", tags=["failures"], operation_id="listFailures", response_model=Page[Failure], responses=problems(404)
)
async def list_failures(
    caller: Caller, services: TheServices, source: SourceIds = None, limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """List messages that could not be processed, newest first, with the reasons."""
    channels = await caller.channels_of(source)
    return answer(await services.app.status.failures(channels, PageRequest(limit, cursor)))


@router.post(
    "/failures/retry",
    tags=["failures"],
    operation_id="retryFailures",
    status_code=202,
    response_model=JobView,
    responses=problems(404, 409, body=True),
)
async def retry_failures(caller: Caller, wanted: FailedAgain) -> Response:
    """Process the failed and the waiting messages of a source in a job."""
    parameters = {"source": wanted.source, "retry_failed": True}
    return accepted(JobView.of(await caller.submit("process", parameters)))


@router.get("/costs", tags=["costs"], operation_id="getCosts", response_model=CostReport, responses=problems(404))
async def get_costs(
    caller: Caller,
    services: TheServices,
    by: Annotated[CostGrouping, Query(description="What to group by.")] = "day",
    since: Annotated[
        str | None, Query(pattern=PATTERN, description=f"Only spending on this day (UTC) or later. {DATES}")
    ] = None,
    source: SourceIds = None,
) -> Response:
    """Return what language models have cost."""
    first = None if since is None else parse_date(since, utc_now())
    return answer(await services.app.costs.report(by, first, await caller.channels_of(source)))


@router.get(
    "/agents", tags=["agents"], operation_id="listAgents", response_model=Page[AgentState], responses=problems()
)
async def list_agents(caller: Caller, services: TheServices) -> Response:
    """List all agents that have run here."""
    caller.require("read", everywhere=True)
    return answer(Page[AgentState](items=tuple(await services.app.agent_history.agents())))


@router.get(
    "/agents/{name}", tags=["agents"], operation_id="getAgent", response_model=AgentStatus, responses=problems(404)
)
async def get_agent(
    caller: Caller, services: TheServices, name: AgentName, days: Annotated[int, Query(ge=1, le=366)] = 7
) -> Response:
    """Return an agent and its work per day."""
    caller.require("read", everywhere=True)
    agent, stats = await services.app.agent_history.status(name, days)
    return answer(AgentStatus(agent=agent, days=tuple(stats)))


@router.get(
    "/agents/{name}/history",
    tags=["agents"],
    operation_id="getAgentHistory",
    response_model=Page[TaskRecord],
    responses=problems(404),
)
async def get_agent_history(
    caller: Caller,
    services: TheServices,
    name: AgentName,
    limit: Limit = 50,
    cursor: Cursor = None,
    failed: Annotated[bool, Query(description="Only tasks that failed.")] = False,
) -> Response:
    """List the latest tasks of an agent, newest first."""
    caller.require("read", everywhere=True)
    return answer(await services.app.agent_history.history(name, PageRequest(limit, cursor), failed_only=failed))


@router.get(
    "/handoffs", tags=["agents"], operation_id="listHandoffs", response_model=Page[Handoff], responses=problems()
)
async def list_handoffs(
    caller: Caller,
    services: TheServices,
    limit: Limit = 50,
    cursor: Cursor = None,
    status: HandoffStatus | None = None,
    agent: Annotated[str | None, Query(max_length=200, pattern=NO_NUL)] = None,
) -> Response:
    """List the handoffs between agents, newest first."""
    caller.require("read", everywhere=True)
    return answer(await services.app.agent_history.handoffs(PageRequest(limit, cursor), status, agent))


@router.get(
    "/prompts",
    tags=["prompts"],
    operation_id="listPrompts",
    response_model=Page[PromptLine],
    responses=problems(),
    dependencies=[FOR_READERS],
)
async def list_prompts(services: TheServices) -> Response:
    """List the prompts in use."""
    return answer(Page[PromptLine](items=prompts_in_force(services.app.settings.prompts).prompts))


@router.get(
    "/prompts/{name}",
    tags=["prompts"],
    operation_id="getPrompt",
    response_model=PromptText,
    responses=problems(404),
    dependencies=[FOR_READERS],
)
async def get_prompt(
    services: TheServices, name: Annotated[str, Path(min_length=1, max_length=100, pattern=NO_NUL)]
) -> Response:
    """Return the content of a prompt file."""
    return answer(PromptText(name=name, text=prompt_text(services.app.settings.prompts, name)))


@router.get(
    "/schedule", tags=["schedule"], operation_id="getSchedule", response_model=ScheduleResult, responses=problems()
)
async def get_schedule(caller: Caller, services: TheServices) -> Response:
    """List scheduled work with its last and next run."""
    visible = {each.source_id for each in await caller.sources()}
    entries = [
        each
        for each in await services.schedule.entries()
        if caller.limit is None or each.parameters.get("source") in visible
    ]
    return answer(ScheduleResult.of(entries, enabled=services.app.settings.schedule.enabled))
