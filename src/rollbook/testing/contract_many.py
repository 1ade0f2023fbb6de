"""The storage contract: several changes in one transaction, in order until one is refused, or all of them or none."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from rollbook.events import Event
from rollbook.storage.contract import Store, TenantStore
from rollbook.storage.errors import AlreadyExists, MissingMembers, NotFound, OneRefused, VersionConflict
from rollbook.storage.records import Applied, Change, Tenant
from rollbook.testing.builders import (
    GROUP,
    START,
    USER,
    deleted,
    group,
    members_changed,
    replaced,
    user,
    user_document,
    users_where,
)
from rollbook.testing.contract_resources import kinds

MADE = Applied(1, START, START, True)


async def events_of(handle: TenantStore) -> list[Event]:
    return [event async for event in handle.events()]


@pytest.mark.anyio
class Many:
    async def test_changes_are_made_in_their_order(self, handle: TenantStore, acorn: Tenant) -> None:
        ann, bo, again = user(acorn, "ann"), user(acorn, "bo"), user(acorn, "ann")
        both = group(acorn, members=[ann.id, bo.id])
        changes: list[Change] = [
            ann,
            bo,
            replaced(bo, user_document("cleo"), 1),
            both,
            members_changed(both, remove=[bo.id]),
            deleted(ann),
            again,
        ]
        outcomes = await handle.apply_each(changes)
        assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        assert [outcome.version for outcome in outcomes if isinstance(outcome, Applied)] == [1, 1, 2, 1, 2, 1, 1]
        assert await handle.members([both.id]) == {both.id: []}
        assert (await handle.query(users_where("userName", "eq", "ann"))).rows[0].id == again.id
        assert (await handle.query(users_where("userName", "eq", "cleo"))).rows[0].id == bo.id
        assert (await handle.query(users_where("emails.value", "sw", "cleo"))).total == 1
        assert (await handle.query(users_where("emails.value", "sw", "bo"))).total == 0
        events = {event.id for event in await events_of(handle) if event.kind.startswith("resource:")}
        assert {change.event.id for change in changes} < events
        assert len(events) == len(changes) + 1  # the group has lost a member that was deleted

    async def test_the_first_that_is_refused_is_the_last_one_tried(self, handle: TenantStore, acorn: Tenant) -> None:
        names = ["ann", "bo", "ann", "cleo"]
        outcomes = await handle.apply_each([user(acorn, name) for name in names])
        assert outcomes[:2] == [MADE, MADE]
        assert isinstance(outcomes[2], AlreadyExists)
        assert outcomes[2].attribute == "key"
        assert len(outcomes) == 3
        assert await handle.count(USER.number) == 2
        assert await kinds(handle) == ["resource:create"] * 2

    @pytest.mark.parametrize("what", ["version", "gone", "no id", "members", "connection", "taken"])
    async def test_what_is_refused_alone_is_refused_among_others(
        self, handle: TenantStore, acorn: Tenant, what: str
    ) -> None:
        ann, bo, missing = user(acorn, "ann"), user(acorn, "bo"), user(acorn, "nobody")
        await handle.apply_each([ann, bo])
        stray = user(acorn, "stray")
        stray.connection = missing.id
        no_id = deleted(ann)
        no_id.id = "nobody"
        refused: dict[str, tuple[Change, type[Exception]]] = {
            "version": (replaced(ann, user_document("ann"), 7), VersionConflict),
            "gone": (deleted(missing), NotFound),
            "no id": (no_id, NotFound),
            "members": (group(acorn, members=[ann.id, missing.id]), MissingMembers),
            "connection": (stray, NotFound),
            "taken": (replaced(ann, user_document("bo"), 1), AlreadyExists),
        }
        change, error = refused[what]
        outcomes = await handle.apply_each([user(acorn, "cleo"), change, user(acorn, "dora")])
        assert [type(outcome) for outcome in outcomes] == [Applied, error]
        assert await handle.count(USER.number) == 3
        assert await handle.count(GROUP.number) == 0
        assert await kinds(handle) == ["resource:create"] * 3

    async def test_hundreds_of_changes_are_made_at_once(self, handle: TenantStore, acorn: Tenant) -> None:
        users = [user(acorn, f"user{n}", external_id=f"x-{n}") for n in range(300)]
        assert await handle.apply_each(users) == [MADE] * 300
        updates = [replaced(made, user_document(f"other{n}"), 1) for n, made in enumerate(users)]
        outcomes = await handle.apply_each(updates)
        assert [outcome.version for outcome in outcomes if isinstance(outcome, Applied)] == [2] * 300
        assert (await handle.query(users_where("emails.value", "sw", "other"))).total == 300

    async def test_several_writers_of_the_same_names_lose_nothing(self, handle: TenantStore, acorn: Tenant) -> None:
        async def fill(names: list[str]) -> int:
            made, rest = 0, [user(acorn, name) for name in names]
            while rest:
                outcomes = await handle.apply_each(rest)
                made += sum(isinstance(outcome, Applied) for outcome in outcomes)
                rest = rest[len(outcomes) :]
            return made

        names = [f"user{n}" for n in range(40)]
        made = await asyncio.gather(fill(names), fill(names[::-1]), fill(names))
        assert sum(made) == 40
        assert len(await kinds(handle)) == await handle.count(USER.number) == 40

    async def test_nothing_is_nothing(self, handle: TenantStore) -> None:
        assert await handle.apply_each([]) == []
        assert await handle.apply_together([]) == []

    async def test_what_is_made_together_may_be_members_of_each_other(self, handle: TenantStore, acorn: Tenant) -> None:
        ann, first, second = user(acorn, "ann"), group(acorn, "First"), group(acorn, "Second")
        first.members, second.members = [second.id, ann.id], [first.id]
        assert await handle.apply_together([first, second, ann]) == [MADE] * 3
        members = await handle.members([first.id, second.id])
        assert {member.id for member in members[first.id]} == {second.id, ann.id}
        assert {(member.id, member.type) for member in members[second.id]} == {(first.id, GROUP.number)}
        assert await kinds(handle) == ["resource:create"] * 3

    @pytest.mark.parametrize("what", ["taken", "members", "connection"])
    async def test_together_means_all_or_nothing(self, handle: TenantStore, acorn: Tenant, what: str) -> None:
        await handle.apply(user(acorn, "ann"))
        missing = user(acorn, "nobody")
        wrong = {"taken": user(acorn, "ann"), "members": group(acorn), "connection": user(acorn, "stray")}[what]
        if what == "members":
            wrong.members = [missing.id]
        if what == "connection":
            wrong.connection = missing.id
        inserts = [user(acorn, "bo"), group(acorn, members=[wrong.id]), wrong, user(acorn, "cleo")]
        with pytest.raises(OneRefused) as caught:
            await handle.apply_together(inserts)
        assert caught.value.at == 2
        wanted = {"taken": AlreadyExists, "members": MissingMembers, "connection": NotFound}[what]
        assert isinstance(caught.value.error, wanted)
        assert await handle.count(USER.number) == 1
        assert await handle.count(GROUP.number) == 0
        assert await kinds(handle) == ["resource:create"]

    async def test_many_changes_reach_their_own_tenant_only(self, store: Store, acorn: Tenant, birch: Tenant) -> None:
        ours, theirs = store.tenant(acorn.id), store.tenant(birch.id)
        ann = user(acorn, "ann")
        await ours.apply(ann)
        for change in (deleted(ann), replaced(ann, user_document("bo"), 1)):
            (refused,) = await theirs.apply_each([change])
            assert isinstance(refused, NotFound)
        both = group(birch, members=[ann.id])
        (refused,) = await theirs.apply_each([both])
        assert isinstance(refused, MissingMembers)
        with pytest.raises(OneRefused):
            await theirs.apply_together([both])
        assert await theirs.apply_each([user(birch, "ann")]) == [MADE]
        assert await ours.count(USER.number) == 1

    async def test_a_stream_is_made_as_a_whole(self, handle: TenantStore, acorn: Tenant) -> None:
        people = [user(acorn, f"user{n}") for n in range(30)]
        ring = group(acorn, members=[people[0].id])

        async def stream() -> AsyncIterator[list[Change]]:
            yield [*people[:20]]
            yield []
            yield [*people[20:], replaced(people[0], user_document("ann"), 1), deleted(people[1])]
            yield [ring]

        assert await handle.apply_all(stream) == 33
        assert await handle.count(USER.number) == 29
        assert [member.id for member in (await handle.members([ring.id]))[ring.id]] == [people[0].id]
        assert len(await kinds(handle)) == 33

    async def test_a_stream_with_one_that_is_refused_leaves_nothing(self, handle: TenantStore, acorn: Tenant) -> None:
        async def stream() -> AsyncIterator[list[Change]]:
            yield [user(acorn, "ann"), user(acorn, "bo")]
            yield [user(acorn, "cleo"), user(acorn, "ann")]

        with pytest.raises(OneRefused) as caught:
            await handle.apply_all(stream)
        assert (caught.value.at, type(caught.value.error)) == (3, AlreadyExists)
        assert await handle.count(USER.number) == 0
        assert await kinds(handle) == []

    async def test_a_stream_that_breaks_leaves_nothing(self, handle: TenantStore, acorn: Tenant) -> None:
        async def stream() -> AsyncIterator[list[Change]]:
            yield [user(acorn, "ann")]
            raise LookupError

        with pytest.raises(LookupError):
            await handle.apply_all(stream)
        assert await handle.count(USER.number) == 0
        assert await handle.apply(user(acorn, "ann")) == MADE
