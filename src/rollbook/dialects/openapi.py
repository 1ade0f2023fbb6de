"""The OpenAPI 3.1 document of a dialect: made of its live route table and its live resource types, so that it cannot
forget what is served.

What each kind of operation asks and answers is the table ``openapi_kinds.KINDS``; an operation that has no line there
is still in the document, with what every operation has in common. HEAD (every GET) and OPTIONS (every address) are told
in words.

Source: OpenAPI 3.1; RFC 7644 §3.2 (operations), §3.12 (errors).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import rollbook
from rollbook.dialects import openapi_parts as parts
from rollbook.dialects import openapi_v1
from rollbook.dialects.model import Dialect
from rollbook.dialects.openapi_kinds import KINDS, Line, unlisted
from rollbook.dialects.openapi_messages import list_of, messages
from rollbook.dialects.openapi_parts import MEDIA, Document
from rollbook.dialects.openapi_schemas import answered, component, sent
from rollbook.dialects.plan import Credentials
from rollbook.dialects.routes import Ask
from rollbook.scim import urns
from rollbook.scim.discovery import Features

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


def document(dialect: Dialect, origin: str, tenant: str | None = None, *, server: str | None = None) -> Document:
    """The document of a dialect for one tenant (or for the address that names none).

    ``origin`` is the public address of the house, without a closing slash. What the document's ``paths`` are relative
    to stands in ``servers``: ``server`` (which may be relative to the document itself), else the public address.
    """
    if dialect.form is not None:
        return openapi_v1.document(dialect, origin, tenant, server=server)
    base = f"{origin}{f'/t/{tenant}' if tenant else ''}{dialect.base}"
    paths: Document = {}
    for template, method, ask, types in dialect.routes.lines():
        if ask in (Ask.ABSENT, Ask.OPTIONS):
            continue
        me = template == "/Me"
        if me:  # it stands for one person, as far as anybody can say beforehand
            types = tuple(type for type in dialect.types if type.key is not None)[:1]
        line = Line(dialect, base, template, types, me)
        item = paths.setdefault(template, {})
        item[method.lower()] = _operation(line, ask, method)
        if "{id}" in template:
            item["parameters"] = [_id_parameter(line.topic)]
    limits = dialect.limits
    schemas = messages(limits)
    for type in dialect.types:
        name = component(type)
        schemas[name] = answered(type)
        schemas[f"{name}.sent"] = sent(type, dialect.terms, limits)
        schemas[f"{name}.list"] = list_of({"$ref": f"#/components/schemas/{name}"}, limits)
    everything = [{"$ref": f"#/components/schemas/{component(type)}"} for type in dialect.types]
    schemas["Any.list"] = list_of({"anyOf": everything}, limits)
    schemas["Member.list"] = list_of({"$ref": "#/components/schemas/Member"}, limits)
    for topic in ("Schema", "ResourceType"):
        schemas[f"{topic}.list"] = list_of({"$ref": f"#/components/schemas/{topic}"})
        schemas[f"{topic}.sent"] = schemas[topic] | {"properties": {**schemas[topic]["properties"], "schemas": {}}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"rollbook, {dialect.title or 'SCIM 2.0'}" + (f", tenant {tenant}" if tenant else ""),
            "version": rollbook.__version__,
            "description": _ABOUT,
        },
        "servers": [{"url": server or base}],
        "security": _security(dialect.credentials),
        "tags": [{"name": name} for name in dict.fromkeys(_tag(op) for item in paths.values() for op in _ops(item))],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "parameters": parts.parameters(limits),
            "headers": dict(parts.HEADERS),
            "responses": parts.refusals(),
            "securitySchemes": _schemes(dialect.credentials),
        },
    }


def _absent(features: Features) -> frozenset[str]:
    """The parameters of queries that a provider does not offer."""
    offered = {
        "filter": features.filter,
        "sortBy": features.sort,
        "sortOrder": features.sort,
        "cursor": features.cursor,
    }
    return frozenset(name for name, there in offered.items() if not there)


def _security(held: Credentials) -> list[Document]:
    """One of these is needed."""
    return [{name: []} for name in _schemes(held)]


def _schemes(held: Credentials) -> Document:
    """How a client shows who it is."""
    found: Document = {}
    if held.session_header:
        told = "A session: POST /session, or the product's own way to log in."
        found["session"] = {"type": "apiKey", "in": "header", "name": held.session_header, "description": told}
    if held.bearer or not found:
        told = "A token of the tenant (RFC 6750): `rollbook token create TENANT`."
        found[_TOKEN] = {"type": "http", "scheme": "bearer", "description": told}
    return found


def _ops(item: Mapping[str, Any]) -> Sequence[Document]:
    return [operation for name, operation in item.items() if name != "parameters"]


def _tag(operation: Mapping[str, Any]) -> str:
    return str(operation["tags"][0])


def _id_parameter(topic: str) -> Document:
    told = "A schema's URN." if topic == "Schemas" else "The resource's `id`."
    told = "A resource type's name." if topic == "ResourceTypes" else told
    examples = {"Schemas": urns.USER, "ResourceTypes": "User"}
    # Neither dot segments nor slashes can stand in a path: what they mean is decided before anybody here reads it.
    schema = {"type": "string", "minLength": 1, "pattern": "^[A-Za-z0-9:_-]([A-Za-z0-9:._-]*[A-Za-z0-9:_-])?$"}
    found: Document = {"name": "id", "in": "path", "required": True, "description": told, "schema": schema}
    if topic in examples:
        found["example"] = examples[topic]
    return found


def _operation(line: Line, ask: Ask, method: str) -> Document:
    kind = KINDS.get(ask) or unlisted(ask)
    words = {"what": line.what, "noun": line.noun, "topic": line.topic}
    refused = {*_EVERYWHERE, *kind.refusals}
    if not kind.open:
        refused |= set(_WITH_CREDENTIAL)
    if kind.body is not None:
        refused |= set(_WITH_BODY)
    if line.me:
        refused.add(501)
    made: Document = {
        "operationId": _operation_id(kind.name.format(**words), line),
        "summary": kind.summary.format(**words),
        "tags": [line.type.name if line.type else "Discovery" if kind.open else "Me" if line.me else "Everything"],
        "responses": {
            **{str(status): answer for status, answer in kind.answers(line).items()},
            **{str(status): {"$ref": f"#/components/responses/Refused{status}"} for status in sorted(refused)},
        },
    }
    absent = _absent(line.dialect.features)
    if names := [name for name in kind.parameters if name not in absent]:
        made["parameters"] = [{"$ref": f"#/components/parameters/{name}"} for name in names]
    if kind.body is not None:
        made["requestBody"] = {"required": True, "content": {MEDIA: kind.body(line)}}
    if kind.open:
        made["security"] = [{}, *_security(line.dialect.credentials)]
    return made


def _operation_id(name: str, line: Line) -> str:
    """Unique, since the route is: a discovery address with an id is another operation than the one without."""
    return name + ("One" if line.topic in ("Schemas", "ResourceTypes") and line.template.endswith("{id}") else "")
