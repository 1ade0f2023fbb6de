"""JSON objects, one on each line, or in an array that is read element by element.

What is nested gets names with dots. Numbers stay as they are written. Of a list of objects each part is a list
(``emails.value``), and each object has its number too (``emails.0.value``).
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from rollbook.transfer.errors import SourceFailed
from rollbook.transfer.source_settings import JsonSource
from rollbook.transfer.sources.rows import Row
from rollbook.transfer.text_files import has_escapes

_SIGN = re.compile(r'"(?:[^"\\]|\\.)*(?P<closed>"?)|[\[\]{}]|\n', re.DOTALL)
_BLOCK = 1 << 16
_LONGEST = 1 << 24
"""Characters of one element."""
_read = json.JSONDecoder(parse_int=str, parse_float=str).decode


def flat(value: Any) -> dict[str, Any]:
    """An object with the names of what is nested joined by dots."""
    found: dict[str, Any] = {}
    _flatten(value, "", found)
    return found


def _flatten(value: Any, name: str, found: dict[str, Any]) -> None:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _flatten(inner, f"{name}.{key}" if name else key, found)
    elif isinstance(value, list):
        if not any(isinstance(one, Mapping | list) for one in value):
            found[name] = [text for one in value if (text := _text(one))]
            return
        for index, one in enumerate(value):
            parts: dict[str, Any] = {}
            _flatten(one, "", parts)
            for key, inner in parts.items():
                found[f"{name}.{index}.{key}" if key else f"{name}.{index}"] = inner
                gathered = found.setdefault(f"{name}.{key}", [])
                if isinstance(gathered, list):
                    gathered += inner if isinstance(inner, list) else [inner]
    else:
        found[name] = _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


class JsonFile:
    """One file."""

    def __init__(self, settings: JsonSource, folder: Path) -> None:
        self.settings = settings
        self._path = folder / Path(settings.path).expanduser()

    def columns(self) -> None:
        """Every object may have others."""
        if not self._path.is_file():
            raise SourceFailed(f"there is no file {self._path}")

    def column(self, name: str) -> str | None:
        return name

    def rows(self, wanted: frozenset[str]) -> Iterator[Row]:
        try:
            with self._path.open(encoding="utf-8-sig", errors="surrogateescape") as file:
                yield from self._lines(file) if self.settings.type == "jsonl" else self._array(file)
        except OSError as refused:
            raise SourceFailed(f"the file {self._path} cannot be read", hint=refused.strerror or "") from None

    def _lines(self, file: TextIO) -> Iterator[Row]:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield _row(number, line)

    def _array(self, file: TextIO) -> Iterator[Row]:
        depth = 2 if self.settings.items else 1
        for number, text in _elements(file, depth, self.settings.items, self.settings.label):
            yield _row(number, text)


def _row(line: int, text: str) -> Row:
    if not text.isascii() and has_escapes(text):
        return Row(line, {}, "is not in UTF-8")
    try:
        value = _read(text)
    except ValueError:
        return Row(line, {}, "is no JSON")
    except RecursionError:
        return Row(line, {}, "is nested too deep")
    return Row(line, flat(value)) if isinstance(value, dict) else Row(line, {}, "is no JSON object")


def _elements(file: TextIO, depth: int, key: str, label: str) -> Iterator[tuple[int, str]]:
    """The elements of the array that is the whole file, or the value of ``key`` in it, each with its first line. What
    is no object is there as well, not always as it is written."""
    text, at, level, line = "", 0, 0, 1
    start, began = -1, 1  # of the object that is being read
    last, inside, found = "", False, False
    while True:
        sign = _SIGN.search(text, at)
        if sign is None or (sign[0][0] == '"' and not sign["closed"]):
            again = at if inside and level == depth else len(text) if sign is None else sign.start()
            keep = start if start >= 0 else again
            if len(text) - keep > _LONGEST:
                raise SourceFailed(f"{label} line {began}: no end of an object is found", hint="check its quotes")
            block = file.read(_BLOCK)
            if not block:
                break
            text, at, start = text[keep:] + block, again - keep, 0 if start >= 0 else -1
            continue
        among = inside and level == depth
        if among and (other := text[at : sign.start()].strip(" \t\r,")):
            yield line, other
        at = sign.end()
        match sign[0][0]:
            case "\n":
                line += 1
            case '"':
                last = sign[0] if level == depth - 1 else last
                if among:
                    yield line, sign[0]
            case "[" | "{" as opening:
                level += 1
                if level == depth and opening == "[" and not found and (not key or last == json.dumps(key)):
                    found = inside = True
                elif level == depth + 1 and inside and opening == "{":
                    start, began = sign.start(), line
                elif level == depth + 1 and inside:
                    yield line, "[]"
            case _:
                if level == depth + 1 and start >= 0:
                    yield began, text[start:at]
                    start = -1
                level -= 1
                inside = inside and level >= depth
    if not found:
        wanted = f"an array under {key}" if key else "an array"
        raise SourceFailed(f"{label} does not hold {wanted}", hint='type = "jsonl" reads one object a line')
    if start >= 0 or level > 0:
        raise SourceFailed(f"{label} line {began}: the file ends within an object")
