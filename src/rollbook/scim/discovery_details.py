"""Discovery documents of a provider that tells every detail: schemas and resource types are dated and have a version,
and attributes have every characteristic, whether or not it means something for them; the configuration, of which there
is one, has no ``meta`` at all (RFC 7643 §3.1 wants none of it)."""

from hashlib import sha256
from typing import Any

import orjson

from rollbook.scim.urns import SERVICE_PROVIDER_CONFIG

Document = dict[str, Any]


def detailed(document: Document, at: str) -> Document:
    """A discovery document in this form. ``at`` is the written moment that it dates from."""
    if "Resources" in document:
        return {**document, "Resources": [_dated(entry, at) for entry in document["Resources"]]}
    if SERVICE_PROVIDER_CONFIG in document["schemas"]:
        return {name: value for name, value in document.items() if name != "meta"}
    return _dated(document, at)


def _dated(entry: Document, at: str) -> Document:
    whole = dict(entry)
    if "attributes" in whole:
        whole["attributes"] = [_whole(attribute) for attribute in whole["attributes"]]
    meta = whole.pop("meta")
    version = sha256(orjson.dumps(whole)).hexdigest()[:16]
    whole["meta"] = {
        "resourceType": meta["resourceType"],
        "created": at,
        "lastModified": at,
        "location": meta["location"],
        "version": f'W/"{version}"',
    }
    return whole


def _whole(attribute: Document) -> Document:
    subs = [_whole(sub) for sub in attribute.get("subAttributes", ())]
    rest = {"caseExact": False, "canonicalValues": []}
    return {**attribute, **{name: attribute.get(name, none) for name, none in rest.items()}, "subAttributes": subs}
