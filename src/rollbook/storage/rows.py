"""Rows that read alike on every engine. What an engine keeps in a form of its own is read in its own rooms."""

from collections.abc import Iterable
from typing import Any

import orjson

from rollbook.events import Event, Kind


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
