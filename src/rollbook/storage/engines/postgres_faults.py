"""What goes wrong with a PostgreSQL, and what the store says of it: the only place that knows its error codes.

**Source**: PostgreSQL's appendix "Error Codes". Three things are asked of an error: which ``StoreError`` is it, is the
connection still good for anything, and may the same transaction be tried again.
"""

import asyncpg
from asyncpg.exceptions import InterfaceError, InternalClientError, PostgresError

from rollbook.storage.errors import AlreadyExists, Busy, SchemaMismatch, StoreError, Unavailable
from rollbook.storage.sql.locker_tables import UNIQUE as LOCKERS_UNIQUE

FAULTS = (PostgresError, InterfaceError, InternalClientError, OSError, TimeoutError)
"""What a driver's call may raise because of the database and not because of us."""

UNIQUE_VALUE = "unique value"
"""Stands for the path of a unique attribute until somebody has looked which it was (``postgres_unique``): under
row-level security, PostgreSQL does not tell."""

UNIQUE = {
    "resource_key": "key",
    "resource_external_id": "externalId",
    "resource_pkey": "id",
    "unique_value_pkey": UNIQUE_VALUE,
    "tenant_name": "name",
    "connection_name": "name",
    "connection_name_key": "name",
    "token_digest": "token",
    **LOCKERS_UNIQUE,
}
"""What a unique index keeps apart. One that is not listed is a bug."""

AGAIN = frozenset({"40001", "40P01"})
"""The transaction lost against another and did nothing: serialization failure, deadlock."""

_GONE = ("08", "57P", "25006", "26000", "0A000")
"""The connection leads nowhere that can write: lost, shut down, or a standby since a failover; or its prepared
statements do not fit any longer (the schema changed below them)."""

_AWAY = ("08", "53", "57P", "58", "25006", "28", "3D000", "42501", "XX")
"""The database is away, full, read-only, or lets us not in."""

_BUSY = ("55P03", "57014", "25P03", "25P04")
"""A lock or a statement took longer than it may."""

_NO_SCHEMA = ("42P01", "3F000", "42703")

_HINTS = {
    "53": "the server is out of disk, memory or connections",
    "28": "the user name or the password in the database's URL is refused",
    "3D000": "the database in the URL does not exist",
    "42501": "the role in the URL lacks rights on the tables; was `rollbook db migrate` run with it?",
    "25006": "the server is read-only (a standby?)",
}


def code_of(error: BaseException) -> str:
    """The SQLSTATE, or ``""`` for what did not come from the server."""
    return getattr(error, "sqlstate", None) or ""


def is_duplicate(error: BaseException) -> bool:
    return isinstance(error, asyncpg.UniqueViolationError)


def is_lost(error: BaseException) -> bool:
    """Whether the connection is of no more use, so that nobody knows what became of a statement under way."""
    if isinstance(error, PostgresError):
        return code_of(error).startswith(_GONE)
    return not _is_ours(error)


def store_error(error: BaseException, wanted: int = 0) -> StoreError | None:
    """What the store raises, or None where the error is a bug of ours and belongs in the log as it is."""
    if isinstance(error, asyncpg.TargetServerAttributeNotMatched):
        return Unavailable("the database is read-only", hint=_HINTS["25006"])
    if not isinstance(error, PostgresError):
        # A value that does not fit its parameter is an InterfaceError too, and a ValueError besides.
        return Unavailable(hint=type(error).__name__) if isinstance(error, FAULTS) and not _is_ours(error) else None
    code = code_of(error)
    if is_duplicate(error):
        attribute = UNIQUE.get(getattr(error, "constraint_name", None) or "")
        return AlreadyExists(attribute) if attribute else None
    if code in AGAIN:
        return Busy("others changed the same rows again and again")
    if code.startswith(_BUSY):
        return Busy("the database took too long")
    if code.startswith(_NO_SCHEMA):
        return SchemaMismatch(0, wanted)
    if code.startswith(_AWAY):
        return Unavailable(hint=next((hint for start, hint in _HINTS.items() if code.startswith(start)), code))
    return None


def _is_ours(error: BaseException) -> bool:
    return isinstance(error, ValueError | TypeError)
