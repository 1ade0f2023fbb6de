"""Who holds a locker: assignments, and what is done with a locker; bookings."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Query
from fastapi import Response as Answer
from pydantic import Field

from rollbook.events import Kind
from rollbook.lockers import assigning, forms
from rollbook.lockers.forms import Id, LockerKind, Moment
from rollbook.storage.errors import NotFound
from rollbook.storage.locker_contract import Wish
from rollbook.storage.locker_records import Answered, Assignment, Booking, Listing
from rollbook.system_api import models
from rollbook.system_api.answers import (
    MERGE_PATCH,
    REFUSED,
    WOULD,
    DryRun,
    IfMatch,
    Key,
    Paging,
    Parameters,
    Said,
    Since,
    answered,
    done,
    edge_of,
    match,
    page,
    perhaps,
    said,
)
from rollbook.system_api.calling import Caller, Manages, Reads
from rollbook.system_api.problems import Refusal
from rollbook.system_api.structure_routes import ThingId

router = APIRouter(tags=["Assignments"], responses=REFUSED)
bookings = APIRouter(tags=["Bookings"], responses=REFUSED)


class OfAssignments(Paging):
    updated_since: Since = None
    locker_id: Id | None = None
    user_id: Id | None = None
    open: Annotated[bool | None, Field(description="Whether it is held now: not ended, and not past `expires`.")] = None
    kind: Literal["day", "fixed", "shared", "delivery", "booking"] | None = None


class OfBookings(Paging):
    updated_since: Since = None
    locker_id: Id | None = None
    user_id: Id | None = None
    state: Annotated[
        Literal["open", "cancelled", "used", "over"] | None,
        Field(description="`over`: nobody came for it in its time."),
    ] = None


class Free(Parameters):
    """``starts`` null: now; ``ends`` null: for good."""

    starts: Moment | None = None
    ends: Moment | None = None
    location_id: Id | None = None
    section_id: Id | None = None
    locker_bank_id: Id | None = None
    locker_group_id: Id | None = None
    size: Said | None = None
    locker_kind: LockerKind | None = None
    accessible: bool | None = None
    limit: Annotated[int, Query(ge=1, le=500)] = 100
    cursor: Said | None = None


def assignment_answer(caller: Caller, status: int, held: Assignment) -> Answered:
    """An assignment that was just written, or read."""
    at = f"{caller.base}/assignments/{held.id}" if status == 201 else ""
    return answered(status, assigning.shown(held, caller.clock.written()), version=held.version, location=at)


def _booking(caller: Caller, status: int, booking: Booking) -> Answered:
    at = f"{caller.base}/bookings/{booking.id}" if status == 201 else ""
    return answered(
        status, assigning.shown_booking(booking, caller.clock.written()), version=booking.version, location=at
    )


async def _listed(caller: Caller, kind: Any, asked: Any, show: Any, **more: Any) -> Answer:
    said = asked.model_dump(exclude={"limit", "cursor", "updated_since", "open", "state"})
    where = {name: value for name, value in said.items() if value is not None} | more
    since = asked.updated_since
    after = edge_of(asked.cursor, 1 if since is None else 2)
    found = await caller.store.lockers.listed(kind, Listing(where, asked.limit + 1, after, since))

    def edge() -> tuple[str, ...]:
        last = found[asked.limit - 1]
        return (last.id,) if since is None else (last.last_modified, last.id)

    return page([show(one) for one in found], asked.limit, edge)


@router.get(
    "/assignments", summary="List assignments", operation_id="listAssignments", response_model=models.AssignmentList
)
async def list_assignments(caller: Reads, asked: Annotated[OfAssignments, Query()]) -> Answer:
    at = caller.clock.written()
    more = {} if asked.open is None else {"open_at" if asked.open else "over_at": at}
    return await _listed(caller, Assignment, asked, lambda held: assigning.shown(held, at), **more)


@router.get(
    "/assignments/{id}", summary="Read an assignment", operation_id="readAssignment", response_model=models.Assignment
)
async def read_assignment(caller: Reads, id: ThingId) -> Answer:
    held = await caller.store.lockers.find(Assignment, id)
    if held is None:
        raise NotFound
    return said(assignment_answer(caller, 200, held))


@router.post(
    "/assignments",
    summary="Give a user a locker",
    description="The locker `lockerId`, or any that is free and fits. Of two who want the last one, one gets it: the "
    "other is told 409 with `lockerTaken` or `noFreeLocker`. 403 says why the user may not have it.",
    operation_id="allocate",
    status_code=201,
    response_model=models.Assignment,
    responses=WOULD,
)
async def allocate(caller: Manages, body: assigning.AllocateForm, key: Key = None, dry_run: DryRun = False) -> Answer:
    return await done(
        caller,
        lambda manner: assigning.allocate(caller.work, caller.body, manner),
        lambda held: assignment_answer(caller, 201, held),
        key=key,
        dry_run=dry_run,
    )


@router.patch(
    "/assignments/{id}",
    summary="Change when an assignment ends, or its note",
    operation_id="changeAssignment",
    response_model=models.Assignment,
)
async def change_assignment(
    caller: Manages,
    id: ThingId,
    body: Annotated[assigning.ChangeForm, Body(media_type=MERGE_PATCH)],
    if_match: IfMatch = None,
    dry_run: DryRun = False,
) -> Answer:
    wanted = match(if_match)
    return await done(
        caller,
        lambda manner: assigning.change(caller.work, id, caller.body, wanted, manner),
        lambda held: assignment_answer(caller, 200, held),
        dry_run=dry_run,
    )


@router.post(
    "/assignments/{id}/release",
    summary="Take a locker back",
    description="The assignment ends, and with it those of whom the locker was shared with.",
    operation_id="release",
    response_model=models.Assignment,
)
async def release(caller: Manages, id: ThingId, key: Key = None, dry_run: DryRun = False) -> Answer:
    return await done(
        caller,
        lambda manner: assigning.release(caller.work, id, manner),
        lambda held: assignment_answer(caller, 200, held),
        key=key,
        dry_run=dry_run,
    )


@router.post(
    "/assignments/{id}/transfer",
    summary="Hand a locker on to another user",
    operation_id="transfer",
    status_code=201,
    response_model=models.Assignment,
    responses=WOULD,
)
async def transfer(
    caller: Manages, id: ThingId, body: assigning.TransferForm, key: Key = None, dry_run: DryRun = False
) -> Answer:
    return await done(
        caller,
        lambda manner: assigning.transfer(caller.work, id, caller.body, manner),
        lambda held: assignment_answer(caller, 201, held),
        key=key,
        dry_run=dry_run,
    )


@router.post(
    "/assignments:expire",
    summary="End the assignments that are over",
    description="What is over (`expires`) counts for nothing already, and is ended by whoever needs the locker next. "
    "This ends a thousand at most now, with an event for each.",
    operation_id="endExpired",
    response_model=models.Changed,
)
async def expire(caller: Manages, key: Key = None, dry_run: DryRun = False) -> Answer:
    act = caller.work.act(Kind.ASSIGNMENT_ENDED, "Assignment", "", 200)
    return await done(
        caller,
        lambda manner: caller.store.lockers.expire(1000, act, manner),
        lambda changed: answered(200, {"changed": changed}),
        key=key,
        dry_run=dry_run,
    )


@router.post(
    "/lockers/{id}/share",
    summary="Let somebody else into a locker",
    operation_id="share",
    status_code=201,
    response_model=models.Assignment,
    responses=WOULD,
)
async def share(
    caller: Manages, id: ThingId, body: assigning.ShareForm, key: Key = None, dry_run: DryRun = False
) -> Answer:
    return await done(
        caller,
        lambda manner: assigning.share(caller.work, id, caller.body, manner),
        lambda held: assignment_answer(caller, 201, held),
        key=key,
        dry_run=dry_run,
    )


@router.post(
    "/lockers/{id}/unshare",
    summary="Let somebody no longer into a locker",
    operation_id="unshare",
    response_model=models.Assignment,
)
async def unshare(
    caller: Manages, id: ThingId, body: assigning.UnshareForm, key: Key = None, dry_run: DryRun = False
) -> Answer:
    return await done(
        caller,
        lambda manner: assigning.unshare(caller.work, id, caller.body, manner),
        lambda held: assignment_answer(caller, 200, held),
        key=key,
        dry_run=dry_run,
    )


@router.post("/lockers/{id}/block", summary="Block a locker", operation_id="block", response_model=models.LockerState)
async def block(
    caller: Manages,
    id: ThingId,
    body: Annotated[assigning.BlockForm, perhaps(assigning.BlockForm)],
    key: Key = None,
    dry_run: DryRun = False,
) -> Answer:
    return await done(
        caller,
        lambda manner: assigning.block(caller.work, id, caller.body, manner),
        lambda locker: answered(200, forms.shown(locker), version=locker.version),
        key=key,
        dry_run=dry_run,
    )


@router.post(
    "/lockers/{id}/unblock", summary="Unblock a locker", operation_id="unblock", response_model=models.LockerState
)
async def unblock(caller: Manages, id: ThingId, key: Key = None, dry_run: DryRun = False) -> Answer:
    return await done(
        caller,
        lambda manner: assigning.unblock(caller.work, id, manner),
        lambda locker: answered(200, forms.shown(locker), version=locker.version),
        key=key,
        dry_run=dry_run,
    )


@router.post(
    "/lockers/{id}/unlock",
    summary="Open a locker",
    description="Tells its controller, by an event `locker:unlock`. For a user: he has to hold it, a link has to let "
    "him use it now, and it has to be in service. Without one: for the operator, whatever its state.",
    operation_id="unlock",
    response_model=models.Unlocked,
)
async def unlock(
    caller: Manages,
    id: ThingId,
    body: Annotated[assigning.UnlockForm, perhaps(assigning.UnlockForm)],
    key: Key = None,
    dry_run: DryRun = False,
) -> Answer:
    return await done(
        caller,
        lambda manner: assigning.unlock(caller.work, id, caller.body, manner),
        lambda seconds: answered(200, {"lockerId": id.lower(), "openSeconds": seconds}),
        key=key,
        dry_run=dry_run,
    )


@router.get(
    "/availability",
    summary="List lockers that are free",
    description="Lockers in service that nobody holds or has booked from `starts` to `ends`.",
    operation_id="listFree",
    response_model=models.LockerList,
)
async def free(caller: Reads, asked: Annotated[Free, Query()]) -> Answer:
    wish = Wish(
        None,
        asked.location_id,
        asked.section_id,
        asked.locker_bank_id,
        asked.locker_group_id,
        asked.size,
        asked.locker_kind,
        asked.accessible,
    )
    (after,) = edge_of(asked.cursor, 1) or ("",)
    starts = asked.starts or caller.clock.written()
    if asked.ends is not None and asked.ends <= starts:
        why = "This has to be after starts, which is now where nobody says."
        raise Refusal(400, "invalidParameter", "ends has to be after starts.", [("ends", why)])
    found = await caller.store.lockers.free(wish, starts, asked.ends, asked.limit + 1, after)
    return page([forms.shown(one) for one in found], asked.limit, lambda: (found[asked.limit - 1].id,))


@bookings.get("/bookings", summary="List bookings", operation_id="listBookings", response_model=models.BookingList)
async def list_bookings(caller: Reads, asked: Annotated[OfBookings, Query()]) -> Answer:
    at = caller.clock.written()
    more = {"open": {"state": "open", "ends_after": at}, "over": {"over_at": at}}.get(asked.state or "", {})
    if not more and asked.state is not None:
        more = {"state": asked.state}
    return await _listed(caller, Booking, asked, lambda booking: assigning.shown_booking(booking, at), **more)


@bookings.get("/bookings/{id}", summary="Read a booking", operation_id="readBooking", response_model=models.Booking)
async def read_booking(caller: Reads, id: ThingId) -> Answer:
    booking = await caller.store.lockers.find(Booking, id)
    if booking is None:
        raise NotFound
    return said(_booking(caller, 200, booking))


@bookings.post(
    "/bookings",
    summary="Book a locker",
    description="The locker `lockerId`, or any that is free in that time and fits. Only lockers of bookable groups.",
    operation_id="book",
    status_code=201,
    response_model=models.Booking,
    responses=WOULD,
)
async def book(caller: Manages, body: assigning.BookForm, key: Key = None, dry_run: DryRun = False) -> Answer:
    return await done(
        caller,
        lambda manner: assigning.book(caller.work, caller.body, manner),
        lambda booking: _booking(caller, 201, booking),
        key=key,
        dry_run=dry_run,
    )


@bookings.post(
    "/bookings/{id}/cancel", summary="Cancel a booking", operation_id="cancelBooking", response_model=models.Booking
)
async def cancel(caller: Manages, id: ThingId, key: Key = None, dry_run: DryRun = False) -> Answer:
    return await done(
        caller,
        lambda manner: assigning.cancel(caller.work, id, manner),
        lambda booking: _booking(caller, 200, booking),
        key=key,
        dry_run=dry_run,
    )
