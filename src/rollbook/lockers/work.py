"""What a use case on lockers is handed: the tenant's lockers, who asks, and when. Nothing else can be reached."""

from dataclasses import dataclass

from rollbook.clock import Clock
from rollbook.errors import RollbookError
from rollbook.events import Event, Kind
from rollbook.ids import ordered_id
from rollbook.storage.locker_contract import LockerStore
from rollbook.storage.locker_records import Act


class Malformed(RollbookError):
    """What somebody sent is not what is understood here. ``problems`` are JSON pointers with what is wrong there."""

    def __init__(self, detail: str, problems: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(detail)
        self.problems = problems


@dataclass(frozen=True, slots=True)
class LockerWork:
    """One request's surroundings."""

    store: LockerStore
    clock: Clock
    actor: str
    peer: str = ""
    request: str = ""

    def act(self, kind: Kind, what: str, id: str = "", status: int = 0, attributes: tuple[str, ...] = ()) -> Act:
        """Who does something now, with the event that is kept of it."""
        at = self.clock.written()
        event = Event(
            id=ordered_id(),
            at=at,
            kind=kind,
            actor=self.actor,
            peer=self.peer,
            request=self.request,
            resource_type=what,
            resource=id,
            status=status,
            attributes=attributes,
        )
        return Act(at, event)
