"""What is read of lockers beside the things themselves: where they stand, who holds them, how a bank is doing, who has
left and holds one, what happened. And what a PIN is checked against."""

from collections.abc import Mapping, Sequence
from dataclasses import fields

import orjson

from rollbook.scim.catalog_reader import USER_NUMBER
from rollbook.storage.errors import NotFound
from rollbook.storage.locker_contract import BankStatus, Whereabouts
from rollbook.storage.locker_records import Act, Assignment, Bank, Booking, Leaver, Location, Locker, Pin, Place
from rollbook.storage.sql.locker_steps import happened
from rollbook.storage.sql.locker_tables import columns, names, record_of
from rollbook.storage.sql.scripts import Ask, Row, Script, Tell

AT_ONCE = 100
"""Ids in one statement."""

_PIN = ", ".join(field.name for field in fields(Pin))

_DOORS = """SELECT x.id, x.kind, x.state, CASE WHEN EXISTS (
    SELECT 1 FROM assignment a WHERE a.tenant_id = $1 AND a.locker_id = x.id AND a.slot IS NOT NULL
    AND (a.expires IS NULL OR a.expires > $3)) THEN 1 ELSE 0 END AS held
  FROM locker x WHERE x.tenant_id = $1 AND x.bank_id = $2"""
STATUS = f"""WITH door AS ({_DOORS}), counted AS (
  SELECT NULL AS group_id, d.kind, d.state, d.held FROM door d
  UNION ALL
  SELECT g.group_id, d.kind, d.state, d.held FROM door d
  JOIN grouped_locker g ON g.tenant_id = $1 AND g.locker_id = d.id)
SELECT v.group_id, n.name, v.kind, v.state, v.held, count(*) FROM counted v
LEFT JOIN locker_group n ON n.tenant_id = $1 AND n.id = v.group_id
GROUP BY v.group_id, n.name, v.kind, v.state, v.held ORDER BY n.name, v.kind, v.state, v.held"""

LEAVERS = f"""SELECT {columns(Assignment, "a")}, r.document, r.last_modified FROM assignment a
JOIN resource r ON r.tenant_id = $1 AND r.type = {USER_NUMBER} AND r.id = a.user_id
WHERE a.tenant_id = $1 AND a.ended IS NULL AND a.id > $2 AND NOT (@active(r)) ORDER BY a.id LIMIT $3"""

EPOCH = "SELECT epoch FROM feed_epoch"

PIN = f"SELECT {_PIN} FROM pin_code WHERE tenant_id = $1 AND subject = $2 AND id = $3 AND purpose = $4"
_SET_PIN = f"""INSERT INTO pin_code (tenant_id, {_PIN}) VALUES ($1, $2, $3, $4, $5, 0, NULL, $6)
ON CONFLICT (tenant_id, subject, id, purpose)
DO UPDATE SET hash = excluded.hash, failures = 0, locked_until = NULL, changed = excluded.changed"""
_DROP_PIN = "DELETE FROM pin_code WHERE tenant_id = $1 AND subject = $2 AND id = $3 AND purpose = $4 RETURNING 1"
_COUNT_FAILURE = """UPDATE pin_code SET failures = failures + 1, locked_until = $5
WHERE tenant_id = $1 AND subject = $2 AND id = $3 AND purpose = $4 RETURNING failures"""
_FORGIVE = """UPDATE pin_code SET failures = 0, locked_until = NULL
WHERE tenant_id = $1 AND subject = $2 AND id = $3 AND purpose = $4 AND failures > 0"""
_UNCOUNT = """UPDATE pin_code SET failures = failures - 1
WHERE tenant_id = $1 AND subject = $2 AND id = $3 AND purpose = $4 AND failures > 0"""
_SUBJECT = {
    "user": f"SELECT 1 FROM resource WHERE tenant_id = $1 AND type = {USER_NUMBER} AND id = $2 FOR KEY SHARE",
    "locker": "SELECT 1 FROM locker WHERE tenant_id = $1 AND id = $2 FOR KEY SHARE",
    "bank": "SELECT 1 FROM locker_bank WHERE tenant_id = $1 AND id = $2 FOR KEY SHARE",
}


def _among(ids: Sequence[str], first: int) -> str:
    return ", ".join(f"${number}" for number in range(first, first + len(ids)))


def whereabouts(ids: Sequence[str]) -> str:
    return f"""SELECT {columns(Locker, "x")}, {columns(Bank, "b")}, {columns(Location, "l")}, s.state FROM locker x
JOIN locker_bank b ON b.tenant_id = $1 AND b.id = x.bank_id
JOIN section s ON s.tenant_id = $1 AND s.id = b.section_id
JOIN location l ON l.tenant_id = $1 AND l.id = b.location_id
WHERE x.tenant_id = $1 AND x.id IN ({_among(ids, 2)})"""


def whereabouts_of(row: Row) -> Whereabouts:
    bank, location = len(names(Locker)), len(names(Locker)) + len(names(Bank))
    return Whereabouts(
        record_of(Locker, row[:bank]),
        record_of(Bank, row[bank:location]),
        record_of(Location, row[location:-1]),
        row[-1],
    )


def holders(ids: Sequence[str]) -> str:
    return f"""SELECT {columns(Assignment, "a")} FROM assignment a
WHERE a.tenant_id = $1 AND a.slot IS NOT NULL AND (a.expires IS NULL OR a.expires > $2)
AND a.locker_id IN ({_among(ids, 3)}) ORDER BY a.started, a.id"""


def bookings(ids: Sequence[str]) -> str:
    return f"""SELECT {columns(Booking, "k")} FROM booking k WHERE k.tenant_id = $1 AND k.state = 'open'
AND k.ends > $2 AND k.starts < $3 AND k.locker_id IN ({_among(ids, 4)}) ORDER BY k.starts, k.id"""


def status_of(row: Row) -> BankStatus:
    group, name, kind, state, held, lockers = row
    return BankStatus(group, name, kind, state, bool(held), lockers)


def leaver_of(row: Row) -> Leaver:
    *held, document, since = row
    return Leaver(record_of(Assignment, held), orjson.loads(document).get("userName"), since)


def events(after: Place, limit: int, where: Mapping[str, str]) -> tuple[str, Row]:
    """The statement of a page of events, with their places, and its values but for the tenant."""
    values: list[object] = [after.place, after.id]
    conditions = []
    for name, wanted in where.items():
        if name not in ("locker_id", "user_id", "subject"):
            raise ValueError(f"{name} is no field")
        values.append(wanted)
        conditions.append(f"AND e.{name} = ${len(values) + 1}")
    values.append(limit)
    sql = f"""SELECT e.place, e.id, e.at, e.kind, e.actor, e.subject, e.subject_id, e.locker_id, e.user_id, e.data
FROM locker_event e WHERE e.tenant_id = $1 AND (e.place, e.id) > ($2, $3) AND @settled(e) {" ".join(conditions)}
ORDER BY e.place, e.id LIMIT ${len(values) + 1}"""
    return sql, tuple(values)


def set_pin(tenant: str, pin: Pin, act: Act) -> Script[None]:
    if not (yield Ask(_SUBJECT[pin.subject], (tenant, pin.id))):
        raise NotFound
    yield Ask(_SET_PIN, (tenant, pin.subject, pin.id, pin.purpose, pin.hash, act.at))
    yield from _told(tenant, pin.subject, pin.id, "pin:set", act)


def drop_pin(tenant: str, subject: str, id: str, purpose: str, act: Act) -> Script[None]:
    if not (yield Ask(_DROP_PIN, (tenant, subject, id, purpose))):
        raise NotFound
    yield from _told(tenant, subject, id, "pin:drop", act)


def count_pin_failure(tenant: str, subject: str, id: str, purpose: str, until: str | None) -> Script[int]:
    found = yield Ask(_COUNT_FAILURE, (tenant, subject, id, purpose, until))
    return int(found[0][0]) if found else 0


def uncount_pin_failure(tenant: str, subject: str, id: str, purpose: str) -> Script[None]:
    yield Ask(_UNCOUNT, (tenant, subject, id, purpose))


def forgive_pin(tenant: str, subject: str, id: str, purpose: str) -> Script[None]:
    yield Ask(_FORGIVE, (tenant, subject, id, purpose))


def _told(tenant: str, subject: str, id: str, kind: str, act: Act) -> Script[None]:
    locker, user = (id if subject == "locker" else None), (id if subject == "user" else None)
    yield from happened(tenant, act, kind, subject, id, locker, user)
    yield Tell(tenant, act.event)
