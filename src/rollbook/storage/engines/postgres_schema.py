"""The schema of a PostgreSQL database: which version it has, bringing it up, and whether it is fit to serve from.

**Rules**: each migration is one transaction, and two hosts may start at once: the one that comes second finds the
other's row or table, undoes its own and looks again. No advisory locks, no ``LOCK TABLE`` (they do not exist
everywhere)."""

from collections.abc import Mapping

from asyncpg import DuplicateTableError, PostgresError, UniqueViolationError

from rollbook.storage.engines.postgres_identity_tables import TABLES as IDENTITY_TABLES
from rollbook.storage.engines.postgres_pool import Link
from rollbook.storage.errors import SchemaMismatch
from rollbook.storage.migrations import Migration, latest, migrations
from rollbook.storage.sql.locker_tables import TABLES as LOCKER_TABLES

ENGINE = "postgres"

_VERSION = "SELECT version FROM rollbook_schema ORDER BY version DESC LIMIT 1"
_HAS_SCHEMA = "SELECT to_regclass('rollbook_schema') IS NOT NULL"
_MIGRATED = "INSERT INTO rollbook_schema (version, name, applied) VALUES ($1, $2, $3)"

_PATIENCE = "SET LOCAL lock_timeout = '10s'; SET LOCAL statement_timeout = 0; SET LOCAL enable_seqscan = on"

OWN_TABLES = (
    *("connection", "resource", "member", "attribute_index", "password", "unique_value", "catalogue", "event"),
    *LOCKER_TABLES,
)
"""The tables under row-level security."""

_GRANTS = {
    "SELECT": "rollbook_schema, feed_epoch",
    "SELECT, INSERT, UPDATE": "tenant",
    "SELECT, INSERT, UPDATE, DELETE": ", ".join(
        (
            "connection, token, resource, member, attribute_index, password, unique_value, catalogue",
            *IDENTITY_TABLES,
            *LOCKER_TABLES,
        )
    ),
    "SELECT, INSERT": "event",
    "SELECT, INSERT, DELETE": "sealing_key",
}

_PROBLEMS = {
    "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user": (
        "the role in the database's URL is a superuser or has BYPASSRLS, so nothing but our own statements would keep"
        " tenants apart; use a role of its own, made with CREATE ROLE … LOGIN"
    ),
    "SELECT pg_encoding_to_char(encoding) <> 'UTF8' FROM pg_database WHERE datname = current_database()": (
        "the database's encoding is not UTF8; make one with ENCODING 'UTF8'"
    ),
    "SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean": (
        "the database is read-only (a standby, or default_transaction_read_only)"
    ),
    f"""SELECT to_regclass('rollbook_schema') IS NOT NULL AND count(*) <> {len(OWN_TABLES)} FROM pg_class
    WHERE oid IN ({", ".join(f"to_regclass('{name}')" for name in OWN_TABLES)})
    AND relrowsecurity AND relforcerowsecurity""": (
        "row-level security is not forced on every table; run `rollbook db migrate`, or restore it by hand"
    ),
    """SELECT has_table_privilege(oid, 'UPDATE') OR has_table_privilege(oid, 'DELETE')
    OR has_table_privilege(oid, 'TRUNCATE') FROM pg_class WHERE oid = to_regclass('event')""": (
        "the role may change or delete events; REVOKE UPDATE, DELETE, TRUNCATE ON event from it"
    ),
}
"""Questions whose answer should be false, and what is said otherwise."""

_RISKS = {
    "SELECT current_setting('fsync')::boolean IS FALSE OR current_setting('full_page_writes')::boolean IS FALSE": (
        "the server runs with fsync or full_page_writes off: acknowledged writes may be lost when it crashes"
    ),
    "SELECT current_setting('synchronous_commit') = 'off'": (
        "the server runs with synchronous_commit off: acknowledged writes may be lost when it crashes"
    ),
}
"""As above, for what can be served with."""


async def version(link: Link) -> int:
    """The schema version; 0 for an empty database."""
    ((there,),) = await link.fetch(_HAS_SCHEMA)
    rows = await link.fetch(_VERSION) if there else ()
    return int(rows[0][0]) if rows else 0


async def ping(link: Link) -> None:
    """**Raises** ``SchemaMismatch``; a driver's error where there is no schema at all."""
    rows = await link.fetch(_VERSION)
    found, wanted = int(rows[0][0]) if rows else 0, latest(ENGINE)
    if found != wanted:
        raise SchemaMismatch(found, wanted)


async def migrate(link: Link, at: str, grant_to: str | None) -> list[str]:
    """Run what is missing. ``grant_to`` is a role that serves and owns nothing: it gets the rights that serving needs.

    **Raises** ``SchemaMismatch`` where the database is of a later release.
    """
    ran = []
    found, wanted = await version(link), latest(ENGINE)
    while found < wanted:
        migration = next(m for m in migrations(ENGINE) if m.version == found + 1)
        if await _run(link, migration, at):
            ran.append(migration.name)
        found = await version(link)
    if found > wanted:
        raise SchemaMismatch(found, wanted)
    if grant_to is not None:
        await link.run(grants(grant_to))
    return ran


async def _run(link: Link, migration: Migration, at: str) -> bool:
    """Run one migration; False where somebody else has run it meanwhile."""
    await link.run(f"BEGIN; {_PATIENCE}")
    try:
        if migration.version > 1:
            await link.fetch(_MIGRATED, migration.version, migration.name, at)  # whoever has written the row goes on
        await link.run(migration.sql)
        if migration.version == 1:
            await link.fetch(_MIGRATED, migration.version, migration.name, at)
        await link.run("COMMIT")
    except (DuplicateTableError, UniqueViolationError):
        await link.run("ROLLBACK")
        # The names were taken: by the other host, if there is a schema now; else by somebody who is not us.
        if await version(link) < migration.version:
            raise
        return False
    except PostgresError:
        if not link.connection.is_closed():
            await link.run("ROLLBACK")
        raise
    return True


def grants(role: str) -> str:
    """The statements that let a role serve. ``role`` is its name as it is, not quoted."""
    quoted = '"' + role.replace('"', '""') + '"'
    return "; ".join(f"GRANT {rights} ON {tables} TO {quoted}" for rights, tables in _GRANTS.items())


async def problems(link: Link) -> list[str]:
    """See ``Store.problems``."""
    return await _true(link, _PROBLEMS)


async def risks(link: Link) -> list[str]:
    """See ``Store.risks``."""
    return await _true(link, _RISKS)


async def _true(link: Link, questions: Mapping[str, str]) -> list[str]:
    found = []
    for question, sentence in questions.items():
        rows = await link.fetch(question)
        if rows and rows[0][0]:
            found.append(sentence)
    return found
