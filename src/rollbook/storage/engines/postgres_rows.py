"""How our values lie in PostgreSQL's rows and in the arrays that many rows at once travel in."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from rollbook.events import Event, Kind
from rollbook.storage.records import Insert, Stored, Tenant, Token, Update

NO_TENANT = "00000000-0000-0000-0000-000000000000"
"""The tenant of events that no tenant may see (refused logins)."""

Columns = Sequence[Sequence[Any]]

_NO_EVENTS: Columns = ((),) * 13
_NO_INDEX: Columns = ((),) * 5


is_id = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").fullmatch
"""Whether a text is an id as ids are written; any other names nothing that is here."""


def stored_of(row: Iterable[Any]) -> Stored:
    type, id, version, created, last_modified, document, grouped = row
    return Stored(type, str(id), version, created, last_modified, document.encode(), grouped)


def event_values(event: Event) -> tuple[Any, ...]:
    return (
        event.id,
        event.at,
        event.kind.value,
        event.actor,
        event.peer,
        event.request,
        event.resource_type,
        event.resource,
        event.status,
        event.scim_type,
        _names(event.attributes),
        _names(event.tolerances),
        event.repeats,
    )


def event_columns(events: Sequence[Event]) -> Columns:
    return tuple(zip(*map(event_values, events), strict=True)) if events else _NO_EVENTS


def _names(names: tuple[str, ...]) -> str:
    return orjson.dumps(names).decode() if names else "[]"


def event_of(row: Iterable[Any]) -> Event:
    id, at, kind, actor, peer, request, of, resource, status, scim_type, attributes, tolerances, repeats = row
    return Event(
        id=str(id),
        at=at,
        kind=Kind(kind),
        actor=actor,
        peer=peer,
        request=request,
        resource_type=of,
        resource=resource,
        status=status,
        scim_type=scim_type,
        attributes=tuple(orjson.loads(attributes)),
        tolerances=tuple(orjson.loads(tolerances)),
        repeats=repeats,
    )


def tenant_of(row: Iterable[Any]) -> Tenant:
    id, name, dialect, status, created, connection = row
    return Tenant(str(id), name, dialect, status, created, str(connection or ""))


def token_of(row: Iterable[Any]) -> Token:
    id, tenant, connection, name, digest, hint, created, expires, revoked = row
    return Token(str(id), str(tenant), str(connection), name, digest, hint, created, expires, revoked)


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
    )


def index_columns(changes: Sequence[Insert | Update]) -> Columns:
    """The arrays for index rows: type, path, value, id, ordinal."""
    rows = [(c.type, row.path, row.value, c.id, row.ordinal) for c in changes for row in c.index or ()]
    return tuple(zip(*rows, strict=True)) if rows else _NO_INDEX


def insert_arguments(tenant: str, changes: Sequence[Insert]) -> list[Any]:
    """The arguments of ``INSERT``."""
    contents = [c.content for c in changes]
    connections = [c.connection for c in changes]
    return [
        tenant,
        connections,
        [c.type for c in changes],
        [c.id for c in changes],
        [c.key for c in contents],
        [c.external_id for c in contents],
        [c.display for c in contents],
        [c.display_key for c in contents],
        [c.at for c in changes],
        [c.document.decode() for c in contents],
        [c.search.decode() for c in contents],
        *index_columns(changes),
        [c.connection for c in changes for _ in c.index],
        *event_columns([c.event for c in changes]),
        connections,
    ]


def update_arguments(tenant: str, changes: Sequence[Update]) -> list[Any]:
    """The arguments of ``UPDATE``, for changes that have a content; rows come back numbered by their place."""
    contents = [c.content for c in changes if c.content is not None]
    return [
        tenant,
        list(range(len(changes))),
        [c.type for c in changes],
        [c.id for c in changes],
        [c.version for c in changes],
        [c.at for c in changes],
        [c.key for c in contents],
        [c.external_id for c in contents],
        [c.display for c in contents],
        [c.display_key for c in contents],
        [c.document.decode() for c in contents],
        [c.search.decode() for c in contents],
    ]


def updates_arguments(tenant: str, changes: Sequence[Update]) -> list[Any]:
    """The arguments of ``UPDATES``."""
    numbers = list(range(len(changes)))
    return [
        *update_arguments(tenant, changes),
        [n for n in numbers if changes[n].index is not None],
        *index_columns(changes),
        *event_columns([c.event for c in changes]),
        numbers,
    ]
