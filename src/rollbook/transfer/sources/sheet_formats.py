"""What a spreadsheet shows of a number, where that begins with zeros (ECMA-376 §18.8.30; OpenDocument §19.385).

Reading cells gives numbers; here the file's XML is read a second time, and only where some format of the book can show
a zero at the beginning. Cells are few kilobytes: nothing is kept but those that matter.
"""

import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError, iterparse

_ZEROS = re.compile(r"0{2,}(?:;@?)*")
_PLACE = re.compile(r"([A-Z]+)([0-9]+)")
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def shown_numbers(path: Path, index: int, name: str) -> Mapping[int, Mapping[int, str]]:
    """By row (from 1) and column (from 0): a format of zeros (``00000000``), or what is shown (``007``)."""
    try:
        with zipfile.ZipFile(path) as book:
            parts = set(book.namelist())
            if "content.xml" in parts:
                return _of_ods(book, name)
            if "xl/styles.xml" in parts:
                return _of_xlsx(book, index, parts)
    except (zipfile.BadZipFile, ParseError, OSError, KeyError, ValueError):
        pass  # an XLS, or a book of a kind of its own: numbers stay as they are
    return {}


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _elements(book: zipfile.ZipFile, part: str) -> Iterator[Element]:
    """The elements of a part as they end, and forgotten afterwards."""
    with book.open(part) as file:
        for _, element in iterparse(file):  # noqa: S314 - expat bounds what entities make
            yield element


def _of_xlsx(book: zipfile.ZipFile, index: int, parts: set[str]) -> Mapping[int, Mapping[int, str]]:
    formats = _zero_styles(book)
    part = _sheet_part(book, index)
    if not formats or part not in parts:
        return {}
    found: dict[int, dict[int, str]] = {}
    for element in _elements(book, part):
        match _tag(element):
            case "c":
                place = _PLACE.fullmatch(element.get("r", ""))
                shown = formats.get(element.get("s", ""))
                if shown and place and element.get("t", "n") == "n":
                    found.setdefault(int(place[2]), {})[_column(place[1])] = shown
            case "row":
                element.clear()
    return found


def _zero_styles(book: zipfile.ZipFile) -> dict[str, str]:
    """The numbers of cell styles whose format is made of zeros alone, with that format."""
    codes: dict[str, str] = {}
    styles: dict[str, str] = {}
    for element in _elements(book, "xl/styles.xml"):
        if _tag(element) == "numFmt":
            codes[element.get("numFmtId", "")] = element.get("formatCode", "")
        elif _tag(element) == "cellXfs":
            for number, style in enumerate(element):
                code = codes.get(style.get("numFmtId", ""), "")
                if _ZEROS.fullmatch(code):
                    styles[str(number)] = code.partition(";")[0]
    return styles


def _sheet_part(book: zipfile.ZipFile, index: int) -> str:
    targets = {
        element.get("Id"): element.get("Target", "") for element in _elements(book, "xl/_rels/workbook.xml.rels")
    }
    sheets = [element for element in _elements(book, "xl/workbook.xml") if _tag(element) == "sheet"]
    target = targets.get(sheets[index].get(_RELATION), "") if index < len(sheets) else ""
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _of_ods(book: zipfile.ZipFile, name: str) -> Mapping[int, Mapping[int, str]]:
    found: dict[int, dict[int, str]] = {}
    inside, row = False, 0
    with book.open("content.xml") as file:
        for event, element in iterparse(file, ("start", "end")):  # noqa: S314 - expat bounds what entities make
            tag = _tag(element)
            if tag == "table":
                inside = event == "start" and _attribute(element, "name") == name
            elif tag == "table-row" and event == "end":
                if inside:
                    shown = _row_of_ods(element)
                    if shown:
                        found[row + 1] = shown
                    row += int(_attribute(element, "number-rows-repeated") or 1)
                element.clear()
    return found


def _row_of_ods(line: Element) -> dict[int, str]:
    shown: dict[int, str] = {}
    column = 0
    for cell in line:
        if _attribute(cell, "value-type") == "float":
            text = "".join(cell.itertext()).strip()
            if text.startswith("0") and text.isdecimal() and len(text) > 1:
                shown[column] = text
        column += int(_attribute(cell, "number-columns-repeated") or 1)
    return shown


def _attribute(element: Element, name: str) -> str:
    return next((value for key, value in element.items() if key.rpartition("}")[2] == name), "")
