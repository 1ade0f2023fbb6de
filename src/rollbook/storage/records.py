"""The values that go into a store and come out of it. All are plain; none knows SQL.

Times are written moments (``clock.written``: UTC, milliseconds, fixed width, so texts compare as instants). Ids are
UUIDs as lower-case text. ``type`` is a ``ResourceType.number``.

A write is one value, a ``Change``, and it carries its event: a store cannot do the one without the other. Changes are
optimistic: whoever computes one has read the resource before, and says which version it read; the store compares that
inside the transaction of the write. So no transaction is ever held open while Python thinks (decision 0005).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from rollbook.events import Event, Kind
from rollbook.scim.binding import BoundFilter
from rollbook.scim.resource import Member as Member
from rollbook.scim.resource import Membership as Membership
from rollbook.scim.resource import Stored as Stored
from rollbook.scim.schema import Place, ResourceType

IndexRow = tuple[int, str, int]
"""One value of an indexed path (``scim.search_form.index_rows``): the path's position in ``ResourceType.index_paths``;
the value in search form, cut to ``INDEX_VALUE_LIMIT`` characters; its ordinal, 0 for the one that sorts the
resource."""


class UniqueRow(NamedTuple):
    """One value that nobody else of its type may have: ``path`` as a person writes it (``urn:…:User:badges.value``),
    ``value`` in search form."""

    path: str
    value: str


INDEX_VALUE_LIMIT = 200
"""Characters. Precedent: PostgreSQL refuses index rows over 2,704 bytes; 200 characters are at most 800 bytes."""


@dataclass(slots=True)
class Content:
    """What is kept of a resource's state. ``search`` is the document in search form (``scim.search_form``), as JSON."""

    key: str | None
    """The unique key in search form (``ResourceType.key``; for a User its userName)."""
    external_id: str | None
    display: str | None
    """What people call it, shown where it is a member or a group (``displayName``, else the person's name)."""
    display_key: str | None
    """``display`` in search form, for filters on ``members.display`` and ``groups.display``."""
    document: bytes
    search: bytes
    unique: Sequence[UniqueRow] | None = None
    """All of its unique values besides the key, each once; None where its type has no such attributes, or where those
    of before stay."""


@dataclass(slots=True)
class MemberChange:
    """What happens to the members of one group, in this order: all go if ``clear``; ``remove`` go; ``add`` come.

    ``clear`` with ``add`` leaves exactly ``add``: those of them that were members before simply stay, and where nobody
    else was there nothing has changed. An id is never in both ``remove`` and ``add``. Ids in ``add`` must be resources
    of the tenant (``MissingMembers``); removing one that is not a member does nothing, as does adding one that is.
    """

    clear: bool = False
    remove: Sequence[str] = ()
    add: Sequence[str] = ()


@dataclass(slots=True)
class GroupChange:
    """What happens to the groups that a resource is itself a member of, said from its side: as ``MemberChange``, seen
    from the other end.

    **Rules**: ids in ``add`` must be groups of the tenant (``MissingGroups``). Each group that it comes into or leaves
    gets a new version, and an event of its own; those that it is in through other groups only are left alone. ``clear``
    with ``add`` leaves exactly ``add``.
    """

    clear: bool = False
    remove: Sequence[str] = ()
    add: Sequence[str] = ()
    type: int = 2
    """The number of the type that groups are of."""
    name: str = "Group"


NO_PASSWORD = ""
"""In place of a password's hash: the one that there is goes."""


@dataclass(slots=True)
class Insert:
    """A new resource, at version 1."""

    type: int
    id: str
    connection: str
    at: str
    content: Content
    index: Sequence[IndexRow]
    event: Event
    members: Sequence[str] = ()
    schema: int | None = None
    """The revision of the tenant's catalogue by which the content was made; None: it is not looked at."""
    password: str | None = field(default=None, repr=False)
    """The hash of its password, if it has one."""
    groups: GroupChange | None = None


@dataclass(slots=True)
class Update:
    """A resource gets new content (or none: ``content`` None leaves the document), its version grows by one.

    **Rules**: ``version`` is the version that was read, or None where the change holds for any version (members or
    groups only). ``index`` None leaves the index rows. A change with no ``content`` whose ``members`` and ``groups``
    turn out to change nothing, and which takes away no password that was there and brings none, leaves version,
    lastModified and the event log as they were (``Applied.changed`` False). ``owner`` is the connection
    that the resource, with its externalId, belongs to from now on; None leaves it where it is.
    ``last_modified`` becomes the later of ``at`` and what it was.
    """

    type: int
    id: str
    version: int | None
    at: str
    event: Event
    content: Content | None = None
    index: Sequence[IndexRow] | None = None
    members: MemberChange | None = None
    owner: str | None = None
    schema: int | None = None
    """As ``Insert.schema``; a change without content needs none."""
    password: str | None = field(default=None, repr=False)
    """The hash of its new password, ``NO_PASSWORD``, or None, which leaves the one that there is."""
    groups: GroupChange | None = None
    leaves: bool = False
    """Whether a user who was active is so no longer: then those who follow lockers are told what he holds."""


@dataclass(slots=True)
class Delete:
    """A resource goes, with its memberships on both sides; groups that it was a member of get a new version, and an
    event of their own. ``names`` are the names of resource types by number, for these."""

    type: int
    id: str
    version: int | None
    at: str
    event: Event
    names: Mapping[int, str] = field(default_factory=dict)


Change = Insert | Update | Delete


class Applied(NamedTuple):
    """What a change came to. ``changed`` is False where nothing had to be done (and nothing was written)."""

    version: int
    created: str
    last_modified: str
    changed: bool


@dataclass(frozen=True, slots=True)
class Target:
    """One resource type that a query looks at. ``filter`` None means all; ``sort`` None means that this type has no
    such attribute, so its resources count as missing it."""

    type: ResourceType
    filter: BoundFilter | None = None
    sort: Place | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """A page of resources. ``offset`` is 0-based. Without ``sorted`` the order is by id; ties are by id, always."""

    targets: tuple[Target, ...]
    offset: int = 0
    limit: int = 100
    sorted: bool = False
    descending: bool = False
    location_base: str = ""
    """What stands before ``/Users/{id}`` in ``meta.location``, for filters and sorts on it."""


class Page(NamedTuple):
    """``total`` counts all that match, ``rows`` are those of the page, in order."""

    total: int
    rows: list[Stored]


class Edge(NamedTuple):
    """A row's place in the order of a query: the values that sort it (as the engine gave them; None: missing), and its
    id, which decides ties. It means something to the engine that made it only, and to a query of the same order."""

    values: tuple[str | int | float | None, ...]
    id: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a walk over what a query finds: the rows after ``edge``, or (``back``) those before it; without an
    edge from the first row on, or from the last row back."""

    edge: Edge | None = None
    back: bool = False
    count: bool = False
    """Whether the total is wanted."""


class Stretch(NamedTuple):
    """What a step came to: ``rows`` in the query's order, whichever way it went, and the edge of each; ``more`` says
    whether there are rows beyond, in the direction of the step."""

    rows: list[Stored]
    edges: list[Edge]
    more: bool
    total: int | None

    @property
    def last(self) -> Edge | None:
        """Where to go on."""
        return self.edges[-1] if self.edges else None


@dataclass(slots=True)
class MemberQuery:
    """A page of one group's members, in order of their ids: from ``offset`` on, or those after (``back``: before) the
    member ``edge``. Without an edge ``back`` begins at the end. ``filter`` is about one member."""

    type: ResourceType
    group: str
    filter: BoundFilter | None = None
    limit: int = 100
    offset: int = 0
    edge: str | None = None
    back: bool = False
    count: bool = True
    """Whether the total is wanted."""
    location_base: str = ""


class MemberPage(NamedTuple):
    """``members`` are in order of their ids, whichever way the page was read; ``more``: there are more that way."""

    members: list[Member]
    more: bool
    total: int | None


class Position(NamedTuple):
    """A place in a tenant's feed of changes, between two of them. What its parts mean is the engine's."""

    place: int
    version: int
    id: str


FIRST_POSITION = Position(-(1 << 62), 0, "00000000-0000-0000-0000-000000000000")
"""Before every change."""


class Changed(NamedTuple):
    """One change of a resource, as the feed tells it; ``version`` is the resource's version after it (for a deletion,
    the one that would have come), ``position`` the place right after it."""

    position: Position
    at: str
    kind: Kind
    resource_type: str
    id: str
    version: int


class Feed(NamedTuple):
    """Changes in their order; ``more`` says whether more follow. Positions are good for as long as ``epoch`` is the
    same; ``newest`` is the one after all changes that can be read now."""

    epoch: str
    changes: list[Changed]
    more: bool
    newest: Position


@dataclass(frozen=True, slots=True)
class SealingKey:
    """A key that seals cursors, shared by all workers. ``id`` is a UUID, ``secret`` 32 bytes."""

    id: str
    secret: bytes = field(repr=False)
    created: str


@dataclass(frozen=True, slots=True)
class Tenant:
    """An isolated customer. ``name`` as given; names are the same in any letter case."""

    id: str
    name: str
    dialect: str
    status: str  # "active" | "suspended" | "deleted"
    created: str
    connection: str
    """The id of the connection ``default``."""
    schemas: int = 0
    """The revision of its catalogue; 0: it has made no schemas or resource types."""
    configured: str = ""
    """What it has set for the dialects that it speaks: JSON, by the dialect's name; empty: nothing."""


@dataclass(frozen=True, slots=True)
class CatalogueChange:
    """A tenant's catalogue of schemas and resource types becomes another one, of the revision ``expected + 1``.

    **Rules**: from then on no content comes in that was made by another revision (``Insert.schema``). Before that, in
    the same transaction, each of ``guards`` has to find nothing. ``work`` is the written moment at which somebody has
    to look after the tenant's indexes, None where nobody has to.
    """

    expected: int
    document: bytes
    guards: tuple[Query, ...]
    work: str | None
    event: Event


@dataclass(frozen=True, slots=True)
class Connection:
    """One way into a tenant: the owner of its tokens and of the externalIds that were written through it.

    ``name`` is the same in any letter case. ``preset`` names what is tolerated (``scim.presets``); ``settings`` are the
    ones that differ from it, by name, as JSON values.
    """

    id: str
    name: str
    dialect: str
    preset: str
    settings: Mapping[str, Any] = field(hash=False)
    created: str


DEFAULT_SCOPES = ("scim.read", "scim.write")


@dataclass(frozen=True, slots=True)
class Token:
    """A static bearer token, as kept: never the secret itself. ``digest`` is SHA-256 of the whole token."""

    id: str
    tenant: str
    connection: str
    name: str
    digest: bytes
    hint: str
    """The last characters of the token, for a person to tell tokens apart."""
    created: str
    expires: str | None
    revoked: str | None
    scopes: tuple[str, ...] = DEFAULT_SCOPES
    """What its bearer may do."""
