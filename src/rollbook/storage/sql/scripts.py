"""Transactions written once for both engines: a *script* is a generator that yields statements and gets their rows.

An engine drives it: SQLite's on the writer, PostgreSQL's on a connection. Statements are of the common tongue of both:
``$1`` for values, ``RETURNING``, ``ON CONFLICT``; ``FOR UPDATE`` is left out where there is one writer anyway.

**Rules**: a script may be run again from its beginning, so it keeps nothing outside; it refuses before it writes.
"""

from collections.abc import Generator
from functools import cache
from typing import Any, NamedTuple, TypeVar

from rollbook.events import Event

Row = tuple[Any, ...]
R = TypeVar("R")


class Ask(NamedTuple):
    """A statement, for its rows."""

    sql: str
    values: tuple[Any, ...] = ()


class Tell(NamedTuple):
    """An event of a tenant (None: nobody's), written with the rest."""

    tenant: str | None
    event: Event


Script = Generator[Ask | Tell, list[Row], R]


@cache
def for_sqlite(sql: str) -> str:
    """The same statement for SQLite, which numbers parameters with a question mark and locks the whole file."""
    return sql.replace("$", "?").replace(" FOR UPDATE", "")
