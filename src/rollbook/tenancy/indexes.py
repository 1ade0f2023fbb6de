"""Index paths that come and go while everybody works on: built and emptied in small steps, by any worker that has time.

What has to be done stands in the catalogue (``scim.catalogue.IndexState``), when somebody has to look stands in the
tenant's row. Who looks takes the tenant for a while (``claim_schema_work``); if it stops in between, another begins
again, which does no harm: every step may be made twice. No query reads a path before all of its rows are there, and
none of its rows goes before the last worker has heard that it is not to be read.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from rollbook.clock import Clock, written
from rollbook.events import Event, Kind
from rollbook.ids import ordered_id
from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.catalogue import Catalogue, IndexState, OwnIndex, OwnType, compile_types, read_catalogue
from rollbook.storage.contract import Store, TenantStore
from rollbook.storage.errors import VersionConflict
from rollbook.storage.records import CatalogueChange

STEP = 500
"""Resources or rows in one transaction: some ten ms."""

LEASE = timedelta(seconds=60)
STEPS_OF_LEASE = 100
"""After so many steps the lease is taken anew."""

RETIRE = timedelta(seconds=30)
"""For how long a retired path is still written: longer than a credential is remembered and a query takes."""

_BUSY = (IndexState.BUILDING, IndexState.EMPTYING)


def next_work(catalogue: Catalogue, at: str) -> str | None:
    """The written moment at which somebody has to look; None where nobody has to."""
    entries = [index for type in catalogue.types for index in type.index]
    if any(index.state in _BUSY for index in entries):
        return at
    return min((_retired(index) for index in entries if index.state is IndexState.RETIRING), default=None)


async def look_after_all(store: Store, clock: Clock) -> int:
    """Do what is due in any tenant, as far as nobody else does it; in how many tenants it was."""
    done = 0
    for tenant, due in await store.schema_work(clock.written()):
        until = written(clock.now() + LEASE)
        if await store.claim_schema_work(tenant, due, until):
            await Keeper(store, store.tenant(tenant), tenant, clock, until).look_after()
            done += 1
    return done


class Keeper:
    """Looks after the index paths of one tenant, under a lease."""

    def __init__(self, store: Store, handle: TenantStore, tenant: str, clock: Clock, until: str) -> None:
        self._store = store
        self._handle = handle
        self._tenant = tenant
        self._clock = clock
        self._until = until
        self._steps = 0

    async def look_after(self) -> None:
        """Bring every path as far as it can be brought now."""
        catalogue = read_catalogue(*await self._handle.catalogue())
        work = [(type, index) for type in catalogue.types for index in type.index]
        for type, index in work:
            if index.state is IndexState.BUILDING and await self._fill(catalogue, type, index):
                await self._becomes(type, index, IndexState.READY)
            elif index.state is IndexState.RETIRING and _retired(index) <= self._clock.written():
                await self._becomes(type, index, IndexState.EMPTYING)
            elif index.state is IndexState.EMPTYING and await self._empty(type, index):
                await self._becomes(type, index, None)
        await self._settle_due()

    async def _fill(self, catalogue: Catalogue, own: OwnType, index: OwnIndex) -> bool:
        type = next(t for t in compile_types(catalogue, standard_types()).types if t.number == own.number)
        after: str | None = ""
        while after is not None:
            after = await self._handle.fill_index(type, index.number, after, STEP)
            if not await self._goes_on():
                return False
        return True

    async def _empty(self, type: OwnType, index: OwnIndex) -> bool:
        while await self._handle.empty_index(type.number, index.number, STEP) == STEP:
            if not await self._goes_on():
                return False
        return True

    async def _goes_on(self) -> bool:
        """Whether the lease is still ours; it is taken anew before it ends."""
        self._steps += 1
        if self._steps % STEPS_OF_LEASE:
            return True
        until = written(self._clock.now() + LEASE)
        ours = await self._store.claim_schema_work(self._tenant, self._until, until)
        self._until = until
        return ours

    async def _becomes(self, type: OwnType, index: OwnIndex, state: IndexState | None) -> None:
        """Note what has become of a path (None: it is gone), unless somebody has other plans with it by now."""
        while True:
            catalogue = read_catalogue(*await self._handle.catalogue())
            found = next((t for t in catalogue.types if t.number == type.number), None)
            if found is None or index not in found.index:
                return
            at = self._clock.written()
            kept = []
            for one in found.index:
                if one != index:
                    kept.append(one)
                elif state is not None:
                    kept.append(replace(one, state=state, since=at))
            after = catalogue.with_type(replace(found, index=tuple(kept)))
            event = Event(
                ordered_id(), at, Kind.INDEX_CHANGED, "server", resource_type="ResourceType", resource=type.name
            )
            change = CatalogueChange(catalogue.revision, after.dump(), (), self._until, event)  # the lease goes on
            try:
                await self._handle.change_catalogue(change)
            except VersionConflict:
                continue
            return

    async def _settle_due(self) -> None:
        """Where nothing was changed, the lease gives way to the moment of the next look, if there is one."""
        due = next_work(read_catalogue(*await self._handle.catalogue()), self._clock.written())
        await self._store.claim_schema_work(self._tenant, self._until, due)


def _retired(index: OwnIndex) -> str:
    return written(datetime.fromisoformat(index.since) + RETIRE)
