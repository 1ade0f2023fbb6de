"""Companies, locations, sections, locker groups and banks: read, made, changed, deleted."""

from typing import Any

from rollbook.lockers import structure
from rollbook.lockers.access import ACTIONS
from rollbook.releezme_face.calling import Call
from rollbook.releezme_face.refusing import Refused, missing
from rollbook.releezme_face.rows import Operation
from rollbook.releezme_face.shapes import BANK, GROUP, PREFIX, SHAPES, shape
from rollbook.storage.locker_records import Bank, Locker, LockerGroup, Section, Thing

_SOME = 500


def listing(kind: type[Thing], within: type[Thing] | None = None, by: str = "", **where: Any) -> Operation:
    """All of a kind; ``within`` is the thing that the address names, ``by`` the field that names it."""

    async def listed(call: Call) -> Any:
        page = call.page
        wanted = where
        if within is not None:
            wanted = {**where, by: (await call.found(within)).id}
        found = await call.lockers.numbered.page(kind, wanted, page.offset, page.size)
        return call.listed([shape(SHAPES[kind], one) for one in found.rows], found.total, page)

    return listed


def reading(kind: type[Thing]) -> Operation:
    async def read(call: Call) -> Any:
        return shape(SHAPES[kind], await call.found(kind))

    return read


def creating(kind: type[Thing]) -> Operation:
    async def create(call: Call) -> Any:
        return shape(SHAPES[kind], await structure.create(call.work, kind, call.said()))

    return create


def changing(kind: type[Thing], **always: Any) -> Operation:
    """What the body says is changed, the rest stays."""

    async def change(call: Call) -> Any:
        said = call.said(**always)
        return shape(SHAPES[kind], await call.over(lambda: structure.change(call.work, kind, call.id, said)))

    return change


def deleting(kind: type[Thing]) -> Operation:
    async def delete(call: Call) -> Any:
        await structure.delete(call.work, kind, call.id)
        return {}

    return delete


async def create_bank(call: Call) -> Any:
    """A new bank is not published: its doors are still to come."""
    said = call.said(published=False)
    kept = {PREFIX: said.pop(PREFIX, None)}
    kept |= {name: said.pop(name, None) for name in ("numberOrder", "numberOrderReverse")}
    said["attributes"] = {name: _text(value) for name, value in kept.items() if value not in (None, "", False)}
    return shape(BANK, await structure.create(call.work, Bank, said))


def _text(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else str(value) if isinstance(value, int) else value


async def companies(call: Call) -> Any:
    page = call.page
    shown = [{"Id": call.tenant.id, "Name": call.tenant.name}]
    return call.listed(shown[page.offset : page.offset + page.size], 1, page)


async def company_qr(call: Call) -> Any:
    if call.id != call.tenant.id:
        raise missing("company")
    raise Refused(501, "There is no QR code: it is made for the vendor's own app.")


async def allocatable(call: Call) -> Any:
    """The banks of a section with those of their groups of which a user can have a locker now."""
    section = await call.found(Section)
    user = await call.user()
    pairs: set[tuple[str, str]] = set()
    after = ""
    while True:
        ids = await call.inquiry.lockers_of(user, ACTIONS["allocate"], call.at, _SOME, after, section.location_id)
        stands = await call.lockers.whereabouts(ids)
        here = [id for id in ids if id in stands and stands[id].bank.section_id == section.id]
        for id, (groups, _) in (await call.lockers.access.groups_of_lockers(here)).items():
            pairs |= {(stands[id].bank.id, group) for group in groups}
        if len(ids) < _SOME:
            break
        after = ids[-1]
    some, page = call.cut(sorted(pairs))
    shown = []
    for bank_id, group_id in some:
        bank, group = await call.lockers.find(Bank, bank_id), await call.lockers.find(LockerGroup, group_id)
        if bank is not None and group is not None:
            shown.append({"LockerBank": shape(BANK, bank), "LockerGroup": shape(GROUP, group)})
    return call.listed(shown, len(pairs), page)


async def all_lockers(call: Call, bank_id: str) -> list[Locker]:
    """The doors of a bank, in the order in which they stand."""
    found = [one async for one in structure.every(call.work, Locker, bank_id=bank_id)]
    return sorted(found, key=lambda one: (one.position, one.number))
