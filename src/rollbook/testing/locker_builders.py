"""A small company with lockers: acorn's house, with a bank of four doors, and the groups that may use them."""

from dataclasses import dataclass, field
from typing import Any

from rollbook.events import Kind
from rollbook.ids import ordered_id
from rollbook.storage.contract import TenantStore
from rollbook.storage.locker_contract import Allocate, Book, Judge, Wish
from rollbook.storage.locker_records import Act, Bank, Link, Location, Locker, LockerGroup, Section
from rollbook.storage.records import Tenant
from rollbook.testing.builders import LATER, START, event, group, user


def act(at: str = START, kind: Kind = Kind.STRUCTURE_CREATED) -> Act:
    return Act(at, event(kind, at))


@dataclass
class House:
    """What was made, by name."""

    handle: TenantStore
    tenant: Tenant
    location: Location
    section: Section
    bank: Bank
    lockers: list[Locker]
    group: LockerGroup
    users: dict[str, str] = field(default_factory=dict)
    staff: str = ""
    link: Link | None = None

    async def give(self, name: str, wish: Wish | Locker | None = None, at: str = LATER, **more: Any) -> Any:
        """Let a user have a locker."""
        if isinstance(wish, Locker):
            wish = Wish(locker_id=wish.id)
        ask = Allocate(wish or Wish(bank_id=self.bank.id), ordered_id(), self.users[name], **more)
        return await self.handle.lockers.allocate(ask, act(at, Kind.ASSIGNMENT_CREATED))

    async def book(
        self, name: str, starts: str, ends: str, wish: Wish | None = None, judge: Judge | None = None, at: str = START
    ) -> Any:
        ask = Book(wish or Wish(bank_id=self.bank.id), ordered_id(), self.users[name], starts, ends, judge)
        return await self.handle.lockers.book(ask, act(at, Kind.BOOKING_CREATED))


async def house(handle: TenantStore, tenant: Tenant, doors: int = 4) -> House:
    """Ann and bo are staff, and staff may use the doors; cleo is not."""
    lockers = handle.lockers
    location = await lockers.create(Location(id=ordered_id(), name="Head office", time_zone="Europe/Berlin"), act())
    section = await lockers.create(Section(id=ordered_id(), location_id=location.id, name="Ground floor"), act())
    bank = await lockers.create(Bank(id=ordered_id(), section_id=section.id, name="A"), act())
    group_of_doors = await lockers.create(LockerGroup(id=ordered_id(), name="Doors of all", bookable=True), act())
    made = [
        await lockers.create(Locker(id=ordered_id(), bank_id=bank.id, number=f"{n:03d}", position=n), act())
        for n in range(1, doors + 1)
    ]
    await lockers.change_group(group_of_doors.id, [one.id for one in made], [], act())
    there = House(handle, tenant, location, section, bank, made, group_of_doors)
    for name in ("ann", "bo", "cleo"):
        person = user(tenant, name)
        await handle.apply(person)
        there.users[name] = person.id
    staff = group(tenant, "Staff", members=[there.users["ann"], there.users["bo"]])
    await handle.apply(staff)
    there.staff = staff.id
    there.link = await lockers.create(
        Link(id=ordered_id(), user_group_id=staff.id, locker_group_id=group_of_doors.id, rights=3), act()
    )
    return there
