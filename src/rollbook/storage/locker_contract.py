"""What every engine promises about lockers. Got by ``TenantStore.lockers``: a handle on one tenant, and nothing else.

Every method may raise ``Unavailable`` and ``Busy``. What changes something takes an ``Act``, whose event is written in
the same transaction, beside rows of its own for those who follow ``events``. It may raise, beside what stands with it:
``NotFound``, ``LockerRefused`` (with a code), ``VersionConflict``, and by its ``Manner`` ``AnsweredBefore``,
``KeyReused`` or ``Rehearsed``; whatever it raises, nothing was changed.

An id that is no UUID names nothing. A locker is locked (its row) by whatever gives it to somebody, a user by whatever
gives him something: so of two who want the last locker one gets it, and nobody gets more than he may hold.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from rollbook.storage.locker_records import (
    PLAIN,
    Act,
    Assignment,
    Booking,
    Happened,
    Kept,
    Leaver,
    Listing,
    Locker,
    Manner,
    Once,
    Pin,
    Place,
    Thing,
    Written,
)
from rollbook.storage.locker_records import Ground as Ground
from rollbook.storage.locker_records import Whereabouts as Whereabouts
from rollbook.storage.records import Change

if TYPE_CHECKING:
    from rollbook.storage.access_contract import AccessStore
    from rollbook.storage.bank_contract import BankStore
    from rollbook.storage.numbered_contract import NumberedStore

K = TypeVar("K", bound=Kept)
T = TypeVar("T", bound=Thing)


Judge = Callable[[Sequence[Ground]], str | None]
"""Whether grounds are enough: None where they are, else the code of what is missing. No grounds: no rights."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Which locker somebody wants: this one, or any that is free and fits. ``seed`` decides which of them."""

    locker_id: str | None = None
    location_id: str | None = None
    section_id: str | None = None
    bank_id: str | None = None
    group_id: str | None = None
    size: str | None = None
    kind: str | None = None
    accessible: bool | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Allocate:
    """``judge`` None: whoever asks may decide (the operator). ``kind`` None: as the locker is."""

    wish: Wish
    assignment_id: str
    user_id: str
    judge: Judge | None = None
    kind: str | None = None
    expires: str | None = None
    source: str = "api"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Book:
    wish: Wish
    booking_id: str
    user_id: str
    starts: str
    ends: str
    judge: Judge | None = None


class BankStatus(NamedTuple):
    """Lockers of a bank, counted by kind, state and whether somebody holds them: those of the whole bank (``group_id``
    None), and those of each locker group."""

    group_id: str | None
    group_name: str | None
    kind: str
    state: str
    held: bool
    lockers: int


class LockerStore(Protocol):
    @property
    def access(self) -> "AccessStore":
        """Who may do what."""

    @property
    def numbered(self) -> "NumberedStore":
        """By page numbers."""

    @property
    def banks(self) -> "BankStore":
        """Banks as a whole."""

    # -- reading -------------------------------------------------------------------------------------------------------

    async def find(self, kind: type[K], id: str) -> K | None: ...

    async def listed(self, kind: type[K], listing: Listing) -> list[K]:
        """At most ``limit`` of a kind. The names in ``where`` are fields of the record; beside them ``location_id``,
        ``section_id`` and ``group_id`` of lockers, ``location_id`` of banks; of assignments ``open``, and ``open_at``
        and ``over_at`` a moment, at which what has expired is over; of bookings ``over_at`` as well."""

    async def whereabouts(self, locker_ids: Sequence[str]) -> dict[str, Whereabouts]: ...

    async def locker_ids(self, group_id: str, after: str = "", limit: int = 500) -> list[str]:
        """The lockers of a locker group, in order of their ids."""

    async def group_ids(self, locker_id: str) -> list[str]:
        """The locker groups of a locker."""

    async def holders(self, locker_ids: Sequence[str], at: str) -> dict[str, list[Assignment]]:
        """The assignments of some lockers that are open, and not over at that moment."""

    async def bookings_between(self, locker_ids: Sequence[str], starts: str, ends: str) -> list[Booking]:
        """The open bookings that overlap a time."""

    async def grounds(self, user_id: str, locker_id: str, at: str) -> list[Ground]:
        """All links by which they meet, whatever their validity and effect; ``held`` is of that moment."""

    async def free(self, wish: Wish, starts: str, ends: str | None, limit: int, after: str = "") -> list[Locker]:
        """Lockers in service that fit and that nobody holds or has booked from then to then (None: for good), in order
        of their ids."""

    async def is_active(self, user_id: str) -> bool | None:
        """Whether a User is active; None where there is none."""

    async def status(self, bank_id: str, at: str) -> list[BankStatus]: ...

    async def leavers(self, limit: int, after: str = "") -> list[Leaver]:
        """Open assignments of users who are not active, in order of the assignments' ids."""

    async def epoch(self) -> str:
        """Places are good for as long as this is the same."""

    async def events(self, after: Place | None, limit: int, where: Mapping[str, str] | None = None) -> Happened:
        """What happened after a place. ``where``: of ``locker_id``, ``user_id``, ``subject``."""

    # -- the structure -------------------------------------------------------------------------------------------------

    async def create(self, thing: T, act: Act, manner: Manner = PLAIN) -> T:
        """**Raises** ``LockerRefused("taken", …)`` (its name among its siblings, its ``external_id``),
        ``LockerRefused("noParent", …)``."""

    async def change(self, thing: T, act: Act, manner: Manner = PLAIN) -> T:
        """The thing of that id, at that version, becomes this one, a version later."""

    async def delete(self, kind: type[Thing], id: str, version: int | None, act: Act, manner: Manner = PLAIN) -> None:
        """**Raises** ``LockerRefused("inUse", …)`` where something hangs on it."""

    async def bring(
        self,
        things: Sequence[Thing],
        act: Act,
        manner: Manner = PLAIN,
        members: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Create (``version`` 0) and change many things in their order, and after them put lockers into groups
        (``members``: by the group's id): all or none."""

    async def change_group(
        self, group_id: str, add: Sequence[str], remove: Sequence[str], act: Act, manner: Manner = PLAIN
    ) -> int:
        """Lockers come into a locker group, and go; how many did. **Raises** ``LockerRefused("noLocker", …)``."""

    # -- who holds what ------------------------------------------------------------------------------------------------

    async def allocate(self, ask: Allocate, act: Act, manner: Manner = PLAIN) -> Assignment: ...

    async def release(
        self, assignment_id: str, reason: str, act: Act, manner: Manner = PLAIN, version: int | None = None
    ) -> Assignment:
        """It ends, and with it those that were shared by it. Released already: ``LockerRefused("ended", …)``."""

    async def share(
        self,
        locker_id: str,
        holder_id: str,
        user_id: str,
        new_id: str,
        act: Act,
        manner: Manner = PLAIN,
        judge: Judge | None = None,
    ) -> Assignment:
        """Another is let in, where the judge lets him; None: nobody is asked."""

    async def transfer(
        self,
        assignment_id: str,
        user_id: str,
        new_id: str,
        act: Act,
        manner: Manner = PLAIN,
        judge: Judge | None = None,
    ) -> Assignment:
        """It ends, and another user holds the locker from then on; nobody can come between."""

    async def extend(self, assignment: Assignment, act: Act, manner: Manner = PLAIN) -> Assignment:
        """Another ``expires`` or ``note``, at that version."""

    async def set_state(self, locker_id: str, state: str, reason: str, act: Act, manner: Manner = PLAIN) -> Locker:
        """Block, unblock, take out of order; whoever holds it still does."""

    async def unlock(
        self,
        locker_id: str,
        user_id: str | None,
        seconds: int | None,
        act: Act,
        manner: Manner = PLAIN,
        judge: Judge | None = None,
    ) -> int:
        """Tell the controller to open a locker (an event); for how many seconds. ``user_id``: who holds it."""

    async def book(self, ask: Book, act: Act, manner: Manner = PLAIN) -> Booking: ...

    async def cancel(self, booking_id: str, act: Act, manner: Manner = PLAIN) -> Booking: ...

    async def set_pin(self, pin: Pin, act: Act) -> None: ...

    async def pin(self, subject: str, id: str, purpose: str) -> Pin | None: ...

    async def drop_pin(self, subject: str, id: str, purpose: str, act: Act) -> None: ...

    async def count_pin_failure(self, subject: str, id: str, purpose: str, locked_until: str | None) -> int:
        """How many failures there are now; 0 to begin anew is ``forgive_pin``."""

    async def uncount_pin_failure(self, subject: str, id: str, purpose: str) -> None:
        """One failure less: it was none."""

    async def forgive_pin(self, subject: str, id: str, purpose: str) -> None: ...

    async def expire(self, limit: int, act: Act, manner: Manner = PLAIN) -> int:
        """End assignments that are over, and forget answers kept for requests that come again. What is over counts for
        nothing before that, too: this keeps the tables tidy."""

    # -- once, or not at all -------------------------------------------------------------------------------------------

    async def write(self, change: Change, manner: Manner) -> Written:
        """``TenantStore.apply`` in a manner of here: ``Once.answer`` and ``Rehearsed`` get what is returned."""

    async def look(self, once: Once) -> None:
        """Nothing, where a request was not answered before. **Raises** ``AnsweredBefore``, ``KeyReused``."""

    async def keep(self, once: Once, result: object) -> None:
        """Remember the answer to a request for which nothing had to be done."""
