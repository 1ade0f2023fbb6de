"""Rows that read alike on every engine. What an engine keeps in a form of its own is read in its own rooms."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import orjson

from rollbook.events import Event, Kind
from rollbook.ids import ordered_id
from rollbook.storage.records import (
    Changed,
    Edge,
    Member,
    MemberPage,
    MemberQuery,
    Position,
    Query,
    Step,
    Stored,
    Stretch,
)


def event_of(row: Iterable[Any]) -> Event:
    """An event of its columns, in the order of ``Event``'s fields; names are JSON lists, an id is text or a UUID."""
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


def cascaded(event: Event, name: str, id: str) -> Event:
    """The event of a group whose members changed because one of them did: by its deletion, or from its side. ``name``
    is that of the group's type."""
    return replace(
        event,
        id=ordered_id(),
        kind=Kind.RESOURCE_MODIFIED,
        resource_type=name,
        resource=id,
        attributes=("members",),
        tolerances=(),
    )


CHANGED_COLUMNS = "e.place, e.version, e.id, e.at, e.kind, e.resource_type, e.resource"


def changed_of(row: Iterable[Any]) -> Changed:
    """A change of ``CHANGED_COLUMNS``."""
    place, version, event, at, kind, of, resource = row
    return Changed(Position(place, version, str(event)), at, Kind(kind), of, resource, version)


def stretch_of(query: Query, step: Step, found: Sequence[tuple[Stored, Edge]], total: int | None) -> Stretch:
    """A step's rows as they came, which is one more than wanted where there are more, in the order of the query."""
    kept = list(found[: query.limit])
    if step.back:
        kept.reverse()
    rows = [stored for stored, _ in kept]
    return Stretch(rows, [edge for _, edge in kept], len(found) > query.limit, total)


def member_page_of(query: MemberQuery, found: Sequence[Member]) -> MemberPage:
    """Members as they came, which is one more than wanted where there are more; without the total."""
    kept = list(found[: query.limit])
    if query.back:
        kept.reverse()
    whole = query.edge is None and len(found) <= query.limit and (bool(found) or not query.offset)
    return MemberPage(kept, len(found) > query.limit, query.offset + len(found) if whole else None)


def whole_total(query: Query, step: Step, count: int) -> int | None:
    """How many rows match, where a step that found so many (one more than wanted, perhaps) has seen them all."""
    return count if step.edge is None and count <= query.limit else None
