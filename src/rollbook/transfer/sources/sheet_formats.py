"""What a spreadsheet shows of a number, where that begins with zeros (ECMA-376 §18.8.30; OpenDocument §19.385).

Reading cells gives numbers; here the file's XML is read a second time, as a stream, and nothing is kept but the cells
that matter. Of an XLSX that has no format made of zeros no cell is looked at.
"""

import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from xml.parsers.expat import ExpatError, ParserCreate

Shown = Mapping[int, Mapping[int, str]]
"""By row (from 1) and column (from 0): a format of zeros (``00000000``), or what is shown (``007``)."""

_ZEROS = re.compile(r"0{2,}(?:;.*)?")
_PLACE = re.compile(r"([A-Z]+)([0-9]+)")
_BLOCK = 1 << 18


def shown_numbers(path: Path, index: int, name: str) -> Shown:
    """Those of one sheet, told by its place and its name."""
    try:
        with zipfile.ZipFile(path) as book:
            parts = set(book.namelist())
            if "content.xml" in parts:
                return _Table(name).read(book)
            if "xl/styles.xml" in parts:
                return _of_xlsx(book, index, parts)
    except (zipfile.BadZipFile, ExpatError, OSError, KeyError, ValueError):
        pass  # an XLS, or a book of a kind of its own: numbers stay as they are
    return {}


Started = Callable[[str, dict[str, str]], None]
Ended = Callable[[str], None]


def _read(
    book: zipfile.ZipFile, part: str, started: Started, ended: Ended | None = None, text: Ended | None = None
) -> None:
    """Tell what begins and ends in a part of a book; names come without their prefixes."""
    parser = ParserCreate()
    parser.buffer_text = True
    local = _Names()
    parser.StartElementHandler = lambda name, attributes: started(local[name], attributes)
    if ended is not None:
        parser.EndElementHandler = lambda name: ended(local[name])
    if text is not None:
        parser.CharacterDataHandler = text
    with book.open(part) as file:
        while block := file.read(_BLOCK):
            parser.Parse(block, False)
        parser.Parse(b"", True)


class _Names(dict[str, str]):
    def __missing__(self, name: str) -> str:
        self[name] = local = name.rpartition(":")[2]
        return local


def _of_xlsx(book: zipfile.ZipFile, index: int, parts: set[str]) -> Shown:
    formats = _zero_styles(book)
    part = _sheet_part(book, index)
    found: dict[int, dict[int, str]] = {}
    if not formats or part not in parts:
        return found

    def started(name: str, attributes: dict[str, str]) -> None:
        if name == "c" and attributes.get("s") in formats and attributes.get("t", "n") == "n":
            place = _PLACE.fullmatch(attributes.get("r", ""))
            if place:
                found.setdefault(int(place[2]), {})[_column(place[1])] = formats[attributes["s"]]

    _read(book, part, started)
    return found


def _zero_styles(book: zipfile.ZipFile) -> dict[str, str]:
    """The numbers of cell styles whose format is made of zeros alone, with that format."""
    codes: dict[str, str] = {}
    styles: list[str] = []
    inside = [""]

    def started(name: str, attributes: dict[str, str]) -> None:
        if name == "numFmt":
            codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif name == "xf" and inside[-1] == "cellXfs":
            styles.append(attributes.get("numFmtId", ""))
        inside.append(name)

    def ended(name: str) -> None:
        inside.pop()

    _read(book, "xl/styles.xml", started, ended)
    written = {str(number): codes.get(id, "") for number, id in enumerate(styles)}
    return {number: code.partition(";")[0] for number, code in written.items() if _ZEROS.fullmatch(code)}


def _sheet_part(book: zipfile.ZipFile, index: int) -> str:
    targets: dict[str, str] = {}
    sheets: list[str] = []

    def related(name: str, attributes: dict[str, str]) -> None:
        if name == "Relationship":
            targets[attributes.get("Id", "")] = attributes.get("Target", "")

    def listed(name: str, attributes: dict[str, str]) -> None:
        if name == "sheet":
            sheets.append(next((value for key, value in attributes.items() if key.endswith(":id")), ""))

    _read(book, "xl/_rels/workbook.xml.rels", related)
    _read(book, "xl/workbook.xml", listed)
    target = targets.get(sheets[index], "") if index < len(sheets) else ""
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


class _Table:
    """One table of an OpenDocument, as its XML goes by."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._inside = False
        self._row, self._rows = 0, 1
        self._cell, self._cells = 0, 1
        self._number = False
        self._text: list[str] = []
        self._found: dict[int, dict[int, str]] = {}

    def read(self, book: zipfile.ZipFile) -> Shown:
        """What is shown of its numbers."""
        _read(book, "content.xml", self._started, self._ended, self._said)
        return self._found

    def _started(self, name: str, attributes: dict[str, str]) -> None:
        if name == "table":
            self._inside = _attribute(attributes, "name") == self._name
        elif not self._inside:
            return
        elif name == "table-row":
            self._rows = int(_attribute(attributes, "number-rows-repeated") or 1)
            self._cell = 0
        elif name in ("table-cell", "covered-table-cell"):
            self._cells = int(_attribute(attributes, "number-columns-repeated") or 1)
            self._number = _attribute(attributes, "value-type") == "float"
            self._text.clear()

    def _said(self, text: str) -> None:
        if self._number:
            self._text.append(text)

    def _ended(self, name: str) -> None:
        if name == "table":
            self._inside = False
        elif not self._inside:
            return
        elif name == "table-row":
            self._row += self._rows
        elif name in ("table-cell", "covered-table-cell"):
            text = "".join(self._text).strip() if self._number else ""
            if len(text) > 1 and text[0] == "0" and text.isdecimal():
                self._found.setdefault(self._row + 1, {})[self._cell] = text
            self._cell += self._cells
            self._number = False


def _attribute(attributes: Mapping[str, str], name: str) -> str:
    return next((value for key, value in attributes.items() if key.endswith(f":{name}")), "")
