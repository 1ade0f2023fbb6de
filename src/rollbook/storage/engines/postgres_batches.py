"""Coalescing: what arrives for one tenant while a statement is on its way shares the next one.

A lone request goes at once and alone; under load, batches grow by themselves to what arrives in one round trip. Nothing
ever waits for company.

**Rules**: batches never mix tenants (a statement serves one tenant). Each kind of work has a few flights a tenant, so
one tenant's flood takes few connections. A caller who gives up does not take the batch with him.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

Work = Callable[[str, Sequence[Item]], Awaitable[Sequence[Result | Exception]]]
"""Does a batch of one tenant: for each item its result, or what it raises. Raising is for all items alike."""


class _Lane(Generic[Item, Result]):
    """What waits and what flies for one tenant."""

    __slots__ = ("flights", "waiting")

    def __init__(self) -> None:
        self.waiting: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self.flights = 0


class Batches(Generic[Item, Result]):
    """One kind of work. ``key`` names what may stand in a batch once only (two changes of one row)."""

    def __init__(
        self,
        work: Work[Item, Result],
        *,
        flights: int,
        limit: int,
        key: Callable[[Item], Hashable] | None = None,
    ) -> None:
        self._work = work
        self._flights = flights
        self._limit = limit
        self._key = key
        self._lanes: dict[str, _Lane[Item, Result]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def submit(self, tenant: str, item: Item) -> "asyncio.Future[Result]":
        """Have it done, soon."""
        loop = asyncio.get_running_loop()
        lane = self._lanes.get(tenant)
        if lane is None:
            lane = self._lanes[tenant] = _Lane()
        future: asyncio.Future[Result] = loop.create_future()
        lane.waiting.append((item, future))
        if lane.flights < self._flights:
            lane.flights += 1
            task = loop.create_task(self._fly(tenant, lane))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return future

    async def finish(self) -> None:
        """Wait until nothing is under way."""
        while self._tasks:
            await asyncio.wait(tuple(self._tasks))

    async def _fly(self, tenant: str, lane: _Lane[Item, Result]) -> None:
        try:
            while lane.waiting:
                batch = self._take(lane)
                if batch:
                    await self._do(tenant, batch)
        finally:
            lane.flights -= 1
            if not lane.flights and not lane.waiting:
                self._lanes.pop(tenant, None)

    def _take(self, lane: _Lane[Item, Result]) -> list[tuple[Item, "asyncio.Future[Result]"]]:
        waiting = lane.waiting
        batch: list[tuple[Item, asyncio.Future[Result]]] = []
        later: list[tuple[Item, asyncio.Future[Result]]] = []
        keys = set()
        while waiting and len(batch) < self._limit:
            entry = waiting.popleft()
            if entry[1].done():  # its caller has gone before it was begun
                continue
            if self._key is not None:
                key = self._key(entry[0])
                if key in keys:
                    later.append(entry)
                    continue
                keys.add(key)
            batch.append(entry)
        waiting.extendleft(reversed(later))
        return batch

    async def _do(self, tenant: str, batch: list[tuple[Item, "asyncio.Future[Result]"]]) -> None:
        try:
            results = await self._work(tenant, [item for item, _ in batch])
        except asyncio.CancelledError:
            for _, future in batch:
                future.cancel()
            raise
        except Exception as error:  # noqa: BLE001  it is raised again in every caller
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), result in zip(batch, results, strict=True):
            if future.done():
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)
