"""The source as it is at one moment: every row read once, mapped, and kept by key in a file.

A row that cannot be used is named and stops nothing but itself. A person of whom some row cannot be used is neither
wanted nor gone (``Snapshot.spoiled``).
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any, NamedTuple

import apsw

from rollbook.transfer.config import Config
from rollbook.transfer.mapping.errors import BadValue
from rollbook.transfer.opened import Opened, OpenSource, counts, open_config
from rollbook.transfer.records import BadRow, Entry, Snapshot, SourceCount
from rollbook.transfer.state.spool import Spool, SpooledSnapshot

Progress = Callable[[int], None]
_STEP = 500
_HALF = re.compile("[\ud800-\udfff]")


def take_snapshot(
    config: Config,
    connection: apsw.Connection,
    *,
    today: date,
    taken: str = "",
    progress: Progress = lambda more: None,
) -> Snapshot:
    """Read all sources of a config into tables ``source_*`` of a database, in one transaction.

    **Shape**: ``today`` is the day of the run, for date windows; ``progress`` is told how many rows more were read.
    **Raises** ``SourceFailed``, ``WrongConfig``.
    """
    opened = open_config(config, today)
    spool = Spool(connection)
    with spool.transaction():
        reading = Reading(opened, spool, progress)
        fill(spool, reading)
    return SpooledSnapshot(connection, taken, tuple(reading.counts()))


@contextmanager
def passing_snapshot(
    config: Config, *, today: date, taken: str = "", progress: Progress = lambda more: None
) -> Iterator[Snapshot]:
    """A snapshot in a file that nobody sees, and that is gone afterwards. **Raises** as ``take_snapshot``."""
    connection = apsw.Connection("")
    try:
        yield take_snapshot(config, connection, today=today, taken=taken, progress=progress)
    finally:
        connection.close()


def fill(
    spool: Spool, reading: "Reading", met: Callable[["Person", Entry | None], None] = lambda person, entry: None
) -> None:
    """Map every person and keep the entries. ``met`` is told of each row of a person, and what it would be."""
    for person in reading.people():
        entry = reading.entry(person)
        met(person, entry)
        if entry is not None and not spool.add(entry):
            reading.spoil(person, _same_key(spool.line(person.key)))
    if len(reading.sources) == 1 and reading.first.source.settings.duplicates == "none":
        for key, line, other in spool.take_contested():
            reading.spoil_line(reading.first, line, _same_key(other), key)


def _no_text(value: Any) -> str:
    """What is wrong with a value that no service can take."""
    if not isinstance(value, str):
        return next(filter(None, map(_no_text, value)), "") if isinstance(value, list | tuple) else ""
    if "\0" in value:
        return "has a NUL character, which no service takes"
    if not value.isascii() and _HALF.search(value):
        return "has half a character (a lone surrogate), which no service takes"
    return ""


def _same_key(line: int) -> str:
    return f"has the key of line {line}"


class Person(NamedTuple):
    """A row of a source of people, with what the other sources add to it."""

    source: OpenSource
    line: int
    key: str
    values: Mapping[str, Any]
    rows: tuple[tuple[int, int, Mapping[str, Any]], ...]
    """What each source has of it: its index, the line, the cells."""


class Reading:
    """The sources of an opened config as they are read: people come out, and what cannot be used goes to the spool."""

    def __init__(self, opened: Opened, spool: Spool, progress: Progress) -> None:
        self._opened, self._spool, self._progress = opened, spool, progress
        self._rows = [0] * len(opened.sources)
        self._bad = [0] * len(opened.sources)
        self._left_out = [0] * len(opened.sources)
        self._silent = [set() if one.source.columns() else set(one.wanted) for one in opened.sources]

    @property
    def sources(self) -> Sequence[OpenSource]:
        return self._opened.sources

    @property
    def first(self) -> OpenSource:
        return self._opened.sources[0]

    def counts(self) -> Iterator[SourceCount]:
        """How many rows there were, once all are read."""
        for source in self._opened.sources:
            index = source.index
            silent = tuple(sorted(self._silent[index])) if self._rows[index] else ()
            yield SourceCount(source.label, self._rows[index], self._bad[index], self._left_out[index], silent)

    def people(self) -> Iterator[Person]:
        """Every person, as often as the first source names it. Several sources are put together by key."""
        if len(self._opened.sources) == 1:
            for line, key, values in self._good(self.first):
                yield Person(self.first, line, key, values, ((0, line, values),))
            return
        held: set[str] = set()
        named: set[str] = set()
        for source in self._opened.sources:
            self._gather(source, held, named)
        sources = self._opened.sources
        among = [source.index for source in sources if source.people]
        for key in self._spool.keys(among):
            rows = tuple(self._spool.rows(key, len(sources)))
            index, line = next((index, line) for index, line, _ in rows if index in among)
            merged = self._opened.merged([(index, cells) for index, _, cells in rows])
            person = Person(sources[index], line, key, merged, rows)
            if key in named:
                continue
            if key in held:
                self.spoil(person, "cannot be used as long as a row of another source with its key cannot")
            else:
                yield person
        self._spool.forget_rows()

    def entry(self, person: Person) -> Entry | None:
        """What a person is to be; None where the row cannot be used."""
        try:
            wanted = self._opened.mapper(person.values)
        except BadValue as refused:
            self.spoil(person, refused.detail)
            return None
        return Entry(person.key, person.line, wanted, person.source.origin(person.line))

    def spoil(self, person: Person, reason: str) -> None:
        """Note that a person's row cannot be used."""
        self.spoil_line(person.source, person.line, reason, person.key)

    def _gather(self, source: OpenSource, held: set[str], named: set[str]) -> None:
        """Keep the rows of one of several sources. ``held`` gathers the keys of those that would lack something,
        ``named`` those of people of whom every row is noted as bad already."""
        settings = source.source.settings
        seen: dict[str, tuple[int, int]] = {}
        bad: dict[str, int] = {}
        strict = settings.duplicates == "none" and not settings.several
        for line, key, values in self._good(source, bad):
            number, first = seen.get(key, (0, line))
            seen[key] = number + 1, first
            if number and not settings.several:
                self.spoil_line(source, line, _same_key(first), key)
                bad.setdefault(key, line)
                continue
            self._spool.add_row(source.index, key, number, line, values)
        if strict:
            for key in bad.keys() & seen.keys():
                self.spoil_line(source, seen[key][1], _same_key(bad[key]), key)
                if source.people:
                    named.add(key)
        held.update(bad if strict or settings.several else bad.keys() - seen.keys())

    def _good(
        self, source: OpenSource, bad: dict[str, int] | None = None
    ) -> Iterator[tuple[int, str, Mapping[str, Any]]]:
        """The rows of a source that can be used, with their keys; the others are noted."""
        read = 0
        silent = self._silent[source.index]
        for line, values, wrong in source.source.rows(frozenset(source.wanted)):
            read += 1
            if read % _STEP == 0:
                self._progress(_STEP)
            self._rows[source.index] += 1
            if silent:
                silent -= {name for name in silent if values.get(name)}
            key = source.key_of(values)
            if not wrong and not key:
                wrong = "has no key"
            if not wrong:
                wrong = next(filter(None, map(_no_text, values.values())), "")
            if not wrong:
                try:
                    if not counts(source, values):
                        self._left_out[source.index] += 1
                        continue
                except BadValue as refused:
                    wrong = f"where: {refused.detail}"
            if wrong:
                self.spoil_line(source, line, wrong, key)
                if bad is not None and key:
                    bad.setdefault(key, line)
                continue
            yield line, key, values
        self._progress(read % _STEP)

    def spoil_line(self, source: OpenSource, line: int, reason: str, key: str) -> None:
        """Note that a row cannot be used."""
        self._bad[source.index] += 1
        self._spool.add_bad(BadRow(line, reason, key, source.label))
