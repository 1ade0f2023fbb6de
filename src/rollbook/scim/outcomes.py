"""What came of an operation: a value that a dialect turns into an answer.

::

    Outcome
    ├─ Found         one resource: read, created (201), replaced or modified (200)
    ├─ Listed        a page of resources
    ├─ Unrolled      all resources that a query finds, page after page
    ├─ Joined        a page of a group's members
    ├─ Told          changes, as the feed tells them
    ├─ Done          it is done and there is nothing to show (204), with the new version where there is one
    ├─ NotModified   the client has this version already (304)
    ├─ Discovered    a discovery document
    └─ Bulked        what each operation of a bulk came to
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from rollbook.scim.projection import Projection
from rollbook.scim.resource import Member, Membership, Stored
from rollbook.scim.schema import ResourceType


class View(NamedTuple):
    """One resource with what lives in rows beside it; ``members`` and ``groups`` are None where nobody asked."""

    type: ResourceType
    stored: Stored
    members: list[Member] | None = None
    groups: list[Membership] | None = None


@dataclass(slots=True)
class Found:
    view: View
    projection: Projection | None
    created: bool = False


class Cursors(NamedTuple):
    """The cursors of a page that was asked for by cursor (RFC 9865 §2); None where there is no such page."""

    following: str | None = None
    previous: str | None = None


NO_CURSORS = Cursors()


@dataclass(slots=True)
class Listed:
    """``start_index`` is the 1-based position of the first row asked for, None for a page by cursor."""

    total: int
    start_index: int | None
    views: list[View]
    projections: Mapping[str, Projection | None]
    """By the resource type's name."""
    cursors: Cursors = NO_CURSORS


@dataclass(slots=True)
class Unrolled:
    """``first`` is there, ``rest`` is read while it is sent: of a long list there is never more than a page at once."""

    first: list[View]
    rest: AsyncIterator[list[View]]
    projections: Mapping[str, Projection | None]
    """By the resource type's name."""


@dataclass(slots=True)
class Joined:
    """As ``Listed``, of members."""

    total: int
    start_index: int | None
    members: list[Member]
    cursors: Cursors = NO_CURSORS


class ToldChange(NamedTuple):
    """One change of a resource: ``kind`` is ``created``, ``replaced``, ``modified`` or ``deleted``; ``number`` is the
    resource type's, None where the tenant has it no more."""

    kind: str
    resource_type: str
    number: int | None
    id: str
    version: int
    at: str


@dataclass(slots=True)
class Told:
    """``position`` is where to go on; ``more`` says whether more can be read at once."""

    position: str
    more: bool
    changes: list[ToldChange]


@dataclass(slots=True)
class Done:
    version: int | None = None
    type: ResourceType | None = None
    id: str = ""


@dataclass(slots=True)
class NotModified:
    version: int


@dataclass(slots=True)
class Discovered:
    document: Mapping[str, Any]
    created: bool = False


class PartOutcome(NamedTuple):
    """What one operation of a bulk came to. ``scim_type`` and ``detail`` are those of a refusal; ``type`` (a resource
    type's name) and ``id`` are what it was about, as far as that could be told."""

    number: int
    method: str
    bulk_id: str | None
    status: int
    location: str | None = None
    version: int | None = None
    scim_type: str | None = None
    detail: str = ""
    type: str = ""
    id: str = ""


@dataclass(slots=True)
class Bulked:
    """In the order of the request; what came after too many errors is not there."""

    parts: list[PartOutcome]


Outcome = Found | Listed | Unrolled | Joined | Told | Done | NotModified | Discovered | Bulked
