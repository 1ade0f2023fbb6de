"""What the requests of one client at one address have in common, worked out once: its way in.

The steps from an address to a route (``scim_endpoint``) hang on the address without its last part, the method and the
principal, and a busy client repeats all three. So whoever has gone these steps is remembered until its credential is
looked up anew; whatever may refuse a request by what else it says is asked with every one of them.

A way leads to a collection (by its whole path) or to the resources below it (by their path without the last part).
Discovery, lists of everything, ``/Me``, bulks and tenants' own schemas go the long way each time.
"""

from dataclasses import dataclass, field

from rollbook.dialects.addresses import Address
from rollbook.dialects.codecs import Codec
from rollbook.dialects.model import Dialect
from rollbook.dialects.routes import Ask, Route
from rollbook.http_message import Request
from rollbook.identity.authenticate import Authenticator
from rollbook.identity.principal import Principal
from rollbook.scim.answer import Locations
from rollbook.storage.contract import TenantStore
from rollbook.web.credentials import remembered
from rollbook.web.rate import Headers

_KEPT = 4096
"""Ways remembered; when full, all are forgotten. A client has some five, anew every few seconds."""

_OVERRIDE = "x-http-method-override"
_SHORT = (Ask.RETRIEVE, Ask.QUERY, Ask.SEARCH, Ask.CREATE, Ask.REPLACE, Ask.MODIFY, Ask.DELETE)


@dataclass(slots=True, eq=False)
class Way:
    """The way of a principal to an address, all asked that may be refused on it.

    ``dialect`` is as the connection speaks it; ``route`` lacks its id where the way leads to resources; ``headers``
    are those of every answer.
    """

    principal: Principal
    address: Address
    dialect: Dialect
    codec: Codec
    route: Route
    locations: Locations
    store: TenantStore
    headers: Headers


@dataclass(slots=True, eq=False)
class _Place:
    """Where ways lead: the dialect there, and who has gone."""

    dialect: Dialect
    plain: bool
    """Whether its clients put a bearer token where everybody does."""
    ways: dict[tuple[str, int], Way] = field(default_factory=dict)
    """By method and principal (which a way holds, so its ``id`` is no other's)."""


class Ways:
    """The ways that were gone a moment ago."""

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator
        self._collections: dict[str, _Place] = {}
        self._resources: dict[str, _Place] = {}
        self._count = 0

    def lead(self, path: str) -> bool:
        """Whether anybody has gone a way to a path: then it is nobody's but SCIM's."""
        return path in self._collections or path.rpartition("/")[0] in self._resources

    def find(self, request: Request) -> tuple[Way, Route] | None:
        """The way of a request and its route; None: it has to go step by step."""
        path = request.path
        place = self._collections.get(path)
        last = ""
        if place is None:
            head, _, last = path.rpartition("/")
            place = self._resources.get(head)
            # What begins with a dot is no id (/.search), and SCIM 1.1 has suffixes for the form of an answer.
            if place is None or not last or "." in last:
                return None
        headers = request.headers
        if place.plain:
            principal = self._authenticator.remembered(headers.get("authorization"))
        else:
            principal = remembered(self._authenticator, request, place.dialect)
        way = place.ways.get((request.method, id(principal)))
        if way is None or _OVERRIDE in headers:
            return None
        route = way.route
        return way, Route(route.ask, route.types, last, route.template, route.allow) if last else route

    def keep(self, request: Request, way: Way) -> None:
        """Remember a way that was just gone, where what it hangs on is said above."""
        route, path = way.route, request.path
        if route.ask not in _SHORT or len(route.types) != 1 or path.endswith("/") or _OVERRIDE in request.headers:
            return
        endpoint = route.types[0].endpoint.lower()
        if route.template.lower() == f"{endpoint}/{{id}}":
            head, _, last = path.rpartition("/")
            if not head.lower().endswith(endpoint) or "." in last:
                return
            table, key = self._resources, head
        else:
            table, key = self._collections, path
        if self._count >= _KEPT:
            self._collections.clear()
            self._resources.clear()
            self._count = 0
        place = table.get(key)
        if place is None:
            held = way.address.dialect.credentials
            place = table[key] = _Place(way.address.dialect, not (held.session_header or held.bare))
        place.ways[request.method, id(way.principal)] = way
        self._count += 1
