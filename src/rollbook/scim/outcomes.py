"""What came of an operation: a value that a dialect turns into an answer.

::

    Outcome
    ├─ Found         one resource: read, created (201), replaced or modified (200)
    ├─ Listed        a page of resources
    ├─ Done          it is done and there is nothing to show (204), with the new version where there is one
    ├─ NotModified   the client has this version already (304)
    └─ Discovered    a discovery document
"""

from collections.abc import Mapping
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


@dataclass(slots=True)
class Listed:
    """``start_index`` is the 1-based position of the first row asked for."""

    total: int
    start_index: int
    views: list[View]
    projections: Mapping[str, Projection | None]
    """By the resource type's name."""


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


Outcome = Found | Listed | Done | NotModified | Discovered
