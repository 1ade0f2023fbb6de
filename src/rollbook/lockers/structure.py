"""The structure: one thing made, changed, deleted, and how the whole is shown as a tree."""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from typing import Any, TypeVar

from rollbook.events import Kind
from rollbook.ids import ordered_id
from rollbook.lockers import forms
from rollbook.lockers.work import LockerWork
from rollbook.storage.errors import NotFound, VersionConflict
from rollbook.storage.locker_contract import K
from rollbook.storage.locker_records import (
    PLAIN,
    Bank,
    Company,
    Link,
    Listing,
    Location,
    Locker,
    LockerGroup,
    Manner,
    Section,
    Thing,
)

T = TypeVar("T", bound=Thing)

NAMES: dict[type[Thing], str] = {
    Company: "Company",
    Location: "Location",
    Section: "Section",
    Bank: "LockerBank",
    Locker: "Locker",
    LockerGroup: "LockerGroup",
    Link: "Link",
}
"""What the kinds are called in events and refusals."""

PAGE = 500


@dataclass(frozen=True, slots=True)
class Match:
    """What a client has read before it writes: one of these versions; None: any."""

    versions: Collection[int] | None = None

    def check(self, version: int) -> int:
        """The version that is written on. **Raises** ``VersionConflict``."""
        if self.versions is not None and version not in self.versions:
            raise VersionConflict
        return version


ANY = Match()


async def create(work: LockerWork, kind: type[T], said: Any, manner: Manner = PLAIN) -> T:
    """**Raises** ``Malformed``, ``LockerRefused``."""
    form = forms.read(forms.FORMS[kind], await _placed(work, kind, said))
    thing = forms.record(kind, form, ordered_id())
    act = work.act(Kind.STRUCTURE_CREATED, NAMES[kind], thing.id, 201, tuple(sorted(said)))
    return await work.store.create(thing, act, manner)


async def change(work: LockerWork, kind: type[T], id: str, patch: Any, match: Match = ANY, manner: Manner = PLAIN) -> T:
    """A merge patch on one thing. **Raises** ``NotFound``, ``VersionConflict``, ``Malformed``, ``LockerRefused``."""
    before = await found(work, kind, id)
    match.check(before.version)
    if isinstance(patch, dict) and patch.get("timeZone", "") is None:
        patch = {**patch, **await _placed(work, kind, {})}
    form = forms.read(forms.FORMS[kind], forms.merged(forms.form_of(before), patch))
    act = work.act(Kind.STRUCTURE_CHANGED, NAMES[kind], id, 200, tuple(sorted(patch)))
    return await work.store.change(forms.record(kind, form, id, before), act, manner)


async def delete(work: LockerWork, kind: type[Thing], id: str, match: Match = ANY, manner: Manner = PLAIN) -> None:
    """**Raises** ``NotFound``, ``VersionConflict``, ``LockerRefused("inUse")``."""
    version = None
    if match.versions is not None:
        version = match.check((await found(work, kind, id)).version)
    await work.store.delete(kind, id, version, work.act(Kind.STRUCTURE_DELETED, NAMES[kind], id, 204), manner)


async def _placed(work: LockerWork, kind: type[Thing], said: Any) -> Any:
    """What is said of a thing; a location that does not say what time it is there has the company's time zone."""
    if kind is not Location or not isinstance(said, dict) or "timeZone" in said:
        return said
    return {**said, "timeZone": await time_zone(work)}


async def time_zone(work: LockerWork) -> str:
    """The company's."""
    company = await work.store.listed(Company, Listing(limit=1))
    return company[0].time_zone if company else Company(id="").time_zone


async def found(work: LockerWork, kind: type[K], id: str) -> K:
    """**Raises** ``NotFound``."""
    thing = await work.store.find(kind, id)
    if thing is None:
        raise NotFound
    return thing


async def every(work: LockerWork, kind: type[T], **where: Any) -> AsyncIterator[T]:
    """All of a kind, page by page."""
    after: tuple[str, ...] | None = None
    while True:
        page = await work.store.listed(kind, Listing(where, PAGE, after))
        for thing in page:
            yield thing
        if len(page) < PAGE:
            return
        after = (page[-1].id,)


async def tree(work: LockerWork, location_id: str) -> dict[str, Any]:
    """A location with all that stands in it. **Raises** ``NotFound``."""
    location = await found(work, Location, location_id)
    lockers: dict[str, list[Locker]] = defaultdict(list)
    async for locker in every(work, Locker, location_id=location_id):
        lockers[locker.bank_id].append(locker)
    banks: dict[str, list[dict[str, Any]]] = defaultdict(list)
    async for bank in every(work, Bank, location_id=location_id):
        doors = sorted(lockers[bank.id], key=lambda one: (one.position, one.number))
        banks[bank.section_id].append({**forms.shown(bank), "lockers": [forms.shown(one) for one in doors]})
    sections = [
        {**forms.shown(section), "lockerBanks": sorted(banks[section.id], key=_name)}
        async for section in every(work, Section, location_id=location_id)
    ]
    return {**forms.shown(location), "sections": sorted(sections, key=_name)}


def _name(shown: dict[str, Any]) -> str:
    return str(shown["name"]).casefold()
