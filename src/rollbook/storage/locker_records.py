"""The values of lockers that go into a store and come out of it. As in ``records``: plain, and none knows SQL.

::

    location ─┬─ section ─┬─ bank ─┬─ locker ── assignment ── a User (of ``records``)
              1           n        n    │  n                    │ member of
                                   locker group ──── link ──── a Group (of ``records``)

A tenant is a company. Ids are UUIDs as text, times written moments; a time zone is an IANA name. Users and their groups
are resources: here stand their ids only. What a *thing* of the structure is (``Thing``) says the first part; each has a
version, by which it is changed, and may have an ``external_id`` of the customer, unique among its kind.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntFlag
from typing import Any, NamedTuple

from rollbook.events import Event
from rollbook.storage.records import Applied, Stored

ACTIVE, CLOSED = "active", "closed"
"""The states of locations, sections and banks."""
BLOCKED, OUT_OF_ORDER = "blocked", "outOfOrder"
"""The states of lockers, beside ``ACTIVE``."""
ALLOW, DENY = "allow", "deny"
"""The effects of links."""
HOLDER = "holder"
"""The slot of the assignment of which a locker has one. Those who hold it beside others have their own id for slot."""

DAY, FIXED, SHARED, DELIVERY = "day", "fixed", "shared", "delivery"
"""The kinds of lockers, and of assignments. Of a shared locker nobody is the holder: each has a slot of his own."""
BOOKED = "booking"
"""An assignment that came of a booking."""


class Right(IntFlag):
    """What a link gives (or takes)."""

    USE = 1
    RESERVE = 2
    OPEN_REMOTE = 4
    MANAGE = 8


EVERY_DAY = 127
"""Of ``Link.days``: Monday is 1, Tuesday 2, Wednesday 4, … Sunday 64."""
WHOLE_DAY = 1440
"""Minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """What all of the structure has. ``attributes`` are the customer's own: texts by name."""

    id: str
    external_id: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict, hash=False)
    version: int = 1
    created: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Company(Thing):
    """The tenant, as far as it speaks of itself: its id is the tenant's. ``time_zone`` is that of locations which say
    none; ``language`` is a tag of BCP 47."""

    time_zone: str = "UTC"
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Location(Thing):
    name: str
    time_zone: str = "UTC"
    address: str = ""
    state: str = ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Section(Thing):
    location_id: str
    name: str
    floor: str = ""
    state: str = ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank(Thing):
    """``location_id`` is that of the section: the store sees to it. An unpublished bank is still being set up, and one
    in ``service_mode`` is being mended: nobody gets a locker in either. ``random_allocation``: who asks for a locker is
    given one, and does not choose."""

    section_id: str
    location_id: str = ""
    name: str
    description: str = ""
    controller: str = ""
    state: str = ACTIVE
    published: bool = True
    service_mode: bool = False
    random_allocation: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Locker(Thing):
    """``number`` is what stands on the door, unique in the bank; ``position`` its place in the bank. ``open_seconds``:
    for how long it opens, unless it is said. ``self_release``: its holder may give it back himself."""

    bank_id: str
    number: str
    position: int = 0
    size: str = ""
    kind: str = DAY
    accessible: bool = False
    state: str = ACTIVE
    state_reason: str = ""
    open_seconds: int = 5
    self_release: bool = True
    shareable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LockerGroup(Thing):
    """Its lockers are rows of their own (``LockerStore.locker_ids``)."""

    name: str
    description: str = ""
    bookable: bool = False
    postal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Link(Thing):
    """What the members of a user group may do with the lockers of a locker group.

    **Rules**: ``rights`` is of ``Right``. It holds from ``valid_from`` on and before ``valid_until`` (None: always),
    and on ``days`` from ``from_minute`` to before ``until_minute`` of the day, in the time zone of the locker's
    location; an ``until_minute`` that is not above ``from_minute`` is on the next day, and the day is the one on which
    it began. ``DENY`` takes its rights away whatever else allows them. ``max_lockers``: of that locker group a user may
    hold no more at once by this link. ``priority`` orders the links in what is shown, the greatest first.
    """

    user_group_id: str
    locker_group_id: str
    effect: str = ALLOW
    rights: int = int(Right.USE)
    days: int = EVERY_DAY
    from_minute: int = 0
    until_minute: int = WHOLE_DAY
    valid_from: str | None = None
    valid_until: str | None = None
    priority: int = 0
    max_lockers: int | None = None
    description: str = ""


class Ground(NamedTuple):
    """A link by which a user and a locker meet: he is a member of its user group, directly or by a group in it, and the
    locker is in its locker group."""

    link: Link
    time_zone: str
    """Of the locker's location."""
    held: int
    """How many lockers of that locker group the user holds."""


class Whereabouts(NamedTuple):
    """A locker with where it stands."""

    locker: Locker
    bank: Bank
    location: Location
    section_state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Somebody holds a locker, or held it (``ended``). ``slot``: ``HOLDER``, the user's id where he holds it beside
    others, None once it has ended. ``expires`` is when it should end; ``reason`` why it has (``released``, ``expired``,
    ``userDeleted``, …). ``shared_by`` is the holder's assignment, where he let somebody else in."""

    id: str
    locker_id: str
    user_id: str
    slot: str | None = HOLDER
    kind: str = DAY
    started: str
    expires: str | None = None
    ended: str | None = None
    reason: str = ""
    source: str = ""
    note: str = ""
    shared_by: str | None = None
    booking_id: str | None = None
    version: int = 1
    created: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """A locker is kept for a user from ``starts`` to before ``ends``. ``state`` is ``open``, ``cancelled`` or
    ``used``."""

    id: str
    locker_id: str
    user_id: str
    starts: str
    ends: str
    state: str = "open"
    version: int = 1
    created: str = ""
    last_modified: str = ""


Kept = Thing | Assignment | Booking
"""What is listed, and found by its id."""


class LockerEvent(NamedTuple):
    """What happened: ``kind`` is ``subject:action`` (``assignment:end``), ``subject`` a kind of thing and
    ``subject_id`` which; ``locker_id`` and ``user_id`` are whom it concerns."""

    id: str
    at: str
    kind: str
    actor: str
    subject: str
    subject_id: str
    locker_id: str | None = None
    user_id: str | None = None
    data: Mapping[str, Any] = {}


class Place(NamedTuple):
    """A place in the row of events. What its parts mean is the engine's."""

    place: int
    id: str


class Happened(NamedTuple):
    """``epoch``: places are good for as long as it is the same. ``last`` is the place after the last of ``events``."""

    epoch: str
    events: Sequence[LockerEvent]
    last: Place
    more: bool


@dataclass(frozen=True, slots=True)
class Act:
    """Who does something, and when: ``event`` is the audit's, written in the same transaction."""

    at: str
    event: Event

    @property
    def actor(self) -> str:
        return self.event.actor


class Answered(NamedTuple):
    """An answer that was given, as it is kept for a request that comes again."""

    status: int
    body: str
    etag: str = ""
    location: str = ""


@dataclass(frozen=True, slots=True)
class Once:
    """A request that is done once, however often it comes: ``key`` and ``digest`` (of what is asked) are SHA-256 in
    hexadecimal; ``answer`` makes of the result what is kept, until ``expires``."""

    key: str
    digest: str
    at: str
    expires: str
    answer: Callable[[Any], Answered] = field(compare=False)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a change is made. ``rehearse``: to its end, and then not at all."""

    once: Once | None = None
    rehearse: bool = False


PLAIN = Manner()


class Written(NamedTuple):
    """What a change of a resource came to, and the resource as it stands then (None: it is gone)."""

    applied: Applied
    stored: Stored | None


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of one kind: those after the edge, of which ``where`` is true: columns (fields of the record) and values,
    beside them ``updated_since``. The order is by ``last_modified, id`` where that is asked for, else by id."""

    where: Mapping[str, Any] = field(default_factory=dict, hash=False)
    limit: int = 100
    after: tuple[str, ...] | None = None
    updated_since: str | None = None


class Leaver(NamedTuple):
    """A user who is no longer active and still holds a locker."""

    assignment: Assignment
    user_name: str | None
    since: str
    """When the user's resource changed last."""


@dataclass(frozen=True, slots=True)
class Pin:
    """``subject`` is ``user``, ``locker`` or ``bank``; ``purpose`` ``pin`` or ``master``."""

    subject: str
    id: str
    purpose: str
    hash: str = field(repr=False)
    failures: int = 0
    locked_until: str | None = None
    changed: str = ""
