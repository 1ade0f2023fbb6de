"""PATCH applied to a canonical document (RFC 7644 §3.5.2): all operations or none.

What a path means is in ``patch_target``, what becomes of a value in ``patch_values``, members are in ``patch_members``.
Here: which attribute an operation is about, with and without a path, and what the whole comes to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rollbook.scim.attributes import COMMON, EXTERNAL_ID, ID, SCHEMAS, Attribute, Held
from rollbook.scim.errors import InvalidPath, InvalidSyntax, InvalidValue, MutabilityError, NoTarget, ScimError
from rollbook.scim.limits import STANDARD_LIMITS, Limits
from rollbook.scim.member_steps import MemberSteps
from rollbook.scim.patch import Op, PatchOperation
from rollbook.scim.patch_members import GroupChanges, MemberChanges
from rollbook.scim.patch_members import NeedsGroups as NeedsGroups
from rollbook.scim.patch_members import NeedsMembers as NeedsMembers
from rollbook.scim.patch_target import Target, UnknownTarget, find_target
from rollbook.scim.patch_values import Change
from rollbook.scim.readers import OLD_CORES, OLD_NAMES
from rollbook.scim.reading import Reading, refuse_unknown
from rollbook.scim.schema import Place, ResourceType, Schema
from rollbook.scim.tolerances import Tolerances, note, shortened
from rollbook.scim.validate import Document, validator


@dataclass(slots=True)
class Patched:
    """What a PATCH comes to. ``changed`` is about the document; whether members change, the store finds out."""

    document: Document
    members: MemberSteps
    changed: bool
    member_types: dict[str, str] = field(default_factory=dict)
    password: str | None = field(default=None, repr=False)
    """The password, in clear text, where one is to be kept; empty where the one that there is goes; else None."""
    groups: MemberSteps = field(default_factory=MemberSteps)
    """What happens to the groups of a user, where a client can say that."""


def apply_patch(
    type: ResourceType,
    document: Document,
    operations: Sequence[PatchOperation],
    tolerances: Tolerances,
    notes: list[str],
    *,
    own: str,
    members: Sequence[Mapping[str, Any]] | None = None,
    groups: Sequence[Mapping[str, Any]] | None = None,
    limits: Limits = STANDARD_LIMITS,
    keeps_password: bool = False,
) -> Patched:
    """Apply operations in their order to a canonical document, which stays as it is.

    ``own`` is the resource's id. ``members`` are the members as shown; they are needed only where ``NeedsMembers`` is
    raised, as are ``groups`` where ``NeedsGroups`` is.

    **Raises** ``InvalidPath``, ``InvalidFilter``, ``InvalidSyntax``, ``InvalidValue``, ``MutabilityError``,
    ``NoTarget``, ``PayloadTooLarge`` for too much work.
    """
    drops = type.drops if type.dropped else None
    reading = Reading(tolerances, notes, drops=drops, keeps_password=keeps_password)
    patch = _Patch(type, document, reading, own, members, limits)
    if (held := type.held(Held.GROUPS)) and not held.read_only:
        patch.groups = GroupChanges(patch.validator.slots[held], reading, groups)
    for operation in operations:
        patch.apply(operation)
    return patch.result()


class _Patch:
    def __init__(
        self,
        type: ResourceType,
        document: Document,
        reading: Reading,
        own: str,
        members: Sequence[Mapping[str, Any]] | None,
        limits: Limits,
    ) -> None:
        self.type = type
        self.limits = limits
        self.validator = validator(type)
        self.before = document
        self.document = dict(document)
        self.reading = reading
        self.own = own
        self.values = Change(reading)
        held = type.held(Held.MEMBERS)
        self.members = MemberChanges(self.validator.slots[held], reading, members) if held else None
        self.groups: GroupChanges | None = None

    def apply(self, operation: PatchOperation) -> None:
        op, value = operation.op, operation.value
        if operation.path is None:
            if op is Op.REMOVE:
                raise NoTarget('A "remove" needs a "path" that names what is to go.')
            self.attributes(op, value, None)
            return
        try:
            target = self.target(operation.path)
        except UnknownTarget:
            if self.type.dropped and self.type.drops(operation.path):
                note(self.reading.notes, "dropped", operation.path.partition("[")[0])
                return
            if self.reading.tolerances.unknown == "refuse":
                raise
            note(self.reading.notes, "unknown attribute", operation.path.partition("[")[0])
            return
        if target.has_boolean_text:
            note(self.reading.notes, "boolean text in a path", target.name)
        self.at(op, target, value)

    def result(self) -> Patched:
        document = self.validator.assemble(self.document)
        steps = self.members.steps if self.members else MemberSteps()
        changed = document != self.before
        if changed:
            self.validator.check_whole(document)
        reading = self.reading
        groups = self.groups.steps if self.groups else MemberSteps()
        document = document if changed else self.before
        return Patched(document, steps, changed, reading.member_types, reading.password, groups)

    def at(self, op: Op, target: Target, value: Any) -> None:
        """One operation with a path."""
        place = target.place
        if place is None:
            self.whole(op, target.extension, value)
        elif place.attribute.held is Held.MEMBERS and self.members:
            self.members.change(op, target, value)
        elif place.attribute.held is Held.GROUPS and self.groups:
            self.groups.change(op, target, value)
        elif place.attribute is SCHEMAS:
            if op is Op.REMOVE:
                raise MutabilityError("schemas cannot be removed; it follows from the data of the resource.")
            self.schemas(value)
        elif place.attribute in COMMON and place.attribute is not EXTERNAL_ID:
            raise MutabilityError(f"{target.name} is readOnly; only the server sets it.")
        else:
            holder = self.holder(place.extension)
            slot = self.validator.slots[place.attribute]
            _put(holder, slot.name, self.values.at(slot, op, target, value, holder.get(slot.name)))

    def whole(self, op: Op, extension: Schema | None, value: Any) -> None:
        """One operation whose path is a schema's URN."""
        if op is not Op.REMOVE and not (value is None and op is Op.REPLACE):
            if value is not None:
                self.attributes(op, value, extension)
        elif extension is None:
            raise MutabilityError("The core schema of a resource cannot be removed.")
        elif any(e.required and e.schema is extension for e in self.type.extensions):
            raise MutabilityError(f"{extension.id} is a required extension; it cannot be removed.")
        else:
            for attribute in extension.attributes:
                if not attribute.required and self.document.get(extension.id, {}).get(attribute.name) is not None:
                    self.at(Op.REMOVE, Target(extension, Place(attribute, None, extension)), None)
            self.document.pop(extension.id, None)

    def attributes(self, op: Op, value: Any, extension: Schema | None) -> None:
        """The attributes that a value without a path holds: of the resource, or of one of its extensions."""
        if not isinstance(value, dict):
            owner = extension.id if extension else "An operation without a path"
            raise InvalidValue(f'{owner} needs a JSON object as its "value": attributes with their values.')
        seen: set[object] = set()
        for key, item in value.items():
            attribute = extension.attribute(key) if extension else self.type.top(key)
            inner = None if extension or attribute else self.type.extension(key)
            known = attribute or inner
            if known is None and extension is None and (renamed := self.renamed(key)):
                self.attributes(op, {renamed: item}, None)
                continue
            if known is None:
                if extension and key.lower() == SCHEMAS.name and self.reading.tolerances.own_identity:
                    self.schemas(item)
                    note(self.reading.notes, "own identity", f"{extension.id}:{SCHEMAS.name}")
                else:
                    self.key_as_path(op, key, item, extension)
                continue
            if known in seen:
                raise InvalidSyntax(
                    f'"{shortened(key)}" stands twice in a value, in different spellings; give it once.'
                )
            seen.add(known)
            if attribute is None:
                self.whole(op, inner, item)
            elif extension is None and attribute in COMMON and attribute is not EXTERNAL_ID:
                self.own_identity(attribute, item)
            else:
                self.at(op, Target(extension, Place(attribute, None, extension)), item)

    def key_as_path(self, op: Op, key: str, item: Any, extension: Schema | None) -> None:
        """A key that is no attribute but, where it is tolerated, a path."""
        tolerances = self.reading.tolerances
        path = f"{extension.id}:{key}" if extension else key
        is_path = "[" in key or ":" in key
        if tolerances.path_keys if is_path else (tolerances.dotted_keys and "." in key):
            try:
                target = find_target(self.type, path, tolerances, self.limits)
            except InvalidPath:
                refuse_unknown(path.partition("[")[0], self.reading)
                return
            note(self.reading.notes, "path as a key" if is_path else "dotted key", target.name or key)
            if target.has_boolean_text:
                note(self.reading.notes, "boolean text in a path", target.name)
            self.at(op, target, item)
            return
        if tolerances.unknown == "refuse" and (is_path or "." in key) and self.is_path(path):
            raise InvalidSyntax(
                f'"{shortened(path.partition("[")[0])}" begins a path here, and a value without a path holds '
                'attributes. Send it as the "path" of an operation of its own.'
            )
        refuse_unknown(path.partition("[")[0], self.reading)

    def is_path(self, path: str) -> bool:
        """Whether a text is a path to something that is there."""
        try:
            find_target(self.type, path, self.reading.tolerances, self.limits)
        except ScimError:
            return False
        return True

    def target(self, path: str) -> Target:
        """What a path means, by its name of today or, where that is tolerated, by that of SCIM 1.1 or the drafts."""
        try:
            return find_target(self.type, path, self.reading.tolerances, self.limits)
        except UnknownTarget:
            if (renamed := self.renamed(path)) is None:
                raise
            return find_target(self.type, renamed, self.reading.tolerances, self.limits)

    def renamed(self, path: str) -> str | None:
        """A path that begins with what a schema was called before RFC 7643, with the URN of today."""
        if not self.reading.tolerances.old_names or path[:9].lower() != "urn:scim:":
            return None
        lower = f"{path.lower()}:"
        for old, urn in (*OLD_NAMES.items(), *((old, self.type.schema.id) for old in sorted(OLD_CORES, reverse=True))):
            if lower.startswith(f"{old}:"):
                note(self.reading.notes, "old name", path[: len(old)])
                return urn + path[len(old) :]
        return None

    def own_identity(self, attribute: Attribute, item: Any) -> None:
        """What every resource has, repeated in a value without a path; it is compared or ignored, never set."""
        if not self.reading.tolerances.own_identity or (attribute is ID and item != self.own):
            raise MutabilityError(f"{attribute.name} is readOnly; only the server sets it.")
        if attribute is SCHEMAS:
            self.schemas(item)
        note(self.reading.notes, "own identity", attribute.name)

    def schemas(self, value: Any) -> None:
        """Accept the URNs of the type's own schemas: which of them are in use follows from the data."""
        for urn in value if isinstance(value, list) else [value]:
            if not isinstance(urn, str):
                raise InvalidValue("schemas has to be a list of strings, each the URN of a schema.")
            if urn.lower() != self.type.schema.id.lower() and self.type.extension(urn) is None:
                if self.reading.tolerances.unknown == "refuse":
                    raise InvalidSyntax(f'A {self.type.name} has no schema "{shortened(urn)}"; see /ResourceTypes.')
                note(self.reading.notes, "unknown schema", urn)

    def holder(self, extension: Schema | None) -> Document:
        """The object that an attribute stands in, as a copy of our own."""
        if extension is None:
            return self.document
        now = self.document.get(extension.id)
        if now is None or now is self.before.get(extension.id):
            now = self.document[extension.id] = dict(now or ())
        return now


def _put(holder: Document, name: str, value: Any) -> None:
    if value is None:
        holder.pop(name, None)
    else:
        holder[name] = value
