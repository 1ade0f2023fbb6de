"""The statements that are always the same. Those made of filters are in ``postgres_queries``.

**Rules**: Every statement on a tenant's rows names the tenant in its own words (``tenant_id = …``) and says who asks
(``app.tenant``), for row-level security. A single statement does the latter itself, *fenced*: ``t`` is materialized,
and what reads a table stands in a lateral subquery with ``OFFSET 0`` or ``LIMIT``, which PostgreSQL neither flattens
nor runs before it has a row of ``t``. Were it to, the policy would find no setting and the statement no rows: never
another tenant's. Statements inside a transaction rely on ``BEGIN`` (``begin``), which sets it for that transaction.
"""

from uuid import UUID

from rollbook.storage.rows import CHANGED_COLUMNS
from rollbook.storage.sql import identity_tokens, sessions
from rollbook.storage.sql.locker_lifecycle import CONCERNED

FENCE = "WITH t AS MATERIALIZED (SELECT set_config('app.tenant', $1, true) AS v)"

# Lists of ids that many a request reads by stand in a ``(SELECT …)``: so the planner does not see how long they are,
# and one plan serves for all (see ``plan_cache_mode`` in ``postgres_pool``).

TENANT = "t.v::uuid"
"""The tenant, to a fenced statement."""

SCHEMA = "SELECT version FROM rollbook_schema ORDER BY version DESC LIMIT 1"

_GROUPED = "EXISTS (SELECT FROM member m WHERE m.tenant_id = t.v::uuid AND m.member_id = r.id)"
STORED = f"r.type, r.id, r.version, r.created, r.last_modified, r.document, {_GROUPED}"

TYPES = """ARRAY(WITH RECURSIVE kind(type) AS (
  (SELECT o.type FROM resource o WHERE o.tenant_id = {tenant} ORDER BY o.type LIMIT 1)
  UNION ALL
  SELECT (SELECT o.type FROM resource o WHERE o.tenant_id = {tenant} AND o.type > kind.type ORDER BY o.type LIMIT 1)
  FROM kind WHERE kind.type IS NOT NULL
) SELECT kind.type FROM kind WHERE kind.type IS NOT NULL)"""
"""The types of which a tenant has resources, by jumping along the primary key: with them, a row is found by its id
alone."""

GET = f"""{FENCE} SELECT p.* FROM t CROSS JOIN LATERAL (
  SELECT {STORED} FROM resource r WHERE r.tenant_id = t.v::uuid AND r.type = $2 AND r.id = $3 LIMIT 1) p"""

GET_MANY = f"""{FENCE}
SELECT p.* FROM t CROSS JOIN unnest((SELECT $2::smallint[]), (SELECT $3::uuid[])) AS k(type, id) CROSS JOIN LATERAL (
  SELECT {STORED} FROM resource r WHERE r.tenant_id = t.v::uuid AND r.type = k.type AND r.id = k.id LIMIT 1) p"""

COUNT = f"""{FENCE} SELECT p.n FROM t CROSS JOIN LATERAL (
  SELECT count(*) AS n FROM resource r WHERE r.tenant_id = t.v::uuid AND r.type = $2 OFFSET 0) p"""

TYPES_OF = f"""{FENCE} SELECT p.id, p.type FROM t CROSS JOIN LATERAL (
  SELECT r.id, r.type FROM resource r
  WHERE r.tenant_id = t.v::uuid AND r.type = ANY({TYPES.format(tenant="t.v::uuid")})
  AND r.id = ANY((SELECT $2::uuid[])::uuid[]) OFFSET 0) p"""

MEMBER_COUNTS = f"""{FENCE} SELECT p.* FROM t CROSS JOIN LATERAL (
  SELECT m.group_id, count(*) FROM member m
  WHERE m.tenant_id = t.v::uuid AND m.group_id = ANY((SELECT $2::uuid[])::uuid[])
  GROUP BY m.group_id OFFSET 0) p"""

MEMBERS = f"""{FENCE} SELECT p.* FROM t CROSS JOIN LATERAL (
  SELECT m.group_id, m.member_id, m.member_type, r.display
  FROM member m JOIN resource r
  ON r.tenant_id = t.v::uuid AND r.type = m.member_type AND r.id = m.member_id
  WHERE m.tenant_id = t.v::uuid AND m.group_id = ANY((SELECT $2::uuid[])::uuid[])
  ORDER BY m.group_id, m.member_id OFFSET 0) p"""

GROUPS_OF = f"""{FENCE} SELECT p.* FROM t CROSS JOIN LATERAL (
  WITH RECURSIVE reached(start, id, direct) AS (
    SELECT m.member_id, m.group_id, true FROM member m WHERE m.tenant_id = t.v::uuid
      AND m.member_id = ANY((SELECT $2::uuid[])::uuid[])
    UNION
    SELECT reached.start, up.group_id, false FROM reached CROSS JOIN LATERAL (
      SELECT m.group_id FROM member m WHERE m.tenant_id = t.v::uuid AND m.member_id = reached.id OFFSET 0) up
  ), found AS (
    SELECT reached.start, reached.id, bool_or(reached.direct) AS direct FROM reached GROUP BY 1, 2
  )
  SELECT found.start, found.id, r.display, found.direct FROM found CROSS JOIN LATERAL (
    SELECT r.display FROM resource r
    WHERE r.tenant_id = t.v::uuid AND r.type = ANY({TYPES.format(tenant="t.v::uuid")}) AND r.id = found.id LIMIT 1) r
  ORDER BY 1, 2 OFFSET 0) p"""
"""Step by step along the index: how many groups there will be, the planner cannot know, and guesses far too many."""

EVENT_COLUMNS = (
    "id, at, kind, actor, peer, request, resource_type, resource, status, scim_type, attributes, tolerances, repeats"
)

EVENTS = f"""{FENCE} SELECT p.* FROM t CROSS JOIN LATERAL (
  SELECT {EVENT_COLUMNS} FROM event e
  WHERE e.tenant_id = t.v::uuid AND (e.at, e.id) > ($2, $3::uuid) AND e.at < $4
  ORDER BY e.at, e.id LIMIT $5) p"""

CHANGES = f"""{FENCE} SELECT f.epoch, pg_snapshot_xmin(pg_current_snapshot())::text::bigint, p.*
FROM t CROSS JOIN feed_epoch f LEFT JOIN LATERAL (
  SELECT {CHANGED_COLUMNS} FROM event e
  WHERE e.tenant_id = t.v::uuid AND e.version > 0 AND (e.place, e.version, e.id) > ($2, $3, $4::uuid)
  AND e.place < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
  ORDER BY e.place, e.version, e.id LIMIT $5) p ON true"""
"""Only what no transaction that still runs can get in front of."""

NEW_EPOCH = "UPDATE feed_epoch SET epoch = gen_random_uuid()::text"
SEALING_KEYS = "SELECT id, secret, created FROM sealing_key"
INSERT_SEALING_KEY = """WITH gone AS (DELETE FROM sealing_key WHERE created < $4)
INSERT INTO sealing_key (id, secret, created) VALUES ($1, $2, $3)"""

EVENTS_WRITTEN = f"""{FENCE} SELECT p.id FROM t CROSS JOIN LATERAL (
  SELECT e.id FROM event e WHERE e.tenant_id = t.v::uuid AND e.id = ANY($2::uuid[]) OFFSET 0) p"""

_EVENT = (
    "id uuid, at text, kind text, actor text, peer text, request text, resource_type text, resource text,"
    " status smallint, scim_type text, attributes text, tolerances text, repeats int"
)
_INDEX = "type smallint, path smallint, value text, id uuid, ordinal smallint"
_UNIQUE = "type smallint, path text, value text, id uuid"
_CONTENT = "type smallint, id uuid, at text, unique_key text, external_id text, display text, display_key text"


def _rows(parameter: int, columns: str) -> str:
    """The rows of a JSON list of objects, which is one parameter: reading it takes PostgreSQL a little longer than an
    array for each column takes it, and making it takes us much less."""
    return f"json_to_recordset(${parameter}::json) AS ({columns})"


INSERT_EVENTS = f"""{FENCE} INSERT INTO event (tenant_id, {EVENT_COLUMNS})
SELECT t.v::uuid, e.* FROM t CROSS JOIN LATERAL (SELECT * FROM json_to_recordset($2::json) AS e({_EVENT}) OFFSET 0) e"""

_INSERTED = f"""{FENCE},
c AS (SELECT p.id FROM t CROSS JOIN LATERAL (
  SELECT c.id FROM connection c WHERE c.tenant_id = t.v::uuid AND c.id = ANY($2::uuid[]) FOR KEY SHARE OF c) p),
r AS (INSERT INTO resource (tenant_id, type, id, connection_id, unique_key, external_id, display, display_key, version,
    created, last_modified, document, search)
  SELECT t.v::uuid, i.type, i.id, i.connection_id, i.unique_key, i.external_id, i.display, i.display_key, 1, i.at, i.at,
    i.document, i.search
  FROM t CROSS JOIN LATERAL (SELECT *
    FROM ROWS FROM (unnest($2::uuid[], $3::text[], $4::jsonb[]), {_rows(5, _CONTENT)})
    AS i(connection_id, document, search, type, id, at, unique_key, external_id, display, display_key)
    WHERE i.connection_id IN (SELECT c.id FROM c) OFFSET 0) i
  RETURNING type, id),
a AS (INSERT INTO attribute_index (tenant_id, type, path, value, id, ordinal)
  SELECT t.v::uuid, i.* FROM t CROSS JOIN LATERAL (SELECT * FROM json_to_recordset($6::json) AS i({_INDEX})
    WHERE i.id IN (SELECT r.id FROM r) OFFSET 0) i),
e AS (INSERT INTO event (tenant_id, {EVENT_COLUMNS}, version)
  SELECT t.v::uuid, {", ".join("i." + name.strip() for name in EVENT_COLUMNS.split(","))}, 1
  FROM t CROSS JOIN LATERAL (SELECT * FROM ROWS FROM ({_rows(7, _EVENT)}, unnest($2::uuid[]))
    AS i({EVENT_COLUMNS}, connection_id) WHERE i.connection_id IN (SELECT c.id FROM c) OFFSET 0) i)"""

INSERT = f"{_INSERTED}\nSELECT c.id FROM c"
"""Any number of new resources with their index rows and events. What names a connection that the tenant does not have
is left out; the answer is the connections that there are."""

INSERT_UNIQUE = f"""{_INSERTED},
q AS (INSERT INTO unique_value (tenant_id, type, path, value, id)
  SELECT t.v::uuid, i.* FROM t CROSS JOIN LATERAL (SELECT * FROM json_to_recordset($8::json) AS i({_UNIQUE})
    WHERE i.id IN (SELECT r.id FROM r) ORDER BY i.path, i.value OFFSET 0) i)
SELECT c.id FROM c"""
"""The same, where some have unique values besides the key: in one order, so that two such statements seldom meet."""

_GATE = "(SELECT t.v FROM t) IS NOT NULL"
"""A condition without a column: PostgreSQL asks it once, before it looks at any row below (a *One-Time Filter*)."""

_NEW_CONTENTS = f"""ROWS FROM (
    unnest($2::text[], $3::jsonb[]), {_rows(4, f"{_CONTENT}, version bigint, indexed boolean, owner uuid")}
  ) WITH ORDINALITY AS i(document, search, type, id, at, unique_key, external_id, display, display_key, version,
    indexed, owner, n)"""

UPDATES = f"""{FENCE},
u AS (UPDATE resource r SET version = r.version + 1, last_modified = greatest(r.last_modified, i.at),
    unique_key = i.unique_key, external_id = i.external_id, display = i.display, display_key = i.display_key,
    document = i.document, search = i.search,
  connection_id = coalesce(i.owner, r.connection_id)
  FROM {_NEW_CONTENTS}
  WHERE {_GATE} AND r.tenant_id = $1::uuid AND r.type = i.type AND r.id = i.id AND r.version = i.version
  RETURNING i.n, i.indexed, r.type, r.id, r.version, r.created, r.last_modified),
gone AS (DELETE FROM attribute_index x USING u
  WHERE {_GATE} AND u.indexed AND x.tenant_id = $1::uuid AND x.type = u.type AND x.id = u.id
  AND (x.type, x.path, x.value, x.id, x.ordinal) NOT IN (
    SELECT i.type, i.path, i.value, i.id, i.ordinal FROM json_to_recordset($5::json) AS i({_INDEX}))),
come AS (INSERT INTO attribute_index (tenant_id, type, path, value, id, ordinal)
  SELECT t.v::uuid, i.* FROM t, json_to_recordset($5::json) AS i({_INDEX})
  WHERE (i.type, i.id) IN (SELECT u.type, u.id FROM u) ON CONFLICT DO NOTHING),
e AS (INSERT INTO event (tenant_id, {EVENT_COLUMNS}, version)
  SELECT t.v::uuid, {", ".join("i." + name.strip() for name in EVENT_COLUMNS.split(","))}, u.version
  FROM t, u, ROWS FROM ({_rows(6, _EVENT)}) WITH ORDINALITY AS i({EVENT_COLUMNS}, n) WHERE i.n = u.n)
SELECT u.n, u.version, u.created, u.last_modified FROM u"""
"""New contents without memberships, with their index rows and events: the answer is those that had the version asked
for, numbered from 1, and nothing is done about the others.

**Rules**: each names a version. All parts see one moment, so that index rows of another change, which this one waited
for, would not be seen; but then the version does not fit. Reading what another part has changed (``u``) is beyond what
a distributed PostgreSQL (Citus) does unless all rows lie on one shard, as those of one tenant do."""

FOUND = f"""{FENCE} SELECT p.* FROM t CROSS JOIN unnest($2::smallint[], $3::uuid[]) AS k(type, id) CROSS JOIN LATERAL (
  SELECT r.type, r.id FROM resource r WHERE r.tenant_id = t.v::uuid AND r.type = k.type AND r.id = k.id LIMIT 1) p"""

# Inside a transaction that has said whose it is.

UPDATE = f"""UPDATE resource r SET version = r.version + 1, last_modified = greatest(r.last_modified, i.at),
  unique_key = i.unique_key, external_id = i.external_id, display = i.display, display_key = i.display_key,
  document = i.document, search = i.search,
  connection_id = coalesce(i.owner, r.connection_id)
FROM {_NEW_CONTENTS}
WHERE r.tenant_id = $1 AND r.type = i.type AND r.id = i.id AND r.version = coalesce(i.version, r.version)
RETURNING r.version, r.created, r.last_modified"""

TOUCH = """UPDATE resource SET version = version + 1, last_modified = greatest(last_modified, $4)
WHERE tenant_id = $1 AND type = $2 AND id = $3 RETURNING version, created, last_modified"""

FOLLOW_UPDATE = f"""WITH gone AS (DELETE FROM attribute_index x
  WHERE x.tenant_id = $1 AND x.type = $2 AND x.id = $3 AND $4::boolean
  AND (x.type, x.path, x.value, x.id, x.ordinal) NOT IN (
    SELECT i.type, i.path, i.value, i.id, i.ordinal FROM json_to_recordset($5::json) AS i({_INDEX}))),
come AS (INSERT INTO attribute_index (tenant_id, type, path, value, id, ordinal)
  SELECT $1, i.* FROM json_to_recordset($5::json) AS i({_INDEX}) ON CONFLICT DO NOTHING)
INSERT INTO event (tenant_id, {EVENT_COLUMNS}, version)
SELECT $1, e.*, $7::bigint FROM json_to_recordset($6::json) AS e({_EVENT})"""
"""Index rows and the event of a resource that has changed. Rows that stay as they are, are left alone."""

LOCK_MEMBERS = f"""SELECT r.id, r.type FROM resource r
WHERE r.tenant_id = $1 AND r.type = ANY({TYPES.format(tenant="$1")}) AND r.id = ANY($2::uuid[])
ORDER BY r.id FOR KEY SHARE"""

LOCK = """SELECT version, created, last_modified FROM resource
WHERE tenant_id = $1 AND type = $2 AND id = $3 FOR NO KEY UPDATE"""

LOCK_TO_DELETE = """SELECT version, created, last_modified FROM resource
WHERE tenant_id = $1 AND type = $2 AND id = $3 FOR UPDATE"""

MEMBERS_GO = "DELETE FROM member WHERE tenant_id = $1 AND group_id = $2 AND member_id = ANY($3::uuid[])"
OTHERS_GO = "DELETE FROM member WHERE tenant_id = $1 AND group_id = $2 AND member_id <> ALL($3::uuid[])"
MEMBERS_COME = """INSERT INTO member (tenant_id, group_id, member_id, member_type)
SELECT $1, $2, i.* FROM unnest($3::uuid[], $4::smallint[]) AS i ON CONFLICT DO NOTHING"""

PARENTS = f"""SELECT r.type, r.id FROM resource r WHERE r.tenant_id = $1 AND r.type = ANY({TYPES.format(tenant="$1")})
AND r.id IN (SELECT m.group_id FROM member m WHERE m.tenant_id = $1 AND m.member_id = $2) AND r.id <> $2
ORDER BY r.id FOR NO KEY UPDATE"""

TOUCH_PARENTS = """UPDATE resource r SET version = r.version + 1, last_modified = greatest(r.last_modified, $4)
FROM unnest($2::smallint[], $3::uuid[]) AS k(type, id)
WHERE r.tenant_id = $1 AND r.type = k.type AND r.id = k.id RETURNING r.type, r.id, r.version"""

TAKEN = f"""{FENCE} SELECT p.path FROM t CROSS JOIN LATERAL (
  SELECT x.path FROM unique_value x JOIN unnest((SELECT $4::text[]), (SELECT $5::text[])) AS i(path, value)
  ON x.path = i.path AND x.value = i.value
  WHERE x.tenant_id = t.v::uuid AND x.type = $2 AND x.id <> $3 LIMIT 1) p"""
"""By which of its values a resource was refused."""

TOLD = f"""INSERT INTO event (tenant_id, {EVENT_COLUMNS}, version)
SELECT $1, e.* FROM ROWS FROM ({_rows(2, _EVENT)}, unnest($3::bigint[])) AS e"""

PASSWORD_COMES = """INSERT INTO password (tenant_id, type, id, hash, changed) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (tenant_id, type, id) DO UPDATE SET hash = excluded.hash, changed = excluded.changed"""  # noqa: S105
PASSWORD_GOES = "DELETE FROM password WHERE tenant_id = $1 AND type = $2 AND id = $3"  # noqa: S105
PASSWORDS_GO = "DELETE FROM password WHERE tenant_id = $1"

DELETE = f"""WITH m AS (DELETE FROM member WHERE tenant_id = $1 AND (member_id = $3 OR group_id = $3)),
a AS (DELETE FROM attribute_index WHERE tenant_id = $1 AND type = $2 AND id = $3),
w AS (DELETE FROM password WHERE tenant_id = $1 AND type = $2 AND id = $3),
q AS (DELETE FROM unique_value WHERE tenant_id = $1 AND type = $2 AND id = $3),
e AS (INSERT INTO event (tenant_id, {EVENT_COLUMNS}, version)
  SELECT $1, e.* FROM ROWS FROM ({_rows(4, _EVENT)}, unnest($5::bigint[])) AS e)
DELETE FROM resource WHERE tenant_id = $1 AND type = $2 AND id = $3
RETURNING {CONCERNED.format(tenant="$1", id="$3")}"""
"""The answer is whether it means anything for lockers."""


def begin(tenant: str) -> str:
    """Open a transaction of a tenant."""
    return f"BEGIN; {be(tenant)}"


def be(tenant: str) -> str:
    """Be a tenant until the transaction ends."""
    return f"SELECT set_config('app.tenant', '{UUID(tenant)}', true)"


# Tenants and tokens: the tables without row-level security, by which it is found out whose request it is.

CONNECTION = "SELECT 1 FROM connection WHERE tenant_id = $1 AND id = $2 FOR KEY SHARE"

_TENANT_COLUMNS = "t.id, t.name, t.dialect, t.status, t.created, c.id, t.schema_revision, t.configured"
_DEFAULT = """CROSS JOIN LATERAL (SELECT set_config('app.tenant', t.id::text, true) AS v OFFSET 0) own
LEFT JOIN LATERAL (
  SELECT c.id FROM connection c WHERE c.tenant_id = own.v::uuid AND c.name = 'default' LIMIT 1) c ON true"""
"""The id of a tenant's connection ``default``, which is the tenant's own: so the setting follows the rows."""

_TENANT = f"SELECT {_TENANT_COLUMNS} FROM tenant t {_DEFAULT}"
TENANT_BY_ID = f"{_TENANT} WHERE t.id = $1"
TENANT_BY_NAME = f"{_TENANT} WHERE t.name_key = $1 AND t.status <> 'deleted'"
TENANTS = f"{_TENANT} WHERE t.status <> 'deleted' ORDER BY t.name_key"
ALL_TENANTS = "SELECT id FROM tenant ORDER BY id"

INSERT_TENANT = """INSERT INTO tenant (id, name, name_key, dialect, status, created)
VALUES ($1, $2, $3, $4, $5, $6)"""
INSERT_CONNECTION = """INSERT INTO connection (tenant_id, id, name, dialect, preset, settings, created)
VALUES ($1, $2, $3, $4, $5, $6, $7)"""
LOCK_TENANT = "SELECT 1 FROM tenant WHERE id = $1 AND status <> 'deleted' FOR SHARE"
CONFIGURE = "UPDATE tenant SET configured = $2 WHERE id = $1 AND status <> 'deleted'"
SET_STATUS = "UPDATE tenant SET status = $2 WHERE id = $1 AND status <> 'deleted'"
TENANT_GONE = """UPDATE tenant SET status = 'deleted', name_key = id::text, schema_work = NULL
WHERE id = $1 AND status <> 'deleted'"""
TOKENS_GONE = "DELETE FROM token WHERE tenant_id = $1"
CONNECTIONS_GONE = "DELETE FROM connection WHERE tenant_id = $1"

_TOKEN_COLUMNS = (
    "k.id, k.tenant_id, k.connection_id, k.name, k.digest, k.hint, k.created, k.expires, k.revoked, k.scopes"  # noqa: S105
)
_CONNECTION_COLUMNS = "w.id, w.name, w.dialect, w.preset, w.settings, w.created"
FIND_TOKEN = f"""SELECT {_TOKEN_COLUMNS}, {_TENANT_COLUMNS}, {_CONNECTION_COLUMNS}
FROM token k JOIN tenant t ON t.id = k.tenant_id {_DEFAULT}
CROSS JOIN LATERAL (
  SELECT w.* FROM connection w WHERE w.tenant_id = own.v::uuid AND w.id = k.connection_id LIMIT 1) w
WHERE k.digest = $1"""
STANDING = f"""SELECT {identity_tokens.STANDING}, {_TENANT_COLUMNS}, {_CONNECTION_COLUMNS}
FROM tenant t {_DEFAULT} {identity_tokens.STANDING_OF}
CROSS JOIN LATERAL (
  SELECT w.* FROM connection w WHERE w.tenant_id = own.v::uuid AND w.id = l.connection_id LIMIT 1) w
WHERE t.id = $1"""
FIND_SESSION = f"""SELECT {sessions.FOUND}, {_TENANT_COLUMNS}, {_CONNECTION_COLUMNS}
FROM tenant t {_DEFAULT} {sessions.FOUND_OF}
CROSS JOIN LATERAL (
  SELECT w.* FROM connection w WHERE w.tenant_id = own.v::uuid AND w.id = s.connection_id LIMIT 1) w
WHERE s.digest = $1"""
TOKENS = f"SELECT {_TOKEN_COLUMNS} FROM token k WHERE k.tenant_id = $1 ORDER BY k.created, k.id"
LOCK_TOKEN = "SELECT revoked FROM token WHERE tenant_id = $1 AND id = $2 FOR UPDATE"  # noqa: S105
REVOKE_TOKEN = "UPDATE token SET revoked = $3 WHERE tenant_id = $1 AND id = $2"  # noqa: S105
INSERT_TOKEN = """INSERT INTO token
  (id, tenant_id, connection_id, name, digest, hint, created, expires, revoked, scopes)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"""  # noqa: S105

CONNECTIONS = f"""{FENCE} SELECT p.* FROM t CROSS JOIN LATERAL (
  SELECT {_CONNECTION_COLUMNS} FROM connection w WHERE w.tenant_id = t.v::uuid ORDER BY lower(w.name) OFFSET 0) p"""
UPDATE_CONNECTION = "UPDATE connection SET preset = $3, settings = $4 WHERE tenant_id = $1 AND id = $2"
DELETE_CONNECTION = "DELETE FROM connection WHERE tenant_id = $1 AND id = $2"
REVOKE_TOKENS = "UPDATE token SET revoked = $3 WHERE tenant_id = $1 AND connection_id = $2 AND revoked IS NULL"
COUNT_OF_CONNECTION = f"""{FENCE} SELECT p.n FROM t CROSS JOIN LATERAL (
  SELECT count(*) AS n FROM resource r WHERE r.tenant_id = t.v::uuid AND r.connection_id = $2 OFFSET 0) p"""
PASSWORD_OF = f"""{FENCE} SELECT p.hash FROM t CROSS JOIN LATERAL (
  SELECT w.hash FROM password w WHERE w.tenant_id = t.v::uuid AND w.type = $2 AND w.id = $3 LIMIT 1) p"""
CONNECTION_OF = f"""{FENCE} SELECT p.id FROM t CROSS JOIN LATERAL (
  SELECT w.id FROM resource r JOIN connection w ON w.tenant_id = t.v::uuid AND w.id = r.connection_id
  WHERE r.tenant_id = t.v::uuid AND r.type = $2 AND r.id = $3 LIMIT 1) p"""
