"""What both versions of the wire read of a request in one way: its parameters, its ETags, the size of its body."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import unquote_to_bytes

from rollbook.http_message import Request
from rollbook.scim.attributes import Held
from rollbook.scim.discovery import Features
from rollbook.scim.errors import InvalidCursor, InvalidFilter, InvalidSyntax, InvalidValue, PayloadTooLarge
from rollbook.scim.etag import read_condition
from rollbook.scim.limits import Limits
from rollbook.scim.operations import NO_CONDITIONS, Conditions
from rollbook.scim.page import QueryParameters
from rollbook.scim.schema import ResourceType
from rollbook.scim.tolerances import shortened


def pairs(query: str) -> list[tuple[str, str]]:
    """The parameters of a query string, in order; ``+`` is a space, empty pieces (a closing ``&``) are nothing."""
    if not query:
        return []
    found = []
    for piece in query.split("&"):
        if piece:
            name, _, value = piece.partition("=")
            found.append((text(name.replace("+", " ")), text(value.replace("+", " "))))
    return found


def text(quoted: str) -> str:
    """A percent-encoded text, decoded. **Raises** ``InvalidValue``."""
    if "%" not in quoted:
        return quoted
    try:
        plain = unquote_to_bytes(quoted).decode()
    except UnicodeDecodeError:
        raise InvalidValue("The address has percent-encoded bytes that are not UTF-8.") from None
    if "\0" in plain:
        raise InvalidValue("The address has a NUL character in it; leave it out.")
    return plain


def conditions(request: Request) -> Conditions:
    """The ETags that a request names."""
    match, none_match = request.headers.get("if-match"), request.headers.get("if-none-match")
    if match is None and none_match is None:
        return NO_CONDITIONS
    return Conditions(read_condition(match), read_condition(none_match))


def check_length(request: Request, limit: int) -> None:
    """**Raises** ``PayloadTooLarge`` for a body beyond the limit, ``InvalidSyntax`` for none."""
    if len(request.body) > limit:
        raise PayloadTooLarge(f"The body is larger than {limit} bytes.")
    if not request.body:
        raise InvalidSyntax("The request has no body; send a JSON object.")


def offered(parameters: QueryParameters, features: Features) -> QueryParameters:
    """A query as far as it is offered.

    **Rules**: a filter that would not be looked at is refused, for the client would take what it gets for what it asked
    for; so is a cursor, which would lead back to the first page for ever; an order is left to us (RFC 7644 §3.4.2.3).
    **Raises** ``InvalidFilter``, ``InvalidCursor``.
    """
    if features.filter and features.sort and features.cursor:
        return parameters
    if parameters.filter is not None and not features.filter:
        raise InvalidFilter("This server offers no filters: leave the filter out, and look through the pages.")
    if parameters.cursor is not None and not features.cursor:
        raise InvalidCursor("This server offers no cursors: ask for pages with startIndex and count.")
    if parameters.sort_by is not None and not features.sort:
        return replace(parameters, sort_by=None, descending=False)
    return parameters


def under_urns(body: Mapping[str, Any], type: ResourceType) -> dict[str, Any]:
    """A resource with its extensions under their URNs, whatever they are called on the wire. **Raises**
    ``InvalidSyntax`` where one comes under both names: nobody could say which of the two is meant."""
    renamed: dict[str, Any] = {}
    seen: set[str] = set()
    for name, value in body.items():
        urn = type.unaliased(name) if "." not in name else name
        if type.extension(urn) is not None:
            if urn.lower() in seen:
                key = next(key for key, of in type.aliases.items() if of.lower() == urn.lower())
                raise InvalidSyntax(f"The body has {key} twice, or beside {urn}, which is the same: send one of them.")
            seen.add(urn.lower())
        renamed[urn] = value
    return renamed


def check_values(body: Mapping[str, Any], type: ResourceType, limits: Limits) -> None:
    """Refuse a resource with far too many values before each of them is looked at. **Raises** ``InvalidValue``."""
    most = limits.attribute_values
    for name, value in body.items():
        if value.__class__ is list and len(value) > most:
            members = type.held(Held.MEMBERS)
            if members is None or name.lower() != members.name.lower():
                raise InvalidValue(f"{shortened(name)} may have {most} values at most.")
