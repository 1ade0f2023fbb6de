"""What a request asks (RFC 7644 §3): one value for each operation, read from the wire by a dialect.

``Shown`` is how much of a resource the client wants to see; ``Conditions`` are the ETags it named (RFC 7644 §3.14).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rollbook.scim.bulk import Message, PartReader
from rollbook.scim.etag import Condition
from rollbook.scim.page import QueryParameters
from rollbook.scim.patch import PatchOperation
from rollbook.scim.projection import Projection
from rollbook.scim.schema import ResourceType


@dataclass(frozen=True, slots=True)
class Conditions:
    """``If-Match`` and ``If-None-Match``, or None where the client did not send them."""

    match: Condition | None = None
    none_match: Condition | None = None


NO_CONDITIONS = Conditions()


@dataclass(slots=True)
class Create:
    """``id`` is chosen here only where others name it before it is there (a bulk)."""

    type: ResourceType
    body: Mapping[str, Any]
    projection: Projection | None = None
    id: str | None = None


@dataclass(slots=True)
class Retrieve:
    type: ResourceType
    id: str
    projection: Projection | None = None
    conditions: Conditions = NO_CONDITIONS


@dataclass(slots=True)
class Query:
    """A search over one resource type, or over several at once (``mixed``: at the root, where an attribute that one of
    the types lacks matches nothing of it). ``whole`` asks for all that it finds, and no page of that."""

    types: tuple[ResourceType, ...]
    parameters: QueryParameters
    mixed: bool = False
    whole: bool = False


@dataclass(frozen=True, slots=True)
class ListMembers:
    """A page of one group's members, in order of their ids. The filter's paths are relative to a member."""

    type: ResourceType
    id: str
    parameters: QueryParameters


@dataclass(frozen=True, slots=True)
class ReadChanges:
    """Changes of resources after a position: None from the beginning, ``now`` for the position after all of them."""

    since: str | None
    count: int


@dataclass(slots=True)
class Replace:
    type: ResourceType
    id: str
    body: Mapping[str, Any]
    projection: Projection | None = None
    conditions: Conditions = NO_CONDITIONS
    minimal: bool = False


@dataclass(slots=True)
class Modify:
    """``whole`` asks for the resource in the answer even where the dialect would answer 204 (``attributes``,
    ``Prefer: return=representation``); ``minimal`` asks for none (``Prefer: return=minimal``)."""

    type: ResourceType
    id: str
    operations: tuple[PatchOperation, ...]
    projection: Projection | None = None
    conditions: Conditions = NO_CONDITIONS
    minimal: bool = False
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Delete:
    type: ResourceType
    id: str
    conditions: Conditions = NO_CONDITIONS


@dataclass(frozen=True, slots=True)
class Discover:
    """``topic`` is ``ServiceProviderConfig``, ``Schemas`` or ``ResourceTypes``; ``name`` one entry, or None for all."""

    topic: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Define:
    """A schema or resource type of the tenant's own, as ``document`` has it: a new one, or the one of ``name``."""

    topic: str
    name: str
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Withdraw:
    """A schema or resource type of the tenant's own goes."""

    topic: str
    name: str


@dataclass(frozen=True, slots=True)
class Bulk:
    """Many operations in one request; ``reader`` makes each from its part of the message."""

    message: Message
    reader: PartReader


Operation = (
    Create
    | Retrieve
    | Query
    | ListMembers
    | ReadChanges
    | Replace
    | Modify
    | Delete
    | Discover
    | Define
    | Withdraw
    | Bulk
)
