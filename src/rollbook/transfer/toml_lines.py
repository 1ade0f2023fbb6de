"""Which line of a TOML file a key stands on: ``tomllib`` reads the values, and does not say where they were.

Only what a person writes at the beginning of a line is looked at: headings and keys. A key inside of an inline table
counts as its line's.
"""

import re
from collections.abc import Mapping

Path = tuple[str | int, ...]
"""``("target", 1, "token")``; numbers count the tables of an array."""

_PIECE = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([\w-]+))\s*(\.|$|(?==))""")
_KEY = re.compile(r"""\s*((?:"(?:[^"\\]|\\.)*"|'[^']*'|[\w-]+)(?:\s*\.\s*(?:"(?:[^"\\]|\\.)*"|'[^']*'|[\w-]+))*)\s*=""")
_HEADING = re.compile(r"\s*(\[\[?)(.+?)\]\]?\s*(?:#.*)?$")
_OPENING = re.compile(r"\"\"\"|'''|\"(?:[^\"\\]|\\.)*\"|'[^']*'|#.*|[\[\]]")


class Lines:
    """The lines of one file."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Path, int] = {}
        self._counts: dict[Path, int] = {}
        here: Path = ()
        until, depth = "", 0
        for number, line in enumerate(text.splitlines(), 1):
            if until or depth > 0:
                until, depth = _rest(line, until, depth)
                continue
            heading = _HEADING.match(line)
            if heading:
                here = self._heading(heading[1], _pieces(heading[2]))
                self._lines.setdefault(here, number)
                continue
            key = _KEY.match(line)
            if key:
                self._lines.setdefault((*here, *_pieces(key[1])), number)
                until, depth = _rest(line[key.end() :], "", 0)

    def _heading(self, brackets: str, names: list[str]) -> Path:
        path: Path = ()
        for index, name in enumerate(names):
            path = (*path, name)
            last = index == len(names) - 1
            if last and brackets == "[[":
                self._counts[path] = self._counts.get(path, -1) + 1
            if path in self._counts:
                path = (*path, self._counts[path])
        return path

    def of(self, *path: str | int) -> int:
        """The line of a key; where it has none of its own, that of what it stands in; 1 for the whole."""
        while path:
            if path in self._lines:
                return self._lines[path]
            path = path[:-1]
        return 1

    @property
    def known(self) -> Mapping[Path, int]:
        """Every key that was found."""
        return self._lines


def _pieces(dotted: str) -> list[str]:
    return [a or b or c for a, b, c, _ in _PIECE.findall(dotted)]


def _rest(line: str, until: str, depth: int) -> tuple[str, int]:
    """What is still open at the end of a line: a text of several lines, or so many brackets."""
    at = 0
    while at < len(line):
        if until:
            end = line.find(until, at)
            if end < 0:
                return until, depth
            at, until = end + len(until), ""
            continue
        token = _OPENING.search(line, at)
        if token is None:
            break
        at = token.end()
        if token[0] in ('"""', "'''"):
            until = token[0]
        else:
            depth += {"[": 1, "]": -1}.get(token[0], 0)
    return until, depth
