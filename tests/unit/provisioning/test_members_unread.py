"""Members are read only for a client that wants to see them: a group may have a hundred thousand."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.support.stores import HandClock, sqlite_store

from rollbook.provisioning.lines import Lines
from rollbook.provisioning.perform import perform
from rollbook.provisioning.seals import Seals
from rollbook.provisioning.work import Work
from rollbook.scim.limits import STANDARD_LIMITS
from rollbook.scim.operations import ListMembers, Modify, Operation, Query, Retrieve
from rollbook.scim.page import QueryParameters
from rollbook.scim.patch import read_patch
from rollbook.scim.presets import STANDARD_TERMS
from rollbook.scim.projection import projection
from rollbook.storage.contract import Store
from rollbook.storage.records import Insert, Member
from rollbook.testing.builders import GROUP, USER, group, user
from rollbook.testing.storage_contract import new_tenant

pytestmark = pytest.mark.anyio
BASE = "https://acorn.example/scim/v2"


class Watched:
    """A tenant's handle that counts how often members are read as a whole."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle
        self.reads = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._handle, name)

    async def members(self, groups: Sequence[str]) -> dict[str, list[Member]]:
        self.reads += 1
        found: dict[str, list[Member]] = await self._handle.members(groups)
        return found


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with sqlite_store(tmp_path, HandClock().clock) as store:
        yield store


@pytest.fixture
async def club(store: Store) -> tuple[Work, Watched, Insert, Insert]:
    """A group with one member, and one who is none."""
    tenant = await new_tenant(store, "acorn")
    watched = Watched(store.tenant(tenant.id))
    ann, bo = user(tenant, "ann"), user(tenant, "bo")
    made = group(tenant, members=[ann.id])
    for insert in (ann, bo, made):
        await watched.apply(insert)
    clock = HandClock().clock
    work = Work(
        store=watched,
        connection=tenant.connection,
        actor="operator",
        peer="",
        request="",
        clock=clock,
        terms=STANDARD_TERMS,
        limits=STANDARD_LIMITS,
        location_base=BASE,
        lines=Lines(),
        seals=Seals(store, clock, 3600),
        member_types=(USER, GROUP),
    )
    return work, watched, made, bo


async def test_members_are_read_where_they_are_shown(club: tuple[Work, Watched, Insert, Insert]) -> None:
    work, watched, made, _ = club
    await perform(Retrieve(GROUP, made.id), work)
    await perform(Query((GROUP,), QueryParameters()), work)
    assert watched.reads == 2


async def test_members_are_not_read_where_they_are_not_shown(club: tuple[Work, Watched, Insert, Insert]) -> None:
    work, watched, made, bo = club
    member = f'members.value eq "{bo.id}"'
    add = {"op": "add", "path": "members", "value": [{"value": bo.id}]}
    remove = {"op": "remove", "path": f'members[value eq "{bo.id}"]'}
    message = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [add]}
    operations: list[Operation] = [
        Retrieve(GROUP, made.id, projection(GROUP, (), ("members",))),
        Retrieve(GROUP, made.id, projection(GROUP, ("displayName",), ())),
        Query((GROUP,), QueryParameters(excluded=("members",))),
        Query((GROUP,), QueryParameters(excluded=("members",), cursor="")),
        Query((GROUP,), QueryParameters(attributes=("id", "displayName"), filter=member)),
        Query((USER, GROUP), QueryParameters(excluded=("members",)), mixed=True),
        ListMembers(GROUP, made.id, QueryParameters()),
        ListMembers(GROUP, made.id, QueryParameters(filter=f'value eq "{bo.id}"', cursor="")),
        Modify(GROUP, made.id, read_patch(message)),
        Modify(GROUP, made.id, read_patch({**message, "Operations": [remove]})),
    ]
    for operation in operations:
        await perform(operation, work)
        assert watched.reads == 0, operation
