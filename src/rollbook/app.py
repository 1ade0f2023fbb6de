"""The composition root: the only module that knows which engines there are."""

import os
from collections.abc import Callable

from rollbook.clock import SYSTEM_CLOCK
from rollbook.config import Settings
from rollbook.storage.contract import Store


async def open_store(settings: Settings) -> Store:
    """Open the store that the settings name. **Raises** ``Unavailable``. Its schema is neither made nor checked."""
    database = settings.database
    store: Store
    if database.engine == "sqlite":
        from rollbook.storage.engines.sqlite import SqliteStore

        store = SqliteStore(database.path, clock=SYSTEM_CLOCK)
    else:
        from rollbook.storage.engines.postgres import PostgresStore

        store = PostgresStore(database.url, clock=SYSTEM_CLOCK, connections=settings.postgres_connections)
    await store.open()
    return store


def dialect_names() -> tuple[str, ...]:
    """The dialects that a tenant may speak."""
    return ("standard",)


def serve(settings: Settings, on_ready: Callable[[str], None] | None = None) -> None:
    """Serve until told to stop. ``on_ready`` gets the server's own address once requests are answered.

    **Rules**: workers are processes of their own, and find the settings in their environment.
    **Raises** ``ServeError`` where the server cannot start.
    """
    from rollbook.web import logs, server
    from rollbook.web.limits import Limits

    os.environ.update(settings.environment())
    server.serve(
        "rollbook.app:application",
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        drain_seconds=settings.drain_seconds,
        grace_seconds=settings.grace_seconds,
        limits=Limits(settings.header_bytes, settings.header_count, settings.url_bytes, settings.body_bytes),
        log=logs.LogSettings(settings.log_level, settings.access_log),
        on_ready=on_ready,
    )
