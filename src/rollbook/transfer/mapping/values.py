"""The values of expressions: a text, a list of texts, or a truth value; and how each is taken for another."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from rollbook.transfer.mapping.errors import BadValue

Value = str | bool | Sequence[str]
Row = Mapping[str, Any]
Closure = Callable[[Row], Value]
Tables = Mapping[str, Mapping[str, str | tuple[str, ...]]]

TRUE = frozenset(
    ["true", "t", "yes", "y", "1", "on", "active", "enabled", "ja", "j", "wahr", "oui", "vrai", "si", "sí"]
)
FALSE = frozenset(["false", "f", "no", "n", "0", "off", "inactive", "disabled", "nein", "falsch", "non", "faux"])


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What expressions know beside the row: the day of the run and the tables of ``[lookup]``."""

    today: date
    tables: Tables = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Argument:
    """``constant`` is the text, where it stands in the expression itself, as it was written."""

    closure: Closure
    constant: str | None
    position: int


Maker = Callable[[Sequence[Argument], Surroundings], Closure]


def texts(value: Value) -> Sequence[str]:
    """The texts of a value; an empty text is none."""
    if value.__class__ is str:
        return (value,) if value else ()
    if isinstance(value, bool):
        return ("true" if value else "false",)
    return [text for text in value if text]


def text(value: Value) -> str:
    """The one text of a value. **Raises** ``BadValue`` where there are several."""
    if value.__class__ is str:
        return value
    found = texts(value)
    if len(found) > 1:
        raise BadValue("there are several values; choose with first(…), or put them together with join(…)")
    return found[0] if found else ""


def truth(value: Value) -> bool:
    """Whether a value means yes; an empty one means no. **Raises** ``BadValue`` for a text that means neither."""
    if isinstance(value, bool):
        return value
    said = text(value).strip().lower()
    if said in TRUE:
        return True
    if said in FALSE or not said:
        return False
    raise BadValue("is neither yes nor no; compare it: column == 'A'")


def nearest(name: str, names: "Mapping[str, Any] | Sequence[str]") -> str:
    """The name that was probably meant, or ``""``."""
    folded = {one.casefold(): one for one in names}
    near = difflib.get_close_matches(name.casefold(), folded, 1, 0.6)
    return folded[near[0]] if near else ""
