"""The structure as a file: what ``importing`` reads, JSON with everything, CSV with the doors."""

import csv
import io
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

from rollbook.lockers import forms
from rollbook.lockers.entries import COLUMNS, FORMULA
from rollbook.lockers.importing import group_lockers
from rollbook.lockers.ranges import compressed, is_plain
from rollbook.lockers.structure import every
from rollbook.lockers.work import LockerWork
from rollbook.storage.locker_records import Bank, Link, Location, Locker, LockerGroup, Section, Thing

NameOf = Callable[[str], Awaitable[str | None]]
"""The name of a user group."""


async def as_json(work: LockerWork, name_of: NameOf) -> dict[str, Any]:
    """The structure with its groups and links, by names: for another tenant, or for this one again."""
    sections, banks, doors = defaultdict(list), defaultdict(list), defaultdict(list)
    async for locker in every(work, Locker):
        doors[locker.bank_id].append(locker)
    async for bank in every(work, Bank):
        lockers = sorted(doors[bank.id], key=_place)
        banks[bank.section_id].append(
            {**_said(bank, "sectionId"), "lockers": [_said(one, "lockerBankId") for one in lockers]}
        )
    async for section in every(work, Section):
        sections[section.location_id].append(
            {**_said(section, "locationId"), "lockerBanks": sorted(banks[section.id], key=_name)}
        )
    locations = [
        {**_said(location), "timeZone": location.time_zone, "sections": sorted(sections[location.id], key=_name)}
        async for location in every(work, Location)
    ]
    paths = await _paths(work)
    groups, names = [], {}
    async for group in every(work, LockerGroup):
        names[group.id] = group.name
        groups.append({**_said(group), "lockers": await _members(work, group.id, paths)})
    links = []
    async for link in every(work, Link):
        user_group = await name_of(link.user_group_id)
        if user_group is not None:
            said = _said(link, "userGroupId", "lockerGroupId")
            links.append({"userGroup": user_group, "lockerGroup": names[link.locker_group_id], **said})
    return {
        "locations": sorted(locations, key=_name),
        "lockerGroups": sorted(groups, key=_name),
        "links": sorted(links, key=lambda one: (one["userGroup"].casefold(), one["lockerGroup"].casefold())),
    }


async def as_csv(work: LockerWork) -> str:
    """A row for each door."""
    paths = await _paths(work)
    groups: dict[str, list[str]] = defaultdict(list)
    async for group in every(work, LockerGroup):
        async for id in group_lockers(work, group.id):
            groups[id].append(group.name)
    locations = {one.id: one async for one in every(work, Location)}
    sections = {one.id: one async for one in every(work, Section)}
    banks = {one.id: one async for one in every(work, Bank)}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    lockers = [one async for one in every(work, Locker)]
    for locker in sorted(lockers, key=lambda one: (*(name.casefold() for name in paths[one.id][:3]), *_place(one))):
        bank = banks[locker.bank_id]
        section, location = sections[bank.section_id], locations[bank.location_id]
        row = {
            "location": location.name,
            "timeZone": location.time_zone,
            "address": location.address,
            "section": section.name,
            "floor": section.floor,
            "lockerBank": bank.name,
            "description": bank.description,
            "number": locker.number if is_plain(locker.number) else "",
            "door": "" if is_plain(locker.number) else locker.number,
            "size": locker.size,
            "kind": locker.kind,
            "accessible": "yes" if locker.accessible else "no",
            "externalId": locker.external_id or "",
            "lockerGroups": "|".join(name.replace("|", "||") for name in sorted(groups[locker.id])),
        }
        writer.writerow([_cell(row[name]) for name in COLUMNS])
    return out.getvalue()


async def _paths(work: LockerWork) -> dict[str, tuple[str, str, str, str, int]]:
    """Where each locker stands: names of location, section and bank, its number and position."""
    locations = {one.id: one.name async for one in every(work, Location)}
    sections = {one.id: one async for one in every(work, Section)}
    banks = {one.id: one async for one in every(work, Bank)}
    paths = {}
    async for locker in every(work, Locker):
        bank = banks[locker.bank_id]
        section = sections[bank.section_id]
        names = (locations[section.location_id], section.name, bank.name)
        paths[locker.id] = (*names, locker.number, locker.position)
    return paths


async def _members(
    work: LockerWork, group_id: str, paths: dict[str, tuple[str, str, str, str, int]]
) -> list[dict[str, Any]]:
    found: dict[tuple[str, str, str], list[tuple[int, str]]] = defaultdict(list)
    async for id in group_lockers(work, group_id):
        location, section, bank, number, position = paths[id]
        found[location, section, bank].append((position, number))
    entries = []
    for (location, section, bank), doors in sorted(found.items()):
        numbers = [number for _, number in sorted(doors)]
        plain = [number for number in numbers if is_plain(number)]
        at = {"location": location, "section": section, "lockerBank": bank}
        if plain:
            entries.append({**at, "numbers": compressed(plain)})
        entries += [{**at, "number": number} for number in numbers if number not in plain]
    return entries


def _said(thing: Thing, *without: str) -> dict[str, Any]:
    """What a form says of a thing, but for what goes without saying; where a location is, does not: the company that
    imports it may be elsewhere."""
    default = {
        name: field.get_default(call_default_factory=True, validated_data={})
        for name, field in _fields(thing).items()
        if not field.is_required()
    }
    return {
        name: value
        for name, value in forms.form_of(thing).items()
        if name not in without and not (name in default and value == default[name])
    }


def _fields(thing: Thing) -> dict[str, Any]:
    return {field.alias or name: field for name, field in forms.FORMS[type(thing)].model_fields.items()}


def _name(said: dict[str, Any]) -> str:
    return str(said["name"]).casefold()


def _place(locker: Locker) -> tuple[int, str]:
    return locker.position, locker.number


def _cell(text: str) -> str:
    """A spreadsheet must not take it for a formula (CWE-1236)."""
    return f"'{text}" if text[:1] in FORMULA else text
