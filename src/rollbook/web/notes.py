"""What is remembered of requests that were refused: a login and a write each leave an event, a read leaves none, nor
does overload."""

from collections.abc import Iterator

from rollbook.clock import Clock
from rollbook.dialects.routes import Ask, Route
from rollbook.events import Event, Kind
from rollbook.http_message import Request
from rollbook.identity.authenticate import RefusedLogin
from rollbook.identity.principal import Principal
from rollbook.ids import ordered_id
from rollbook.scim.errors import ScimError
from rollbook.scim.outcomes import Bulked
from rollbook.web.refused import Refused

_WRITES = frozenset(("POST", "PUT", "PATCH", "DELETE"))
_OVERLOAD = (429, 503)
"""Who is told to wait must not wait for the store first; and too much is no reason to write more."""


class Notes:
    """Writes the events of refusals, counted where they repeat (``refused``)."""

    def __init__(self, refused: Refused, clock: Clock) -> None:
        self._refused = refused
        self._clock = clock

    async def note(self, request: Request, error: ScimError, principal: Principal | None, route: Route | None) -> None:
        """Remember one request; ``principal`` and ``route`` are what was known of it by then."""
        # A login is refused before anybody looks at what it asks for: whatever that is, its repeats are counted in one.
        asked = None if isinstance(error, RefusedLogin) else route

        def event(kind: Kind, actor: str) -> Event:
            return Event(
                id=ordered_id(),
                at=self._clock.written(),
                kind=kind,
                actor=actor,
                peer=request.peer,
                request=request.id,
                resource_type=asked.types[0].name if asked and len(asked.types) == 1 else "",
                resource=asked.id[:64] if asked else "",
                status=error.status,
                scim_type=error.scim_type or "",
            )

        if error.status in _OVERLOAD:
            return
        if isinstance(error, RefusedLogin):
            await self._refused.note(error.tenant, lambda: event(Kind.LOGIN_REFUSED, error.actor))
        elif principal is not None and request.method in _WRITES and (route is None or route.ask is not Ask.SEARCH):
            await self._refused.note(principal.tenant.id, lambda: event(Kind.WRITE_REFUSED, principal.actor))

    async def note_parts(self, request: Request, principal: Principal, bulked: Bulked) -> None:
        """Remember each operation of a bulk that was refused, as if it had come alone."""
        await self._refused.note_all(principal.tenant.id, self._parts(request, principal, bulked))

    def _parts(self, request: Request, principal: Principal, bulked: Bulked) -> Iterator[Event]:
        for part in bulked.parts:
            if part.status >= 400 and part.status not in _OVERLOAD:
                yield Event(
                    id=ordered_id(),
                    at=self._clock.written(),
                    kind=Kind.WRITE_REFUSED,
                    actor=principal.actor,
                    peer=request.peer,
                    request=request.id,
                    resource_type=part.type,
                    resource=part.id[:64],
                    status=part.status,
                    scim_type=part.scim_type or "",
                )
