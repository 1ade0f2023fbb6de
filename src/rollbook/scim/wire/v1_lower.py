"""The partial resources by which SCIM 1.1 changes resources (§3.3.2), lowered to the one language of changes.

========================================  =============================================================
a partial resource says                   operations
========================================  =============================================================
a name in ``meta.attributes``             ``remove``
the same, and a value for it              ``remove`` and then ``add``; ``replace`` of a list, or of what is required
a singular value                          ``add``
a complex value                           ``add``: its sub-attributes are merged
a list of values                          ``merge``: see ``patch_values``; of members, they come and go as rows
an element with ``operation: delete``     gone in that ``merge``; ignored where ``meta.attributes`` names the list
what is readOnly                          nothing: it is ignored
null, or an empty list                    nothing: clients write all that they know of; what is to go is named
========================================  =============================================================

What the operations come to is in ``patch_apply``, as with a PATCH of 2.0.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from rollbook.scim.attributes import META, SCHEMAS, Attribute, Held
from rollbook.scim.errors import InvalidSyntax, InvalidValue
from rollbook.scim.patch import Merging, Op, PatchOperation
from rollbook.scim.schema import ResourceType, Schema
from rollbook.scim.tolerances import Tolerances, note, shortened
from rollbook.scim.wire.v1_names import OPERATION


class Given(NamedTuple):
    """An attribute, the extension that it is in, and the value that it gets."""

    extension: Schema | None
    attribute: Attribute
    value: Any


_KEYS = ("value",)


def lower(
    part: Mapping[str, Any], type: ResourceType, tolerances: Tolerances, notes: list[str]
) -> tuple[PatchOperation, ...]:
    """The operations of a partial resource in kept names (``Names.resource``). What was dropped is added to ``notes``.

    **Raises** ``InvalidSyntax`` for unknown names, ``InvalidValue`` for elements that say nothing.
    """
    return tuple(_Lowering(type, tolerances, notes, part).operations(part))


class _Lowering:
    def __init__(self, type: ResourceType, tolerances: Tolerances, notes: list[str], part: Mapping[str, Any]) -> None:
        self.type = type
        self.tolerances = tolerances
        self.notes = notes
        self.gone = {path.lower(): path for path in part.get(META.name, {}).get("attributes", ())}

    def operations(self, part: Mapping[str, Any]) -> Iterator[PatchOperation]:
        given = list(self.given(part))
        written = set(_written(given))
        for lower_path, path in self.gone.items():
            if "[" in path or "]" in path:
                raise InvalidValue(f"meta.attributes: {shortened(path)} is no attribute name; filters cannot be given.")
            if lower_path not in written:
                yield PatchOperation(Op.REMOVE, path)
        for extension, attribute, value in given:
            yield self.attribute(extension, attribute, value)

    def given(self, part: Mapping[str, Any]) -> Iterator[Given]:
        """The attributes that get values."""
        for key, value in part.items():
            attribute = self.type.top(key)
            extension = None if attribute else self.type.extension(key)
            if attribute is META:
                continue
            if attribute is SCHEMAS:
                self.schemas(value)
            elif attribute is not None:
                yield from self.known(None, attribute, value)
            elif extension is None:
                self.unknown(key)
            elif isinstance(value, Mapping):
                for name, item in value.items():
                    if (inner := extension.attribute(name)) is None:
                        self.unknown(f"{extension.id}:{name}")
                    else:
                        yield from self.known(extension, inner, item)
            elif value is not None:
                raise InvalidValue(f"{extension.id} is a schema extension: its value has to be a JSON object.")

    def known(self, extension: Schema | None, attribute: Attribute, value: Any) -> Iterator[Given]:
        if attribute.read_only:
            note(self.notes, "readOnly", attribute.name)
        elif value is None or value == []:
            note(self.notes, "null", attribute.name)
        else:
            yield Given(extension, attribute, value)

    def schemas(self, urns: list[str]) -> None:
        for urn in urns:
            if urn != self.type.schema.id and self.type.extension(urn) is None:
                self.unknown(urn, "schema")

    def unknown(self, path: str, what: str = "attribute") -> None:
        if self.type.dropped and self.type.drops(path):
            note(self.notes, "dropped", path)
        elif self.tolerances.unknown == "refuse":
            raise InvalidSyntax(f'There is no {what} "{shortened(path)}"; use the names that /Schemas lists.')
        else:
            note(self.notes, f"unknown {what}", path)

    def attribute(self, extension: Schema | None, attribute: Attribute, value: Any) -> PatchOperation:
        """What the value of one attribute asks for."""
        path = _path(extension, attribute)
        if not attribute.multi_valued:
            return PatchOperation(Op.ADD, path, value)
        if not isinstance(value, list):
            if not self.tolerances.lone_value:
                raise InvalidValue(f"{attribute.name} has to be a list.")
            note(self.notes, "one value for a list", attribute.name)
            value = [value]
        elements = tuple(_element(attribute, item) for item in value if item is not None)
        if path.lower() in self.gone or (extension is not None and extension.id.lower() in self.gone):
            return PatchOperation(Op.REPLACE, path, [element for element, gone in elements if not gone])
        matching = self.type.rules.matching if self.type.rules else {}
        return PatchOperation(Op.MERGE, path, Merging(elements, matching.get(path, _KEYS)))


def _element(attribute: Attribute, item: Any) -> tuple[Any, bool]:
    """An element, and whether it goes."""
    gone = False
    if isinstance(item, Mapping) and OPERATION in item and attribute.sub(OPERATION) is None:
        item = {name: value for name, value in item.items() if name != OPERATION}
        gone = True
        if not any(value is not None for value in item.values()):
            raise InvalidValue(f"{attribute.name}: an element with the operation delete has to say which one goes.")
        if not attribute.complex and item.keys() <= {"value"}:
            item = item["value"]
    if attribute.held is Held.MEMBERS and not (isinstance(item, Mapping) and item.get("value")):
        raise InvalidValue(f'{attribute.name}: each member needs its id as a string in "value".')
    return item, gone


def _written(given: list[Given]) -> Iterator[str]:
    """The paths, in lower case, that need not be removed first: what is given there takes their place as a whole.

    A complex value is merged into what is there, so it has to go first, but for its simple parts that are given.
    """
    for extension, attribute, value in given:
        path = _path(extension, attribute)
        if attribute.multi_valued or not attribute.complex:
            yield path.lower()
        elif isinstance(value, Mapping):
            for name, item in value.items():
                sub = attribute.sub(name)
                if sub is not None and item is not None and not sub.multi_valued:
                    yield f"{path}.{sub.name}".lower()


def _path(extension: Schema | None, attribute: Attribute) -> str:
    return f"{extension.id}:{attribute.name}" if extension else attribute.name
