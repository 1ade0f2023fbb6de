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
from typing import Any

from rollbook.scim.attributes import Attribute, Held
from rollbook.scim.errors import InvalidSyntax, InvalidValue
from rollbook.scim.patch import Merging, Op, PatchOperation
from rollbook.scim.schema import Schema
from rollbook.scim.tolerances import Tolerances, note, shortened
from rollbook.scim.wire.v1_names import Names

_KEYS = ("value",)


def lower(
    body: Mapping[str, Any], names: Names, tolerances: Tolerances, notes: list[str]
) -> tuple[PatchOperation, ...]:
    """The operations of a partial resource. What was dropped is added to ``notes``.

    **Raises** ``InvalidSyntax`` for unknown names, ``InvalidValue`` for ``meta.attributes`` and elements that say
    nothing.
    """
    return tuple(_Lowering(names, tolerances, notes, removed(body)).operations(body))


def removed(body: Mapping[str, Any]) -> tuple[str, ...]:
    """What ``meta.attributes`` names, as the client writes it. **Raises** ``InvalidValue`` where it is no list of
    names."""
    meta = next((value for key, value in body.items() if key.lower() == "meta"), None)
    if meta is None:
        return ()
    if not isinstance(meta, Mapping):
        raise InvalidValue("meta has to be a JSON object.")
    named = next((value for key, value in meta.items() if key.lower() == "attributes"), None)
    if named is None:
        return ()
    if not isinstance(named, list) or not all(isinstance(name, str) and name.strip() for name in named):
        raise InvalidValue('meta.attributes has to be a list of attribute names, such as ["title", "name.formatted"].')
    return tuple(named)


class _Lowering:
    def __init__(self, names: Names, tolerances: Tolerances, notes: list[str], gone: tuple[str, ...]) -> None:
        self.names = names
        self.tolerances = tolerances
        self.notes = notes
        self.gone = {path.lower(): path for path in map(names.path, gone)}

    def operations(self, body: Mapping[str, Any]) -> Iterator[PatchOperation]:
        given = list(self.given(body))
        written = dict(self.written(given))
        for lower_path, path in self.gone.items():
            if "[" in path or "]" in path:
                raise InvalidValue(f"meta.attributes: {shortened(path)} is no attribute name; filters cannot be given.")
            if lower_path not in written:
                yield PatchOperation(Op.REMOVE, path)
        for extension, attribute, value in given:
            yield from self.attribute(extension, attribute, value)

    def given(self, body: Mapping[str, Any]) -> Iterator[tuple[Schema | None, Attribute, Any]]:
        """The attributes that get values."""
        for key, value, attribute, extension in self.names.entries(body, self.tolerances, self.notes):
            if attribute is not None:
                yield from self.known(None, attribute, value)
            elif isinstance(value, Mapping):
                seen = set()
                for name, item in value.items():
                    inner = extension.attribute(name) if extension else None
                    if inner is None:
                        self.names.unknown(f"{key}:{name}", self.tolerances, self.notes)
                        continue
                    if inner in seen:
                        raise InvalidSyntax(f'"{key}:{inner.name}" stands twice, in two spellings; give it once.')
                    seen.add(inner)
                    yield from self.known(extension, inner, item)
            elif value is not None:
                raise InvalidValue(f"{key} is a schema extension: its value has to be a JSON object.")

    def known(
        self, extension: Schema | None, attribute: Attribute, value: Any
    ) -> Iterator[tuple[Schema | None, Attribute, Any]]:
        if attribute.read_only:
            note(self.notes, "readOnly", attribute.name)
        elif value is None or value == []:
            note(self.notes, "null", attribute.name)
        else:
            yield extension, attribute, value

    def written(self, given: list[tuple[Schema | None, Attribute, Any]]) -> Iterator[tuple[str, None]]:
        """The paths, in lower case, that need not be removed first: what is given there takes their place as a whole.

        A complex value is merged into what is there, so it has to go first, but for its simple parts that are given.
        """
        for extension, attribute, value in given:
            path = _path(extension, attribute)
            if attribute.multi_valued or not attribute.complex:
                yield path.lower(), None
            elif isinstance(value, Mapping):
                for name, item in value.items():
                    sub = attribute.sub(self.names.sub(extension, attribute, name))
                    if sub is not None and item is not None and not sub.multi_valued:
                        yield f"{path}.{sub.name}".lower(), None

    def attribute(self, extension: Schema | None, attribute: Attribute, value: Any) -> Iterator[PatchOperation]:
        """What the value of one attribute asks for."""
        path = _path(extension, attribute)
        if not attribute.multi_valued:
            if isinstance(value, Mapping):
                value, _ = self.names.element(extension, attribute, value)
            yield PatchOperation(Op.ADD, path, value)
            return
        elements = value
        if not isinstance(value, list):
            if not self.tolerances.lone_value:
                raise InvalidValue(f"{attribute.name} has to be a list.")
            note(self.notes, "one value for a list", attribute.name)
            elements = [value]
        read = [self.names.element(extension, attribute, item) for item in elements if item is not None]
        for element, gone in read:
            if gone and not element:
                raise InvalidValue(f"{attribute.name}: an element with the operation delete has to say which one goes.")
        if path.lower() in self.gone or (extension is not None and extension.id.lower() in self.gone):
            yield PatchOperation(Op.REPLACE, path, [element for element, gone in read if not gone])
            return
        if attribute.held is Held.MEMBERS:
            for element, _ in read:
                _check_member(attribute, element)
        keys = self.names.form.keys.get(path, _KEYS)
        yield PatchOperation(Op.MERGE, path, Merging(tuple(read), keys))


def _check_member(attribute: Attribute, element: Any) -> None:
    if not isinstance(element, Mapping) or not any(name.lower() == "value" and element[name] for name in element):
        raise InvalidValue(f'{attribute.name}: each member needs its id as a string in "value".')


def _path(extension: Schema | None, attribute: Attribute) -> str:
    return f"{extension.id}:{attribute.name}" if extension else attribute.name
