"""Spreadsheets (XLSX, ODS, XLS), read with python-calamine.

A number's cell holds a number, whatever it looks like: the zeros before a badge are in the cell's format. Where that
tells them (``00000000`` in XLSX, the shown text in ODS), they are put back (``sheet_formats``).
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, WorksheetNotFound

from rollbook.transfer.errors import SourceFailed
from rollbook.transfer.mapping.values import nearest
from rollbook.transfer.source_settings import SheetSource
from rollbook.transfer.sources.rows import Row, as_text, chosen
from rollbook.transfer.sources.sheet_formats import shown_numbers


class SheetFile:
    """One sheet of one file."""

    def __init__(self, settings: SheetSource, folder: Path) -> None:
        self.settings = settings
        self._path = folder / Path(settings.path).expanduser()
        self._columns: tuple[str, ...] | None = None

    def columns(self) -> tuple[str, ...]:
        """The heading. **Raises** ``SourceFailed``."""
        if self._columns is None:
            for _ in self._cells(look=False):
                break
        return self._columns or ()

    def column(self, name: str) -> str | None:
        return chosen(name, self.columns())

    def rows(self, wanted: frozenset[str]) -> Iterator[Row]:
        twice = sorted(name for name in wanted if self.columns().count(name) > 1)
        if twice:
            raise SourceFailed(f"the heading of {self.settings.label} has {twice[0]} twice", hint="rename one of them")
        places = [(name, index) for index, name in enumerate(self.columns()) if name in wanted]
        for number, cells, shown in self._cells(look=True):
            if not any(cell != "" for cell in cells):
                continue
            values = {name: as_text(cells[index]) if index < len(cells) else "" for name, index in places}
            for name, index in places:
                if index in shown:
                    values[name] = _with_zeros(values[name], shown[index])
            yield Row(number, values)

    def _cells(self, *, look: bool) -> Iterator[tuple[int, list[Any], Mapping[int, str]]]:
        """The rows under the heading, with their numbers, and what is shown of numbers, where that is looked at."""
        settings = self.settings
        try:
            with CalamineWorkbook.from_path(str(self._path)) as book:
                names = book.sheet_names
                name = settings.sheet or (names[0] if names else "")
                try:
                    sheet = book.get_sheet_by_name(name)
                except WorksheetNotFound:
                    near = nearest(name, names)
                    hint = f"the nearest is {near}" if near else f"there are {', '.join(names)}"
                    raise SourceFailed(f"{settings.label} has no sheet {name!r}", hint=hint) from None
                first, left = sheet.start or (0, 0)
                shown = shown_numbers(self._path, names.index(name), name) if look else {}
                for index, cells in enumerate(sheet.iter_rows(), first + 1):
                    cells = [""] * left + list(cells)
                    if index < settings.header_line:
                        continue
                    if index == settings.header_line:
                        self._columns = tuple(str(as_text(cell)).strip() for cell in cells)
                    elif self._columns is not None:
                        yield index, cells, shown.get(index, {})
        except PasswordError:
            raise SourceFailed(f"{self._path} is locked by a password", hint="save a copy without one") from None
        except FileNotFoundError:
            raise SourceFailed(f"there is no file {self._path}") from None
        except (CalamineError, OSError):
            raise SourceFailed(f"{self._path} is no {settings.type} that can be read") from None
        if self._columns is None:
            raise SourceFailed(f"{settings.label} has no heading in row {settings.header_line}")


def _with_zeros(value: str, shown: str) -> str:
    """A whole number as its cell shows it: ``shown`` is a format of zeros, or the text itself."""
    if not value.isdecimal():
        return value
    return value.rjust(len(shown), "0") if set(shown) == {"0"} else shown if shown.lstrip("0") == value else value
