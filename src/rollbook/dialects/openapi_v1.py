"""The OpenAPI 3.1 document of a dialect that speaks SCIM 1.1: made of the same route table and resource types.

Resources are described as ``openapi_schemas`` does, under the names of the wire; what is particular to 1.1 is here: one
form of lists, partial resources, statuses (``openapi_messages_v1``: the messages).

Source: draft-scim-api-01, draft-scim-core-schema-01; OpenAPI 3.1.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import rollbook
from rollbook.dialects import openapi_parts as parts
from rollbook.dialects.model import Dialect
from rollbook.dialects.openapi_messages_v1 import CORE_ONLY, messages, ref
from rollbook.dialects.openapi_parts import Document, number, text
from rollbook.dialects.openapi_schemas import answered, component, sent
from rollbook.dialects.routes import Ask
from rollbook.scim.attributes import Attribute, Held
from rollbook.scim.schema import ResourceType, Schema
from rollbook.scim.wire.v1_form import CORE, Form
from rollbook.scim.wire.v1_names import DELETE, OPERATION, Names, names

MEDIA = "application/json"
_TOKEN = "token"  # noqa: S105 - the name of the scheme
_ABOUT = """\
SCIM 1.1 (draft-scim-api-01, draft-scim-core-schema-01). Requests and answers are JSON; there is no XML.

Every address that has GET has HEAD; every address has OPTIONS, which answers with `Allow`. A POST with the header
`X-HTTP-Method-Override` is the method that stands in it: {overrides}. An address may end in `.json`. Every refusal has
`Errors`, whose `description` says what was wrong, where, and what would be right.
"""
_QUERY = ("filter", "sortBy", "sortOrder", "startIndex", "count", "attributes")
_CHANGE = ("attributes", "If-Match")
_SPOKEN: Mapping[Ask, tuple[str, str, tuple[str, ...], tuple[int, ...]]] = {
    Ask.CREATE: ("create", "Create {noun}", ("attributes",), (409,)),
    Ask.RETRIEVE: ("get", "Read {noun}", ("attributes", "If-None-Match"), (412,)),
    Ask.QUERY: ("list", "List and find {noun}", _QUERY, ()),
    Ask.SEARCH: ("query", "Find {noun}, with the parameters in the body", (), ()),
    Ask.REPLACE: ("replace", "Replace {noun}", _CHANGE, (409, 412, 428)),
    Ask.MODIFY: ("modify", "Change {noun} by a part of it", _CHANGE, (409, 412, 428)),
    Ask.DELETE: ("delete", "Delete {noun}", _CHANGE[1:], (412, 428)),
    Ask.BULK: ("bulk", "Do many operations in one request", (), ()),
    Ask.DISCOVER: ("see", "See what there is", (), ()),
}
"""By what a route leads to: a name, a summary, parameters, and refusals beside those of every operation."""


def document(dialect: Dialect, origin: str, tenant: str | None = None, *, server: str | None = None) -> Document:
    """As ``openapi.document``, of a dialect with a form of the 1.1 wire."""
    form = dialect.form
    assert form is not None
    base = f"{origin}{f'/t/{tenant}' if tenant else ''}{dialect.base}"
    paths: Document = {}
    for template, method, ask, types in dialect.routes.lines():
        if ask in _SPOKEN and method.lower() in _METHODS:
            item = paths.setdefault(template, {})
            item[method.lower()] = _operation(dialect, form, base, template, ask, types)
            if "{id}" in template:
                item["parameters"] = [_ID]
    schemas: Document = dict(messages(form))
    for type in dialect.types:
        schemas |= _resources(type, dialect, form)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"rollbook, {dialect.title or 'SCIM 1.1'}" + (f", tenant {tenant}" if tenant else ""),
            "version": rollbook.__version__,
            "description": _ABOUT.format(overrides=", ".join(form.overrides)),
        },
        "servers": [{"url": server or base}],
        "security": [{_TOKEN: []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "parameters": _parameters(dialect, form),
            "responses": {f"Refused{status}": _refusal(status, told) for status, told in parts.REFUSALS.items()},
            "securitySchemes": {
                _TOKEN: {"type": "http", "scheme": "bearer", "description": "A token of a connection of this dialect."}
            },
        },
    }


_METHODS = ("get", "post", "put", "patch", "delete")
_ID: Document = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": "The `id` of the resource, or of the schema.",
    "schema": {"type": "string", "minLength": 1, "pattern": "^[A-Za-z0-9:_-]([A-Za-z0-9:._-]*[A-Za-z0-9:_-])?$"},
}


def _operation(
    dialect: Dialect, form: Form, base: str, template: str, ask: Ask, types: tuple[ResourceType, ...]
) -> Document:
    name, summary, parameters, refused = _SPOKEN[ask]
    type = types[0] if types else None
    what = component(type) if type else template.strip("/").partition("/")[0]
    open_ = ask is Ask.DISCOVER
    one = "One" if open_ and template.endswith("{id}") else ""
    statuses = {400, 404, 406, 414, 431, 500, 503, *refused} | (set() if open_ else {401, 403, 429})
    body = _body(dialect, form, ask, type)
    if body is not None:
        statuses |= {413, 415}
    made: Document = {
        "operationId": name if ask is Ask.BULK else f"{name}{what}{one}",
        "summary": summary.format(noun=f"a {type.name}" if type else ""),
        "tags": [type.name if type else "Discovery" if open_ else "Everything"],
        "responses": {
            **_answers(dialect, form, base, template, ask, type),
            **{str(status): {"$ref": f"#/components/responses/Refused{status}"} for status in sorted(statuses)},
        },
    }
    if shown := [one for one in parameters if one in _known(form)]:
        made["parameters"] = [{"$ref": f"#/components/parameters/{one}"} for one in shown]
    if body is not None:
        made["requestBody"] = {"required": True, "content": {MEDIA: body}}
    if open_:
        made["security"] = [{}, {_TOKEN: []}]
    return made


def _known(form: Form) -> set[str]:
    """The parameters that the form heeds."""
    known = {"attributes"}
    known |= {"filter"} if form.filters else set()
    known |= {"sortBy", "sortOrder"} if form.sorting else set()
    known |= {"startIndex", "count"} if form.paging else set()
    return known | ({"If-Match", "If-None-Match"} if form.etags else set())


def _body(dialect: Dialect, form: Form, ask: Ask, type: ResourceType | None) -> Document | None:
    if ask is Ask.BULK:
        person = _example(dialect.types[0], form)
        operation = {"method": "POST", "path": dialect.types[0].endpoint, "bulkId": "ann", "data": person}
        return {"schema": ref("BulkRequest"), "example": {"schemas": [CORE], "Operations": [operation]}}
    if type is None:
        return None
    if ask in (Ask.CREATE, Ask.REPLACE):
        return {"schema": ref(f"{component(type)}.sent"), "example": _example(type, form)}
    if ask is Ask.MODIFY:
        part = {"schemas": [CORE], parts.telling(type): "Ann Birch"}
        return {"schema": ref(f"{component(type)}.part"), "example": part}
    if ask is Ask.SEARCH:
        return {"schema": {"type": "object", "properties": {"attributes": text("What to answer, between commas.")}}}
    return None


def _answers(
    dialect: Dialect, form: Form, base: str, template: str, ask: Ask, type: ResourceType | None
) -> dict[str, Document]:
    def shown(description: str, name: str, **more: Any) -> Document:
        return {"description": description, "content": {MEDIA: {"schema": ref(name), **more}}}

    if ask is Ask.BULK:
        return {"200": shown("What each came to.", "BulkResponse")}
    if type is None:
        topic = dialect.routes.topic(template)
        one = topic if topic != "Schemas" else "Schema" if template.endswith("{id}") else "Schema.list"
        return {"200": shown("What there is.", one)}
    name = component(type)
    example = _example(type, form, base)
    if ask in (Ask.QUERY, Ask.SEARCH):
        return {"200": shown("What was found.", f"{name}.list")}
    if ask is Ask.CREATE:
        return {str(form.created): shown("It is made.", name, example=example)}
    if ask is Ask.DELETE:
        return {str(form.deleted): {"description": "It is gone, and so are its memberships."}}
    found = {"200": shown("The resource as it is now.", name, example=example)}
    if ask is Ask.RETRIEVE and form.etags:
        found["304"] = {"description": "You have this version already."}
    if ask is Ask.MODIFY:
        found["204"] = {"description": "Members came or went; nothing is shown."}
    return found


def _example(type: ResourceType, form: Form, base: str | None = None) -> Document:
    return names(type, form).shown(parts.example(type, base=base))


def _resources(type: ResourceType, dialect: Dialect, form: Form) -> Document:
    called, name = names(type, form), component(type)
    whole = _renamed(answered(type), called)
    given = _renamed(sent(type, dialect.terms, dialect.limits), called, sent=True)
    given["required"] = [one for one in given["required"] if one != "schemas"]
    part = {key: value for key, value in given.items() if key != "required"}
    part["title"] = f"{type.name}, a part of it"
    part["description"] = "What is not named stays as it is; what `meta.attributes` names goes."
    gone = text("The names of what is to go: `title`, `name.formatted`, a URN with a colon and a name.")
    meta = {"type": ["object", "null"], "properties": {"attributes": {"type": ["array", "null"], "items": gone}}}
    part["properties"] = {**given["properties"], "meta": meta}
    page = {
        "type": "object",
        "properties": {
            "schemas": CORE_ONLY,
            "totalResults": number("How many there are."),
            "itemsPerPage": number("How many are here."),
            "startIndex": number("The position of the first one, from 1."),
            "Resources": {"type": "array", "items": ref(name)},
        },
        "required": ["schemas", "totalResults", "Resources"],
        "additionalProperties": False,
    }
    return {name: whole, f"{name}.sent": given, f"{name}.part": part, f"{name}.list": page}


def _renamed(schema: Document, called: Names, *, sent: bool = False) -> Document:
    """The schema of a resource under the names of the wire."""
    properties: Document = {}
    for key, value in schema["properties"].items():
        if key == "schemas":
            urns = {"type": "array", "items": {"type": "string", "enum": list(called.urns.values())}}
            properties[key] = urns | {
                "description": "The schemas in use; may be left out." if sent else value["description"]
            }
        elif (extension := called.type.extension(key)) is not None:
            inside = {
                name: _attribute(item, called, extension.attribute(name), extension, sent)
                for name, item in value["properties"].items()
            }
            properties[called.urns[key]] = {**value, "properties": inside}
        else:
            properties[key] = _attribute(value, called, called.type.top(key), None, sent)
    return {**schema, "properties": properties}


def _attribute(
    value: Document, called: Names, attribute: Attribute | None, extension: Schema | None, sent: bool
) -> Document:
    inner = value.get("items", value)
    if attribute is None or not isinstance(inner, dict) or "properties" not in inner:
        return value
    subs = {}
    for name, item in inner["properties"].items():
        if name not in called.form.hidden:
            sub = attribute.sub(name)
            subs[called.wire_name(extension, attribute, sub) if sub else name] = item
    one = {**inner, "properties": subs}
    if not attribute.multi_valued:
        return one
    if not sent:
        return {**value, "items": one}
    operation = {"type": ["string", "null"], "description": f'"{DELETE}": this value goes.'}
    one["properties"] = {**subs, OPERATION: operation}
    plain = [{"type": "string"}] if "value" in subs and attribute.held is not Held.MEMBERS else []
    return {**value, "items": {"anyOf": [one, *plain]}}


def _parameters(dialect: Dialect, form: Form) -> Document:
    found = {name: one for name, one in parts.parameters(dialect.limits).items() if name in _known(form)}
    if "filter" in found:
        found["filter"] = {**found["filter"], "description": "Which resources (§3.2.2.1: no ne, ew, not, brackets)."}
    return found


def _refusal(status: int, told: str) -> Document:
    told = told.replace("`scimType` says of which kind it is", "`description` says what").replace(
        "`detail`", "`description`"
    )
    example = {"Errors": [{"description": told, "code": str(status)}]}
    return {
        "description": f"{HTTPStatus(status).phrase}. {told}",
        "content": {MEDIA: {"schema": ref("Error"), "example": example}},
    }
