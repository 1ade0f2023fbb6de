"""Dialect files: TOML with a parent, read into plans. What is wrong is said with file, line and the nearest known word.

A table of the child is laid over the parent's, key by key; lists and single values take the parent's place. What every
key means stands in ``keys``.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, NamedTuple

from rollbook.dialects.keys import KEYS, Key, Table
from rollbook.dialects.toml_lines import line_of
from rollbook.errors import RollbookError


class DialectError(RollbookError):
    """A dialect file that cannot be used: ``file``, ``line`` (1-based, 0 where none can be told) and ``key``."""

    def __init__(self, file: str, line: int, key: str, detail: str, hint: str = "") -> None:
        where = f"{file}, line {line}" if line else file
        super().__init__(f"{where}: {key + ': ' if key else ''}{detail}", hint=hint)
        self.file, self.line, self.key, self.problem = file, line, key, detail


Tell = Callable[[DialectError], None]


def raised(error: DialectError) -> None:
    """What is wrong ends the reading."""
    raise error


class Source(NamedTuple):
    """A dialect file: ``name`` is the file's own, for errors."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Read:
    """One file, laid over its parents'. ``own`` is what the file itself says."""

    name: str
    extends: str | None
    table: Table
    own: Table
    source: Source

    def wrong(self, path: Sequence[str | int], detail: str) -> DialectError:
        """What is wrong at a place of the file."""
        return wrong(self.source, path, detail)


def read_all(sources: Iterable[Source], tell: Tell = raised) -> tuple[Read, ...]:
    """All files, parents before children.

    **Rules**: ``tell`` is told each thing that is wrong: a file that is no TOML, a key or value that cannot be, a name
    that stands twice, a parent that is not there or is its own child. Where it returns, the file is left out.
    """
    own: dict[str, tuple[Source, Table]] = {}
    broken: set[str] = set()
    for source in sources:
        table, whole = _parse(source, tell)
        name = table.get("name")
        if isinstance(name, str) and name in own:
            tell(wrong(source, ["name"], f"{own[name][0].name} is called {name!r} already"))
        elif not whole:
            broken.add(str(name))
        elif not name:
            tell(DialectError(source.name, 0, "name", "a dialect needs a name"))
        elif not NAME.fullmatch(name):
            tell(wrong(source, ["name"], "a name has from 1 to 63 small letters, digits, - or _, a letter first"))
        else:
            own[name] = (source, table)
    done: dict[str, Read] = {}

    def read(name: str, below: tuple[str, ...]) -> Read | None:
        if name in done or name in broken:
            return done.get(name)
        source, table = own[name]
        parent, base = table.get("extends"), None
        if parent is not None:
            if parent in below or parent == name:
                tell(wrong(source, ["extends"], f"{name} would be its own parent"))
            elif parent in own or parent in broken:
                base = read(parent, (*below, name))
            else:
                tell(wrong(source, ["extends"], f"there is no dialect {parent!r}{_nearest(parent, own)}"))
            if base is None:
                broken.add(name)
                return None
        done[name] = Read(name, parent, _laid(base.table if base else {}, table), table, source)
        return done[name]

    for name in own:
        read(name, ())
    return tuple(done.values())


NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")


_INHERITED_NOT = ("name", "extends", "title", "about", "departure")


def _laid(base: Table, over: Table, *, top: bool = True) -> Table:
    laid = {key: value for key, value in base.items() if not (top and key in _INHERITED_NOT)}
    for key, value in over.items():
        old = laid.get(key)
        laid[key] = _laid(old, value, top=False) if isinstance(old, dict) and isinstance(value, dict) else value
    return laid


def _parse(source: Source, tell: Tell) -> tuple[Table, bool]:
    """What a file says, and whether nothing was wrong with it."""
    try:
        table = tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        tell(no_toml(source, error))
        return {}, False
    found = list(_check(source, [], table, KEYS))
    for one in found:
        tell(one)
    return table, not found


def _check(
    source: Source, path: list[str | int], table: Mapping[str, Any], keys: Mapping[str, Key]
) -> Iterator[DialectError]:
    for name, value in table.items():
        key = keys.get(name)
        if key is None:
            yield wrong(source, [*path, name], f"there is no such key{_nearest(name, keys)}")
        else:
            yield from _check_value(source, [*path, name], value, key)


_KINDS: Mapping[str, tuple[type | tuple[type, ...], str]] = {
    "text": (str, "a text"),
    "word": (str, "a text"),
    "flag": (bool, "true or false"),
    "number": (int, "a whole number"),
    "texts": (list, "a list of texts"),
    "words": (list, "a list of texts"),
    "table": (dict, "a table"),
    "map": (dict, "a table of tables"),
    "textmap": (dict, "a table of texts"),
    "textsmap": (dict, "a table of lists of texts"),
    "list": (list, "a list of tables"),
}


def _check_value(source: Source, path: list[str | int], value: Any, key: Key) -> Iterator[DialectError]:
    if key.kind == "any":
        return
    wanted, words = _KINDS[key.kind]
    inner = value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else []
    right = isinstance(value, wanted) and not (key.kind == "number" and isinstance(value, bool))
    if key.kind in ("texts", "words", "textmap"):
        right = right and all(isinstance(one, str) for one in inner)
    elif key.kind == "textsmap":
        right = right and all(isinstance(one, list) and all(isinstance(t, str) for t in one) for one in inner)
    elif key.kind in ("list", "map"):
        right = right and all(isinstance(one, dict) for one in inner)
    if not right:
        yield wrong(source, path, f"this has to be {words}")
        return
    if key.choices:
        for position, one in enumerate(inner if key.kind == "words" else [value]):
            if one not in key.choices:
                yield wrong(
                    source,
                    [*path, position],
                    f"{one!r} cannot stand here{_nearest(one, key.choices)}: it is one of {', '.join(key.choices)}",
                )
    if key.inside is None:
        return
    if key.kind == "table":
        yield from _check(source, path, value, key.inside)
    elif key.kind == "map":
        for name, one in value.items():
            yield from _check(source, [*path, name], one, key.inside)
    elif key.kind == "list":
        for position, one in enumerate(value):
            yield from _check(source, [*path, position], one, key.inside)


def no_toml(source: Source, error: tomllib.TOMLDecodeError) -> DialectError:
    """A file that cannot be read as TOML."""
    found = re.search(r"at line (\d+)", str(error))
    line = int(found[1]) if found else len(source.text.splitlines())
    return DialectError(source.name, line, "", f"this is no TOML: {error}")


def wrong(source: Source, path: Sequence[str | int], detail: str) -> DialectError:
    """What is wrong at a place of a file."""
    key = ".".join(f'"{part}"' if "." in str(part) else str(part) for part in path if isinstance(part, str))
    return DialectError(source.name, line_of(source.text, path), key, detail)


def _nearest(name: str, names: Iterable[str]) -> str:
    found = get_close_matches(str(name).lower(), list(names), n=1, cutoff=0.5)
    return f" (did you mean {found[0]}?)" if found else ""
