"""The OpenAPI document of the face, made of its table. What an object is like is seen from an example of it."""

from collections.abc import Mapping
from typing import Any

from rollbook import __version__
from rollbook.releezme_face import examples
from rollbook.releezme_face.rows import PAGES, Row
from rollbook.releezme_face.table import AREAS

ABOUT = """The System API of Vecos Releezme, as its clients know it, on the same lockers as `/api/v1`.

- Addresses and names are the same in any letter case. A user is named by `externalUserId`, the userName of SCIM.
- Lists come with `Paging`; refusals are `{"Message": "…"}`.
"""
_SAID: Mapping[int, str] = {
    200: "Done.",
    202: "Accepted: the controller is told.",
    400: "It is not understood, or cannot be done as things stand.",
    401: "No credential, or one that is no longer good.",
    403: "The company is not known or suspended, or the token does not open this.",
    404: "It is not there, or it is another company's.",
    501: "Only the vendor's own hardware or app could do it.",
}
_NUMBERS = frozenset(("pageNumber", "pageSize", "openTime", "startNumber", "LockerCount", "NumberOrder", "brickCount"))
_FLAGS = frozenset(
    ("ignoreSelfReleaseAllowed", "useRawEvents", "IsZLocker", "Clockwise", "FirstNumberTop", "NumberOrderReverse",
     "RandomAllocation")
)  # fmt: skip


def document(server: str) -> dict[str, Any]:
    """The document; ``server`` is where the API is, seen from it."""
    paths: dict[str, dict[str, Any]] = {}
    for area, rows in AREAS.items():
        for row in rows:
            paths.setdefault(f"/{row.path}", {})[row.method.lower()] = _operation(area, row)
    schemas = {name: schema(example) for name, example in examples.OBJECTS.items()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "System API of Vecos Releezme", "version": __version__, "description": ABOUT},
        "servers": [{"url": server}],
        "security": [{"token": []}],
        "tags": [{"name": area} for area in AREAS],
        "paths": paths,
        "components": {
            "schemas": {**schemas, "Refusal": schema({"Message": ""})},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "A token of a company."}},
        },
    }


def _operation(area: str, row: Row) -> dict[str, Any]:
    named = [part[1:-1] for part in row.path.split("/") if part.startswith("{")]
    parameters = [{"name": name, "in": "path", "required": True, "schema": _of(name)} for name in named]
    parameters += [{"name": name, "in": "query", "schema": _of(name)} for name in row.query]
    if row.paged and row.method == "GET":
        parameters += [
            {"name": name, "in": "query", "description": about, "schema": _of(name)} for name, about in PAGES.items()
        ]
    answers = {
        str(status): {"description": _SAID[status], "content": {"application/json": {"schema": _answer(row, status)}}}
        for status in sorted({*row.statuses} & _SAID.keys())
    }
    made: dict[str, Any] = {
        "tags": [area],
        "summary": row.about.rstrip("."),
        "description": f"Needs the scope `{row.scope}`.",
        "operationId": f"{row.method.lower()}_{row.path}".replace("/", "_").replace("{", "").replace("}", ""),
        "parameters": parameters,
        "responses": answers,
    }
    if row.body:
        fields = {"type": "object", "properties": {name: _of(name) for name in row.body}}
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": fields}}}
    return made


def answer(row: Row) -> dict[str, Any]:
    """The schema of what a row answers where all is well."""
    return _answer(row, row.status)


def _answer(row: Row, status: int) -> dict[str, Any]:
    if status >= 400:
        return {"$ref": "#/components/schemas/Refusal"}
    if row.paged:
        key = row.answers.removesuffix("[]")
        items = {"type": "array", "items": {"$ref": f"#/components/schemas/{examples.ITEMS[key]}"}}
        paging = {} if key == "Events" else {"Paging": {"$ref": "#/components/schemas/Paging"}}
        whole = {key: items, **paging}
        return {"type": "object", "properties": whole, "required": list(whole), "additionalProperties": False}
    if row.answers in examples.OBJECTS:
        return {"$ref": f"#/components/schemas/{row.answers}"}
    return {"type": "boolean"} if row.answers == "true or false" else {"type": "object", "maxProperties": 0}


def _of(name: str) -> dict[str, Any]:
    if name in _NUMBERS:
        return {"type": "integer"}
    return {"type": "boolean"} if name in _FLAGS else {"type": "string"}


def schema(example: Any) -> dict[str, Any]:
    """What a value is like.

    >>> schema({"Id": "x", "Name": None})["properties"]
    {'Id': {'type': 'string'}, 'Name': {'type': ['string', 'null']}}
    """
    match example:
        case bool():
            return {"type": "boolean"}
        case int():
            return {"type": "integer"}
        case str():
            return {"type": "string"}
        case None:
            return {"type": ["string", "null"]}
        case list():
            return {"type": "array", "items": schema(example[0])}
        case _:
            fields = {name: schema(value) for name, value in example.items()}
            return {"type": "object", "properties": fields, "required": list(fields)}
