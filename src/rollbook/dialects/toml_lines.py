"""On which line of a TOML file each key and each element stands: what ``tomllib`` does not tell.

Only for files that ``tomllib`` has read: what is no TOML is not noticed here. The grammar is that of TOML 1.0.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

Path = tuple[str | int, ...]
"""Keys, and positions in lists from 0."""

_SPACE = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_PLAIN = re.compile(r"[^,\]}#\n]+")


def lines(text: str) -> Mapping[Path, int]:
    """The line, from 1, of everything in a file.

    >>> lines('name = "x"\\n[pages]\\nmost = 5\\n')[("pages", "most")]
    3
    """
    return _Scan(text).found


def line_of(text: str, path: Sequence[str | int]) -> int:
    """The line of what stands at a path, or of the nearest thing around it; 0 where there is nothing."""
    try:
        found = lines(text)
    except (IndexError, AttributeError):  # no TOML
        return 0
    return next((found[tuple(path[:end])] for end in range(len(path), 0, -1) if tuple(path[:end]) in found), 0)


class _Scan:
    def __init__(self, text: str) -> None:
        self.found: dict[Path, int] = {}
        self._text = text
        self._at = 0
        self._lists: dict[Path, int] = {}
        base: Path = ()
        while self._skip() < len(text):
            if text[self._at] == "[":
                base = self._header()
            else:
                self._pair(base)

    def _skip(self) -> int:
        match = _SPACE.match(self._text, self._at)
        assert match is not None
        self._at = match.end()
        return self._at

    def _note(self, path: Path) -> None:
        line = self._text.count("\n", 0, self._at) + 1
        for end in range(1, len(path) + 1):
            self.found.setdefault(path[:end], line)

    def _header(self) -> Path:
        many = self._text.startswith("[[", self._at)
        start = self._at
        self._at += 2 if many else 1
        *before, last = self._key()
        self._at, end = start, self._at
        path: Path = ()
        for part in before:
            path = self._inside((*path, part))
        path = (*path, last)
        if many:
            self._note(path)
            self._lists[path] = self._lists.get(path, -1) + 1
        path = self._inside(path)
        self._note(path)
        self._at = self._text.index("]", end) + (2 if many else 1)
        return path

    def _inside(self, path: Path) -> Path:
        return (*path, self._lists[path]) if path in self._lists else path

    def _key(self) -> Iterator[str]:
        """The parts of a key, up to what follows it."""
        while True:
            self._skip()
            match = _STRING.match(self._text, self._at) or _BARE_KEY.match(self._text, self._at)
            assert match is not None
            self._at = match.end()
            yield match[0][1:-1] if match[0][0] in "\"'" else match[0]
            if self._text[self._skip()] != ".":
                return
            self._at += 1

    def _pair(self, base: Path) -> None:
        start = self._at
        path = (*base, *self._key())
        self._at, after = start, self._at
        self._note(path)
        self._at = after + 1  # the equals sign
        self._value(path)

    def _value(self, path: Path) -> None:
        first = self._text[self._skip()]
        if first in "[{":
            self._at += 1
            position = 0
            while self._text[self._skip()] not in "]}":
                if self._text[self._at] == ",":
                    self._at += 1
                elif first == "{":
                    self._pair(path)
                else:
                    self._note((*path, position))
                    self._value((*path, position))
                    position += 1
            self._at += 1
        else:
            match = _STRING.match(self._text, self._at) or _PLAIN.match(self._text, self._at)
            assert match is not None
            self._at = match.end()
