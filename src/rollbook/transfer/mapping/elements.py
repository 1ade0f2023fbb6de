"""How values get into a resource: single ones into their place, those of a list as its elements.

**Rules**: what is empty is ``None``, of a list ``[]``. An empty ``userName`` or ``active`` makes a bad row: nobody
can be made without the former, and the latter would be a guess. Of a list at most one element is primary, and each is
there once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rollbook.scim.attributes import Attribute, Type
from rollbook.transfer.mapping.errors import BadValue
from rollbook.transfer.mapping.slots import Slot
from rollbook.transfer.mapping.values import Closure, Row, Value, text, texts, truth


@dataclass(slots=True)
class Element:
    constants: Mapping[str, Any]
    parts: list[tuple[str | None, Closure, Callable[[Value], Any]]] = field(default_factory=list)
    chosen: bool = False
    """Whether the map itself says which element it is; else the constants are the default for the first."""


Put = Callable[[dict[str, Any], Row], None]


Rule = tuple[Closure | None, Sequence[Closure]]
"""A compiled group rule: its condition, and the names of the groups."""


def single(slot: Slot, closure: Closure) -> Put:
    *way, last = (*slot.top, slot.sub) if slot.sub else slot.top
    convert = converter(slot.leaf)
    needed = slot.managed in ("userName", "active")

    def put(wanted: dict[str, Any], row: Row) -> None:
        value = convert(closure(row))
        if value is None and needed:
            right = "" if slot.managed == "userName" else "; write default(…, 'yes') in the map where that means active"
            raise BadValue(f"is empty{right}")
        for key in way:
            wanted = wanted.setdefault(key, {})
        wanted[last or ""] = value

    return put


def listed(slot: Slot, elements: Sequence[Element], rules: Sequence[Rule]) -> Put:
    *way, last = slot.top
    simple = slot.attribute is not None and not slot.attribute.complex

    def put(wanted: dict[str, Any], row: Row) -> None:
        found: list[Any] = []
        for element in elements:
            found += _made(element, row, simple)
        for when, names in rules:
            if when is None or truth(when(row)):
                found += [{"display": name} for closure in names if (name := text(closure(row)))]
        for key in way:
            wanted = wanted.setdefault(key, {})
        wanted[last] = _tidy(found)

    return put


def _made(element: Element, row: Row, simple: bool) -> list[Any]:
    """The elements that a row makes of one: none where it is empty, several where its value is a list."""
    if len(element.parts) == 1:
        part, closure, convert = element.parts[0]
        values = [value for one in texts(closure(row)) if (value := convert(one)) is not None]
        if simple:
            return values
        more = {} if element.chosen else {k: v for k, v in element.constants.items() if k != "primary"}
        more = {**more, "type": "other"} if "type" in more else more
        constants = [element.constants, *([element.constants if element.chosen else more] * (len(values) - 1))]
        return [{**fixed, part or "value": value} for fixed, value in zip(constants, values, strict=False)]
    found: Sequence[str] | None = None
    made: dict[str, Any] = {}
    for part, closure, convert in element.parts:
        if part == "value":
            found = texts(closure(row))
        elif (value := convert(closure(row))) is not None:
            made[part or "value"] = value
    if found is None:
        return [{**element.constants, **made}] if made else []
    return [{**element.constants, "value": value, **made} for value in found]


def _tidy(found: list[Any]) -> list[Any]:
    """Each once, and at most one of them primary."""
    tidy: list[Any] = []
    seen: set[Any] = set()
    primary = False
    for one in found:
        if isinstance(one, dict):
            if one.get("primary") is True:
                if primary:
                    one = {key: value for key, value in one.items() if key != "primary"}
                    if one.get("type") == "work":
                        one["type"] = "other"
                primary = True
            same = _identity(one)
        else:
            same = one
        if same not in seen:
            seen.add(same)
            tidy.append(one)
    return tidy


def _identity(element: dict[str, Any]) -> Any:
    """What makes two elements the same: the value; where they are of different kinds, that too."""
    value = element.get("value", element.get("display"))
    kind = element.get("type")
    return repr(element) if value is None else (value, None if kind in ("work", "other") else kind)


def converter(leaf: Attribute | None) -> Callable[[Value], Any]:
    """What makes the value of an attribute of the value of an expression; None where that is empty."""
    match leaf.type if leaf is not None else None:
        case Type.BOOLEAN:
            return lambda value: value if isinstance(value, bool) else truth(value) if _said(value) else None
        case Type.INTEGER:
            return lambda value: _number(value, int, "a whole number")
        case Type.DECIMAL:
            return lambda value: _number(value, float, "a number")
        case None:
            return lambda value: value if isinstance(value, bool) else text(value) or None
    return lambda value: text(value) or None


def _said(value: Value) -> bool:
    return bool(text(value).strip())


def _number(value: Value, read: Callable[[str], Any], what: str) -> Any:
    written = text(value).strip()
    if not written:
        return None
    try:
        return read(written)
    except ValueError:
        raise BadValue(f"is not {what}") from None
