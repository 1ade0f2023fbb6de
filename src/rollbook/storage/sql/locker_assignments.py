"""Who holds a locker: given, given back, shared, handed on, opened. See ``locker_choosing`` for the order of locks.

What is over (``expires``) is ended by whoever needs the locker next.
"""

from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from rollbook.storage.errors import LockerRefused, NotFound, VersionConflict
from rollbook.storage.locker_contract import Allocate, Judge
from rollbook.storage.locker_records import (
    BOOKED,
    HOLDER,
    SHARED,
    Act,
    Assignment,
    Booking,
    Locker,
)
from rollbook.storage.sql.locker_choosing import (
    FOR_GOOD,
    OPEN,
    active_user,
    any_that_fits,
    bookings,
    holding,
    in_service,
    judged,
)
from rollbook.storage.sql.locker_steps import happened
from rollbook.storage.sql.locker_structure import add, delete, locked, save
from rollbook.storage.sql.locker_tables import columns, record_of
from rollbook.storage.sql.scripts import Ask, Script

A = TypeVar("A", Assignment, Booking)
_ASSIGNMENT = f"SELECT {columns(Assignment, 'a')} FROM assignment a WHERE a.tenant_id = $1 AND a.id = $2"
_LOCK_ASSIGNMENT = f"{_ASSIGNMENT} FOR UPDATE"
_SHARED_BY = f"""SELECT {columns(Assignment, "a")} FROM assignment a
WHERE a.tenant_id = $1 AND a.locker_id = $2 AND a.shared_by = $3 AND a.slot IS NOT NULL"""
_OVER = """SELECT a.id FROM assignment a WHERE a.tenant_id = $1 AND a.ended IS NULL AND a.expires <= $2
ORDER BY a.expires LIMIT $3"""
_FORGET = "DELETE FROM request_key WHERE tenant_id = $1 AND expires <= $2"


def allocate(tenant: str, ask: Allocate, act: Act) -> Script[Assignment]:
    yield from active_user(tenant, ask.user_id)
    if ask.wish.locker_id is not None:
        return (yield from _allocate(tenant, ask, ask.wish.locker_id, act))
    give = partial(_allocate, tenant, replace(ask, judge=None), act=act)
    return (yield from any_that_fits(tenant, ask, act.at, ask.expires, give))


def _allocate(tenant: str, ask: Allocate, locker_id: str, act: Act) -> Script[Assignment]:
    locker = yield from locked(tenant, Locker, locker_id)
    yield from in_service(tenant, locker)
    over, held = yield from holding(tenant, locker, act)
    kind = ask.kind or locker.kind
    slot = ask.user_id if kind == SHARED else HOLDER
    for one in held:
        if one.user_id == ask.user_id and not one.shared_by:
            raise LockerRefused("alreadyHeld", "This user holds this locker already.")
        if one.slot in (slot, HOLDER) or slot == HOLDER:
            raise LockerRefused("lockerTaken", "Somebody else holds this locker.")
    booking: Booking | None = None
    expires = ask.expires
    booked = yield from bookings(tenant, locker_id, act.at, expires or FOR_GOOD)
    for reserved in booked:
        if reserved.user_id != ask.user_id:
            raise LockerRefused("lockerBooked", "Somebody else has booked this locker.")
        if reserved.starts <= act.at:
            booking = reserved
    yield from judged(tenant, ask.judge, ask.user_id, locker_id, act.at)
    if booking is not None:
        kind, expires = BOOKED, expires or booking.ends
        yield from save(tenant, next_of(booking, act, state="used"))
    for one in over:
        yield from end(tenant, one, "expired", act)
    made = Assignment(
        id=ask.assignment_id,
        locker_id=locker_id,
        user_id=ask.user_id,
        slot=slot,
        kind=kind,
        started=act.at,
        expires=expires,
        source=ask.source,
        note=ask.note,
        booking_id=booking.id if booking is not None else None,
        created=act.at,
        last_modified=act.at,
    )
    yield from _given(tenant, made, act)
    return made


def release(tenant: str, id: str, reason: str, version: int | None, act: Act) -> Script[Assignment]:
    held = yield from _open(tenant, id, version)
    for other in (yield Ask(_SHARED_BY, (tenant, held.locker_id, held.id))):
        yield from end(tenant, record_of(Assignment, other), reason, act)
    return (yield from end(tenant, held, reason, act))


def share(
    tenant: str, locker_id: str, holder_id: str, user_id: str, new_id: str, act: Act, judge: Judge | None
) -> Script[Assignment]:
    yield from active_user(tenant, user_id)
    locker = yield from locked(tenant, Locker, locker_id)
    over, held = yield from holding(tenant, locker, act)
    holder = next((one for one in held if one.user_id == holder_id and one.slot == HOLDER), None)
    if holder is None:
        raise LockerRefused("notHeld", "This user does not hold this locker.")
    if not locker.shareable:
        raise LockerRefused("notShareable", "This locker cannot be shared.")
    if any(one.user_id == user_id for one in held):
        raise LockerRefused("alreadyHeld", "This user has this locker already.")
    yield from judged(tenant, judge, user_id, locker_id, act.at)
    for one in over:
        yield from end(tenant, one, "expired", act)
    made = replace(
        holder,
        id=new_id,
        user_id=user_id,
        slot=user_id,
        started=act.at,
        source="share",
        note="",
        shared_by=holder.id,
        booking_id=None,
        version=1,
        created=act.at,
        last_modified=act.at,
    )
    yield from _given(tenant, made, act)
    return made


def transfer(tenant: str, id: str, user_id: str, new_id: str, act: Act, judge: Judge | None) -> Script[Assignment]:
    yield from active_user(tenant, user_id)
    held = yield from _open(tenant, id, None)
    if held.shared_by is not None or held.slot != HOLDER:
        raise LockerRefused("notHeld", "Only who holds a locker alone can hand it on.")
    if held.user_id == user_id:
        raise LockerRefused("alreadyHeld", "This user holds this locker already.")
    yield from judged(tenant, judge, user_id, held.locker_id, act.at)
    for other in (yield Ask(_SHARED_BY, (tenant, held.locker_id, held.id))):
        yield from end(tenant, record_of(Assignment, other), "transferred", act)
    yield from end(tenant, held, "transferred", act)
    made = replace(
        held,
        id=new_id,
        user_id=user_id,
        started=act.at,
        source="transfer",
        booking_id=None,
        version=1,
        created=act.at,
        last_modified=act.at,
    )
    yield from _given(tenant, made, act)
    return made


def extend(tenant: str, wanted: Assignment, act: Act) -> Script[Assignment]:
    held = yield from _open(tenant, wanted.id, wanted.version)
    if wanted.expires is None or held.expires is None or wanted.expires > held.expires:
        booked = yield from bookings(tenant, held.locker_id, act.at, wanted.expires or FOR_GOOD)
        if any(one.user_id != held.user_id for one in booked):
            raise LockerRefused("lockerBooked", "Somebody else has booked this locker in that time.")
    after = next_of(held, act, expires=wanted.expires, note=wanted.note)
    yield from save(tenant, after)
    yield from _told(tenant, after, "assignment:change", act)
    return after


def expire(tenant: str, limit: int, act: Act) -> Script[int]:
    count = 0
    for (id,) in (yield Ask(_OVER, (tenant, act.at, limit))):
        held = yield from _reread(tenant, id)
        if held.slot is not None and held.expires is not None and held.expires <= act.at:
            yield from end(tenant, held, "expired", act)
            count += 1
    yield Ask(_FORGET, (tenant, act.at))
    return count


def delete_locker(tenant: str, id: str, version: int | None, act: Act) -> Script[None]:
    """A locker goes that nobody holds; what is over is ended with it."""
    yield from delete(tenant, Locker, id, version, act)
    for row in (yield Ask(OPEN, (tenant, id))):
        yield from end(tenant, record_of(Assignment, row), "expired", act)


def set_state(tenant: str, id: str, state: str, reason: str, act: Act) -> Script[Locker]:
    locker = yield from locked(tenant, Locker, id)
    if (locker.state, locker.state_reason) == (state, reason):
        return locker
    after = replace(
        locker,
        state=state,
        state_reason=reason,
        version=locker.version + 1,
        last_modified=max(act.at, locker.last_modified),
    )
    yield from save(tenant, after)
    yield from happened(tenant, act, f"locker:{state}", "locker", id, id, reason=reason)
    return after


def unlock(
    tenant: str, id: str, user_id: str | None, seconds: int | None, act: Act, judge: Judge | None
) -> Script[int]:
    locker = yield from locked(tenant, Locker, id)
    if user_id is not None:
        yield from active_user(tenant, user_id)
        yield from in_service(tenant, locker)
        _, held = yield from holding(tenant, locker, act)
        if not any(one.user_id == user_id for one in held):
            raise LockerRefused("notHeld", "This user does not hold this locker.")
        yield from judged(tenant, judge, user_id, id, act.at)
    told = locker.open_seconds if seconds is None else seconds
    yield from happened(tenant, act, "locker:unlock", "locker", id, id, user_id, seconds=told)
    return told


def _given(tenant: str, made: Assignment, act: Act) -> Script[None]:
    if not (yield from add(tenant, made)):
        raise LockerRefused("lockerTaken", "Somebody else holds this locker.")
    yield from _told(tenant, made, "assignment:create", act)


def _reread(tenant: str, id: str) -> Script[Assignment]:
    """An assignment whose locker is locked, and which is locked itself. **Raises** ``NotFound``."""
    for row in (yield Ask(_ASSIGNMENT, (tenant, id))):
        yield from locked(tenant, Locker, record_of(Assignment, row).locker_id)
        ((*again,),) = yield Ask(_LOCK_ASSIGNMENT, (tenant, id))
        return record_of(Assignment, again)
    raise NotFound


def _open(tenant: str, id: str, version: int | None) -> Script[Assignment]:
    held = yield from _reread(tenant, id)
    if version is not None and held.version != version:
        raise VersionConflict
    if held.slot is None:
        raise LockerRefused("ended", "This assignment has ended already.")
    return held


def end(tenant: str, held: Assignment, reason: str, act: Act) -> Script[Assignment]:
    after = next_of(held, act, slot=None, ended=act.at, reason=reason)
    yield from save(tenant, after)
    yield from _told(tenant, after, "assignment:end", act, reason=reason)
    return after


def _told(tenant: str, held: Assignment, kind: str, act: Act, **data: str) -> Script[None]:
    told = {"kind": held.kind, "shared": held.shared_by is not None, **data}
    yield from happened(tenant, act, kind, "assignment", held.id, held.locker_id, held.user_id, **told)


def next_of(before: A, act: Act, **values: Any) -> A:
    """The record a version later."""
    latest = max(act.at, before.last_modified)
    return replace(before, version=before.version + 1, last_modified=latest, **values)
