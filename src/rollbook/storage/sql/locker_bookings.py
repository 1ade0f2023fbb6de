"""A locker that is kept for somebody, from then to then."""

from dataclasses import replace
from functools import partial

from rollbook.storage.errors import LockerRefused
from rollbook.storage.locker_contract import Book
from rollbook.storage.locker_records import (
    Act,
    Assignment,
    Booking,
    Locker,
)
from rollbook.storage.sql.locker_assignments import next_of
from rollbook.storage.sql.locker_choosing import (
    OPEN,
    active_user,
    any_that_fits,
    bookings,
    in_service,
    judged,
)
from rollbook.storage.sql.locker_steps import happened
from rollbook.storage.sql.locker_structure import add, locked, save
from rollbook.storage.sql.locker_tables import record_of
from rollbook.storage.sql.scripts import Ask, Script

_BOOKABLE = """SELECT 1 FROM grouped_locker g JOIN locker_group n ON n.tenant_id = $1 AND n.id = g.group_id
WHERE g.tenant_id = $1 AND g.locker_id = $2 AND n.bookable = 1 LIMIT 1"""


def book(tenant: str, ask: Book, act: Act) -> Script[Booking]:
    yield from active_user(tenant, ask.user_id)
    if ask.wish.locker_id is not None:
        return (yield from _book(tenant, ask, ask.wish.locker_id, act))
    give = partial(_book, tenant, replace(ask, judge=None), act=act)
    return (yield from any_that_fits(tenant, ask, ask.starts, ask.ends, give))


def _book(tenant: str, ask: Book, locker_id: str, act: Act) -> Script[Booking]:
    locker = yield from locked(tenant, Locker, locker_id)
    yield from in_service(tenant, locker)
    if not (yield Ask(_BOOKABLE, (tenant, locker_id))):
        raise LockerRefused("notBookable", "This locker is in no group whose lockers can be booked.")
    for one in (yield Ask(OPEN, (tenant, locker_id))):
        held = record_of(Assignment, one)
        if held.user_id != ask.user_id and (held.expires is None or held.expires > ask.starts):
            raise LockerRefused("lockerTaken", "Somebody else holds this locker in that time.")
    if (yield from bookings(tenant, locker_id, ask.starts, ask.ends)):
        raise LockerRefused("lockerBooked", "This locker is booked in that time already.")
    yield from judged(tenant, ask.judge, ask.user_id, locker_id, ask.starts)
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
