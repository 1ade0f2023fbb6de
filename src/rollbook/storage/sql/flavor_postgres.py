"""How PostgreSQL spells it.

Numbers and booleans stay ``jsonb`` while they are compared: ``jsonb`` compares numbers exactly and its comparison never
fails, whereas a cast would fail the whole statement on a value of another type.
"""

import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from rollbook.scim.binding import Operand
from rollbook.scim.filter import Operator
from rollbook.storage.sql.flavor import SIGNS, Convert, Keys, Kind, Scalar


def _number(operand: Operand) -> Decimal:
    """The number as written: the shortest decimal of a float is also how it stands in the document."""
    return Decimal(operand) if isinstance(operand, int) else Decimal(repr(operand))


def _id(operand: Operand) -> str | None:
    """An id, or None where the text is not the written form of one (then it equals no id)."""
    text = str(operand)
    try:
        return text if str(uuid.UUID(text)) == text else None
    except ValueError:
        return None


_PLACEHOLDERS: Final[Mapping[Kind, str]] = {
    Kind.TEXT: "${}::text",
    Kind.NUMBER: "to_jsonb(${}::numeric)",
    Kind.BOOLEAN: "to_jsonb(${}::boolean)",
    Kind.ID: "${}::uuid",
}

_JSON: Final = frozenset((Kind.NUMBER, Kind.BOOLEAN))
"""What is compared as JSON; an edge holds its text."""


class PostgresFlavor:
    name: Final = "postgres"
    converters: Final[Mapping[Kind, Convert | None]] = {
        Kind.TEXT: None,
        Kind.NUMBER: _number,
        Kind.BOOLEAN: bool,
        Kind.ID: _id,
    }

    def placeholder(self, number: int, kind: Kind) -> str:
        return _PLACEHOLDERS[kind].format(number)

    def literal(self, text: str) -> str:
        if "\\" in text:  # right under either setting of standard_conforming_strings
            return "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
        return "'" + text.replace("'", "''") + "'"

    def _at(self, base: str, keys: Keys) -> str:
        return base + "".join("->" + self._key(key) for key in keys)

    def _key(self, key: str | int) -> str:
        return str(key) if isinstance(key, int) else self.literal(key)

    def value(self, base: str, keys: Keys, kind: Kind) -> str:
        if kind is not Kind.TEXT:
            return f"({self._at(base, keys)})" if keys else base
        if not keys:
            return f"({base} #>> '{{}}')"
        return f"({self._at(base, keys[:-1])}->>{self._key(keys[-1])})"

    def exists(self, base: str, keys: Keys) -> str:
        return f"(({self._at(base, keys)}) IS NOT NULL)"

    def is_true(self, base: str, keys: Keys) -> str:
        return f"(({self._at(base, keys)}) IS NOT DISTINCT FROM 'true'::jsonb)"

    def elements(self, base: str, keys: Keys, alias: str) -> str:
        at = self._at(base, keys)
        array = f"CASE jsonb_typeof({at}) WHEN 'array' THEN {at} END"  # of anything else it would fail
        return f"jsonb_array_elements({array}) WITH ORDINALITY {alias}(value, position)"

    def element(self, alias: str) -> str:
        return f"{alias}.value"

    def position(self, alias: str) -> str:
        return f"{alias}.position"

    def id_text(self, sql: str) -> str:
        return f"{sql}::text"

    def unindexed(self, sql: str) -> str:
        return sql

    def compare(self, scalar: Scalar, operator: Operator, operand: str) -> str:
        sql = scalar.sql
        match operator:
            case Operator.CO:
                return f"(strpos({sql}, {operand}) > 0)"
            case Operator.SW:
                return f"starts_with({sql}, {operand})"
            case Operator.EW:
                return f"(right({sql}, length({operand})) = {operand})"
            case Operator.EQ | Operator.NE:
                return f"({sql} {SIGNS[operator]} {operand})"
        return f"({self._collated(scalar)} {SIGNS[operator]} {operand})"

    def ordered(self, scalar: Scalar, *, descending: bool) -> str:
        # NULL is the greatest value by default: last when ascending, first when descending
        return self._collated(scalar) + (" DESC" if descending else "")

    def edge(self, number: int, kind: Kind) -> str:
        return f"${number}::text::jsonb" if kind in _JSON else _PLACEHOLDERS[kind].format(number)

    def edge_value(self, scalar: Scalar) -> str:
        return scalar.sql if scalar.kind is Kind.TEXT else f"({scalar.sql})::text"

    def _collated(self, scalar: Scalar) -> str:
        by_code_point = scalar.column or scalar.kind is not Kind.TEXT
        return scalar.sql if by_code_point else f'{scalar.sql} COLLATE "C"'


POSTGRES: Final = PostgresFlavor()
