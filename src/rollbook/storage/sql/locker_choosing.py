"""What is looked at before somebody gets a locker: whether he and the locker are fit for it, and whether he may.

**Rules**: first the user is locked, then the locker, then what is looked at and refused, then what is written: so two
who want one locker come one after the other, and so do two requests for one user.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from rollbook.scim.catalog_reader import USER_NUMBER
from rollbook.storage.errors import LockerRefused, NotFound
from rollbook.storage.locker_contract import Allocate, Book, Ground, Judge, Wish
from rollbook.storage.locker_records import (
    ACTIVE,
    HOLDER,
    Act,
    Assignment,
    Booking,
    Link,
    Locker,
)
from rollbook.storage.sql.locker_tables import columns, record_of
from rollbook.storage.sql.scripts import Ask, Row, Script

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
_ITS_OWN = frozenset({"lockerTaken", "lockerBooked", "lockerBlocked", "lockerClosed", "notBookable", "alreadyHeld"})
"""What can be wrong with one locker, while another is free."""


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


def any_that_fits(
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


def turned(found: Sequence[Locker], seed: int) -> Iterator[Locker]:
    """All, beginning somewhere."""
    start = seed % len(found) if found else 0
    yield from found[start:]
    yield from found[:start]


def active_user(tenant: str, id: str) -> Script[None]:
    found = yield Ask(_USER, (tenant, id))
    if not found:
        raise LockerRefused("noUser", "There is no such user.")
    if not found[0][0]:
        raise LockerRefused("userInactive", "This user is not active, so he has no rights.")


def in_service(tenant: str, locker: Locker) -> Script[None]:
    if locker.state != ACTIVE:
        raise LockerRefused("lockerBlocked", "This locker is blocked or out of order.")
    (stands,) = yield Ask(_STANDS, (tenant, locker.bank_id))
    bank, published, service, section, location = stands
    if (bank, section, location) != (ACTIVE, ACTIVE, ACTIVE) or not published or service:
        raise LockerRefused("lockerClosed", "This locker's bank, section or location is closed or in service mode.")


def holding(tenant: str, locker: Locker, act: Act) -> Script[tuple[list[Assignment], list[Assignment]]]:
    """Of a locker that is locked: the assignments that are over but not ended, and those that hold."""
    found = [record_of(Assignment, row) for row in (yield Ask(OPEN, (tenant, locker.id)))]
    over = [one for one in found if one.expires is not None and one.expires <= act.at]
    return over, [one for one in found if one not in over]


def bookings(tenant: str, locker_id: str, starts: str, ends: str) -> Script[list[Booking]]:
    return [record_of(Booking, row) for row in (yield Ask(_OVERLAPPING, (tenant, locker_id, starts, ends)))]


def judged(tenant: str, judge: Judge | None, user_id: str, locker_id: str, at: str) -> Script[None]:
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
