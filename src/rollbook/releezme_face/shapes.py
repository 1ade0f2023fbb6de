"""The objects of the API: their fields, and where each comes from. Ids are ours: UUIDs, which the product calls GUIDs.

A number on a door is a text with us (``A-012``); the product has a prefix, a number and how many digits it has.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from rollbook.lockers.access import in_service
from rollbook.storage.locker_contract import BankStatus, LockerStore, Whereabouts
from rollbook.storage.locker_records import (
    ACTIVE,
    DAY,
    DELIVERY,
    FIXED,
    OUT_OF_ORDER,
    SHARED,
    Assignment,
    Bank,
    Booking,
    Location,
    Locker,
    LockerEvent,
    LockerGroup,
    Section,
)

NOBODY = "00000000-0000-0000-0000-000000000000"
"""Where the product has an id in any case, and there is none."""
FOR_GOOD = "9999-12-31T23:59:59.999Z"

PREFIX, DIGITS = "doorNumberPrefix", "doorNumberDigits"
"""Attributes of a bank: how its doors are numbered."""
BRICK, BRICK_NUMBER, BRICK_FORM = "lockerBrickId", "lockerBrickNumber", "lockerBrickForm"
"""Attributes of a locker: the brick that it came with."""
LOCK_MODE = "lockMode"
"""Attribute of a locker group."""
OFFLINE = "offlineSince"
"""Attribute of a bank whose controller is not heard of. Nobody but the operator sets it."""

Fields = Mapping[str, str | Callable[[Any], Any]]
"""By the product's name: a field of ours, or what is made of the record."""


def shape(fields: Fields, thing: Any) -> dict[str, Any]:
    """An object as it is answered."""
    return {
        name: getattr(thing, source) if isinstance(source, str) else source(thing) for name, source in fields.items()
    }


def _lock_mode(group: LockerGroup) -> int:
    said = group.attributes.get(LOCK_MODE, "0")
    return int(said) if re.fullmatch("[0-9]{1,4}", said) else 0


LOCATION: Fields = {"Id": "id", "Name": "name", "TimeZoneId": "time_zone"}
SECTION: Fields = {"Id": "id", "Name": "name", "LocationId": "location_id"}
BANK: Fields = {
    "Id": "id",
    "Name": "name",
    "Description": "description",
    "SectionId": "section_id",
    "LocationId": "location_id",
    "Published": "published",
    "RandomAllocation": "random_allocation",
    "ServiceMode": "service_mode",
}
GROUP: Fields = {
    "Id": "id",
    "Name": "name",
    "LockMode": _lock_mode,
    "LockerBookingFeatureEnabled": "bookable",
    "PostalServiceFeatureEnabled": "postal",
}
ALLOCATION: Fields = {
    "UserId": "user_id",
    "LockerId": "locker_id",
    "SelfReleaseAllowed": lambda held: held.self_release,
    "DynamicAllocated": lambda held: held.assignment.kind == DAY,
    "StartDateTimeUtc": lambda held: held.assignment.started,
    "ExpiresDateTimeUtc": lambda held: held.assignment.expires or FOR_GOOD,
    "SharedToUser": lambda held: held.assignment.shared_by is not None,
    "AllocatedForPackage": lambda held: held.assignment.kind == DELIVERY,
    "AllocatedByLockerActionOnRelease": lambda _: False,
}
EVENT: Fields = {
    "Id": "id",
    "EventDateTimeUtc": "at",
    "EventType": lambda event: "".join(part[:1].upper() + part[1:] for part in re.split("[:_]", event.kind)),
    "LockerId": "locker_id",
    "UserId": "user_id",
}
RAW_EVENT: Fields = {**EVENT, "EventType": "kind", "Actor": "actor", "Data": lambda event: dict(event.data)}
SHAPES: Mapping[type[Any], Fields] = {
    Location: LOCATION,
    Section: SECTION,
    Bank: BANK,
    LockerGroup: GROUP,
    LockerEvent: EVENT,
}


class Held(NamedTuple):
    """An assignment with what its locker says."""

    assignment: Assignment
    self_release: bool

    @property
    def user_id(self) -> str:
        return self.assignment.user_id

    @property
    def locker_id(self) -> str:
        return self.assignment.locker_id


class Door(NamedTuple):
    """What stands on a door."""

    prefix: str
    number: int
    digits: int


_DOOR = re.compile(r"(.*?)([0-9]{1,9})")


def door(number: str) -> Door:
    """The parts of a number.

    >>> tuple(door("A-012")), tuple(door("007")), tuple(door("Exec"))
    (('A-', 12, 3), ('', 7, 3), ('Exec', 0, 0))
    """
    found = _DOOR.fullmatch(number)
    return Door(found[1], int(found[2]), len(found[2])) if found else Door(number, 0, 0)


@dataclass(frozen=True, slots=True)
class Doors:
    """What is known of some lockers beside themselves."""

    stands: Mapping[str, Whereabouts]
    groups: Mapping[str, Sequence[str]]
    held: Mapping[str, Sequence[Assignment]]
    of: str | None = field(default=None)
    """The user who is looked at: what he holds is told first."""

    def shown(self, locker: Locker) -> dict[str, Any]:
        """A locker as it is answered."""
        prefix, number, digits = door(locker.number)
        held = sorted(self.held.get(locker.id, ()), key=lambda one: (one.user_id != self.of, one.shared_by is not None))
        his = held[0] if held else None
        stands = self.stands.get(locker.id)
        return {
            "Id": locker.id,
            "LockerGroupId": next(iter(self.groups.get(locker.id, ())), NOBODY),
            "LockerBankId": locker.bank_id,
            "LockerBrickId": locker.attributes.get(BRICK, NOBODY),
            "Blocked": locker.state != ACTIVE,
            "IsUsable": stands is not None and in_service(stands),
            "IsDetected": locker.state != OUT_OF_ORDER and not (stands and OFFLINE in stands.bank.attributes),
            "FullDoorNumber": locker.number,
            "DoorNumberPrefix": prefix,
            "DoorNumber": number,
            "SelfReleaseAllowed": locker.self_release,
            "DynamicAllocated": his is not None and his.kind == DAY,
            "OpenTime": locker.open_seconds,
            "NrOfAllocations": len(held),
            "SharedToUser": self.of is not None and his is not None and his.shared_by is not None,
            "IsShared": any(one.shared_by is not None for one in held),
            "IsShareable": locker.shareable,
            "SequenceNumber": locker.position,
            "StartDateTimeUtc": his.started if his else None,
            "ExpiresDateTimeUtc": his.expires if his else None,
            "NumberOfDigitsForDoorNumber": digits,
        }


async def doors(store: LockerStore, ids: Iterable[str], at: str, of: str | None = None) -> Doors:
    """Look at some lockers, at all of them together."""
    wanted = list(ids)
    groups = await store.access.groups_of_lockers(wanted)
    return Doors(
        await store.whereabouts(wanted),
        {locker: sorted(of_locker) for locker, (of_locker, _) in groups.items()},
        await store.holders(wanted, at),
        of,
    )


async def lockers(store: LockerStore, found: Sequence[Locker], at: str, of: str | None = None) -> list[dict[str, Any]]:
    """Lockers as they are answered."""
    known = await doors(store, (one.id for one in found), at, of)
    return [known.shown(one) for one in found]


def booking(one: Booking, known: Doors) -> dict[str, Any]:
    """A booking as it is answered."""
    stands = known.stands.get(one.locker_id)
    return {
        "BookingId": one.id,
        "LockerId": one.locker_id,
        "LockerBankId": stands.bank.id if stands else NOBODY,
        "LockerGroupId": next(iter(known.groups.get(one.locker_id, ())), NOBODY),
        "FullDoorNumber": stands.locker.number if stands else "",
        "StartDateTimeUtc": one.starts,
        "EndDateTimeUtc": one.ends,
    }


_MANNER = {DAY: "Dynamic", DELIVERY: "Dynamic", FIXED: "Static"}


def status(bank: Bank, counts: Sequence[BankStatus]) -> dict[str, Any]:
    """How a bank is doing. Day lockers and those for deliveries are dynamic, fixed ones static, shared ones public; one
    that is blocked or out of order is unusable, whoever holds it."""
    groups: dict[str, dict[str, Any]] = {}
    for one in counts:
        if one.group_id is None:
            continue
        told = groups.setdefault(one.group_id, _nothing(one))
        told["UsableLockers" if one.state == ACTIVE else "UnusableLockers"] += one.lockers
        if one.kind == SHARED:
            told["PublicLockers"] += one.lockers
            continue
        manner = f"{_MANNER[one.kind]}Lockers"
        if one.state == ACTIVE:
            told[f"{'Allocated' if one.held else 'Available'}{manner}"] += one.lockers
        else:
            told[f"Blocked{'Allocated' if one.held else 'Unallocated'}{manner}"] += one.lockers
    return {
        "LockerBankId": bank.id,
        "LockerBankName": bank.name,
        "LockerBankDescription": bank.description,
        "ServiceMode": bank.service_mode,
        "StatusPerLockerGroup": list(groups.values()),
    }


_WAYS = ("Available", "Allocated", "BlockedAllocated", "BlockedUnallocated")
NO_LOCKERS: Mapping[str, Any] = {
    "LockerGroupId": NOBODY,
    "LockerGroupName": "",
    **dict.fromkeys(("UsableLockers", "UnusableLockers", "PublicLockers"), 0),
    **{f"{way}{manner}Lockers": 0 for manner in ("Dynamic", "Static") for way in _WAYS},
}
"""Of a group of which nothing was counted yet."""


def _nothing(one: BankStatus) -> dict[str, Any]:
    return {**NO_LOCKERS, "LockerGroupId": one.group_id, "LockerGroupName": one.group_name}
