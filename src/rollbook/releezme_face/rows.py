"""What a row of the table is, and how an address finds its row.

**Rules**: literal parts are the same in any letter case, and go before parts that are an id; a slash at the end means
nothing. An address that is there with other methods is 405.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Operation = Callable[[Any], Awaitable[Any]]
"""Does what a row says with a ``calling.Call``; what it returns is the answer's JSON."""

COMMON = frozenset((401, 403, 413, 415, 429, 431, 500, 503))
"""What any row may be refused with by the edge: no credential, a company that is suspended, too much, too often."""
PAGES: Mapping[str, str] = {"pageNumber": "which page, from 1", "pageSize": "how many on a page, 200 at most"}


@dataclass(frozen=True, slots=True)
class Row:
    """One address of the API. ``body`` are the fields that are read of a body, each with the name that our operation
    has for it; ``answers`` is the key of a list, or the object that is answered."""

    method: str
    path: str
    does: Operation
    scope: str
    about: str
    answers: str = "{}"
    query: Sequence[str] = ()
    body: Mapping[str, str] = field(default_factory=dict)
    status: int = 200
    refuses: tuple[int, ...] = ()

    @property
    def paged(self) -> bool:
        return self.answers.endswith("[]")

    @property
    def statuses(self) -> frozenset[int]:
        """All that it may answer."""
        always = {400} if self.paged or self.query or self.body or self.method != "GET" else set()
        there = {404} if "{" in self.path or "externalUserId" in self.query else set()
        return COMMON | {self.status, *self.refuses} | always | there


class Found(NamedTuple):
    """A row with the texts that stand where its address has names, or the methods that there are."""

    row: Row | None
    ids: Mapping[str, str]
    allow: str


class Router:
    """Finds rows."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._known: dict[tuple[str, ...], dict[str, Row]] = {}
        for row in rows:
            self._known.setdefault(_shape(row.path), {})[row.method] = row
        # At each part a literal is tried before a name.
        self._shapes = sorted(self._known, key=lambda shape: [part == "" for part in shape])
        self.firsts = frozenset(shape[0] for shape in self._known)

    def find(self, method: str, rest: str) -> Found:
        """The row of an address below the base.

        **Rules**: of several addresses that fit, the first that has the method answers; HEAD is answered as GET.
        """
        parts = rest.strip("/").split("/")
        wanted = "GET" if method == "HEAD" else method
        allow: list[str] = []
        for shape in self._shapes:
            if len(shape) != len(parts) or not all(
                (part != "" if literal == "" else part.lower() == literal)
                for literal, part in zip(shape, parts, strict=True)
            ):
                continue
            rows = self._known[shape]
            if (row := rows.get(wanted)) is not None:
                names = (part[1:-1] for part in row.path.split("/") if part.startswith("{"))
                values = (part for literal, part in zip(shape, parts, strict=True) if literal == "")
                return Found(row, dict(zip(names, values, strict=True)), "")
            allow += rows
        return Found(None, {}, ", ".join(dict.fromkeys(allow)))


def _shape(path: str) -> tuple[str, ...]:
    """The parts of an address; "" is any text.

    >>> _shape("lockers/{id}/share")
    ('lockers', '', 'share')
    """
    return tuple("" if part.startswith("{") else part.lower() for part in path.split("/"))
