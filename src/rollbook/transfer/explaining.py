"""One person, followed from the rows of the sources to what is wanted: for ``explain``."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import apsw

from rollbook.transfer.config import Config
from rollbook.transfer.mapping.errors import BadValue
from rollbook.transfer.opened import Opened, open_config
from rollbook.transfer.policy import folded_name
from rollbook.transfer.records import BadRow, Entry
from rollbook.transfer.snapshot import Person, Reading
from rollbook.transfer.state.spool import Spool, SpooledSnapshot


@dataclass(frozen=True, slots=True)
class Found:
    """``rows`` are what the sources have: where, and the cells. ``entry`` is what is wanted; None where it cannot be
    used, and then ``trouble`` says why."""

    key: str
    rows: tuple[tuple[str, Mapping[str, Any]], ...]
    entry: Entry | None
    trouble: str = ""


def find_person(config: Config, user: str, *, today: date) -> list[Found]:
    """Everybody in the sources whose key, userName or externalId is this. **Raises** as ``take_snapshot``."""
    opened = open_config(config, today)
    for source in opened.sources:
        columns = source.source.columns() or ()
        source.wanted.update(name for name in columns if name and columns.count(name) == 1)
    connection = apsw.Connection("")
    try:
        spool = Spool(connection)
        with spool.transaction():
            found = list(_found(opened, Reading(opened, spool, lambda more: None), user))
        bad = list(SpooledSnapshot(connection, "", ()).bad())
    finally:
        connection.close()
    return _with_troubles(found, [one for one in bad if one.key == user], user)


def _found(opened: Opened, reading: Reading, user: str) -> Iterator[Found]:
    for person in reading.people():
        entry = _entry(opened, person)
        if person.key == user or (entry is not None and _means(entry, user)):
            made = reading.entry(person)
            yield Found(person.key, _rows(opened, person), made, "" if made else "its row cannot be used")


def _with_troubles(found: list[Found], bad: list[BadRow], user: str) -> list[Found]:
    """The bad rows that are his: of those who were found, and of those who have no other row."""
    reasons = "; ".join(str(one) for one in bad)
    if not found:
        return [Found(user, (), None, reasons)] if bad else []
    return [Found(one.key, one.rows, one.entry, reasons or one.trouble) for one in found]


def _entry(opened: Opened, person: Person) -> Mapping[str, Any] | None:
    try:
        return opened.mapper(person.values)
    except BadValue:
        return None


def _means(wanted: Mapping[str, Any], user: str) -> bool:
    name = wanted.get("userName")
    return wanted.get("externalId") == user or (isinstance(name, str) and folded_name(name) == folded_name(user))


def _rows(opened: Opened, person: Person) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    return tuple((opened.sources[index].origin(line), cells) for index, line, cells in person.rows)
