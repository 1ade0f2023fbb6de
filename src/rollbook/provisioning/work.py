"""What a use case is handed: the tenant's store, who asks, and what the answer needs. Nothing else can be reached."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from rollbook.clock import Clock
from rollbook.events import Event, Kind
from rollbook.ids import ordered_id
from rollbook.provisioning.lines import Lines
from rollbook.provisioning.seals import Seals
from rollbook.scim.errors import InvalidValue
from rollbook.scim.limits import Limits
from rollbook.scim.presets import Terms
from rollbook.scim.rules import Asked
from rollbook.scim.schema import ResourceType
from rollbook.scim.tolerances import Tolerances
from rollbook.storage.contract import TenantStore
from rollbook.storage.records import Applied, Change, Delete, Insert

UNASKED = Asked()


class Gate(Protocol):
    """Through which a change goes to the store: with others beside it, and in its turn (``bulk``)."""

    async def apply(self, change: Change) -> Applied:
        """As ``TenantStore.apply``."""


class Hasher(Protocol):
    """What makes a password's hash; what is kept of a password, and all that is."""

    async def hash(self, password: str) -> str:
        """The argon2id hash. **Raises** ``InvalidValue`` for what can be no password, ``Unavailable`` where too many
        wait."""


@dataclass(slots=True)
class Work:
    """One operation's surroundings.

    ``notes`` collects what a tolerance rewrote or dropped; the event of a write carries it. ``location_base`` is the
    public address of the dialect for this tenant.
    """

    store: TenantStore
    connection: str
    actor: str
    peer: str
    request: str
    clock: Clock
    terms: Terms
    limits: Limits
    location_base: str
    lines: Lines
    member_types: tuple[ResourceType, ...] = ()
    """The types that can be members of a group."""
    types: tuple[ResourceType, ...] = ()
    """All types that the tenant has."""
    schema: int | None = None
    """The revision of the tenant's catalogue by which the request was read."""
    strangers: Mapping[int, str] = field(default_factory=dict)
    """The types that cannot be members of a group: names by number. Only a tenant with types of its own has any."""
    notes: list[str] = field(default_factory=list)
    heard: int = 0
    """How many of the notes are about reading the request."""
    seals: Seals | None = None
    gate: Gate | None = None
    hasher: Hasher | None = None
    """None: passwords are not kept, whatever the terms say."""
    made_hash: str | None = field(default=None, repr=False)
    effects: list[Any] = field(default_factory=list)
    """What a dialect's rules want done once the write is done."""
    coming: Mapping[str, int] = field(default_factory=dict)
    """Resources that come with the same change, by id: their types. Nobody can read them yet."""

    @property
    def tolerances(self) -> Tolerances:
        return self.terms.tolerances

    @property
    def keeps_password(self) -> bool:
        """Whether a password that the client sends is kept."""
        return self.terms.store_passwords and self.hasher is not None

    async def hash(self, password: str) -> str:
        """The hash of the operation's password: made once, however often the operation is tried."""
        if self.made_hash is None:
            assert self.hasher is not None
            self.made_hash = await self.hasher.hash(password)
        return self.made_hash

    async def apply(self, change: Change) -> Applied:
        """Make a change; as ``TenantStore.apply``. **Raises** ``InvalidValue`` for members that cannot be ones."""
        if self.strangers:
            await self.prepare(change)
        elif not isinstance(change, Delete):
            change.schema = self.schema
        return await (self.store if self.gate is None else self.gate).apply(change)

    async def prepare(self, change: Change) -> None:
        """Say by which schemas a change was made, and see to its members. **Raises** ``InvalidValue``."""
        if isinstance(change, Delete):
            return
        change.schema = self.schema
        if not self.strangers:
            return
        members = change.members if isinstance(change, Insert) else change.members.add if change.members else ()
        types = {**await self.store.types_of(list(members)), **self.coming} if members else {}
        for id in members:
            if (number := types.get(id, 0)) in self.strangers:
                known = " or ".join(type.name for type in self.member_types)
                raise InvalidValue(
                    f"members: the resource {id[:64]} is a {self.strangers[number]}; a member is a {known}."
                )

    def asked(self, type: ResourceType, given: Mapping[str, Any], id: str = "") -> Asked:
        """The request as a type's rules see it; where there are none, one that nobody looks at."""
        if type.rules is None:
            return UNASKED
        self.effects.clear()
        return Asked(type.settings, given, id, self.clock.written(), self.notes, self.effects)

    def again(self) -> None:
        """Forget the notes of an attempt that is made again; those of reading the request stay."""
        del self.notes[self.heard :]

    def event(
        self, kind: Kind, at: str, type: ResourceType, id: str, status: int, attributes: tuple[str, ...] = ()
    ) -> Event:
        """The event of a write that is about to be made."""
        return Event(
            id=ordered_id(),
            at=at,
            kind=kind,
            actor=self.actor,
            peer=self.peer,
            request=self.request,
            resource_type=type.name,
            resource=id,
            status=status,
            attributes=attributes,
            tolerances=tuple(dict.fromkeys(self.notes)),
        )
