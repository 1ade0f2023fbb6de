"""Statements made of a filter and an order: the page of a query, and how many rows match in all."""

from functools import lru_cache

from rollbook.storage.engines.postgres_statements import FENCE, STORED

SHAPES = 1_000
"""Texts kept. Precedent: a provisioning client sends some ten shapes of filters."""

LONGEST_KEPT = 16_384
"""Characters. Longer conditions are rare, and keeping them would let clients fill the memory."""


def page_sql(source: str, where: str, order: str, first: int) -> str:
    """A page of what ``source`` holds. ``first`` is the number of the parameter that limits; the offset follows it.

    Ids come first, and documents are read for the rows of the page only, however far into the list it is.
    """
    return (_remembered_page if len(where) <= LONGEST_KEPT else _page)(source, where, order, first)


def _page(source: str, where: str, order: str, first: int) -> str:
    return f"""{FENCE} SELECT p.* FROM t CROSS JOIN LATERAL (
  SELECT {STORED} FROM (
    SELECT k.type, k.id, row_number() OVER () AS place FROM (
      SELECT r.type, r.id FROM {source} WHERE r.tenant_id = t.v::uuid AND {where}
      ORDER BY {order} LIMIT ${first}::bigint OFFSET ${first + 1}::bigint
    ) k
  ) k CROSS JOIN LATERAL (
    SELECT * FROM resource r WHERE r.tenant_id = t.v::uuid AND r.type = k.type AND r.id = k.id LIMIT 1
  ) r ORDER BY k.place OFFSET 0) p"""


def walk_sql(source: str, where: str, order: str, keys: tuple[str, ...], first: int) -> str:
    """A stretch of what ``source`` holds, with the values that sort each row. ``first`` is the parameter that limits.

    As for a page, ids come first.
    """
    return (_remembered_walk if len(where) <= LONGEST_KEPT else _walk)(source, where, order, keys, first)


def _walk(source: str, where: str, order: str, keys: tuple[str, ...], first: int) -> str:
    made = "".join(f", {key} AS k{number}" for number, key in enumerate(keys))
    shown = "".join(f", k.k{number}" for number in range(len(keys)))
    return f"""{FENCE} SELECT p.* FROM t CROSS JOIN LATERAL (
  SELECT {STORED}{shown} FROM (
    SELECT k.*, row_number() OVER () AS place FROM (
      SELECT r.type, r.id{made} FROM {source} WHERE r.tenant_id = t.v::uuid AND {where}
      ORDER BY {order} LIMIT ${first}::bigint
    ) k
  ) k CROSS JOIN LATERAL (
    SELECT * FROM resource r WHERE r.tenant_id = t.v::uuid AND r.type = k.type AND r.id = k.id LIMIT 1
  ) r ORDER BY k.place OFFSET 0) p"""


def total_sql(source: str, where: str) -> str:
    """How many rows match."""
    return (_remembered_total if len(where) <= LONGEST_KEPT else _total)(source, where)


def _total(source: str, where: str) -> str:
    return f"""{FENCE} SELECT p.n FROM t CROSS JOIN LATERAL (
  SELECT count(*) AS n FROM {source} WHERE r.tenant_id = t.v::uuid AND {where} OFFSET 0) p"""


_remembered_page = lru_cache(SHAPES)(_page)
_remembered_walk = lru_cache(SHAPES)(_walk)
_remembered_total = lru_cache(SHAPES)(_total)


def members_sql(source: str, where: str, order: str, first: int) -> str:
    """A page of one group's members. ``first`` is the number of the parameter that limits; the offset follows it."""
    direction = " DESC" if order.endswith("DESC") else ""
    return f"""{FENCE} SELECT p.* FROM t CROSS JOIN LATERAL (
  SELECT k.id, k.type, r.display FROM (
    SELECT m.member_id AS id, m.member_type AS type FROM {source} WHERE {where}
    ORDER BY {order} LIMIT ${first}::bigint OFFSET ${first + 1}::bigint
  ) k CROSS JOIN LATERAL (
    SELECT * FROM resource r WHERE r.tenant_id = t.v::uuid AND r.type = k.type AND r.id = k.id LIMIT 1
  ) r ORDER BY k.id{direction} OFFSET 0) p"""


def member_total_sql(source: str, where: str) -> str:
    """How many of them there are."""
    return f"""{FENCE} SELECT p.n FROM t CROSS JOIN LATERAL (
  SELECT count(*) AS n FROM {source} WHERE {where} OFFSET 0) p"""


@lru_cache(SHAPES)
def points_sql(column: str) -> str:
    """The same for many values at once, each with the type that it is asked of and how many resources at most; behind
    each resource stands the number of its value, from 1."""
    value = "k.value::uuid" if column == "id" else "k.value"
    return f"""{FENCE} SELECT p.*, k.n FROM t
CROSS JOIN unnest((SELECT $2::smallint[]), (SELECT $3::text[]), (SELECT $4::bigint[])) WITH ORDINALITY
  AS k(type, value, most, n) CROSS JOIN LATERAL (
  SELECT {STORED} FROM resource r WHERE r.tenant_id = t.v::uuid AND r.type = k.type AND r.{column} = {value}
  ORDER BY r.id LIMIT k.most) p ORDER BY k.n, p.id"""


@lru_cache(SHAPES)
def point_sql(column: str) -> str:
    """The resources that have a value in a column with a unique index; few, if not one."""
    value = "$3::uuid" if column == "id" else "$3::text"
    return f"""{FENCE} SELECT p.* FROM t CROSS JOIN LATERAL (
  SELECT {STORED} FROM resource r WHERE r.tenant_id = t.v::uuid AND r.type = $2 AND r.{column} = {value}
  ORDER BY r.id LIMIT $4::bigint OFFSET $5::bigint) p"""
