"""What each kind of operation asks and answers: the table ``KINDS``, by what a route leads to.

Source: RFC 7644 §3.2 (operations), §3.12 (errors).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rollbook.dialects import openapi_parts as parts
from rollbook.dialects.model import Dialect
from rollbook.dialects.openapi_parts import MEDIA, Document
from rollbook.dialects.openapi_schemas import component
from rollbook.dialects.routes import Ask
from rollbook.scim import urns
from rollbook.scim.schema import ResourceType


@dataclass(frozen=True, slots=True)
class Line:
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
    def topic(self) -> str:
        """The discovery topic that the address is about, else its first part."""
        first = self.template.split("/")[1]
        return self.dialect.routes.topics.get(first.lower(), first)

    @property
    def what(self) -> str:
        return "Me" if self.me else component(self.types[0]) if len(self.types) == 1 else ""

    @property
    def noun(self) -> str:
        return "yourself" if self.me else f"a {self.types[0].name}" if len(self.types) == 1 else "resources"


@dataclass(frozen=True, slots=True)
class Kind:
    """What one kind of operation is. ``name`` and ``summary`` have ``{what}`` and ``{noun}`` filled in."""

    name: str
    summary: str
    answers: Callable[[Line], Mapping[int, Document]]
    body: Callable[[Line], Document] | None = None
    parameters: tuple[str, ...] = ()
    refusals: tuple[int, ...] = ()
    open: bool = False


def _shown(line: Line, description: str, *headers: str) -> Document:
    return {
        "description": description,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in headers},
        "content": {MEDIA: _media(line)},
    }


def _media(line: Line) -> Document:
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


def _created(line: Line) -> Mapping[int, Document]:
    return {
        201: _shown(line, "It is made.", "ETag", "Location"),
    }


def _read(line: Line) -> Mapping[int, Document]:
    return {200: _shown(line, "The resource.", *_ONE), 304: _empty("You have this version already.", "ETag")}


def _changed(line: Line) -> Mapping[int, Document]:
    return {
        200: _shown(line, "The resource as it is now.", *_ONE, "Preference-Applied"),
        204: _empty("It is done; nothing is shown (`Prefer: return=minimal`, or members only).", *_ONE),
    }


def _deleted(line: Line) -> Mapping[int, Document]:
    return {204: _empty("It is gone, and so are its memberships.")}


def _gone(line: Line) -> Mapping[int, Document]:
    return {204: _empty("It is gone.")}


def _listed(line: Line) -> Mapping[int, Document]:
    name = "Any" if line.type is None else component(line.type)
    media: Document = {"schema": {"$ref": f"#/components/schemas/{name}.list"}}
    if line.type is not None:
        page = {"schemas": [urns.LIST_RESPONSE], "totalResults": 1, "startIndex": 1, "itemsPerPage": 1}
        media["example"] = {**page, "Resources": [parts.example(line.type, base=line.base)]}
    return {200: {"description": "A page of what was found.", "content": {MEDIA: media}}}


def _discovered(line: Line) -> Mapping[int, Document]:
    topic = _TOPICS.get(line.topic)
    name = "ServiceProviderConfig" if topic is None else topic if line.template.endswith("{id}") else f"{topic}.list"
    media = {"schema": {"$ref": f"#/components/schemas/{name}"}}
    return {200: {"description": "What there is.", "content": {MEDIA: media}}}


def _resource_body(line: Line) -> Document:
    if line.type is None:
        return {
            "schema": {"anyOf": [{"$ref": f"#/components/schemas/{component(t)}.sent"} for t in line.dialect.types]}
        }
    return {
        "schema": {"$ref": f"#/components/schemas/{component(line.type)}.sent"},
        "example": parts.example(line.type),
    }


def _patch_body(line: Line) -> Document:
    schemas = [urns.PATCH_OP]
    examples: Document = {
        "replace": {
            "summary": "Give an attribute another value",
            "value": {
                "schemas": schemas,
                "Operations": [{"op": "replace", "path": parts.telling(line.type), "value": "Ann Birch"}],
            },
        }
    }
    return {"schema": {"$ref": "#/components/schemas/PatchOp"}, "examples": examples}


def _search_body(line: Line) -> Document:
    asked = {"schemas": [urns.SEARCH_REQUEST], "filter": f'{parts.telling(line.type)} sw "Ann"', "count": 10}
    if not line.dialect.features.filter:
        del asked["filter"]
    return {"schema": {"$ref": "#/components/schemas/SearchRequest"}, "example": asked}


def _ref(name: str, description: str, status: int = 200, *headers: str) -> Callable[[Line], Mapping[int, Document]]:
    answer: Document = {"description": description, "content": {MEDIA: {"schema": _schema(name)}}}
    if headers:
        answer["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in headers}
    return lambda line: {status: answer}


def _schema(name: str) -> Document:
    return {"$ref": f"#/components/schemas/{name}"}


def _joined(line: Line) -> Mapping[int, Document]:
    return {200: {"description": "A page of the members.", "content": {MEDIA: {"schema": _schema("Member.list")}}}}


def _defined(line: Line) -> Mapping[int, Document]:
    topic = _TOPICS[line.topic]
    if line.template.endswith("{id}"):
        return _ref(topic, "It is as it was sent, from now on.")(line)
    return _ref(topic, "It is there.", 201, "Location")(line)


def _define_body(line: Line) -> Document:
    return {"schema": _schema(_TOPICS[line.topic] + ".sent")}


def _bulk_body(line: Line) -> Document:
    person = {**parts.example(line.dialect.types[0])}
    operations = [{"method": "POST", "path": line.dialect.types[0].endpoint, "bulkId": "ann", "data": person}]
    return {
        "schema": _schema("BulkRequest"),
        "example": {"schemas": [urns.BULK_REQUEST], "failOnErrors": 1, "Operations": operations},
    }


def _anything(line: Line) -> Mapping[int, Document]:
    return {200: {"description": "Done.", "content": {MEDIA: {"schema": {"type": "object"}}}}}


def unlisted(ask: Ask) -> Kind:
    """What is said of an operation that has no line in the table."""
    return Kind(ask.name.lower() + "{what}", ask.name.capitalize().replace("_", " "), _anything)


_TOPICS = {"Schemas": "Schema", "ResourceTypes": "ResourceType"}
_PROJECTION = ("attributes", "excludedAttributes")
_QUERY = ("filter", "sortBy", "sortOrder", "startIndex", "count", "cursor", *_PROJECTION)
_MEMBERS = ("filter", "startIndex", "count", "cursor")

KINDS: Mapping[Ask, Kind] = {
    Ask.CREATE: Kind("create{what}", "Create {noun}", _created, _resource_body, (*_PROJECTION, "Prefer"), (409,)),
    Ask.RETRIEVE: Kind("get{what}", "Read {noun}", _read, None, (*_PROJECTION, "If-None-Match", "If-Match"), (412,)),
    Ask.QUERY: Kind("list{what}", "List and find {noun}", _listed, None, _QUERY),
    Ask.SEARCH: Kind("search{what}", "Find {noun}, with the query in the body", _listed, _search_body),
    Ask.REPLACE: Kind(
        "replace{what}",
        "Replace {noun}",
        _changed,
        _resource_body,
        (*_PROJECTION, "If-Match", "If-None-Match", "Prefer"),
        (409, 412, 428),
    ),
    Ask.MODIFY: Kind(
        "modify{what}",
        "Change {noun}",
        _changed,
        _patch_body,
        (*_PROJECTION, "If-Match", "If-None-Match", "Prefer"),
        (409, 412, 428),
    ),
    Ask.DELETE: Kind("delete{what}", "Delete {noun}", _deleted, None, ("If-Match", "If-None-Match"), (412, 428)),
    Ask.DISCOVER: Kind("discover{topic}", "See the server's {topic}", _discovered, refusals=(403,), open=True),
    Ask.BULK: Kind("bulk", "Do many operations in one request", _ref("BulkResponse", "What each came to."), _bulk_body),
    Ask.MEMBERS: Kind("listMembersOf{what}", "List the members of {noun}", _joined, None, _MEMBERS),
    Ask.CHANGES: Kind(
        "readChanges", "Read what changed", _ref("Changes", "Changes, oldest first."), None, ("since", "count")
    ),
    Ask.DEFINE: Kind("define{topic}", "Define {topic} of the tenant's own", _defined, _define_body, (), (409,)),
    Ask.WITHDRAW: Kind("withdraw{topic}", "Take {topic} of the tenant's own away", _gone, refusals=(409,)),
}
