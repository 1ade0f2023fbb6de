"""How our values lie in PostgreSQL's rows, and how many rows at once travel: as one JSON list, but for the documents,
which are JSON in themselves and need no packing."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from rollbook.events import Event
from rollbook.storage.records import Connection, Content, Insert, Stored, Tenant, Token, Update

NO_TENANT = "00000000-0000-0000-0000-000000000000"
"""The tenant of events that no tenant may see (refused logins)."""

is_id = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").fullmatch
"""Whether a text is an id as ids are written; any other names nothing that is here."""


def stored_of(row: Iterable[Any]) -> Stored:
    type, id, version, created, last_modified, document, grouped = row
    return Stored(type, str(id), version, created, last_modified, document.encode(), grouped)


def event_rows(events: Sequence[Event]) -> str:
    """The fields of an event are called what the columns are called."""
    return orjson.dumps(events).decode()


def tenant_of(row: Iterable[Any]) -> Tenant:
    id, name, dialect, status, created, connection, schemas, configured = row
    return Tenant(str(id), name, dialect, status, created, str(connection or ""), schemas, configured)


def token_of(row: Iterable[Any]) -> Token:
    id, tenant, connection, name, digest, hint, created, expires, revoked, scopes = row
    return Token(
        str(id), str(tenant), str(connection), name, digest, hint, created, expires, revoked, tuple(scopes.split())
    )


def connection_of(row: Iterable[Any]) -> Connection:
    id, name, dialect, preset, settings, created = row
    return Connection(str(id), name, dialect, preset, orjson.loads(settings), created)


def connection_values(connection: Connection) -> tuple[Any, ...]:
    return (
        connection.id,
        connection.name,
        connection.dialect,
        connection.preset,
        orjson.dumps(connection.settings).decode(),
        connection.created,
    )


def token_values(token: Token) -> tuple[Any, ...]:
    return (
        token.id,
        token.tenant,
        token.connection,
        token.name,
        token.digest,
        token.hint,
        token.created,
        token.expires,
        token.revoked,
        " ".join(token.scopes),
    )


def index_rows(changes: Sequence[Insert | Update]) -> str:
    rows = [
        {"type": c.type, "path": path, "value": value, "id": c.id, "ordinal": ordinal}
        for c in changes
        for path, value, ordinal in c.index or ()
    ]
    return orjson.dumps(rows).decode() if rows else "[]"


def unique_rows(changes: Sequence[Insert]) -> str:
    """The unique values of new resources; ``""`` where none has any."""
    rows = [
        {"type": c.type, "path": path, "value": value, "id": c.id}
        for c in changes
        for path, value in c.content.unique or ()
    ]
    return orjson.dumps(rows).decode() if rows else ""


def insert_arguments(tenant: str, changes: Sequence[Insert]) -> tuple[Any, ...]:
    """The arguments of ``INSERT``; with one more, ``unique_rows``, those of ``INSERT_UNIQUE``."""
    return (
        tenant,
        [c.connection for c in changes],
        *_contents([c.content for c in changes], [_row(c, c.content) for c in changes]),
        index_rows(changes),
        event_rows([c.event for c in changes]),
    )


def update_arguments(tenant: str, changes: Sequence[Update]) -> tuple[Any, ...]:
    """The arguments of ``UPDATE``, for changes that have a content."""
    contents = [c.content for c in changes if c.content is not None]
    rows = [
        {**_row(c, content), "version": c.version, "indexed": c.index is not None, "owner": c.owner}
        for c, content in zip(changes, contents, strict=True)
    ]
    return (tenant, *_contents(contents, rows))


def updates_arguments(tenant: str, changes: Sequence[Update]) -> tuple[Any, ...]:
    """The arguments of ``UPDATES``; rows come back numbered by their place, from 1."""
    return (*update_arguments(tenant, changes), index_rows(changes), event_rows([c.event for c in changes]))


def _row(change: Insert | Update, content: Content) -> dict[str, Any]:
    return {
        "type": change.type,
        "id": change.id,
        "at": change.at,
        "unique_key": content.key,
        "external_id": content.external_id,
        "display": content.display,
        "display_key": content.display_key,
    }


def _contents(contents: Sequence[Content], rows: Sequence[dict[str, Any]]) -> tuple[list[str], list[str], str]:
    return (
        [content.document.decode() for content in contents],
        [content.search.decode() for content in contents],
        orjson.dumps(rows).decode(),
    )
