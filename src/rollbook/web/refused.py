"""Events of what was refused: one at once, and within a minute its repeats are counted, not written one by one.

So a flood of 401 is no flood of writes. Repeats become one more event, with their number, when the minute is over (or
the server ends).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import structlog

from rollbook.clock import Clock
from rollbook.events import Event
from rollbook.ids import ordered_id
from rollbook.storage.contract import Store
from rollbook.storage.errors import StoreError

_WINDOW_SECONDS = 60.0
_REMEMBERED = 5_000
_AT_ONCE = 200

_log = structlog.get_logger("rollbook.refused")


@dataclass(slots=True)
class _Seen:
    until: float
    repeats: int
    event: Event
    tenant: str | None


class Refused:
    """Keeps events of refused writes and logins."""

    def __init__(self, store: Store, clock: Clock, *, window_seconds: float = _WINDOW_SECONDS) -> None:
        self._store = store
        self._clock = clock
        self._window = window_seconds
        self._seen: dict[tuple[object, ...], _Seen] = {}

    async def note(self, tenant: str | None, make: Callable[[], Event]) -> None:
        """Remember a refusal: of a tenant, or (None) of nobody's."""
        event = make()
        key = _key(tenant, event)
        now = self._clock.elapsed()
        seen = self._seen.get(key)
        if seen is not None and now < seen.until:
            seen.repeats += event.repeats
            return
        if seen is not None or len(self._seen) >= _REMEMBERED:
            await self.flush(all=len(self._seen) >= _REMEMBERED)
        self._seen[key] = _Seen(now + self._window, 0, event, tenant)
        await self._keep(tenant, [event])

    async def note_all(self, tenant: str, events: Iterable[Event]) -> None:
        """Remember what was refused of one request, written many at a time. Of one kind there is one event, with its
        number; more kinds than there is room for are not looked for again, so that a bulk pushes out nobody else's."""
        await self.flush()
        now = self._clock.elapsed()
        new: dict[tuple[object, ...], Event] = {}
        for event in events:
            key = _key(tenant, event)
            seen = self._seen.get(key)
            if seen is not None:
                seen.repeats += event.repeats
            elif key in new:
                new[key] = replace(new[key], repeats=new[key].repeats + event.repeats)
            else:
                new[key] = event
        if len(self._seen) + len(new) <= _REMEMBERED:
            self._seen.update((key, _Seen(now + self._window, 0, event, tenant)) for key, event in new.items())
        await self._keep_all(tenant, list(new.values()))

    async def flush(self, *, all: bool = False) -> None:
        """Write down the repeats of every minute that is over (or of all), and forget them."""
        now = self._clock.elapsed()
        again: dict[str | None, list[Event]] = {}
        for key, seen in list(self._seen.items()):
            if all or now >= seen.until:
                del self._seen[key]
                if seen.repeats:
                    event = replace(seen.event, id=ordered_id(), at=self._clock.written(), repeats=seen.repeats)
                    again.setdefault(seen.tenant, []).append(event)
        for tenant, events in again.items():
            await self._keep_all(tenant, events)

    async def _keep_all(self, tenant: str | None, events: list[Event]) -> None:
        for start in range(0, len(events), _AT_ONCE):
            await self._keep(tenant, events[start : start + _AT_ONCE])

    async def _keep(self, tenant: str | None, events: list[Event]) -> None:
        try:
            await (self._store.tenant(tenant) if tenant else self._store).record(events)
        except StoreError as error:
            # The refusal stands whether or not it could be written down; the operator is told that it was not.
            _log.warning("refusal_not_recorded", reason=error.detail)


def _key(tenant: str | None, event: Event) -> tuple[object, ...]:
    """What is the same again."""
    return (
        tenant,
        event.kind,
        event.actor,
        event.peer,
        event.resource_type,
        event.resource,
        event.status,
        event.scim_type,
    )
