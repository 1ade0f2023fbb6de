"""What passes between the halves of a transfer: from the source's half to the plan's.

No IO is here; how a snapshot is made and kept is in ``snapshot`` and ``state/spool``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Entry:
    """One user that is wanted.

    **Shape**: ``key`` is the source's own, never empty; ``line`` is the row's place in the source (in a file its line,
    else its number, from 1); ``origin`` says both for people: ``people.csv line 17``.

    ``attributes`` is the wanted resource, in the inner form of SCIM 2.0 whatever the target speaks: ``userName``,
    ``externalId``, ``active`` (a boolean), ``name`` (a dict), ``emails`` (a list of dicts), extensions each under its
    URN (badges under ``urn:ietf:params:scim:schemas:extension:releezme:2.0:User``). ``groups`` is a list of
    ``{"display": name}`` or ``{"value": id}``. No ``schemas``, ``id``, ``meta``.

    **Rules**: what is not mapped is not there, and is the target's own affair. What is mapped and has no value in the
    row is there as ``None``, or ``[]`` where it is a list: it is wanted empty.
    """

    key: str
    line: int
    attributes: Mapping[str, Any]
    origin: str


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be used. Where its key could be read, that user is neither wanted nor gone: it is left alone.

    **Shape**: ``reason`` is a clause without the row's values (``has 4 cells, and the heading 5``).
    """

    line: int
    reason: str
    key: str = ""
    source: str = ""

    def __str__(self) -> str:
        return f"{self.source} line {self.line}: {self.reason}" if self.source else f"line {self.line}: {self.reason}"


@dataclass(frozen=True, slots=True)
class SourceCount:
    """How many rows a source had: ``rows`` counts all of them, ``bad`` those that cannot be used, ``left_out`` those
    that the source's own ``where`` leaves out. ``silent`` are columns that are read and in which no row has a value,
    of a source that does not say its columns beforehand: perhaps there are none of that name."""

    name: str
    rows: int
    bad: int
    left_out: int
    silent: tuple[str, ...] = ()


class Snapshot(Protocol):
    """The source as it was at one moment, in a file: reading it holds a few rows in memory.

    ``hash`` is SHA-256 (hex) over every entry's key and attributes in order; equal sources have equal hashes.
    """

    @property
    def hash(self) -> str: ...

    @property
    def count(self) -> int:
        """How many entries there are."""
        ...

    @property
    def bad_count(self) -> int: ...

    @property
    def keyless(self) -> int:
        """How many bad rows there are whose key could not be read: anybody may be meant."""
        ...

    @property
    def taken(self) -> str:
        """When it was taken, in written form."""
        ...

    @property
    def sources(self) -> tuple[SourceCount, ...]: ...

    def __iter__(self) -> Iterator[Entry]:
        """The entries by key, in the order of the key's UTF-8 bytes (Python's order of ``str``), any number of times;
        other reads and writes of the same connection may go on meanwhile."""
        ...

    def get(self, key: str) -> Entry | None: ...

    def bad(self) -> Iterator[BadRow]:
        """The bad rows, in the order in which they were met."""
        ...

    def spoiled(self, key: str) -> bool:
        """Whether a bad row has this key and no good one does: whoever has it is not gone."""
        ...
