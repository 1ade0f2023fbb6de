"""The storage contract: walks from row to row (``TenantStore.walk``), under every kind of order."""

import asyncio
import random
from collections.abc import Sequence

import orjson
import pytest

from rollbook.storage.contract import TenantStore
from rollbook.storage.records import Edge, Insert, Query, Step, Stretch, Target, Tenant
from rollbook.testing.builders import GROUP, USER, deleted, group, moment, place, present, user, users_by, users_where

USERS = (Target(USER),)

ORDERS = (
    None,
    "id",
    "userName",
    "externalId",
    "meta.created",
    "meta.lastModified",
    "meta.version",
    "name.familyName",
    "nickName",
    "title",
    "active",
    "emails.value",
)


def people(acorn: Tenant, count: int) -> list[Insert]:
    """Users with ties and gaps in whatever they can be sorted by."""
    made = []
    for n in range(count):
        family = (None, "Aster", "aster", "Birch", "x" * 199, "x" * 200, "x" * 300 + "a", "x" * 300 + "b")[n % 8]
        made.append(
            user(
                acorn,
                f"user{n * 7 % count:03d}",
                at=moment(n % 3),
                external_id=f"x-{n}" if n % 3 else None,
                name={"familyName": family} if family else None,
                nickName=(None, "b", "a", "y" * 2_000, "y" * 2_000 + str(n))[n % 5],
                title=(None, "lead")[n % 2],
                active=(True, False, None)[n % 3],
                emails=[{"value": f"{n % 4}@acorn.example"}] if n % 4 else None,
            )
        )
    return made


def by(path: str | None, *, descending: bool = False, limit: int = 3) -> Query:
    return users_by(path, descending=descending, limit=limit) if path else Query(USERS, limit=limit)


def ids(stretch: Stretch) -> list[str]:
    return [row.id for row in stretch.rows]


async def walk(handle: TenantStore, query: Query, *, back: bool = False, edge: Edge | None = None) -> list[list[str]]:
    """The ids of each page, from one end to the other."""
    pages = []
    while True:
        stretch = await handle.walk(query, Step(edge, back))
        pages.append(ids(stretch))
        if not stretch.more:
            return pages
        assert len(stretch.rows) == query.limit
        edge = stretch.edges[0 if back else -1]


def flat(pages: Sequence[Sequence[str]]) -> list[str]:
    return [id for page in pages for id in page]


@pytest.mark.anyio
class Walks:
    async def test_a_walk_through_nothing_is_one_empty_stretch(self, handle: TenantStore) -> None:
        for query in (Query(USERS), users_by("name.familyName"), users_by("userName"), users_by("nickName")):
            for back in (False, True):
                assert await handle.walk(query, Step(back=back, count=True)) == ([], [], False, 0)

    async def test_a_stretch_holds_resources_whole(self, handle: TenantStore, acorn: Tenant) -> None:
        ann = user(acorn, "ann")
        await handle.apply(ann)
        await handle.apply(group(acorn, members=[ann.id]))
        for query in (Query(USERS), users_by("displayName"), users_by("title"), users_by("userName")):
            stretch = await handle.walk(query, Step())
            assert stretch.rows == [await handle.get(USER.number, ann.id)]
            assert [edge.id for edge in stretch.edges] == [ann.id]

    @pytest.mark.parametrize("path", ORDERS)
    async def test_a_walk_finds_what_one_long_page_holds(
        self, handle: TenantStore, acorn: Tenant, path: str | None
    ) -> None:
        for insert in people(acorn, 25):
            await handle.apply(insert)
        for descending in (False, True) if path else (False,):
            whole = [row.id for row in (await handle.query(by(path, descending=descending, limit=100))).rows]
            if path == "nickName":  # what is longer than an edge sorts by its beginning
                whole = flat(await walk(handle, by(path, descending=descending, limit=100)))
                assert len(set(whole)) == 25
            for limit in (1, 3, 24, 25, 26):
                query = by(path, descending=descending, limit=limit)
                assert flat(await walk(handle, query)) == whole
                backwards = await walk(handle, query, back=True)
                assert flat(backwards[::-1]) == whole

    async def test_a_walk_turns_where_it_stands(self, handle: TenantStore, acorn: Tenant) -> None:
        for insert in people(acorn, 12):
            await handle.apply(insert)
        for path in ("userName", "name.familyName", "nickName", "externalId"):
            first = await handle.walk(by(path, limit=4), Step())
            second = await handle.walk(by(path, limit=4), Step(first.edges[-1]))
            again = await handle.walk(by(path, limit=4), Step(second.edges[0], back=True))
            assert (again.rows, again.more) == (first.rows, False)
            assert (await handle.walk(by(path, limit=3), Step(second.edges[0], back=True))).more

    async def test_the_total_is_counted_where_it_is_wanted(self, handle: TenantStore, acorn: Tenant) -> None:
        for insert in people(acorn, 10):
            await handle.apply(insert)
        for query, total in ((by("title"), 10), (users_where("active", "eq", False, limit=2), 3)):
            first = await handle.walk(query, Step(count=True))
            assert first.total == total
            assert (await handle.walk(query, Step(first.edges[-1]))).total is None
            assert (await handle.walk(query, Step(first.edges[-1], count=True))).total == total
        assert (await handle.walk(by("title", limit=0), Step(count=True))).total == 10

    async def test_a_walk_keeps_to_its_filter(self, handle: TenantStore, acorn: Tenant) -> None:
        made = people(acorn, 20)
        for insert in made:
            await handle.apply(insert)
        for path in ("userName", "name.familyName", "title"):
            target = Target(USER, present(USER, "externalId"), place(USER, path))
            query = Query((target,), limit=3, sorted=True)
            found = flat(await walk(handle, query))
            assert sorted(found) == sorted(insert.id for insert in made if insert.content.external_id)

    async def test_a_walk_over_two_types_is_one_list(self, handle: TenantStore, acorn: Tenant) -> None:
        for insert in (*people(acorn, 8), group(acorn, "Ants"), group(acorn, "Elder"), group(acorn, "Zinnias")):
            await handle.apply(insert)
        named = (Target(USER, None, place(USER, "displayName")), Target(GROUP, None, place(GROUP, "displayName")))
        half = (Target(USER, None, place(USER, "name.familyName")), Target(GROUP))
        for targets, is_sorted in ((named, True), (half, True), ((Target(USER), Target(GROUP)), False)):
            for descending in (False, True) if is_sorted else (False,):
                query = Query(targets, limit=100, sorted=is_sorted, descending=descending)
                whole = [row.id for row in (await handle.query(query)).rows]
                short = Query(targets, limit=2, sorted=is_sorted, descending=descending)
                assert flat(await walk(handle, short)) == whole
                assert flat((await walk(handle, short, back=True))[::-1]) == whole

    @pytest.mark.parametrize("path", [None, "name.familyName", "nickName", "title", "externalId"])
    @pytest.mark.parametrize("descending", [False, True])
    async def test_no_survivor_is_lost_or_repeated_while_others_come_and_go(
        self, handle: TenantStore, acorn: Tenant, path: str | None, descending: bool
    ) -> None:
        chance = random.Random(f"{path} {descending}")  # noqa: S311
        made = people(acorn, 30)
        for insert in made:
            await handle.apply(insert)
        doomed, survivors = made[::3], {insert.id for insert in made} - {insert.id for insert in made[::3]}
        newcomers = people(acorn, 60)[30:]
        for n, insert in enumerate(newcomers):
            insert.content.key, insert.content.external_id = f"new{n}", f"new-{n}"
        query = by(path, descending=descending and path is not None, limit=4)

        async def others() -> None:
            work = [(handle.apply, deleted(insert)) for insert in doomed] + [(handle.apply, i) for i in newcomers]
            chance.shuffle(work)
            for apply, change in work:
                await apply(change)
                await asyncio.sleep(0)

        writer = asyncio.create_task(others())
        forward = flat(await walk(handle, query))
        backward = flat(await walk(handle, query, back=True))
        await writer
        for found in (forward, backward):
            assert len(found) == len(set(found))
            assert survivors <= set(found)
        order = [
            row.id for row in (await handle.query(Query(query.targets, 0, 100, query.sorted, query.descending))).rows
        ]
        if path != "nickName":
            assert [id for id in forward if id in survivors] == [id for id in order if id in survivors]

    async def test_an_edge_holds_where_its_row_has_gone(self, handle: TenantStore, acorn: Tenant) -> None:
        made = people(acorn, 9)
        for insert in made:
            await handle.apply(insert)
        by_id = {insert.id: insert for insert in made}
        for path in ("userName", "name.familyName", "nickName"):
            query = by(path, limit=2)
            whole = flat(await walk(handle, query))
            first = await handle.walk(query, Step())
            await handle.apply(deleted(by_id[ids(first)[-1]]))
            assert flat(await walk(handle, query, edge=first.edges[-1])) == whole[2:]

    async def test_an_edge_can_be_written_down(self, handle: TenantStore, acorn: Tenant) -> None:
        for insert in people(acorn, 10):
            await handle.apply(insert)
        for path in ORDERS:
            first = await handle.walk(by(path), Step())
            for edge in first.edges:
                values, id = orjson.loads(orjson.dumps(list(edge)))
                assert Edge(tuple(values), id) == edge
