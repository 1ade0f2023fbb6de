"""What a write of a resource means for lockers: in its own transaction, and nothing where there are none of its own.

A User who is deleted gives his lockers back, and his bookings and PINs go; a Group that is deleted takes its links
along. A User who is no longer active keeps his locker, for there may be things in it: he is on the list of leavers
from that moment on (``locker_views.LEAVERS``), and here it is told.
"""

from rollbook.events import Event
from rollbook.storage.locker_records import Act, Assignment, Booking
from rollbook.storage.sql.locker_assignments import end, next_of
from rollbook.storage.sql.locker_steps import happened
from rollbook.storage.sql.locker_structure import save
from rollbook.storage.sql.locker_tables import columns, record_of
from rollbook.storage.sql.scripts import Ask, Script

CONCERNED = """EXISTS (SELECT 1 FROM assignment a WHERE a.tenant_id = {tenant} AND a.user_id = {id} AND a.ended IS NULL)
OR EXISTS (SELECT 1 FROM booking k WHERE k.tenant_id = {tenant} AND k.user_id = {id} AND k.state = 'open')
OR EXISTS (SELECT 1 FROM access_link k WHERE k.tenant_id = {tenant} AND k.user_group_id = {id})
OR EXISTS (SELECT 1 FROM pin_code p WHERE p.tenant_id = {tenant} AND p.subject = 'user' AND p.id = {id})"""
"""Whether the deletion of a resource means anything here: four steps along indexes."""

_HELD = f"""SELECT {columns(Assignment, "a")} FROM assignment a
WHERE a.tenant_id = $1 AND a.user_id = $2 AND a.ended IS NULL ORDER BY a.id FOR UPDATE"""
_LET_IN = f"""SELECT {columns(Assignment, "a")} FROM assignment a
WHERE a.tenant_id = $1 AND a.locker_id = $2 AND a.shared_by = $3 AND a.ended IS NULL ORDER BY a.id FOR UPDATE"""
_BOOKED = f"""SELECT {columns(Booking, "k")} FROM booking k
WHERE k.tenant_id = $1 AND k.user_id = $2 AND k.state = 'open' ORDER BY k.id FOR UPDATE"""
_LINKS = "DELETE FROM access_link WHERE tenant_id = $1 AND user_group_id = $2 RETURNING id"
_PINS = "DELETE FROM pin_code WHERE tenant_id = $1 AND subject = 'user' AND id = $2"


def gone(tenant: str, id: str, event: Event) -> Script[None]:
    """A resource is being deleted."""
    act = Act(event.at, event)
    for row in (yield Ask(_HELD, (tenant, id))):
        held = record_of(Assignment, row)
        for other in (yield Ask(_LET_IN, (tenant, held.locker_id, held.id))):
            yield from end(tenant, record_of(Assignment, other), "userDeleted", act)
        yield from end(tenant, held, "userDeleted", act)
    for row in (yield Ask(_BOOKED, (tenant, id))):
        booking = record_of(Booking, row)
        yield from save(tenant, next_of(booking, act, state="cancelled"))
        told = (tenant, act, "booking:cancel", "booking", booking.id, booking.locker_id, booking.user_id)
        yield from happened(*told, reason="userDeleted")
    for (link,) in (yield Ask(_LINKS, (tenant, id))):
        yield from happened(tenant, act, "access_link:delete", "access_link", link, reason="groupDeleted")
    yield Ask(_PINS, (tenant, id))


def left(tenant: str, id: str, event: Event) -> Script[None]:
    """A user is no longer active."""
    act = Act(event.at, event)
    for row in (yield Ask(_HELD, (tenant, id))):
        held = record_of(Assignment, row)
        yield from happened(tenant, act, "user:leave", "assignment", held.id, held.locker_id, id)
