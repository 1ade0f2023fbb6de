"""Views: one kept resource, seen by dialects that know different parts of it.

The store keeps one document for all dialects of a tenant. A resource type that is a view (``ResourceType.kept``) shows
a part of it, and what is written through it is merged with the rest: what a view cannot see it cannot take away.

**Rules**: an attribute that the view lacks stays as it is; of a complex one the sub-attributes that it lacks do. Of an
attribute that may have fewer values in the view (``Attribute.most``) the primary value is seen, else the first ones;
the others stay behind them. Elements of a list are the same before and after where their ``value`` is, or where all
that is seen of them is.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import orjson

from rollbook.scim.attributes import Attribute, Held
from rollbook.scim.compiled import kept_on_type
from rollbook.scim.schema import ResourceType, Schema
from rollbook.scim.validate import validator

Document = dict[str, Any]
_BESIDE = ("schemas", "externalId", "id", "meta")
_HEADS = 256
"""Lists of schemas that are remembered, whole or not. Precedent: those in use are some extensions in any mixture."""


class _Part(NamedTuple):
    """An attribute of which the view sees less than there is."""

    subs: frozenset[str] | None
    """The sub-attributes that it sees; None: all."""
    most: int | None
    many: bool

    def is_all(self, value: Any) -> bool:
        """Whether nothing of a value is hidden."""
        if not self.many:
            return self.subs is None or value.keys() <= self.subs
        if self.most is not None and len(value) > self.most:
            return False
        subs = self.subs
        return subs is None or all(element.keys() <= subs for element in value)

    def seen(self, value: Any) -> Any:
        if self.is_all(value):
            return value
        if not self.many:
            return self._cut(value) or None
        if self.most is None or len(value) <= self.most:
            return [cut for element in value if (cut := self._cut(element)) != {}] or None
        return [self._cut(value[index]) for index in self._chosen(value)] or None

    def merged(self, before: Any, after: Any) -> Any:
        """What is kept where ``before`` was, and ``after`` is what the view wants to see of it."""
        if not before:
            return after
        if not self.many:
            return {**(after or {}), **self._unseen(before)} or None
        chosen = self._chosen(before)
        found = _pairs([self._cut(before[index]) for index in chosen], after or [])
        whole = [
            one if place is None or not isinstance(one, dict) else {**one, **self._unseen(before[chosen[place]])}
            for one, place in zip(after or [], found, strict=True)
        ]
        places = [place for place in found if place is not None]
        behind = [element for index, element in enumerate(before) if index not in chosen]
        if not behind or len(places) < len(found) or places != sorted(places):
            return [*whole, *behind] or None  # what is new stands before what cannot be seen, else it could not be seen
        # What stays keeps its place among the others, so that writing what was read changes nothing.
        by_index = {chosen[place]: one for one, place in zip(whole, found, strict=True) if place is not None}
        return [
            by_index.get(index, element)
            for index, element in enumerate(before)
            if index in by_index or index not in chosen
        ] or None

    def _chosen(self, elements: list[Any]) -> list[int]:
        """The positions of the elements that are seen."""
        places = [i for i, element in enumerate(elements) if self._cut(element) != {}]
        if self.most is None or len(places) <= self.most:
            return places
        primary = [i for i in places if isinstance(elements[i], dict) and elements[i].get("primary") is True]
        return sorted([*primary, *(i for i in places if i not in primary)][: self.most])

    def _cut(self, element: Any) -> Any:
        subs = self.subs
        if subs is None or not isinstance(element, dict) or element.keys() <= subs:
            return element
        return {name: value for name, value in element.items() if name in subs}

    def _unseen(self, element: Any) -> Document:
        if self.subs is None or not isinstance(element, dict):
            return {}
        return {name: value for name, value in element.items() if name not in self.subs}


def _pairs(before: list[Any], after: list[Any]) -> list[int | None]:
    """Which element of ``before`` each of ``after`` is, each at most once."""
    free = dict(enumerate(before))
    found: list[int | None] = []
    for one in after:
        place = next((i for i, was in free.items() if was == one), None)
        if place is not None:
            del free[place]
        found.append(place)
    for position, one in enumerate(after):
        if found[position] is None and isinstance(one, dict) and "value" in one:
            found[position] = place = next((i for i, was in free.items() if was.get("value") == one["value"]), None)
            if place is not None:
                del free[place]
    return found


class _Level(NamedTuple):
    """The attributes of one schema: those that are seen whole, and those that are seen in part."""

    whole: frozenset[str]
    parts: Mapping[str, _Part]
    complete: bool
    """Whether nothing is hidden."""

    def is_all(self, values: Mapping[str, Any]) -> bool:
        """Whether nothing of some values is hidden."""
        for name, value in values.items():
            if name not in self.whole and ((part := self.parts.get(name)) is None or not part.is_all(value)):
                return False
        return True

    def seen(self, values: Mapping[str, Any]) -> Document:
        shown: Document = {}
        whole, parts = self.whole, self.parts
        for name, value in values.items():
            if name in whole:
                shown[name] = value
            elif (part := parts.get(name)) is not None and (cut := part.seen(value)):
                shown[name] = cut
        return shown

    def merged(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> Document:
        kept: Document = {}
        for name, value in before.items():
            if name in self.whole:
                if name in after:
                    kept[name] = after[name]
            elif (part := self.parts.get(name)) is None:
                kept[name] = value
            elif (mixed := part.merged(value, after.get(name))) is not None:
                kept[name] = mixed
        for name, value in after.items():
            if name not in before:
                kept[name] = value
        return kept


class Sight:
    """How a view sees the documents of its kept type; made once for each view (``sight``)."""

    def __init__(self, type: ResourceType) -> None:
        assert type.kept is not None
        self._type = type
        self._validator = validator(type)
        self._kept_validator = validator(type.kept)
        core = _level(type.kept.schema, type.schema, _BESIDE)
        held = {a.name for a in type.schema.attributes if a.held is not Held.DOCUMENT}
        self._core = core._replace(whole=core.whole | held)
        self._inside: dict[str, _Level] = {}
        for e in type.kept.extensions:
            seen = type.extension(e.schema.id)
            if seen is not None:
                self._inside[e.schema.id] = _level(e.schema, seen)
        self._urns = [e.schema.id for e in type.extensions]
        self._unseen = [e.schema.id for e in type.kept.extensions if e.schema.id not in self._inside]
        complete = self._core.complete and all(level.complete for level in self._inside.values())
        self._only_extensions = complete
        """Whether nothing but whole extensions is hidden."""
        self._plain = type.rules is None and not type.aliases
        self._names = [urn.encode() for urn in self._unseen]
        self._heads: dict[bytes, bool] = {}

    def is_whole(self, document: bytes) -> bool:
        """Whether a stored document is seen as it is kept, in every byte."""
        head = document[: document.index(b"]")]  # with all its ``schemas``
        known = self._heads.get(head)
        if known is None:
            known = self._plain and not any(urn in head for urn in self._names)
            if len(self._heads) < _HEADS:
                self._heads[head] = known
        return known and (self._only_extensions or self._is_all(orjson.loads(document)))

    def _is_all(self, document: Document) -> bool:
        """Whether nothing of a document is hidden; most have nothing that is."""
        inside = self._inside
        if not inside:
            return self._core.is_all(document)
        for urn, level in inside.items():
            if (values := document.pop(urn, None)) is not None and not (level.complete or level.is_all(values)):
                return False
        return self._core.is_all(document)

    def seen(self, document: Document) -> Document:
        """The view's part of a kept document, as the view's own canonical document."""
        if self._only_extensions and not any(urn in document for urn in self._unseen):
            return document
        return self._validator.assemble(self._cut(document))

    def merged(self, before: Mapping[str, Any] | None, after: Document) -> Document:
        """What is kept where ``before`` was, when ``after`` is the view's canonical document."""
        if before is None or (self._only_extensions and not any(urn in before for urn in self._unseen)):
            return self._kept_validator.assemble(after) if not self._only_extensions else after
        kept = self._core.merged(_without(before, self._all), _without(after, self._all))
        for urn in self._all:
            level = self._inside.get(urn)
            inside = before.get(urn) if level is None else level.merged(before.get(urn) or {}, after.get(urn) or {})
            if inside:
                kept[urn] = inside
        return self._kept_validator.assemble(kept)

    def shown(self, resource: Document) -> Document:
        """The view's part of a whole resource (with ``id`` and ``meta``), with the schemas that it uses."""
        shown = self._cut(resource)
        shown["schemas"] = [self._type.schema.id, *[urn for urn in self._urns if urn in shown]]
        return shown

    @property
    def _all(self) -> list[str]:
        return [*self._inside, *self._unseen]

    def _cut(self, document: Mapping[str, Any]) -> Document:
        shown = self._core.seen(document)
        for urn, level in self._inside.items():
            if (values := document.get(urn)) and (inside := level.seen(values)):
                shown[urn] = inside
        return shown


@kept_on_type
def sight(type: ResourceType) -> Sight:
    """How a view sees (made once for each view)."""
    return Sight(type)


def is_seen_whole(type: ResourceType, document: bytes) -> bool:
    """Whether a stored document can be answered as it is."""
    return type.kept is None or sight(type).is_whole(document)


def seen(type: ResourceType, document: Document) -> Document:
    """What a type shows of a kept document (see ``Sight.seen``)."""
    return document if type.kept is None else sight(type).seen(document)


def merged(type: ResourceType, before: Mapping[str, Any] | None, after: Document) -> Document:
    """What is kept when a type's own canonical document is written over ``before`` (see ``Sight.merged``)."""
    return after if type.kept is None else sight(type).merged(before, after)


def _without(document: Mapping[str, Any], urns: list[str]) -> Document:
    return {name: value for name, value in document.items() if name not in urns}


def _level(kept: Schema, seen: Schema, also: tuple[str, ...] = ()) -> _Level:
    whole, parts, hidden = set(also), {}, False
    for attribute in kept.attributes:
        shown = seen.attribute(attribute.name)
        if attribute.held is not Held.DOCUMENT:
            continue
        if shown is None or shown.secret:  # what a view never returns it does not keep either: it is not there for it
            hidden = True
        elif (part := _part(attribute, shown)) is None:
            whole.add(attribute.name)
        else:
            parts[attribute.name] = part
            hidden = True
    return _Level(frozenset(whole), parts, not hidden)


def _part(kept: Attribute, seen: Attribute) -> _Part | None:
    names = frozenset(sub.name for sub in seen.sub_attributes if not sub.secret)
    fewer = any(sub.name not in names for sub in kept.sub_attributes)
    most = seen.most if seen.most != kept.most else None
    if not fewer and most is None:
        return None
    return _Part(names if fewer else None, most, kept.multi_valued)


def dropped_paths(kept: ResourceType, seen: ResourceType) -> Iterator[str]:
    """The paths of the kept type that a view lacks, in lower case: what clients of the standard send all the same."""
    for schema in kept.schemas():
        extension = schema is not kept.schema
        inside = seen.extension(schema.id) if extension else seen.schema
        prefix = f"{schema.id}:".lower() if extension else ""
        if inside is None:
            yield schema.id.lower()
            continue
        for attribute in schema.attributes:
            shown = inside.attribute(attribute.name)
            if shown is None:
                yield prefix + attribute.name.lower()
                continue
            for sub in attribute.sub_attributes:
                if shown.sub_attributes and shown.sub(sub.name) is None:
                    yield f"{prefix}{attribute.name}.{sub.name}".lower()
