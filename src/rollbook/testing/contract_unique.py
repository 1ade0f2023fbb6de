"""The storage contract: values that are unique in a tenant besides the key, as badges are."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from rollbook.events import Kind
from rollbook.storage.contract import Store, TenantStore
from rollbook.storage.errors import AlreadyExists, NotFound, OneRefused, VersionConflict
from rollbook.storage.records import Applied, Change, Insert, Tenant, UniqueRow, Update
from rollbook.testing.builders import LATER, USER, deleted, event, group, replaced, user, user_document

BADGES, CODE = "urn:example:2.0:Person:badges.value", "urn:example:2.0:Person:code"


def rows(*badges: str, code: str | None = None) -> list[UniqueRow]:
    return [*(UniqueRow(BADGES, badge) for badge in badges), *([UniqueRow(CODE, code)] if code else [])]


def with_values(insert: Insert, *badges: str, code: str | None = None) -> Insert:
    insert.content.unique = rows(*badges, code=code)
    return insert


def other_values(insert: Insert, *badges: str, code: str | None = None, version: int = 1) -> Update:
    """The resource of that insert gets other values."""
    made = replaced(insert, user_document("changed", userName=insert.id), version)
    assert made.content is not None
    made.content.unique = rows(*badges, code=code)
    return made


async def taken(handle: TenantStore, change: Change) -> str:
    """The attribute for which a change is refused."""
    with pytest.raises(AlreadyExists) as refused:
        await handle.apply(change)
    return refused.value.attribute


@pytest.mark.anyio
class UniqueValues:
    async def test_a_value_is_one_resources(self, handle: TenantStore, acorn: Tenant) -> None:
        ann = with_values(user(acorn, "ann"), "04a1", "04b2", code="7")
        await handle.apply(ann)
        assert await taken(handle, with_values(user(acorn, "bo"), "04ff", "04b2")) == BADGES
        assert await taken(handle, with_values(user(acorn, "bo"), "04ff", code="7")) == CODE
        await handle.apply(with_values(user(acorn, "bo"), "7", code="04a1"))  # as values of other attributes
        await handle.apply(user(acorn, "cleo"))
        assert await handle.count(USER.number) == 3

    async def test_what_is_refused_takes_no_value(self, handle: TenantStore, acorn: Tenant) -> None:
        ann = with_values(user(acorn, "ann"), "1")
        await handle.apply(ann)
        assert await taken(handle, with_values(user(acorn, "bo"), "2", "1")) == BADGES
        assert await taken(handle, with_values(user(acorn, "ann"), "3")) == "key"
        astray = with_values(user(acorn, "bo"), "4")
        astray.connection = ann.id
        with pytest.raises(NotFound):
            await handle.apply(astray)
        with pytest.raises(VersionConflict):
            await handle.apply(other_values(ann, "5", version=9))
        await handle.apply(with_values(user(acorn, "bo"), "2", "3", "4", "5"))

    async def test_values_change_with_the_content(self, handle: TenantStore, acorn: Tenant) -> None:
        ann, bo = with_values(user(acorn, "ann"), "1", "2", code="c"), with_values(user(acorn, "bo"), "9")
        await handle.apply(ann)
        await handle.apply(bo)
        assert (await handle.apply(other_values(ann, "2", "3"))).version == 2
        assert await taken(handle, other_values(bo, "9", "3")) == BADGES
        assert await taken(handle, other_values(ann, "9", version=2)) == BADGES
        assert (await handle.apply(other_values(bo, "1", code="c"))).version == 2
        assert (await handle.apply(other_values(ann, version=2))).version == 3
        assert (await handle.apply(other_values(bo, "1", "2", "3", code="c", version=2))).version == 3
        stored = await handle.get(USER.number, bo.id)
        assert stored is not None
        assert stored.version == 3

    async def test_a_content_that_says_nothing_of_them_leaves_them(self, handle: TenantStore, acorn: Tenant) -> None:
        ann = with_values(user(acorn, "ann"), "1")
        await handle.apply(ann)
        await handle.apply(replaced(ann, user_document("ann", title="Sower")))
        assert await taken(handle, with_values(user(acorn, "bo"), "1")) == BADGES

    async def test_an_older_version_is_told_before_a_value_that_is_taken(
        self, handle: TenantStore, acorn: Tenant
    ) -> None:
        ann, bo = with_values(user(acorn, "ann"), "1"), with_values(user(acorn, "bo"), "2")
        await handle.apply(ann)
        await handle.apply(bo)
        with pytest.raises(VersionConflict):
            await handle.apply(other_values(bo, "1", version=7))

    async def test_what_is_deleted_leaves_its_values_free(self, handle: TenantStore, acorn: Tenant) -> None:
        ann = with_values(user(acorn, "ann"), "1", code="c")
        await handle.apply(ann)
        await handle.apply(deleted(ann))
        await handle.apply(with_values(user(acorn, "bo"), "1", code="c"))

    async def test_of_many_who_want_one_value_one_gets_it(self, handle: TenantStore, acorn: Tenant) -> None:
        people = [with_values(user(acorn, f"user{n}"), "1", f"own{n}") for n in range(8)]
        alone = [with_values(user(acorn, f"alone{n}"), f"alone{n}") for n in range(8)]
        outcomes = await asyncio.gather(*map(handle.apply, (*people, *alone)), return_exceptions=True)
        refused = [outcome for outcome in outcomes if isinstance(outcome, AlreadyExists)]
        assert [error.attribute for error in refused] == [BADGES] * 7
        assert await handle.count(USER.number) == 9

    async def test_each_of_several_changes_finds_what_those_before_left(
        self, handle: TenantStore, acorn: Tenant
    ) -> None:
        ann, bo, cleo = (with_values(user(acorn, name), name) for name in ("ann", "bo", "cleo"))
        again = with_values(user(acorn, "again"), "ann", "bo")
        changes: list[Change] = [ann, bo, deleted(ann), other_values(bo, "x", "y"), again, cleo]
        outcomes = await handle.apply_each([*changes, with_values(user(acorn, "late"), "z", "y"), user(acorn, "off")])
        assert [isinstance(outcome, Applied) for outcome in outcomes] == [True] * 6 + [False]
        refused = outcomes[-1]
        assert isinstance(refused, AlreadyExists)
        assert refused.attribute == BADGES
        await handle.apply(with_values(user(acorn, "late"), "z"))

    async def test_those_who_come_together_share_no_value(self, handle: TenantStore, acorn: Tenant) -> None:
        ann, bo = with_values(user(acorn, "ann"), "1", code="c"), with_values(user(acorn, "bo"), "2")
        await handle.apply_together([ann, bo, group(acorn, members=[ann.id, bo.id])])
        pair = [with_values(user(acorn, "cleo"), "3"), with_values(user(acorn, "dee"), "4", "3")]
        with pytest.raises(OneRefused) as refused:
            await handle.apply_together(pair)
        assert refused.value.at == 1
        with pytest.raises(OneRefused) as refused:
            await handle.apply_together(
                [with_values(user(acorn, "cleo"), "5"), with_values(user(acorn, "e"), code="c")]
            )
        assert isinstance(refused.value.error, AlreadyExists)
        assert (refused.value.at, refused.value.error.attribute) == (1, CODE)
        assert await handle.count(USER.number) == 2

    async def test_a_stream_is_made_whole_or_not_at_all(self, handle: TenantStore, acorn: Tenant) -> None:
        async def stream(*pieces: Sequence[Change]) -> AsyncIterator[Sequence[Change]]:
            for piece in pieces:
                yield piece

        ann, bo, cleo = (with_values(user(acorn, name), name) for name in ("ann", "bo", "cleo"))
        twin = with_values(user(acorn, "twin"), "new", "ann")
        with pytest.raises(OneRefused) as refused:
            await handle.apply_all(lambda: stream([ann, bo], [cleo, twin]))
        assert isinstance(refused.value.error, AlreadyExists)
        assert (refused.value.at, refused.value.error.attribute) == (3, BADGES)
        assert await handle.apply_all(lambda: stream([ann, bo], [other_values(ann, "new"), deleted(bo)], [cleo])) == 5
        await handle.apply(with_values(user(acorn, "late"), "ann", "bo"))
        assert await taken(handle, with_values(user(acorn, "later"), "new")) == BADGES

    async def test_a_value_comes_with_members_and_a_password(self, handle: TenantStore, acorn: Tenant) -> None:
        ann = with_values(user(acorn, "ann"), "1")
        ann.password = "$argon2id$first"  # noqa: S105
        await handle.apply(ann)
        twin = with_values(user(acorn, "bo"), "1")
        twin.password = "$argon2id$second"  # noqa: S105
        assert await taken(handle, twin) == BADGES
        assert await handle.password_of(USER.number, twin.id) is None

    async def test_values_are_one_tenants(self, store: Store, acorn: Tenant, birch: Tenant) -> None:
        here, there = store.tenant(acorn.id), store.tenant(birch.id)
        ours = with_values(user(acorn, "ann"), "1")
        theirs = with_values(user(birch, "ann", id=ours.id), "1")
        await here.apply(ours)
        await there.apply(theirs)
        await there.apply(deleted(theirs))
        assert await taken(here, with_values(user(acorn, "bo"), "1")) == BADGES

    async def test_a_deleted_tenant_leaves_none(
        self, store: Store, acorn: Tenant, birch: Tenant, handle: TenantStore, tmp_path: Path
    ) -> None:
        ann, bo = with_values(user(acorn, "ann"), "1"), with_values(user(birch, "bo"), "1")
        await handle.apply(ann)
        await store.tenant(birch.id).apply(bo)
        await store.delete_tenant(acorn.id, LATER, event(Kind.TENANT_DELETED))
        assert await taken(store.tenant(birch.id), with_values(user(birch, "cleo"), "1")) == BADGES
        await store.backup(str(tmp_path / "copy.db"))
        await store.tenant(birch.id).apply(deleted(bo))
        await store.restore(str(tmp_path / "copy.db"))
        assert await taken(store.tenant(birch.id), with_values(user(birch, "cleo"), "1")) == BADGES
