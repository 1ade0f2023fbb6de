"""Schemas of SCIM 1.1 in the form of SCIM 2.0. What is of 2.0 already stays as it is.

**Source**: SCIM 1.1 core schema §10: ``readOnly`` is a flag, and a resource's schema lists the attributes of its
extensions among its own, each with the URN of its schema.
"""

from collections.abc import Iterator, Mapping
from typing import Any

_ENTERPRISE = "urn:scim:schemas:extension:enterprise:1.0"
_NOW = {_ENTERPRISE: "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"}


def today(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A schema without the attributes of others, then a schema for each of the others."""
    own, listed = document.get("id"), document.get("attributes")
    if not isinstance(own, str) or not isinstance(listed, list):
        yield dict(document)
        return
    attributes: dict[Any, list[Any]] = {own: []}
    for attribute in listed:
        home = attribute.get("schema", own) if isinstance(attribute, Mapping) else own
        attributes.setdefault(home, []).append(_attribute(attribute, home))
    for id, those in attributes.items():
        head = document if id == own else {"name": document.get("name", "")}
        yield {**head, "id": _NOW.get(id, id), "attributes": those}


def _attribute(attribute: Any, home: Any) -> Any:
    if not isinstance(attribute, Mapping):
        return attribute
    made = {"mutability": "readOnly", **attribute} if attribute.get("readOnly") is True else dict(attribute)
    if home == _ENTERPRISE and made.get("name") == "managerId":
        made["name"] = "value"
    if isinstance(inner := made.get("subAttributes"), list):
        made["subAttributes"] = [_attribute(one, home) for one in inner]
    return made
