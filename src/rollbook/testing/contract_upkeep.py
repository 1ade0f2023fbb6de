"""The storage contract: opening, migrating, closing, backups."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from rollbook.events import Kind
from rollbook.storage.contract import Store, TenantStore
from rollbook.storage.errors import SchemaMismatch, StoreError, Unavailable
from rollbook.storage.migrations import latest, migrations
from rollbook.storage.records import Tenant
from rollbook.testing.builders import USER, default_connection, deleted, event, group, tenant, token, user, users_where


@pytest.mark.anyio
class Upkeep:
    async def test_an_empty_database_says_so(self, new_store: Callable[[], Store]) -> None:
        store = new_store()
        await store.open()
        try:
            assert await store.schema_version() == 0
            with pytest.raises(SchemaMismatch) as refusal:
                await store.ping()
            assert (refusal.value.found, refusal.value.wanted) == (0, latest(store.name))
            assert await store.migrate() == [migration.name for migration in migrations(store.name)]
            await store.ping()
        finally:
            await store.close()

    async def test_migrating_twice_does_nothing(self, store: Store) -> None:
        assert await store.schema_version() == latest(store.name)
        assert await store.migrate() == []
        await store.ping()

    async def test_a_sound_store_has_no_problems(self, store: Store, handle: TenantStore, acorn: Tenant) -> None:
        await handle.apply(user(acorn))
        assert await store.problems() == []

    async def test_a_restart_keeps_everything(
        self, new_store: Callable[[], Store], store: Store, handle: TenantStore, acorn: Tenant
    ) -> None:
        ann = user(acorn, "ann")
        await handle.apply(ann)
        stored = await handle.get(USER.number, ann.id)
        await store.close()
        again = new_store()
        await again.open()
        try:
            await again.ping()
            assert await again.tenant(acorn.id).get(USER.number, ann.id) == stored
            assert await again.tenants() == [acorn]
            await again.tenant(acorn.id).apply(deleted(ann, 1))
        finally:
            await again.close()

    async def test_two_handles_on_one_database_see_each_other(
        self, new_store: Callable[[], Store], handle: TenantStore, acorn: Tenant
    ) -> None:
        other = new_store()
        await other.open()
        try:
            ann, bo = user(acorn, "ann"), user(acorn, "bo")
            await handle.apply(ann)
            assert await other.tenant(acorn.id).get(USER.number, ann.id) is not None
            await other.tenant(acorn.id).apply(bo)
            assert await handle.get(USER.number, bo.id) is not None
        finally:
            await other.close()

    async def test_a_closed_store_is_unavailable_and_closes_again(self, store: Store, acorn: Tenant) -> None:
        await store.close()
        await store.close()
        with pytest.raises(Unavailable):
            await store.ping()
        with pytest.raises(Unavailable):
            await store.find_tenant("acorn")

    async def test_a_backup_brings_everything_back(
        self, store: Store, acorn: Tenant, handle: TenantStore, tmp_path: Path
    ) -> None:
        ann = user(acorn, "ann", external_id="x-1", title="naïve \U0001f511")
        gardeners = group(acorn, members=[ann.id])
        made = token(acorn)
        await handle.apply(ann)
        await handle.apply(gardeners)
        await handle.create_token(made, event(Kind.TOKEN_CREATED))
        await store.record([event(Kind.LOGIN_REFUSED)])
        events = [found async for found in handle.events()]
        stored = await handle.get(USER.number, ann.id)
        backup = tmp_path / "backup.db"
        await store.backup(str(backup))
        await handle.apply(deleted(ann))
        await handle.apply(user(acorn, "bo"))
        birch = tenant("birch")
        await store.create_tenant(birch, event(Kind.TENANT_CREATED))
        await store.delete_tenant(acorn.id, acorn.created, event(Kind.TENANT_DELETED))

        await store.restore(str(backup))
        await store.ping()
        assert await store.tenants() == [acorn]
        assert await handle.get(USER.number, ann.id) == stored
        assert await handle.count(USER.number) == 1
        assert [m.id for m in (await handle.members([gardeners.id]))[gardeners.id]] == [ann.id]
        assert [found async for found in handle.events()] == events
        assert await store.find_token(made.digest) == (made, acorn, default_connection(acorn))
        assert (await handle.query(users_where("emails.value", "eq", "ann@acorn.example"))).total == 1
        assert (await handle.query(users_where("title", "co", "\U0001f511"))).total == 1
        assert (await handle.apply(user(acorn, "cleo"))).version == 1

    async def test_a_backup_overwrites_no_file(self, store: Store, tmp_path: Path) -> None:
        file = tmp_path / "backup.db"
        file.write_text("dear")
        with pytest.raises(StoreError):
            await store.backup(str(file))
        assert file.read_text() == "dear"

    async def test_a_backup_is_for_its_owner_alone(self, store: Store, tmp_path: Path) -> None:
        file = tmp_path / "backup.db"
        await store.backup(str(file))
        assert file.stat().st_mode & 0o077 == 0
        assert not [name for name in os.listdir(tmp_path) if name.startswith("backup.db-")]  # noqa: PTH208

    async def test_a_file_that_is_no_backup_changes_nothing(
        self, store: Store, acorn: Tenant, handle: TenantStore, tmp_path: Path
    ) -> None:
        await handle.apply(user(acorn))
        foreign, empty = tmp_path / "foreign.db", tmp_path / "empty.db"
        foreign.write_bytes(b"not a database, though it is long enough to be one" * 100)
        empty.write_bytes(b"")
        for path in (foreign, empty, tmp_path / "missing.db", tmp_path):
            with pytest.raises(StoreError):
                await store.restore(str(path))
        assert await handle.count(USER.number) == 1
        assert not (tmp_path / "missing.db").exists()
