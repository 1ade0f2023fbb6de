"""Unique values besides the key, in SQLite: steps of a change (``sqlite_changes``).

Whoever writes has the file for itself, so a value that nobody has when it is looked for is free until it is written.
Where several new resources of one batch bring the same value, their rows meet at its end, and it is made again one by
one (``sqlite_writer``).
"""

from collections.abc import Sequence

from rollbook.storage.engines.sqlite_writer import Transaction
from rollbook.storage.errors import AlreadyExists
from rollbook.storage.records import UniqueRow

Key = tuple[str, int, str]
"""Tenant, type and id of a resource."""

_TAKEN = "SELECT 1 FROM unique_value WHERE tenant_id = ? AND type = ? AND path = ? AND value = ? AND id <> ?"
_THERE = "SELECT path, value FROM unique_value WHERE tenant_id = ? AND type = ? AND id = ?"
_ONE_GOES = "DELETE FROM unique_value WHERE tenant_id = ? AND type = ? AND path = ? AND value = ?"
_ALL_GO = "DELETE FROM unique_value WHERE tenant_id = ? AND type = ? AND id = ?"


def look(transaction: Transaction, key: Key, rows: Sequence[UniqueRow]) -> None:
    """**Raises** ``AlreadyExists`` for a value that another resource has."""
    tenant, type, id = key
    for path, value in rows:
        if transaction.rows(_TAKEN, (tenant, type, path, value, id)):
            raise AlreadyExists(path)


def come(transaction: Transaction, key: Key, rows: Sequence[UniqueRow]) -> None:
    """The values of a new resource."""
    tenant, type, id = key
    for path, value in rows:
        transaction.gather("unique_value", (tenant, type, path, value, id))


def replace(transaction: Transaction, key: Key, rows: Sequence[UniqueRow]) -> None:
    """A resource has these values from now on, and no others."""
    tenant, type, id = key
    wanted = {(path, value) for path, value in rows}
    there = set(transaction.rows(_THERE, key))
    for path, value in there - wanted:
        transaction.change(_ONE_GOES, (tenant, type, path, value))
    transaction.add("unique_value", [(tenant, type, path, value, id) for path, value in sorted(wanted - there)])


def forget(transaction: Transaction, key: Key) -> None:
    """The values of a resource that goes are free."""
    transaction.change(_ALL_GO, key)
