"""Walks by cursor while another client writes: whoever stays as he is, is found once, and in his place (RFC 9865)."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.support.postgres import fresh_database

from rollbook.clock import SYSTEM_CLOCK
from rollbook.storage.contract import Store, TenantStore
from rollbook.storage.engines.postgres import PostgresStore
from rollbook.storage.engines.sqlite import SqliteStore
from rollbook.storage.records import Edge, Insert, Query, Step, Tenant
from rollbook.testing.builders import deleted, replaced, user, user_document, users_by
from rollbook.testing.storage_contract import new_tenant

relaxed = settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)

SORTS = ("name.familyName", "nickName", "externalId", "active")
FAMILIES = st.sampled_from((None, "Aster", "aster", "Birch", "x" * 200, "x" * 200 + "a", "İ", "名"))
PERSON = st.fixed_dictionaries(
    {"family": FAMILIES, "nick": st.none() | st.sampled_from("ab"), "active": st.sampled_from((None, True, False))}
)
WRITES = st.lists(st.tuples(st.sampled_from(("insert", "delete", "touch")), st.integers(0, 50), PERSON), max_size=5)


class Stage:
    """One store in an event loop of its own; each walk has a tenant to itself."""

    def __init__(self, store: Store) -> None:
        self.loop = asyncio.new_event_loop()
        self.store = store
        self.run(store.open())
        self.run(store.migrate())
        self.count = 0

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def close(self) -> None:
        self.run(self.store.close())
        self.loop.close()

    def walk(self, data: st.DataObject) -> None:
        self.count += 1
        tenant = self.run(new_tenant(self.store, f"acorn{self.count}"))
        self.run(_Walk(self.store.tenant(tenant.id), tenant, data).go())


class _Walk:
    def __init__(self, handle: TenantStore, tenant: Tenant, data: st.DataObject) -> None:
        self.handle = handle
        self.tenant = tenant
        self.data = data
        self.there: dict[str, Insert] = {}
        self.versions: dict[str, int] = {}
        self.people: dict[str, dict[str, Any]] = {}
        self.number = 0

    async def insert(self, person: dict[str, Any]) -> str:
        self.number += 1
        name = f"user{self.number}"
        id = str(uuid5(NAMESPACE_URL, name))  # in no order, and the same when an example is played again
        made = user(self.tenant, name, id=id, external_id=name if person["active"] else None, **attributes(person))
        await self.handle.apply(made)
        self.there[made.id], self.versions[made.id], self.people[made.id] = made, 1, {**person, "name": name}
        return made.id

    async def write(self, what: str, which: int, person: dict[str, Any]) -> str | None:
        """One write of another client; the id of whoever is not a survivor after it."""
        if what == "insert":
            return await self.insert(person)
        if not self.there:
            return None
        id = sorted(self.there)[which % len(self.there)]
        if what == "delete":
            await self.handle.apply(deleted(self.there.pop(id)))
            return id
        same = self.people[id]  # something changes that nobody sorts by
        document = user_document(same["name"], title=f"title {which}", **attributes(same))
        external_id = self.there[id].content.external_id
        await self.handle.apply(replaced(self.there[id], document, self.versions[id], external_id=external_id))
        self.versions[id] += 1
        return None

    async def go(self) -> None:
        draw = self.data.draw
        for person in draw(st.lists(PERSON, min_size=3, max_size=12)):
            await self.insert(person)
        path, back = draw(st.sampled_from(SORTS)), draw(st.booleans())
        query = users_by(path, descending=draw(st.booleans()), limit=draw(st.integers(1, 4)))
        survivors = set(self.there)
        found: list[str] = []
        edge: Edge | None = None
        while True:
            stretch = await self.handle.walk(query, Step(edge, back))
            page = [row.id for row in stretch.rows]
            found += reversed(page) if back else page
            if not stretch.more:
                break
            edge = stretch.edges[0 if back else -1]
            for write in draw(WRITES):
                survivors -= {await self.write(*write)}
        assert len(found) == len(set(found))
        assert survivors <= set(found)
        whole = Query(query.targets, limit=1000, sorted=True, descending=query.descending)
        order = [row.id for row in (await self.handle.query(whole)).rows]
        kept = [id for id in found if id in survivors]
        assert (kept[::-1] if back else kept) == [id for id in order if id in survivors]


def attributes(person: dict[str, Any]) -> dict[str, Any]:
    family, nick, active = person["family"], person["nick"], person["active"]
    return {"name": {"familyName": family} if family else None, "nickName": nick, "active": active}


@pytest.fixture(scope="module")
def sqlite_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    path: Path = tmp_path_factory.mktemp("walks") / "rollbook.db"
    stage = Stage(SqliteStore(str(path), clock=SYSTEM_CLOCK))
    yield stage
    stage.close()


@pytest.fixture(scope="module")
def postgres_stage(postgres_admin_url: str) -> Iterator[Stage]:
    with fresh_database(postgres_admin_url) as url:
        stage = Stage(PostgresStore(url, clock=SYSTEM_CLOCK, connections=2))
        yield stage
        stage.close()


@relaxed
@given(st.data())
def test_sqlite_loses_and_repeats_no_survivor(sqlite_stage: Stage, data: st.DataObject) -> None:
    sqlite_stage.walk(data)


@relaxed
@given(st.data())
def test_postgres_loses_and_repeats_no_survivor(postgres_stage: Stage, data: st.DataObject) -> None:
    postgres_stage.walk(data)
