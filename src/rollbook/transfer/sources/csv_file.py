"""Tables in text files (RFC 4180, and what programs really write).

A row that has more or fewer cells than the heading, or that cannot be decoded, is bad, and stops nothing but itself. A
quote that is never closed would swallow what follows: where a row of several lines does not fit, only its first line is
bad, and the others are read anew.
"""

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

from rollbook.transfer.errors import EmptySource, SourceFailed
from rollbook.transfer.source_settings import CsvSource
from rollbook.transfer.sources.rows import Row, chosen
from rollbook.transfer.text_files import encoding_of, has_escapes

_DELIMITERS = ",;\t|"
_LONGEST_CELL = 1 << 20
_MOST_LINES = 1000
"""Of one row."""


class CsvFile:
    """One file."""

    def __init__(self, settings: CsvSource, folder: Path) -> None:
        self.settings = settings
        self._path = folder / Path(settings.path).expanduser()
        self._encoding = ""
        self._delimiter = ""
        self._columns: tuple[str, ...] | None = None

    def columns(self) -> tuple[str, ...]:
        """The heading. **Raises** ``SourceFailed``."""
        if self._columns is None:
            self._columns = self._heading()
        return self._columns

    def column(self, name: str) -> str | None:
        return chosen(name, self.columns())

    def rows(self, wanted: frozenset[str]) -> Iterator[Row]:
        columns = self.columns()
        twice = sorted(name for name in wanted if columns.count(name) > 1)
        if twice:
            raise SourceFailed(f"the heading of {self.settings.label} has {twice[0]} twice", hint="rename one of them")
        places = [(name, index) for index, name in enumerate(columns) if name in wanted]
        count = len(columns)
        try:
            for line, cells in self._records():
                if len(cells) == count:
                    values = {name: cells[index] for name, index in places}
                    undecoded = any(not cell.isascii() and has_escapes(cell) for cell in cells)
                    yield Row(line, values, f"is not written in {self._encoding}" if undecoded else "")
                else:
                    values = {name: cells[index] for name, index in places if index < len(cells)}
                    yield Row(line, values, f"has {_cells(len(cells))}, and the heading {count}")
        except UnicodeDecodeError:
            raise SourceFailed(f"{self.settings.label} is not written in {self._encoding}") from None

    def _heading(self) -> tuple[str, ...]:
        settings = self.settings
        try:
            with self._path.open("rb") as file:
                self._encoding = settings.encoding or encoding_of(file)
        except OSError as refused:
            raise SourceFailed(f"the file {self._path} cannot be read", hint=refused.strerror or "") from None
        try:
            with self._path.open(encoding=self._encoding, errors="surrogateescape", newline="") as file:
                lines = iter(file)
                for _ in range(settings.header_line - 1):
                    next(lines, "")
                first = next(lines, None)
        except LookupError:
            raise SourceFailed(f"there is no encoding {settings.encoding}", hint="utf-8, cp1252, latin-1 …") from None
        if first is None:
            raise EmptySource(str(self._path))
        self._delimiter = settings.delimiter or ("\t" if settings.type == "tsv" else _sniffed(first, settings.quote))
        if len(self._delimiter) != 1 or len(settings.quote) > 1:
            raise SourceFailed(f"the delimiter or quote of {settings.label} is not one character")
        if settings.columns:
            return settings.columns
        if settings.header_line == 0:
            raise SourceFailed(f"nothing names the columns of {settings.label}", hint='write columns = ["id", "login"]')
        return tuple(name.strip() for name in next(self._reader([first])))

    def _reader(self, lines: Iterable[str]) -> "Iterator[list[str]]":
        csv.field_size_limit(_LONGEST_CELL)
        quote = self.settings.quote
        if not quote:
            return csv.reader(lines, delimiter=self._delimiter, quoting=csv.QUOTE_NONE)
        return csv.reader(lines, delimiter=self._delimiter, quotechar=quote)

    def _alone(self, line: str) -> list[str]:
        """A line that is no row by itself, as far as it can be read."""
        try:
            cells = next(self._reader([line]), [])
        except csv.Error:
            return []
        return cells if len(cells) != len(self.columns()) else cells[:-1]

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """Each row with the line that it begins on."""
        count = len(self.columns())
        with self._path.open(encoding=self._encoding, errors="surrogateescape", newline="") as file:
            lines = _Lines(file)
            for _ in range(self.settings.header_line):
                next(lines, None)
            while True:
                reader = self._reader(lines)
                for cells, fits in _read(reader, count, lines):
                    if not cells:
                        continue
                    if fits:
                        yield lines.began, cells
                        continue
                    began, first = lines.back()
                    yield began, self._alone(first)
                    break
                else:
                    return


class _Lines:
    """The lines of a file, of which those of the last row can be given back."""

    def __init__(self, file: Iterable[str]) -> None:
        self._file = iter(file)
        self._back: deque[str] = deque()
        self._taken: list[str] = []
        self._number = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if len(self._taken) >= _MOST_LINES:
            raise csv.Error("too many lines")
        line = self._back.popleft() if self._back else next(self._file)
        self._number += 1
        self._taken.append(line)
        return line

    @property
    def began(self) -> int:
        """The line on which the row began that was read last."""
        return self._number - len(self._taken) + 1

    @property
    def several(self) -> bool:
        return len(self._taken) > 1

    def forget(self) -> None:
        """A new row begins."""
        self._taken.clear()

    def back(self) -> tuple[int, str]:
        """Give back all lines of the row but its first, which is returned with its number."""
        began, first = self.began, self._taken[0]
        self._back.extendleft(reversed(self._taken[1:]))
        self._number = began
        self._taken.clear()
        return began, first


def _read(reader: Iterator[list[str]], count: int, lines: _Lines) -> Iterator[tuple[list[str], bool]]:
    """Rows, each with whether it is one, whatever its count of cells: one of several lines has to fit."""
    while True:
        lines.forget()
        try:
            cells = next(reader)
        except StopIteration:
            if lines.several:
                yield ["?"], False
            return
        except csv.Error:
            yield ["?"], False
            return
        yield cells, not lines.several or len(cells) == count


def _sniffed(heading: str, quote: str) -> str:
    outside = "".join(heading.split(quote)[::2]) if quote else heading
    return max(_DELIMITERS, key=outside.count)


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count} cells"
