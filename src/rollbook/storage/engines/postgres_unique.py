"""Unique values besides the key, in PostgreSQL: statements and steps of a change.

The index says that a value is taken, and not which attribute it is of (row-level security keeps that back), so whoever
was refused looks it up afterwards (``named``).
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from rollbook.storage.engines import postgres_statements as sql
from rollbook.storage.engines.postgres_faults import UNIQUE_VALUE
from rollbook.storage.engines.postgres_pool import Link, Row
from rollbook.storage.engines.postgres_rows import insert_arguments, unique_rows
from rollbook.storage.errors import AlreadyExists, StoreError
from rollbook.storage.records import Change, Delete, Insert, UniqueRow, Update

Fetch = Callable[..., Awaitable[list[Row]]]

_GO = """DELETE FROM unique_value WHERE tenant_id = $1 AND type = $2 AND id = $3
AND (path, value) NOT IN (SELECT * FROM unnest($4::text[], $5::text[]))"""
_COME = """INSERT INTO unique_value (tenant_id, type, path, value, id)
SELECT $1, $2, i.path, i.value, $3 FROM unnest($4::text[], $5::text[]) AS i(path, value)
WHERE (i.path, i.value) NOT IN (
  SELECT x.path, x.value FROM unique_value x WHERE x.tenant_id = $1 AND x.type = $2 AND x.id = $3)
ORDER BY i.path, i.value"""


def insertion(tenant: str, changes: Sequence[Insert]) -> tuple[Any, ...]:
    """The statement that makes new resources, and its arguments."""
    arguments = insert_arguments(tenant, changes)
    unique = unique_rows(changes)
    return (sql.INSERT_UNIQUE, *arguments, unique) if unique else (sql.INSERT, *arguments)


def keeps_unique(change: Update) -> bool:
    """Whether an update leaves unique values (besides the key) as they are."""
    return change.content is None or change.content.unique is None


async def replace(link: Link, tenant: str, change: Update) -> None:
    """The resource has the values of its new content from now on, and no others."""
    if change.content is None or change.content.unique is None:
        return
    arguments = (tenant, change.type, change.id, *_columns(change.content.unique))
    await link.fetch(_GO, *arguments)
    if change.content.unique:
        await link.fetch(_COME, *arguments)


async def named(fetch: Fetch, tenant: str, change: Change, error: StoreError) -> StoreError:
    """The refusal with the attribute in it whose value is taken; any other error as it is."""
    if not (isinstance(error, AlreadyExists) and error.attribute == UNIQUE_VALUE) or isinstance(change, Delete):
        return error
    rows = (change.content.unique if change.content else None) or ()
    found = await fetch(sql.TAKEN, tenant, change.type, change.id, *_columns(rows))
    # Where it is free again by now, nobody can tell any more.
    return AlreadyExists(found[0][0] if found else rows[0].path if rows else UNIQUE_VALUE)


def _columns(rows: Sequence[UniqueRow]) -> tuple[list[str], list[str]]:
    return [row.path for row in rows], [row.value for row in rows]
