"""Where the dialects of a house are served: which of them a path speaks to, and which tenant it names."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from rollbook.dialects.model import Dialect


class Address(NamedTuple):
    """What a path says before its route: the dialect, the tenant that it names (or None), and the rest.

    ``before`` is what stands before the base, with ``{tenant}``; ``base`` is the base that was asked.
    """

    dialect: Dialect
    tenant: str | None
    rest: str
    before: str = ""
    base: str = ""


class _Place(NamedTuple):
    base: str
    dialect: Dialect


_KEPT = 1000
"""Addresses without their last part that are remembered: for each tenant that addresses name, some endpoints."""


class _Map:
    """Where the dialects of a house are: made once, asked with every request."""

    def __init__(self, dialects: Sequence[Dialect]) -> None:
        self._exact: dict[str, list[_Place]] = {}
        self._folded: dict[str, list[_Place]] = {}
        self._before: dict[str, list[tuple[str, str, Dialect]]] = {}
        for dialect in dialects:
            places = self._folded if dialect.plan.any_case else self._exact
            for base in dialect.bases:
                written = base.lower() if dialect.plan.any_case else base
                places.setdefault(written.split("/")[1], []).append(_Place(written, dialect))
            for prefix in dialect.prefixes:
                head, _, tail = prefix.partition("{tenant}")
                self._before.setdefault(head.strip("/"), []).append((prefix, tail, dialect))
        for table in (self._exact, self._folded):
            for found in table.values():
                found.sort(key=lambda place: -len(place.base))

        self._bases = tuple(base.lower() for dialect in dialects for base in dialect.bases)
        self._known: dict[str, Address] = {}

    def find(self, path: str) -> Address | None:
        head, _, last = path.rpartition("/")
        known = self._known.get(head)
        if known is not None:
            dialect, tenant, rest, before, base = known
            return Address(dialect, tenant, f"{rest}/{last}", before, base)
        found = self._find(path)
        if found is not None and len(self._known) < _KEPT and self._ends_before(found, head):
            self._known[head] = found._replace(rest=found.rest[: len(found.rest) - len(last) - 1])
        return found

    def _ends_before(self, found: Address, head: str) -> bool:
        """Whether all that is below ``head`` is at the same base."""
        below = head.removeprefix(found.before.format(tenant=found.tenant) if found.tenant else "").lower()
        return below.startswith(found.base.lower()) and not any(base.startswith(f"{below}/") for base in self._bases)

    def _find(self, path: str) -> Address | None:
        first = path[1:].partition("/")[0]
        if first == "t":
            tenant, slash, below = path[3:].partition("/")
            if not tenant:
                return None
            found = self._at(slash + below)
            return found and Address(found[0], tenant, found[1], "/t/{tenant}", found[2])
        for before, tail, dialect in self._before.get(first, ()):
            tenant, slash, below = path[len(first) + 2 :].partition("/")
            below = slash + below
            if tenant and below.startswith(tail):
                found = self._at(below[len(tail) :])
                if found and found[0] is dialect:
                    return Address(dialect, tenant, found[1], before, found[2])
        found = self._at(path)
        return found and Address(found[0], None, found[1], "", found[2])

    def _at(self, path: str) -> tuple[Dialect, str, str] | None:
        first = path[1:].partition("/")[0]
        best: _Place | None = None
        for base, dialect in self._exact.get(first, ()):
            if path.startswith(base) and path[len(base) : len(base) + 1] in ("", "/"):
                best = _Place(base, dialect)
                break
        if self._folded and (places := self._folded.get(first.lower())):
            lower = path.lower()
            for base, dialect in places:
                longer = best is None or len(base) > len(best.base)
                if longer and lower.startswith(base) and lower[len(base) : len(base) + 1] in ("", "/"):
                    best = _Place(base, dialect)
                    break
        return best and (best.dialect, path[len(best.base) :], best.base)


_map = lru_cache(16)(_Map)


def find_address(dialects: tuple[Dialect, ...], path: str) -> Address | None:
    """The dialect that answers at a path; the longest base that fits wins. None: nobody does.

    >>> from rollbook.dialects.model import standard
    >>> find_address((standard(),), "/t/acorn/scim/v2/Users").tenant
    'acorn'
    """
    return _map(dialects).find(path)
