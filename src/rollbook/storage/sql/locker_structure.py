"""The structure: how one thing is found and many are listed, and how things come, change and go."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from rollbook.storage.errors import LockerRefused, NotFound, VersionConflict
from rollbook.storage.locker_records import (
    Act,
    Assignment,
    Bank,
    Booking,
    Kept,
    Listing,
    Locker,
    LockerGroup,
    Section,
    Thing,
)
from rollbook.storage.sql.locker_steps import happened
from rollbook.storage.sql.locker_tables import (
    KINDS,
    columns,
    folded,
    key,
    names,
    once_for_each,
    record_of,
    row_of,
    written,
)
from rollbook.storage.sql.scripts import Ask, Script

K = TypeVar("K", bound=Kept)
T = TypeVar("T", bound=Thing)


_SPECIAL: Mapping[tuple[type[Any], str], str] = {
    (
        Locker,
        "location_id",
    ): "x.bank_id IN (SELECT b.id FROM locker_bank b WHERE b.tenant_id = $1 AND b.location_id = {})",
    (
        Locker,
        "section_id",
    ): "x.bank_id IN (SELECT b.id FROM locker_bank b WHERE b.tenant_id = $1 AND b.section_id = {})",
    (
        Locker,
        "group_id",
    ): "x.id IN (SELECT g.locker_id FROM grouped_locker g WHERE g.tenant_id = $1 AND g.group_id = {})",
    (Locker, "has_pin"): """{} = CASE WHEN EXISTS (SELECT 1 FROM pin_code p
        WHERE p.tenant_id = $1 AND p.subject = 'locker' AND p.id = x.id) THEN 1 ELSE 0 END""",
    (Bank, "group_id"): """x.id IN (SELECT o.bank_id FROM grouped_locker g
        JOIN locker o ON o.tenant_id = $1 AND o.id = g.locker_id WHERE g.tenant_id = $1 AND g.group_id = {})""",
    (Bank, "attributes_like"): "x.attributes LIKE {}",
    (Bank, "has_pin"): """{} = CASE WHEN EXISTS (SELECT 1 FROM pin_code p
        WHERE p.tenant_id = $1 AND p.subject = 'bank' AND p.id = x.id) OR EXISTS (SELECT 1 FROM locker o
        JOIN pin_code p ON p.tenant_id = $1 AND p.subject = 'locker' AND p.id = o.id
        WHERE o.tenant_id = $1 AND o.bank_id = x.id) THEN 1 ELSE 0 END""",
    (LockerGroup, "bank_id"): """x.id IN (SELECT g.group_id FROM locker o
        JOIN grouped_locker g ON g.tenant_id = $1 AND g.locker_id = o.id WHERE o.tenant_id = $1 AND o.bank_id = {})""",
    (Assignment, "open_at"): "x.slot IS NOT NULL AND (x.expires IS NULL OR x.expires > {})",
    (Assignment, "over_at"): "(x.slot IS NULL OR x.expires <= {})",
    (Booking, "ends_after"): "x.ends > {}",
    (Booking, "over_at"): "(x.state = 'open' AND x.ends <= {})",
}

LOCKER_IDS = """SELECT locker_id FROM grouped_locker WHERE tenant_id = $1 AND group_id = $2 AND locker_id > $3
ORDER BY locker_id LIMIT $4"""
FIRST_LOCKER_IDS = """SELECT locker_id FROM grouped_locker WHERE tenant_id = $1 AND group_id = $2
ORDER BY locker_id LIMIT $3"""
GROUP_IDS = "SELECT group_id FROM grouped_locker WHERE tenant_id = $1 AND locker_id = $2 ORDER BY group_id"

_LOCK_GROUP = "SELECT 1 FROM locker_group WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE"
_LOCKER_THERE = "SELECT 1 FROM locker WHERE tenant_id = $1 AND id = $2 FOR KEY SHARE"
_COME = """INSERT INTO grouped_locker (tenant_id, group_id, locker_id) VALUES ($1, $2, $3)
ON CONFLICT (tenant_id, group_id, locker_id) DO NOTHING RETURNING 1"""
_GO = "DELETE FROM grouped_locker WHERE tenant_id = $1 AND group_id = $2 AND locker_id = $3 RETURNING 1"
_TOUCH_GROUP = """UPDATE locker_group SET version = version + 1, last_modified = $3
WHERE tenant_id = $1 AND id = $2"""
_MOVE_BANKS = "UPDATE locker_bank SET location_id = $3 WHERE tenant_id = $1 AND section_id = $2"

ROWS = 50
"""Rows that one statement brings."""


@once_for_each
def find(kind: type[Any]) -> str:
    return f"SELECT {columns(kind, 'x')} FROM {KINDS[kind].name} x WHERE x.tenant_id = $1 AND x.id = $2 LIMIT 1"


def listed(kind: type[Any], listing: Listing) -> tuple[str, tuple[Any, ...]]:
    """The statement of a page, and its values but for the tenant."""
    values: list[Any] = []
    where = conditions(kind, listing.where, values)
    order: tuple[str, ...] = ("x.id",)
    if listing.updated_since is not None:
        order = ("x.last_modified", "x.id")
        where.append(f"x.last_modified >= {_value(listing.updated_since, values)}")
    if listing.after is not None:
        edge = ", ".join(_value(one, values) for one in listing.after)
        where.append(f"({', '.join(order)}) > ({edge})")
    sql = f"""SELECT {columns(kind, "x")} FROM {KINDS[kind].name} x WHERE {" AND ".join(where)}
ORDER BY {", ".join(order)} LIMIT {_value(listing.limit, values)}"""
    return sql, tuple(values)


def conditions(kind: type[Any], wanted: Mapping[str, Any], values: list[Any]) -> list[str]:
    """What is true of the rows ``x`` that are wanted; what it is compared with is put into ``values``."""
    found = ["x.tenant_id = $1"]
    by_field = {of: name for name, of in KINDS[kind].keys.items()}
    for name, one in wanted.items():
        special = _SPECIAL.get((kind, name))
        if special is not None:
            found.append(special.format(_value(one, values)))
        elif kind is Assignment and name == "open":
            found.append(f"x.slot IS {'NOT ' if one else ''}NULL")
        elif one is None:
            found.append(f"x.{_field(kind, name)} IS NULL")
        elif name in by_field:
            found.append(f"x.{by_field[name]} = {_value(folded(one), values)}")
        else:
            found.append(f"x.{_field(kind, name)} = {_value(int(one) if isinstance(one, bool) else one, values)}")
    return found


def _value(one: Any, values: list[Any]) -> str:
    values.append(one)
    return f"${len(values) + 1}"


def _field(kind: type[Any], name: str) -> str:
    if name not in names(kind):
        raise ValueError(f"{name} is no field")
    return name


@once_for_each
def _insert(kind: type[Any], rows: int = 1) -> str:
    width = len(written(kind)) + 1
    places = (", ".join(["$1", *(f"${row * (width - 1) + n}" for n in range(2, width + 1))]) for row in range(rows))
    return f"""INSERT INTO {KINDS[kind].name} (tenant_id, {", ".join(written(kind))})
VALUES {", ".join(f"({place})" for place in places)} ON CONFLICT DO NOTHING RETURNING id"""


@once_for_each
def _update(kind: type[Any]) -> str:
    sets = ", ".join(f"{name} = ${n}" for n, name in enumerate(written(kind), 2) if name != "id")
    return f"UPDATE {KINDS[kind].name} SET {sets} WHERE tenant_id = $1 AND id = ${written(kind).index('id') + 2}"


@once_for_each
def _lock(kind: type[Any], how: str = "NO KEY UPDATE") -> str:
    return f"SELECT {columns(kind, 'x')} FROM {KINDS[kind].name} x WHERE x.tenant_id = $1 AND x.id = $2 FOR {how}"


@once_for_each
def _twin(kind: type[Any]) -> str:
    """Who has the name of a thing among its siblings."""
    table = KINDS[kind]
    by_field = {of: name for name, of in table.keys.items()}
    same = " AND ".join(f"x.{by_field.get(name, name)} = ${n}" for n, name in enumerate(table.unique, 3))
    return f"SELECT 1 FROM {table.name} x WHERE x.tenant_id = $1 AND x.id <> $2 AND {same}"


@once_for_each
def _namesake(kind: type[Any]) -> str:
    return f"SELECT 1 FROM {KINDS[kind].name} x WHERE x.tenant_id = $1 AND x.id <> $2 AND x.external_id = $3"


def locked(tenant: str, kind: type[K], id: str) -> Script[K]:
    """A thing that nobody else changes from now on. **Raises** ``NotFound``."""
    found = yield Ask(_lock(kind), (tenant, id))
    if not found:
        raise NotFound(f"there is no such {KINDS[kind].name.replace('_', ' ')}")
    return record_of(kind, found[0])


def save(tenant: str, thing: Any) -> Script[None]:
    """Write a record that was locked."""
    yield Ask(_update(type(thing)), (tenant, *row_of(thing)))


def add(tenant: str, thing: Any) -> Script[bool]:
    """Write a new record; False where a unique index is against it."""
    return bool((yield Ask(_insert(type(thing)), (tenant, *row_of(thing)))))


def create(tenant: str, thing: T, act: Act) -> Script[T]:
    kind = type(thing)
    whole: T = yield from _with_parents(tenant, thing)
    whole = replace(whole, version=1, created=act.at, last_modified=act.at)
    if not (yield from add(tenant, whole)):
        yield from _refuse_twins(tenant, whole)
        raise LockerRefused("taken", "This id is taken.")
    name = KINDS[kind].name
    yield from happened(tenant, act, f"{name}:create", name, whole.id, whole.id if kind is Locker else None)
    return whole


def change(tenant: str, thing: T, act: Act) -> Script[T]:
    kind = type(thing)
    before: T = yield from locked(tenant, kind, thing.id)
    if before.version != thing.version:
        raise VersionConflict
    return (yield from _changed(tenant, before, thing, act))


def _changed(tenant: str, before: T, thing: T, act: Act) -> Script[T]:
    kind = type(thing)
    whole: T = yield from _with_parents(tenant, thing)
    if whole == before:
        return before
    yield from _refuse_twins(tenant, whole)
    latest = max(act.at, before.last_modified)
    whole = replace(whole, version=before.version + 1, created=before.created, last_modified=latest)
    yield from save(tenant, whole)
    if isinstance(whole, Section) and isinstance(before, Section) and whole.location_id != before.location_id:
        yield Ask(_MOVE_BANKS, (tenant, whole.id, whole.location_id))
    name = KINDS[kind].name
    fields = [one for one in names(kind) if getattr(whole, one) != getattr(before, one)]
    changed = [one for one in fields if one not in ("version", "last_modified")]
    locker = whole.id if kind is Locker else None
    yield from happened(tenant, act, f"{name}:change", name, whole.id, locker, fields=changed)
    return whole


def delete(tenant: str, kind: type[Thing], id: str, version: int | None, act: Act) -> Script[None]:
    table = KINDS[kind]
    found = yield Ask(_lock(kind, "UPDATE"), (tenant, id))
    if not found:
        raise NotFound
    thing = record_of(kind, found[0])
    if version is not None and thing.version != version:
        raise VersionConflict
    for what, sql in table.hangers.items():
        if (yield Ask(sql, (tenant, id, act.at) if "$3" in sql else (tenant, id))):
            raise LockerRefused("inUse", f"This {table.name.replace('_', ' ')} still {what}.")
    for sql in table.followers:
        yield Ask(sql, (tenant, id))
    yield Ask(f"DELETE FROM {table.name} WHERE tenant_id = $1 AND id = $2", (tenant, id))
    yield from happened(tenant, act, f"{table.name}:delete", table.name, id, id if kind is Locker else None)


def bring(
    tenant: str, things: Sequence[Thing], act: Act, members: Mapping[str, Sequence[str]] | None = None
) -> Script[None]:
    """Things in their order, and after them lockers into groups."""
    yield from _bring(tenant, things, act)
    for group, lockers in (members or {}).items():
        if not (yield Ask(_LOCK_GROUP, (tenant, group))):
            raise NotFound
        for start in range(0, len(lockers), ROWS):
            some = lockers[start : start + ROWS]
            yield Ask(_come(len(some)), (tenant, group, *some))
        yield Ask(_TOUCH_GROUP, (tenant, group, act.at))
        yield from happened(tenant, act, "locker_group:import", "locker_group", group, count=len(lockers))


def _come(rows: int) -> str:
    places = ", ".join(f"($1, $2, ${n})" for n in range(3, rows + 3))
    return f"""INSERT INTO grouped_locker (tenant_id, group_id, locker_id) VALUES {places}
ON CONFLICT (tenant_id, group_id, locker_id) DO NOTHING"""


def _bring(tenant: str, things: Sequence[Thing], act: Act) -> Script[None]:
    """New things of one kind that follow each other are brought by one statement for some of them."""
    start = 0
    while start < len(things):
        thing = things[start]
        if thing.version:
            before: Thing = yield from locked(tenant, type(thing), thing.id)
            yield from _changed(tenant, before, replace(thing, version=before.version), act)
            start += 1
            continue
        run = [thing]
        for other in things[start + 1 : start + ROWS]:
            if other.version or type(other) is not type(thing):
                break
            run.append(other)
        start += len(run)
        if len(run) < ROWS:
            for one in run:
                yield from create(tenant, one, act)
        else:
            yield from _create_all(tenant, run, act)


def _create_all(tenant: str, run: Sequence[Thing], act: Act) -> Script[None]:
    kind = type(run[0])
    rows: list[Thing] = []
    there: dict[tuple[Any, ...], dict[str, Any]] = {}
    for thing in run:
        parents = tuple(getattr(thing, parent.by) for parent in KINDS[kind].parents)
        if parents not in there:
            whole = yield from _with_parents(tenant, thing)
            there[parents] = {"location_id": whole.location_id} if isinstance(whole, Bank) else {}
        rows.append(replace(thing, version=1, created=act.at, last_modified=act.at, **there[parents]))
    values = [value for row in rows for value in row_of(row)]
    came = yield Ask(_insert(kind, len(rows)), (tenant, *values))
    if len(came) < len(rows):
        ids = {row[0] for row in came}
        for row in rows:
            if row.id not in ids:
                yield from _refuse_twins(tenant, row)
        raise LockerRefused("taken", "Two of these have the same name.")
    name = KINDS[kind].name
    yield from happened(tenant, act, f"{name}:import", name, rows[0].id, count=len(rows))


def _with_parents(tenant: str, thing: T) -> Script[T]:
    for parent in KINDS[type(thing)].parents:
        found = yield Ask(parent.sql, (tenant, getattr(thing, parent.by)))
        if not found:
            raise LockerRefused("noParent", f"There is no such {parent.name}.")
        if isinstance(thing, Bank):
            thing = replace(thing, location_id=found[0][0])
    return thing


def _refuse_twins(tenant: str, thing: Thing) -> Script[None]:
    table = KINDS[type(thing)]
    by_field = {of: name for name, of in table.keys.items()}
    if table.unique:
        same = tuple(key(thing, name) if name in by_field else getattr(thing, name) for name in table.unique)
        if (yield Ask(_twin(type(thing)), (tenant, thing.id, *same))):
            raise LockerRefused("taken", f"Another {table.name.replace('_', ' ')} has this {table.unique[-1]} already.")
    if thing.external_id is not None and (yield Ask(_namesake(type(thing)), (tenant, thing.id, thing.external_id))):
        raise LockerRefused("taken", f"Another {table.name.replace('_', ' ')} has this externalId already.")


def change_group(tenant: str, group: str, add: Sequence[str], remove: Sequence[str], act: Act) -> Script[int]:
    if not (yield Ask(_LOCK_GROUP, (tenant, group))):
        raise NotFound
    for id in sorted(set(add)):
        if not (yield Ask(_LOCKER_THERE, (tenant, id))):
            raise LockerRefused("noLocker", "One of these is no locker of this tenant.")
    count = 0
    for some, statement, action in ((add, _COME, "locker_group:add"), (remove, _GO, "locker_group:remove")):
        for id in dict.fromkeys(some):
            if (yield Ask(statement, (tenant, group, id))):
                count += 1
                yield from happened(tenant, act, action, "locker_group", group, id)
    if count:
        yield Ask(_TOUCH_GROUP, (tenant, group, act.at))
    return count
