"""Who may open what, asked of a tenant with as many users as there are, 100,000 lockers and 1,000 links.

A hundred user groups share the users, a thousand locker groups the lockers; each user group is linked to ten locker
groups, so that everybody reaches a thousand lockers.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import replace

import orjson

from bench.bulk import Loader
from bench.scale import Single, Tenant, in_turn, percentiles
from bench.subjects import Rollbook, command
from rollbook.app import open_store
from rollbook.config import load
from rollbook.ids import ordered_id
from rollbook.storage.locker_records import Bank, Link, Location, Locker, LockerGroup, Section, Thing
from rollbook.testing import builders
from rollbook.testing.locker_builders import act

BANKS, DOORS = 100, 1_000
LOCKER_GROUPS, USER_GROUPS, LINKS = 1_000, 100, 10
"""``LINKS`` of each user group."""
LOCKERS = BANKS * DOORS
DECISION, REACH = "may this user open this locker", "500 lockers of a user"

_AT_ONCE = 2_000


def measure(house: Rollbook, engine: str, loader: Loader, tenant: Tenant, tell: Callable[[str], None]) -> list[Single]:
    """Latencies over HTTP, which are above those in the database."""
    users = loader.ids(tenant.id, tenant.users)
    doors = asyncio.run(_build(house.database, tenant, users))
    loader.settle()
    tell(f"{engine}: {LOCKERS:,} lockers and {USER_GROUPS * LINKS:,} links made")
    scopes = ("--scope", "access.read", "--scope", "system.read", "--json", "--database", house.database)
    token = command("token", "create", tenant.id, *scopes)["token"]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    wire = replace(tenant.subject, headers=headers, base="").wire()
    chosen = random.Random(7)

    def decision(_: int) -> float:
        body = {
            "subject": {"type": "user", "id": chosen.choice(users)},
            "action": {"name": "open"},
            "resource": {"type": "locker", "id": chosen.choice(doors)},
        }
        return wire.timed("POST", "/access/v1/evaluation", orjson.dumps(body))

    def reach(_: int) -> float:
        return wire.timed("GET", f"/api/v1/users/{chosen.choice(users)}/effective-lockers?limit=500")

    took = in_turn([decision, reach])
    wire.close()
    return [
        Single(engine, name, tenant.users, *percentiles(times))
        for name, times in zip((DECISION, REACH), took, strict=True)
    ]


async def _build(database: str, tenant: Tenant, users: Sequence[str]) -> list[str]:
    """The ids of the lockers."""
    store = await open_store(load({"database": database}, {}).settings)
    try:
        known = await store.find_tenant(tenant.id)
        assert known is not None
        handle = store.tenant(tenant.id)
        lockers = handle.lockers
        place = Location(id=ordered_id(), name="Head office", time_zone="Europe/Berlin", version=0)
        part = Section(id=ordered_id(), location_id=place.id, name="Ground floor", version=0)
        banks = [
            Bank(id=ordered_id(), section_id=part.id, location_id=place.id, name=f"B{n:03d}", version=0)
            for n in range(BANKS)
        ]
        doors = [
            Locker(id=ordered_id(), bank_id=bank.id, number=f"{n:04d}", position=n, version=0)
            for bank in banks
            for n in range(DOORS)
        ]
        sets = [LockerGroup(id=ordered_id(), name=f"Set {n:04d}", version=0) for n in range(LOCKER_GROUPS)]
        things: list[Thing] = [place, part, *banks, *doors, *sets]
        for start in range(0, len(things), _AT_ONCE):
            await lockers.bring(things[start : start + _AT_ONCE], act())
        share = len(doors) // LOCKER_GROUPS
        for number, one in enumerate(sets):
            inside = [door.id for door in doors[number * share : (number + 1) * share]]
            await lockers.change_group(one.id, inside, [], act())
        many = len(users) // USER_GROUPS
        links = []
        for number in range(USER_GROUPS):
            group = builders.group(known, f"Team {number:03d}", members=users[number * many : (number + 1) * many])
            await handle.apply(group)
            links += [
                Link(id=ordered_id(), user_group_id=group.id, locker_group_id=one.id, version=0)
                for one in sets[number * LINKS : (number + 1) * LINKS]
            ]
        await lockers.bring(links, act())
        return [door.id for door in doors]
    finally:
        await store.close()
