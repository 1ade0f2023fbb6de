"""Tables of TOML into frozen dataclasses: the names of fields are those of keys, their types say what may stand there.

Unknown keys are told with the nearest known one, wrong values with what would be right, all with the line.
"""

import math
import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from rollbook.config.problems import Problem
from rollbook.transfer.errors import WrongConfig
from rollbook.transfer.mapping.values import nearest
from rollbook.transfer.policy import Limit
from rollbook.transfer.secret import KINDS, RIGHT, Kept, Secret
from rollbook.transfer.toml_lines import Lines

T = TypeVar("T")
_WRONG = object()
Steps = tuple[str | int, ...]


@dataclass(slots=True)
class Reading:
    """One file as it is being read: where things stand in it, and what is wrong with it so far."""

    file: str
    lines: Lines
    folder: Path
    environ: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, path: Sequence[str | int], detail: str, right: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(*self.place(path), detail, right))

    def place(self, path: Sequence[str | int]) -> tuple[str, str]:
        """The setting and its line, for a problem."""
        name = ".".join(str(piece + 1) if isinstance(piece, int) else piece for piece in path)
        return name or self.file, f"{self.file} line {self.lines.of(*path)}"


def read_table(kind: type[T], table: object, path: Steps, reading: Reading, known: Sequence[str] = ()) -> T | None:
    """Make a dataclass of a table; None where something is wrong with it. ``known`` are keys that others read."""
    before = len(reading.problems)
    values = read_values(kind, table, path, reading, known)
    for one in fields(kind):  # type: ignore[arg-type]
        if one.init and one.name not in values and _needed(one) and isinstance(table, Mapping):
            reading.wrong((*path, one.name), "is missing", right_for(get_type_hints(kind)[one.name]))
    return None if len(reading.problems) > before else kind(**values)


def read_values(
    kind: type[Any], table: object, path: Steps, reading: Reading, known: Sequence[str] = ()
) -> dict[str, Any]:
    """The values that a table has for the fields of a dataclass, by name."""
    if not isinstance(table, Mapping):
        reading.wrong(path, "is no table", f"write [{'.'.join(str(p) for p in path if isinstance(p, str))}] above it")
        return {}
    there = [one.name for one in fields(kind) if one.init]
    hints = get_type_hints(kind)
    for key in table:
        if key not in there and key not in known:
            unknown_key(key, [*there, *known], path, reading)
    return {key: read_value(hints[key], table[key], (*path, key), reading) for key in there if key in table}


def unknown_key(key: str, known: Sequence[str], path: Steps, reading: Reading) -> None:
    """Note a key that nothing knows."""
    near = nearest(key, known)
    right = f"the nearest is {near}" if near else f"known are {', '.join(known)}"
    reading.wrong((*path, key), "there is no such key", right)


def _needed(one: "Field[Any]") -> bool:
    return one.default is MISSING and one.default_factory is MISSING


def read_value(hint: Any, value: object, path: Steps, reading: Reading) -> Any:
    """A value of the type that a field has. What is wrong is noted, and what comes back then means nothing."""
    found = _value(hint, value, path, reading)
    if found is _WRONG:
        reading.wrong(path, _shown(value, hint), right_for(hint))
        return None
    return found


def _value(hint: Any, value: Any, path: Steps, reading: Reading) -> Any:
    if hint == Secret or (Secret in get_args(hint) and (isinstance(value, Mapping) or str not in get_args(hint))):
        return _secret(value, path, reading)
    origin, choices = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        found = (_value(choice, value, path, reading) for choice in choices if choice not in (type(None), Secret))
        return next((one for one in found if one is not _WRONG), _WRONG)
    if origin is Literal:
        return value if isinstance(value, str) and value in choices else _WRONG
    if origin is tuple:
        items = [value] if isinstance(value, str) else value
        right = isinstance(items, list) and all(isinstance(item, str) for item in items)
        return tuple(items) if right else _WRONG
    if origin is Mapping:
        if not isinstance(value, Mapping):
            return _WRONG
        return {key: read_value(str, inner, (*path, key), reading) for key, inner in value.items()}
    if hint is str:
        if isinstance(value, Mapping):
            secret = _secret(value, path, reading)
            return _told(secret, reading) if secret is not _WRONG else _WRONG
        return value if isinstance(value, str) else _WRONG
    if hint is bool or isinstance(value, bool):
        return value if hint is bool and isinstance(value, bool) else _WRONG
    if hint is int:
        return value if isinstance(value, int) and value >= 0 else _WRONG
    if hint is float:
        return float(value) if isinstance(value, int | float) and 0 <= value < math.inf else _WRONG
    if hint is Limit:
        return _limit(value)
    return read_table(cast(type[Any], hint), value, path, reading) if is_dataclass(hint) else _WRONG


def _told(secret: Kept, reading: Reading) -> str | None:
    """A name that is kept as a secret is: read at once, for it is needed as a text."""
    try:
        return secret()
    except WrongConfig as wrong:
        reading.problems += wrong.problems
        return None


def _limit(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return Limit.exactly(value)
    if isinstance(value, float) and 0 <= value <= 1:
        return Limit(value)
    if not isinstance(value, Mapping) or not set(value) <= {"share", "least", "most"}:
        return _WRONG
    share = value.get("share", 0)
    whole = {name: value[name] for name in ("least", "most") if name in value}
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        return _WRONG
    if not all(isinstance(one, int) and not isinstance(one, bool) and one >= 0 for one in whole.values()):
        return _WRONG
    return Limit(float(share), **whole)


def _secret(value: object, path: Steps, reading: Reading) -> Any:
    if isinstance(value, str):
        reading.wrong(path, "stands in the text, and a secret must not", RIGHT)
        return None
    if isinstance(value, Mapping) and len(value) == 1:
        ((kind, name),) = value.items()
        if kind in KINDS and isinstance(name, str) and name:
            return Kept(kind, name, reading.place(path), reading.environ, reading.folder)
    return _WRONG


def _shown(value: object, hint: Any) -> str:
    if hint == Secret or (get_args(hint) and Secret in get_args(hint)):
        return "is no place of a secret"
    text = repr(value) if not isinstance(value, bool) else str(value).lower()
    return f"{text if len(text) <= 60 else text[:57] + '...'} is not right"


def right_for(hint: Any) -> str:
    """What would be right for a field of that type."""
    if hint == Secret:
        return RIGHT
    if get_origin(hint) in (Union, types.UnionType):
        return right_for(next(one for one in get_args(hint) if one is not type(None)))
    if get_origin(hint) is Literal:
        *others, last = [f'"{one}"' for one in get_args(hint)]
        return f"give {', '.join(others)} or {last}" if others else f"give {last}"
    if get_origin(hint) is tuple:
        return 'give a list of texts, such as ["a", "b"]'
    if hint is Limit:
        return "give a number, or { share = 0.05, least = 5, most = 500 }"
    return {
        str: "give a text in quotes",
        bool: "give true or false",
        int: "give a whole number",
        float: "give a number, 0 or above",
    }.get(hint, "give a table")
