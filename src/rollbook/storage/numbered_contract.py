"""What every engine promises to those who read lockers by page numbers, with totals, and what happened by the id of an
event. Got by ``LockerStore.numbered``.

Pages by number are for clients that know nothing else: what comes or goes while they read moves the rest. Whoever can
should walk by edges (``LockerStore.listed``), and follow by positions (``LockerStore.events``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from rollbook.storage.locker_records import Kept, LockerEvent

K = TypeVar("K", bound=Kept)


@dataclass(frozen=True, slots=True)
class Numbered(Generic[K]):
    """``total`` counts all, ``rows`` are those of the page, in order of their ids."""

    total: int
    rows: Sequence[K]


class NumberedStore(Protocol):
    async def page(self, kind: type[K], where: Mapping[str, Any], offset: int, limit: int) -> Numbered[K]:
        """Those of a kind of which ``where`` is true (as ``LockerStore.listed``), after so many."""

    async def told(self, kinds: Sequence[str], after: str | None, limit: int) -> list[LockerEvent] | None:
        """What happened after the event of this id (None: from the beginning), of kinds that begin so. None: there is
        no such event."""
