"""Operations that go side by side up to their writes, and whose writes are made in order, many in one transaction.

Each operation is a task of its own. Where it hands its change to the store it waits at a gate (``Entry.apply``); when
all that were begun wait there or are done, the store makes their changes, up to the first that is refused
(``TenantStore.apply_each``). Then all of those go on: one that lost against another writer reads again, computes again
and comes to the gate again, before any behind it is let through.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from rollbook.provisioning.work import Work
from rollbook.scim.bulk import Part
from rollbook.scim.errors import ScimError
from rollbook.scim.operations import Create, Delete, Modify, Operation, Replace
from rollbook.scim.outcomes import Outcome
from rollbook.storage.contract import TenantStore
from rollbook.storage.errors import OneRefused, StoreError
from rollbook.storage.records import Applied, Change, Insert

AT_ONCE = 64
"""Changes in one transaction, at most: others who write wait for it, some 10 ms."""

Perform = Callable[[Operation, Work], Awaitable[Outcome]]
Write = Create | Replace | Modify | Delete
T = TypeVar("T")


class Entry:
    """One operation under way, and the gate at which its change waits. ``id`` is what it is about, where known."""

    __slots__ = ("_batch", "_future", "_task", "change", "id", "operation", "part")

    def __init__(self, part: Part, operation: Write, id: str) -> None:
        self.part = part
        self.operation = operation
        self.id = id
        self.change: Change | None = None
        self._batch: Batch | None = None
        self._future: asyncio.Future[Applied] | None = None
        self._task: asyncio.Task[Outcome] | None = None

    def start(self, batch: "Batch", work: Awaitable[Outcome]) -> None:
        self._batch = batch
        self._task = asyncio.ensure_future(work)
        batch.went()
        self._task.add_done_callback(batch.rested)

    async def apply(self, change: Change) -> Applied:
        """The gate of ``Work``."""
        assert self._batch is not None
        self.change = change
        self._future = asyncio.get_running_loop().create_future()
        self._batch.rested()
        return await self._future

    def deliver(self, outcome: Applied | StoreError) -> None:
        """Let the operation go on with what came of its change."""
        assert self._batch is not None
        assert self._future is not None
        self.change = None
        self._batch.went()
        if isinstance(outcome, StoreError):
            self._future.set_exception(outcome)
        else:
            self._future.set_result(outcome)

    @property
    def result(self) -> Outcome | ScimError | None:
        """What it came to, once it is done. **Raises** what is a bug."""
        if self._task is None or not self._task.done() or self._task.cancelled():
            return None
        error = self._task.exception()
        if error is None:
            return self._task.result()
        if not isinstance(error, ScimError):
            raise error
        return error

    @property
    def failed(self) -> bool:
        return isinstance(self.result, ScimError)

    def forget(self) -> None:
        """Its result has been taken. An error holds on to all that it came through, which leads back to here."""
        if isinstance(result := self.result, ScimError):
            for error in (result, result.__cause__):
                if error is not None:
                    error.__traceback__ = error.__context__ = None
        self._task = self._future = self._batch = None

    async def drop(self) -> None:
        """Do not go on. Nothing of it was written where it waited at the gate."""
        if self._task is not None and not self._task.done():
            if self.change is not None and self._batch is not None:
                self.change = None
                self._batch.went()  # to its end
            self._task.cancel()
            await asyncio.wait((self._task,))


class Batch:
    """Operations under way, in their order."""

    def __init__(self, store: TenantStore, perform: Perform) -> None:
        self.entries: list[Entry] = []
        self._store = store
        self._perform = perform
        self._size = AT_ONCE
        self._going = 0
        self._resting = asyncio.Event()
        self._resting.set()

    def went(self) -> None:
        self._going += 1
        self._resting.clear()

    def rested(self, _: object = None) -> None:
        self._going -= 1
        if not self._going:
            self._resting.set()

    async def start(self, entry: Entry, work: Work, coming: Mapping[str, int] | None = None) -> None:
        """Begin an operation; others get their turn on the loop."""
        own = replace(work, heard=len(work.notes), gate=entry, coming=coming or {})
        entry.start(self, self._perform(entry.operation, own))
        self.entries.append(entry)
        await asyncio.sleep(0)

    async def rest(self) -> None:
        """Until every operation waits at its gate or is done."""
        await self._resting.wait()

    async def finish(self, errors: int | None = None) -> list[Entry]:
        """Make the changes; the operations that are done, in order, and none under way any longer.

        ``errors``: after so many that failed, the others are dropped and left out.
        """
        while True:
            await self.rest()
            waiting = [entry for entry in self.entries if entry.change is not None]
            before = self.entries[: self.entries.index(waiting[0])] if waiting else self.entries
            if errors is not None and sum(entry.failed for entry in before) >= errors:
                break
            if not waiting:
                break
            await self._apply(waiting[: self._size])
        await self.drop()
        done, self.entries = self.entries, []
        return _up_to(done, errors)

    async def finish_together(self) -> list[Entry]:
        """Make all of the changes, which are new resources, or none. Those without a result could have been made, but
        for the others."""
        await self.rest()
        inserts = [entry.change for entry in self.entries if isinstance(entry.change, Insert)]
        if len(inserts) == len(self.entries):
            try:
                applied = await self._store.apply_together(inserts)
            except OneRefused as error:
                self.entries[error.at].deliver(error.error)
            except StoreError as error:
                for entry in self.entries:
                    entry.deliver(error)
            else:
                for entry, outcome in zip(self.entries, applied, strict=True):
                    entry.deliver(outcome)
            await self.rest()
        await self.drop()
        done, self.entries = self.entries, []
        return done

    async def drop(self) -> None:
        """Let go of what waits still."""
        for entry in self.entries:
            await entry.drop()

    async def _apply(self, entries: list[Entry]) -> None:
        try:
            outcomes = await self._store.apply_each([entry.change for entry in entries if entry.change is not None])
        except StoreError as error:
            outcomes = [error] * len(entries)
        for entry, outcome in zip(entries, outcomes, strict=False):
            entry.deliver(outcome)
        # Where much is refused, small transactions are undone for little.
        refused = isinstance(outcomes[-1], StoreError)
        self._size = max(1, self._size // 8) if refused else min(AT_ONCE, self._size * 2)


def _up_to(entries: list[Entry], errors: int | None) -> list[Entry]:
    failed = 0
    kept = []
    for entry in entries:
        if entry.result is None or (errors is not None and failed >= errors):
            break
        kept.append(entry)
        failed += entry.failed
    return kept
