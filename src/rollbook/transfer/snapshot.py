"""The source as it is at one moment: every row read once, mapped, and kept by key in a file.

A row that cannot be used is named and stops nothing but itself. A person of whom some row cannot be used is neither
wanted nor gone (``Snapshot.spoiled``).
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

import apsw

from rollbook.transfer.config import Config
from rollbook.transfer.mapping.errors import BadValue
from rollbook.transfer.opened import Opened, OpenSource, counts, open_config
from rollbook.transfer.records import BadRow, Entry, Snapshot, SourceCount
from rollbook.transfer.state.spool import Spool, SpooledSnapshot

Progress = Callable[[int], None]
_STEP = 500


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
        taking = _Taking(opened, spool, progress)
        taking.several() if len(opened.sources) > 1 else taking.alone()
    return SpooledSnapshot(connection, taken, tuple(taking.counts()))


def entries(config: Config, *, today: date) -> Iterator[Entry | BadRow]:
    """Every bad row, then every entry, without a file of one's own. **Raises** as ``take_snapshot``."""
    connection = apsw.Connection("")
    try:
        snapshot = take_snapshot(config, connection, today=today)
        yield from snapshot.bad()
        yield from snapshot
    finally:
        connection.close()


class _Taking:
    def __init__(self, opened: Opened, spool: Spool, progress: Progress) -> None:
        self._opened, self._spool, self._progress = opened, spool, progress
        self._rows = [0] * len(opened.sources)
        self._bad = [0] * len(opened.sources)
        self._left_out = [0] * len(opened.sources)

    def counts(self) -> Iterator[SourceCount]:
        for source in self._opened.sources:
            index = source.index
            yield SourceCount(source.label, self._rows[index], self._bad[index], self._left_out[index])

    def alone(self) -> None:
        """One source: a row is a person."""
        source = self._opened.sources[0]
        twice: dict[str, int] = {}
        for line, key, values in self._good(source):
            entry = self._entry(source, line, key, values)
            if entry is not None and not self._spool.add(entry):
                twice.setdefault(key, line)
                self._spoil(source, line, f"has the key of line {self._spool.line(key)}", key)
        if source.source.settings.duplicates == "none":
            for key, line in twice.items():
                self._spool.remove(key)
                self._spoil(source, line, "has a key that stands twice: none of its rows is used", key)

    def several(self) -> None:
        """Several sources: rows are put together by key."""
        held: set[str] = set()
        for source in self._opened.sources:
            self._gather(source, held)
        people = [source.index for source in self._opened.sources if source.people]
        for key in self._spool.keys(people):
            rows = list(self._spool.rows(key, len(self._opened.sources)))
            first = next(self._opened.sources[index] for index, _, _ in rows if index in people)
            line = next(line for index, line, _ in rows if index == first.index)
            if key in held:
                self._spoil(first, line, "cannot be used as long as a row of another source with its key cannot", key)
                continue
            entry = self._entry(first, line, key, self._opened.merged([(index, cells) for index, _, cells in rows]))
            if entry is not None:
                self._spool.add(entry)
        self._spool.forget_rows()

    def _gather(self, source: OpenSource, held: set[str]) -> None:
        """Keep the rows of one of several sources. ``held`` gathers the keys of those that would lack something."""
        settings = source.source.settings
        seen: dict[str, tuple[int, int]] = {}
        good: set[str] = set()
        bad: set[str] = set()
        for line, key, values in self._good(source, bad):
            number, first = seen.get(key, (0, line))
            seen[key] = number + 1, first
            if number and not settings.several:
                self._spoil(source, line, f"has the key of line {first}", key)
                if settings.duplicates == "none":
                    held.add(key)
                continue
            good.add(key)
            self._spool.add_row(source.index, key, number, line, values)
        held |= bad if settings.several else bad - good

    def _good(self, source: OpenSource, bad: set[str] | None = None) -> Iterator[tuple[int, str, Mapping[str, Any]]]:
        """The rows of a source that can be used, with their keys; the others are noted."""
        read = 0
        for line, values, wrong in source.source.rows(frozenset(source.wanted)):
            read += 1
            if read % _STEP == 0:
                self._progress(_STEP)
            self._rows[source.index] += 1
            key = source.key_of(values)
            if not wrong and not key:
                wrong = "has no key"
            if not wrong:
                try:
                    if not counts(source, values):
                        self._left_out[source.index] += 1
                        continue
                except BadValue as refused:
                    wrong = f"where: {refused.detail}"
            if wrong:
                self._spoil(source, line, wrong, key)
                if bad is not None and key:
                    bad.add(key)
                continue
            yield line, key, values
        self._progress(read % _STEP)

    def _entry(self, source: OpenSource, line: int, key: str, values: Mapping[str, Any]) -> Entry | None:
        try:
            return Entry(key, line, self._opened.mapper(values), source.origin(line))
        except BadValue as refused:
            self._spoil(source, line, refused.detail, key)
            return None

    def _spoil(self, source: OpenSource, line: int, reason: str, key: str) -> None:
        self._bad[source.index] += 1
        self._spool.add_bad(BadRow(line, reason, key, source.label))
