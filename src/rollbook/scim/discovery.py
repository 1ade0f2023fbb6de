"""The discovery documents (RFC 7643 §5, §6, §7; RFC 7644 §4; RFC 9865 §5), made of the data that is served.

Every number announced is the number that is enforced: both come from ``Limits``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rollbook.scim import urns
from rollbook.scim.attributes import Attribute, Type
from rollbook.scim.catalogue import FIRST_NUMBER
from rollbook.scim.errors import NotFound
from rollbook.scim.limits import STANDARD_LIMITS, Limits
from rollbook.scim.schema import ResourceType, Schema
from rollbook.scim.tolerances import shortened
from rollbook.scim.type_rules import INDEX

Document = dict[str, Any]
Names = Mapping[str, str]
_NO_NAMES: Names = {}

BEARER: Mapping[str, Any] = {
    "type": "oauthbearertoken",
    "name": "Bearer token",
    "description": "A token of the tenant, sent in the header Authorization (RFC 6750).",
    "specUri": "https://www.rfc-editor.org/rfc/rfc6750",
    "primary": True,
}
_TEXTS = (Type.STRING, Type.REFERENCE, Type.BINARY)


@dataclass(frozen=True, slots=True)
class Features:
    """What a provider can do, beyond its limits."""

    patch: bool = True
    filter: bool = True
    sort: bool = True
    etag: bool = True
    change_password: bool = False
    index: bool = True
    cursor: bool = True
    bulk: bool = True
    documentation: str | None = None
    details: str = ""
    """The written moment that schemas and resource types date from, where every detail of them is told
    (``discovery_details``); empty: what means nothing is left out."""
    authentication: Sequence[Mapping[str, Any]] = (BEARER,)


STANDARD_FEATURES = Features()


def discover(
    topic: str,
    name: str | None,
    types: Sequence[ResourceType],
    base: str,
    limits: Limits = STANDARD_LIMITS,
    features: Features = STANDARD_FEATURES,
    *,
    unused: Sequence[Schema] = (),
    names: Names = _NO_NAMES,
) -> Document:
    """The document of one discovery address: a configuration, one entry, or a list of all.

    ``topic`` is ``ServiceProviderConfig``, ``Schemas`` or ``ResourceTypes``; ``name`` is a schema's URN or a resource
    type's name, both in any letter case; ``base`` is the public address of the dialect, without a closing slash, and
    ``names`` are what topics are called there, as far as they are called something else.
    **Raises** ``NotFound``.
    """
    if topic == "ServiceProviderConfig":
        return service_provider_config(base, limits, features, names)
    if topic == "Schemas":
        known = (*(schema for type in types for schema in type.schemas()), *unused)
        entries = {schema.id.lower(): schema_document(schema, base, names) for schema in known}
        what = "schema"
    else:
        entries = {type.name.lower(): resource_type_document(type, base, names) for type in types}
        what = "resource type"
    if name is None:
        return _list(entries.values())
    found = entries.get(name.lower())
    if found is None:
        there = ", ".join(entry["id"] for entry in entries.values())
        raise NotFound(f'There is no {what} "{shortened(name)}"; there are {there}.')
    return found


def service_provider_config(
    base: str, limits: Limits = STANDARD_LIMITS, features: Features = STANDARD_FEATURES, names: Names = _NO_NAMES
) -> Document:
    """What the provider can do (RFC 7643 §5), with the block ``pagination`` of RFC 9865."""
    pagination: Document = {
        "cursor": features.cursor,
        "index": features.index,
        "defaultPaginationMethod": "index" if features.index else "cursor",
        "defaultPageSize": limits.default_page,
        "maxPageSize": limits.max_page,
    }
    if features.cursor:
        pagination["cursorTimeout"] = limits.cursor_seconds
    document: Document = {"schemas": [urns.SERVICE_PROVIDER_CONFIG]}
    if features.documentation:
        document["documentationUri"] = features.documentation
    document |= {
        "patch": {"supported": features.patch},
        "bulk": {
            "supported": features.bulk,
            "maxOperations": limits.bulk_operations if features.bulk else 0,
            "maxPayloadSize": limits.bulk_bytes if features.bulk else 0,
        },
        "filter": {"supported": features.filter, "maxResults": limits.max_page if features.filter else 0},
        "changePassword": {"supported": features.change_password},
        "sort": {"supported": features.sort},
        "etag": {"supported": features.etag},
        "pagination": pagination,
        "authenticationSchemes": [dict(scheme) for scheme in features.authentication],
        "meta": _meta("ServiceProviderConfig", _at(base, "ServiceProviderConfig", names)),
    }
    return document


def schema_document(schema: Schema, base: str, names: Names = _NO_NAMES) -> Document:
    """One schema with all characteristics of its attributes (RFC 7643 §7)."""
    return {
        "schemas": [urns.SCHEMA],
        "id": schema.id,
        "name": schema.name,
        "description": schema.description,
        "attributes": [attribute_document(attribute) for attribute in schema.attributes],
        "meta": _meta("Schema", f"{_at(base, 'Schemas', names)}/{schema.id}"),
    }


def attribute_document(attribute: Attribute) -> Document:
    """One attribute (RFC 7643 §7). ``caseExact`` is said of texts only; of other types it means nothing."""
    document: Document = {
        "name": attribute.name,
        "type": attribute.type.value,
        "multiValued": attribute.multi_valued,
        "description": attribute.description,
        "required": attribute.required,
    }
    if attribute.canonical_values:
        document["canonicalValues"] = list(attribute.canonical_values)
    if attribute.type in _TEXTS:
        document["caseExact"] = attribute.case_exact
    document["mutability"] = attribute.mutability.value
    document["returned"] = attribute.returned.value
    document["uniqueness"] = attribute.uniqueness.value
    if attribute.reference_types:
        document["referenceTypes"] = list(attribute.reference_types)
    if attribute.sub_attributes:
        document["subAttributes"] = [attribute_document(sub) for sub in attribute.sub_attributes]
    return document


def resource_type_document(type: ResourceType, base: str, names: Names = _NO_NAMES) -> Document:
    """One resource type (RFC 7643 §6)."""
    document: Document = {
        "schemas": [urns.RESOURCE_TYPE],
        "id": type.name,
        "name": type.name,
        "description": type.description,
        "endpoint": type.endpoint,
        "schema": type.schema.id,
    }
    if type.extensions:
        document["schemaExtensions"] = [{"schema": e.schema.id, "required": e.required} for e in type.extensions]
    first = 0 if type.number >= FIRST_NUMBER else FIRST_NUMBER
    if any(type.index_paths[first:]):
        document["schemas"].append(INDEX)
        document[INDEX] = {"indexPaths": [path for path in type.index_paths if path]}
        if type.unready:
            document[INDEX]["unfinishedPaths"] = sorted(type.unready)
    document["meta"] = _meta("ResourceType", f"{_at(base, 'ResourceTypes', names)}/{type.name}")
    return document


def _at(base: str, topic: str, names: Names) -> str:
    return f"{base}/{names.get(topic) or topic}"


def _meta(resource_type: str, location: str) -> Document:
    return {"resourceType": resource_type, "location": location}


def _list(entries: Iterable[Document]) -> Document:
    resources = list(entries)
    return {
        "schemas": [urns.LIST_RESPONSE],
        "totalResults": len(resources),
        "startIndex": 1,
        "itemsPerPage": len(resources),
        "Resources": resources,
    }
