"""The whole of ``[map]`` and ``[[groups]]``, compiled: a row in, the resource that is wanted out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rollbook.scim.schema import ResourceType
from rollbook.transfer.mapping.compiling import Columns, columns_of, compile_tree
from rollbook.transfer.mapping.elements import Element, Put, Rule, converter, listed, single
from rollbook.transfer.mapping.errors import BadExpression, BadValue
from rollbook.transfer.mapping.known import known_user
from rollbook.transfer.mapping.slots import NoSlot, Slot, default_element, read_slot, value_part
from rollbook.transfer.mapping.syntax import Text, Tree, parse
from rollbook.transfer.mapping.values import Closure, Row, Surroundings

Raw = str | bool | int | float | Sequence[Any] | Mapping[str, Any]
"""What can stand behind a key of ``[map]`` in TOML."""
_LITERAL = ("type", "primary")
"""Parts of an element in a table that are taken as they stand."""


@dataclass(frozen=True, slots=True)
class GroupRule:
    """``[[groups]]``: who is in which groups."""

    add: tuple[str, ...] = ()
    """The names of the groups; `{column}` in a name is filled in."""
    when: str = ""
    """A condition. Empty: everybody."""


@dataclass(frozen=True, slots=True)
class MapTables:
    """What the config says of the mapping, not compiled yet."""

    lines: Mapping[str, Raw]
    groups: tuple[GroupRule, ...] = ()


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with one line: ``key`` is that of the line (``map.userName``, ``groups.0.when``)."""

    key: str
    detail: str
    right: str


class Mapper:
    """Compiled lines. **Shape**: ``managed`` are the paths that the transfer manages; ``slots`` those of the lines."""

    def __init__(self, puts: Sequence[tuple[str, Put]], slots: Mapping[str, Slot]) -> None:
        self._puts = tuple(puts)
        self.slots = slots
        self.managed = tuple(dict.fromkeys(slot.managed for slot in slots.values()))

    def __call__(self, row: Row) -> dict[str, Any]:
        """The resource that a row wants. **Raises** ``BadValue``, which names the line of the map."""
        wanted: dict[str, Any] = {}
        for key, put in self._puts:
            try:
                put(wanted, row)
            except BadValue as wrong:
                raise BadValue(f"{key} {wrong.detail}") from None
        return wanted


def compile_mapping(
    mapping: MapTables,
    columns: Columns,
    known: Sequence[str],
    surroundings: Surroundings,
    type: ResourceType | None = None,
) -> tuple[Mapper, list[Wrong]]:
    """Compile a mapping; everything that is wrong is told at once. **Shape**: as ``compile_tree``."""
    return _Compiling(columns, known, surroundings, type or known_user()).whole(mapping)


def columns_read(mapping: MapTables) -> dict[str, str]:
    """The columns that a mapping reads, each with the first key that does. What cannot be read is left out."""
    found: dict[str, str] = {}
    for key, written in _expressions(mapping):
        try:
            for column in columns_of(parse(written)):
                found.setdefault(column.name, key)
        except BadExpression:
            continue
    return found


def _expressions(mapping: MapTables) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []

    def gather(key: str, raw: Raw) -> None:
        if isinstance(raw, str):
            found.append((key, raw))
        elif isinstance(raw, Mapping):
            for name, inner in raw.items():
                if name not in _LITERAL:
                    gather(key, inner)
        elif isinstance(raw, Sequence):
            for inner in raw:
                gather(key, inner)

    for key, raw in mapping.lines.items():
        gather(f"map.{key}", raw)
    for index, rule in enumerate(mapping.groups):
        if rule.when:
            found.append((f"groups.{index}.when", rule.when))
        found += [(f"groups.{index}.add", _quoted(name)) for name in rule.add]
    return found


def _quoted(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"


class _Compiling:
    def __init__(self, columns: Columns, known: Sequence[str], surroundings: Surroundings, type: ResourceType) -> None:
        self._columns, self._known, self._surroundings, self._type = columns, known, surroundings, type
        self._wrong: list[Wrong] = []
        self._lists: dict[tuple[str, ...], tuple[str, Slot, list[Element]]] = {}
        self._puts: list[tuple[str, Put]] = []
        self._slots: dict[str, Slot] = {}

    def whole(self, mapping: MapTables) -> tuple[Mapper, list[Wrong]]:
        for key, raw in mapping.lines.items():
            try:
                slot = read_slot(key, self._type)
            except NoSlot as wrong:
                self._wrong.append(Wrong(f"map.{key}", str(wrong), wrong.right))
                continue
            twin = next((k for k, one in self._slots.items() if not one.many and one.managed == slot.managed), None)
            if twin is not None:
                self._wrong.append(Wrong(f"map.{key}", f"is {twin} once more", "take one of the two away"))
                continue
            self._slots[key] = slot
            several = isinstance(raw, Sequence | Mapping) and not isinstance(raw, str)
            if several and not slot.many and slot.attribute is not None:
                self._wrong.append(Wrong(f"map.{key}", "has one value, and no list", "write join(…) or default(…)"))
            elif slot.many or several:
                self._list(key, slot, raw)
            elif closure := self._closure(f"map.{key}", raw):
                self._puts.append((key, single(slot, closure)))
        rules = [rule for index, one in enumerate(mapping.groups) if (rule := self._rule(index, one))]
        if rules:
            self._slots.setdefault("groups", read_slot("groups", self._type))
            self._lists.setdefault(("groups",), ("groups", self._slots["groups"], []))
        for top, (key, slot, elements) in self._lists.items():
            self._puts.append((key, listed(slot, elements, rules if top == ("groups",) else [])))
        if not any(key.lower() == "username" for key in mapping.lines):
            self._wrong.append(Wrong("map.userName", "is missing", 'write userName = "column"'))
        return Mapper(self._puts, self._slots), self._wrong

    def _closure(self, key: str, raw: Raw) -> Closure | None:
        """The closure of an expression, or of a constant. A bad one is noted, and None."""
        if isinstance(raw, bool):
            return lambda row: raw
        if isinstance(raw, int | float):
            constant = str(raw)
            return lambda row: constant
        if not isinstance(raw, str):
            self._wrong.append(Wrong(key, "is no expression", 'write a text such as "lower(login)"'))
            return None
        return self._compiled(key, lambda: parse(raw))

    def _compiled(self, key: str, read: Callable[[], Tree]) -> Closure | None:
        try:
            return compile_tree(read(), self._columns, self._known, self._surroundings)
        except BadExpression as wrong:
            self._wrong.append(Wrong(key, wrong.detail, wrong.right))
            return None

    def _rule(self, index: int, rule: GroupRule) -> Rule | None:
        key = f"groups.{index}"
        when = self._closure(f"{key}.when", rule.when) if rule.when else None
        names = [self._compiled(f"{key}.add", lambda name=name: Text(name, 1)) for name in rule.add]  # type: ignore[misc]
        if (rule.when and when is None) or None in names:
            return None
        return when, [name for name in names if name is not None]

    def _list(self, key: str, slot: Slot, raw: Raw) -> None:
        _, _, elements = self._lists.setdefault(slot.top, (key, slot, []))
        if slot.sub is not None or slot.selector is not None:
            self._part(key, slot, raw, elements)
            return
        for one in raw if isinstance(raw, Sequence) and not isinstance(raw, str) else [raw]:
            element = self._element(key, slot, one)
            if element is not None:
                elements.append(element)

    def _part(self, key: str, slot: Slot, raw: Raw, elements: list[Element]) -> None:
        """``phoneNumbers[type eq "mobile"].value``: lines with the same selector are one element."""
        constants = {slot.selector[0]: slot.selector[1]} if slot.selector else default_element(slot.attribute)
        sub = slot.sub or value_part(slot.attribute, slot.top[-1])
        closure = self._closure(f"map.{key}", raw)
        if closure is None:
            return
        found = next((e for e in elements if e.chosen and e.constants == constants), None)
        if found is None:
            found = Element(constants, chosen=True)
            elements.append(found)
        found.parts.append((sub, closure, converter(slot.attribute.sub(sub) if slot.attribute and sub else None)))

    def _element(self, key: str, slot: Slot, raw: Raw) -> Element | None:
        main = value_part(slot.attribute, slot.top[-1])
        if not isinstance(raw, Mapping):
            closure = self._closure(f"map.{key}", raw)
            leaf = slot.attribute.sub(main) if slot.attribute and main else slot.attribute
            parts = [(main, closure, converter(leaf))] if closure else []
            return Element(default_element(slot.attribute), parts) if closure else None
        constants = {name: raw[name] for name in _LITERAL if name in raw}
        element = Element(constants, chosen=True)
        for name, inner in raw.items():
            if name in _LITERAL:
                continue
            leaf = slot.attribute.sub(name) if slot.attribute else None
            if slot.attribute is not None and leaf is None:
                there = ", ".join(one.name for one in slot.attribute.sub_attributes)
                self._wrong.append(Wrong(f"map.{key}", f"has no part {name}", f"it has {there or 'none'}"))
                continue
            part = self._closure(f"map.{key}", inner)
            if part is not None:
                element.parts.append((leaf.name if leaf else name, part, converter(leaf)))
        return element
