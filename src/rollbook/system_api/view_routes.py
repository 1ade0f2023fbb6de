"""What is read across things: a location's tree, a bank's counts, a group's lockers, leavers, events."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi import Response as Answer
from pydantic import BaseModel, ConfigDict, Field

from rollbook.events import Kind
from rollbook.lockers import assigning, structure
from rollbook.lockers.forms import Form, Id
from rollbook.lockers.positions import read_position, write_position
from rollbook.storage.locker_records import Bank, Leaver, LockerGroup
from rollbook.system_api import models
from rollbook.system_api.answers import (
    REFUSED,
    DryRun,
    Key,
    Paging,
    Parameters,
    Said,
    answered,
    done,
    edge_of,
    page,
    perhaps,
    said,
)
from rollbook.system_api.calling import Audits, Reads, Writes
from rollbook.system_api.structure_routes import ThingId

router = APIRouter(responses=REFUSED)

_MOST = 500


class Tree(BaseModel):
    """A location with its sections, their banks and their lockers."""

    model_config = ConfigDict(extra="allow")

    id: Id
    name: str
    sections: list[dict[str, Any]]


class GroupChange(Form):
    add: Annotated[list[Id], Field(max_length=_MOST)] = Field(default_factory=list)
    remove: Annotated[list[Id], Field(max_length=_MOST)] = Field(default_factory=list)


class AskedEvents(Parameters):
    after: Annotated[Said | None, Query(description="`position` of the list before.")] = None
    limit: Annotated[int, Query(ge=1, le=500)] = 100
    locker_id: Id | None = None
    user_id: Id | None = None


@router.get(
    "/locations/{id}/tree",
    tags=["Locations"],
    summary="Read a location with all that stands in it",
    operation_id="readTree",
    response_model=Tree,
)
async def tree(caller: Reads, id: ThingId) -> Answer:
    return said(answered(200, await structure.tree(caller.work, id)))


@router.get(
    "/locker-banks/{id}/status",
    tags=["Locker banks"],
    summary="Count the lockers of a bank",
    operation_id="readBankStatus",
    response_model=models.BankStatus,
)
async def bank_status(caller: Reads, id: ThingId) -> Answer:
    bank = await structure.found(caller.work, Bank, id)
    counts = await caller.store.lockers.status(id, caller.clock.written())
    whole = [one for one in counts if one.group_id is None]
    body = {
        "lockerBankId": bank.id,
        "name": bank.name,
        "state": bank.state,
        "published": bank.published,
        "serviceMode": bank.service_mode,
        "lockers": sum(one.lockers for one in whole),
        "free": sum(one.lockers for one in whole if one.state == "active" and not one.held),
        "counts": [
            {
                "lockerGroupId": one.group_id,
                "lockerGroupName": one.group_name,
                "kind": one.kind,
                "state": one.state,
                "held": one.held,
                "lockers": one.lockers,
            }
            for one in counts
        ],
    }
    return said(answered(200, body))


@router.get(
    "/locker-groups/{id}/lockers",
    tags=["Locker groups"],
    summary="List the lockers of a group",
    operation_id="listGroupLockers",
    response_model=models.Ids,
)
async def group_lockers(caller: Reads, id: ThingId, asked: Annotated[Paging, Query()]) -> Answer:
    await structure.found(caller.work, LockerGroup, id)
    (after,) = edge_of(asked.cursor, 1) or ("",)
    found = await caller.store.lockers.locker_ids(id, after, asked.limit + 1)
    return page(found, asked.limit, lambda: (found[asked.limit - 1],))


@router.post(
    "/locker-groups/{id}/lockers",
    tags=["Locker groups"],
    summary="Put lockers into a group, and take some out",
    operation_id="changeGroupLockers",
    response_model=models.Changed,
)
async def change_group(
    caller: Writes,
    id: ThingId,
    body: Annotated[GroupChange, perhaps(GroupChange)],
    key: Key = None,
    dry_run: DryRun = False,
) -> Answer:
    act = caller.work.act(Kind.STRUCTURE_CHANGED, "LockerGroup", id, 200, ("lockers",))
    return await done(
        caller,
        lambda manner: caller.store.lockers.change_group(id, body.add, body.remove, act, manner),
        lambda changed: answered(200, {"changed": changed}),
        key=key,
        dry_run=dry_run,
    )


@router.get(
    "/leavers",
    tags=["Assignments"],
    summary="List who has left and still holds a locker",
    description="Users who are not active any more. Nobody takes a locker back by itself: there may be things in it.",
    operation_id="listLeavers",
    response_model=models.LeaverList,
)
async def leavers(caller: Reads, asked: Annotated[Paging, Query()]) -> Answer:
    (after,) = edge_of(asked.cursor, 1) or ("",)
    found = await caller.store.lockers.leavers(asked.limit + 1, after)
    at = caller.clock.written()
    return page([_leaver(one, at) for one in found], asked.limit, lambda: (found[asked.limit - 1].assignment.id,))


def _leaver(one: Leaver, at: str) -> dict[str, Any]:
    return {
        "userId": one.assignment.user_id,
        "userName": one.user_name,
        "since": one.since,
        "assignment": assigning.shown(one.assignment, at),
    }


@router.get(
    "/events",
    tags=["Events"],
    summary="Read what happened",
    description="In its order, from a position on. Ask again with the `position` that was answered: nothing is missed.",
    operation_id="listEvents",
    response_model=models.EventList,
)
async def events(caller: Audits, asked: Annotated[AskedEvents, Query()]) -> Answer:
    lockers = caller.store.lockers
    after = read_position(asked.after, caller.tenant.id, await lockers.epoch()) if asked.after else None
    where = {name: value for name in ("locker_id", "user_id") if (value := getattr(asked, name)) is not None}
    happened = await lockers.events(after, asked.limit, where)
    items = [
        {
            "id": one.id,
            "at": one.at,
            "kind": one.kind,
            "actor": one.actor,
            "subject": one.subject,
            "subjectId": one.subject_id,
            "lockerId": one.locker_id,
            "userId": one.user_id,
            "data": one.data,
        }
        for one in happened.events
    ]
    position = write_position(happened.last, caller.tenant.id, happened.epoch)
    return said(answered(200, {"items": items, "position": position, "more": happened.more}))
