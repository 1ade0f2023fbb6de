"""The storage contract: one resource, from its insert to its end."""

from dataclasses import replace

import orjson
import pytest

from rollbook.ids import new_id
from rollbook.storage.contract import TenantStore
from rollbook.storage.errors import AlreadyExists, NotFound, VersionConflict
from rollbook.storage.records import Tenant
from rollbook.testing.builders import (
    GROUP,
    LATER,
    LATER_STILL,
    START,
    USER,
    deleted,
    group,
    replaced,
    user,
    user_document,
    users_where,
)

NO_UUIDS = ("", "ann", "0", "../ann", "%", "42d7cfdf73a045e0b796234a88625f87", "{42d7cfdf-73a0-45e0-b796-234a88625f87}")


async def kinds(handle: TenantStore) -> list[str]:
    """The kinds of the tenant's events but for its first, which tells of the tenant itself."""
    return [event.kind.value async for event in handle.events()][1:]


@pytest.mark.anyio
class Resources:
    async def test_what_was_inserted_is_read_back_whole(self, handle: TenantStore, acorn: Tenant) -> None:
        ann = user(acorn, "ann", external_id="x-1")
        applied = await handle.apply(ann)
        assert (applied.version, applied.created, applied.last_modified, applied.changed) == (1, START, START, True)
        stored = await handle.get(USER.number, ann.id)
        assert stored is not None
        assert stored == (USER.number, ann.id, 1, START, START, ann.content.document, False)
        assert isinstance(stored.document, bytes)
        assert stored.grouped is False

    async def test_a_document_keeps_its_every_byte(self, handle: TenantStore, acorn: Tenant) -> None:
        ann = user(acorn, "ann", title='slash \\/ quote \\" snow \u2603 key \U0001f511 e\u0301 \u00e9')
        ann.content.document = ann.content.document.replace(b'":', b'" : ').replace("\u2603".encode(), b"\\u2603")
        await handle.apply(ann)
        stored = await handle.get(USER.number, ann.id)
        assert stored is not None
        assert stored.document == ann.content.document

    async def test_a_large_document_is_kept(self, handle: TenantStore, acorn: Tenant) -> None:
        ann = user(acorn, "ann", title="é" * 300_000)
        await handle.apply(ann)
        stored = await handle.get(USER.number, ann.id)
        assert stored is not None
        assert stored.document == ann.content.document

    async def test_what_is_not_there_is_none(self, handle: TenantStore) -> None:
        assert await handle.get(USER.number, new_id()) is None

    async def test_an_id_that_is_no_uuid_is_not_there(self, handle: TenantStore, acorn: Tenant) -> None:
        ann = user(acorn)
        await handle.apply(ann)
        for id in (*NO_UUIDS, ann.id.upper(), f" {ann.id}", ann.id.replace("-", "")):
            assert await handle.get(USER.number, id) is None

    async def test_an_id_that_is_no_uuid_cannot_be_changed(self, handle: TenantStore, acorn: Tenant) -> None:
        ann = user(acorn)
        for id in NO_UUIDS:
            with pytest.raises(NotFound):
                await handle.apply(replace(replaced(ann, user_document("ann")), id=id))
            with pytest.raises(NotFound):
                await handle.apply(replace(deleted(ann), id=id))

    async def test_a_resource_is_not_there_under_another_type(self, handle: TenantStore, acorn: Tenant) -> None:
        ann = user(acorn)
        await handle.apply(ann)
        assert await handle.get(GROUP.number, ann.id) is None
        with pytest.raises(NotFound):
            await handle.apply(replace(deleted(ann), type=GROUP.number))
        assert await handle.get(USER.number, ann.id) is not None

    async def test_count_counts_one_type(self, handle: TenantStore, acorn: Tenant) -> None:
        for name in ("ann", "bo", "cleo"):
            await handle.apply(user(acorn, name))
        await handle.apply(group(acorn))
        assert await handle.count(USER.number) == 3
        assert await handle.count(GROUP.number) == 1
        assert await handle.count(100) == 0

    async def test_a_key_is_taken_once(self, handle: TenantStore, acorn: Tenant) -> None:
        await handle.apply(user(acorn, "ann"))
        second = user(acorn, "Ann")
        with pytest.raises(AlreadyExists) as refusal:
            await handle.apply(second)
        assert refusal.value.attribute == "key"
        assert await handle.get(USER.number, second.id) is None
        assert await handle.count(USER.number) == 1

    async def test_an_external_id_is_taken_once_for_a_type(self, handle: TenantStore, acorn: Tenant) -> None:
        await handle.apply(user(acorn, "ann", external_id="x-1"))
        with pytest.raises(AlreadyExists) as refusal:
            await handle.apply(user(acorn, "bo", external_id="x-1"))
        assert refusal.value.attribute == "externalId"
        await handle.apply(user(acorn, "cleo", external_id="X-1"))
        await handle.apply(group(acorn, external_id="x-1"))

    async def test_an_id_is_taken_once(self, handle: TenantStore, acorn: Tenant) -> None:
        ann = user(acorn, "ann")
        await handle.apply(ann)
        with pytest.raises(AlreadyExists):
            await handle.apply(user(acorn, "bo", id=ann.id))
        stored = await handle.get(USER.number, ann.id)
        assert stored is not None
        assert stored.document == ann.content.document

    async def test_any_number_of_resources_have_no_key(self, handle: TenantStore, acorn: Tenant) -> None:
        for _ in range(3):
            await handle.apply(group(acorn, "Gardeners"))
        assert await handle.count(GROUP.number) == 3

    async def test_the_store_folds_no_key(self, handle: TenantStore, acorn: Tenant) -> None:
        spellings = ("ann", "ANN", "Ann", "ann ", "änn", "a\u0308nn", "ss", "ß", "ı", "i", "\U0001f511", "名前", "ﬁ")
        for number, key in enumerate(spellings):
            made = user(acorn, f"user{number}")
            made.content.key = key
            await handle.apply(made)
        assert await handle.count(USER.number) == len(spellings)
        for number, key in enumerate(spellings):
            page = await handle.query(users_where("userName", "eq", key))
            assert page.total == 1
            assert orjson.loads(page.rows[0].document)["userName"] == f"user{number}"

    async def test_a_refused_insert_leaves_nothing(self, handle: TenantStore, acorn: Tenant) -> None:
        await handle.apply(user(acorn, "ann"))
        with pytest.raises(AlreadyExists):
            await handle.apply(user(acorn, "ann", emails=[{"value": "other@acorn.example"}]))
        assert (await handle.query(users_where("emails.value", "eq", "other@acorn.example"))).total == 0
        assert await kinds(handle) == ["resource:create"]

    async def test_an_update_gives_new_content_and_version(self, handle: TenantStore, acorn: Tenant) -> None:
        ann = user(acorn, "ann")
        await handle.apply(ann)
        change = replaced(ann, user_document("ann", title="Head gardener"))
        applied = await handle.apply(change)
        assert applied == (2, START, LATER, True)
        assert change.content is not None
        assert await handle.get(USER.number, ann.id) == (
            USER.number,
            ann.id,
            2,
            START,
            LATER,
            change.content.document,
            False,
        )

    async def test_an_update_may_keep_key_and_external_id(self, handle: TenantStore, acorn: Tenant) -> None:
        ann = user(acorn, "ann", external_id="x-1")
        await handle.apply(ann)
        applied = await handle.apply(replaced(ann, user_document("ann", title="Sower"), external_id="x-1"))
        assert applied.version == 2

    async def test_an_update_to_a_taken_key_changes_nothing(self, handle: TenantStore, acorn: Tenant) -> None:
        ann, bo = user(acorn, "ann"), user(acorn, "bo")
        await handle.apply(ann)
        await handle.apply(bo)
        with pytest.raises(AlreadyExists) as refusal:
            await handle.apply(replaced(bo, user_document("ann", emails=[{"value": "two@acorn.example"}])))
        assert refusal.value.attribute == "key"
        stored = await handle.get(USER.number, bo.id)
        assert stored is not None
        assert (stored.version, stored.document) == (1, bo.content.document)
        assert (await handle.query(users_where("emails.value", "eq", "bo@acorn.example"))).total == 1
        assert (await handle.query(users_where("emails.value", "eq", "two@acorn.example"))).total == 0
        assert await kinds(handle) == ["resource:create"] * 2

    async def test_an_update_to_a_taken_external_id_is_refused(self, handle: TenantStore, acorn: Tenant) -> None:
        ann, bo = user(acorn, "ann", external_id="x-1"), user(acorn, "bo")
        await handle.apply(ann)
        await handle.apply(bo)
        with pytest.raises(AlreadyExists) as refusal:
            await handle.apply(replaced(bo, user_document("bo"), external_id="x-1"))
        assert refusal.value.attribute == "externalId"

    async def test_an_update_frees_the_old_key(self, handle: TenantStore, acorn: Tenant) -> None:
        ann = user(acorn, "ann")
        await handle.apply(ann)
        await handle.apply(replaced(ann, user_document("cleo")))
        await handle.apply(user(acorn, "ann"))
        with pytest.raises(AlreadyExists):
            await handle.apply(user(acorn, "cleo"))

    async def test_an_update_replaces_the_index_rows(self, handle: TenantStore, acorn: Tenant) -> None:
        ann = user(acorn, "ann")
        await handle.apply(ann)
        await handle.apply(replaced(ann, user_document("ann", emails=[{"value": "new@acorn.example"}])))
        assert (await handle.query(users_where("emails.value", "eq", "ann@acorn.example"))).total == 0
        assert (await handle.query(users_where("emails.value", "eq", "new@acorn.example"))).total == 1

    async def test_an_update_without_index_leaves_the_index_rows(self, handle: TenantStore, acorn: Tenant) -> None:
        ann = user(acorn, "ann")
        await handle.apply(ann)
        await handle.apply(replace(replaced(ann, user_document("ann", title="Sower")), index=None))
        assert (await handle.query(users_where("emails.value", "eq", "ann@acorn.example"))).total == 1

    async def test_a_change_of_an_old_version_is_refused(self, handle: TenantStore, acorn: Tenant) -> None:
        ann = user(acorn, "ann")
        await handle.apply(ann)
        await handle.apply(replaced(ann, user_document("ann", title="Sower"), 1))
        for stale in (0, 1, 3):
            with pytest.raises(VersionConflict):
                await handle.apply(replaced(ann, user_document("ann", title="Mower"), stale))
            with pytest.raises(VersionConflict):
                await handle.apply(deleted(ann, stale))
        stored = await handle.get(USER.number, ann.id)
        assert stored is not None
        assert stored.version == 2
        assert b"Sower" in stored.document
        assert await kinds(handle) == ["resource:create", "resource:replace"]

    async def test_what_is_not_there_cannot_be_changed(self, handle: TenantStore, acorn: Tenant) -> None:
        ann = user(acorn, "ann")
        for version in (None, 1):
            with pytest.raises(NotFound):
                await handle.apply(replaced(ann, user_document("ann"), version))
            with pytest.raises(NotFound):
                await handle.apply(deleted(ann, version))
        assert await kinds(handle) == []

    async def test_last_modified_never_goes_back(self, handle: TenantStore, acorn: Tenant) -> None:
        ann = user(acorn, "ann", at=LATER)
        await handle.apply(ann)
        applied = await handle.apply(replaced(ann, user_document("ann"), at=START))
        assert applied == (2, LATER, LATER, True)
        assert (await handle.apply(replaced(ann, user_document("ann"), 2, at=LATER_STILL))).last_modified == LATER_STILL

    async def test_what_was_deleted_is_gone(self, handle: TenantStore, acorn: Tenant) -> None:
        ann = user(acorn, "ann", external_id="x-1")
        await handle.apply(ann)
        assert (await handle.apply(deleted(ann, 1))).changed
        assert await handle.get(USER.number, ann.id) is None
        assert await handle.count(USER.number) == 0
        assert (await handle.query(users_where("emails.value", "eq", "ann@acorn.example"))).total == 0
        with pytest.raises(NotFound):
            await handle.apply(deleted(ann))

    async def test_a_delete_frees_key_and_external_id(self, handle: TenantStore, acorn: Tenant) -> None:
        ann = user(acorn, "ann", external_id="x-1")
        await handle.apply(ann)
        await handle.apply(deleted(ann))
        again = user(acorn, "ann", external_id="x-1")
        assert (await handle.apply(again)).version == 1

    async def test_a_write_is_read_at_once(self, handle: TenantStore, acorn: Tenant) -> None:
        for number in range(50):
            made = user(acorn, f"user{number}")
            await handle.apply(made)
            assert await handle.get(USER.number, made.id) is not None
            assert (await handle.query(users_where("userName", "eq", f"user{number}"))).total == 1
            assert (await handle.query(users_where("displayName", "co", "elder"))).total == number + 1
