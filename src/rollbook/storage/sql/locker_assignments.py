"""Who holds a locker: given, given back, shared, handed on; kept for later (bookings).

**Rules**: first the user is locked, then the locker, then what is looked at and refused, then what is written: so two
who want one locker come one after the other, and so do two requests for one user. What is over (``expires``) is ended
by whoever needs the locker next.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from rollbook.scim.catalog_reader import USER_NUMBER
from rollbook.storage.errors import LockerRefused, NotFound, VersionConflict
from rollbook.storage.locker_contract import Allocate, Book, Ground, Judge, Wish
from rollbook.storage.locker_records import (
    ACTIVE,
    BOOKED,
    HOLDER,
    SHARED,
    Act,
    Assignment,
    Booking,
    Link,
    Locker,
)
from rollbook.storage.sql.locker_steps import happened
from rollbook.storage.sql.locker_structure import add, locked, save
from rollbook.storage.sql.locker_tables import columns, record_of
from rollbook.storage.sql.scripts import Ask, Row, Script

A = TypeVar("A", Assignment, Booking)
R = TypeVar("R")

AT_ONCE = 100
"""Lockers that are looked at for a wish before the next are."""
FIRST_ID = "00000000-0000-0000-0000-000000000000"
FOR_GOOD = "9999-12-31T23:59:59.999Z"

_USER = f"""SELECT @active(r) FROM resource r WHERE r.tenant_id = $1 AND r.type = {USER_NUMBER} AND r.id = $2
FOR NO KEY UPDATE"""
IS_ACTIVE = f"""SELECT @active(r) FROM resource r WHERE r.tenant_id = $1 AND r.type = {USER_NUMBER} AND r.id = $2
LIMIT 1"""
_STANDS = """SELECT b.state, b.published, b.service_mode, s.state, l.state FROM locker_bank b
JOIN section s ON s.tenant_id = $1 AND s.id = b.section_id JOIN location l ON l.tenant_id = $1 AND l.id = b.location_id
WHERE b.tenant_id = $1 AND b.id = $2"""
OPEN = f"""SELECT {columns(Assignment, "a")} FROM assignment a
WHERE a.tenant_id = $1 AND a.locker_id = $2 AND a.slot IS NOT NULL ORDER BY a.started, a.id"""
_OVERLAPPING = f"""SELECT {columns(Booking, "k")} FROM booking k WHERE k.tenant_id = $1 AND k.locker_id = $2
AND k.state = 'open' AND k.ends > $3 AND k.starts < $4 ORDER BY k.starts, k.id"""
GROUNDS = f"""WITH RECURSIVE up (id) AS (
  SELECT m.group_id FROM member m WHERE m.tenant_id = $1 AND m.member_id = $2
  UNION
  SELECT m.group_id FROM up CROSS JOIN member m WHERE m.tenant_id = $1 AND m.member_id = up.id)
SELECT {columns(Link, "k")}, l.time_zone, (
  SELECT count(*) FROM assignment a JOIN grouped_locker h
  ON h.tenant_id = $1 AND h.group_id = k.locker_group_id AND h.locker_id = a.locker_id
  WHERE a.tenant_id = $1 AND a.user_id = $2 AND a.ended IS NULL AND a.shared_by IS NULL
  AND (a.expires IS NULL OR a.expires > $4))
FROM grouped_locker g JOIN access_link k ON k.tenant_id = $1 AND k.locker_group_id = g.group_id
JOIN up ON up.id = k.user_group_id
JOIN locker x ON x.tenant_id = $1 AND x.id = g.locker_id
JOIN locker_bank b ON b.tenant_id = $1 AND b.id = x.bank_id
JOIN location l ON l.tenant_id = $1 AND l.id = b.location_id
WHERE g.tenant_id = $1 AND g.locker_id = $3 ORDER BY k.priority DESC, k.id"""
_LINKED = """WITH RECURSIVE up (id) AS (
  SELECT m.group_id FROM member m WHERE m.tenant_id = $1 AND m.member_id = $2
  UNION
  SELECT m.group_id FROM up CROSS JOIN member m WHERE m.tenant_id = $1 AND m.member_id = up.id)
SELECT DISTINCT k.locker_group_id FROM up JOIN access_link k ON k.tenant_id = $1 AND k.user_group_id = up.id
ORDER BY k.locker_group_id"""
_BOOKABLE = """SELECT 1 FROM grouped_locker g JOIN locker_group n ON n.tenant_id = $1 AND n.id = g.group_id
WHERE g.tenant_id = $1 AND g.locker_id = $2 AND n.bookable = 1 LIMIT 1"""
_ASSIGNMENT = f"SELECT {columns(Assignment, 'a')} FROM assignment a WHERE a.tenant_id = $1 AND a.id = $2"
_LOCK_ASSIGNMENT = f"{_ASSIGNMENT} FOR UPDATE"
_SHARED_BY = f"""SELECT {columns(Assignment, "a")} FROM assignment a
WHERE a.tenant_id = $1 AND a.locker_id = $2 AND a.shared_by = $3 AND a.slot IS NOT NULL"""
_OVER = """SELECT a.id FROM assignment a WHERE a.tenant_id = $1 AND a.ended IS NULL AND a.expires <= $2
ORDER BY a.expires LIMIT $3"""
_FORGET = "DELETE FROM request_key WHERE tenant_id = $1 AND expires <= $2"


def candidates(
    wish: Wish, starts: str, ends: str | None, limit: int, after: str = "", linked: Sequence[str] | None = None
) -> tuple[str, Row]:
    """The statement that finds free lockers, and its values but for the tenant. ``linked``: in one of these locker
    groups."""
    values: list[object] = [after or FIRST_ID, starts, ends or FOR_GOOD]
    conditions = []
    for column, wanted in (
        ("x.id", wish.locker_id),
        ("x.bank_id", wish.bank_id),
        ("b.section_id", wish.section_id),
        ("b.location_id", wish.location_id),
        ("x.size", wish.size),
        ("x.kind", wish.kind),
        ("x.accessible", None if wish.accessible is None else int(wish.accessible)),
    ):
        if wanted is not None:
            values.append(wanted)
            conditions.append(f"AND {column} = ${len(values) + 1}")
    if wish.group_id is not None:
        values.append(wish.group_id)
        conditions.append(
            "AND EXISTS (SELECT 1 FROM grouped_locker g WHERE g.tenant_id = $1 AND g.locker_id = x.id"
            f" AND g.group_id = ${len(values) + 1})"
        )
    if linked is not None:
        places = ", ".join(f"${len(values) + n}" for n in range(2, len(linked) + 2))
        values += linked
        conditions.append(
            "AND EXISTS (SELECT 1 FROM grouped_locker g WHERE g.tenant_id = $1 AND g.locker_id = x.id"
            f" AND g.group_id IN ({places}))"
        )
    values.append(limit)
    # CROSS JOIN: SQLite keeps this order, which is that of the index, and so ends after the first hits.
    sql = f"""SELECT {columns(Locker, "x")} FROM locker x
CROSS JOIN locker_bank b CROSS JOIN section s CROSS JOIN location l
WHERE x.tenant_id = $1 AND x.id > $2 AND b.tenant_id = $1 AND b.id = x.bank_id
AND s.tenant_id = $1 AND s.id = b.section_id AND l.tenant_id = $1 AND l.id = b.location_id
AND x.state = 'active' AND b.state = 'active' AND s.state = 'active' AND l.state = 'active' AND b.published = 1
AND b.service_mode = 0 {" ".join(conditions)}
AND NOT EXISTS (SELECT 1 FROM assignment a WHERE a.tenant_id = $1 AND a.locker_id = x.id AND a.slot = '{HOLDER}'
  AND (a.expires IS NULL OR a.expires > $3))
AND NOT EXISTS (SELECT 1 FROM booking k WHERE k.tenant_id = $1 AND k.locker_id = x.id AND k.state = 'open'
  AND k.ends > $3 AND k.starts < $4)
ORDER BY x.id LIMIT ${len(values) + 1}"""
    return sql, tuple(values)


def ground_of(row: Row) -> Ground:
    *link, time_zone, held = row
    return Ground(record_of(Link, link), time_zone, held)


def allocate(tenant: str, ask: Allocate, act: Act) -> Script[Assignment]:
    yield from _active_user(tenant, ask.user_id)
    if ask.wish.locker_id is not None:
        return (yield from _allocate(tenant, ask, ask.wish.locker_id, act))
    give = partial(_allocate, tenant, replace(ask, judge=None), act=act)
    return (yield from _any(tenant, ask, act.at, ask.expires, give))


def _any(
    tenant: str, ask: Allocate | Book, starts: str, ends: str | None, give: Callable[[str], Script[R]]
) -> Script[R]:
    """Give one of the lockers that are free and fit. Who may not have it is judged before it is locked, so that two who
    ask for any seldom wait for each other."""
    refusal = LockerRefused("noFreeLocker", "No locker that fits is free.")
    linked = None
    if ask.judge is not None:
        linked = [row[0] for row in (yield Ask(_LINKED, (tenant, ask.user_id)))]
        if not linked:
            raise _no_right(ask.judge(()) or "noLink")
    verdicts: dict[tuple[str, ...], str | None] = {}
    after = ""
    while True:
        sql, values = candidates(ask.wish, starts, ends, AT_ONCE, after, linked)
        found = [record_of(Locker, row) for row in (yield Ask(sql, (tenant, *values)))]
        alike = yield from _alike(tenant, found if ask.judge else ())
        for locker in turned(found, ask.wish.seed):
            if ask.judge is not None:
                if alike[locker.id] not in verdicts:
                    grounds = yield from _grounds(tenant, ask.user_id, locker.id, starts)
                    verdicts[alike[locker.id]] = ask.judge(grounds)
                code = verdicts[alike[locker.id]]
                if code is not None:
                    refusal = _no_right(code)
                    continue
            try:
                return (yield from give(locker.id))
            except LockerRefused as error:
                if error.code not in _ITS_OWN:
                    raise
            except NotFound:
                continue
        if len(found) < AT_ONCE:
            raise refusal
        after = found[-1].id


_ITS_OWN = frozenset({"lockerTaken", "lockerBooked", "lockerBlocked", "lockerClosed", "notBookable", "alreadyHeld"})
"""What can be wrong with one locker, while another is free."""


def turned(found: Sequence[Locker], seed: int) -> Iterator[Locker]:
    """All, beginning somewhere."""
    start = seed % len(found) if found else 0
    yield from found[start:]
    yield from found[:start]


def _allocate(tenant: str, ask: Allocate, locker_id: str, act: Act) -> Script[Assignment]:
    locker = yield from locked(tenant, Locker, locker_id)
    yield from _in_service(tenant, locker)
    over, held = yield from _holding(tenant, locker, act)
    kind = ask.kind or locker.kind
    slot = ask.user_id if kind == SHARED else HOLDER
    for one in held:
        if one.user_id == ask.user_id and not one.shared_by:
            raise LockerRefused("alreadyHeld", "This user holds this locker already.")
        if one.slot in (slot, HOLDER) or slot == HOLDER:
            raise LockerRefused("lockerTaken", "Somebody else holds this locker.")
    booking: Booking | None = None
    expires = ask.expires
    booked = yield from _bookings(tenant, locker_id, act.at, expires or FOR_GOOD)
    for reserved in booked:
        if reserved.user_id != ask.user_id:
            raise LockerRefused("lockerBooked", "Somebody else has booked this locker.")
        if reserved.starts <= act.at:
            booking = reserved
    yield from _judged(tenant, ask.judge, ask.user_id, locker_id, act.at)
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


def share(tenant: str, locker_id: str, holder_id: str, user_id: str, new_id: str, act: Act) -> Script[Assignment]:
    yield from _active_user(tenant, user_id)
    locker = yield from locked(tenant, Locker, locker_id)
    over, held = yield from _holding(tenant, locker, act)
    holder = next((one for one in held if one.user_id == holder_id and one.slot == HOLDER), None)
    if holder is None:
        raise LockerRefused("notHeld", "This user does not hold this locker.")
    if not locker.shareable:
        raise LockerRefused("notShareable", "This locker cannot be shared.")
    if any(one.user_id == user_id for one in held):
        raise LockerRefused("alreadyHeld", "This user has this locker already.")
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


def transfer(tenant: str, id: str, user_id: str, new_id: str, act: Act) -> Script[Assignment]:
    yield from _active_user(tenant, user_id)
    held = yield from _open(tenant, id, None)
    if held.shared_by is not None or held.slot != HOLDER:
        raise LockerRefused("notHeld", "Only who holds a locker alone can hand it on.")
    if held.user_id == user_id:
        raise LockerRefused("alreadyHeld", "This user holds this locker already.")
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
        booked = yield from _bookings(tenant, held.locker_id, act.at, wanted.expires or FOR_GOOD)
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


def book(tenant: str, ask: Book, act: Act) -> Script[Booking]:
    yield from _active_user(tenant, ask.user_id)
    if ask.wish.locker_id is not None:
        return (yield from _book(tenant, ask, ask.wish.locker_id, act))
    give = partial(_book, tenant, replace(ask, judge=None), act=act)
    return (yield from _any(tenant, ask, ask.starts, ask.ends, give))


def _book(tenant: str, ask: Book, locker_id: str, act: Act) -> Script[Booking]:
    locker = yield from locked(tenant, Locker, locker_id)
    yield from _in_service(tenant, locker)
    if not (yield Ask(_BOOKABLE, (tenant, locker_id))):
        raise LockerRefused("notBookable", "This locker is in no group whose lockers can be booked.")
    for one in (yield Ask(OPEN, (tenant, locker_id))):
        held = record_of(Assignment, one)
        if held.user_id != ask.user_id and (held.expires is None or held.expires > ask.starts):
            raise LockerRefused("lockerTaken", "Somebody else holds this locker in that time.")
    if (yield from _bookings(tenant, locker_id, ask.starts, ask.ends)):
        raise LockerRefused("lockerBooked", "This locker is booked in that time already.")
    yield from _judged(tenant, ask.judge, ask.user_id, locker_id, ask.starts)
    made = Booking(
        id=ask.booking_id,
        locker_id=locker_id,
        user_id=ask.user_id,
        starts=ask.starts,
        ends=ask.ends,
        created=act.at,
        last_modified=act.at,
    )
    if not (yield from add(tenant, made)):
        raise LockerRefused("taken", "This id is taken.")
    told = {"starts": made.starts, "ends": made.ends}
    yield from happened(tenant, act, "booking:create", "booking", made.id, locker_id, ask.user_id, **told)
    return made


def cancel(tenant: str, id: str, act: Act) -> Script[Booking]:
    booking = yield from locked(tenant, Booking, id)
    if booking.state != "open":
        raise LockerRefused("ended", "This booking is over.")
    after = next_of(booking, act, state="cancelled")
    yield from save(tenant, after)
    yield from happened(tenant, act, "booking:cancel", "booking", id, booking.locker_id, booking.user_id)
    return after


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


def unlock(tenant: str, id: str, user_id: str | None, seconds: int | None, act: Act) -> Script[int]:
    locker = yield from locked(tenant, Locker, id)
    if user_id is not None:
        yield from _active_user(tenant, user_id)
        yield from _in_service(tenant, locker)
        _, held = yield from _holding(tenant, locker, act)
        if not any(one.user_id == user_id for one in held):
            raise LockerRefused("notHeld", "This user does not hold this locker.")
    told = locker.open_seconds if seconds is None else seconds
    yield from happened(tenant, act, "locker:unlock", "locker", id, id, user_id, seconds=told)
    return told


def _active_user(tenant: str, id: str) -> Script[None]:
    found = yield Ask(_USER, (tenant, id))
    if not found:
        raise LockerRefused("noUser", "There is no such user.")
    if not found[0][0]:
        raise LockerRefused("userInactive", "This user is not active, so he has no rights.")


def _in_service(tenant: str, locker: Locker) -> Script[None]:
    if locker.state != ACTIVE:
        raise LockerRefused("lockerBlocked", "This locker is blocked or out of order.")
    (stands,) = yield Ask(_STANDS, (tenant, locker.bank_id))
    bank, published, service, section, location = stands
    if (bank, section, location) != (ACTIVE, ACTIVE, ACTIVE) or not published or service:
        raise LockerRefused("lockerClosed", "This locker's bank, section or location is closed or in service mode.")


def _holding(tenant: str, locker: Locker, act: Act) -> Script[tuple[list[Assignment], list[Assignment]]]:
    """Of a locker that is locked: the assignments that are over but not ended, and those that hold."""
    found = [record_of(Assignment, row) for row in (yield Ask(OPEN, (tenant, locker.id)))]
    over = [one for one in found if one.expires is not None and one.expires <= act.at]
    return over, [one for one in found if one not in over]


def _bookings(tenant: str, locker_id: str, starts: str, ends: str) -> Script[list[Booking]]:
    return [record_of(Booking, row) for row in (yield Ask(_OVERLAPPING, (tenant, locker_id, starts, ends)))]


def _judged(tenant: str, judge: Judge | None, user_id: str, locker_id: str, at: str) -> Script[None]:
    if judge is None:
        return
    code = judge((yield from _grounds(tenant, user_id, locker_id, at)))
    if code is not None:
        raise _no_right(code)


def _grounds(tenant: str, user_id: str, locker_id: str, at: str) -> Script[list[Ground]]:
    return [ground_of(row) for row in (yield Ask(GROUNDS, (tenant, user_id, locker_id, at)))]


def _no_right(code: str) -> LockerRefused:
    return LockerRefused(code, "This user has no right to this locker now.")


def _alike(tenant: str, lockers: Sequence[Locker]) -> Script[dict[str, tuple[str, ...]]]:
    """What lockers have to have in common to be judged alike: the bank (its time zone) and their groups."""
    if not lockers:
        return {}
    groups: dict[str, list[str]] = {one.id: [one.bank_id] for one in lockers}
    places = ", ".join(f"${n}" for n in range(2, len(lockers) + 2))
    sql = f"""SELECT g.locker_id, g.group_id FROM grouped_locker g
WHERE g.tenant_id = $1 AND g.locker_id IN ({places}) ORDER BY g.group_id"""
    for locker, group in (yield Ask(sql, (tenant, *groups))):
        groups[locker].append(group)
    return {id: tuple(found) for id, found in groups.items()}


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
