"""API keys, and the audit log. All routes need the role admin."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictStr
from starlette.responses import Response

from tg_parser.api.answers import Cursor, Limit, answer, problems
from tg_parser.api.context import Caller, TheServices
from tg_parser.domain.keys import Role
from tg_parser.domain.pages import PageRequest, cursor_of, id_in
from tg_parser.domain.strict_fields import NO_NUL
from tg_parser.domain.utc_time import utc_now
from tg_parser.services.keys import LONGEST_NAME
from tg_parser.services.views.keys import AuditEntryView, KeyView, ShownKey
from tg_parser.services.views.pages import Page

router = APIRouter(tags=["keys"])

KeyId = Annotated[
    str, Path(min_length=1, max_length=100, pattern=NO_NUL, description="Id of a key, which is not secret.")
]
_Days = Annotated[StrictFloat, Field(gt=0, le=36_500)]
_LIST = "audit"


class NewKey(BaseModel):
    """A key to create."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "dashboard", "role": "reader", "days": 90}]}
    )

    name: StrictStr = Field(min_length=1, max_length=LONGEST_NAME, pattern=NO_NUL, description="What uses the key.")
    role: Role = "reader"
    sources: list[Annotated[StrictStr, Field(pattern=NO_NUL)]] | None = Field(
        default=None, description="Restrict the key to these sources; by default it is not restricted."
    )
    days: _Days | None = Field(default=None, description="Days until the key expires; by default never.")


class RotatedKey(BaseModel):
    """How to rotate a key."""

    model_config = ConfigDict(extra="forbid")

    overlap_days: Annotated[StrictFloat, Field(ge=0, le=366)] = Field(
        default=7, description="Days for which the old secret still works."
    )
    days: _Days | None = Field(default=None, description="Days until the key expires; by default unchanged.")


@router.get("/keys", operation_id="listKeys", response_model=Page[KeyView], responses=problems())
async def list_keys(caller: Caller, services: TheServices) -> Response:
    """List the keys that the caller may manage, oldest first."""
    caller.require("administer")
    found, now = await services.installation.keys.list(caller.actor), utc_now()
    return answer(Page[KeyView](items=tuple(KeyView.of(each, now) for each in found)))


@router.post(
    "/keys", operation_id="createKey", status_code=201, response_model=ShownKey, responses=problems(404, 409, body=True)
)
async def create_key(caller: Caller, services: TheServices, new: NewKey) -> Response:
    """Create a key. Its secret is only contained in this response."""
    caller.require("administer")
    lasts = None if new.days is None else timedelta(days=new.days)
    keys = services.installation.keys
    fresh = await keys.create(new.name, new.role, caller.actor, sources=new.sources, lasts=lasts)
    return answer(ShownKey.of(fresh, utc_now()), 201)


@router.post("/keys/{key_id}/revoke", operation_id="revokeKey", response_model=KeyView, responses=problems(404, 409))
async def revoke_key(caller: Caller, services: TheServices, key_id: KeyId) -> Response:
    """Revoke a key immediately."""
    caller.require("administer")
    return answer(KeyView.of(await services.installation.keys.revoke(key_id, caller.actor), utc_now()))


@router.post(
    "/keys/{key_id}/rotate", operation_id="rotateKey", response_model=ShownKey, responses=problems(404, 409, body=True)
)
async def rotate_key(caller: Caller, services: TheServices, key_id: KeyId, wanted: RotatedKey) -> Response:
    """Give a key a new secret, which is only contained in this response."""
    caller.require("administer")
    fresh = await services.installation.keys.rotate(
        key_id,
        caller.actor,
        overlap=timedelta(days=wanted.overlap_days),
        lasts=None if wanted.days is None else timedelta(days=wanted.days),
    )
    return answer(ShownKey.of(fresh, utc_now()))


@router.get("/audit", operation_id="listChanges", response_model=Page[AuditEntryView], responses=problems())
async def list_changes(
    caller: Caller,
    services: TheServices,
    limit: Limit = 50,
    cursor: Cursor = None,
    key: Annotated[
        str | None, Query(max_length=100, pattern=NO_NUL, description="Only changes by this key, or to it.")
    ] = None,
) -> Response:
    """Show who changed what, when and from where, newest first. Needs a key that is not limited to sources."""
    caller.require("administer", everywhere=True)
    page = PageRequest(limit, cursor)
    before = id_in(page.cursor, _LIST, key)
    found = await services.installation.keys.audit(limit=page.limit + 1, before=before, key_id=key)
    shown = found[: page.limit]
    end = cursor_of((shown[-1].entry_id,), _LIST, key) if len(found) > page.limit else None
    return answer(Page[AuditEntryView](items=tuple(map(AuditEntryView.copied_from, shown)), next_cursor=end))
