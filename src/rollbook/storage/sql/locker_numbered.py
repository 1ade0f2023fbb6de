"""Lockers by page numbers, and what is done to a bank as a whole (``storage.numbered_contract``,
``storage.bank_contract``)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from rollbook.storage.errors import LockerRefused, NotFound
from rollbook.storage.locker_records import Act, Bank, Locker
from rollbook.storage.sql.locker_assignments import delete_locker
from rollbook.storage.sql.locker_steps import happened
from rollbook.storage.sql.locker_structure import conditions, locked, save
from rollbook.storage.sql.locker_tables import KINDS, columns, key, record_of
from rollbook.storage.sql.scripts import Ask, Row, Script

PLACE_OF = "SELECT e.place, e.id FROM locker_event e WHERE e.tenant_id = $1 AND e.id = $2 LIMIT 1"
_DOORS = f"""SELECT {columns(Locker, "x")} FROM locker x WHERE x.tenant_id = $1 AND x.bank_id = $2 ORDER BY x.id
FOR NO KEY UPDATE"""


def counted(kind: type[Any], where: Mapping[str, Any]) -> tuple[str, Row]:
    """The statement that counts, and its values but for the tenant."""
    values: list[Any] = []
    found = " AND ".join(conditions(kind, where, values))
    return f"SELECT count(*) FROM {KINDS[kind].name} x WHERE {found}", tuple(values)


def page(kind: type[Any], where: Mapping[str, Any], offset: int, limit: int) -> tuple[str, Row]:
    """The statement of a page, and its values but for the tenant."""
    values: list[Any] = []
    found = " AND ".join(conditions(kind, where, values))
    first = len(values) + 2
    sql = f"""SELECT p.* FROM (SELECT {columns(kind, "x")} FROM {KINDS[kind].name} x WHERE {found}
ORDER BY x.id LIMIT ${first} OFFSET ${first + 1}) p ORDER BY p.id"""
    return sql, (*values, limit, offset)


def told(kinds: Sequence[str]) -> str:
    """The statement of events after a place, of kinds that begin so."""
    some = " OR ".join(f"e.kind LIKE ${number}" for number in range(5, 5 + len(kinds)))
    return f"""SELECT e.id, e.at, e.kind, e.actor, e.subject, e.subject_id, e.locker_id, e.user_id, e.data
FROM locker_event e WHERE e.tenant_id = $1 AND (e.place, e.id) > ($2, $3) AND @settled(e) AND ({some})
ORDER BY e.place, e.id LIMIT $4"""


def renumber(tenant: str, bank_id: str, numbers: Mapping[str, str], act: Act) -> Script[int]:
    yield from locked(tenant, Bank, bank_id)
    doors = {row.id: row for row in (record_of(Locker, one) for one in (yield Ask(_DOORS, (tenant, bank_id))))}
    if not numbers.keys() <= doors.keys():
        raise NotFound
    after = {id: replace(door, number=numbers.get(id, door.number)) for id, door in doors.items()}
    if len({key(door, "number") for door in after.values()}) < len(after):
        raise LockerRefused("taken", "Two doors of this bank would have the same number.")
    changed = [door for id, door in after.items() if door.number != doors[id].number]
    for door in changed:  # two that change places must not meet on the way
        yield from save(tenant, replace(doors[door.id], number=door.id.replace("-", "")))
    for door in changed:
        before = doors[door.id]
        latest = max(act.at, before.last_modified)
        yield from save(tenant, replace(door, version=before.version + 1, last_modified=latest))
        yield from happened(tenant, act, "locker:change", "locker", door.id, door.id, fields=["number"])
    return len(changed)


def remove(tenant: str, bank_id: str, locker_ids: Sequence[str], act: Act) -> Script[None]:
    yield from locked(tenant, Bank, bank_id)
    there = {row[0] for row in (yield Ask("SELECT x.id FROM locker x WHERE x.tenant_id = $1 AND x.bank_id = $2",
                                          (tenant, bank_id)))}  # fmt: skip
    if not there.issuperset(locker_ids):
        raise NotFound
    for id in sorted(locker_ids):
        yield from delete_locker(tenant, id, None, act)


def call(tenant: str, bank_id: str, what: str, data: Mapping[str, Any], act: Act) -> Script[None]:
    bank = yield from locked(tenant, Bank, bank_id)
    if not bank.controller:
        raise LockerRefused("noController", "This locker bank has no controller that could be asked.")
    yield from happened(tenant, act, f"locker_bank:{what}", "locker_bank", bank_id, **data)
