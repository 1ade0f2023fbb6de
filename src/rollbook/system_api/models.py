"""What is answered beside the structure itself, for the document."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from rollbook.lockers.forms import Id, Moment
from rollbook.system_api.problems import Problem

# Names are those of the JSON.
# ruff: noqa: N815


class Assignment(BaseModel):
    """Somebody holds a locker, or held it."""

    id: Id
    lockerId: Id
    userId: Id
    kind: Literal["day", "fixed", "shared", "delivery", "booking"]
    open: bool
    started: Moment
    expires: Moment | None
    ended: Moment | None
    reason: str
    source: str
    note: str
    sharedBy: Id | None
    bookingId: Id | None
    version: int
    created: Moment
    lastModified: Moment


class AssignmentList(BaseModel):
    items: list[Assignment]
    nextCursor: str | None


class Booking(BaseModel):
    """A locker is kept for somebody."""

    id: Id
    lockerId: Id
    userId: Id
    starts: Moment
    ends: Moment
    state: Literal["open", "cancelled", "used", "over"]
    version: int
    created: Moment
    lastModified: Moment


class BookingList(BaseModel):
    items: list[Booking]
    nextCursor: str | None


class Leaver(BaseModel):
    """A user who is not active any more, and what he still holds."""

    userId: Id
    userName: str | None
    since: Moment
    assignment: Assignment


class LeaverList(BaseModel):
    items: list[Leaver]
    nextCursor: str | None


class Event(BaseModel):
    """What happened."""

    id: Id
    at: Moment
    kind: str
    actor: str
    subject: str
    subjectId: Id
    lockerId: Id | None
    userId: Id | None
    data: dict[str, Any]


class EventList(BaseModel):
    """``position`` is the place after the last of these; it is good for as long as it is asked for."""

    items: list[Event]
    position: str
    more: bool


class Counted(BaseModel):
    """Lockers of a bank that are alike."""

    lockerGroupId: Id | None
    lockerGroupName: str | None
    kind: str
    state: str
    held: bool
    lockers: int


class BankStatus(BaseModel):
    lockerBankId: Id
    name: str
    state: str
    published: bool
    serviceMode: bool
    lockers: int
    free: int
    counts: list[Counted]


class Unlocked(BaseModel):
    lockerId: Id
    openSeconds: int


class Ids(BaseModel):
    items: list[Id]
    nextCursor: str | None


class Changed(BaseModel):
    changed: int


class Company(BaseModel):
    """The tenant."""

    id: Id
    name: str
    status: str
    externalId: str | None
    timeZone: str
    language: str
    attributes: dict[str, str]
    version: int
    created: Moment
    lastModified: Moment


class LockerState(BaseModel):
    """A locker."""

    model_config = ConfigDict(extra="allow")

    id: Id
    number: str
    state: Literal["active", "blocked", "outOfOrder"]
    stateReason: str
    version: int


class LockerList(BaseModel):
    items: list[LockerState]
    nextCursor: str | None


class Condition(BaseModel):
    name: str
    met: bool
    reason: str | None
    detail: str | None


class MeetingLink(BaseModel):
    linkId: Id
    userGroupId: Id
    userGroup: str
    lockerGroupId: Id
    lockerGroup: str
    effect: str
    holds: Annotated[bool, Field(description="Whether it gives (or takes) this right at this moment.")]


class Explained(BaseModel):
    allowed: bool
    reason: str | None
    userId: str | None
    lockerId: str | None
    action: str
    at: str
    conditions: list[Condition]
    links: list[MeetingLink]
    userGroups: Annotated[list[str], Field(description="Those of the user, by name; directly or through others.")]
    lockerGroups: Annotated[list[str], Field(description="Those of the locker, by name.")]


class Pair(BaseModel):
    userId: Id
    lockerId: Id


class Diff(BaseModel):
    """What a change would give and take, by links alone: whoever holds what, and whatever is out of service."""

    usersGaining: Annotated[int, Field(description="Users who could use at least one locker more.")]
    usersLosing: int
    gained: Annotated[int, Field(description="Pairs of a user and a locker.")]
    lost: int
    gainedExample: Pair | None
    lostExample: Pair | None


class Result(BaseModel):
    """Of one of many: what it was answered, or the problem."""

    status: int
    etag: str | None = None
    location: str | None = None
    body: dict[str, Any] | None = None
    problem: Problem | None = None


class Results(BaseModel):
    results: list[Result]
