"""Who may do what with lockers, in SQL (``storage.access_contract``).

Hours of links are of the time zone of the location. No engine is asked what time it is there: the caller says it, one
row for each time zone (``Hour``), and the statement compares numbers. CROSS JOIN is SQLite's word for the order in
which tables are to be read: from the user outward.
"""

from collections.abc import Sequence
from typing import Final

from rollbook.scim.catalog_reader import GROUP_NUMBER, USER_NUMBER
from rollbook.storage.access_contract import Holding, Hour, Reach
from rollbook.storage.locker_records import DELIVERY, DENY, FIXED, HOLDER, SHARED, Link
from rollbook.storage.sql.locker_tables import columns
from rollbook.storage.sql.scripts import Row

USER_OF = f"SELECT r.id FROM resource r WHERE r.tenant_id = $1 AND r.type = {USER_NUMBER} AND r.unique_key = $2"
USER_OF_VALUE = f"""SELECT u.id FROM unique_value u
WHERE u.tenant_id = $1 AND u.type = {USER_NUMBER} AND u.path = $2 AND u.value = $3"""
LOCKER_OF = "SELECT x.id FROM locker x WHERE x.tenant_id = $1 AND x.external_id = $2"
TIME_ZONES = "SELECT DISTINCT l.time_zone FROM location l WHERE l.tenant_id = $1"
LINKS = f"SELECT {columns(Link, 'k')} FROM access_link k WHERE k.tenant_id = $1 ORDER BY k.id"
LINKS_OF = f"""SELECT {columns(Link, "k")}, l.time_zone, 0
FROM grouped_locker g JOIN access_link k ON k.tenant_id = $1 AND k.locker_group_id = g.group_id
JOIN locker x ON x.tenant_id = $1 AND x.id = g.locker_id
JOIN locker_bank b ON b.tenant_id = $1 AND b.id = x.bank_id
JOIN location l ON l.tenant_id = $1 AND l.id = b.location_id
WHERE g.tenant_id = $1 AND g.locker_id = $2 ORDER BY k.priority DESC, k.id"""
MEMBERS = f"""SELECT m.member_id FROM member m WHERE m.tenant_id = $1 AND m.group_id = $2
AND m.member_type = {USER_NUMBER} AND m.member_id > $3 ORDER BY m.member_id LIMIT $4"""

_UP = """up (id) AS (
  SELECT m.group_id FROM member m WHERE m.tenant_id = $1 AND m.member_id = $2
  UNION
  SELECT m.group_id FROM up CROSS JOIN member m WHERE m.tenant_id = $1 AND m.member_id = up.id)"""
USER_GROUPS = f"""WITH RECURSIVE {_UP}
SELECT r.id, r.display FROM up CROSS JOIN resource r
WHERE r.tenant_id = $1 AND r.type = {GROUP_NUMBER} AND r.id = up.id ORDER BY r.display, r.id"""
LOCKER_GROUPS = """SELECT o.id, o.name FROM grouped_locker g CROSS JOIN locker_group o
WHERE g.tenant_id = $1 AND g.locker_id = $2 AND o.tenant_id = $1 AND o.id = g.group_id ORDER BY o.name, o.id"""
_IN_SERVICE = """AND x.state = 'active' AND b.state = 'active' AND s.state = 'active' AND l.state = 'active'
  AND b.published = 1 AND b.service_mode = 0"""
_NOW = """AND ((k.from_minute < k.until_minute AND (k.days & z.today) <> 0
    AND k.from_minute <= z.minute AND z.minute < k.until_minute)
  OR (k.from_minute >= k.until_minute AND (((k.days & z.today) <> 0 AND z.minute >= k.from_minute)
    OR ((k.days & z.yesterday) <> 0 AND z.minute < k.until_minute))))"""
_OPEN = "a.tenant_id = $1 AND a.locker_id = x.id AND a.slot IS NOT NULL AND (a.expires IS NULL OR a.expires > $3)"
_MINE = f"EXISTS (SELECT 1 FROM assignment a WHERE {_OPEN} AND a.user_id = $2)"
_TAKEN = f"EXISTS (SELECT 1 FROM assignment a WHERE {_OPEN} AND a.slot = '{HOLDER}')"
_HELD: Final = """(SELECT count(*) FROM assignment a JOIN grouped_locker h
    ON h.tenant_id = $1 AND h.group_id = k.locker_group_id AND h.locker_id = a.locker_id
    WHERE a.tenant_id = $1 AND a.user_id = $2 AND a.ended IS NULL AND a.shared_by IS NULL
    AND (a.expires IS NULL OR a.expires > $3))"""

_HOLDING: dict[Holding, str] = {
    "any": "",
    "mine": f"AND ({_MINE} OR x.kind = '{SHARED}' OR (x.kind NOT IN ('{FIXED}', '{DELIVERY}') AND NOT {_TAKEN}))",
    "free": f"AND NOT {_TAKEN}",
}


def reachable(user_id: str, reach: Reach, hours: Sequence[Hour], limit: int, after: str) -> tuple[str, Row]:
    """The statement, and its values but for the tenant."""
    values: list[object] = [user_id, reach.at, int(reach.right), after, limit]
    zones = []
    for hour in hours:
        spots = []
        for value, kind in zip(hour, ("text", "integer", "integer", "integer"), strict=True):
            values.append(value)
            spots.append(f"CAST(${len(values) + 1} AS {kind})")
        zones.append(f"({', '.join(spots)})")
    there = ""
    if reach.location_id is not None:
        values.append(reach.location_id)
        there = f"AND b.location_id = ${len(values) + 1}"
    room = f"(k.max_lockers IS NULL OR {_HELD} < k.max_lockers)" if reach.another else "1 = 1"
    sql = f"""WITH RECURSIVE {_UP},
z (time_zone, today, yesterday, minute) AS (VALUES {", ".join(zones)}),
k AS MATERIALIZED (
  SELECT k.locker_group_id, k.days, k.from_minute, k.until_minute,
    CASE WHEN k.effect = '{DENY}' THEN 1 ELSE 0 END AS denies,
    CASE WHEN k.effect <> '{DENY}' AND {room} THEN 1 ELSE 0 END AS allows
  FROM up CROSS JOIN access_link k
  WHERE k.tenant_id = $1 AND k.user_group_id = up.id AND (k.rights & CAST($4 AS integer)) <> 0
  AND (k.valid_from IS NULL OR k.valid_from <= $3) AND (k.valid_until IS NULL OR k.valid_until > $3))
SELECT x.id FROM k CROSS JOIN grouped_locker g CROSS JOIN locker x CROSS JOIN locker_bank b CROSS JOIN section s
CROSS JOIN location l CROSS JOIN z
WHERE g.tenant_id = $1 AND g.group_id = k.locker_group_id AND g.locker_id > $5
AND x.tenant_id = $1 AND x.id = g.locker_id AND b.tenant_id = $1 AND b.id = x.bank_id
AND s.tenant_id = $1 AND s.id = b.section_id AND l.tenant_id = $1 AND l.id = b.location_id
AND z.time_zone = l.time_zone {_IN_SERVICE if reach.in_service else ""} {_NOW} {_HOLDING[reach.holding]} {there}
AND EXISTS (SELECT 1 FROM resource r WHERE r.tenant_id = $1 AND r.type = {USER_NUMBER} AND r.id = $2 AND @active(r))
GROUP BY x.id HAVING sum(k.allows) > 0 AND sum(k.denies) = 0 ORDER BY x.id LIMIT $6"""
    return sql, tuple(values)


def groups_below(ids: Sequence[str]) -> str:
    return f"""WITH RECURSIVE down (id) AS (
  SELECT r.id FROM resource r WHERE r.tenant_id = $1 AND r.type = {GROUP_NUMBER} AND r.id IN ({among(ids, 2)})
  UNION
  SELECT m.member_id FROM down CROSS JOIN member m
  WHERE m.tenant_id = $1 AND m.group_id = down.id AND m.member_type = {GROUP_NUMBER})
SELECT id FROM down"""


def welcome(ids: Sequence[str], denied: Sequence[str]) -> str:
    without = ""
    if denied:
        without = f"""AND NOT EXISTS (SELECT 1 FROM member d WHERE d.tenant_id = $1 AND d.member_id = r.id
AND d.group_id IN ({among(denied, 2 + len(ids))}))"""
    return f"""SELECT r.id FROM resource r WHERE r.tenant_id = $1 AND r.type = {USER_NUMBER} AND @active(r)
AND r.id IN ({among(ids, 2)}) {without}"""


def held(users: Sequence[str], groups: Sequence[str]) -> str:
    return f"""SELECT a.user_id, h.group_id, count(*) FROM assignment a
JOIN grouped_locker h ON h.tenant_id = $1 AND h.locker_id = a.locker_id
WHERE a.tenant_id = $1 AND a.ended IS NULL AND a.shared_by IS NULL AND (a.expires IS NULL OR a.expires > $2)
AND a.user_id IN ({among(users, 3)}) AND h.group_id IN ({among(groups, 3 + len(users))})
GROUP BY a.user_id, h.group_id"""


def crowds(roots: Sequence[str], touched: Sequence[str]) -> str:
    return f"""WITH RECURSIVE down (root, id) AS (
  SELECT r.id, r.id FROM resource r WHERE r.tenant_id = $1 AND r.type = {GROUP_NUMBER} AND r.id IN ({among(roots, 2)})
  UNION
  SELECT down.root, m.member_id FROM down CROSS JOIN member m
  WHERE m.tenant_id = $1 AND m.group_id = down.id AND m.member_type = {GROUP_NUMBER}),
meeting AS (
  SELECT DISTINCT m.member_id AS user_id, CAST(down.root AS text) AS root FROM down
  JOIN member m ON m.tenant_id = $1 AND m.group_id = down.id AND m.member_type = {USER_NUMBER}
  WHERE m.member_id IN (SELECT c.member_id FROM member c
    WHERE c.tenant_id = $1 AND c.group_id IN ({among(touched, 2 + len(roots))}))),
profile AS (
  SELECT p.user_id, @joined(p.root) AS roots FROM (SELECT * FROM meeting ORDER BY user_id, root) p GROUP BY p.user_id)
SELECT p.roots, count(*), min(CAST(p.user_id AS text)) FROM profile p
JOIN resource r ON r.tenant_id = $1 AND r.type = {USER_NUMBER} AND r.id = p.user_id
WHERE @active(r) GROUP BY p.roots"""


def groups_of_users(users: Sequence[str]) -> str:
    return f"""SELECT r.id, m.group_id FROM resource r
LEFT JOIN member m ON m.tenant_id = $1 AND m.member_id = r.id
WHERE r.tenant_id = $1 AND r.type = {USER_NUMBER} AND @active(r) AND r.id IN ({among(users, 2)})"""


def above(groups: Sequence[str], roots: Sequence[str]) -> str:
    return f"""WITH RECURSIVE up (start, id) AS (
  SELECT r.id, r.id FROM resource r WHERE r.tenant_id = $1 AND r.type = {GROUP_NUMBER} AND r.id IN ({among(groups, 2)})
  UNION
  SELECT up.start, m.group_id FROM up CROSS JOIN member m WHERE m.tenant_id = $1 AND m.member_id = up.id)
SELECT up.start, up.id FROM up WHERE up.id IN ({among(roots, 2 + len(groups))})"""


def rows(groups: Sequence[str], touched: Sequence[str]) -> str:
    return f"""WITH profile AS (
  SELECT p.locker_id, @joined(p.root) AS roots FROM (
    SELECT g.locker_id, CAST(g.group_id AS text) AS root FROM grouped_locker g
    WHERE g.tenant_id = $1 AND g.group_id IN ({among(groups, 2)}) AND g.locker_id IN (
      SELECT h.locker_id FROM grouped_locker h
      WHERE h.tenant_id = $1 AND h.group_id IN ({among(touched, 2 + len(groups))}))
    ORDER BY g.locker_id, g.group_id) p
  GROUP BY p.locker_id)
SELECT p.roots, l.time_zone, count(*), min(CAST(x.id AS text)) FROM profile p
JOIN locker x ON x.tenant_id = $1 AND x.id = p.locker_id
JOIN locker_bank b ON b.tenant_id = $1 AND b.id = x.bank_id
JOIN location l ON l.tenant_id = $1 AND l.id = b.location_id
GROUP BY p.roots, l.time_zone"""


def groups_of_lockers(lockers: Sequence[str]) -> str:
    return f"""SELECT x.id, l.time_zone, g.group_id FROM locker x
JOIN locker_bank b ON b.tenant_id = $1 AND b.id = x.bank_id
JOIN location l ON l.tenant_id = $1 AND l.id = b.location_id
LEFT JOIN grouped_locker g ON g.tenant_id = $1 AND g.locker_id = x.id
WHERE x.tenant_id = $1 AND x.id IN ({among(lockers, 2)})"""


def among(ids: Sequence[str], first: int) -> str:
    return ", ".join(f"${number}" for number in range(first, first + len(ids)))
