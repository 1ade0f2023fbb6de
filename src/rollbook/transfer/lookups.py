"""``[lookup.x]``: tables that the map looks things up in, written in the config or in a file of their own."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rollbook.transfer.errors import SourceFailed
from rollbook.transfer.mapping.values import Tables, nearest
from rollbook.transfer.tables import Reading
from rollbook.transfer.text_files import decoded

_OF_A_FILE = {"file", "key", "value"}


@dataclass(frozen=True, slots=True)
class Lookup:
    """One table: its ``entries``, or the CSV ``file`` that has them in two of its columns."""

    entries: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    file: str = ""
    key: str = ""
    value: str = ""


def read_lookups(tables: object, reading: Reading) -> dict[str, Lookup]:
    """Read ``[lookup]``. What is wrong is noted."""
    found: dict[str, Lookup] = {}
    if not isinstance(tables, Mapping):
        reading.wrong(("lookup",), "is no table", 'write [lookup.name], and lines such as HR = "Human Resources"')
        return found
    for name, table in tables.items():
        path = ("lookup", name)
        if not isinstance(table, Mapping):
            reading.wrong(path, "is no table", f"write [lookup.{name}] above its lines")
            continue
        if set(table) == _OF_A_FILE and all(isinstance(one, str) for one in table.values()):
            found[name] = Lookup(file=table["file"], key=table["key"], value=table["value"])
            continue
        entries: dict[str, str | tuple[str, ...]] = {}
        for key, value in table.items():
            if isinstance(value, list) and all(isinstance(one, str) for one in value):
                entries[key] = tuple(value)
            elif isinstance(value, str):
                entries[key] = value
            else:
                reading.wrong((*path, key), "is neither a text nor a list of texts", "put it in quotes")
        found[name] = Lookup(entries)
    return found


def load(lookups: Mapping[str, Lookup], folder: Path) -> Tables:
    """All tables, those of files read. **Raises** ``SourceFailed``."""
    return {name: _file(one, folder) if one.file else one.entries for name, one in lookups.items()}


def _file(lookup: Lookup, folder: Path) -> Mapping[str, str | tuple[str, ...]]:
    path = folder / Path(lookup.file).expanduser()
    try:
        text = decoded(path.read_bytes())
    except OSError:
        raise SourceFailed(f"the lookup table {path} cannot be read") from None
    heading = text.partition("\n")[0]
    delimiter = max(",;\t|", key=heading.count)
    rows = csv.DictReader(io.StringIO(text), delimiter=delimiter)
    names = rows.fieldnames or ()
    for column in (lookup.key, lookup.value):
        if column not in names:
            near = nearest(column, list(names))
            raise SourceFailed(
                f"{lookup.file} has no column {column}", hint=f"the nearest is {near}" if near else "see its heading"
            )
    found: dict[str, str | tuple[str, ...]] = {}
    for row in rows:
        key, value = row[lookup.key] or "", row[lookup.value] or ""
        there = found.get(key)
        if there is None:
            found[key] = value
        else:
            found[key] = (*((there,) if isinstance(there, str) else there), value)
    return found
