"""The OpenAPI 3.1 document of a dialect: made of its live route table and its live resource types, so that it cannot
forget what is served.

What each kind of operation asks and answers is the table ``_KINDS``; an operation that has no line there is still in
the document, with what every operation has in common. HEAD (every GET) and OPTIONS (every address) are told in words.

Source: OpenAPI 3.1; RFC 7644 §3.2 (operations), §3.12 (errors).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import rollbook
from rollbook.dialects import openapi_parts as parts
from rollbook.dialects.model import Dialect
from rollbook.dialects.openapi_parts import MEDIA, Document
from rollbook.dialects.openapi_schemas import answered, component, sent
from rollbook.dialects.routes import Ask
from rollbook.scim import urns
from rollbook.scim.schema import ResourceType

_TOKEN = "token"  # noqa: S105 - the name of the scheme
_ABOUT = """\
SCIM 2.0 (RFC 7643, RFC 7644). Requests and answers are JSON, as `application/scim+json`.

Every address that has GET has HEAD, with the same headers; every address has OPTIONS, which answers with `Allow`.
Every refusal is a SCIM Error, whose `detail` says what was wrong, where, and what would be right. An address with a
method that it does not have is 405. Names of attributes and parameters are the same in any letter case.
"""
_EVERYWHERE = (400, 404, 406, 414, 431, 500, 503)
_WITH_CREDENTIAL = (401, 403, 429)
_WITH_BODY = (413, 415)


@dataclass(frozen=True, slots=True)
class _Operation:
    """One line of the route table, on its way into the document."""

    dialect: Dialect
    base: str
    template: str
    types: tuple[ResourceType, ...]
    me: bool

    @property
    def type(self) -> ResourceType | None:
        return self.types[0] if len(self.types) == 1 else None

    @property
    def what(self) -> str:
        return "Me" if self.me else component(self.types[0]) if len(self.types) == 1 else ""

    @property
    def noun(self) -> str:
        return "yourself" if self.me else f"a {self.types[0].name}" if len(self.types) == 1 else "resources"


@dataclass(frozen=True, slots=True)
class _Kind:
    """What one kind of operation is. ``name`` and ``summary`` have ``{what}`` and ``{noun}`` filled in."""

    name: str
    summary: str
    answers: Callable[[_Operation], Mapping[int, Document]]
    body: Callable[[_Operation], Document] | None = None
    parameters: tuple[str, ...] = ()
    refusals: tuple[int, ...] = ()
    open: bool = False


def document(
    dialect: Dialect, origin: str, tenant: str | None = None, *, server: str | None = None, cursor: bool = False
) -> Document:
    """The document of a dialect for one tenant (or for the address that names none).

    ``origin`` is the public address of the house, without a closing slash. What the document's ``paths`` are relative
    to stands in ``servers``: ``server`` (which may be relative to the document itself), else the public address.
    """
    base = f"{origin}{f'/t/{tenant}' if tenant else ''}{dialect.base}"
    paths: Document = {}
    for template, method, ask, types in dialect.routes.lines():
        if ask in (Ask.ABSENT, Ask.OPTIONS):
            continue
        line = _Operation(dialect, base, template, types, me=template == "/Me")
        item = paths.setdefault(template, {})
        item[method.lower()] = _operation(line, ask, method)
        if "{id}" in template:
            item["parameters"] = [_id_parameter(template)]
    limits = dialect.limits
    schemas = parts.shared_schemas(limits)
    for type in dialect.types:
        name = component(type)
        schemas[name] = answered(type)
        schemas[f"{name}.sent"] = sent(type, dialect.tolerances, limits)
        schemas[f"{name}.list"] = parts.list_of({"$ref": f"#/components/schemas/{name}"}, limits, cursor)
    everything = [{"$ref": f"#/components/schemas/{component(type)}"} for type in dialect.types]
    schemas["Any.list"] = parts.list_of({"anyOf": everything}, limits, cursor)
    for topic in ("Schema", "ResourceType"):
        schemas[f"{topic}.list"] = parts.list_of({"$ref": f"#/components/schemas/{topic}"}, limits, cursor=False)
        del schemas[f"{topic}.list"]["properties"]["Resources"]["maxItems"]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "rollbook, SCIM 2.0" + (f", tenant {tenant}" if tenant else ""),
            "version": rollbook.__version__,
            "description": _ABOUT,
        },
        "servers": [{"url": server or base}],
        "security": [{_TOKEN: []}],
        "tags": [{"name": name} for name in dict.fromkeys(_tag(op) for item in paths.values() for op in _ops(item))],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "parameters": parts.parameters(limits, cursor=cursor),
            "headers": dict(parts.HEADERS),
            "responses": parts.refusals(),
            "securitySchemes": {
                _TOKEN: {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token of the tenant (RFC 6750): `rollbook token create TENANT`.",
                }
            },
        },
    }


def _ops(item: Mapping[str, Any]) -> Sequence[Document]:
    return [operation for name, operation in item.items() if name != "parameters"]


def _tag(operation: Mapping[str, Any]) -> str:
    return str(operation["tags"][0])


def _id_parameter(template: str) -> Document:
    told = "A schema's URN." if template.startswith("/Schemas") else "The resource's `id`."
    told = "A resource type's name." if template.startswith("/ResourceTypes") else told
    examples = {"/Schemas/{id}": urns.USER, "/ResourceTypes/{id}": "User"}
    # Neither dot segments nor slashes can stand in a path: what they mean is decided before anybody here reads it.
    schema = {"type": "string", "minLength": 1, "pattern": "^[A-Za-z0-9:_-]([A-Za-z0-9:._-]*[A-Za-z0-9:_-])?$"}
    found: Document = {"name": "id", "in": "path", "required": True, "description": told, "schema": schema}
    if template in examples:
        found["example"] = examples[template]
    return found


def _operation(line: _Operation, ask: Ask, method: str) -> Document:
    kind = _KINDS.get(ask) or _unlisted(ask)
    words = {"what": line.what, "noun": line.noun, "topic": line.template.split("/")[1]}
    refused = {*_EVERYWHERE, *kind.refusals}
    if not kind.open:
        refused |= set(_WITH_CREDENTIAL)
    if kind.body is not None:
        refused |= set(_WITH_BODY)
    if line.me:
        refused.add(501)
    made: Document = {
        "operationId": _operation_id(kind.name.format(**words), line.template),
        "summary": kind.summary.format(**words),
        "tags": [line.type.name if line.type else "Discovery" if kind.open else "Me" if line.me else "Everything"],
        "responses": {
            **{str(status): answer for status, answer in kind.answers(line).items()},
            **{str(status): {"$ref": f"#/components/responses/Refused{status}"} for status in sorted(refused)},
        },
    }
    if kind.parameters:
        made["parameters"] = [{"$ref": f"#/components/parameters/{name}"} for name in kind.parameters]
    if kind.body is not None:
        made["requestBody"] = {"required": True, "content": {MEDIA: kind.body(line)}}
    if kind.open:
        made["security"] = [{}, {_TOKEN: []}]
    return made


def _operation_id(name: str, template: str) -> str:
    """Unique, since the route is: a discovery address with an id is another operation than the one without."""
    return name + ("One" if template.startswith(("/Schemas/", "/ResourceTypes/")) else "")


def _shown(line: _Operation, description: str, *headers: str) -> Document:
    return {
        "description": description,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in headers},
        "content": {MEDIA: _media(line)},
    }


def _media(line: _Operation) -> Document:
    if line.type is None:
        return {"schema": {"anyOf": [{"$ref": f"#/components/schemas/{component(t)}"} for t in line.dialect.types]}}
    schema = {"$ref": f"#/components/schemas/{component(line.type)}"}
    return {"schema": schema, "example": parts.example(line.type, base=line.base)}


def _empty(description: str, *headers: str) -> Document:
    return {
        "description": description,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in headers},
    }


_ONE = ("ETag", "Content-Location")


def _created(line: _Operation) -> Mapping[int, Document]:
    return {
        201: _shown(line, "It is made.", "ETag", "Location"),
    }


def _read(line: _Operation) -> Mapping[int, Document]:
    return {200: _shown(line, "The resource.", *_ONE), 304: _empty("You have this version already.", "ETag")}


def _changed(line: _Operation) -> Mapping[int, Document]:
    return {
        200: _shown(line, "The resource as it is now.", *_ONE, "Preference-Applied"),
        204: _empty("It is done; nothing is shown (`Prefer: return=minimal`, or members only).", *_ONE),
    }


def _deleted(line: _Operation) -> Mapping[int, Document]:
    return {204: _empty("It is gone, and so are its memberships.")}


def _listed(line: _Operation) -> Mapping[int, Document]:
    name = "Any" if line.type is None else component(line.type)
    media: Document = {"schema": {"$ref": f"#/components/schemas/{name}.list"}}
    if line.type is not None:
        page = {"schemas": [urns.LIST_RESPONSE], "totalResults": 1, "startIndex": 1, "itemsPerPage": 1}
        media["example"] = {**page, "Resources": [parts.example(line.type, base=line.base)]}
    return {200: {"description": "A page of what was found.", "content": {MEDIA: media}}}


def _discovered(line: _Operation) -> Mapping[int, Document]:
    topic = {"Schemas": "Schema", "ResourceTypes": "ResourceType"}.get(line.template.split("/")[1])
    name = (
        "ServiceProviderConfig" if topic is None else topic if line.template.endswith("{id}") else f"{topic}.list"
    )
    media = {"schema": {"$ref": f"#/components/schemas/{name}"}}
    return {200: {"description": "What there is.", "content": {MEDIA: media}}}


def _resource_body(line: _Operation) -> Document:
    if line.type is None:
        return {"schema": {"anyOf": [{"$ref": f"#/components/schemas/{component(t)}.sent"} for t in line.dialect.types]}}
    return {
        "schema": {"$ref": f"#/components/schemas/{component(line.type)}.sent"},
        "example": parts.example(line.type),
    }


def _patch_body(line: _Operation) -> Document:
    schemas = [urns.PATCH_OP]
    examples: Document = {
        "replace": {
            "summary": "Give an attribute another value",
            "value": {
                "schemas": schemas,
                "Operations": [{"op": "replace", "path": "displayName", "value": "Ann Birch"}],
            },
        }
    }
    return {"schema": {"$ref": "#/components/schemas/PatchOp"}, "examples": examples}


def _search_body(line: _Operation) -> Document:
    asked = {"schemas": [urns.SEARCH_REQUEST], "filter": 'displayName sw "Ann"', "count": 10}
    return {"schema": {"$ref": "#/components/schemas/SearchRequest"}, "example": asked}


def _anything(line: _Operation) -> Mapping[int, Document]:
    return {200: {"description": "Done.", "content": {MEDIA: {"schema": {"type": "object"}}}}}


def _unlisted(ask: Ask) -> _Kind:
    return _Kind(ask.name.lower() + "{what}", ask.name.capitalize().replace("_", " "), _anything)


_PROJECTION = ("attributes", "excludedAttributes")
_QUERY = ("filter", "sortBy", "sortOrder", "startIndex", "count", *_PROJECTION)

_KINDS: Mapping[Ask, _Kind] = {
    Ask.CREATE: _Kind(
        "create{what}", "Create {noun}", _created, _resource_body, (*_PROJECTION, "Prefer"), (409,)
    ),
    Ask.RETRIEVE: _Kind(
        "get{what}", "Read {noun}", _read, None, (*_PROJECTION, "If-None-Match", "If-Match"), (412,)
    ),
    Ask.QUERY: _Kind("list{what}", "List and find {noun}", _listed, None, _QUERY),
    Ask.SEARCH: _Kind("search{what}", "Find {noun}, with the query in the body", _listed, _search_body),
    Ask.REPLACE: _Kind(
        "replace{what}",
        "Replace {noun}",
        _changed,
        _resource_body,
        (*_PROJECTION, "If-Match", "If-None-Match", "Prefer"),
        (409, 412, 428),
    ),
    Ask.MODIFY: _Kind(
        "modify{what}",
        "Change {noun}",
        _changed,
        _patch_body,
        (*_PROJECTION, "If-Match", "If-None-Match", "Prefer"),
        (409, 412, 428),
    ),
    Ask.DELETE: _Kind("delete{what}", "Delete {noun}", _deleted, None, ("If-Match", "If-None-Match"), (412, 428)),
    Ask.DISCOVER: _Kind("discover{topic}", "See the server's {topic}", _discovered, refusals=(403,), open=True),
}
