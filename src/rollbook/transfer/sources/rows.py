"""What a source gives: rows of text."""

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from rollbook.transfer.source_settings import SourceSettings


class Row(NamedTuple):
    """**Shape**: ``line`` is the line of a file, else the row's number, from 1. ``values`` are texts and lists of
    texts by column. ``wrong`` says why the row cannot be used (then ``values`` may lack some)."""

    line: int
    values: Mapping[str, Any]
    wrong: str = ""


class Source(Protocol):
    """One source. It may be read any number of times."""

    @property
    def settings(self) -> SourceSettings: ...

    def columns(self) -> tuple[str, ...] | None:
        """The columns as they are written; None where nobody knows them before the rows. **Raises**
        ``SourceFailed``."""
        ...

    def column(self, name: str) -> str | None:
        """The key in ``values`` of a column as a person writes it; None where there is none."""
        ...

    def rows(self, wanted: frozenset[str]) -> Iterator[Row]:
        """The rows, one at a time. ``wanted`` are keys in ``values``; others may be left out. **Raises**
        ``SourceFailed``."""
        ...


def chosen(name: str, columns: tuple[str, ...]) -> str | None:
    """The column that is meant: of that name, else the only one of that name in another letter case."""
    if name in columns:
        return name
    near = [column for column in columns if column.casefold() == name.casefold()]
    return near[0] if len(near) == 1 else None


def as_text(value: Any) -> Any:
    """A value of another system as a text, or a list of texts. Days and times are written as in ISO 8601."""
    if value.__class__ is str:
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e16 else repr(value)
    if isinstance(value, int | str):
        return str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() and value.tzinfo is None else value.isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        raw = bytes(value)
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            return raw.hex()
    if isinstance(value, list | tuple | set | frozenset):
        return [text for one in value if (text := as_text(one))]
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
