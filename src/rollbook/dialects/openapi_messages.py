"""The messages and documents of the protocol itself, as JSON Schema.

Source: RFC 7643 §3.1, §5 to §7; RFC 7644 §3.4, §3.5.2, §3.7, §3.12.
"""

from collections.abc import Mapping
from typing import Any

from rollbook.dialects.openapi_parts import SCIM_TYPES, Document, number, query_parameters, text
from rollbook.scim import urns
from rollbook.scim.limits import Limits

_OPS = "^([Aa][Dd][Dd]|[Rr][Ee][Mm][Oo][Vv][Ee]|[Rr][Ee][Pp][Ll][Aa][Cc][Ee])$"

_PART_DONE: Document = {
    "type": "object",
    "properties": {
        "method": {"type": "string"},
        "bulkId": {"type": "string"},
        "version": text("The ETag of the resource, where there is one."),
        "location": text("Its address, where there is one."),
        "status": text("The HTTP status, as a text.", pattern="^[2-5][0-9][0-9]$"),
        "response": {"$ref": "#/components/schemas/Error"},
    },
    "required": ["method", "status"],
    "additionalProperties": False,
}
_CHANGE: Document = {
    "type": "object",
    "properties": {
        "kind": {"type": "string", "enum": ["created", "replaced", "modified", "deleted"]},
        "resourceType": {"type": "string"},
        "id": {"type": "string"},
        "at": text("When.", format="date-time"),
        "version": text("The ETag that the resource had then."),
        "location": text("The address of the resource."),
    },
    "required": ["kind", "resourceType", "id", "at"],
    "additionalProperties": False,
}
_MEMBER: Document = {
    "type": "object",
    "description": "A member of a group.",
    "properties": {
        "value": text("The member's `id`."),
        "$ref": text("The member's address."),
        "type": text("The name of its resource type."),
        "display": text("What people call it."),
    },
    "required": ["value"],
    "additionalProperties": False,
}


def message(urn: str, properties: Mapping[str, Any], *required: str, description: str = "") -> Document:
    """The schema of a message or a document of the protocol's own: closed, with ``schemas`` before all else."""
    schemas = {"type": "array", "items": {"const": urn}, "minItems": 1}
    return {
        "type": "object",
        **({"description": description} if description else {}),
        "properties": {"schemas": schemas, **properties},
        "required": ["schemas", *required],
        "additionalProperties": False,
    }


def list_of(items: Mapping[str, Any], limits: Limits | None = None) -> Document:
    """A ListResponse of such items; with limits, one of resources, of which there are so many on a page at most."""
    properties: Document = {
        "totalResults": number("How many there are.", minimum=0),
        "startIndex": number("The position of the first one, from 1.", minimum=1),
        "itemsPerPage": number("How many are in this answer.", minimum=0),
        "nextCursor": text("What to ask for to see the next page."),
        "previousCursor": text("What to ask for to see the page before."),
        "Resources": {"type": "array", "items": dict(items)},
    }
    if limits is not None:
        properties["Resources"]["maxItems"] = limits.max_page
    return message(urns.LIST_RESPONSE, properties, "totalResults")


def messages(limits: Limits) -> Document:
    """The schemas that do not come from resource types."""
    meta = {
        "resourceType": text("The name of the resource type."),
        "created": text("When it was made.", format="date-time"),
        "lastModified": text("When it last changed.", format="date-time"),
        "location": text("Its address."),
        "version": text("Its ETag.", examples=['W/"1"']),
    }
    operation = {
        "op": text("What to do; letter case makes no difference.", pattern=_OPS),
        "path": text(
            'Where: an attribute, a sub-attribute, or some values (`emails[type eq "work"]`).', pattern=r".*\S.*"
        ),
        "value": {"description": "With what."},
    }
    needs_value = {
        "if": {"properties": {"op": {"pattern": "^[Rr][Ee][Mm][Oo][Vv][Ee]$"}}},
        "else": {"required": ["value"]},
    }
    return {
        "Meta": {
            "type": "object",
            "description": "What the server knows about a resource.",
            "readOnly": True,
            "properties": meta,
            "additionalProperties": False,
        },
        "Error": message(
            urns.ERROR,
            {
                "status": text("The HTTP status, as a text.", pattern="^[45][0-9][0-9]$"),
                "scimType": text("The kind of error, where SCIM has a name for it.", enum=list(SCIM_TYPES)),
                "detail": text("What was wrong, where, and what would be right."),
            },
            "status",
            "detail",
            description="Every refusal has this form (RFC 7644 §3.12).",
        ),
        "PatchOp": message(
            urns.PATCH_OP,
            {
                "Operations": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": limits.patch_operations,
                    "items": {
                        "type": "object",
                        "properties": operation,
                        "required": ["op"],
                        **needs_value,
                    },
                }
            },
            "Operations",
            description="Changes to one resource: all of them are made, or none (RFC 7644 §3.5.2).",
        )
        | {"additionalProperties": True},
        "SearchRequest": message(
            urns.SEARCH_REQUEST,
            {name: _nullable(parameter["schema"]) for name, parameter in query_parameters(limits).items()}
            | {"attributes": _some_names("The attributes to answer."), "excludedAttributes": _some_names("Or not to.")},
            description="A query whose parameters stand in the body (RFC 7644 §3.4.3).",
        )
        | {"additionalProperties": True},
        "BulkRequest": _bulk_request(limits),
        "BulkResponse": message(
            urns.BULK_RESPONSE,
            {"Operations": {"type": "array", "items": _PART_DONE}},
            "Operations",
            description="What each operation of a bulk came to, in their order (RFC 7644 §3.7.3).",
        ),
        "Changes": message(
            urns.CHANGES,
            {
                "position": text("Where to go on: the next request's `since`."),
                "more": {"type": "boolean", "description": "Whether more can be read at once."},
                "itemsPerPage": number("How many are in this answer.", minimum=0),
                "changes": {"type": "array", "items": _CHANGE, "maxItems": limits.max_page},
            },
            *("position", "more", "itemsPerPage", "changes"),
            description="What happened to resources, in the order in which it was written; deletions too.",
        ),
        "Member": _MEMBER,
        "ServiceProviderConfig": _open(urns.SERVICE_PROVIDER_CONFIG, "What this server can do (RFC 7643 §5)."),
        "Schema": _open(urns.SCHEMA, "A schema (RFC 7643 §7).", "id", "name", "attributes"),
        "ResourceType": _open(urns.RESOURCE_TYPE, "A resource type (RFC 7643 §6).", "name", "endpoint", "schema"),
    }


def _nullable(schema: Mapping[str, Any]) -> Document:
    found = dict(schema)
    found["type"] = [found["type"], "null"]
    if "enum" in found:
        found["enum"] = [*found["enum"], None]
    return found


def _some_names(description: str) -> Document:
    """A list of names, or (as in a URL) one text with commas between them."""
    return {"type": ["array", "string", "null"], "description": description, "items": {"type": "string"}}


def _open(urn: str, description: str, *required: str) -> Document:
    """A document of discovery: its parts are told by SCIM itself, so only what a client needs is demanded."""
    kinds = {"attributes": {"type": "array", "items": {"type": "object"}}}
    made = message(
        urn, {name: kinds.get(name, {"type": "string"}) for name in required}, *required, description=description
    )
    made["properties"]["schemas"] = {"type": "array", "items": {"type": "string"}, "contains": {"const": urn}}
    return made | {"additionalProperties": True}


def _bulk_request(limits: Limits) -> Document:
    part = {
        "type": "object",
        "properties": {
            "method": text("What to do; letter case makes no difference.", pattern="^[A-Za-z]+$"),
            "path": text("Where: `/Users` for a POST, else `/Users/{id}`."),
            "bulkId": text(
                "A name by which other operations refer to what this one makes: `bulkId:ann`.", maxLength=1024
            ),
            "version": {"type": ["string", "null"], "description": "The ETag that the resource must have."},
            "data": {"type": "object", "description": "The body, as it would be sent to the path."},
        },
        "required": ["method", "path"],
    }
    return message(
        urns.BULK_REQUEST,
        {
            "failOnErrors": {
                "type": ["integer", "null"],
                "description": "After so many errors the rest is left undone.",
                "minimum": 1,
                "maximum": 2**63 - 1,
            },
            "Operations": {"type": "array", "minItems": 1, "maxItems": limits.bulk_operations, "items": part},
        },
        "Operations",
        description="Many operations in one request (RFC 7644 §3.7).",
    ) | {"additionalProperties": True}
