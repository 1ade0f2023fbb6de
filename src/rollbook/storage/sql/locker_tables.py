"""The tables of lockers: their columns, what hangs on what, and how a record lies in a row."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, TypeVar, cast

import orjson

from rollbook.scim.attributes import Compare
from rollbook.scim.catalog_reader import GROUP_NUMBER
from rollbook.scim.folding import fold
from rollbook.storage.locker_records import (
    Assignment,
    Bank,
    Booking,
    Company,
    Kept,
    Link,
    Location,
    Locker,
    LockerGroup,
    Section,
)
from rollbook.storage.sql.scripts import Row

K = TypeVar("K", bound=Kept)
F = TypeVar("F", bound=Callable[..., Any])


def once_for_each(make: F) -> F:
    """``functools.cache`` for functions of classes, which a type checker takes for unhashable."""
    return cast(F, cache(make))


@dataclass(frozen=True, slots=True)
class Parent:
    """What has to be there: the field that names it, and the statement that finds it (and keeps it from going)."""

    by: str
    name: str
    sql: str


@dataclass(frozen=True, slots=True)
class Table:
    """``keys`` are columns that hold a field's text folded. ``unique`` are fields that tell siblings apart, beside the
    ``external_id``. ``hangers`` find what keeps a thing from being deleted (``$3`` is now), by what that is and what to
    do about it; ``followers`` go with it."""

    name: str
    keys: Mapping[str, str]
    unique: tuple[str, ...] = ()
    parents: tuple[Parent, ...] = ()
    hangers: Mapping[str, str] = field(default_factory=dict)
    followers: tuple[str, ...] = ()


def _parent(by: str, name: str, table: str, more: str = "") -> Parent:
    return Parent(by, name, f"SELECT 1 FROM {table} WHERE tenant_id = $1 AND id = $2{more} FOR KEY SHARE")


def _any(table: str, by: str) -> str:
    return f"SELECT 1 FROM {table} WHERE tenant_id = $1 AND {by} = $2 LIMIT 1"


_NAMED = {"name_key": "name"}

KINDS: Mapping[type[Any], Table] = {
    Company: Table("company", {}),
    Location: Table(
        "location",
        _NAMED,
        ("name",),
        hangers={"has sections. Delete these first": _any("section", "location_id")},
    ),
    Section: Table(
        "section",
        _NAMED,
        ("location_id", "name"),
        (_parent("location_id", "location", "location"),),
        {"has locker banks. Delete these first": _any("locker_bank", "section_id")},
    ),
    Bank: Table(
        "locker_bank",
        _NAMED,
        ("section_id", "name"),
        (
            Parent(
                "section_id", "section", "SELECT location_id FROM section WHERE tenant_id = $1 AND id = $2 FOR SHARE"
            ),
        ),
        {"has lockers. Delete these first": _any("locker", "bank_id")},
        ("DELETE FROM pin_code WHERE tenant_id = $1 AND subject = 'bank' AND id = $2",),
    ),
    Locker: Table(
        "locker",
        {"number_key": "number"},
        ("bank_id", "number"),
        (_parent("bank_id", "locker bank", "locker_bank"),),
        {
            "is somebody's. Release its assignments first": """SELECT 1 FROM assignment
                WHERE tenant_id = $1 AND locker_id = $2 AND slot IS NOT NULL
                AND (expires IS NULL OR expires > $3) LIMIT 1""",
            "is booked. Cancel its bookings first": """SELECT 1 FROM booking
                WHERE tenant_id = $1 AND locker_id = $2 AND state = 'open' AND ends > $3 LIMIT 1""",
        },
        (
            "DELETE FROM grouped_locker WHERE tenant_id = $1 AND locker_id = $2",
            "DELETE FROM pin_code WHERE tenant_id = $1 AND subject = 'locker' AND id = $2",
        ),
    ),
    LockerGroup: Table(
        "locker_group",
        _NAMED,
        ("name",),
        hangers={"has links. Delete these first": _any("access_link", "locker_group_id")},
        followers=("DELETE FROM grouped_locker WHERE tenant_id = $1 AND group_id = $2",),
    ),
    Link: Table(
        "access_link",
        {},
        (),
        (
            _parent("user_group_id", "user group", "resource", f" AND type = {GROUP_NUMBER}"),
            _parent("locker_group_id", "locker group", "locker_group"),
        ),
    ),
    Assignment: Table("assignment", {}),
    Booking: Table("booking", {}),
}
"""The structure, and what happens in it."""

_FLAGS = frozenset(
    ("published", "service_mode", "random_allocation", "accessible", "self_release", "shareable", "bookable", "postal")
)

UNIQUE = {
    f"{table.name}_{index}": what
    for table in KINDS.values()
    for index, what in (("name", "name"), ("external_id", "externalId"), ("pkey", "id"))
} | {"locker_number": "number", "assignment_slot": "slot", "request_key_pkey": "key"}
"""What the unique indexes keep apart."""


@once_for_each
def names(kind: type[Any]) -> tuple[str, ...]:
    """The fields of a record, which are the columns that are read."""
    return tuple(one.name for one in fields(kind))


@once_for_each
def columns(kind: type[Any], alias: str) -> str:
    return ", ".join(f"{alias}.{name}" for name in names(kind))


def record_of(kind: type[K], row: Sequence[Any]) -> K:
    values = dict(zip(names(kind), row, strict=True))
    for name in _FLAGS & values.keys():
        values[name] = bool(values[name])
    if "attributes" in values:
        values["attributes"] = orjson.loads(values["attributes"])
    return kind(**values)


def written(kind: type[Any]) -> tuple[str, ...]:
    """The columns that are written, without the tenant's."""
    return (*names(kind), *KINDS[kind].keys)


def row_of(thing: Any) -> Row:
    """The values of ``written``."""
    kind = type(thing)
    return (
        *(_value(getattr(thing, name)) for name in names(kind)),
        *(key(thing, of) for of in KINDS[kind].keys.values()),
    )


def key(thing: Any, of: str) -> str:
    return folded(getattr(thing, of))


def folded(text: str) -> str:
    """The form in which names and numbers are compared."""
    return fold(Compare.FOLDED, text)


def _value(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    return orjson.dumps(value).decode() if isinstance(value, dict) else value


_THING = {"external_id": "text", "attributes": "text", "version": "bigint", "created": "text", "last_modified": "text"}
_OWN = {"tenant_id": "uuid", "id": "uuid"}
TABLES: dict[str, dict[str, str]] = {
    "company": {**_OWN, "time_zone": "text", "language": "text", **_THING},
    "location": {
        **_OWN,
        "name": "text",
        "name_key": "text",
        "time_zone": "text",
        "address": "text",
        "state": "text",
        **_THING,
    },
    "section": {
        **_OWN,
        "location_id": "uuid",
        "name": "text",
        "name_key": "text",
        "floor": "text",
        "state": "text",
        **_THING,
    },
    "locker_bank": {
        **_OWN,
        "location_id": "uuid",
        "section_id": "uuid",
        "name": "text",
        "name_key": "text",
        "description": "text",
        "controller": "text",
        "state": "text",
        "published": "smallint",
        "service_mode": "smallint",
        "random_allocation": "smallint",
        **_THING,
    },
    "locker": {
        **_OWN,
        "bank_id": "uuid",
        "number": "text",
        "number_key": "text",
        "position": "int",
        "size": "text",
        "kind": "text",
        "accessible": "smallint",
        "state": "text",
        "state_reason": "text",
        "open_seconds": "int",
        "self_release": "smallint",
        "shareable": "smallint",
        **_THING,
    },
    "locker_group": {
        **_OWN,
        "name": "text",
        "name_key": "text",
        "description": "text",
        "bookable": "smallint",
        "postal": "smallint",
        **_THING,
    },
    "grouped_locker": {"tenant_id": "uuid", "group_id": "uuid", "locker_id": "uuid"},
    "access_link": {
        **_OWN,
        "user_group_id": "uuid",
        "locker_group_id": "uuid",
        "effect": "text",
        "rights": "smallint",
        "days": "smallint",
        "from_minute": "smallint",
        "until_minute": "smallint",
        "valid_from": "text",
        "valid_until": "text",
        "priority": "int",
        "max_lockers": "int",
        "description": "text",
        **_THING,
    },
    "assignment": {
        **_OWN,
        "locker_id": "uuid",
        "user_id": "uuid",
        "slot": "text",
        "kind": "text",
        "started": "text",
        "expires": "text",
        "ended": "text",
        "reason": "text",
        "source": "text",
        "note": "text",
        "shared_by": "uuid",
        "booking_id": "uuid",
        "version": "bigint",
        "created": "text",
        "last_modified": "text",
    },
    "booking": {
        **_OWN,
        "locker_id": "uuid",
        "user_id": "uuid",
        "starts": "text",
        "ends": "text",
        "state": "text",
        "version": "bigint",
        "created": "text",
        "last_modified": "text",
    },
    "pin_code": {
        "tenant_id": "uuid",
        "subject": "text",
        "id": "uuid",
        "purpose": "text",
        "hash": "text",
        "failures": "int",
        "locked_until": "text",
        "changed": "text",
    },
    "locker_event": {
        **_OWN,
        "place": "bigint",
        "at": "text",
        "kind": "text",
        "actor": "text",
        "subject": "text",
        "subject_id": "uuid",
        "locker_id": "uuid",
        "user_id": "uuid",
        "data": "text",
    },
    "request_key": {
        "tenant_id": "uuid",
        "key": "text",
        "digest": "text",
        "status": "smallint",
        "location": "text",
        "etag": "text",
        "body": "text",
        "created": "text",
        "expires": "text",
    },
}
"""All of them with the types of their columns in PostgreSQL, for backups."""


def key_of(table: str) -> tuple[str, ...]:
    """The columns of a table's primary key."""
    return _KEYS.get(table, ("tenant_id", "id"))


_KEYS = {
    "grouped_locker": ("tenant_id", "group_id", "locker_id"),
    "pin_code": ("tenant_id", "subject", "id", "purpose"),
    "request_key": ("tenant_id", "key"),
}
