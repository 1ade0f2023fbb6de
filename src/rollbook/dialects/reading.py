"""What both versions of the wire read of a request in one way: its parameters, its ETags, the size of its body."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from rollbook.http_message import Request
from rollbook.scim.attributes import Held
from rollbook.scim.errors import InvalidSyntax, InvalidValue, PayloadTooLarge
from rollbook.scim.etag import read_condition
from rollbook.scim.limits import Limits
from rollbook.scim.operations import NO_CONDITIONS, Conditions
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


def check_values(body: Mapping[str, Any], type: ResourceType, limits: Limits) -> None:
    """Refuse a resource with far too many values before each of them is looked at. **Raises** ``InvalidValue``."""
    most = limits.attribute_values
    for name, value in body.items():
        if value.__class__ is list and len(value) > most:
            members = type.held(Held.MEMBERS)
            if members is None or name.lower() != members.name.lower():
                raise InvalidValue(f"{shortened(name)} may have {most} values at most.")
