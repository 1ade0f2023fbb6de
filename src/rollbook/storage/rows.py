"""Rows that read alike on every engine. What an engine keeps in a form of its own is read in its own rooms."""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from rollbook.events import Event, Kind
from rollbook.storage.records import Edge, Query, Step, Stored, Stretch


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


def stretch_of(query: Query, step: Step, found: Sequence[tuple[Stored, Edge]], total: int | None) -> Stretch:
    """A step's rows as they came, which is one more than wanted where there are more, in the order of the query."""
    kept = list(found[: query.limit])
    if step.back:
        kept.reverse()
    rows = [stored for stored, _ in kept]
    first, last = (kept[0][1], kept[-1][1]) if kept else (None, None)
    return Stretch(rows, first, last, len(found) > query.limit, total)


def whole_total(query: Query, step: Step, count: int) -> int | None:
    """How many rows match, where a step that found so many (one more than wanted, perhaps) has seen them all."""
    return count if step.edge is None and count <= query.limit else None
