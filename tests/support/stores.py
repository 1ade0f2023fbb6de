"""An SQLite store of a test's own, with a clock that is moved by hand."""

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rollbook.clock import Clock
from rollbook.storage.contract import Store
from rollbook.storage.engines.sqlite import SqliteStore


class HandClock:
    """Shows 2026-01-31 08:00 UTC until it is moved."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 1, 31, 8, tzinfo=UTC)
        self.seconds = 0.0
        self.clock = Clock(now=lambda: self.moment, elapsed=lambda: self.seconds)

    def move(self, by: timedelta) -> None:
        self.moment += by
        self.seconds += by.total_seconds()


@contextlib.asynccontextmanager
async def sqlite_store(folder: Path, clock: Clock) -> AsyncIterator[Store]:
    """An empty store, at this release."""
    store = SqliteStore(str(folder / "rollbook.db"), clock=clock)
    await store.open()
    try:
        await store.migrate()
        yield store
    finally:
        await store.close()
