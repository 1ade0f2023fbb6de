"""The storage contract: pages, orders and filters. What each filter means is tested against ``scim.match`` elsewhere;
here is one of each kind of road that a query may take through a store."""

import asyncio
from collections.abc import Sequence

import orjson
import pytest

from rollbook.ids import new_id
from rollbook.scim.binding import BoundFilter
from rollbook.storage.contract import TenantStore
from rollbook.storage.records import Insert, Page, Query, Target, Tenant
from rollbook.testing.builders import (
    GROUP,
    LATER,
    USER,
    group,
    moment,
    place,
    present,
    replaced,
    user,
    user_document,
    users_by,
    users_where,
    where,
)

USERS = (Target(USER),)


async def fill(handle: TenantStore, inserts: Sequence[Insert]) -> None:
    for insert in inserts:
        await handle.apply(insert)


def ids(page: Page) -> list[str]:
    return [row.id for row in page.rows]


def names(page: Page) -> list[str]:
    documents = [orjson.loads(row.document) for row in page.rows]
    return [document.get("userName") or document["displayName"] for document in documents]


@pytest.mark.anyio
class Queries:
    async def test_an_empty_tenant_has_an_empty_page(self, handle: TenantStore) -> None:
        assert await handle.query(Query(USERS)) == (0, [])
        assert await handle.query(users_by("name.familyName")) == (0, [])
        assert await handle.query(Query(USERS, offset=7)) == (0, [])

    async def test_a_page_holds_resources_whole(self, handle: TenantStore, acorn: Tenant) -> None:
        ann = user(acorn, "ann")
        await fill(handle, [ann, group(acorn, members=[ann.id])])
        for query in (Query(USERS), users_where("userName", "eq", "ann"), users_by("displayName"), users_by("title")):
            page = await handle.query(query)
            assert page.total == 1
            assert page.rows == [await handle.get(USER.number, ann.id)]
            assert isinstance(page.rows[0].document, bytes)
            assert page.rows[0].grouped is True

    async def test_without_a_sort_the_order_is_by_id(self, handle: TenantStore, acorn: Tenant) -> None:
        made = [user(acorn, f"user{n}") for n in range(30)]
        await fill(handle, made)
        assert ids(await handle.query(Query(USERS))) == sorted(insert.id for insert in made)

    async def test_pages_hold_each_resource_once_and_know_the_total(self, handle: TenantStore, acorn: Tenant) -> None:
        made = [user(acorn, f"user{n}") for n in range(23)]
        await fill(handle, made)
        wanted = sorted(insert.id for insert in made)
        for limit in (1, 5, 23, 24, 100):
            for offset in (0, 1, 20, 22, 23, 24, 1_000_000):
                page = await handle.query(Query(USERS, offset, limit))
                assert page.total == 23
                assert ids(page) == wanted[offset : offset + limit]

    async def test_a_limit_of_nothing_counts(self, handle: TenantStore, acorn: Tenant) -> None:
        await fill(handle, [user(acorn, f"user{n}") for n in range(3)])
        assert await handle.query(Query(USERS, limit=0)) == (3, [])
        assert await handle.query(Query(USERS, offset=2, limit=0)) == (3, [])
        assert await handle.query(users_where("userName", "eq", "user1", limit=0)) == (1, [])
        assert await handle.query(users_where("emails.value", "eq", "user1@acorn.example", limit=0)) == (1, [])
        assert await handle.query(users_by("name.familyName", limit=0)) == (3, [])

    async def test_a_filter_counts_what_it_finds(self, handle: TenantStore, acorn: Tenant) -> None:
        await fill(handle, [user(acorn, f"user{n}", active=n % 2 == 0) for n in range(11)])
        page = await handle.query(users_where("active", "eq", True, limit=4))
        assert (page.total, len(page.rows)) == (6, 4)
        page = await handle.query(users_where("active", "eq", True, offset=4, limit=4))
        assert (page.total, len(page.rows)) == (6, 2)

    @pytest.mark.parametrize("path", ["userName", "name.familyName", "nickName"])
    async def test_texts_sort_by_code_point(self, handle: TenantStore, acorn: Tenant, path: str) -> None:
        texts = ["", "a", "a b", "a-b", "a.b", "ab", "aé", "b", "z", "ß", "é", "ı", "名", "ﬁ", "\U0001f511"]
        made = []
        for n, text in enumerate(reversed(texts)):
            insert = user(acorn, f"user{n}", name={"familyName": "x"}, nickName="x")
            insert.content.key = text
            search = orjson.loads(insert.content.search) | {"name": {"familyName": text}, "nickName": text}
            insert.content.search = orjson.dumps(search)
            insert.index = [(place, text if place == 1 else value, nth) for place, value, nth in insert.index]
            made.append(insert)
        await fill(handle, made)
        wanted = [insert.id for insert in reversed(made)]
        assert ids(await handle.query(users_by(path))) == wanted
        assert ids(await handle.query(users_by(path, descending=True))) == wanted[::-1]

    @pytest.mark.parametrize("path", ["name.familyName", "nickName"])
    async def test_what_has_no_value_comes_last_and_ties_are_by_id(
        self, handle: TenantStore, acorn: Tenant, path: str
    ) -> None:
        texts = ["aster", None, "birch", "aster", None, "clover", "birch", None]
        made = [user(acorn, f"user{n}", name={"familyName": t} if t else None, nickName=t) for n, t in enumerate(texts)]
        await fill(handle, made)
        values = {insert.id: text for insert, text in zip(made, texts, strict=True)}
        missing = sorted(id for id, text in values.items() if text is None)
        rising = [id for _, id in sorted((text, id) for id, text in values.items() if text)]
        falling = [id for text in ("clover", "birch", "aster") for id in sorted(i for i in values if values[i] == text)]
        for descending, wanted in ((False, rising + missing), (True, missing + falling)):
            for offset in range(10):
                for limit in (1, 3, 5, 8, 20):
                    page = await handle.query(users_by(path, descending=descending, offset=offset, limit=limit))
                    assert page.total == len(made)
                    assert ids(page) == wanted[offset : offset + limit]

    async def test_a_sort_keeps_to_its_filter(self, handle: TenantStore, acorn: Tenant) -> None:
        made = [user(acorn, f"user{n}", name={"familyName": f"f{9 - n}"}, active=n % 2 == 0) for n in range(10)]
        await fill(handle, made)
        target = Target(USER, where(USER, "active", "eq", True), place(USER, "name.familyName"))
        page = await handle.query(Query((target,), 1, 3, sorted=True))
        assert page.total == 5
        assert ids(page) == [made[n].id for n in (6, 4, 2)]

    async def test_a_sort_by_last_modified_follows_changes(self, handle: TenantStore, acorn: Tenant) -> None:
        made = [user(acorn, f"user{n}", at=moment(n)) for n in range(4)]
        await fill(handle, made)
        await handle.apply(replaced(made[1], user_document("user1"), at=LATER))
        page = await handle.query(users_by("meta.lastModified", descending=True))
        assert ids(page) == [made[n].id for n in (1, 3, 2, 0)]

    async def test_a_query_over_two_types_is_one_list(self, handle: TenantStore, acorn: Tenant) -> None:
        made = [user(acorn, "ann"), group(acorn, "Bees"), user(acorn, "cleo"), group(acorn, "Ants")]
        await fill(handle, made)
        both = Query((Target(USER), Target(GROUP)))
        assert ids(await handle.query(both)) == sorted(insert.id for insert in made)
        targets = (Target(USER, None, place(USER, "displayName")), Target(GROUP, None, place(GROUP, "displayName")))
        page = await handle.query(Query(targets, sorted=True, limit=3))
        assert (page.total, names(page)) == (4, ["ann", "Ants", "Bees"])
        filtered = (Target(USER, where(USER, "displayName", "sw", "ann")), Target(GROUP, present(GROUP, "displayName")))
        assert sorted(names(await handle.query(Query(filtered)))) == ["Ants", "Bees", "ann"]

    async def test_types_without_the_sorted_attribute_count_as_missing_it(
        self, handle: TenantStore, acorn: Tenant
    ) -> None:
        await fill(handle, [group(acorn, "Ants"), user(acorn, "cleo"), user(acorn, "ann")])
        targets = (Target(USER, None, place(USER, "userName")), Target(GROUP))
        assert names(await handle.query(Query(targets, sorted=True))) == ["ann", "cleo", "Ants"]

    async def test_a_unique_value_is_found_with_its_page(self, handle: TenantStore, acorn: Tenant) -> None:
        ann, bo = user(acorn, "ann", external_id="x-1"), user(acorn, "bo", external_id="x-2")
        await fill(handle, [ann, bo])
        for path, value in (("userName", "ann"), ("externalId", "x-1"), ("id", ann.id)):
            assert ids(await handle.query(users_where(path, "eq", value))) == [ann.id]
            assert await handle.query(users_where(path, "eq", value, offset=1)) == (1, [])
        for path, value in (("userName", "cleo"), ("externalId", "X-1"), ("id", new_id()), ("id", "no uuid")):
            assert await handle.query(users_where(path, "eq", value)) == (0, [])
        assert await handle.query(users_where("id", "eq", ann.id.upper())) == (0, [])

    async def test_unique_values_that_are_asked_for_at_once_are_each_found(
        self, handle: TenantStore, acorn: Tenant
    ) -> None:
        people = [user(acorn, f"user{n}", external_id=f"e{n}") for n in range(12)]
        await fill(handle, people)
        asked: list[tuple[str, str, list[str]]] = []
        for n, insert in enumerate(people):
            asked += [("userName", f"user{n}", [insert.id]), ("externalId", f"e{n}", [insert.id])]
            asked += [("id", insert.id, [insert.id]), ("userName", f"nobody{n}", []), ("id", new_id(), [])]
        asked += [("userName", "user3", [people[3].id])] * 3
        pages = await asyncio.gather(*(handle.query(users_where(name, "eq", value)) for name, value, _ in asked))
        assert [ids(page) for page in pages] == [found for *_, found in asked]
        assert [page.total for page in pages] == [len(found) for *_, found in asked]
        assert pages[0].rows == [await handle.get(USER.number, people[0].id)]

    async def test_a_filter_is_never_a_pattern(self, handle: TenantStore, acorn: Tenant) -> None:
        oddities = ["100%", "1000", "under_score", "underscore", "back\\slash", "[a-z]*", "it's", 'quo"te', "q?mark"]
        await fill(handle, [user(acorn, f"user{n}", nickName=text) for n, text in enumerate(oddities)])
        for path in ("nickName", "name.familyName"):
            for needle in ("%", "_", "\\", "*", "[a-z]", "'", '"', "?", "0%", "r_s", "."):
                for operator in ("co", "sw", "ew"):
                    page = await handle.query(users_where(path, operator, needle))
                    meaning = {"co": str.__contains__, "sw": str.startswith, "ew": str.endswith}[operator]
                    wanted = [f"user{n}" for n, t in enumerate(oddities) if path == "nickName" and meaning(t, needle)]
                    assert sorted(names(page)) == wanted

    async def test_an_indexed_path_is_found_by_equality_and_start(self, handle: TenantStore, acorn: Tenant) -> None:
        families = ["Aster", "Ashe", "ash", "As%", "B\U0010ffff", "B"]
        await fill(handle, [user(acorn, f"user{n}", name={"familyName": f}) for n, f in enumerate(families)])
        for operator, operand, wanted in (
            ("eq", "aster", [0]),
            ("sw", "as", [0, 1, 2, 3]),
            ("sw", "ash", [1, 2]),
            ("sw", "as%", [3]),
            ("sw", "b", [4, 5]),
            ("sw", "b\U0010ffff", [4]),
            ("co", "st", [0]),
            ("ew", "e", [1]),
            ("gt", "ash", [0, 1, 4, 5]),
            ("le", "ash", [2, 3]),
            ("ne", "aster", [1, 2, 3, 4, 5]),
        ):
            page = await handle.query(users_where("name.familyName", operator, operand))
            assert sorted(names(page)) == [f"user{n}" for n in wanted], (operator, operand)

    async def test_an_indexed_value_beyond_the_limit_is_compared_whole(
        self, handle: TenantStore, acorn: Tenant
    ) -> None:
        start = "x" * 250
        families = [start + "b", start + "a", start, "x" * 200, "x" * 199]
        made = [user(acorn, f"user{n}", name={"familyName": f}) for n, f in enumerate(families)]
        await fill(handle, made)
        assert names(await handle.query(users_where("name.familyName", "eq", start + "a"))) == ["user1"]
        assert sorted(names(await handle.query(users_where("name.familyName", "sw", start)))) == [
            "user0",
            "user1",
            "user2",
        ]
        assert names(await handle.query(users_by("name.familyName"))) == ["user4", "user3", "user2", "user1", "user0"]

    @pytest.mark.parametrize(
        ("filter", "wanted"),
        [
            (where(USER, "emails.value", "eq", "bo@acorn.example"), ["bo"]),
            (where(USER, "emails.value", "co", "acorn"), ["ann", "bo"]),
            (where(USER, "title", "eq", "head gardener"), ["ann"]),
            (present(USER, "title"), ["ann"]),
            (present(USER, "title", absent=True), ["bo", "cleo"]),
            (present(USER, "emails", absent=True), ["cleo"]),
            (where(USER, "active", "eq", False), ["bo"]),
            (where(USER, "meta.created", "gt", moment(1)), ["cleo"]),
            (where(USER, "meta.created", "le", moment(1)), ["ann", "bo"]),
            (where(USER, "displayName", "ge", "bo"), ["bo", "cleo"]),
        ],
    )
    async def test_filters_find_what_they_say(
        self, handle: TenantStore, acorn: Tenant, filter: BoundFilter, wanted: list[str]
    ) -> None:
        await fill(
            handle,
            [
                user(acorn, "ann", title="Head Gardener", at=moment(0)),
                user(acorn, "bo", active=False, at=moment(1)),
                user(acorn, "cleo", emails=None, at=moment(2)),
            ],
        )
        assert sorted(names(await handle.query(Query((Target(USER, filter),))))) == wanted

    async def test_groups_are_found_by_their_members(self, handle: TenantStore, acorn: Tenant) -> None:
        ann, bo = user(acorn, "ann"), user(acorn, "bo")
        await fill(handle, [ann, bo, group(acorn, "Ants", members=[ann.id]), group(acorn, "Bees", members=[bo.id])])
        for path, operand, wanted in (
            ("members.value", ann.id, ["Ants"]),
            ("members.value", "no uuid", []),
            ("members.display", "bo birch", ["Bees"]),
        ):
            page = await handle.query(Query((Target(GROUP, where(GROUP, path, "eq", operand)),)))
            assert names(page) == wanted

    async def test_users_are_found_by_their_groups(self, handle: TenantStore, acorn: Tenant) -> None:
        ann, bo = user(acorn, "ann"), user(acorn, "bo")
        inner = group(acorn, "Inner", members=[ann.id])
        outer = group(acorn, "Outer", members=[inner.id, bo.id])
        await fill(handle, [ann, bo, inner, outer])
        assert names(await handle.query(users_where("groups.value", "eq", inner.id))) == ["ann"]
        assert sorted(names(await handle.query(users_where("groups.value", "eq", outer.id)))) == ["ann", "bo"]
        assert sorted(names(await handle.query(users_where("groups.display", "eq", "outer")))) == ["ann", "bo"]

    async def test_a_number_too_large_for_any_column_is_only_a_number(self, handle: TenantStore, acorn: Tenant) -> None:
        await fill(handle, [user(acorn, "ann")])
        for offset in (2**31, 2**40, 2**62):
            assert await handle.query(Query(USERS, offset=offset)) == (1, [])
