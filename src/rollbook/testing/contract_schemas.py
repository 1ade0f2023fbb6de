"""The storage contract: catalogues of tenants' schemas, what is written under them, index paths that come and go."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

import orjson
import pytest

from rollbook.events import Kind
from rollbook.scim.attributes import Attribute
from rollbook.scim.binding import BoundComparison, BoundFilter, BoundShape
from rollbook.scim.filter import Operator
from rollbook.scim.schema import Extension, ResourceType, Schema
from rollbook.storage.contract import Store, TenantStore
from rollbook.storage.errors import NotFound, SchemaChanged, VersionConflict, WouldBreak
from rollbook.storage.records import CatalogueChange, Insert, Query, Target, Tenant, Update
from rollbook.testing.builders import (
    LATER,
    START,
    USER,
    content,
    event,
    indexed,
    moment,
    present,
    replaced,
    user,
    user_document,
    where,
)
from rollbook.testing.contract_tenants import kinds_of

BADGE = "urn:example:acorn:2.0:Badge"


def badged(*paths: str, unready: frozenset[str] = frozenset(), number: int = 100) -> ResourceType:
    """User with an extension, some paths of which are indexed from a number on."""
    extension = Schema(BADGE, "Badge", "", (Attribute("number"), Attribute("colour")))
    padding = ("",) * (number - len(USER.index_paths))
    known = (*USER.index_paths, *padding, *paths)
    extensions = (*USER.extensions, Extension(extension))
    return ResourceType("User", "/Users", USER.schema, extensions, "", USER.number, known, unready)


def change(expected: int = 0, document: bytes = b"{}", *guards: Query, work: str | None = None) -> CatalogueChange:
    return CatalogueChange(expected, document, guards, work, event(Kind.SCHEMA_CREATED))


def refiled(insert: Insert, type: ResourceType, revision: int | None, **more: object) -> Insert:
    """A new user, filed as ``type`` has it, by some revision of the catalogue."""
    document = orjson.loads(insert.content.document) | more
    return replace(insert, content=content(type, document), index=indexed(type, document), schema=revision)


def numbered(type: ResourceType) -> BoundFilter:
    """Whose badge has the number b5."""
    place = type.place(BADGE, "number", None)
    assert place is not None
    return BoundFilter(BoundShape(type, BoundComparison(place, Operator.EQ, 0), ()), ("b5",))


@pytest.mark.anyio
class Schemas:
    async def test_a_tenant_has_no_catalogue_at_first(self, store: Store, acorn: Tenant, handle: TenantStore) -> None:
        assert await handle.catalogue() == (0, b"")
        found = await store.find_tenant(acorn.id)
        assert found is not None
        assert found.schemas == 0

    async def test_a_catalogue_is_kept_and_its_revision_stands_in_the_tenant(
        self, store: Store, acorn: Tenant, handle: TenantStore
    ) -> None:
        await handle.change_catalogue(change(0, b'{"a": "one"}'))
        await handle.change_catalogue(change(1, '{"a": "zwölf"}'.encode()))
        assert await handle.catalogue() == (2, '{"a": "zwölf"}'.encode())
        found = await store.find_tenant("acorn")
        assert found == replace(acorn, schemas=2)
        assert await kinds_of(store, acorn) == ["tenant:create", "schema:create", "schema:create"]

    async def test_a_catalogue_is_one_tenants_own(self, store: Store, acorn: Tenant, birch: Tenant) -> None:
        await store.tenant(acorn.id).change_catalogue(change(0, b'{"acorn": 1}', work=START))
        assert await store.tenant(birch.id).catalogue() == (0, b"")
        await store.tenant(birch.id).change_catalogue(change(0, b'{"birch": 1}'))
        assert (await store.tenant(acorn.id).catalogue())[1] == b'{"acorn": 1}'
        assert await store.schema_work(LATER) == [(acorn.id, START)]

    async def test_of_many_changes_of_one_revision_one_is_made(self, handle: TenantStore) -> None:
        outcomes = await asyncio.gather(
            *(handle.change_catalogue(change(0, b"{%d}" % number)) for number in range(6)), return_exceptions=True
        )
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NoneType"] + ["VersionConflict"] * 5
        assert (await handle.catalogue())[0] == 1

    async def test_a_change_of_another_revision_is_refused(
        self, store: Store, acorn: Tenant, handle: TenantStore
    ) -> None:
        for wrong in (1, 7):
            with pytest.raises(VersionConflict):
                await handle.change_catalogue(change(wrong))
        assert await handle.catalogue() == (0, b"")
        assert await kinds_of(store, acorn) == ["tenant:create"]

    async def test_a_guard_that_finds_something_keeps_a_change_out(
        self, store: Store, acorn: Tenant, handle: TenantStore
    ) -> None:
        for name in ("ann", "bo", "cleo"):
            await handle.apply(user(acorn, name, title="Gardener" if name != "ann" else None))
        nobody = Query((Target(USER, where(USER, "userName", "eq", "nobody")),))
        titled = Query((Target(USER, present(USER, "title")),))
        everyone = Query((Target(USER),))
        for guards, place, count in (((titled,), 0, 2), ((nobody, everyone), 1, 3), ((nobody, titled, everyone), 1, 2)):
            with pytest.raises(WouldBreak) as refusal:
                await handle.change_catalogue(change(0, b"{}", *guards))
            assert (refusal.value.guard, refusal.value.count) == (place, count)
        assert await handle.catalogue() == (0, b"")
        await handle.change_catalogue(change(0, b"{}", nobody))
        assert (await handle.catalogue())[0] == 1

    async def test_content_of_another_revision_stays_outside(
        self, store: Store, acorn: Tenant, handle: TenantStore
    ) -> None:
        before = user(acorn, "ann")
        await handle.apply(before)
        await handle.change_catalogue(change())
        await handle.change_catalogue(change(1))
        stale: list[Insert | Update] = [
            replace(user(acorn, "bo"), schema=1),
            replace(user(acorn, "bo", external_id="b"), schema=3),
            replace(replaced(before, user_document("ann", title="Gardener")), schema=1),
        ]
        for late in stale:
            with pytest.raises(SchemaChanged):
                await handle.apply(late)
        assert await handle.count(USER.number) == 1
        await handle.apply(replace(user(acorn, "bo"), schema=2))
        await handle.apply(replace(replaced(before, user_document("ann", title="Gardener")), schema=2))
        await handle.apply(user(acorn, "cleo"))  # of no revision: not looked at
        assert await handle.count(USER.number) == 3

    async def test_content_of_several_revisions_at_once_finds_the_right_way(
        self, acorn: Tenant, handle: TenantStore
    ) -> None:
        await handle.change_catalogue(change())
        await handle.change_catalogue(change(1))
        outcomes = await asyncio.gather(
            *(handle.apply(replace(user(acorn, f"user-{n}"), schema=2 if n % 2 else 1)) for n in range(20)),
            return_exceptions=True,
        )
        assert [type(outcome).__name__ for outcome in outcomes] == ["SchemaChanged", "Applied"] * 10
        assert await handle.count(USER.number) == 10

    async def test_many_changes_in_one_transaction_are_looked_at_too(self, acorn: Tenant, handle: TenantStore) -> None:
        await handle.change_catalogue(change())
        await handle.change_catalogue(change(1))
        late = [replace(user(acorn, name), schema=1) for name in ("ann", "bo")]
        refused: Sequence[object] = await asyncio.gather(handle.apply_each(late), return_exceptions=True)
        (outcome,) = refused
        assert isinstance(outcome[0] if isinstance(outcome, list) else outcome, SchemaChanged)
        assert await handle.count(USER.number) == 0

    async def test_whoever_writes_while_schemas_change_is_seen_by_the_guard_or_kept_out(
        self, acorn: Tenant, handle: TenantStore
    ) -> None:
        await handle.change_catalogue(change())
        everyone = Query((Target(USER),))
        writers = [handle.apply(replace(user(acorn, f"user-{n}"), schema=1)) for n in range(40)]
        changing = handle.change_catalogue(change(1, b"{}", everyone))
        *outcomes, changed = await asyncio.gather(*writers[:20], *writers[20:], changing, return_exceptions=True)
        written = await handle.count(USER.number)
        if changed is None:
            assert written == 0
            assert all(isinstance(outcome, SchemaChanged) for outcome in outcomes)
        else:
            assert isinstance(changed, WouldBreak)
            assert written == 40

    async def test_an_index_is_filled_in_steps_and_then_read(
        self, new_store: Callable[[], Store], acorn: Tenant, handle: TenantStore
    ) -> None:
        path = f"{BADGE}:number"
        for number in range(7):
            shown = {BADGE: {"number": f"B{number}"}} if number != 3 else {}
            await handle.apply(refiled(user(acorn, f"user-{number}"), badged(), None, **shown))
        ready = badged(path)
        sought = Query((Target(ready, numbered(ready)),))
        assert (await handle.query(sought)).total == 0  # nothing of it is there yet
        after: str | None = ""
        steps = 0
        while after is not None:
            after, steps = await handle.fill_index(ready, 100, after, 3), steps + 1
        assert steps == 3
        assert await handle.fill_index(ready, 100, "", 50) is None  # again, which changes nothing
        assert (await handle.query(sought)).total == 1
        first = Query((Target(ready, None, ready.place(BADGE, "number", None)),), sorted=True, limit=10)
        assert len((await handle.query(first)).rows) == 7
        unready = badged(path, unready=frozenset((path,)))
        assert (await handle.query(Query((Target(unready, numbered(unready)),)))).total == 1
        assert await handle.empty_index(USER.number, 100, 4) == 4
        assert await handle.empty_index(USER.number, 100, 4) == 2
        assert await handle.empty_index(USER.number, 100, 4) == 0
        assert (await handle.query(sought)).total == 0
        assert (await handle.query(Query((Target(USER, where(USER, "userName", "eq", "user-1")),)))).total == 1

    async def test_work_is_due_when_it_says_and_one_takes_it(
        self, store: Store, acorn: Tenant, handle: TenantStore
    ) -> None:
        await handle.change_catalogue(change(work=moment(5)))
        assert await store.schema_work(moment(4)) == []
        assert await store.schema_work(moment(5)) == [(acorn.id, moment(5))]
        taken = [await store.claim_schema_work(acorn.id, moment(5), moment(60)) for _ in range(2)]
        assert taken == [True, False]
        assert await store.schema_work(moment(59)) == []
        assert await store.schema_work(moment(60)) == [(acorn.id, moment(60))]
        await handle.change_catalogue(change(1))
        assert await store.schema_work(LATER) == []

    async def test_a_deleted_tenant_has_no_catalogue_and_gets_none(
        self, store: Store, acorn: Tenant, handle: TenantStore
    ) -> None:
        await handle.change_catalogue(change(work=START))
        await store.delete_tenant(acorn.id, LATER, event(Kind.TENANT_DELETED))
        assert await handle.catalogue() == (0, b"")
        assert await store.schema_work(LATER) == []
        with pytest.raises(NotFound):
            await handle.change_catalogue(change(1))
