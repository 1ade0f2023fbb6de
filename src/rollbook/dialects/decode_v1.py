"""From a request of the 1.1 wire to an operation (draft-scim-api-01 §3.1 to §3.8, §3.12).

What is asked is the same as on the 2.0 wire, so it becomes the same operations; only names and forms differ. The
method of a request can stand in a header and the kind of answer in its address: ``meant`` says what both come to.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from rollbook.dialects.media import check_accept, check_content_type
from rollbook.dialects.model import Dialect
from rollbook.dialects.parts import Parts
from rollbook.dialects.reading import check_length, check_values, conditions, pairs, text
from rollbook.dialects.routes import Ask, Route
from rollbook.http_message import Request
from rollbook.scim.bulk import Message
from rollbook.scim.errors import (
    BadRequest,
    InvalidFilter,
    InvalidSyntax,
    InvalidValue,
    NotAcceptable,
    PayloadTooLarge,
    UnsupportedMediaType,
)
from rollbook.scim.json_guard import read_json
from rollbook.scim.operations import (
    NO_CONDITIONS,
    Bulk,
    Conditions,
    Create,
    Delete,
    Discover,
    Modify,
    Operation,
    Query,
    Replace,
    Retrieve,
)
from rollbook.scim.page import QueryParameters, read_query
from rollbook.scim.patch import Merging, Op, PatchOperation, named_by
from rollbook.scim.projection import Projection, projection, projection_of_given
from rollbook.scim.rules import Asked
from rollbook.scim.wire import v1
from rollbook.scim.wire.v1_filter import kept_filter
from rollbook.scim.wire.v1_form import SCIM11, Form
from rollbook.scim.wire.v1_lower import lower
from rollbook.scim.wire.v1_names import Names, names

OVERRIDE = "x-http-method-override"

_PARAMETERS = frozenset(("filter", "sortby", "sortorder", "startindex", "count", "attributes"))
"""What 1.1 knows; all else is ignored (§3.2.2)."""
_PAGING = frozenset(("startindex", "count"))
_SORTING = frozenset(("sortby", "sortorder"))
_NO_XML = "XML is not served (xmlDataFormat is not supported)"
_FORM = "application/x-www-form-urlencoded"


def meant(request: Request, rest: str, form: Form) -> tuple[str, str]:
    """The method that a request means, and its address below the base without a suffix (§3.6, §3.12).

    **Raises** ``BadRequest`` for a method that no POST can mean, ``NotAcceptable`` for the suffix ``.xml``.

    >>> meant(Request("POST", "", headers={"x-http-method-override": "patch"}), "/Users/42.json", SCIM11)
    ('PATCH', '/Users/42')
    """
    method = request.method
    override = request.headers.get(OVERRIDE, "").strip().upper()
    if method == "POST" and override not in ("", "POST"):
        if override not in form.overrides:
            raise BadRequest(f"X-HTTP-Method-Override: a POST can mean {', '.join(form.overrides)} here, nothing else.")
        method = override
    if rest.endswith(".json"):
        rest = rest.removesuffix(".json")
    elif rest.endswith(".xml"):
        raise NotAcceptable(f"{_NO_XML}; leave the suffix .xml out, or send .json.")
    return method, rest


def decode(request: Request, route: Route, dialect: Dialect, notes: list[str]) -> Operation:
    """What a request asks. What a tolerance did to understand it is added to ``notes``.

    **Raises** ``NotAcceptable``, ``UnsupportedMediaType``, ``PayloadTooLarge``, ``InvalidSyntax``, ``InvalidValue``,
    ``InvalidFilter`` (also where filters are declined).
    """
    try:
        check_accept(request.headers.get("accept"))
    except NotAcceptable:
        raise NotAcceptable(f"Answers are application/json; Accept has to allow it. {_NO_XML}.") from None
    return _READERS[route.ask](request, route, dialect, notes)


def _form(dialect: Dialect) -> Form:
    return dialect.form or SCIM11


def _names(route: Route, dialect: Dialect) -> Names:
    return names(route.types[0], _form(dialect))


def _retrieve(request: Request, route: Route, dialect: Dialect, notes: list[str]) -> Retrieve:
    return Retrieve(route.types[0], route.id, _projection(request, route, dialect), _conditions(request, dialect))


def _query(request: Request, route: Route, dialect: Dialect, notes: list[str]) -> Query:
    return Query(route.types, _parameters(pairs(request.query), route, dialect), whole=not _form(dialect).paging)


def _search(request: Request, route: Route, dialect: Dialect, notes: list[str]) -> Query:
    """A QUERY (RFC 10008): the parameters of a GET, as a JSON object or as a form."""
    kind = (request.headers.get("content-type") or "").partition(";")[0].strip().lower()
    if not kind:
        raise BadRequest(f"A QUERY needs a Content-Type: application/json or {_FORM}.")
    if kind == _FORM:
        check_length(request, dialect.limits.body_bytes)
        given = pairs(request.body.decode("latin-1"))
    else:
        body = _body(request, dialect, notes)
        given = [(name, _joined(value)) for name, value in body.items() if value is not None]
    parameters = _parameters([*pairs(request.query), *given], route, dialect)
    return Query(route.types, parameters, whole=not _form(dialect).paging)


def _joined(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ",".join(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise InvalidValue('The parameters of a QUERY are texts, such as {"attributes": "userName,emails"}.')
    return value


def _create(request: Request, route: Route, dialect: Dialect, notes: list[str]) -> Create:
    return Create(
        route.types[0],
        _resource(request, route, dialect, notes),
        _projection(request, route, dialect, written=True),
    )


def _replace(request: Request, route: Route, dialect: Dialect, notes: list[str]) -> Replace:
    body = _resource(request, route, dialect, notes)
    shown = _projection(request, route, dialect, written=True)
    return Replace(route.types[0], route.id, body, shown, _conditions(request, dialect))


def _modify(request: Request, route: Route, dialect: Dialect, notes: list[str]) -> Modify:
    return _modification(request, route, dialect, _lowered(request, route, dialect, notes))


def _lowered(request: Request, route: Route, dialect: Dialect, notes: list[str]) -> tuple[PatchOperation, ...]:
    """The operations that a partial resource asks for."""
    part = _resource(request, route, dialect, notes, partial=True)
    return lower(part, route.types[0], dialect.tolerances, notes)


def _modification(
    request: Request, route: Route, dialect: Dialect, operations: tuple[PatchOperation, ...], *, whole: bool = False
) -> Modify:
    """``attributes`` asks for the resource in the answer (§3.3.2)."""
    type = route.types[0]
    if len(operations) > dialect.limits.patch_operations:
        raise PayloadTooLarge(f"A PATCH may change {dialect.limits.patch_operations} attributes; this one names more.")
    asked = _attributes(request, route, dialect)
    wanted = _with_always(asked, _form(dialect))
    shown = projection(type, wanted, ()) if asked else projection_of_given(type, named_by(operations))
    return Modify(type, route.id, operations, shown, _conditions(request, dialect), whole=whole or bool(asked))


def _delete(request: Request, route: Route, dialect: Dialect, notes: list[str]) -> Delete | Modify:
    form = _form(dialect)
    asks = any(name.lower() in ("attributes", "excludedattributes") for name, _ in pairs(request.query))
    if form.partial_delete and (asks or request.body or request.document is not None):
        return _partial_deletion(request, route, dialect, notes)
    return Delete(route.types[0], route.id, _conditions(request, dialect))


def _partial_deletion(request: Request, route: Route, dialect: Dialect, notes: list[str]) -> Modify:
    """A DELETE that names what is to go deletes that, and never the resource."""
    operations = [PatchOperation(Op.REMOVE, path) for path in _attributes(request, route, dialect)]
    if request.body or request.document is not None:
        try:
            operations += _lowered(request, route, dialect, notes)
        except UnsupportedMediaType as error:  # whatever it is: it names nothing that could go
            raise InvalidSyntax(error.detail) from None
    if not operations or not all(map(_only_removes, operations)):
        raise InvalidValue(
            "A DELETE with content, or with the parameter attributes, removes what these name (meta.attributes, values "
            "with the operation delete). Send it without content and parameter to delete the resource."
        )
    return _modification(replace(request, query=""), route, dialect, tuple(operations), whole=True)


def _only_removes(operation: PatchOperation) -> bool:
    merging = operation.value
    return operation.op is Op.REMOVE or (isinstance(merging, Merging) and all(gone for _, gone in merging.elements))


def _bulk(request: Request, route: Route, dialect: Dialect, notes: list[str]) -> Bulk:
    _check_body(request, dialect.limits.bulk_bytes, dialect, notes)
    return Bulk(Message(request.body, dialect.limits, v1.check_schemas), Parts(dialect, decode))


def _discover(request: Request, route: Route, dialect: Dialect, notes: list[str]) -> Discover:
    if any(name.lower() == "filter" for name, _ in pairs(request.query)):
        raise InvalidFilter("Discovery cannot be filtered; leave the parameter filter out.")
    return Discover(dialect.routes.topic(route.template), text(route.id) if route.id else None)


_READERS: Mapping[Ask, Callable[[Request, Route, Dialect, list[str]], Operation]] = {
    Ask.RETRIEVE: _retrieve,
    Ask.QUERY: _query,
    Ask.SEARCH: _search,
    Ask.CREATE: _create,
    Ask.REPLACE: _replace,
    Ask.MODIFY: _modify,
    Ask.DELETE: _delete,
    Ask.BULK: _bulk,
    Ask.DISCOVER: _discover,
}


def _resource(
    request: Request, route: Route, dialect: Dialect, notes: list[str], *, partial: bool = False
) -> dict[str, Any]:
    type, body = route.types[0], _body(request, dialect, notes)
    check_values(body, type, dialect.limits)
    if type.rules is not None:
        body = type.rules.read_part(body, Asked(type.settings, body, route.id, notes=notes))
    return _names(route, dialect).resource(body, partial=partial)


def _body(request: Request, dialect: Dialect, notes: list[str]) -> dict[str, Any]:
    if request.document is not None:
        document: dict[str, Any] = request.document
        return document
    _check_body(request, dialect.limits.body_bytes, dialect, notes)
    return read_json(request.body, dialect.limits.json_depth)


def _check_body(request: Request, limit: int, dialect: Dialect, notes: list[str]) -> None:
    check_length(request, limit)
    try:
        tolerated = check_content_type(
            request.headers.get("content-type"), lenient=dialect.tolerances.other_media_types
        )
    except UnsupportedMediaType:
        raise UnsupportedMediaType(f"The body has to be application/json, in UTF-8. {_NO_XML}.") from None
    if tolerated:
        notes.append("media type")


def _parameters(given: list[tuple[str, str]], route: Route, dialect: Dialect) -> QueryParameters:
    """A query's parameters, in kept names."""
    form, limits = _form(dialect), dialect.limits
    known = [(name, value) for name, value in given if name.lower() in _PARAMETERS]
    if not form.filters and any(name.lower() == "filter" for name, _ in known):
        raise InvalidFilter("Filters are not supported here; leave the parameter filter out to get all resources.")
    ignored = (frozenset() if form.paging else _PAGING) | (frozenset() if form.sorting else _SORTING)
    parameters = read_query([pair for pair in known if pair[0].lower() not in ignored], limits)
    called = _names(route, dialect)
    return replace(
        parameters,
        filter=None if parameters.filter is None else kept_filter(parameters.filter, called, limits),
        sort_by=None if parameters.sort_by is None else called.search_path(parameters.sort_by),
        attributes=_with_always(tuple(map(called.path, parameters.attributes)), form),
    )


def _attributes(request: Request, route: Route, dialect: Dialect) -> tuple[str, ...]:
    """The attributes that ``attributes`` names, by their kept paths."""
    if not request.query:
        return ()
    given = [(name, value) for name, value in pairs(request.query) if name.lower() == "attributes"]
    return tuple(map(_names(route, dialect).path, read_query(given, dialect.limits).attributes))


def _with_always(asked: tuple[str, ...], form: Form) -> tuple[str, ...]:
    return (*asked, *form.always) if asked else ()


def _projection(request: Request, route: Route, dialect: Dialect, *, written: bool = False) -> Projection | None:
    """What is asked for. Of what was just ``written`` everything is shown: the client gave it."""
    asked = _with_always(_attributes(request, route, dialect), _form(dialect))
    return None if written and not asked else projection(route.types[0], asked, ())


def _conditions(request: Request, dialect: Dialect) -> Conditions:
    return conditions(request) if _form(dialect).etags else NO_CONDITIONS
