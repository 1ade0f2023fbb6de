"""Who holds a locker: what is asked for, whether it is judged, and how it is shown."""

from functools import partial
from typing import Annotated, Any

from pydantic import Field, model_validator

from rollbook.events import Kind
from rollbook.ids import ordered_id, random_bytes
from rollbook.lockers import forms
from rollbook.lockers.forms import Form, Id, LockerKind, Moment, Size, Text, Whole
from rollbook.lockers.judging import may
from rollbook.lockers.structure import ANY, Match, found
from rollbook.lockers.work import LockerWork, Malformed
from rollbook.storage.errors import LockerRefused, NotFound
from rollbook.storage.locker_contract import Allocate, Book, Judge, Wish
from rollbook.storage.locker_records import (
    ACTIVE,
    BLOCKED,
    HOLDER,
    OUT_OF_ORDER,
    PLAIN,
    Assignment,
    Booking,
    Listing,
    Locker,
    Manner,
    Right,
)


class WishForm(Form):
    """This locker, or any that is free and fits."""

    locker_id: Id | None = None
    location_id: Id | None = None
    section_id: Id | None = None
    locker_bank_id: Id | None = None
    locker_group_id: Id | None = None
    size: Size | None = None
    locker_kind: LockerKind | None = None
    accessible: bool | None = None

    def wish(self) -> Wish:
        return Wish(
            self.locker_id,
            self.location_id,
            self.section_id,
            self.locker_bank_id,
            self.locker_group_id,
            self.size,
            self.locker_kind,
            self.accessible,
            int.from_bytes(random_bytes(4)),
        )


class AllocateForm(WishForm):
    user_id: Id
    kind: LockerKind | None = Field(None, description="Null: as the locker is.")
    expires: Moment | None = None
    note: Text = ""
    force: bool = Field(False, description="True: whatever the links say.")


class ChangeForm(Form):
    expires: Moment | None = None
    note: Text = ""


class BookForm(WishForm):
    user_id: Id
    starts: Moment
    ends: Moment
    force: bool = Field(False, description="True: whatever the links say.")

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> "BookForm":
        if self.ends <= self.starts:
            raise ValueError("ends has to be after starts")
        return self


class TransferForm(Form):
    user_id: Id
    force: bool = Field(False, description="True: whatever the links say.")


class ShareForm(Form):
    user_id: Id = Field(description="Who is let in.")
    holder_id: Id | None = Field(None, description="Who holds it; null: whoever does.")
    force: bool = Field(False, description="True: whatever the links say.")


class UnshareForm(Form):
    user_id: Id


class BlockForm(Form):
    reason: Text = ""
    out_of_order: bool = Field(False, description="True: it is broken; false: somebody wants it so.")


class UnlockForm(Form):
    user_id: Id | None = Field(None, description="For whom: he has to hold the locker. Null: for the operator.")
    open_seconds: Annotated[int, Field(ge=1, le=600), Whole] | None = Field(
        None, description="Null: as the locker is set."
    )


def judge(right: Right, at: str, *, force: bool, another: bool = True) -> Judge | None:
    """The judge of what somebody wants; None where nobody is asked. ``another``: he is to get one more locker."""
    return None if force else partial(may, right=right, at=at, another=another)


async def allocate(work: LockerWork, said: Any, manner: Manner = PLAIN, source: str = "api") -> Assignment:
    """**Raises** ``Malformed``, ``NotFound`` (no such locker), ``LockerRefused`` with ``lockerTaken``,
    ``lockerBooked``, ``lockerBlocked``, ``lockerClosed``, ``noFreeLocker``, ``alreadyHeld``, ``noUser``,
    ``userInactive``, or a code of ``judging``."""
    form = forms.read(AllocateForm, said)
    act = work.act(Kind.ASSIGNMENT_CREATED, "Assignment", new := ordered_id(), 201)
    if form.expires is not None and form.expires <= act.at:
        raise Malformed("expires has to be in the future.", (("/expires", "This moment is over."),))
    judged = judge(Right.USE, act.at, force=form.force)
    ask = Allocate(form.wish(), new, form.user_id, judged, form.kind, form.expires, source, form.note)
    return await work.store.allocate(ask, act, manner)


async def release(
    work: LockerWork, id: str, manner: Manner = PLAIN, match: Match = ANY, reason: str = "released"
) -> Assignment:
    """**Raises** ``NotFound``, ``LockerRefused("ended")``, ``VersionConflict``."""
    version = None
    if match.versions is not None:
        held = await found(work, Assignment, id)
        version = match.check(held.version)
    return await work.store.release(id, reason, work.act(Kind.ASSIGNMENT_ENDED, "Assignment", id, 200), manner, version)


async def transfer(work: LockerWork, id: str, said: Any, manner: Manner = PLAIN) -> Assignment:
    form = forms.read(TransferForm, said)
    act = work.act(Kind.ASSIGNMENT_CREATED, "Assignment", new := ordered_id(), 201)
    judged = judge(Right.USE, act.at, force=form.force)
    return await work.store.transfer(id, form.user_id, new, act, manner, judged)


async def change(work: LockerWork, id: str, patch: Any, match: Match = ANY, manner: Manner = PLAIN) -> Assignment:
    """A merge patch on an open assignment: when it ends, and the note."""
    before = await found(work, Assignment, id)
    version = match.check(before.version)
    form = forms.read(ChangeForm, forms.merged({"expires": before.expires, "note": before.note}, patch))
    act = work.act(Kind.ASSIGNMENT_CHANGED, "Assignment", id, 200, tuple(sorted(patch)))
    if form.expires is not None and form.expires <= act.at:
        raise Malformed("expires has to be in the future.", (("/expires", "This moment is over."),))
    after = Assignment(
        id=id,
        locker_id=before.locker_id,
        user_id=before.user_id,
        started=before.started,
        expires=form.expires,
        note=form.note,
        version=version,
    )
    return await work.store.extend(after, act, manner)


async def share(work: LockerWork, locker_id: str, said: Any, manner: Manner = PLAIN) -> Assignment:
    form = forms.read(ShareForm, said)
    holder = form.holder_id or (await holder_of(work, locker_id)).user_id
    act = work.act(Kind.ASSIGNMENT_CREATED, "Assignment", new := ordered_id(), 201)
    judged = judge(Right.USE, act.at, force=form.force, another=False)
    return await work.store.share(locker_id, holder, form.user_id, new, act, manner, judged)


async def unshare(work: LockerWork, locker_id: str, said: Any, manner: Manner = PLAIN) -> Assignment:
    form = forms.read(UnshareForm, said)
    for one in await open_assignments(work, locker_id):
        if one.user_id == form.user_id and one.shared_by is not None:
            return await release(work, one.id, manner, reason="unshared")
    raise LockerRefused("notHeld", "The locker is not shared with this user.")


async def block(work: LockerWork, locker_id: str, said: Any, manner: Manner = PLAIN) -> Locker:
    form = forms.read(BlockForm, said)
    state = OUT_OF_ORDER if form.out_of_order else BLOCKED
    act = work.act(Kind.LOCKER_STATE, "Locker", locker_id, 200)
    return await work.store.set_state(locker_id, state, form.reason, act, manner)


async def unblock(work: LockerWork, locker_id: str, manner: Manner = PLAIN) -> Locker:
    act = work.act(Kind.LOCKER_STATE, "Locker", locker_id, 200)
    return await work.store.set_state(locker_id, ACTIVE, "", act, manner)


async def unlock(work: LockerWork, locker_id: str, said: Any, manner: Manner = PLAIN) -> int:
    """For how many seconds. **Raises** ``NotFound``, ``LockerRefused`` with ``notHeld``, ``lockerBlocked``, …, or a
    code of ``judging``."""
    form = forms.read(UnlockForm, said)
    act = work.act(Kind.LOCKER_UNLOCKED, "Locker", locker_id, 200)
    judged = judge(Right.USE, act.at, force=False, another=False)
    return await work.store.unlock(locker_id, form.user_id, form.open_seconds, act, manner, judged)


async def book(work: LockerWork, said: Any, manner: Manner = PLAIN) -> Booking:
    form = forms.read(BookForm, said)
    act = work.act(Kind.BOOKING_CREATED, "Booking", new := ordered_id(), 201)
    if form.ends <= act.at:
        raise Malformed("ends has to be in the future.", (("/ends", "This moment is over."),))
    judged = judge(Right.RESERVE, form.starts, force=form.force)
    return await work.store.book(Book(form.wish(), new, form.user_id, form.starts, form.ends, judged), act, manner)


async def cancel(work: LockerWork, id: str, manner: Manner = PLAIN) -> Booking:
    return await work.store.cancel(id, work.act(Kind.BOOKING_CANCELLED, "Booking", id, 200), manner)


async def open_assignments(work: LockerWork, locker_id: str) -> list[Assignment]:
    held = await work.store.holders([locker_id], work.clock.written())
    return held.get(locker_id, [])


async def holder_of(work: LockerWork, locker_id: str) -> Assignment:
    """**Raises** ``NotFound`` (no such locker), ``LockerRefused("notHeld")``."""
    for one in await open_assignments(work, locker_id):
        if one.slot == HOLDER:
            return one
    if await work.store.find(Locker, locker_id) is None:
        raise NotFound
    raise LockerRefused("notHeld", "Nobody holds this locker.")


async def held_by(work: LockerWork, user_id: str) -> list[Assignment]:
    """The open assignments of a user."""
    return await work.store.listed(Assignment, Listing({"user_id": user_id, "open_at": work.clock.written()}, 500))


def shown(held: Assignment, at: str) -> dict[str, Any]:
    """An assignment as it is answered at a moment. What has expired is over, whether or not anybody has ended it."""
    return {
        "id": held.id,
        "lockerId": held.locker_id,
        "userId": held.user_id,
        "kind": held.kind,
        "open": held.slot is not None and (held.expires is None or held.expires > at),
        "started": held.started,
        "expires": held.expires,
        "ended": held.ended,
        "reason": held.reason,
        "source": held.source,
        "note": held.note,
        "sharedBy": held.shared_by,
        "bookingId": held.booking_id,
        "version": held.version,
        "created": held.created,
        "lastModified": held.last_modified,
    }


def shown_booking(booking: Booking, at: str) -> dict[str, Any]:
    """A booking as it is answered at a moment: one that nobody came for is over, once its time is."""
    over = booking.state == "open" and booking.ends <= at
    return {
        "id": booking.id,
        "lockerId": booking.locker_id,
        "userId": booking.user_id,
        "starts": booking.starts,
        "ends": booking.ends,
        "state": "over" if over else booking.state,
        "version": booking.version,
        "created": booking.created,
        "lastModified": booking.last_modified,
    }


def status_of(locker: Locker, held: list[Assignment]) -> str:
    """How a locker stands: its own state, else whether it is ``free``, ``assigned`` or ``shared``."""
    if locker.state != ACTIVE:
        return locker.state
    if not held:
        return "free"
    return "shared" if len(held) > 1 or held[0].slot != HOLDER else "assigned"
