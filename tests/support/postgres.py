"""A PostgreSQL for the tests: one server for a session (a pytest-xdist worker is one), one database for a test.

The server is the one that ``ROLLBOOK_TEST_POSTGRES`` names (an administrator's URL), else one started for the session.
"""

import asyncio
import contextlib
import os
import threading
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from rollbook.ids import random_bytes
from rollbook.testing.postgres import start_postgres

T = TypeVar("T")


@contextlib.contextmanager
def any_postgres() -> Iterator[str]:
    """The administrator's URL of a server to test on."""
    named = os.environ.get("ROLLBOOK_TEST_POSTGRES")
    if named:
        yield named
        return
    with start_postgres() as server:
        yield server.url


@contextlib.contextmanager
def fresh_database(admin_url: str) -> Iterator[str]:
    """An empty database, owned by a new role that may do nothing elsewhere."""
    name, password = f"rollbook_{random_bytes(6).hex()}", random_bytes(9).hex()
    run_apart(
        _administer(
            admin_url,
            f"CREATE ROLE {name} LOGIN PASSWORD '{password}' NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE",
            # Only on 15 and later may an administrator who is no superuser skip this; it never harms.
            f"GRANT {name} TO CURRENT_USER",
            f"CREATE DATABASE {name} OWNER {name} TEMPLATE template0 ENCODING 'UTF8'",
        )
    )
    try:
        yield with_database(admin_url, name, name, password)
    finally:
        run_apart(_administer(admin_url, f"DROP DATABASE {name} WITH (FORCE)", f"DROP ROLE {name}"))


def with_database(url: str, database: str, user: str, password: str) -> str:
    """The same server, another database and role."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(password)}@{host}", path=f"/{database}"))


async def _administer(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def run_apart(work: Coroutine[Any, Any, T]) -> T:
    """Run in an event loop of its own, in a thread of its own: fixtures may be called from inside any loop."""
    results: list[T] = []
    errors: list[BaseException] = []

    def body() -> None:
        try:
            results.append(asyncio.run(work))
        except BaseException as error:  # noqa: BLE001  raised again below, in the caller's thread
            errors.append(error)

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]
