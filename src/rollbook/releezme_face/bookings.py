"""Bookings, and what happened."""

from typing import Any

from rollbook.lockers import assigning, structure
from rollbook.lockers.access import ACTIONS
from rollbook.releezme_face import shapes
from rollbook.releezme_face.calling import Call, as_id, moment
from rollbook.releezme_face.refusing import missing, wrong
from rollbook.releezme_face.rows import Operation
from rollbook.releezme_face.shapes import EVENT, RAW_EVENT, shape
from rollbook.storage.locker_contract import Wish
from rollbook.storage.locker_records import Bank, Booking, Location, Locker, LockerGroup, Section, Thing

_SOME = 500
_NAMED: tuple[tuple[str, type[Thing]], ...] = (
    ("locationId", Location),
    ("sectionId", Section),
    ("lockerBankId", Bank),
    ("lockerGroupId", LockerGroup),
    ("lockerId", Locker),
)


async def listed(call: Call) -> Any:
    """The bookings of a user that are not over."""
    user, page, at = await call.user(), call.page, call.at
    where = {"user_id": user, "state": "open", "ends_after": at}
    found = await call.lockers.numbered.page(Booking, where, page.offset, page.size)
    known = await shapes.doors(call.lockers, (one.locker_id for one in found.rows), at)
    return call.listed([shapes.booking(one, known) for one in found.rows], found.total, page)


async def availability(call: Call) -> Any:
    """The lockers that a user could book for a time: free, bookable, and his groups may reserve them then."""
    user, at = await call.user(), call.at
    starts, ends = call.moment("startDateTimeUtc") or at, call.moment("endDateTimeUtc")
    if ends is not None and ends <= starts:
        raise wrong("endDateTimeUtc has to be after startDateTimeUtc.")
    ids: dict[str, str | None] = {}
    for name, kind in _NAMED:
        ids[name] = call.guid(name)
        if (id := ids[name]) is not None:
            await call.found(kind, id)
    wish = Wish(ids["lockerId"], ids["locationId"], ids["sectionId"], ids["lockerBankId"], ids["lockerGroupId"])
    bookable = {one.id async for one in structure.every(call.work, LockerGroup, bookable=True)}
    may = await _may_reserve(call, user, starts)
    free: list[Locker] = []
    after = ""
    while bookable and may:
        found = await call.lockers.free(wish, starts, ends, _SOME, after)
        groups = await call.lockers.access.groups_of_lockers([one.id for one in found if one.id in may])
        free += [one for one in found if one.id in groups and groups[one.id][0] & bookable]
        if len(found) < _SOME:
            break
        after = found[-1].id
    some, page = call.cut(free)
    return call.listed(await shapes.lockers(call.lockers, some, at), len(free), page)


async def _may_reserve(call: Call, user: str, at: str) -> set[str]:
    may: set[str] = set()
    after = ""
    while True:
        found = await call.inquiry.lockers_of(user, ACTIONS["reserve"], at, _SOME, after)
        may.update(found)
        if len(found) < _SOME:
            return may
        after = found[-1]


async def create(call: Call) -> Any:
    """A locker is kept for a user: this one, or one of a bank or a group."""
    starts = moment("StartDateTimeUtc", call.needed("StartDateTimeUtc"))
    ends = moment("EndDateTimeUtc", call.needed("EndDateTimeUtc"))
    said = call.said(starts=starts, ends=ends, userId=await call.user("ExternalUserId"))
    wishes = [(name, kind) for name, kind in _NAMED if name in said]
    if not wishes:
        raise wrong("LockerId, LockerBankId or LockerGroupId is needed.")
    for name, kind in wishes:
        id = as_id(said[name]) if isinstance(said[name], str) else None
        if id is None:
            raise wrong(f"{name[:1].upper()}{name[1:]} has to be an id (a GUID).")
        said[name] = id
        await call.found(kind, id)
    made = await assigning.book(call.work, said)
    return shapes.booking(made, await shapes.doors(call.lockers, [made.locker_id], call.at))


async def delete(call: Call) -> Any:
    await assigning.cancel(call.work, call.id)
    return {}


def following(*kinds: str) -> Operation:
    """What happened after the event that the address names, in its order; without one, from the beginning."""

    async def follow(call: Call) -> Any:
        fields = RAW_EVENT if call.flag("useRawEvents") else EVENT
        found = await call.lockers.numbered.told(kinds, call.ids.get("afterEventId"), call.page.size)
        if found is None:
            raise missing("event")
        return {call.row.answers.removesuffix("[]"): [shape(fields, one) for one in found]}

    return follow
