"""Names both ways between the wire of SCIM 1.1 and the kept form, which has the names of RFC 7643.

Kept texts are what every other room understands: paths, filters, documents. What differs is data (``v1_form``). Here
are names, paths and resources; filters are in ``v1_filter``, the partial resources of PATCH in ``v1_lower``.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from rollbook.scim.attributes import META, SCHEMAS, Attribute
from rollbook.scim.errors import InvalidSyntax, InvalidValue
from rollbook.scim.schema import ResourceType, Schema
from rollbook.scim.tolerances import shortened
from rollbook.scim.urns import GROUP, USER
from rollbook.scim.wire.v1_form import CORE, Form

Document = dict[str, Any]

OPERATION = "operation"
DELETE = "delete"
"""What an element of a partial resource can say of itself (core §3.2)."""
_GONE = object()
_HEADS = 256
"""Lists of schemas that are remembered. Precedent: those in use are some extensions in any mixture."""


class Names:
    """The names of one resource type in one form."""

    def __init__(self, type: ResourceType, form: Form) -> None:
        self.type = type
        self.form = form
        self.core = CORE if type.schema.id in (USER, GROUP) else type.schema.id
        """What the type's own schema is called on the wire; a tenant's own type keeps its URN."""
        self.urns: dict[str, str] = {type.schema.id: self.core}
        self.urns |= {e.schema.id: form.extensions.get(e.schema.id, e.schema.id) for e in type.extensions}
        self._kept = {wire.lower(): kept for kept, wire in self.urns.items()}
        self._renamed = dict(_renamed(type, form))
        self._hidden = tuple(b'"%s":' % name.encode() for name in form.hidden)
        self._marks = self._hidden + tuple(b'"%s":' % name.encode() for _, name in self._renamed)
        self._heads: dict[bytes, tuple[bytes, tuple[tuple[bytes, bytes], ...]]] = {}
        self._same_inside: dict[tuple[str | None, str], frozenset[str]] = {}
        self._texts: dict[str, frozenset[str]] = {}
        self._wire = {
            (urn, attribute): {wire.lower(): kept for kept, wire in subs.items()}
            for (urn, attribute), subs in self._renamed.items()
        }

    @cached_property
    def _same(self) -> frozenset[str]:
        """The attributes, and the URNs of extensions, in which nothing is called otherwise or hidden."""
        others = set()
        for place in self.type.places():
            urn = place.extension.id if place.extension else None
            renamed = (urn, place.attribute.name) in self._renamed
            if renamed or any(sub.name in self.form.hidden for sub in place.attribute.sub_attributes):
                others.add(urn or place.attribute.name)
        top = {attribute.name for attribute in self.type.schema.attributes}
        return frozenset((top | {e.schema.id for e in self.type.extensions}) - others)

    @cached_property
    def plain(self) -> bool:
        """Whether names of the core are the same on the wire."""
        return self.type.rules is None and all(urn is not None for urn, _ in self._renamed)

    @cached_property
    def sees_all(self) -> bool:
        """Whether the wire shows all that is kept but for whole extensions and hidden parts, so that a stored document
        only needs other names."""
        type, whole = self.type, self.type.whole
        if type.rules is not None or type.aliases or type.schema is not whole.schema:
            return False
        for e in type.extensions:
            kept = whole.extension(e.schema.id)
            if kept is None or len(kept.attributes) != len(e.schema.attributes):
                return False
            for attribute in kept.attributes:
                seen = e.schema.attribute(attribute.name)
                subs = tuple(sub for sub in attribute.sub_attributes if sub.name not in self.form.hidden)
                if seen is not attribute and (seen is None or seen.sub_attributes != subs or seen.most):
                    return False
        return True

    def sees_all_of(self, document: bytes) -> bool:
        """The same of one stored document: nothing is hidden in it."""
        return self.sees_all and not any(name in document for name in self._hidden)

    def respelled(self, document: bytes) -> tuple[bytes, bytes] | None:
        """A stored document on the wire, without having been parsed: its head with ``schemas``, and the rest of it.
        None where something in it is hidden, or called otherwise, but for extensions as a whole."""
        head = document[: document.index(b"]") + 1]
        known = self._heads.get(head)
        if known is None:
            known = self._head(head)
            if len(self._heads) < _HEADS:
                self._heads[head] = known
        wire, changes = known
        if not wire or any(mark in document for mark in self._marks):
            return None
        rest = document[len(head) :]
        for kept, called in changes:
            rest = rest.replace(kept, called, 1)
        return wire, rest

    def _head(self, head: bytes) -> tuple[bytes, tuple[tuple[bytes, bytes], ...]]:
        urns = head[head.index(b"[") + 1 : -1].decode().replace('"', "").split(",")
        if not self.sees_all or self.form.null_meta or not self.form.etags or not self.urns.keys() >= set(urns):
            return b"", ()
        wire = ",".join(f'"{self.urns[urn]}"' for urn in urns)
        # A key of the document: in a text its quotes would be escaped, and no attribute is called like a URN.
        changes = tuple((f',"{u}":{{'.encode(), f',"{self.urns[u]}":{{'.encode()) for u in urns if self.urns[u] != u)
        return f'{{"schemas":[{wire}]'.encode(), changes

    # -- from the wire -------------------------------------------------------------------------------------------------

    def extension(self, urn: str) -> Schema | None:
        """The extension that a URN of the wire names, in any letter case."""
        return self.type.extension(self._kept.get(urn.lower(), ""))

    def schema(self, urn: str) -> str | None:
        """The kept URN of one of the type's schemas, or None."""
        return self._kept.get(urn.lower())

    def sub(self, extension: Schema | None, attribute: Attribute, name: str) -> str:
        """The kept name of a sub-attribute."""
        renamed = self._wire.get((extension.id if extension else None, attribute.name))
        return renamed.get(name.lower(), name) if renamed else name

    def path(self, text: str) -> str:
        """A path in kept names: ``name.formatted``, ``urn:…:1.0:manager.managerId``, a URN alone; others as they are.

        **Rules** (§3.8): without case, the core URN may be left out, an extension's may not; with ``dotted`` a dot
        joins as well as a colon does.
        """
        text = text.strip()
        if self.type.rules is not None:
            text = self.type.rules.path(text)
        lower = text.lower()
        for wire, kept in self._kept.items():
            if lower == wire:
                return kept
            if lower.startswith(wire) and text[len(wire)] in (":." if self.form.dotted else ":"):
                rest = text[len(wire) + 1 :]
                extension = self.type.extension(kept)
                return f"{kept}:{self._below(extension, rest)}" if extension else self._below(None, rest)
        return self._below(None, text)

    def search_path(self, text: str) -> str:
        """The path of a filter or a sort, in kept names. **Raises** ``InvalidFilter`` where the type's rules do."""
        path = self.path(text)
        return path if self.type.rules is None else self.type.rules.search_path(path)

    def _below(self, extension: Schema | None, rest: str) -> str:
        first, dot, second = rest.partition(".")
        attribute = extension.attribute(first) if extension else self.type.top(first)
        return f"{first}.{self.sub(extension, attribute, second)}" if attribute and dot else rest

    def resource(self, body: Mapping[str, Any], *, partial: bool = False) -> Document:
        """A body in kept names: of a POST or PUT, or the ``partial`` one of a PATCH. What is unknown stays as it is,
        for whoever judges the body.

        **Rules**: ``schemas`` may be left out (core §5.1), and need not name the core; a plain value in a list of
        complex ones is its ``value`` (core §3.2). An element with the operation ``delete`` is not there; in a partial
        resource it is, marked so, and ``meta.attributes`` is too.
        **Raises** ``InvalidSyntax`` for names that stand twice, ``InvalidValue`` for an unknown operation and for what
        cannot be ``schemas`` or ``meta.attributes``.
        """
        read: Document = {SCHEMAS.name: [self.type.schema.id]}
        exact = self._exact
        for key, value in body.items():
            if key in exact and key not in read:
                inner = value.__class__ is dict or value.__class__ is list
                read[key] = self._value(None, exact[key], value, partial) if inner else value
                continue
            attribute = self.type.top(key)
            if attribute is META:
                continue
            if attribute is SCHEMAS:
                read[SCHEMAS.name] = self._schemas(value)
                continue
            extension = None if attribute else self.extension(key)
            name = attribute.name if attribute else extension.id if extension else self._unknown(key)
            if name in read:
                raise InvalidSyntax(f'"{shortened(key)}" stands twice, in different spellings; give it once.')
            if attribute is not None:
                value = self._value(None, attribute, value, partial)
            elif extension is not None and isinstance(value, dict):
                value = self._inside(extension, value, partial)
            read[name] = value
        if partial and (removed := _removed(body)):
            read[META.name] = {"attributes": [self.path(name) for name in removed]}
        return read

    def _schemas(self, value: Any) -> list[str]:
        if value is None:
            return [self.type.schema.id]
        if not isinstance(value, list) or not all(isinstance(urn, str) for urn in value):
            raise InvalidSyntax(f'"schemas" has to be a list of strings, such as "{self.core}".')
        return list(dict.fromkeys((self.type.schema.id, *(self.schema(urn) or self._unknown(urn) for urn in value))))

    def _unknown(self, name: str) -> str:
        """A name that means nothing on the wire. **Raises** ``InvalidSyntax`` for a kept URN that is called otherwise
        here: elsewhere it would be understood."""
        if (extension := self.type.extension(name)) is not None:
            raise InvalidSyntax(f'"{extension.id}" is called "{self.urns[extension.id]}" in SCIM 1.1; send that name.')
        return name

    def _inside(self, extension: Schema, value: Mapping[str, Any], partial: bool) -> Document:
        read: Document = {}
        for key, item in value.items():
            if item.__class__ is str and key not in read and key in self._texts_in(extension):
                read[key] = item
                continue
            attribute = extension.attribute(key)
            name = attribute.name if attribute else key
            if name in read:
                raise InvalidSyntax(f'"{shortened(key)}" stands twice, in different spellings; give it once.')
            read[name] = self._value(extension, attribute, item, partial) if attribute else item
        return read

    def _value(self, extension: Schema | None, attribute: Attribute, value: Any, partial: bool) -> Any:
        """The value of one attribute, in kept names."""
        if not isinstance(value, list) or not attribute.multi_valued:
            return self._element(extension, attribute, value, partial) if isinstance(value, dict) else value
        same = self._same_parts(extension, attribute)
        for item in value:
            if item.__class__ is not dict or not item.keys() <= same:
                break
        else:
            return value
        read = [self._element(extension, attribute, item, partial) for item in value]
        return [element for element in read if element is not _GONE]

    @cached_property
    def _exact(self) -> dict[str, Attribute]:
        """The attributes of the core by their own names, but for those that are read in a way of their own."""
        return {a.name: a for a in self.type.schema.attributes if a not in (SCHEMAS, META)}

    def _texts_in(self, extension: Schema) -> frozenset[str]:
        """The attributes of an extension of which one text can be the value, by their own names."""
        found = self._texts.get(extension.id)
        if found is None:
            names = (a.name for a in extension.attributes if not a.complex)
            found = self._texts[extension.id] = frozenset(names)
        return found

    def _same_parts(self, extension: Schema | None, attribute: Attribute) -> frozenset[str]:
        """The sub-attributes whose names mean here what they mean when kept, and are no operation."""
        key = (extension.id if extension else None, attribute.name)
        found = self._same_inside.get(key)
        if found is None:
            renamed = self._wire.get(key)
            names = () if renamed else (s.name for s in attribute.sub_attributes if s.name.lower() != OPERATION)
            found = self._same_inside[key] = frozenset(names)
        return found

    def _element(self, extension: Schema | None, attribute: Attribute, item: Any, partial: bool) -> Any:
        """One value of an attribute in kept names. An operation that is null or empty is none. **Raises**
        ``InvalidValue`` for any other than ``delete``."""
        if item.__class__ is dict and item.keys() <= self._same_parts(extension, attribute):
            return item
        if not isinstance(item, Mapping):
            plain = not attribute.complex or item is None or isinstance(item, list) or attribute.sub("value") is None
            return item if plain else {"value": item}
        gone = False
        read: Document = {}
        for name, value in item.items():
            if name.lower() == "operation" and attribute.multi_valued and attribute.sub("operation") is None:
                if isinstance(value, str) and value.lower() == DELETE:
                    gone = True
                elif value not in (None, ""):
                    raise InvalidValue(f'{attribute.name}.operation can only be "{DELETE}".')
            else:
                kept = self.sub(extension, attribute, name)
                if kept in read:
                    raise InvalidSyntax(f'"{attribute.name}.{name}" stands twice, in two spellings; give it once.')
                read[kept] = value
        if gone:
            return read | {OPERATION: DELETE} if partial else _GONE
        return read.get("value") if not attribute.complex and read.keys() <= {"value"} else read

    # -- to the wire ---------------------------------------------------------------------------------------------------

    def shown(self, resource: Mapping[str, Any]) -> Document:
        """A resource, or a part of one, as the wire has it. Extensions that the type lacks are left out."""
        shown: Document = {}
        same = self._same
        for key, value in resource.items():
            if key in same:
                shown[self.urns.get(key, key)] = value
            elif value.__class__ is str or value.__class__ is bool:
                shown[key] = value
            elif key == "schemas":
                shown[key] = [self.urns[urn] for urn in value if urn in self.urns]
            elif key == "meta":
                shown[key] = self.meta(value)
            elif key in self.urns:
                if inside := {name: self._shown(key, name, item) for name, item in value.items()}:
                    shown[self.urns[key]] = inside
            elif key[:4] != "urn:":
                shown[key] = self._shown(None, key, value)
        return shown

    def meta(self, meta: Mapping[str, Any]) -> Document:
        """``meta`` without the type (core §5.1), and with the nulls that the form has."""
        shown = {name: value for name, value in meta.items() if name != "resourceType"}
        if not self.form.etags:
            shown.pop("version", None)
        return shown | dict.fromkeys(self.form.null_meta) if self.form.null_meta else shown

    def _shown(self, urn: str | None, name: str, value: Any) -> Any:
        if value.__class__ is str:
            return value
        renamed = self._renamed.get((urn, name)) if self._renamed else None
        if value.__class__ is list:
            return [self._part(renamed, item) for item in value]
        return self._part(renamed, value)

    def _part(self, renamed: Mapping[str, str] | None, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        hidden = self.form.hidden
        if renamed is None and hidden.isdisjoint(value):
            return value
        renamed = renamed or {}
        return {renamed.get(name, name): item for name, item in value.items() if name not in hidden}

    def wire_name(self, extension: Schema | None, attribute: Attribute, sub: Attribute) -> str:
        """What a sub-attribute is called on the wire."""
        return self._renamed.get((extension.id if extension else None, attribute.name), {}).get(sub.name, sub.name)


def _removed(body: Mapping[str, Any]) -> list[str]:
    """What ``meta.attributes`` names, as the client writes it (§3.3.2)."""
    meta = next((value for key, value in body.items() if key.lower() == META.name), None)
    if meta is None:
        return []
    if not isinstance(meta, Mapping):
        raise InvalidValue("meta has to be a JSON object.")
    named = next((value for key, value in meta.items() if key.lower() == "attributes"), None)
    if named is None:
        return []
    if not isinstance(named, list) or not all(isinstance(name, str) and name.strip() for name in named):
        raise InvalidValue('meta.attributes has to be a list of attribute names, such as ["title", "name.formatted"].')
    return named


def _renamed(type: ResourceType, form: Form) -> Iterator[tuple[tuple[str | None, str], dict[str, str]]]:
    """Of each attribute with sub-attributes of other names on the wire, those by their kept names."""
    for place in type.places():
        head = f"{place.extension.id}:" if place.extension else ""
        whole = f"{head}{place.attribute.name}."
        subs = {
            s.name: form.renamed[whole + s.name]
            for s in place.attribute.sub_attributes
            if whole + s.name in form.renamed
        }
        if subs:
            yield (place.extension.id if place.extension else None, place.attribute.name), subs


def names(type: ResourceType, form: Form) -> Names:
    """The names of a resource type in a form, kept on the type (see ``scim.compiled``)."""
    found: Names | None = type.made.get(form)
    if found is None:
        found = type.made[form] = Names(type, form)
    return found
