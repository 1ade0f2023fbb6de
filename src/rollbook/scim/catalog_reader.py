"""The schemas of the standard (RFC 7643 §4, §8.7) and the resource types made of them.

The schemas are data, in ``catalog/*.json``: the RFC's attributes and characteristics, with descriptions of our own.
Departures, each with its reason: ``members.display`` is added (the RFC's own examples show it); ``userName`` is
compared by PRECIS (RFC 7644 §5), not by case alone; ``manager.value`` and the ids in ``groups`` and ``members`` are
``caseExact``, as ``id`` is (RFC 7643 §3.1), of which they are copies.
"""

import json
from functools import cache
from importlib.resources import files

from rollbook.scim.schema import Extension, ResourceType, Schema, read_schema

USER_NUMBER = 1
GROUP_NUMBER = 2


@cache
def standard_schema(name: str) -> Schema:
    """The schema of ``catalog/{name}.json``."""
    return read_schema(json.loads((files("rollbook.scim") / "catalog" / f"{name}.json").read_text("utf-8")))


@cache
def standard_types() -> tuple[ResourceType, ...]:
    """User with its enterprise extension, and Group."""
    user = ResourceType(
        name="User",
        endpoint="/Users",
        schema=standard_schema("user"),
        extensions=(Extension(standard_schema("enterprise_user")),),
        description="Accounts of people.",
        number=USER_NUMBER,
        index_paths=("emails.value", "name.familyName", "displayName"),
    )
    group = ResourceType(
        name="Group",
        endpoint="/Groups",
        schema=standard_schema("group"),
        description="Sets of users and of groups.",
        number=GROUP_NUMBER,
        index_paths=("displayName",),
    )
    return (user, group)
