"""What a change of schemas would break in data that is there: questions, each a filter, whose answer has to be none.

Loosening asks nothing. What tightens, or changes the form in which values are kept and compared, asks for the resources
that it would hurt. Questions are asked of the types as they were, in which the data stands.

===========================================  ==========================================================
change                                       asks for resources …
===========================================  ==========================================================
type removed, or with another schema         of the type
extension removed                            with data of it
extension newly required                     without data of it (all, where it is new)
attribute removed, respelled                 with a value of it
type, multiValued or caseExact changed       with a value of it (integer to decimal is free)
uniqueness none to server                    with a value of it (all, where the type had keys before)
attribute newly required                     without a value (all that have its schema, where it is new)
sub-attribute newly required                 with an element that lacks it
===========================================  ==========================================================

``canonicalValues`` and ``referenceTypes`` advise and bind nobody (RFC 7643 §7), so a change of them is free.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rollbook.scim.attributes import SCHEMAS, Attribute, Compare, Held, Type, Uniqueness
from rollbook.scim.binding import BoundFilter, bind
from rollbook.scim.filter_parser import parse_filter
from rollbook.scim.schema import Place, ResourceType, Schema


class Question(NamedTuple):
    """``filter`` finds what a change would hurt, None finds all of the type; ``wrong`` tells what they are like."""

    type: ResourceType
    filter: str | None
    wrong: str

    def bound(self, also: str = "") -> BoundFilter | None:
        """The filter, bound to its type; ``also`` is a further condition."""
        parts = [part for part in (self.filter and f"({self.filter})", also) if part]
        return bind(parse_filter(" and ".join(parts)), self.type) if parts else None


def questions(before: Sequence[ResourceType], after: Sequence[ResourceType], keyed: frozenset[int]) -> list[Question]:
    """What has to be asked before types change. ``keyed``: the types, by number, that have had a unique attribute."""
    new = {type.number: type for type in after}
    found: list[Question] = []
    for old in before:
        if new.get(old.number) is not old:
            found += _of_type(old, new.get(old.number), had_keys=old.number in keyed)
    return found


def _of_type(old: ResourceType, new: ResourceType | None, *, had_keys: bool) -> Iterator[Question]:
    if new is None:
        yield Question(old, None, "exist; delete them first")
        return
    if new.schema.id != old.schema.id:
        yield Question(old, None, f"are of the schema {old.schema.id}; delete them first, or make a type of its own")
        return
    other_key = new.key is not None and (old.key is None or old.key.name != new.key.name)
    if other_key and (had_keys or old.key is not None):
        yield Question(old, None, "exist, and the type had another unique attribute before; delete them first")
    yield from _of_attributes(old, None, old.schema, new.schema)
    required = {e.schema.id: e.required for e in new.extensions}
    there = {e.schema.id: e for e in old.extensions}
    for urn, extension in there.items():
        has = _has(urn)
        if urn not in required:
            yield Question(old, has, f"have data of {urn}; take it from them first")
            continue
        if required[urn] and not extension.required:
            yield Question(old, f"not ({has})", f"have no data of {urn}, which would be required")
        changed = new.extension(urn)
        assert changed is not None
        yield from _of_attributes(old, urn, extension.schema, changed)
    for urn, is_required in required.items():
        if is_required and urn not in there:
            yield Question(old, None, f"have no data of {urn}, which would be required")


def _has(urn: str) -> str:
    return f'{SCHEMAS.name} eq "{urn}"'


def _has_value(place: Place) -> str:
    """Any value, be it an empty text (which is present to nobody who asks with ``pr``)."""
    if place.leaf.type in (Type.STRING, Type.REFERENCE, Type.BINARY):
        return f'({place.name} pr or {place.name} eq "")'
    return f"{place.name} pr"


def _of_attributes(type: ResourceType, urn: str | None, old: Schema, new: Schema) -> Iterator[Question]:
    if old is new:
        return
    for attribute in old.attributes:
        if attribute.held is Held.DOCUMENT:
            place = Place(attribute, None, old if urn else None)
            yield from _of_attribute(type, urn, place, new.attribute(attribute.name))
    for attribute in new.attributes:
        if attribute.required and old.attribute(attribute.name) is None:
            name = f"{urn}:{attribute.name}" if urn else attribute.name
            yield Question(type, _has(urn) if urn else None, f"have no {name}, which would be required")


def _of_attribute(type: ResourceType, urn: str | None, place: Place, new: Attribute | None) -> Iterator[Question]:
    old, name = place.attribute, place.name
    has = _has_value(place)
    if (why := _kept_otherwise(old, new)) or new is None:
        yield Question(type, has, f"have a value of {name}, {why}; take it from them first")
        return
    if new.uniqueness is not Uniqueness.NONE and old.uniqueness is Uniqueness.NONE:
        yield Question(type, has, f"have a value of {name}, which would have to be unique; take it from them first")
    if new.required and not old.required:
        lacks = f"{_has(urn)} and not ({name} pr)" if urn else f"not ({name} pr)"
        yield Question(type, lacks, f"have no {name}, which would be required")
    for sub in old.sub_attributes:
        inner = Place(old, sub, place.extension)
        changed = new.sub(sub.name)
        if why := _kept_otherwise(sub, changed):
            yield Question(type, _has_value(inner), f"have a value of {inner.name}, {why}; take it from them first")
        elif changed is not None and changed.required and not sub.required:
            lacks = f"{name}[not ({sub.name} pr)]"
            yield Question(type, lacks, f"have a {name} without {sub.name}, which would be required")
    for sub in new.sub_attributes:
        if sub.required and old.sub(sub.name) is None:
            yield Question(type, has, f"have a {name} without {sub.name}, which would be required")


def _kept_otherwise(old: Attribute, new: Attribute | None) -> str:
    """Why values of an attribute would not be what they were; ``""`` where they would."""
    if new is None:
        return "which would be lost"
    if new.name != old.name:
        return f"which would be called {new.name}"
    if new.type is not old.type and (old.type, new.type) != (Type.INTEGER, Type.DECIMAL):
        return f"which would be of the type {new.type.value}"
    if new.multi_valued != old.multi_valued:
        return "which would be multi-valued" if new.multi_valued else "which would have one value only"
    if new.compare is not old.compare and old.type is Type.STRING:
        return f"which would be compared {'with' if new.compare is Compare.EXACT else 'without'} letter case"
    return ""
