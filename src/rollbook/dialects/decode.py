"""From a request of the 2.0 wire to an operation (RFC 7644 §3.2 to §3.5, §3.14)."""

from collections.abc import Callable, Mapping
from typing import Any

from rollbook.dialects.media import check_accept, check_content_type
from rollbook.dialects.model import Dialect
from rollbook.dialects.parts import Parts
from rollbook.dialects.preference import preference
from rollbook.dialects.reading import check_length, check_values, conditions, offered, pairs, text, under_urns
from rollbook.dialects.routes import Ask, Route
from rollbook.http_message import Request
from rollbook.scim.bulk import Message
from rollbook.scim.errors import Forbidden
from rollbook.scim.json_guard import read_json
from rollbook.scim.operations import (
    Bulk,
    Create,
    Define,
    Delete,
    Discover,
    ListMembers,
    Modify,
    Operation,
    Query,
    ReadChanges,
    Replace,
    Retrieve,
    Withdraw,
)
from rollbook.scim.page import QueryParameters, read_feed, read_query, read_search
from rollbook.scim.patch import named_by, read_patch
from rollbook.scim.projection import Projection, projection, projection_of_given
from rollbook.scim.schema import ResourceType


def decode(request: Request, route: Route, dialect: Dialect, notes: list[str]) -> Operation:
    """What a request asks. What a tolerance did to understand it is added to ``notes``.

    **Raises** ``NotAcceptable``, ``UnsupportedMediaType``, ``PayloadTooLarge``, ``InvalidSyntax``, ``InvalidValue``,
    ``InvalidFilter``, ``Forbidden`` (a filter on discovery, RFC 7644 §4).
    """
    check_accept(request.headers.get("accept"))
    return _READERS[route.ask](request, route, dialect, notes)


def _retrieve(request: Request, route: Route, dialect: Dialect, notes: list[str]) -> Retrieve:
    type = route.types[0]
    shown = _projection(request, route) if request.query else projection(type, (), ())
    return Retrieve(type, route.id, shown, conditions(request))


def _query(request: Request, route: Route, dialect: Dialect, notes: list[str]) -> Query:
    parameters = offered(read_query(pairs(request.query), dialect.limits), dialect.features)
    return Query(route.types, parameters, mixed=route.template == "/")


def _search(request: Request, route: Route, dialect: Dialect, notes: list[str]) -> Query:
    parameters = offered(read_search(_body(request, dialect, notes), dialect.limits), dialect.features)
    return Query(route.types, parameters, mixed=route.template == "/.search")


def _members(request: Request, route: Route, dialect: Dialect, notes: list[str]) -> ListMembers:
    return ListMembers(route.types[0], route.id, read_query(pairs(request.query), dialect.limits))


def _changes(request: Request, route: Route, dialect: Dialect, notes: list[str]) -> ReadChanges:
    return ReadChanges(*read_feed(pairs(request.query), dialect.limits))


def _create(request: Request, route: Route, dialect: Dialect, notes: list[str]) -> Create:
    type, shown = route.types[0], _projection(request, route, written=True)
    if shown is None and preference(request.headers.get("prefer")) == "minimal":
        shown = projection(type, ("id",), ())
    return Create(type, _resource(request, type, dialect, notes), shown)


def _replace(request: Request, route: Route, dialect: Dialect, notes: list[str]) -> Replace:
    body = _resource(request, route.types[0], dialect, notes)
    shown = _projection(request, route, written=True)
    minimal = shown is None and preference(request.headers.get("prefer")) == "minimal"
    return Replace(route.types[0], route.id, body, shown, conditions(request), minimal)


def _modify(request: Request, route: Route, dialect: Dialect, notes: list[str]) -> Modify:
    operations = read_patch(_body(request, dialect, notes), dialect.limits, dialect.tolerances, notes)
    parameters = _parameters(request)
    asked = bool(parameters and (parameters.attributes or parameters.excluded))
    shown = (
        projection(route.types[0], parameters.attributes, parameters.excluded)
        if parameters and asked
        else projection_of_given(route.types[0], named_by(operations))
    )
    preferred = preference(request.headers.get("prefer"))
    whole = preferred == "representation" or asked
    minimal = preferred == "minimal" and not whole
    return Modify(route.types[0], route.id, operations, shown, conditions(request), minimal, whole)


def _delete(request: Request, route: Route, dialect: Dialect, notes: list[str]) -> Delete:
    return Delete(route.types[0], route.id, conditions(request))


def _bulk(request: Request, route: Route, dialect: Dialect, notes: list[str]) -> Bulk:
    _check_body(request, dialect.limits.bulk_bytes, dialect, notes)
    return Bulk(Message(request.body, dialect.limits), Parts(dialect, decode))


def _discover(request: Request, route: Route, dialect: Dialect, notes: list[str]) -> Discover:
    if any(name.lower() == "filter" for name, _ in pairs(request.query)):
        raise Forbidden("Discovery cannot be filtered (RFC 7644 §4); leave the parameter filter out.")
    topic = dialect.routes.topic(route.template)
    return Discover(topic, text(route.id) if route.id else None)


def _define(request: Request, route: Route, dialect: Dialect, notes: list[str]) -> Define:
    return Define(route.template.split("/")[1], text(route.id), _body(request, dialect, notes))


def _withdraw(request: Request, route: Route, dialect: Dialect, notes: list[str]) -> Withdraw:
    return Withdraw(route.template.split("/")[1], text(route.id))


_READERS: Mapping[Ask, Callable[[Request, Route, Dialect, list[str]], Operation]] = {
    Ask.RETRIEVE: _retrieve,
    Ask.QUERY: _query,
    Ask.SEARCH: _search,
    Ask.MEMBERS: _members,
    Ask.CHANGES: _changes,
    Ask.CREATE: _create,
    Ask.REPLACE: _replace,
    Ask.MODIFY: _modify,
    Ask.DELETE: _delete,
    Ask.BULK: _bulk,
    Ask.DISCOVER: _discover,
    Ask.DEFINE: _define,
    Ask.WITHDRAW: _withdraw,
}


def _resource(request: Request, type: ResourceType, dialect: Dialect, notes: list[str]) -> dict[str, Any]:
    """A body that is a resource."""
    body = _body(request, dialect, notes)
    if type.aliases:
        body = under_urns(body, type)
    check_values(body, type, dialect.limits)
    return body


def _body(request: Request, dialect: Dialect, notes: list[str]) -> dict[str, Any]:
    if request.document is not None:
        document: dict[str, Any] = request.document
        return document
    _check_body(request, dialect.limits.body_bytes, dialect, notes)
    return read_json(request.body, dialect.limits.json_depth)


def _check_body(request: Request, limit: int, dialect: Dialect, notes: list[str]) -> None:
    check_length(request, limit)
    header = request.headers.get("content-type")
    if check_content_type(header, lenient=dialect.tolerances.other_media_types):
        notes.append("media type")


def _parameters(request: Request) -> QueryParameters | None:
    return read_query(pairs(request.query)) if request.query else None


def _projection(request: Request, route: Route, *, written: bool = False) -> Projection | None:
    """What is asked for. Of what was just ``written`` everything is shown: the client gave it (RFC 7643 §7)."""
    parameters = _parameters(request)
    if written and parameters and not parameters.attributes and not parameters.excluded:
        return None
    return projection(route.types[0], parameters.attributes, parameters.excluded) if parameters else None
