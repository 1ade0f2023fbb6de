"""Where in a resource a line of ``[map]`` puts its value: the key of the line, read and looked up.

::

    userName                                 an attribute
    name.givenName                           a part of one
    badges                                   an attribute that only one extension has
    urn:…:enterprise:2.0:User:department     an attribute of an extension
    phoneNumbers[type eq "mobile"].value     one element of a list
    addresses.locality                       of a list: its element for work, which is the primary one
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rollbook.scim.attributes import Attribute
from rollbook.scim.schema import ResourceType
from rollbook.transfer.mapping.known import PREFIXES, attribute_names
from rollbook.transfer.mapping.values import nearest

_KEY = re.compile(
    r"""(?:(?P<urn>urn:.+):)?
        (?P<name>\$?[A-Za-z][\w$-]*)
        (?:\[\s*(?P<by>\w+)\s+eq\s+"(?P<value>[^"]*)"\s*\])?
        (?:\.(?P<sub>\$?[A-Za-z][\w$-]*))?""",
    re.VERBOSE | re.IGNORECASE,
)
NOT_OURS = ("id", "meta", "schemas")


@dataclass(frozen=True, slots=True)
class Slot:
    """**Shape**: ``top`` leads to the attribute (``("urn:…", "badges")``); ``selector`` tells one element of a list
    from the others; ``attribute`` is None where no schema that is known has it: then it holds what it is given."""

    top: tuple[str, ...]
    sub: str | None
    selector: tuple[str, str] | None
    attribute: Attribute | None

    @property
    def many(self) -> bool:
        """Whether it is (in) a list."""
        return self.selector is not None or (self.attribute is not None and self.attribute.multi_valued)

    @property
    def leaf(self) -> Attribute | None:
        """What the value itself is."""
        if self.attribute is None:
            return None
        return self.attribute.sub(self.sub) if self.sub else self.attribute

    @property
    def managed(self) -> str:
        """The path that the transfer manages: of a list all of it."""
        path = ":".join(self.top)
        return f"{path}.{self.sub}" if self.sub and not self.many else path


class NoSlot(ValueError):
    """A key that leads nowhere. ``right`` says what would be right."""

    def __init__(self, detail: str, right: str) -> None:
        super().__init__(detail)
        self.right = right


def read_slot(key: str, type: ResourceType) -> Slot:
    """Read the key of a line of ``[map]``. **Raises** ``NoSlot``.

    >>> from rollbook.transfer.mapping.known import known_user
    >>> read_slot("badges", known_user()).managed
    'urn:ietf:params:scim:schemas:extension:releezme:2.0:User:badges'
    """
    match = _KEY.fullmatch(key.strip())
    if match is None:
        raise NoSlot("is no name of an attribute", 'write it as in emails, name.givenName or emails[type eq "home"]')
    urn, name, sub = match["urn"], match["name"], match["sub"]
    if urn is None and sub is not None and name.lower() in PREFIXES:
        urn, name, sub = PREFIXES[name.lower()], sub, None
    selector = (match["by"], match["value"]) if match["by"] else None
    if urn is None and name.lower() in map(str.lower, NOT_OURS):
        raise NoSlot("is the target's own to set", "take the line away")
    if urn is not None and urn.lower() != type.schema.id.lower() and type.extension(urn) is None:
        return Slot((urn, name), sub, selector, None)
    return _known(urn, name, sub, selector, type)


def _known(urn: str | None, name: str, sub: str | None, selector: tuple[str, str] | None, type: ResourceType) -> Slot:
    place = type.place(urn, name, None)
    if place is None and urn is None:
        found = [e.schema.id for e in type.extensions if e.schema.attribute(name)]
        if len(found) > 1:
            raise NoSlot("stands in several extensions", f"write {' or '.join(f'{one}:{name}' for one in found)}")
        place = type.place(found[0], name, None) if found else None
    if place is None:
        near = nearest(f"{name}.{sub}" if sub else name, attribute_names(type))
        raise NoSlot("is no attribute of a user", f"the nearest is {near}" if near else "see the target's schemas")
    attribute = place.attribute
    if sub is not None:
        inner = attribute.sub(sub)
        if inner is None:
            near = nearest(sub, [one.name for one in attribute.sub_attributes])
            right = f"the nearest is {attribute.name}.{near}" if near else f"write {attribute.name} alone"
            raise NoSlot(f"has no part {sub}", right)
        sub = inner.name
    if selector is not None and attribute.sub(selector[0]) is None:
        raise NoSlot(f"is told apart by {selector[0]}, which it has not", 'write it as in emails[type eq "home"]')
    if attribute.complex and not attribute.multi_valued and sub is None:
        parts = [f"{attribute.name}.{one.name}" for one in attribute.sub_attributes]
        raise NoSlot("has parts, and no value of its own", f"write {' or '.join(parts)}")
    return Slot(place.keys, sub, selector, attribute)


def default_element(attribute: Attribute | None) -> Mapping[str, Any]:
    """What an element has beside its value where the map says nothing of it: the first is for work, and primary."""
    if attribute is None or not attribute.complex or attribute.sub("primary") is None:
        return {}
    kind = attribute.sub("type")
    return {"type": "work", "primary": True} if kind is not None and "work" in kind.canonical_values else {}


def value_part(attribute: Attribute | None, name: str) -> str | None:
    """The part of an element that a plain text means: a group is told by its name, everything else by its value."""
    if attribute is not None and not attribute.complex:
        return None
    return "display" if name == "groups" else "value"
