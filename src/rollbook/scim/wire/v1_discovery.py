"""The discovery documents of SCIM 1.1 (draft-scim-core-schema-01 §9, §10), made of the data that is served.

There are two: what the provider can do, at ``/ServiceProviderConfigs`` and no list for all its name, and the schema of
each resource, which has the attributes of its extensions beside its own. XML is announced as not there.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from rollbook.scim.attributes import COMMON, EXTERNAL_ID, ID, META, Attribute, Type
from rollbook.scim.discovery import STANDARD_FEATURES, Features
from rollbook.scim.errors import NotFound
from rollbook.scim.limits import STANDARD_LIMITS, Limits
from rollbook.scim.schema import ResourceType, Schema
from rollbook.scim.tolerances import shortened
from rollbook.scim.wire import v1
from rollbook.scim.wire.v1_form import CORE, SCIM11, Form
from rollbook.scim.wire.v1_names import Names, names

Document = dict[str, Any]

CONFIGS = "ServiceProviderConfigs"

_TYPES = {Type.REFERENCE: "string"}
"""What has no name in 1.1 is a text there."""
_CHILDREN = {"addresses": "address"}
_META = ("created", "lastModified", "location", "version")


def discover(
    topic: str,
    name: str | None,
    types: Sequence[ResourceType],
    base: str,
    limits: Limits = STANDARD_LIMITS,
    features: Features = STANDARD_FEATURES,
    form: Form = SCIM11,
) -> Document:
    """The document of one discovery address. ``topic`` is ``ServiceProviderConfig`` or ``Schemas``; ``name`` is a
    schema's id, in any letter case. **Raises** ``NotFound``."""
    if topic != "Schemas":
        return service_provider_config(base, limits, features, form)
    entries = {entry["id"].lower(): entry for entry in (schema_document(type, base, form) for type in types)}
    if name is None:
        found: Document = orjson.loads(v1.list_response(len(entries), 1, map(orjson.dumps, entries.values())))
        return found
    if (entry := entries.get(name.lower())) is None:
        known = ", ".join(entry["id"] for entry in entries.values())
        raise NotFound(f'There is no schema "{shortened(name)}"; there are {known}.')
    return entry


def service_provider_config(
    base: str, limits: Limits = STANDARD_LIMITS, features: Features = STANDARD_FEATURES, form: Form = SCIM11
) -> Document:
    """What the provider can do (core §9)."""
    document: Document = {"schemas": [CORE]}
    if features.documentation:
        document["documentationUrl"] = features.documentation
    filters = form.filters
    return document | {
        "patch": {"supported": features.patch},
        "bulk": {
            "supported": features.bulk,
            "maxOperations": limits.bulk_operations if features.bulk else 0,
            "maxPayloadSize": limits.bulk_bytes if features.bulk else 0,
        },
        "filter": {"supported": filters, "maxResults": limits.max_page if filters else 0},
        "changePassword": {"supported": features.change_password},
        "sort": {"supported": form.sorting},
        "etag": {"supported": form.etags},
        "xmlDataFormat": {"supported": False},
        "authenticationSchemes": [_scheme(scheme) for scheme in features.authentication],
        "meta": {"location": f"{base}/{CONFIGS}"},
    }


def _scheme(scheme: Mapping[str, Any]) -> Document:
    called = {"specUri": "specUrl", "documentationUri": "documentationUrl"}
    return {called.get(name, name): value for name, value in scheme.items()}


def schema_document(type: ResourceType, base: str, form: Form = SCIM11) -> Document:
    """The schema of one resource, with the attributes of its extensions (core §10)."""
    called = names(type, form)
    id = f"{CORE}:{type.name}" if called.core == CORE else called.core
    attributes = [_attribute(a, None, called) for a in (ID, EXTERNAL_ID)]
    attributes += [_attribute(a, None, called) for a in type.schema.attributes if a not in COMMON]
    attributes.append(_meta(called))
    for extension in type.extensions:
        attributes += [_attribute(a, extension.schema, called) for a in extension.schema.attributes]
    return {
        "schemas": [CORE],
        "id": id,
        "name": type.name,
        "description": type.description,
        "schema": called.core,
        "endpoint": type.endpoint,
        "attributes": attributes,
        "meta": {"location": f"{base}/Schemas/{id}"},
    }


def _attribute(attribute: Attribute, schema: Schema | None, called: Names) -> Document:
    document = _described(attribute, attribute.name)
    document["schema"] = called.urns[schema.id] if schema else called.core
    document |= _characteristics(attribute)
    if subs := [sub for sub in attribute.sub_attributes if sub.name not in called.form.hidden]:
        document["subAttributes"] = [
            _described(sub, called.wire_name(schema, attribute, sub)) | _characteristics(sub) for sub in subs
        ]
    return document


def _described(attribute: Attribute, name: str) -> Document:
    document: Document = {
        "name": name,
        "type": _TYPES.get(attribute.type, attribute.type.value),
        "multiValued": attribute.multi_valued,
    }
    if attribute.multi_valued:
        document["multiValuedAttributeChildName"] = _CHILDREN.get(name, name.removesuffix("s"))
    return document | {"description": attribute.description}


def _characteristics(attribute: Attribute) -> Document:
    document: Document = {
        "readOnly": attribute.read_only,
        "required": attribute.required,
        "caseExact": attribute.case_exact,
    }
    if attribute.canonical_values:
        document["canonicalValues"] = list(attribute.canonical_values)
    return document


def _meta(called: Names) -> Document:
    document = _described(META, META.name) | {"schema": called.core} | _characteristics(META)
    subs = [_described(sub, sub.name) | _characteristics(sub) for sub in META.sub_attributes if sub.name in _META]
    gone = Attribute("attributes", multi_valued=True, description="In a PATCH: the names of what is removed.")
    document["readOnly"] = False
    document["subAttributes"] = [*subs, _described(gone, gone.name) | _characteristics(gone)]
    return document
