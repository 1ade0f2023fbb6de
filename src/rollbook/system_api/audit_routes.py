"""The audit over HTTP: who did what, to be kept elsewhere. The command line's ``rollbook audit`` tells the same."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any, cast

from fastapi import APIRouter, Query
from fastapi import Response as Answer
from pydantic import BaseModel, Field

from rollbook.events import Event
from rollbook.lockers.forms import Id, Moment
from rollbook.system_api.answers import REFUSED, Paging, edge_of, page
from rollbook.system_api.calling import Audits
from rollbook.tenancy.audit import as_json

# Names are those of the JSON.
# ruff: noqa: N815

router = APIRouter(tags=["Audit"], responses=REFUSED)


class AskedAudit(Paging):
    since: Annotated[Moment | None, Field(description="From this moment on.")] = None
    until: Annotated[Moment | None, Field(description="Before this moment.")] = None


class Entry(BaseModel):
    """One write, refused write or login. No value that a client sent is in it: `attributes` are names."""

    id: Id
    at: Moment
    kind: str
    actor: str
    peer: str
    request: str
    resourceType: str
    resource: str
    status: Annotated[int, Field(description="What was answered; 0: the operator's command line.")]
    scimType: str
    attributes: list[str]
    tolerances: list[str]
    repeats: Annotated[int, Field(description="How often, within the minute; of what is refused.")]


class EntryList(BaseModel):
    items: list[Entry]
    nextCursor: str | None


@router.get(
    "/audit",
    summary="Read the audit",
    description="Every write, and each write and login that was refused, oldest first: of SCIM, of lockers, of the "
    "operator. What is followed as it happens is at `/events`.",
    operation_id="readAudit",
    response_model=EntryList,
)
async def audit(caller: Audits, asked: Annotated[AskedAudit, Query()]) -> Answer:
    after = edge_of(asked.cursor, 2)
    since = asked.since if after is None else after[0]
    found: list[Event] = []
    async with aclosing(cast(Any, caller.store.events(since, asked.until))) as events:
        async for event in cast(AsyncIterator[Event], events):
            if after is not None and (event.at, event.id) <= after:
                continue
            found.append(event)
            if len(found) > asked.limit:
                break

    def edge() -> tuple[str, ...]:
        last = found[asked.limit - 1]
        return last.at, last.id

    return page([as_json(one) for one in found], asked.limit, edge)
