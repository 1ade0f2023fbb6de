"""The operations of a bulk, read by the very readers of requests that come alone (RFC 7644 §3.7)."""

from collections.abc import Callable
from dataclasses import replace

from rollbook.dialects.model import Dialect
from rollbook.dialects.routes import Ask, Route
from rollbook.http_message import Request
from rollbook.scim.bulk import Spot, Whole
from rollbook.scim.errors import InvalidPath
from rollbook.scim.operations import Create, Delete, Modify, Operation, Replace
from rollbook.scim.projection import projection

Decode = Callable[[Request, Route, Dialect, list[str]], Operation]

_PARTS = (Ask.CREATE, Ask.REPLACE, Ask.MODIFY, Ask.DELETE)


class Parts:
    """See ``scim.bulk.PartReader``. ``decode`` is how the dialect reads a request."""

    def __init__(self, dialect: Dialect, decode: Decode) -> None:
        self._dialect = dialect
        self._decode = decode

    def find(self, method: str, path: str) -> Spot:
        route = self._route(method, path)
        return Spot(route.types[0], route.id)

    def read(self, method: str, path: str, whole: Whole, notes: list[str]) -> Create | Replace | Modify | Delete:
        route = self._route(method, path)
        headers = {} if whole.version is None else {"if-match": whole.version}
        query = path.partition("?")[2]
        part = Request(method, route.template, query, headers, document=whole.data)
        operation = self._decode(part, route, self._dialect, notes)
        assert isinstance(operation, Create | Replace | Modify | Delete)
        if isinstance(operation, Delete):
            return operation
        # An operation that is done is answered without its resource, so nothing is read to show it.
        return replace(operation, projection=projection(operation.type, ("id",), ()))

    def _route(self, method: str, path: str) -> Route:
        route = self._dialect.routes.find(method, path.partition("?")[0])
        if route.ask not in _PARTS or not route.types:
            raise InvalidPath(
                f"{method} {route.template} is no operation of a bulk; its paths are endpoints of resources and "
                "resources, such as /Users and /Users/{id}."
            )
        return route
