"""Names both ways between the wire of SCIM 1.1 and the kept form, which has the names of RFC 7643.

Kept texts are what every other room understands: paths, filters, documents. What differs is data (``v1_form``). Here
are names, paths and resources; filters are in ``v1_filter``, the partial resources of PATCH in ``v1_lower``.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from rollbook.scim.attributes import SCHEMAS, Attribute
from rollbook.scim.errors import InvalidSyntax, InvalidValue
from rollbook.scim.schema import ResourceType, Schema
from rollbook.scim.tolerances import Tolerances, note, shortened
from rollbook.scim.urns import GROUP, USER
from rollbook.scim.wire.v1_form import CORE, Form

Document = dict[str, Any]


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
        self._wire = {
            (urn, attribute): {wire.lower(): kept for kept, wire in subs.items()}
            for (urn, attribute), subs in self._renamed.items()
        }

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
        lower = text.lower()
        for wire, kept in self._kept.items():
            if lower == wire:
                return kept
            if lower.startswith(wire) and text[len(wire)] in (":." if self.form.dotted else ":"):
                rest = text[len(wire) + 1 :]
                extension = self.type.extension(kept)
                return f"{kept}:{self._below(extension, rest)}" if extension else self._below(None, rest)
        return self._below(None, text)

    def _below(self, extension: Schema | None, rest: str) -> str:
        first, dot, second = rest.partition(".")
        attribute = extension.attribute(first) if extension else self.type.top(first)
        return f"{first}.{self.sub(extension, attribute, second)}" if attribute and dot else rest

    def resource(self, body: Mapping[str, Any], tolerances: Tolerances, notes: list[str]) -> Document:
        """The body of a POST or PUT in kept names.

        **Rules**: ``schemas`` may be left out (core §5.1), and need not name the core; a plain value in a list of
        complex ones is its ``value`` (core §3.2); an element with the operation ``delete`` is not there.
        **Raises** ``InvalidSyntax`` for names and schemas that are unknown or stand twice, ``InvalidValue`` for an
        unknown operation.
        """
        read: Document = {SCHEMAS.name: [self.type.schema.id]}
        for key, value, attribute, extension in self.entries(body, tolerances, notes):
            if extension is None and attribute is not None:
                read[attribute.name] = self._value(None, attribute, value)
            elif extension is not None and isinstance(value, Mapping):
                read[extension.id] = {
                    inner.name if inner else name: self._value(extension, inner, item) if inner else item
                    for name, item in value.items()
                    for inner in (extension.attribute(name),)
                }
                if len(read[extension.id]) < len(value):
                    raise InvalidSyntax(f'Attributes of "{key}" stand twice, in different spellings; give each once.')
            elif extension is not None:
                read[extension.id] = value
        return read

    def entries(
        self, body: Mapping[str, Any], tolerances: Tolerances, notes: list[str]
    ) -> Iterator[tuple[str, Any, Attribute | None, Schema | None]]:
        """The keys of a resource's body with their values and what they mean: an attribute of the core schema, or an
        extension. ``schemas`` is checked and left out, as is ``meta``. **Raises** ``InvalidSyntax``."""
        seen = set()
        for key, value in body.items():
            lower = key.lower()
            attribute = self.type.top(key)
            extension = None if attribute else self.extension(key)
            known: object = attribute or extension
            if known is None:
                self.unknown(key, tolerances, notes)
                continue
            if known in seen:
                raise InvalidSyntax(
                    f'The attribute "{shortened(key)}" stands twice, in different spellings; give it once.'
                )
            seen.add(known)
            if attribute is SCHEMAS:
                self._check_schemas(value, tolerances, notes)
            elif lower != "meta":
                yield key, value, attribute, extension

    def unknown(self, key: str, tolerances: Tolerances, notes: list[str]) -> None:
        """Refuse an unknown name, or note that it is dropped. **Raises** ``InvalidSyntax``."""
        if self.type.dropped and self.type.drops(self.path(key)):
            note(notes, "dropped", key)
        elif tolerances.unknown == "refuse":
            raise InvalidSyntax(f'There is no attribute "{shortened(key)}"; use the names that /Schemas lists.')
        else:
            note(notes, "unknown attribute", key)

    def _check_schemas(self, value: Any, tolerances: Tolerances, notes: list[str]) -> None:
        if value is None:
            return
        if not isinstance(value, list) or not all(isinstance(urn, str) for urn in value):
            raise InvalidSyntax(f'"schemas" has to be a list of strings, such as "{self.core}".')
        for urn in value:
            if self.schema(urn) is None:
                if tolerances.unknown == "refuse":
                    known = ", ".join(self.urns.values())
                    raise InvalidSyntax(
                        f'A {self.type.name} of SCIM 1.1 has no schema "{shortened(urn)}"; its schemas are {known}.'
                    )
                note(notes, "unknown schema", urn)

    def _value(self, extension: Schema | None, attribute: Attribute, value: Any) -> Any:
        """The value of one attribute, in kept names."""
        if not isinstance(value, list) or not attribute.multi_valued:
            return self.element(extension, attribute, value)[0] if isinstance(value, Mapping) else value
        read = []
        for item in value:
            element, gone = self.element(extension, attribute, item)
            if not gone:
                read.append(element)
        return read

    def element(self, extension: Schema | None, attribute: Attribute, item: Any) -> tuple[Any, bool]:
        """One value of an attribute in kept names, and whether its ``operation`` deletes it. An operation that is null
        or empty is none. **Raises** ``InvalidValue`` for any other."""
        if not isinstance(item, Mapping):
            plain = not attribute.complex or item is None or isinstance(item, list) or attribute.sub("value") is None
            return item if plain else {"value": item}, False
        gone = False
        read: Document = {}
        for name, value in item.items():
            if name.lower() == "operation" and attribute.multi_valued and attribute.sub("operation") is None:
                if isinstance(value, str) and value.lower() == "delete":
                    gone = True
                elif value not in (None, ""):
                    raise InvalidValue(f'{attribute.name}.operation can only be "delete".')
            else:
                kept = self.sub(extension, attribute, name)
                if kept in read:
                    raise InvalidSyntax(f'"{attribute.name}.{name}" stands twice, in two spellings; give it once.')
                read[kept] = value
        if not attribute.complex and read.keys() <= {"value"}:
            return read.get("value"), gone
        return read, gone

    # -- to the wire ---------------------------------------------------------------------------------------------------

    def shown(self, resource: Mapping[str, Any]) -> Document:
        """A resource, or a part of one, as the wire has it."""
        shown: Document = {}
        for key, value in resource.items():
            if key == "schemas":
                shown[key] = [self.urns.get(urn, urn) for urn in value]
            elif key == "meta":
                shown[key] = self.meta(value)
            elif key in self.urns:
                shown[self.urns[key]] = {name: self._shown(key, name, item) for name, item in value.items()}
            else:
                shown[key] = self._shown(None, key, value)
        return shown

    def meta(self, meta: Mapping[str, Any]) -> Document:
        """``meta`` without the type (core §5.1), and with the nulls that the form has."""
        shown = {name: value for name, value in meta.items() if name != "resourceType"}
        if not self.form.etags:
            shown.pop("version", None)
        return shown | dict.fromkeys(self.form.null_meta) if self.form.null_meta else shown

    def _shown(self, urn: str | None, name: str, value: Any) -> Any:
        renamed = self._renamed.get((urn, name))
        if isinstance(value, list):
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


@lru_cache(256)
def names(type: ResourceType, form: Form) -> Names:
    """The names of a resource type in a form."""
    return Names(type, form)
