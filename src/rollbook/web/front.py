"""Which endpoint a request is for: the identity server's and the sessions' by their exact addresses, the System API's
by its base, that of another product by the first parts below its base, SCIM's for everything else."""

from collections.abc import Awaitable, Mapping
from functools import cached_property

from rollbook.http_message import Request, Response
from rollbook.scim.errors import ScimError
from rollbook.web.oauth_endpoint import OAuthEndpoint
from rollbook.web.scim_endpoint import ScimEndpoint
from rollbook.web.session_endpoint import SessionEndpoint
from rollbook.web.system_endpoint import SystemEndpoint


class Front:
    """What the application asks, passed on."""

    def __init__(
        self, oauth: OAuthEndpoint, sessions: SessionEndpoint, scim: ScimEndpoint, *systems: SystemEndpoint
    ) -> None:
        self._oauth = oauth
        self._sessions = sessions
        self._scim = scim
        self._systems = systems

    @cached_property
    def _ours(self) -> frozenset[str]:
        """The first parts of addresses at which there is nothing but SCIM: most requests are looked at once."""
        others = frozenset[str]().union(*(system.firsts for system in self._systems))
        return self._scim.firsts - self._oauth.firsts() - self._sessions.firsts() - others

    def _is_scim(self, path: str) -> bool:
        """Whether it is known at once that a path is nobody else's."""
        return path[1:].partition("/")[0] in self._ours or self._scim.leads(path)

    def _system(self, path: str) -> SystemEndpoint | None:
        """The System API that answers at a path."""
        return next((system for system in self._systems if system.find(path) is not None), None)

    def answer(self, request: Request) -> Awaitable[Response]:
        """The answer to one request. Raises only for bugs."""
        path = request.path
        if self._is_scim(path):
            return self._scim.answer(request)
        found = self._oauth.find(path) or self._sessions.find(path)
        if found is None and (system := self._system(path)) is not None:
            found = system.find(path)
        return found(request) if found is not None else self._scim.answer(request)

    async def before_body(self, request: Request) -> Response | None:
        """The refusal of a request before its body is read; None lets it in."""
        if self._is_scim(request.path):
            # One that came with its body is answered now: nothing is kept from being sent by asking first.
            return None if request.body else await self._scim.before_body(request)
        if self._oauth.find(request.path) is not None:
            return self._oauth.refuse_body(request)
        if self._sessions.find(request.path) is not None:
            return self._sessions.refuse_body(request)
        if (system := self._system(request.path)) is not None:
            return await system.before_body(request)
        return await self._scim.before_body(request)

    def refuse(self, error: ScimError, path: str) -> Response:
        """What the edge refuses at a path, in the form of the address."""
        refused = system.refuse(error, path) if (system := self._system(path)) is not None else None
        return refused or self._scim.refuse(error, path)

    def describe(self, request: Request) -> Mapping[str, str]:
        """What a request was, for the access log."""
        route = self._oauth.route(request.path) or self._sessions.route(request.path)
        if route is not None:
            return {"route": route}
        return (self._system(request.path) or self._scim).describe(request)
