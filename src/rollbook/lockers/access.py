"""Who may do what with a locker: the meaning, in plain Python, of one user, one locker, one action and one moment.

::

    the user is there, and active ............ noUser, userInactive
    the locker is there, and in service ...... noLocker, lockerBlocked, lockerClosed
    a link allows it, now, and none denies ... noLink, denied, noRight, notNow      (``judging``)
    nobody else holds it ..................... heldByAnother; fixed lockers and deliveries: notHeld
    he may have one more ..................... quota                                (``allocate`` alone)

Each of these is a condition that is true or false by itself; the decision is whether all are, and its reason is the
first that is not. ``storage.sql.locker_access`` says the same in SQL, for all lockers of a user.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from rollbook.lockers import judging
from rollbook.storage.access_contract import Facts, Holding, Hour, Reach
from rollbook.storage.locker_contract import Ground, Whereabouts
from rollbook.storage.locker_records import ACTIVE, ALLOW, DELIVERY, DENY, FIXED, HOLDER, SHARED, Assignment, Right


@dataclass(frozen=True, slots=True)
class Action:
    """What a user wants to do with a locker."""

    name: str
    about: str
    right: Right
    holding: Holding = "any"
    in_service: bool = True
    another: bool = False

    def given_by(self, ground: Ground, at: str) -> bool:
        """Whether a link gives this (or takes it) at a moment."""
        return bool(ground.link.rights & self.right) and judging.holds(ground.link, ground.time_zone, at)

    def reach(self, at: str, location_id: str | None = None) -> Reach:
        """Which lockers are meant by it, at a moment."""
        return Reach(self.right, at, self.holding, self.in_service, self.another, location_id)


ACTIONS: Mapping[str, Action] = {
    action.name: action
    for action in (
        Action("open", "open it, standing in front of it", Right.USE, "mine"),
        Action("openRemote", "open it from afar", Right.OPEN_REMOTE, "mine"),
        Action("allocate", "take it for oneself", Right.USE, "free", another=True),
        Action("reserve", "book it for later", Right.RESERVE),
        Action("manage", "look after it: block it, open it for others", Right.MANAGE, in_service=False),
    )
}
"""The actions that can be asked about, by name."""

NO_USER, USER_INACTIVE = "noUser", "userInactive"
NO_LOCKER, LOCKER_BLOCKED, LOCKER_CLOSED = "noLocker", "lockerBlocked", "lockerClosed"
HELD_BY_ANOTHER, NOT_HELD = "heldByAnother", "notHeld"

WHY: Mapping[str, str] = {
    NO_USER: "There is no such user.",
    USER_INACTIVE: "The user is not active.",
    NO_LOCKER: "There is no such locker.",
    LOCKER_BLOCKED: "The locker is blocked or out of order.",
    LOCKER_CLOSED: "The bank, the section or the location of the locker is closed, being set up or being mended.",
    HELD_BY_ANOTHER: "Somebody else holds the locker.",
    NOT_HELD: "A locker of this kind is opened by whom it is assigned to, and it is not assigned to this user.",
    **judging.WHY,
}
"""What the codes mean, for an administrator."""

TOLD: Mapping[str, str] = {
    NO_USER: "You are not known here.",
    USER_INACTIVE: "Your account is not active.",
    NO_LOCKER: "There is no such locker.",
    LOCKER_BLOCKED: "This locker is out of use.",
    LOCKER_CLOSED: "These lockers are closed.",
    HELD_BY_ANOTHER: "This locker is taken.",
    NOT_HELD: "This locker is not yours.",
    judging.NO_LINK: "Your groups may not use this locker.",
    judging.DENIED: "Your groups may not use this locker.",
    judging.NO_RIGHT: "Your groups may not do this with this locker.",
    judging.NOT_NOW: "Your groups may use this locker at another time.",
    judging.QUOTA: "You have as many lockers as you may have.",
}
"""What a terminal may tell the user: nothing about others, or about how the house is set up."""


class Condition(NamedTuple):
    """One condition of a decision. ``code`` is the reason that it is not met; None: it is."""

    name: str
    code: str | None

    @property
    def met(self) -> bool:
        return self.code is None


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a user may, and by which conditions."""

    conditions: tuple[Condition, ...]

    @property
    def allowed(self) -> bool:
        return all(condition.met for condition in self.conditions)

    @property
    def reason(self) -> str | None:
        """The code of the first condition that is not met."""
        return next((condition.code for condition in self.conditions if not condition.met), None)


def decide(facts: Facts, action: Action, user_id: str, at: str) -> Decision:
    """The decision on one user and one locker. The tenant is live, or nobody could ask."""
    stands = facts.stands
    return Decision(
        (
            Condition("userIsThere", NO_USER if facts.active is None else None),
            Condition("userIsActive", None if facts.active else USER_INACTIVE),
            Condition("lockerIsThere", NO_LOCKER if stands is None else None),
            Condition("lockerIsInService", _service(stands) if action.in_service else None),
            *_links(facts, action, at),
            Condition("lockerIsHisOrFree", _holding(stands, facts.holders, action, user_id)),
        )
    )


def concerned(facts: Facts, action: Action, at: str, code: str | None) -> Sequence[Ground] | None:
    """The links by which a decision has this reason; None where its reason is no link's."""
    if code not in judging.WHY:
        return None
    if code == judging.NO_RIGHT:
        return facts.grounds
    found = [ground for ground in facts.grounds if ground.link.rights & action.right]
    if code != judging.NOT_NOW:
        found = [ground for ground in found if action.given_by(ground, at)]
    effect = DENY if code == judging.DENIED else ALLOW
    return [ground for ground in found if ground.link.effect == effect]


def _service(stands: Whereabouts | None) -> str | None:
    if stands is None:
        return NO_LOCKER
    if stands.locker.state != ACTIVE:
        return LOCKER_BLOCKED
    return None if in_service(stands) else LOCKER_CLOSED


def in_service(stands: Whereabouts) -> bool:
    """Whether a locker is used: it is not blocked, and nothing in which it stands is closed, set up or mended."""
    bank = stands.bank
    states = (stands.locker.state, bank.state, stands.section_state, stands.location.state)
    return all(state == ACTIVE for state in states) and bank.published and not bank.service_mode


def _links(facts: Facts, action: Action, at: str) -> tuple[Condition, ...]:
    """What the links say, each condition by itself; the first that is not met is what ``judging.may`` says."""
    meant = [ground for ground in facts.grounds if ground.link.rights & action.right]
    now = [ground for ground in meant if action.given_by(ground, at)]
    allowing = [ground for ground in now if ground.link.effect == ALLOW]
    room = [g for g in allowing if g.link.max_lockers is None or g.held < g.link.max_lockers]
    met = (
        ("groupsMeet", judging.NO_LINK, bool(facts.grounds)),
        ("nothingDenies", judging.DENIED, len(allowing) == len(now)),
        ("rightIsGiven", judging.NO_RIGHT, any(ground.link.effect == ALLOW for ground in meant)),
        ("timeIsRight", judging.NOT_NOW, bool(allowing)),
        *((("oneMoreIsAllowed", judging.QUOTA, bool(room)),) if action.another else ()),
    )
    return tuple(Condition(name, None if true else code) for name, code, true in met)


def _holding(stands: Whereabouts | None, holders: Sequence[Assignment], action: Action, user_id: str) -> str | None:
    if action.holding == "any" or stands is None:
        return None
    taken = any(held.slot == HOLDER for held in holders)
    if action.holding == "free":
        return HELD_BY_ANOTHER if taken else None
    if any(held.user_id == user_id for held in holders) or stands.locker.kind == SHARED:
        return None
    if stands.locker.kind in (FIXED, DELIVERY):
        return NOT_HELD
    return HELD_BY_ANOTHER if taken else None


def hour(time_zone: str, at: str) -> Hour:
    """A written moment as the clocks of a time zone show it.

    >>> hour("Europe/Berlin", "2026-11-23T07:30:00.000Z")
    Hour(time_zone='Europe/Berlin', today=1, yesterday=64, minute=510)
    """
    local = datetime.fromisoformat(at).astimezone(ZoneInfo(time_zone))
    day = local.weekday()
    return Hour(time_zone, 1 << day, 1 << (day - 1) % 7, local.hour * 60 + local.minute)
