"""The parameters of a statement: which operand stands at which number, and how it gets its form.

A statement's text is made once for a shape; the parameters are made for every query. So a text comes with *sources*:
for each parameter where its value comes from.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from rollbook.scim.binding import Operand
from rollbook.storage.records import INDEX_VALUE_LIMIT, Query
from rollbook.storage.sql.flavor import Flavor, Kind

LOCATION_BASE: Final = -1
"""In place of an operand's position: ``Query.location_base``."""

Form = Callable[[Operand], Operand]
"""What an index lookup makes of an operand before it goes to the driver."""


class Source(NamedTuple):
    """Where one parameter comes from: the position of the target in the query, of the operand in its filter."""

    target: int
    operand: int
    convert: Callable[[Operand], object] | None


class Slots:
    """Gives out placeholders, one for each different use of an operand, numbered from ``first``."""

    def __init__(self, flavor: Flavor, first: int) -> None:
        self._flavor = flavor
        self._first = first
        self._numbers: dict[tuple[int, int, Kind, Form | None], int] = {}
        self.sources: list[Source] = []

    @property
    def count(self) -> int:
        """How many parameters there are so far."""
        return len(self.sources)

    def forget(self, count: int) -> None:
        """Go back to the first ``count`` parameters: what was made with the others is not used."""
        del self.sources[count:]
        self._numbers = {key: number for key, number in self._numbers.items() if number < self._first + count}

    def placeholder(self, target: int, operand: int, kind: Kind, form: Form | None = None) -> str:
        """The placeholder of an operand in a form, as an expression of that kind."""
        key = (target, operand, kind, form)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = self._first + len(self.sources)
            self.sources.append(Source(target, operand, form or self._flavor.converters[kind]))
        return self._flavor.placeholder(number, kind)


def parameters(query: Query, sources: tuple[Source, ...]) -> list[object]:
    """The values of the parameters, in their order."""
    values: list[object] = []
    for target, operand, convert in sources:
        if operand == LOCATION_BASE:
            values.append(query.location_base)
            continue
        bound = query.targets[target].filter
        assert bound is not None
        value = bound.operands[operand]
        values.append(value if convert is None else convert(value))
    return values


def shortened(operand: Operand) -> str:
    """As much of a text as an index row keeps."""
    return str(operand)[:INDEX_VALUE_LIMIT]


_LAST = "\U0010ffff"
_BEYOND = _LAST * 4096
"""After every text that begins with a row of last code points, unless it is longer than any key is."""


def after_prefix(operand: Operand) -> str:
    """The smallest text that is greater than every text with this prefix, by code point.

    >>> after_prefix("smit"), after_prefix("a" + chr(0x10FFFF)), after_prefix(chr(0xD7FF)) == chr(0xE000)
    ('smiu', 'b', True)
    """
    kept = str(operand).rstrip(_LAST)
    if not kept:
        return _BEYOND
    code = ord(kept[-1]) + 1
    return kept[:-1] + chr(0xE000 if code == 0xD800 else code)
