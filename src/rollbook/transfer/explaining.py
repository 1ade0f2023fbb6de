"""One person, followed from the rows of the sources to what is wanted: for ``explain``."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import apsw

from rollbook.transfer.config import Config
from rollbook.transfer.opened import Opened, open_config
from rollbook.transfer.policy import folded_name
from rollbook.transfer.records import BadRow, Entry
from rollbook.transfer.snapshot import Person, Reading, fill
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
        met: list[tuple[Person, Entry | None]] = []

        def meet(person: Person, entry: Entry | None) -> None:
            if person.key == user or (entry is not None and _means(entry.attributes, user)):
                met.append((person, entry))

        with spool.transaction():
            fill(spool, Reading(opened, spool, lambda more: None), meet)
        snapshot = SpooledSnapshot(connection, "", ())
        bad = list(snapshot.bad())
        return [_found(opened, snapshot, person, entry, bad) for person, entry in met] or _nobody(user, bad)
    finally:
        connection.close()


def _found(opened: Opened, snapshot: SpooledSnapshot, person: Person, entry: Entry | None, bad: list[BadRow]) -> Found:
    kept = snapshot.get(person.key)
    used = entry if kept is not None and kept.line == person.line else None
    reasons = "; ".join(str(one) for one in bad if one.key == person.key)
    return Found(person.key, _rows(opened, person), used, reasons)


def _nobody(user: str, bad: list[BadRow]) -> list[Found]:
    """The bad rows of a key that has no other."""
    reasons = "; ".join(str(one) for one in bad if one.key == user)
    return [Found(user, (), None, reasons)] if reasons else []


def _means(wanted: Mapping[str, Any], user: str) -> bool:
    name = wanted.get("userName")
    return wanted.get("externalId") == user or (isinstance(name, str) and folded_name(name) == folded_name(user))


def _rows(opened: Opened, person: Person) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    return tuple((opened.sources[index].origin(line), cells) for index, line, cells in person.rows)
