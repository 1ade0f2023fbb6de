"""The last steps of a SCIM request, once its way is known: decode, perform, encode, in a turn of its tenant."""

from collections.abc import AsyncIterator

from rollbook.deployment import Acting, Deployment
from rollbook.dialects.preference import applied
from rollbook.dialects.routes import Route
from rollbook.http_message import Request, Response
from rollbook.identity.resource_passwords import ResourcePasswords
from rollbook.provisioning.lines import Lines
from rollbook.provisioning.me import find_subject
from rollbook.provisioning.perform import perform
from rollbook.provisioning.seals import Seals
from rollbook.provisioning.work import Work
from rollbook.scim.outcomes import Bulked, Found, Outcome, Unrolled, View
from rollbook.storage.records import Tenant
from rollbook.web.notes import Notes
from rollbook.web.turns import Turns
from rollbook.web.ways import Way


class Performance:
    """Does what requests ask, and says what came of it."""

    def __init__(self, house: Deployment, turns: Turns, notes: Notes, hasher: ResourcePasswords) -> None:
        self._house = house
        self._turns = turns
        self._notes = notes
        self._hasher = hasher
        self._lines = Lines()
        self._seals = Seals(house.store, house.clock, house.cursor_seconds)

    async def answer(self, request: Request, way: Way, route: Route) -> Response:
        """The answer to a request that has come all its way. **Raises** ``ScimError``, ``StoreError``."""
        principal, dialect = way.principal, way.dialect
        tenant = principal.tenant.id
        notes: list[str] = []
        if not self._turns.take_now(tenant):
            await self._turns.take(tenant)
        try:
            if route.template == "/Me":
                type, id = await find_subject(way.store, dialect.types, principal.subject)
                route = route._replace(types=(type,), id=id)
            operation = way.codec.decode(request, route, dialect, notes)
            work = Work(
                store=way.store,
                connection=principal.connection.id,
                actor=principal.actor,
                peer=request.peer,
                request=request.id,
                clock=self._house.clock,
                terms=dialect.terms,
                limits=dialect.limits,
                location_base=way.locations.base,
                lines=self._lines,
                seals=self._seals,
                hasher=self._hasher,
                types=dialect.types,
                member_types=dialect.member_types,
                schema=dialect.revision,
                strangers=dialect.strangers,
                notes=notes,
                heard=len(notes),
            )
            outcome = await perform(operation, work)
        finally:
            self._turns.give(tenant)
        if outcome.__class__ is not Found:
            if isinstance(outcome, Unrolled):
                outcome.rest = self._in_turns(tenant, outcome.rest)
            if isinstance(outcome, Bulked):
                await self._notes.note_parts(request, principal, outcome)
        if work.effects:
            await self._act(work, principal.tenant, route, outcome)
        answer = way.codec.encode(outcome, way.locations)
        if (preferred := request.headers.get("prefer")) is not None:
            return applied(answer, preferred, route.ask, "attributes=" in request.query.lower())
        return answer

    async def _in_turns(self, tenant: str, pages: AsyncIterator[list[View]]) -> AsyncIterator[list[View]]:
        """Pages that are read while an answer is sent: each takes its turn, none is held while the client reads."""
        while True:
            async with self._turns.turn(tenant):
                page = await anext(pages, None)
            if page is None:
                return
            yield page

    async def _act(self, work: Work, tenant: Tenant, route: Route, outcome: Outcome) -> None:
        """Do what a dialect's rules want done once a write is done."""
        resource = outcome.view.stored.id if isinstance(outcome, Found) else route.id
        acting = Acting(tenant, route.types[0], resource, work)
        for effect in work.effects:
            await self._house.act(effect, acting)
