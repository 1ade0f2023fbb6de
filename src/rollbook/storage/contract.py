"""What every engine promises. The promise is a test suite: ``rollbook.testing.storage_contract``.

``Store`` is the operator's handle on everything; ``TenantStore`` is a handle on one tenant and on nothing else (law 4):
no method of it takes a tenant id, and no method of ``Store`` reads or writes a tenant's resources.

Every method may raise ``Unavailable`` (the database is away) and ``Busy``; what else each raises stands with it.
"""

from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence
from typing import Protocol

from rollbook.events import Event
from rollbook.scim.schema import ResourceType
from rollbook.storage.entrance_contract import EntranceStore
from rollbook.storage.errors import StoreError
from rollbook.storage.identity_contract import IdentityStore
from rollbook.storage.locker_contract import LockerStore
from rollbook.storage.records import (
    Applied,
    CatalogueChange,
    Change,
    Connection,
    Feed,
    Insert,
    Member,
    MemberPage,
    MemberQuery,
    Membership,
    Page,
    Position,
    Query,
    SealingKey,
    Step,
    Stored,
    Stretch,
    Tenant,
    Token,
)
from rollbook.storage.session_contract import SessionStore


class TenantStore(Protocol):
    """A handle on one tenant."""

    @property
    def tenant_id(self) -> str: ...

    @property
    def lockers(self) -> LockerStore:
        """The tenant's lockers, and who may use them."""

    async def get(self, type: int, id: str) -> Stored | None:
        """One resource, or None. An ``id`` that is no UUID is simply not there."""

    async def query(self, query: Query) -> Page:
        """A page of resources with the total; everything runs in the database."""

    async def walk(self, query: Query, step: Step) -> Stretch:
        """At most ``query.limit`` rows beside an edge, in the query's order. ``query.offset`` means nothing here.

        A row that is neither changed nor deleted is found once by a walk from end to end, whatever else is written.
        """

    async def count(self, type: int) -> int:
        """How many resources of a type there are."""

    async def members(self, groups: Sequence[str]) -> dict[str, list[Member]]:
        """The members of some groups, by group id, each list ordered by member id. One statement for all groups."""

    async def member_page(self, query: MemberQuery) -> MemberPage:
        """A page of one group's members, for whoever must not load them all. A group that is not there has none."""

    async def groups_of(self, ids: Sequence[str]) -> dict[str, list[Membership]]:
        """The groups of some resources, direct and indirect, by resource id; cycles end. One statement for all."""

    async def member_counts(self, groups: Sequence[str]) -> dict[str, int]:
        """How many members each of these groups has; those without any are left out. One statement for all groups."""

    async def types_of(self, ids: Sequence[str]) -> dict[str, int]:
        """The type of each of these resources, by id; what is not there is left out. One statement for all."""

    async def apply(self, change: Change) -> Applied:
        """Make one change, its index rows and its event in one transaction: all or nothing.

        **Raises** ``NotFound``, ``AlreadyExists("key" | "externalId" | path)``, ``VersionConflict``,
        ``MissingMembers``, ``MissingGroups``, ``SchemaChanged``.
        When this returns, the change is durable. When it raises, nothing of it (the event neither) was written.
        """

    async def apply_each(self, changes: Sequence[Change]) -> list[Applied | StoreError]:
        """Make changes in their order, each as ``apply`` makes it, but many in one transaction.

        **Shape**: what each came to. The first that is refused is the last that is tried, so the list may be shorter
        than ``changes``: whoever asked decides about the rest. **Raises** ``Busy``, ``Unavailable``; then nothing of
        any change was written.
        """

    async def apply_together(self, inserts: Sequence[Insert]) -> list[Applied]:
        """Make new resources that may be members of each other, in one transaction: all or nothing.

        **Raises** ``OneRefused``, with what ``apply`` raises for that one.
        """

    async def apply_all(self, changes: Callable[[], AsyncIterable[Sequence[Change]]]) -> int:
        """Make all changes of a stream in their order, in one transaction: all or nothing; how many.

        Never more than one piece of the stream is held. Other writers may be told ``Busy`` while it lasts, all of them
        on SQLite. The stream may be asked for again, from its beginning. **Raises** ``OneRefused``.
        """

    async def record(self, events: Sequence[Event]) -> None:
        """Keep events that tell of no change (refused writes)."""

    async def changes(self, after: Position, limit: int) -> Feed:
        """At most ``limit`` changes of resources after a position, deletions and the groups that these touched
        included.

        **Rules**: whoever goes on from the last position misses no change, whoever writes meanwhile; a change never
        appears before one that it came after, and those of one resource are in order of version.
        """

    def events(self, since: str | None = None, until: str | None = None) -> AsyncIterator[Event]:
        """The events with ``since <= at < until``, oldest first, streamed."""

    async def connections(self) -> list[Connection]:
        """All connections, by name."""

    async def create_connection(self, connection: Connection, event: Event) -> None:
        """**Raises** ``AlreadyExists("name")`` (in any letter case), ``NotFound`` for a deleted tenant."""

    async def update_connection(self, connection: Connection, event: Event) -> None:
        """Give the connection of that id the preset and the settings; nothing else changes. **Raises** ``NotFound``."""

    async def delete_connection(self, connection_id: str, at: str, event: Event) -> None:
        """The connection goes and its tokens are revoked; the resources that it made stay as they are, their
        externalIds too. **Raises** ``NotFound``."""

    async def count_of_connection(self, connection_id: str) -> int:
        """How many resources belong to a connection."""

    async def connection_of(self, type: int, id: str) -> str | None:
        """The id of the connection that a resource (and its externalId) belongs to; None where either is gone."""

    async def password_of(self, type: int, id: str) -> str | None:
        """The hash of a resource's password; None where it has none. Nothing else gives it back."""

    async def forget_passwords(self) -> None:
        """Take the passwords of all resources away. Their versions stay."""

    async def catalogue(self) -> tuple[int, bytes]:
        """The revision of the tenant's catalogue and its document; ``(0, b"")`` where it has none."""

    async def change_catalogue(self, change: CatalogueChange) -> None:
        """**Raises** ``VersionConflict`` where the revision is another one by now, ``WouldBreak`` (the first guard that
        finds something), ``NotFound`` for a deleted tenant; then nothing has changed."""

    async def fill_index(self, type: ResourceType, path: int, after: str, count: int) -> str | None:
        """Write the rows of one index path (by its number) for the next ``count`` resources of a type, in order of
        their ids, the first after ``after`` (``""`` to begin): the last id, or None where there were fewer."""

    async def empty_index(self, type: int, path: int, count: int) -> int:
        """Delete up to ``count`` rows of one index path; how many went."""

    async def create_token(self, token: Token, event: Event) -> None:
        """**Raises** ``NotFound`` where the tenant has no such connection."""

    async def tokens(self) -> list[Token]:
        """All tokens, revoked and expired ones too, oldest first."""

    async def revoke_token(self, token_id: str, at: str, event: Event) -> None:
        """**Raises** ``NotFound``. Revoking one that is revoked already changes nothing."""


class Store(Protocol):
    """The operator's handle. ``name`` is ``"sqlite"`` or ``"postgres"``."""

    @property
    def name(self) -> str: ...

    async def open(self) -> None:
        """Connect. **Raises** ``Unavailable``. Neither creates nor checks the schema."""

    async def close(self) -> None:
        """Finish what is under way and let go of everything."""

    async def ping(self) -> None:
        """A cheap proof that the database answers and that the schema is ours. **Raises** ``Unavailable``,
        ``SchemaMismatch``."""

    async def schema_version(self) -> int:
        """0 for an empty database."""

    async def migrate(self) -> list[str]:
        """Bring the schema up to this release; the names of the migrations that ran, oldest first."""

    async def problems(self) -> list[str]:
        """What makes this database unfit to serve (role is a superuser, integrity check fails, …), as sentences.

        An empty database can be asked too, before it is migrated.
        """

    async def risks(self) -> list[str]:
        """What an operator should mend, though one can serve with it (a file that others can read, a full disk)."""

    @property
    def identity(self) -> IdentityStore:
        """The identity server's rows."""

    @property
    def entrance(self) -> EntranceStore:
        """Failures, invitations, letters, outside issuers."""

    @property
    def sessions(self) -> SessionStore:
        """Sessions, the keys of encrypted logins, and activations."""

    def tenant(self, tenant_id: str) -> TenantStore:
        """The handle on one tenant. **Raises** ``ValueError`` for an empty or malformed id (fail closed)."""

    async def create_tenant(self, tenant: Tenant, event: Event) -> None:
        """With its connection ``default``. **Raises** ``AlreadyExists("name")``."""

    async def find_tenant(self, name_or_id: str) -> Tenant | None:
        """By name (any letter case) or id. A deleted tenant is found by its id only."""

    async def tenants(self) -> list[Tenant]:
        """All but the deleted ones, by name."""

    async def set_tenant_status(self, tenant_id: str, status: str, event: Event) -> None:
        """**Raises** ``NotFound``."""

    async def configure_tenant(self, tenant_id: str, configured: str, event: Event) -> None:
        """Set ``Tenant.configured``. **Raises** ``NotFound`` (also for one that is deleted)."""

    async def delete_tenant(self, tenant_id: str, at: str, event: Event) -> None:
        """Delete all resources, memberships and tokens; the tenant's row stays as ``deleted`` with its events, its name
        is free. **Raises** ``NotFound``."""

    async def find_token(self, digest: bytes) -> tuple[Token, Tenant, Connection] | None:
        """The token of that digest with its tenant and its connection, whatever the state of token and tenant. A token
        whose connection is gone is gone too."""

    async def schema_work(self, at: str) -> list[tuple[str, str]]:
        """The tenants whose indexes somebody has to look after by now, with the moment from which on; a few."""

    async def claim_schema_work(self, tenant_id: str, due: str, until: str | None) -> bool:
        """Take on the work of a tenant until a moment, when it is due again (None: it is done). False where somebody
        else has."""

    async def record(self, events: Sequence[Event]) -> None:
        """Keep events of no tenant (refused logins)."""

    def events(self, since: str | None = None, until: str | None = None) -> AsyncIterator[Event]:
        """The events of no tenant, as ``TenantStore.events``."""

    async def sealing_keys(self) -> list[SealingKey]:
        """All keys that seal cursors. A backup need not hold them."""

    async def add_sealing_key(self, key: SealingKey, drop_before: str) -> None:
        """Keep a new key, and let those go that were made before a moment."""

    async def backup(self, path: str) -> None:
        """Write a consistent copy of everything to one file (an SQLite database, whatever the engine)."""

    async def restore(self, path: str) -> None:
        """Replace everything by what ``backup`` wrote. **Raises** ``StoreError`` where the file is none of ours; then
        nothing was changed."""
