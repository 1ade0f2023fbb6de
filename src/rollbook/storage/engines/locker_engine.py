"""What an engine does for one tenant's lockers; all else is written once (``lockers``, ``locker_access``)."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from rollbook.storage.records import Applied, Change
from rollbook.storage.sql.scripts import Row, Script

R = TypeVar("R")


class Engine(Protocol):
    """One tenant's rows. Ids come as texts."""

    async def read(self, sql: str, *values: Any) -> list[Row]:
        """A look-up; the values are those after the tenant."""

    async def run(self, events: Sequence[str], script: Callable[[], Script[R]]) -> R:
        """Run a script that tells the events of these ids."""

    async def write(
        self, change: Change, before: Callable[[], Script[None]], after: Callable[[Applied], Script[R]]
    ) -> R:
        """Make a change of resources between two scripts, all in one transaction."""

    async def epoch(self) -> str: ...
