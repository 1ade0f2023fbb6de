"""What SQL says of access is what ``lockers.access`` says, on SQLite and on PostgreSQL: lockers of a user, users of a
locker, and what a change would give and take."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.support.postgres import fresh_database

from rollbook.clock import SYSTEM_CLOCK
from rollbook.events import Kind
from rollbook.ids import ordered_id
from rollbook.lockers import previewing
from rollbook.lockers.access import ACTIONS, Action, decide
from rollbook.lockers.deciding import Inquiry
from rollbook.lockers.judging import holds
from rollbook.scim.catalog_reader import GROUP_NUMBER
from rollbook.storage.contract import Store, TenantStore
from rollbook.storage.engines.postgres import PostgresStore
from rollbook.storage.engines.sqlite import SqliteStore
from rollbook.storage.errors import LockerRefused
from rollbook.storage.locker_contract import Allocate, Wish
from rollbook.storage.locker_records import (
    ALLOW,
    DENY,
    Bank,
    Link,
    Location,
    Locker,
    LockerGroup,
    Section,
)
from rollbook.storage.records import MemberChange, Update
from rollbook.testing.builders import LATER, event, group, tenant, user
from rollbook.testing.locker_builders import act

relaxed = settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
MOMENTS = ("2026-11-22T22:30:00.000Z", "2026-11-23T07:30:00.000Z", "2026-11-23T12:00:00.000Z")
ZONES = ("UTC", "Europe/Berlin", "Pacific/Auckland")


@dataclass
class Stage:
    """A store, and the loop that it lives in."""

    runner: asyncio.Runner
    store: Store

    def run(self, play: Callable[[], Any]) -> Any:
        return self.runner.run(play())


def _stage(make: Callable[[], Store]) -> Iterator[Stage]:
    with asyncio.Runner() as runner:
        store = make()
        runner.run(store.open())
        runner.run(store.migrate())
        yield Stage(runner, store)
        runner.run(store.close())


@pytest.fixture(scope="module")
def sqlite_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    path: Path = tmp_path_factory.mktemp("access") / "rollbook.db"
    yield from _stage(lambda: SqliteStore(str(path), clock=SYSTEM_CLOCK))


@pytest.fixture(scope="module")
def postgres_stage(postgres_admin_url: str) -> Iterator[Stage]:
    with fresh_database(postgres_admin_url) as url:
        yield from _stage(lambda: PostgresStore(url, clock=SYSTEM_CLOCK, connections=4))


@dataclass
class World:
    handle: TenantStore
    users: list[str]
    groups: list[str]
    lockers: list[str]
    locker_groups: list[str]
    links: list[Link]


def links_of(data: st.DataObject, users: list[str], lockers: list[str]) -> Link:
    return Link(
        id=ordered_id(),
        user_group_id=data.draw(st.sampled_from(users)),
        locker_group_id=data.draw(st.sampled_from(lockers)),
        effect=data.draw(st.sampled_from((ALLOW, ALLOW, ALLOW, DENY))),
        rights=data.draw(st.integers(1, 15)),
        days=data.draw(st.sampled_from((127, 127, 1, 65, 63))),
        from_minute=data.draw(st.sampled_from((0, 0, 480, 1320))),
        until_minute=data.draw(st.sampled_from((1440, 1440, 600, 120))),
        valid_from=data.draw(st.sampled_from((None, None, "2026-11-23T00:00:00.000Z"))),
        valid_until=data.draw(st.sampled_from((None, None, "2026-11-23T08:00:00.000Z"))),
        max_lockers=data.draw(st.sampled_from((None, None, 0, 1))),
    )


async def made(store: Store, data: st.DataObject) -> World:
    one = tenant(f"t{ordered_id()}"[:40])
    await store.create_tenant(one, event())
    handle = store.tenant(one.id)
    lockers = handle.lockers
    users = []
    for number in range(4):
        person = user(one, f"user{number}", active=data.draw(st.sampled_from((True, True, True, False))))
        await handle.apply(person)
        users.append(person.id)
    groups: list[str] = []
    for number in range(3):
        members = data.draw(st.lists(st.sampled_from([*users, *groups]), unique=True, max_size=4))
        inner = group(one, f"group{number}", members=members)
        await handle.apply(inner)
        groups.append(inner.id)
    doors: list[str] = []
    for zone in data.draw(st.lists(st.sampled_from(ZONES), min_size=1, max_size=2, unique=True)):
        closed = data.draw(st.sampled_from(("active", "active", "active", "closed")))
        place = await lockers.create(Location(id=ordered_id(), name=zone, time_zone=zone, state=closed), act())
        part = await lockers.create(Section(id=ordered_id(), location_id=place.id, name="S"), act())
        bank = await lockers.create(
            Bank(id=ordered_id(), section_id=part.id, name="B", service_mode=data.draw(st.integers(0, 4)) == 0), act()
        )
        for number in range(3):
            door = Locker(
                id=ordered_id(),
                bank_id=bank.id,
                number=f"{number:03d}",
                kind=data.draw(st.sampled_from(("day", "fixed", "shared", "delivery"))),
                state=data.draw(st.sampled_from(("active", "active", "active", "blocked"))),
            )
            await lockers.create(door, act())
            doors.append(door.id)
    sets = []
    for number in range(2):
        made_of = await lockers.create(LockerGroup(id=ordered_id(), name=f"L{number}"), act())
        inside = data.draw(st.lists(st.sampled_from(doors), unique=True, max_size=5))
        await lockers.change_group(made_of.id, inside, [], act())
        sets.append(made_of.id)
    links = [await lockers.create(links_of(data, groups, sets), act()) for _ in range(data.draw(st.integers(0, 5)))]
    for _ in range(data.draw(st.integers(0, 3))):
        who, wanted = data.draw(st.sampled_from(users)), data.draw(st.sampled_from(doors))
        try:
            await lockers.allocate(Allocate(Wish(locker_id=wanted), ordered_id(), who), act(LATER))
        except LockerRefused:
            continue
    return World(handle, users, groups, doors, sets, links)


async def agrees(store: Store, data: st.DataObject) -> None:
    world = await made(store, data)
    inquiry = Inquiry(world.handle.lockers, SYSTEM_CLOCK)
    for at, action in product(data.draw(st.lists(st.sampled_from(MOMENTS), min_size=1, max_size=2)), ACTIONS.values()):
        meant = {
            (who, door)
            for who in world.users
            for door in world.lockers
            if decide(await inquiry.facts(who, door, at), action, who, at).allowed
        }
        for who in world.users:
            mine = sorted(door for user, door in meant if user == who)
            assert await inquiry.lockers_of(who, action, at) == mine, (action.name, at)
            pages = await inquiry.lockers_of(who, action, at, limit=1)
            assert pages == mine[:1]
            assert await inquiry.lockers_of(who, action, at, after=pages[0]) == mine[1:] if pages else True
        for door in world.lockers:
            welcome = sorted(user for user, its in meant if its == door)
            assert await inquiry.users_of(door, action, at) == welcome, (action.name, at)
            assert await inquiry.users_of(door, action, at, limit=1) == welcome[:1]


async def previews(store: Store, data: st.DataObject) -> None:
    """A preview says what is so once the change is made."""
    world = await made(store, data)
    lockers = world.handle.lockers
    action, at = data.draw(st.sampled_from(list(ACTIONS.values()))), data.draw(st.sampled_from(MOMENTS))
    before = await by_links(world, action, at)
    match data.draw(st.sampled_from(("links", "users", "lockers"))):
        case "links":
            new = links_of(data, world.groups, world.locker_groups)
            gone = data.draw(st.lists(st.sampled_from(world.links), unique=True, max_size=2)) if world.links else []
            ids = [link.id for link in gone]
            seen = await previewing.of_links(lockers.access, action, at, [new], ids)
            await lockers.create(new, act())
            for link in gone:
                await lockers.delete(Link, link.id, None, act())
        case "users":
            into = data.draw(st.sampled_from(world.groups))
            add = data.draw(st.lists(st.sampled_from(world.users), unique=True))
            remove = [who for who in world.users if who not in add and data.draw(st.booleans())]
            seen = await previewing.of_user_group(lockers.access, action, at, into, add, remove)
            await change_members(world.handle, into, add, remove)
        case _:
            into = data.draw(st.sampled_from(world.locker_groups))
            add = data.draw(st.lists(st.sampled_from(world.lockers), unique=True))
            remove = [door for door in world.lockers if door not in add and data.draw(st.booleans())]
            seen = await previewing.of_locker_group(lockers.access, action, at, into, add, remove)
            await lockers.change_group(into, add, remove, act())
    after = await by_links(world, action, at)
    gained, lost = after - before, before - after
    assert (seen.gained, seen.lost) == (len(gained), len(lost))
    assert (seen.gaining, seen.losing) == (len({u for u, _ in gained}), len({u for u, _ in lost}))
    assert seen.gained_example in gained if gained else seen.gained_example is None
    assert seen.lost_example in lost if lost else seen.lost_example is None


async def by_links(world: World, action: Action, at: str) -> set[tuple[str, str]]:
    found = set()
    for who, door in product(world.users, world.lockers):
        facts = await world.handle.lockers.access.facts(who, door, at)
        meant = [g for g in facts.grounds if g.link.rights & action.right and holds(g.link, g.time_zone, at)]
        effects = {ground.link.effect for ground in meant}
        if facts.active and effects == {ALLOW}:
            found.add((who, door))
    return found


async def change_members(handle: TenantStore, id: str, add: list[str], remove: list[str]) -> None:
    change = MemberChange(remove=remove, add=add)
    await handle.apply(Update(GROUP_NUMBER, id, None, LATER, event(Kind.RESOURCE_MODIFIED, LATER), members=change))


@relaxed
@given(st.data())
def test_access_on_sqlite_is_access_in_python(sqlite_stage: Stage, data: st.DataObject) -> None:
    sqlite_stage.run(lambda: agrees(sqlite_stage.store, data))


@relaxed
@given(st.data())
def test_access_on_postgres_is_access_in_python(postgres_stage: Stage, data: st.DataObject) -> None:
    postgres_stage.run(lambda: agrees(postgres_stage.store, data))


@relaxed
@given(st.data())
def test_a_preview_on_sqlite_comes_true(sqlite_stage: Stage, data: st.DataObject) -> None:
    sqlite_stage.run(lambda: previews(sqlite_stage.store, data))


@relaxed
@given(st.data())
def test_a_preview_on_postgres_comes_true(postgres_stage: Stage, data: st.DataObject) -> None:
    postgres_stage.run(lambda: previews(postgres_stage.store, data))
