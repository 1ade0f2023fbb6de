"""How each engine spells the statements on lockers, which are written once.

**Rules**: ``$1`` is the tenant, everywhere. ``@active(r)`` says that the User ``r`` (a row of ``resource``) is active;
``@place`` is the place of a new event, ``@settled(e)`` says that no event can come before ``e`` any more;
``@joined(x)`` is the values of a group of rows, with commas between them. Rows are locked with ``FOR …`` at the end of
a line or statement: on SQLite there is one writer anyway.

PostgreSQL's row-level security asks who reads: a script runs in a transaction that has said so, a single statement says
it itself, *fenced* (see ``engines.postgres_statements``).
"""

import re
from functools import cache

_LOCKS = re.compile(r"\sFOR (?:NO KEY UPDATE|KEY SHARE|SHARE|UPDATE)(?: OF \w+)?")
_ACTIVE = re.compile(r"@active\((\w+)\)")
_SETTLED = re.compile(r"@settled\((\w+)\)")
_JOINED = re.compile(r"@joined\((\w+\.\w+)\)")
_TENANT = re.compile(r"\$1(?!\d)")

_FENCE = "WITH t AS MATERIALIZED (SELECT set_config('app.tenant', $1, true) AS v)"
_POSTGRES_PLACE = (
    "greatest(pg_current_xact_id()::text::bigint, pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1)"
)
_SQLITE_PLACE = "(SELECT coalesce(max(e.place), 0) + 1 FROM locker_event e WHERE e.tenant_id = $1)"


@cache
def for_sqlite(sql: str) -> str:
    sql = _LOCKS.sub("", sql).replace("@place", _SQLITE_PLACE)
    sql = _ACTIVE.sub(r"coalesce(\1.search ->> 'active', 1) = 1", sql)
    sql = _JOINED.sub(r"group_concat(\1)", sql)
    return _SETTLED.sub("true", sql).replace("$", "?")


@cache
def for_postgres(sql: str) -> str:
    sql = sql.replace("@place", _POSTGRES_PLACE)
    sql = _ACTIVE.sub(r"coalesce(\1.search ->> 'active', 'true') = 'true'", sql)
    sql = _JOINED.sub(r"string_agg(\1, ',')", sql)
    return _SETTLED.sub(r"\1.place < pg_snapshot_xmin(pg_current_snapshot())::text::bigint", sql)


@cache
def fenced(sql: str) -> str:
    """A look-up of PostgreSQL that is a transaction of its own."""
    return f"{_FENCE} SELECT p.* FROM t CROSS JOIN LATERAL ({_TENANT.sub('t.v::uuid', for_postgres(sql))} OFFSET 0) p"
