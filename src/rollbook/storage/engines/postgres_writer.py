"""How changes are made in PostgreSQL: in batches where they are plain, else each in a transaction of its own.

**Rules**:

- New resources of a batch are one statement, and so are new contents of a batch: one round trip. A batch that holds
  something impossible (a value that is taken, say) is undone and made again one change at a time, so that each has its
  own outcome.
- Whoever changes memberships locks the members first (``FOR KEY SHARE``: they may change, not go), the group after; who
  deletes locks the resource first, its groups after. Ids are locked in their order. What deadlocks all the same is made
  again.
- When the connection is lost while nobody knows whether the commit came through, a new connection first ends the old
  backend and then looks for the event of the change: it is there, or the change was never made.
"""

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from rollbook.storage.engines import postgres_many
from rollbook.storage.engines import postgres_statements as sql
from rollbook.storage.engines.postgres_batches import Batches
from rollbook.storage.engines.postgres_catalogue import check_schema, statement
from rollbook.storage.engines.postgres_changes import CHANGES
from rollbook.storage.engines.postgres_pool import Link, Row
from rollbook.storage.engines.postgres_rows import is_id, stored_of, updates_arguments
from rollbook.storage.engines.postgres_statistics import Statistics
from rollbook.storage.engines.postgres_transactions import Transactions
from rollbook.storage.engines.postgres_unique import insertion, keeps_unique, named
from rollbook.storage.errors import (
    AlreadyExists,
    Busy,
    NotFound,
    SchemaMismatch,
    StoreError,
    Unavailable,
    VersionConflict,
)
from rollbook.storage.records import Applied, Change, Delete, Insert, Update

BATCH = 64
FLIGHTS = 2
"""Batches of one kind that a tenant may have under way. Precedent: measured with 32 callers; a third gains nothing."""

ALONE = 4
"""Changes with memberships, passwords or other unique values, and deletions, that a tenant may have under way."""

Outcome = Applied | Exception


class Writer:
    """Makes changes, on the links of a pool."""

    def __init__(self, transactions: Transactions, statistics: Statistics) -> None:
        self._transactions = transactions
        self._statistics = statistics
        self._inserts: Batches[Insert, Applied] = Batches(self._insert_all, flights=FLIGHTS, limit=BATCH)
        self._updates: Batches[Update, Applied] = Batches(
            self._update_all, flights=FLIGHTS, limit=BATCH, key=lambda change: (change.type, change.id)
        )
        self._others: Batches[Change, Applied] = Batches(self._change_one, flights=ALONE, limit=1)

    async def apply(self, tenant: str, change: Change) -> Applied:
        """See ``TenantStore.apply``. A caller who gives up leaves the change to be made whole, or not at all."""
        if not (isinstance(change, Insert) or is_id(change.id)):
            raise NotFound
        try:
            return await self._apply(tenant, change)
        except AlreadyExists as error:
            raise await named(self._transactions.read, tenant, change, error) from None

    async def _apply(self, tenant: str, change: Change) -> Applied:
        if not isinstance(change, Delete) and change.password is None and change.groups is None:
            if isinstance(change, Insert):
                if not change.members:
                    return await self._inserts.submit(tenant, change)
            elif change.leaves:
                pass
            elif change.members is None and change.content and change.version is not None and keeps_unique(change):
                return await self._updates.submit(tenant, change)
        return await self._others.submit(tenant, change)

    async def apply_each(self, tenant: str, changes: Sequence[Change]) -> list[Applied | StoreError]:
        """See ``TenantStore.apply_each``. Where all at once lose against others again and again, each is made alone."""
        self._statistics.count(len(changes))
        with contextlib.suppress(Busy):
            return await postgres_many.each(self._transactions, tenant, changes)
        outcomes: list[Applied | StoreError] = []
        for change in changes:
            try:
                outcomes.append(await self.apply(tenant, change))
            except StoreError as error:
                outcomes.append(error)
                break
        return outcomes

    async def apply_together(self, tenant: str, inserts: Sequence[Insert]) -> list[Applied]:
        """See ``TenantStore.apply_together``."""
        self._statistics.count(len(inserts))
        return await postgres_many.together(self._transactions, tenant, inserts) if inserts else []

    async def finish(self) -> None:
        """Wait until nothing is under way."""
        for batches in (self._inserts, self._updates, self._others):
            await batches.finish()
        await self._statistics.finish()

    async def _insert_all(self, tenant: str, changes: Sequence[Insert]) -> list[Outcome]:
        self._statistics.count(len(changes))
        try:
            rows = await statement(self._transactions, tenant, changes, *insertion(tenant, changes))
        except Exception as error:
            if len(changes) == 1 or isinstance(error, Busy | Unavailable | SchemaMismatch):
                raise
            return await self._each(self._insert_all, tenant, changes)
        if rows is None:
            return [_created(change) for change in changes]
        connections = {str(row[0]) for row in rows}
        return [
            _created(change) if change.connection in connections else NotFound("no such connection")
            for change in changes
        ]

    async def _update_all(self, tenant: str, changes: Sequence[Update]) -> list[Outcome]:
        # In the order of their ids, so that two batches lock what they share in one order.
        ordered = sorted(changes, key=lambda change: change.id)
        try:
            arguments = updates_arguments(tenant, ordered)
            rows = await statement(self._transactions, tenant, ordered, sql.UPDATES, *arguments)
        except Exception as error:
            if len(changes) == 1 or isinstance(error, Busy | Unavailable | SchemaMismatch):
                raise
            return await self._each(self._update_all, tenant, changes)
        made = await self._made(tenant, ordered) if rows is None else _updated(ordered, rows)
        refused = [change for change in ordered if change.event.id not in made]
        outcomes: dict[str, Outcome] = {**made, **await self._refusals(tenant, refused)}
        return [outcomes[change.event.id] for change in changes]

    async def _refusals(self, tenant: str, changes: Sequence[Update]) -> dict[str, Outcome]:
        """Why nothing was done, by the ids of the events."""
        if not changes:
            return {}
        types, ids = [change.type for change in changes], [change.id for change in changes]
        rows = await self._transactions.read(sql.FOUND, tenant, types, ids)
        there = {(type, str(id)) for type, id in rows}
        return {c.event.id: VersionConflict() if (c.type, c.id) in there else NotFound() for c in changes}

    async def _made(self, tenant: str, changes: Sequence[Update]) -> dict[str, Applied]:
        """What has come of changes whose answer was lost, by the ids of their events."""
        read = self._transactions.read
        written = {str(row[0]) for row in await read(sql.EVENTS_WRITTEN, tenant, [c.event.id for c in changes])}
        made: dict[str, Applied] = {}
        for change in changes:
            if change.event.id in written:
                rows = await read(sql.GET, tenant, change.type, change.id)
                stored = stored_of(rows[0]) if rows else None  # another may have come since, or it may be gone
                version = (change.version or 0) + 1
                modified = stored.last_modified if stored and stored.version == version else change.at
                made[change.event.id] = Applied(version, stored.created if stored else change.at, modified, True)
        return made

    async def _change_one(self, tenant: str, changes: Sequence[Change]) -> list[Outcome]:
        (change,) = changes
        self._statistics.count(1)
        work = CHANGES[type(change)]

        async def whole(link: Link) -> Applied:
            await check_schema(link, tenant, changes)
            return await work(link, tenant, change)

        return [await self._transactions.run(tenant, [change.event.id], whole)]

    async def _each(
        self, work: Callable[[str, Sequence[Any]], Awaitable[list[Outcome]]], tenant: str, changes: Sequence[Any]
    ) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for change in changes:
            try:
                outcomes += await work(tenant, [change])
            except Exception as error:  # noqa: BLE001  it is this change's outcome
                outcomes.append(error)
        return outcomes


def _created(change: Insert) -> Applied:
    return Applied(1, change.at, change.at, True)


def _updated(changes: Sequence[Update], rows: Sequence[Row]) -> dict[str, Applied]:
    return {
        changes[n - 1].event.id: Applied(version, created, modified, True) for n, version, created, modified in rows
    }
