"""The messages of SCIM 1.1 as JSON Schema: errors, discovery, bulks (draft-scim-api-01 §3.5, §3.9; core §9, §10)."""

from rollbook.dialects.openapi_parts import Document, number, text
from rollbook.scim.wire.v1_form import CORE, Form


def ref(name: str) -> Document:
    """A reference to one of the document's schemas."""
    return {"$ref": f"#/components/schemas/{name}"}


CORE_ONLY: Document = {"type": "array", "items": {"type": "string", "const": CORE}, "minItems": 1}


def messages(form: Form) -> Document:
    """The messages by the names under which the document refers to them."""
    supported: Document = {
        "type": "object",
        "properties": {"supported": {"type": "boolean"}},
        "required": ["supported"],
    }
    features = ("patch", "bulk", "filter", "changePassword", "sort", "etag", "xmlDataFormat")
    config = {
        "schemas": CORE_ONLY,
        "documentationUrl": text("Where this is explained."),
        **dict.fromkeys(features, supported),
        "authenticationSchemes": {"type": "array", "items": {"type": "object"}},
        "meta": {"type": "object"},
    }
    schema = {
        "schemas": CORE_ONLY,
        **{name: text(told) for name, told in _SCHEMA.items()},
        "attributes": {"type": "array", "items": {"type": "object"}},
        "meta": {"type": "object"},
    }
    status = {
        "type": "object",
        "properties": {"code": text("The status."), "description": text("What was wrong.")},
        "required": ["code"],
    }
    asked = {
        "method": text("What to do.", enum=["POST", "PUT", "PATCH", "DELETE"]),
        "path": text("An endpoint or a resource, with a leading slash."),
        "bulkId": text("A name for what is made; `bulkId:name` stands for it elsewhere."),
        "version": text("The ETag that it has to have."),
        "data": {"type": "object", "description": "The body."},
    }
    done = {name: asked[name] for name in ("bulkId", "version")} | {
        "method": text("What was asked for, as it was spelled."),
        "location": text("The address of the resource."),
        "status": status,
    }

    def holding(name: str, properties: Document, required: list[str]) -> Document:
        operation = {"type": "object", "properties": properties, "required": required}
        more = {"failOnErrors": number("After how many errors to stop.", minimum=1)} if name == "BulkRequest" else {}
        listed = {"type": "array", "items": operation}
        return {
            "type": "object",
            "properties": {"schemas": CORE_ONLY, **more, "Operations": listed},
            "required": ["Operations"],
        }

    meta = {
        name: {"type": ["string", "null"] if name in form.null_meta else "string"}
        for name in (
            "created",
            "lastModified",
            "location",
            "version",
            *(n for n in form.null_meta if n == "attributes"),
        )
    }
    error = {"type": "object", "properties": {"description": text("What was wrong."), "code": text("The status.")}}
    return {
        "Error": {
            "type": "object",
            "properties": {"Errors": {"type": "array", "items": error}},
            "required": ["Errors"],
        },
        "Meta": {"type": "object", "properties": meta, "additionalProperties": False},
        "ServiceProviderConfig": {"type": "object", "properties": config, "additionalProperties": False},
        "Schema": {"type": "object", "properties": schema, "additionalProperties": False},
        "Schema.list": {
            "type": "object",
            "properties": {"schemas": CORE_ONLY, "Resources": {"type": "array", "items": ref("Schema")}},
        },
        "BulkRequest": holding("BulkRequest", asked, ["method", "path"]),
        "BulkResponse": holding("BulkResponse", done, ["method", "status"]),
    }


_SCHEMA = {
    "id": "The schema's name.",
    "name": "The resource's name.",
    "description": "What it is.",
    "schema": "The URN of its own attributes.",
    "endpoint": "Where its resources are.",
}
