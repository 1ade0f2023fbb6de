"""What the operations of the document share: parameters, headers, refusals, and the people of the examples.

Source: RFC 7644 §3.4, §3.12, §3.14; RFC 7240; RFC 9865; OpenAPI 3.1.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from rollbook.scim import urns
from rollbook.scim.attributes import Attribute, Held, Mutability, Type
from rollbook.scim.limits import Limits
from rollbook.scim.schema import ResourceType

Document = dict[str, Any]

MEDIA = "application/scim+json"

SCIM_TYPES = (
    *("invalidFilter", "tooMany", "uniqueness", "mutability", "invalidSyntax", "invalidPath", "noTarget"),
    *("invalidValue", "invalidVers", "sensitive", "invalidCursor", "expiredCursor", "invalidCount"),
)

REFUSALS: Mapping[int, str] = {
    400: "What was sent cannot be understood or does not fit the schema; `scimType` says of which kind it is.",
    401: "No credential was sent, or none that is good.",
    403: "The credential does not allow this, or the tenant is suspended.",
    404: "There is nothing at this address for this credential.",
    405: "This address does not have this method; `Allow` names those that it has.",
    406: "`Accept` allows no kind of JSON.",
    409: "Another resource has this name already, or a reference could not be resolved.",
    412: "The resource is of another version than the one named by `If-Match`, or of the one named by `If-None-Match`.",
    413: "The request is larger than is accepted; `detail` says how large it may be.",
    414: "The address is longer than is accepted.",
    415: "The body is of another type than JSON, or compressed.",
    428: "This connection needs `If-Match` for a change.",
    429: "Too many requests; `Retry-After` says when to go on.",
    431: "The headers are larger than is accepted.",
    500: "A bug of the server's. The operator finds the reason under the request's id.",
    501: "This is not offered by this server, or not to this credential.",
    503: "The database is away, or the tenant has too much at work; `Retry-After` says when to try again.",
}
_HEADERS_OF: Mapping[int, tuple[str, ...]] = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}


def text(description: str, **more: Any) -> Document:
    """A text."""
    return {"type": "string", "description": description, **more}


def number(description: str, **more: Any) -> Document:
    """A whole number."""
    return {"type": "integer", "description": description, **more}


def query_parameters(limits: Limits) -> dict[str, Document]:
    """The parameters of a query by name."""

    def at(name: str, schema: Document, **more: Any) -> Document:
        return {"name": name, "in": "query", "description": schema.pop("description"), "schema": schema, **more}

    return {
        "filter": at(
            "filter",
            text("Which resources (RFC 7644 §3.4.2.2).", minLength=1),
            examples={
                "by name": {"value": 'userName eq "ann"'},
                "by mail": {"value": 'emails.value eq "ann@acorn.example"'},
            },
        ),
        "sortBy": at("sortBy", text("The attribute to sort by."), example="meta.lastModified"),
        "sortOrder": at("sortOrder", text("Which way.", enum=["ascending", "descending", ""])),
        "startIndex": at("startIndex", number("The position of the first one, from 1.", default=1)),
        "count": at(
            "count",
            number(f"How many at most; more than {limits.max_page} is cut to it.", default=limits.default_page),
        ),
        "cursor": at("cursor", text("Where to go on, as the last answer said; empty: from the first one (RFC 9865).")),
    }


def parameters(limits: Limits) -> Document:
    """The parameters that operations refer to."""
    projection = {
        "attributes": text("The attributes to answer, between commas."),
        "excludedAttributes": text("The attributes to leave out, between commas."),
    }
    headers = {
        "If-Match": "The change is made only if the resource is of one of these versions.",
        "If-None-Match": "The resource is answered only if it is of none of these versions (304 if it is).",
    }
    found = dict(query_parameters(limits))
    for name, schema in projection.items():
        told = schema.pop("description")
        found[name] = {"name": name, "in": "query", "description": told, "schema": schema}
    for name, told in headers.items():
        found[name] = {
            "name": name,
            "in": "header",
            "description": told,
            "schema": {"type": "string"},
            "example": 'W/"1"',
        }
    found["since"] = {
        "name": "since",
        "in": "query",
        "description": "The `position` of the last answer; without it, from the first change that is kept.",
        "schema": {"type": "string"},
    }
    found["Prefer"] = {
        "name": "Prefer",
        "in": "header",
        "description": "Whether the answer holds the resource (RFC 7240 §4.2).",
        "schema": {"type": "string", "examples": ["return=minimal", "return=representation"]},
    }
    return found


HEADERS: Mapping[str, Document] = {
    "ETag": {"description": "The version of the resource.", "schema": {"type": "string"}},
    "Location": {"description": "The address of the new resource.", "schema": {"type": "string"}},
    "Content-Location": {"description": "The address of the resource.", "schema": {"type": "string"}},
    "Preference-Applied": {"description": "The preference that was followed.", "schema": {"type": "string"}},
    "WWW-Authenticate": {"description": "What kind of credential is asked for.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "string", "pattern": "^[0-9]+$"}},
    "Allow": {"description": "The methods of this address.", "schema": {"type": "string"}},
}


def refusals() -> Document:
    """The answers that say no, by the name under which operations refer to them."""
    return {f"Refused{status}": _refusal(status, told) for status, told in REFUSALS.items()}


def _refusal(status: int, told: str) -> Document:
    example = {"schemas": [urns.ERROR], "status": str(status), "detail": told}
    answer: Document = {
        "description": f"{HTTPStatus(status).phrase}. {told}",
        "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/Error"}, "example": example}},
    }
    if headers := _HEADERS_OF.get(status):
        answer["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in headers}
    return answer


_PERSON: Document = {
    "userName": "ann",
    "name": {"givenName": "Ann", "familyName": "Oak"},
    "displayName": "Ann Oak",
    "title": "Forester",
    "emails": [{"value": "ann@acorn.example", "type": "work", "primary": True}],
    "active": True,
}
_VALUES: Mapping[str, Any] = {
    "string": "text",
    "boolean": True,
    "integer": 7,
    "decimal": 1.5,
    "dateTime": "2026-01-31T08:00:00.000Z",
    "binary": "YW5u",
    "reference": "https://acorn.example/1",
}
EXAMPLE_ID = "0199c1f2-7a5e-7000-8000-000000000001"


def example(type: ResourceType, *, base: str | None = None) -> Document:
    """One resource of a type: as it is sent, or (``base``) as it is answered."""
    shown: Document = {"schemas": [type.schema.id]}
    if base is not None:
        shown["id"] = EXAMPLE_ID
    for attribute in type.schema.attributes:
        if attribute.held is not Held.DOCUMENT or attribute.secret:
            continue
        if type.schema.id == urns.USER:
            ruled = attribute.name == "active" and type.rules is not None  # which may want more with it
            if attribute.name in _PERSON and not ruled:
                shown[attribute.name] = _PERSON[attribute.name]
        elif attribute.name == "displayName":
            shown["displayName"] = "Foresters"
        elif not attribute.read_only:
            shown[attribute.name] = _example_value(attribute)
    for e in type.extensions:
        needed = {a.name: _example_value(a) for a in e.schema.attributes if a.required and not a.read_only}
        if needed:
            shown["schemas"].append(e.schema.id)
            shown[e.schema.id] = needed
    if base is not None:
        at = "2026-01-31T08:00:00.000Z"
        where = f"{base}{type.endpoint}/{EXAMPLE_ID}"
        shown["meta"] = {"resourceType": type.name, "created": at, "lastModified": at, "location": where}
        shown["meta"]["version"] = 'W/"1"'
    return shown


def telling(type: ResourceType | None) -> str:
    """The name of an attribute that examples may ask for and change: every resource of the type can have it."""
    if type is None:
        return "displayName"
    texts = [
        a.name
        for a in type.schema.attributes
        if a.type is Type.STRING and a.mutability is Mutability.READ_WRITE and not (a.multi_valued or a.secret)
    ]
    return "displayName" if "displayName" in texts else next(iter(texts), "externalId")


def _example_value(attribute: Attribute) -> Any:
    if attribute.complex:
        one: Any = {s.name: _example_value(s) for s in attribute.sub_attributes if not s.read_only and not s.secret}
    elif attribute.canonical_values:
        one = attribute.canonical_values[0]
    else:
        one = _VALUES[attribute.type.value]
    return [one] if attribute.multi_valued else one
