"""Lockers and whoever holds them: given, given back, shared, blocked, opened.

The rules are those of the operations (``lockers.assigning``): here is only how they are asked for.
"""

from typing import Any

from rollbook.lockers import assigning
from rollbook.lockers.access import ACTIONS, in_service
from rollbook.lockers.forms import read
from rollbook.lockers.pins import CheckForm
from rollbook.releezme_face import shapes
from rollbook.releezme_face.calling import Call
from rollbook.releezme_face.refusing import wrong
from rollbook.releezme_face.rows import Operation
from rollbook.storage.locker_records import HOLDER, Assignment, Bank, Locker, LockerGroup

SOURCE = "releezme"
"""What assignments say of where they come from."""
LONGEST_OPEN = 600


async def _shown(call: Call, id: str, user: str | None = None) -> Any:
    (shown,) = await shapes.lockers(call.lockers, [await call.found(Locker, id)], call.at, user)
    return shown


async def allocated(call: Call) -> Any:
    user, at = await call.user(), call.at
    held = await assigning.held_by(call.work, user)
    ids = sorted(one.locker_id for one in held if one.expires is None or one.expires > at)
    some, page = call.cut(ids)
    known = await shapes.doors(call.lockers, some, at, user)
    return call.listed([known.shown(one.locker) for id in some if (one := known.stands.get(id))], len(ids), page)


async def can_allocate(call: Call) -> Any:
    """Whether there is any locker that a user may take now."""
    return bool(await call.inquiry.lockers_of(await call.user(), ACTIONS["allocate"], call.at, 1))


async def can_allocate_one(call: Call) -> Any:
    locker = await call.found(Locker)
    return (await call.inquiry.decide(await call.user(), locker.id, ACTIONS["allocate"], call.at)).allowed


def allocating(**more: Any) -> Operation:
    """A user gets the locker that the address names."""

    async def allocate(call: Call) -> Any:
        user = await call.user()
        await assigning.allocate(call.work, {"lockerId": call.id, "userId": user, **more}, source=SOURCE)
        return await _shown(call, call.id, user)

    return allocate


async def allocate_any(call: Call) -> Any:
    """A user gets a locker of a bank and a group, whichever is free."""
    user, bank, group = await call.user(), call.guid("lockerBankId"), call.guid("lockerGroupId")
    if bank is None or group is None:
        raise wrong("lockerBankId and lockerGroupId are needed.")
    await call.found(Bank, bank)
    await call.found(LockerGroup, group)
    wish = {"lockerBankId": bank, "lockerGroupId": group, "userId": user}
    held = await assigning.allocate(call.work, wish, source=SOURCE)
    return await _shown(call, held.locker_id, user)


async def release(call: Call) -> Any:
    """What a user holds of a locker ends; without one, what its holder does."""
    locker, user, ignore = await call.found(Locker), await call.named(), call.flag("ignoreSelfReleaseAllowed")
    if user is not None and not locker.self_release and not ignore:
        raise wrong(
            "The user may not release this locker himself: send ignoreSelfReleaseAllowed=true to do it for him."
        )
    held = await _held(call, user)
    await assigning.release(call.work, held.id)
    return await _shown(call, locker.id)


async def _held(call: Call, user: str | None) -> Assignment:
    """What a user holds of the locker, or its holder (None). **Raises** ``Refused``."""
    for one in await assigning.open_assignments(call.work, call.id):
        if one.slot == HOLDER if user is None else one.user_id == user:
            return one
    raise wrong("Nobody holds this locker." if user is None else "This user does not hold this locker.")


async def unlock(call: Call) -> Any:
    """The locker is opened for who holds it."""
    return await _open(call, await call.user())


async def unlock_without_pin(call: Call) -> Any:
    """The locker is opened for the operator, whoever holds it."""
    return await _open(call, await call.named())


async def unlock_with_pin(call: Call) -> Any:
    """The locker is opened where the PIN code is its own, that of the user who holds it, or the bank's master code."""
    locker, user = await call.found(Locker), await call.named()
    form = read(CheckForm, call.said(**({} if user is None else {"userId": user})))
    whose = await call.pins.check(call.work, call.tenant.id, locker.id, form)
    if whose is None:
        raise wrong("This is not the PIN code of this locker.")
    stands = (await call.lockers.whereabouts([locker.id])).get(locker.id)
    if whose == "locker" and not (stands and in_service(stands)):
        raise wrong("This locker, or its bank, is out of service.")
    return await _open(call, user if whose == "user" else None)


async def _open(call: Call, user: str | None) -> Any:
    seconds = call.number("openTime", 1, LONGEST_OPEN)
    said = {"userId": user, "openSeconds": seconds}
    return {"LockerId": call.id, "OpenTime": await assigning.unlock(call.work, call.id, said)}


async def block(call: Call) -> Any:
    await assigning.block(call.work, call.id, {})
    return await _shown(call, call.id)


async def unblock(call: Call) -> Any:
    await assigning.unblock(call.work, call.id)
    return await _shown(call, call.id)


async def share(call: Call) -> Any:
    """A holder lets another user in."""
    await call.found(Locker)
    if "userId" in call.ids:
        guest = await call.called("userId", call.ids["userId"], id_first=True)
    else:
        guest = await call.user("sharedUserId")
    holder = await call.named()
    # Any user of the company can be let in, as with the product; whether he may open it, is judged at the door.
    said = {"userId": guest, "force": True, **({} if holder is None else {"holderId": holder})}
    await assigning.share(call.work, call.id, said)
    return await _shown(call, call.id)


async def unshare(call: Call) -> Any:
    """A holder lets a user no longer in; without a user, nobody any more."""
    await call.found(Locker)
    held = await _held(call, await call.named())
    guests = [one for one in await assigning.open_assignments(call.work, call.id) if one.shared_by == held.id]
    if "userId" in call.ids:
        user = await call.called("userId", call.ids["userId"], id_first=True)
        guests = [one for one in guests if one.user_id == user]
    if not guests:
        raise wrong(
            "This locker is not shared with this user." if "userId" in call.ids else "Nobody shares this locker."
        )
    for one in guests:
        await assigning.release(call.work, one.id, reason="unshared")
    return await _shown(call, call.id)


async def shared_users(call: Call) -> Any:
    await call.found(Locker)
    held = await assigning.open_assignments(call.work, call.id)
    guests = [one.user_id for one in held if one.shared_by is not None]
    some, page = call.cut(guests)
    return call.listed(await call.users.known(call.store, some), len(guests), page)


async def shareable_users(call: Call) -> Any:
    """Active users whom a holder could let in, of those in whose names a text stands."""
    locker, page = await call.found(Locker), call.page
    await _held(call, await call.named())
    if not locker.shareable:
        return call.listed([], 0, page)
    there = [one.user_id for one in await assigning.open_assignments(call.work, call.id)]
    text = call.text("searchString") or ""
    total, found = await call.users.searched(call.tenant, call.store, text, there, page.offset, page.size)
    return call.listed(found, total, page)
