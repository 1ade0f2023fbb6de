"""The storage contract: changes of resources in the manner of lockers: once for a key, or only rehearsed."""

import asyncio
from typing import cast

import pytest

from rollbook.events import Kind
from rollbook.ids import new_id
from rollbook.storage.contract import TenantStore
from rollbook.storage.errors import (
    AlreadyExists,
    AnsweredBefore,
    KeyReused,
    MissingMembers,
    NotFound,
    Rehearsed,
    StoreError,
    VersionConflict,
)
from rollbook.storage.locker_records import PLAIN, Answered, Manner, Once, Written
from rollbook.storage.records import Applied, Tenant
from rollbook.testing import builders
from rollbook.testing.builders import GROUP, LATER, START, USER, deleted, group, members_changed, replaced, user

REHEARSAL = Manner(rehearse=True)
MADE = Answered(201, "made", '"1"', "/there")


def once(key: str = "k", digest: str = "d", at: str = START) -> Once:
    return Once(key, digest, at, LATER, lambda _: MADE)


@pytest.mark.anyio
class Manners:
    async def test_a_change_is_made_as_ever(self, handle: TenantStore, acorn: Tenant) -> None:
        ann, staff = user(acorn), group(acorn)
        made = await handle.lockers.write(ann, PLAIN)
        assert made.applied == Applied(1, START, START, True)
        assert made.stored == await handle.get(USER.number, ann.id)
        await handle.lockers.write(staff, PLAIN)
        joined = await handle.lockers.write(members_changed(staff, add=[ann.id]), PLAIN)
        assert joined.stored == await handle.get(GROUP.number, staff.id)
        assert [one.id for one in (await handle.members([staff.id]))[staff.id]] == [ann.id]
        renamed = await handle.lockers.write(replaced(staff, builders.group_document("Crew"), 2), PLAIN)
        assert renamed.stored == await handle.get(GROUP.number, staff.id)
        gone = await handle.lockers.write(deleted(staff), PLAIN)
        assert gone.stored is None
        assert await handle.get(GROUP.number, staff.id) is None

    async def test_a_change_is_refused_as_ever(self, handle: TenantStore, acorn: Tenant) -> None:
        ann, staff = user(acorn, external_id="x"), group(acorn)
        for one in (ann, staff):
            await handle.apply(one)
        refusals: list[tuple[object, type[StoreError]]] = [
            (user(acorn), AlreadyExists),
            (user(acorn, "bo", external_id="x"), AlreadyExists),
            (members_changed(staff, add=[new_id()]), MissingMembers),
            (replaced(ann, builders.user_document("ann"), 7), VersionConflict),
            (deleted(user(acorn, "cleo")), NotFound),
            (deleted(user(acorn, "cleo", id="no id")), NotFound),
        ]
        for manner in (PLAIN, REHEARSAL, Manner(once())):
            for change, error in refusals:
                with pytest.raises(error):
                    await handle.lockers.write(change, manner)  # type: ignore[arg-type]
        assert await handle.count(USER.number) == 1

    async def test_a_change_with_a_key_is_made_once(self, handle: TenantStore, acorn: Tenant) -> None:
        manner = Manner(once())
        await handle.lockers.look(once())
        await handle.lockers.write(user(acorn), manner)
        with pytest.raises(AnsweredBefore) as again:
            await handle.lockers.write(user(acorn, "bo"), manner)
        assert again.value.answered == MADE
        with pytest.raises(AnsweredBefore):  # not that she is there already
            await handle.lockers.write(user(acorn), manner)
        with pytest.raises(AnsweredBefore):
            await handle.lockers.look(once())
        with pytest.raises(KeyReused):
            await handle.lockers.write(user(acorn, "bo"), Manner(once(digest="e")))
        with pytest.raises(KeyReused):
            await handle.lockers.look(once(digest="e"))
        await handle.lockers.write(user(acorn, "bo"), Manner(once("other")))
        assert await handle.count(USER.number) == 2

    async def test_what_was_refused_leaves_its_key_free(self, handle: TenantStore, acorn: Tenant) -> None:
        await handle.apply(user(acorn))
        with pytest.raises(AlreadyExists):
            await handle.lockers.write(user(acorn), Manner(once()))
        await handle.lockers.write(user(acorn, "bo"), Manner(once()))

    async def test_of_many_with_one_key_one_is_made(self, handle: TenantStore, acorn: Tenant) -> None:
        groups = [group(acorn, f"Group {n}") for n in range(8)]
        asked = (handle.lockers.write(one, Manner(once())) for one in groups)
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert len([one for one in answers if isinstance(one, Written)]) == 1
        assert len([one for one in answers if isinstance(one, AnsweredBefore)]) == 7
        assert await handle.count(GROUP.number) == 1

    async def test_an_answer_is_kept_where_nothing_was_done(self, handle: TenantStore) -> None:
        await handle.lockers.keep(once(), None)
        with pytest.raises(AnsweredBefore) as again:
            await handle.lockers.look(once())
        assert again.value.answered == MADE
        with pytest.raises(AnsweredBefore):
            await handle.lockers.keep(once(), None)
        await handle.lockers.look(once(at=LATER))
        await handle.lockers.keep(once(at=LATER), None)

    async def test_a_rehearsed_change_changes_nothing(self, handle: TenantStore, acorn: Tenant) -> None:
        ann, staff = user(acorn), group(acorn)
        for one in (ann, staff):
            await handle.apply(one)
        before = [one.id async for one in handle.events()]
        for change in (user(acorn, "bo"), members_changed(staff, add=[ann.id]), deleted(ann)):
            with pytest.raises(Rehearsed) as rehearsed:
                await handle.lockers.write(change, REHEARSAL)
            stored = cast(Written, rehearsed.value.result).stored
            assert (stored and stored.id) == (None if change.event.kind is Kind.RESOURCE_DELETED else change.id)
        assert [one.id async for one in handle.events()] == before
        assert await handle.count(USER.number) == 1
        assert (await handle.members([staff.id]))[staff.id] == []
