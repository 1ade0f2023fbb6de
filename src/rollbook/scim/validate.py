"""Whole resources as a client sends them, read into the canonical document (RFC 7643 §2, §3; RFC 7644 §3.3, §3.5.1).

A validator is compiled once for each resource type. The canonical document has the schema's spelling, ``schemas`` as
its first key and exactly the schemas in use, no unassigned attribute, nothing that a client may not set, and neither
``id``, ``meta`` nor what lives in rows.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from rollbook.scim.attributes import EXTERNAL_ID, ID, META, SCHEMAS, Attribute, Held, Mutability, Type
from rollbook.scim.compiled import kept_on_type
from rollbook.scim.errors import InvalidSyntax, InvalidValue, MutabilityError
from rollbook.scim.readers import OLD_CORES, OLD_NAMES, Fields, Slot, slot
from rollbook.scim.reading import Read, Reading
from rollbook.scim.schema import ResourceType, Schema
from rollbook.scim.tolerances import Tolerances, note, shortened

Document = dict[str, Any]


@dataclass(slots=True)
class Draft:
    """What a client wants a resource to be."""

    document: Document
    """The canonical document, ``externalId`` in it."""
    members: list[str] | None = None
    """The ids of the members, in order, each once; None where the body names none."""
    member_types: dict[str, str] = field(default_factory=dict)
    """What the client says that members are, by id: to be checked against what they are."""
    password: str | None = field(default=None, repr=False)
    """The password, in clear text, where it is to be kept; None where the body names none."""
    groups: list[str] | None = None
    """The ids of the groups that it is in, where a client can say that; None where the body names none."""

    @property
    def external_id(self) -> str | None:
        return self.document.get("externalId")


class Validator:
    """Reads bodies of one resource type."""

    def __init__(self, type: ResourceType) -> None:
        self.type = type
        self.slots: dict[Attribute, Slot] = {a: slot(a) for a in (EXTERNAL_ID, *type.schema.attributes)}
        self.slots[EXTERNAL_ID].read = self.slots[EXTERNAL_ID].read_one = _external_id(self.slots[EXTERNAL_ID])
        core = [self.slots[a] for a in (EXTERNAL_ID, *type.schema.attributes)]
        self.extensions: dict[str, Fields] = {}
        entries = [s.entry for s in core]
        for e in type.extensions:
            urn = e.schema.id
            inside = {a: slot(a, f"{urn}:") for a in e.schema.attributes}
            self.slots |= inside
            self.extensions[urn] = Fields(f"{urn}:", (s.entry for s in inside.values()))
            entries.append((urn, _extension(urn, self.extensions[urn]), None))
        entries += [(SCHEMAS.name, _schemas(type), None), (ID.name, _ignored, None), (META.name, _ignored, None)]
        self.fields = Fields("", entries)
        members = type.held(Held.MEMBERS)
        self.members = members.name if members else None
        groups = type.held(Held.GROUPS)
        self.groups = groups.name if groups and not groups.read_only else None
        self._required = _required_places(type)
        self._checks = _required_parts(self.slots, type)
        active = type.schema.attribute("active")
        self._active = active.name if active and active.type is Type.BOOLEAN and not active.multi_valued else None
        self._kept = tuple(_kept(type))
        self._most = tuple(_most(type))

    def read(
        self, body: Mapping[str, Any], tolerances: Tolerances, notes: list[str], *, keeps_password: bool = False
    ) -> Draft:
        """The resource that a POST asks for (RFC 7644 §3.3).

        **Rules**: ``active`` is true where it is not given; readOnly attributes are ignored; data under a known
        extension's URN declares that extension. **Raises** ``InvalidSyntax`` (schemas, unknown and repeated names),
        ``InvalidValue`` (types, what is required, two primary values).
        """
        draft = self._read(body, tolerances, notes, keeps_password)
        if self._active and self._active not in draft.document:
            draft.document[self._active] = True
        self._check_required(draft.document)
        return draft

    def replace(
        self,
        current: Mapping[str, Any],
        body: Mapping[str, Any],
        tolerances: Tolerances,
        notes: list[str],
        *,
        keep_active: bool = True,
        keeps_password: bool = False,
    ) -> Draft:
        """The resource that a PUT asks for in place of ``current``, a canonical document (RFC 7644 §3.5.1).

        **Rules**: what is omitted is cleared, but for ``active`` (an omission never reactivates, unless ``keep_active``
        is False: then it is true, as in a POST), the password, what the server set, and immutable values.
        **Raises** as ``read``, and ``MutabilityError`` where an immutable value would change.
        """
        draft = self._read(body, tolerances, notes, keeps_password)
        document = draft.document
        if self._active and (not keep_active or self._active in current):
            document.setdefault(self._active, current[self._active] if keep_active else True)
        for urn, attribute, sub in self._kept:
            _keep(document, current, urn, attribute, sub)
        if self._kept:
            draft.document = document = self.assemble(document)
        self._check_required(document)
        return draft

    def assemble(self, attributes: Document) -> Document:
        """A canonical document of canonical attributes: ``schemas`` first, then ``externalId``, then as they come."""
        schemas = [self.type.schema.id]
        for urn in self.extensions:
            if attributes.get(urn):
                schemas.append(urn)
            elif urn in attributes:
                del attributes[urn]
        if attributes.get("schemas") == schemas:
            first, second = (*islice(attributes, 2), "")[:2]
            if first == "schemas" and (second == "externalId" or "externalId" not in attributes):
                return attributes  # assembled before, and what has changed since is in its place
        document: Document = {"schemas": schemas}
        if (external_id := attributes.get("externalId")) is not None:
            document["externalId"] = external_id
        document.update(attributes)
        document["schemas"] = schemas
        return document

    def check_whole(self, document: Mapping[str, Any]) -> None:
        """**Raises** ``InvalidValue`` where a required attribute or sub-attribute has no value."""
        self._check_required(document)
        for urn, slot_, required in self._checks:
            value = document.get(urn, {}).get(slot_.name) if urn else document.get(slot_.name)
            for element in value if isinstance(value, list) else [value] if value else []:
                for name in required:
                    if name not in element:
                        raise InvalidValue(f"{slot_.where}.{name} is required where {slot_.where} has a value.")

    def _read(self, body: Mapping[str, Any], tolerances: Tolerances, notes: list[str], keeps_password: bool) -> Draft:
        drops = self.type.drops if self.type.dropped else None
        reading = Reading(tolerances, notes, drops=drops, keeps_password=keeps_password)
        attributes = self.fields.read(body, reading)
        if not reading.schemas:
            if not tolerances.derive_schemas:
                raise InvalidSyntax(f'The body needs "schemas", a list that holds "{self.type.schema.id}".')
            note(notes, "schemas", "derived")
        members = attributes.pop(self.members, None) if self.members else None
        groups = attributes.pop(self.groups, None) if self.groups else None
        return Draft(self.assemble(attributes), members, reading.member_types, reading.password, groups)

    def _check_required(self, document: Mapping[str, Any]) -> None:
        for urn, name, most in self._most:
            if len((document.get(urn, {}) if urn else document).get(name, ())) > most:
                raise InvalidValue(f"{name} may have {most} {'value' if most == 1 else 'values'} at most.")
        for urn, name in self._required:
            if urn is None:
                if document.get(name) in (None, ""):
                    raise InvalidValue(f"{name} is required and has to have a value.")
            elif name is None:
                if urn not in document:
                    raise InvalidValue(f"{urn} is a required extension; give it with its attributes.")
            elif urn in document and document[urn].get(name) in (None, ""):
                raise InvalidValue(f"{urn}:{name} is required and has to have a value.")


@kept_on_type
def validator(type: ResourceType) -> Validator:
    """The validator of a resource type, compiled at its first use."""
    return Validator(type)


def _ignored(value: Any, reading: Reading) -> None:
    return None


def _external_id(slot: Slot) -> Read:
    inner = slot.read

    def read(value: Any, reading: Reading) -> Any:
        if (
            value == ""
        ):  # an empty template of the client's: as a value it would be unique, so the second one a conflict
            note(reading.notes, "empty", "externalId")
            return None
        return inner(value, reading)

    return read


def _extension(urn: str, fields: Fields) -> Read:
    def read(value: Any, reading: Reading) -> Any:
        if type(value) is not dict:
            raise InvalidValue(f"{urn} is a schema extension: its value has to be a JSON object.")
        return fields.read(value, reading) or None

    return read


def _schemas(type: ResourceType) -> Read:
    core = type.schema.id
    known = {schema.id: schema.id for schema in type.schemas()}
    lower = {urn.lower(): urn for urn in known}

    def read(value: Any, reading: Reading) -> None:
        if value.__class__ is not list or not value:
            raise InvalidSyntax(f'"schemas" has to be a list that holds "{core}".')
        found = set()
        for urn in value:
            if urn.__class__ is not str:
                raise InvalidSyntax('"schemas" has to be a list of strings, each the URN of a schema.')
            name = known.get(urn) or lower.get(urn.lower())
            if name is None and reading.tolerances.old_names:
                name = core if urn.lower() in OLD_CORES else lower.get(OLD_NAMES.get(urn.lower(), ""))
                if name is not None:
                    note(reading.notes, "old name", urn)
            if name is None and reading.drops is not None and reading.drops(urn):
                note(reading.notes, "dropped", urn)
            elif name is None:
                if reading.tolerances.unknown == "refuse":
                    raise InvalidSyntax(f'A {type.name} has no schema "{shortened(urn)}"; see /ResourceTypes.')
                note(reading.notes, "unknown schema", urn)
            found.add(name)
        if core not in found:
            if not reading.tolerances.derive_schemas:
                raise InvalidSyntax(f'"schemas" has to hold "{core}".')
            note(reading.notes, "schemas", "derived")
        reading.schemas = True

    return read


def _required_places(type: ResourceType) -> tuple[tuple[str | None, Any], ...]:
    def of(schema: Schema) -> list[str]:
        return [a.name for a in schema.attributes if a.required and a.held is Held.DOCUMENT and not a.read_only]

    places: list[tuple[str | None, Any]] = [(None, name) for name in of(type.schema)]
    for e in type.extensions:
        if e.required:
            places.append((e.schema.id, None))
        places += [(e.schema.id, name) for name in of(e.schema)]
    return tuple(places)


def _most(type: ResourceType) -> Iterator[tuple[str | None, str, int]]:
    """The attributes that may have so many values and no more."""
    for place in type.places():
        if place.attribute.most is not None and place.attribute.held is Held.DOCUMENT:
            yield place.extension.id if place.extension else None, place.attribute.name, place.attribute.most


def _required_parts(slots: Mapping[Attribute, Slot], type: ResourceType) -> list[tuple[str | None, Slot, list[str]]]:
    parts = []
    for place in type.places():
        required = [sub.name for sub in place.attribute.sub_attributes if sub.required]
        if required and place.attribute.held is Held.DOCUMENT:
            parts.append((place.extension.id if place.extension else None, slots[place.attribute], required))
    return parts


def _kept(type: ResourceType) -> list[tuple[str | None, Attribute, Attribute | None]]:
    """What a PUT cannot take away: immutable values, and what only the server sets."""
    fixed = (Mutability.IMMUTABLE, Mutability.READ_ONLY)
    kept: list[tuple[str | None, Attribute, Attribute | None]] = []
    for place in type.places():
        attribute, urn = place.attribute, place.extension.id if place.extension else None
        if attribute.held is not Held.DOCUMENT:
            continue
        if attribute.mutability in fixed:
            kept.append((urn, attribute, None))
        elif attribute.complex and not attribute.multi_valued:
            kept += [(urn, attribute, sub) for sub in attribute.sub_attributes if sub.mutability in fixed]
    return kept


def _keep(
    document: Document, current: Mapping[str, Any], urn: str | None, attribute: Attribute, sub: Attribute | None
) -> None:
    keys = (*((urn,) if urn else ()), attribute.name, *((sub.name,) if sub else ()))
    old: Any = current
    for key in keys:
        old = old.get(key) if old else None
    if old is None:
        return
    level = document
    for key in keys[:-1]:
        level = level.setdefault(key, {})
    leaf = sub or attribute
    if leaf.mutability is Mutability.IMMUTABLE and level.get(keys[-1], old) != old:
        raise MutabilityError(f"{'.'.join(keys)} is immutable: once it has a value, it keeps it.")
    level[keys[-1]] = old
