"""What every engine promises about who may do what with lockers: the facts, and the searches that SQL answers.

Got by ``LockerStore.access``. What the facts mean is said by ``lockers.access`` in plain Python; ``reachable`` says the
same in SQL, for all lockers of a user at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from rollbook.storage.locker_records import Assignment, Ground, Link, Right, Whereabouts


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that a decision on one user and one locker goes by, at one moment."""

    active: bool | None
    """Whether the user is active; None: there is no such user."""
    stands: Whereabouts | None
    """The locker with where it stands; None: there is no such locker."""
    grounds: Sequence[Ground]
    holders: Sequence[Assignment]
    """The open assignments of the locker that are not over."""


Holding = Literal["any", "mine", "free"]
"""``any``: whoever holds it. ``mine``: a fixed locker and one for a delivery is held by the user, any other by nobody
else. ``free``: nobody holds it."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Which lockers are meant: those with a right at a moment."""

    right: Right
    at: str
    holding: Holding
    in_service: bool
    another: bool
    """Whether the user is to get one more: then he may not hold as many as he may already."""
    location_id: str | None = None


class Hour(NamedTuple):
    """A moment as the clocks of a time zone show it: the bits of the day and of the day before, and the minute."""

    time_zone: str
    today: int
    yesterday: int
    minute: int


class Crowd(NamedTuple):
    """Users who are in just these of some user groups, directly or through other groups."""

    groups: frozenset[str]
    users: int
    example: str
    """The id of one of them."""


class Row(NamedTuple):
    """Lockers of one time zone that are in just these of some locker groups."""

    groups: frozenset[str]
    time_zone: str
    lockers: int
    example: str


class AccessStore(Protocol):
    async def user_of(self, user_name: str) -> str | None:
        """The user of that userName, in search form."""

    async def user_of_badge(self, path: str, value: str) -> str | None:
        """The user who has a unique value; ``path`` as in ``scim.unique``."""

    async def locker_of(self, external_id: str) -> str | None: ...

    async def facts(self, user_id: str, locker_id: str, at: str) -> Facts: ...

    async def time_zones(self) -> list[str]:
        """Those of all locations."""

    async def reachable(self, user_id: str, reach: Reach, hours: Sequence[Hour], limit: int, after: str) -> list[str]:
        """The lockers that a user reaches, in order of their ids; ``hours`` has every time zone there is."""

    async def links_of(self, locker_id: str) -> list[Ground]:
        """All links of a locker's groups; ``held`` is 0, since nobody asks."""

    async def user_groups(self, user_id: str) -> dict[str, str]:
        """What the groups are called, by their ids, that a user is in, directly or through others; by name."""

    async def locker_groups(self, locker_id: str) -> dict[str, str]:
        """What the locker groups of a locker are called, by their ids; by name."""

    async def groups_below(self, group_ids: Sequence[str]) -> list[str]:
        """These user groups, and all groups that are in them."""

    async def members_after(self, group_id: str, after: str, limit: int) -> list[str]:
        """Users who are members of just this group, in order of their ids."""

    async def welcome(self, user_ids: Sequence[str], denied: Sequence[str]) -> set[str]:
        """Those of some users who are active and a member of none of some groups."""

    async def held(self, user_ids: Sequence[str], group_ids: Sequence[str], at: str) -> Mapping[tuple[str, str], int]:
        """How many lockers of locker groups users hold, by user and group."""

    async def links(self) -> list[Link]:
        """All links of the tenant."""

    async def crowds(self, roots: Sequence[str], touched: Sequence[str]) -> list[Crowd]:
        """The active users below some ``touched`` groups, by which of ``roots`` they are in."""

    async def groups_of_users(self, user_ids: Sequence[str]) -> dict[str, frozenset[str]]:
        """The groups that users are direct members of; users who are there and active, each with all of his."""

    async def above(self, group_ids: Sequence[str], roots: Sequence[str]) -> dict[str, frozenset[str]]:
        """By group: which of ``roots`` it is, or is in."""

    async def rows(self, groups: Sequence[str], touched: Sequence[str]) -> list[Row]:
        """The lockers of some ``touched`` locker groups, by which of ``groups`` they are in."""

    async def groups_of_lockers(self, locker_ids: Sequence[str]) -> dict[str, tuple[frozenset[str], str]]:
        """The locker groups of lockers, and their time zone; lockers that are there."""
