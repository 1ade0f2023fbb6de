"""What is done with a locker bank: its doors, its bricks, its numbers, its PIN code.

A *brick* is what the vendor calls the cabinets of which a bank is built. Here it is a grouping: each of its lockers has
the brick's id, number and form among its attributes.
"""

import re
from collections import defaultdict
from typing import Any

from rollbook.events import Kind
from rollbook.ids import ordered_id
from rollbook.lockers.forms import read
from rollbook.lockers.pins import PinForm, Subject
from rollbook.releezme_face import shapes
from rollbook.releezme_face.calling import Call, whole
from rollbook.releezme_face.refusing import missing, wrong
from rollbook.releezme_face.rows import Operation
from rollbook.releezme_face.shapes import BRICK, BRICK_FORM, BRICK_NUMBER, DIGITS, PREFIX, Held, door, shape
from rollbook.releezme_face.structure import all_lockers
from rollbook.storage.errors import NotFound
from rollbook.storage.locker_contract import Wish
from rollbook.storage.locker_records import Bank, Locker, LockerGroup

MOST_LOCKERS = 500
"""That one request may bring."""
_LONGEST = 32
_WHAT: dict[Subject, str] = {"bank": "locker bank", "locker": "locker", "user": "locker user"}
_FORMS = {"IsZLocker": "zLocker", "Clockwise": "clockwise", "FirstNumberTop": "firstNumberTop"}


async def status(call: Call) -> Any:
    bank = await call.found(Bank)
    return shapes.status(bank, await call.lockers.status(bank.id, call.at))


def lockers(**where: Any) -> Operation:
    async def listed(call: Call) -> Any:
        bank = await call.found(Bank)
        page = call.page
        found = await call.lockers.numbered.page(Locker, {"bank_id": bank.id, **where}, page.offset, page.size)
        return call.listed(await shapes.lockers(call.lockers, found.rows, call.at), found.total, page)

    return listed


async def available(call: Call) -> Any:
    """The lockers of a bank and a group that nobody holds or has booked."""
    bank = await call.found(Bank)
    group = await call.found(LockerGroup, call.ids["groupId"])
    at, free = call.at, list[Locker]()
    while True:
        wish = Wish(bank_id=bank.id, group_id=group.id)
        more = await call.lockers.free(wish, at, None, MOST_LOCKERS, free[-1].id if free else "")
        free += more
        if len(more) < MOST_LOCKERS:
            break
    some, page = call.cut(free)
    return call.listed(await shapes.lockers(call.lockers, some, at), len(free), page)


async def allocations(call: Call) -> Any:
    bank = await call.found(Bank)
    known = {one.id: one for one in await all_lockers(call, bank.id)}
    held = [one for of in (await call.lockers.holders(list(known), call.at)).values() for one in of]
    held.sort(key=lambda one: one.id)
    some, page = call.cut(held)
    shown = [shape(shapes.ALLOCATION, Held(one, known[one.locker_id].self_release)) for one in some]
    return call.listed(shown, len(held), page)


async def bricks(call: Call) -> Any:
    bank = await call.found(Bank)
    found = _bricks(bank.id, await all_lockers(call, bank.id))
    some, page = call.cut(found)
    return call.listed(some, len(found), page)


def _bricks(bank_id: str, found: list[Locker]) -> list[dict[str, Any]]:
    """The bricks of lockers, in their order."""
    by_brick: dict[str, list[Locker]] = defaultdict(list)
    for locker in found:
        if BRICK in locker.attributes:
            by_brick[locker.attributes[BRICK]].append(locker)
    shown = []
    for id, its in by_brick.items():
        said = its[0].attributes
        number = said.get(BRICK_NUMBER, "")
        form = said.get(BRICK_FORM, "").split()
        shown.append(
            {
                "Id": id,
                "LockerBankId": bank_id,
                "SequenceNumber": int(number) if re.fullmatch("[0-9]{1,9}", number) else 0,
                "LockerCount": len(its),
                **{name: word in form for name, word in _FORMS.items()},
            }
        )
    return sorted(shown, key=lambda one: one["SequenceNumber"])


async def add_bricks(call: Call) -> Any:
    """New lockers, in bricks, numbered on from the highest number of the bank."""
    bank = await call.found(Bank)
    count = whole("The number of bricks", call.ids["brickCount"], 1, MOST_LOCKERS)
    each = call.needed("LockerCount")
    if type(each) is not int or each < 1 or count * each > MOST_LOCKERS:
        raise wrong(f"LockerCount has to be a whole number from 1; a request may bring {MOST_LOCKERS} lockers.")
    form = []
    for name, word in _FORMS.items():
        said = call.body.get(name.lower())
        if said not in (None, True, False):
            raise wrong(f"{name} has to be true or false.")
        form += [word] if said else []
    there = await all_lockers(call, bank.id)
    known = _bricks(bank.id, there)
    first = max((one["SequenceNumber"] for one in known), default=0) + 1
    number = max((door(one.number).number for one in there), default=0)
    position = max((one.position for one in there), default=0)
    made: list[Locker] = []
    for brick in range(first, first + count):
        its = {BRICK: ordered_id(), BRICK_NUMBER: str(brick), BRICK_FORM: " ".join(form)}
        for _ in range(each):
            number, position = number + 1, position + 1
            spelt = _spelt(bank, number, there)
            made.append(
                Locker(id=ordered_id(), bank_id=bank.id, number=spelt, position=position, attributes=its, version=0)
            )
    act = call.act(Kind.STRUCTURE_IMPORTED, "LockerBank", bank.id)
    await call.lockers.bring(made, act)
    shown = _bricks(bank.id, made)
    return call.listed(shown, len(shown), call.page._replace(number=1, size=max(len(shown), 1)))


def _spelt(bank: Bank, number: int, there: list[Locker]) -> str:
    """A number as it stands on a door of this bank: with its prefix, else that of all of its doors, and as many digits
    as it says, else as any of its doors has. **Raises** ``Refused``."""
    numbered = [parts for one in there if (parts := door(one.number)).digits]
    prefixes = {parts.prefix for parts in numbered}
    prefix = bank.attributes.get(PREFIX, prefixes.pop() if len(prefixes) == 1 else "")
    said = bank.attributes.get(DIGITS, "")
    digits = int(said) if re.fullmatch("[1-9]", said) else max((parts.digits for parts in numbered), default=3)
    spelt = f"{prefix}{number:0{digits}d}"
    if len(spelt) > _LONGEST:
        raise wrong("The numbers of the doors would be too long: shorten the prefix.")
    return spelt


async def remove_bricks(call: Call) -> Any:
    """Bricks go, with their lockers: the one that is named, else all."""
    bank = await call.found(Bank)
    wanted = call.guid("lockerBrickId")
    going = [
        one.id
        for one in await all_lockers(call, bank.id)
        if BRICK in one.attributes and wanted in (None, one.attributes[BRICK])
    ]
    if wanted is not None and not going:
        raise missing("brick")
    if going:
        act = call.act(Kind.STRUCTURE_DELETED, "LockerBank", bank.id)
        await call.lockers.banks.remove(bank.id, going, act)
    return {}


async def autonumber(call: Call) -> Any:
    """All doors of the bank are numbered anew, as they stand."""
    bank = await call.found(Bank)
    start = call.number("startNumber", 0, 1_000_000)
    there = await all_lockers(call, bank.id)
    if bank.attributes.get("numberOrderReverse") == "true":
        there.reverse()
    first = 1 if start is None else start
    numbers = {one.id: _spelt(bank, first + n, there) for n, one in enumerate(there)}
    act = call.act(Kind.STRUCTURE_CHANGED, "LockerBank", bank.id)
    await call.lockers.banks.renumber(bank.id, numbers, act)
    return shape(shapes.BANK, bank)


async def redetect(call: Call) -> Any:
    """The controller is told to look for its doors; what it finds is its affair, so this is only accepted (202)."""
    bank = await call.found(Bank)
    await call.lockers.banks.call(bank.id, "redetect", call.act(Kind.STRUCTURE_CHANGED, "LockerBank", bank.id))
    return {}


def offline(**where: Any) -> Operation:
    """Banks whose controller is not heard of: those whose attribute ``offlineSince`` says so."""

    async def listed(call: Call) -> Any:
        page = call.page
        wanted = {"attributes_like": f'%"{shapes.OFFLINE}":%', **where}
        found = await call.lockers.numbered.page(Bank, wanted, page.offset, page.size)
        return call.listed([shape(shapes.BANK, one) for one in found.rows], found.total, page)

    return listed


def pin_setting(*subjects: Subject) -> Operation:
    """A PIN code is set: of the first of these kinds that has a thing with this id."""

    async def set_pin(call: Call) -> Any:
        form = read(PinForm, call.said())
        for left in subjects:
            try:
                await call.pins.set(call.work, call.tenant.id, left, call.id, form.pin)
            except NotFound:
                continue
            return {}
        raise missing(" or ".join(_WHAT[one] for one in subjects))

    return set_pin


def pin_dropping(subject: Subject) -> Operation:
    async def drop(call: Call) -> Any:
        await call.pins.drop(call.work, subject, call.id)
        return {}

    return drop
