"""The storage contract: the hashes of resources' passwords: rows of their own, written with the change they come in."""

from pathlib import Path

import pytest

from rollbook.events import Kind
from rollbook.storage.contract import Store, TenantStore
from rollbook.storage.errors import AlreadyExists, MissingMembers, NotFound, OneRefused, VersionConflict
from rollbook.storage.records import FIRST_POSITION, NO_PASSWORD, Change, Insert, Tenant, Update
from rollbook.testing.builders import (
    LATER,
    USER,
    deleted,
    event,
    group,
    replaced,
    user,
    user_document,
    users_where,
)
from rollbook.testing.contract_resources import kinds

FIRST, SECOND = "$argon2id$first", "$argon2id$second"


def with_password(insert: Insert, hash: str = FIRST) -> Insert:
    insert.password = hash
    return insert


def another(insert: Insert, hash: str, version: int | None = None) -> Update:
    """The resource of that insert gets another password, or none any more."""
    told = event(Kind.RESOURCE_MODIFIED, LATER, resource=insert.id, status=200, attributes=("password",))
    return Update(insert.type, insert.id, version, LATER, told, password=hash)


@pytest.mark.anyio
class Passwords:
    async def test_a_password_comes_with_its_resource(self, handle: TenantStore, acorn: Tenant) -> None:
        ann, bo = with_password(user(acorn, "ann")), user(acorn, "bo")
        assert (await handle.apply(ann)).version == 1
        await handle.apply(bo)
        assert await handle.password_of(USER.number, ann.id) == FIRST
        assert await handle.password_of(USER.number, bo.id) is None
        assert await handle.password_of(USER.number, "ann") is None
        stored = await handle.get(USER.number, ann.id)
        assert stored is not None
        assert stored.document == ann.content.document
        assert (await handle.query(users_where("userName", "eq", "ann"))).total == 1

    async def test_a_password_that_changes_is_a_change(self, handle: TenantStore, acorn: Tenant) -> None:
        ann = with_password(user(acorn, "ann"))
        await handle.apply(ann)
        for version, hash, left in (
            (2, SECOND, SECOND),
            (3, SECOND, SECOND),
            (4, NO_PASSWORD, None),
            (5, FIRST, FIRST),
        ):
            applied = await handle.apply(another(ann, hash))
            assert (applied.version, applied.last_modified, applied.changed) == (version, LATER, True)
            assert await handle.password_of(USER.number, ann.id) == left
        feed = await handle.changes(FIRST_POSITION, 10)
        assert [change.version for change in feed.changes] == [1, 2, 3, 4, 5]

    async def test_taking_away_what_is_not_there_changes_nothing(self, handle: TenantStore, acorn: Tenant) -> None:
        ann = user(acorn, "ann")
        await handle.apply(ann)
        applied = await handle.apply(another(ann, NO_PASSWORD))
        assert (applied.version, applied.last_modified, applied.changed) == (1, ann.at, False)
        assert await kinds(handle) == ["resource:create"]

    async def test_another_content_leaves_the_password(self, handle: TenantStore, acorn: Tenant) -> None:
        ann = with_password(user(acorn, "ann"))
        await handle.apply(ann)
        await handle.apply(replaced(ann, user_document("ann", title="Sower")))
        assert await handle.password_of(USER.number, ann.id) == FIRST

    async def test_content_and_password_change_together(self, handle: TenantStore, acorn: Tenant) -> None:
        ann = user(acorn, "ann")
        await handle.apply(ann)
        both = replaced(ann, user_document("ann", title="Sower"))
        both.password = SECOND
        assert (await handle.apply(both)).version == 2
        assert await handle.password_of(USER.number, ann.id) == SECOND
        assert (await handle.query(users_where("title", "eq", "sower"))).total == 1

    async def test_what_is_refused_leaves_no_password(self, handle: TenantStore, acorn: Tenant) -> None:
        ann = with_password(user(acorn, "ann"))
        await handle.apply(ann)
        twin, lost = with_password(user(acorn, "ann"), SECOND), user(acorn, "bo")
        with pytest.raises(AlreadyExists):
            await handle.apply(twin)
        assert await handle.password_of(USER.number, twin.id) is None
        with pytest.raises(VersionConflict):
            await handle.apply(another(ann, SECOND, version=7))
        with pytest.raises(NotFound):
            await handle.apply(another(lost, SECOND))
        taken = with_password(user(acorn, "cleo"), SECOND)
        taken.connection = lost.id
        with pytest.raises(NotFound):
            await handle.apply(taken)
        odd = with_password(group(acorn, members=[lost.id]), SECOND)
        with pytest.raises(MissingMembers):
            await handle.apply(odd)
        assert await handle.password_of(USER.number, ann.id) == FIRST
        for gone in (lost, taken):
            assert await handle.password_of(USER.number, gone.id) is None
        assert await handle.password_of(odd.type, odd.id) is None

    async def test_a_deleted_resource_leaves_no_password(self, handle: TenantStore, acorn: Tenant) -> None:
        ann = with_password(user(acorn, "ann"))
        await handle.apply(ann)
        await handle.apply(deleted(ann))
        assert await handle.password_of(USER.number, ann.id) is None
        again = user(acorn, "ann", id=ann.id)
        await handle.apply(again)
        assert await handle.password_of(USER.number, ann.id) is None

    async def test_each_of_several_changes_brings_its_password(self, handle: TenantStore, acorn: Tenant) -> None:
        people = [with_password(user(acorn, f"user{n}"), f"$argon2id${n}") for n in range(5)]
        plain = user(acorn, "plain")
        changes: list[Change] = [*people[:3], plain, *people[3:], another(people[0], SECOND), deleted(people[1])]
        twin = with_password(user(acorn, "plain"), SECOND)
        outcomes = await handle.apply_each([*changes, twin, another(people[2], SECOND)])
        assert len(outcomes) == len(changes) + 1
        assert isinstance(outcomes[-1], AlreadyExists)
        found = [await handle.password_of(USER.number, one.id) for one in (*people, plain, twin)]
        assert found == [SECOND, None, "$argon2id$2", "$argon2id$3", "$argon2id$4", None, None]

    async def test_passwords_come_together_or_not_at_all(self, handle: TenantStore, acorn: Tenant) -> None:
        ann, bo = with_password(user(acorn, "ann")), user(acorn, "bo")
        both = group(acorn, members=[ann.id, bo.id])
        await handle.apply_together([ann, bo, both])
        assert await handle.password_of(USER.number, ann.id) == FIRST
        cleo, twin = with_password(user(acorn, "cleo")), with_password(user(acorn, "bo"))
        with pytest.raises(OneRefused):
            await handle.apply_together([cleo, twin])
        assert await handle.password_of(USER.number, cleo.id) is None

    async def test_a_password_is_one_tenants(self, store: Store, acorn: Tenant, birch: Tenant) -> None:
        here, there = store.tenant(acorn.id), store.tenant(birch.id)
        ours = with_password(user(acorn, "ann"))
        theirs = with_password(user(birch, "ann", id=ours.id), SECOND)
        await here.apply(ours)
        assert await there.password_of(USER.number, ours.id) is None
        with pytest.raises(NotFound):
            await there.apply(another(ours, SECOND))
        await there.apply(theirs)
        await there.apply(another(theirs, NO_PASSWORD))
        assert await here.password_of(USER.number, ours.id) == FIRST
        await there.apply(another(theirs, SECOND))
        await here.forget_passwords()
        assert await here.password_of(USER.number, ours.id) is None
        assert await there.password_of(USER.number, theirs.id) == SECOND
        await there.apply(deleted(theirs))
        stored = await here.get(USER.number, ours.id)
        assert stored is not None
        assert stored.version == 1

    async def test_a_deleted_tenant_leaves_no_passwords(
        self, store: Store, acorn: Tenant, birch: Tenant, handle: TenantStore
    ) -> None:
        ann, bo = with_password(user(acorn, "ann")), with_password(user(birch, "bo"))
        await handle.apply(ann)
        await store.tenant(birch.id).apply(bo)
        await store.delete_tenant(acorn.id, LATER, event(Kind.TENANT_DELETED))
        assert await handle.password_of(USER.number, ann.id) is None
        assert await store.tenant(birch.id).password_of(USER.number, bo.id) == FIRST

    async def test_a_backup_brings_passwords_back(
        self, store: Store, acorn: Tenant, handle: TenantStore, tmp_path: Path
    ) -> None:
        ann, bo = with_password(user(acorn, "ann")), user(acorn, "bo")
        await handle.apply(ann)
        await handle.apply(bo)
        await store.backup(str(tmp_path / "copy.db"))
        await handle.apply(another(ann, SECOND))
        await handle.apply(another(bo, SECOND))
        await store.restore(str(tmp_path / "copy.db"))
        assert await handle.password_of(USER.number, ann.id) == FIRST
        assert await handle.password_of(USER.number, bo.id) is None
