"""What is compiled of a resource type, kept on the type itself: it lives as long as the type is served.

A table beside the types would either forget those of busy tenants or keep those of tenants long gone; a tenant's types
come and go with its dialect, which is kept in a memory of bounded size.
"""

from collections.abc import Callable
from typing import TypeVar

from rollbook.scim.schema import ResourceType

T = TypeVar("T")


def kept_on_type(make: Callable[[ResourceType], T]) -> Callable[[ResourceType], T]:
    """Make a function of a type remember its result on that type."""

    def made(type: ResourceType) -> T:
        found: T | None = type.made.get(make)
        if found is None:
            found = type.made[make] = make(type)
        return found

    made.__name__, made.__doc__ = make.__name__, make.__doc__
    return made
