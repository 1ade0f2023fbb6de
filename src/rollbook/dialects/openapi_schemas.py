"""From SCIM's schemas to JSON Schema (2020-12, as OpenAPI 3.1 has it): a resource as it is answered, and as it is sent.

Both are closed (``additionalProperties: false``), so that a judge who compares them with the server finds what either
forgets. What is answered requires only what every answer holds: a client may ask for fewer attributes (RFC 7644 §3.9).

| characteristic            | answered                | sent                                                          |
| ------------------------- | ----------------------- | ------------------------------------------------------------- |
| ``mutability: readOnly``  | ``readOnly: true``      | left out                                                      |
| ``writeOnly``, ``never``  | left out                | ``writeOnly: true``                                           |
| ``required``              | not demanded            | in ``required``                                               |
| ``canonicalValues``       | ``examples``            | ``examples``: SCIM's are proposals, not an enumeration        |
| ``multiValued``           | an array                | an array                                                      |

Source: RFC 7643 §2, §3.1, §7; OpenAPI 3.1 §4.8.24.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from rollbook.scim.attributes import EXTERNAL_ID, Attribute, Compare, Held, Type, Uniqueness
from rollbook.scim.limits import Limits
from rollbook.scim.presets import Terms
from rollbook.scim.readers import PASSWORD_LENGTH
from rollbook.scim.schema import ResourceType, Schema

Document = dict[str, Any]

_INT64 = 1 << 63
_SIMPLE: Mapping[Type, Document] = {
    Type.STRING: {"type": "string"},
    Type.BOOLEAN: {"type": "boolean"},
    Type.DECIMAL: {"type": "number"},
    Type.INTEGER: {"type": "integer", "format": "int64", "minimum": -_INT64, "maximum": _INT64 - 1},
    Type.DATE_TIME: {"type": "string", "format": "date-time"},
    Type.BINARY: {"type": "string", "format": "byte", "contentEncoding": "base64"},
    Type.REFERENCE: {"type": "string"},
    Type.COMPLEX: {"type": "object"},
}
_XML_DATE_TIME = (
    r"^(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?"
    r"(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)$"
)
"""Of the zones of RFC 3339 those that XML Schema has too (RFC 7643 §2.3.5)."""
_NAME = re.compile(r"[^A-Za-z0-9_-]")
_HIDDEN = (
    r"\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    r"\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
)
_VISIBLE = rf"^[^{_HIDDEN}]*[^{_HIDDEN}\s][^{_HIDDEN}]*$"


def component(type: ResourceType) -> str:
    """The name of a resource type among the document's components.

    >>> from rollbook.scim.catalog_reader import standard_types
    >>> component(standard_types()[0])
    'User'
    """
    return _NAME.sub("_", type.name)


def answered(type: ResourceType) -> Document:
    """A resource as it is answered."""
    properties: Document = {
        "schemas": _schemas(type),
        "id": {"type": "string", "description": "The server's identifier; never reused.", "readOnly": True},
        "externalId": {"type": "string", "description": EXTERNAL_ID.description},
        "meta": {"$ref": "#/components/schemas/Meta"},
    }
    properties |= _properties(type.schema.attributes, _answered)
    for e in type.extensions:
        key = _key(type, e.schema)
        properties[key] = _extension(e.schema, _shown if key in type.aliases else _answered)
    return {
        "type": "object",
        "title": type.name,
        "description": type.description or type.schema.description,
        "properties": properties,
        "required": ["schemas", "id"],
        "additionalProperties": False,
    }


def sent(type: ResourceType, terms: Terms, limits: Limits) -> Document:
    """A resource as a client sends it to be created or replaced."""
    tolerances = terms.tolerances

    def one(attribute: Attribute) -> Document | None:
        if attribute.held is Held.PASSWORD and terms.store_passwords:
            return (_sent(attribute, limits) or {}) | {"minLength": 1, "maxLength": PASSWORD_LENGTH}
        return None if attribute.secret and not tolerances.drop_password else _sent(attribute, limits)

    properties: Document = {
        "schemas": _schemas(type) | {"maxItems": limits.attribute_values},
        "externalId": _nullable(
            {"type": "string", "maxLength": limits.name_length, "description": EXTERNAL_ID.description}
        ),
    }
    properties |= _properties(type.schema.attributes, one)
    required = [a.name for a in type.schema.attributes if _demanded(a)]
    for e in type.extensions:
        inside, key = _extension(e.schema, one), _key(type, e.schema)
        needed = [a.name for a in e.schema.attributes if _demanded(a)]
        properties[key] = inside | ({"required": needed} if needed else {})
        required += [key] if e.required else []
    document: Document = {
        "type": "object",
        "title": f"{type.name}, as it is sent",
        "description": "Attributes of the server's own (`id`, `meta` and others that are readOnly) may be sent too; "
        "they are ignored (RFC 7644 §3.3).",
        "properties": properties,
        "required": [*([] if tolerances.derive_schemas else ["schemas"]), *required],
    }
    if tolerances.unknown == "refuse":
        document["additionalProperties"] = False
    return document


def _demanded(attribute: Attribute) -> bool:
    return attribute.required and not attribute.read_only and attribute.held is Held.DOCUMENT


def _schemas(type: ResourceType) -> Document:
    core = type.schema.id
    return {
        "type": "array",
        "description": "The schemas in use.",
        "items": {"type": "string", "enum": [schema.id for schema in type.schemas()]},
        "contains": {"const": core},
        "minItems": 1,
    }


def _key(type: ResourceType, schema: Schema) -> str:
    """Under what an extension stands on the wire."""
    return next((key for key, urn in type.aliases.items() if urn == schema.id), schema.id)


def _shown(attribute: Attribute) -> Document | None:
    """Of an extension under a bare key, a product's own: what is not set may be shown as null."""
    made = _answered(attribute)
    return _nullable(made) if made is not None and "type" in made else made


def _extension(schema: Schema, make: Any) -> Document:
    return {
        "type": "object",
        "title": schema.name,
        "description": schema.description,
        "properties": _properties(schema.attributes, make),
        "additionalProperties": False,
    }


def _properties(attributes: Iterable[Attribute], make: Any) -> Document:
    made = ((attribute.name, make(attribute)) for attribute in attributes)
    return {name: schema for name, schema in made if schema is not None}


def _answered(attribute: Attribute) -> Document | None:
    if attribute.secret:
        return None
    one = _one(attribute)
    if attribute.complex:
        one["properties"] = _properties(attribute.sub_attributes, _answered)
        one["additionalProperties"] = False
    whole = _whole(attribute, one)
    return whole | ({"readOnly": True} if attribute.read_only else {})


def _sent(attribute: Attribute, limits: Limits) -> Document | None:
    if attribute.read_only:
        return None
    one = _one(attribute)
    demanded = _demanded(attribute)
    if attribute.complex:
        one["properties"] = _properties(attribute.sub_attributes, lambda sub: _sent(sub, limits))
        one["additionalProperties"] = False
        # What is read-only is ignored, so `{"type": …}` of a member may come back as it was read.
        one["properties"] |= {s.name: _one(s) for s in attribute.sub_attributes if s.read_only and not s.complex}
        needed = [s.name for s in attribute.sub_attributes if s.required and not s.read_only]
        if attribute.held in (Held.MEMBERS, Held.GROUPS):
            needed = ["value"]
            one["properties"]["value"] |= {"type": "string", "minLength": 1}
        if needed:
            one["required"] = needed
    elif attribute.compare is Compare.USER_NAME:
        one |= {"maxLength": limits.name_length, "pattern": _VISIBLE}
    elif demanded and attribute.type is Type.STRING:
        one["minLength"] = 1
    elif attribute.type is Type.DATE_TIME:
        one["pattern"] = _XML_DATE_TIME
    elif attribute.uniqueness is not Uniqueness.NONE and attribute.type is Type.STRING:
        one["maxLength"] = limits.name_length
    whole = _whole(attribute, _nullable(one) if attribute.multi_valued else one)
    if attribute.multi_valued and attribute.held is Held.GROUPS:
        whole["maxItems"] = limits.attribute_values
    elif attribute.multi_valued and attribute.held is Held.DOCUMENT:
        whole["maxItems"] = limits.attribute_values
        if any(part.uniqueness is not Uniqueness.NONE for part in attribute.walk()):
            whole["uniqueItems"] = True
        primary = attribute.sub("primary")
        if primary is not None and primary.type is Type.BOOLEAN:
            whole["contains"] = {"type": "object", "properties": {"primary": {"const": True}}, "required": ["primary"]}
            whole |= {"minContains": 0, "maxContains": 1}
    if attribute.secret:
        whole["writeOnly"] = True
    return whole if demanded else _nullable(whole)


def _one(attribute: Attribute) -> Document:
    one = dict(_SIMPLE[attribute.type])
    if attribute.canonical_values:
        one["examples"] = list(attribute.canonical_values)
    return one


def _whole(attribute: Attribute, one: Document) -> Document:
    told = {"description": attribute.description} if attribute.description else {}
    if attribute.multi_valued:
        return {"type": "array", **told, "items": one}
    return one | told


def _nullable(schema: Document) -> Document:
    """``null`` means unassigned, wherever an attribute may be so (RFC 7643 §2.5)."""
    return schema | {"type": [schema["type"], "null"]}
