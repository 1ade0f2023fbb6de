"""How SQLite spells it (JSONB functions; ``jsonb_each`` needs 3.51)."""

import json
import math
from collections.abc import Mapping
from typing import Final

from rollbook.scim.binding import Operand
from rollbook.scim.filter import Operator
from rollbook.storage.sql.flavor import SIGNS, Convert, Keys, Kind, Scalar


def _number(operand: Operand) -> int | float:
    """A number that fits into a column: SQLite's integers have 64 bits, and it compares integers and floats exactly."""
    if isinstance(operand, float):
        return operand
    number = int(operand)
    if -(1 << 63) <= number < 1 << 63:
        return number
    return math.inf if number > 0 else -math.inf


def _path(keys: Keys) -> str:
    """A JSON path as a literal of SQL; the keys in it are JSON strings, so any character may stand in them."""
    path = "$" + "".join(f"[{k}]" if isinstance(k, int) else "." + json.dumps(k, ensure_ascii=False) for k in keys)
    return "'" + path.replace("'", "''") + "'"


class SQLiteFlavor:
    name: Final = "sqlite"
    converters: Final[Mapping[Kind, Convert | None]] = {
        Kind.TEXT: None,
        Kind.NUMBER: _number,
        Kind.BOOLEAN: int,
        Kind.ID: None,
    }

    def placeholder(self, number: int, kind: Kind) -> str:
        return f"?{number}"

    def literal(self, text: str) -> str:
        return "'" + text.replace("'", "''") + "'"

    def value(self, base: str, keys: Keys, kind: Kind) -> str:
        return f"json_extract({base}, {_path(keys)})" if keys else base

    def exists(self, base: str, keys: Keys) -> str:
        return f"(json_type({base}, {_path(keys)}) IS NOT NULL)"

    def is_true(self, base: str, keys: Keys) -> str:
        return f"(json_extract({base}, {_path(keys)}) IS 1)"

    def elements(self, base: str, keys: Keys, alias: str) -> str:
        return f"jsonb_each({base}, {_path(keys)}) {alias}"

    def element(self, alias: str) -> str:
        return f"{alias}.value"

    def position(self, alias: str) -> str:
        return f"{alias}.key"

    def id_text(self, sql: str) -> str:
        return sql

    def unindexed(self, sql: str) -> str:
        # Without statistics SQLite takes every index for short, and would walk the tenant to save itself a sort.
        return f"+{sql}"

    def compare(self, scalar: Scalar, operator: Operator, operand: str) -> str:
        sql = scalar.sql
        match operator:
            case Operator.CO:
                return f"(instr({sql}, {operand}) > 0)"
            case Operator.SW:
                return f"(substr({sql}, 1, length({operand})) = {operand})"
            case Operator.EW:  # a start of 0 or less would count from the other end
                start = f"length({sql}) - length({operand}) + 1"
                return f"(length({sql}) >= length({operand}) AND substr({sql}, {start}) = {operand})"
        return f"({sql} {SIGNS[operator]} {operand})"

    def ordered(self, scalar: Scalar, *, descending: bool) -> str:
        if scalar.required:
            return f"{scalar.sql} DESC" if descending else scalar.sql
        return f"{scalar.sql} DESC NULLS FIRST" if descending else f"{scalar.sql} NULLS LAST"

    def edge(self, number: int, kind: Kind) -> str:
        return f"?{number}"

    def edge_value(self, scalar: Scalar) -> str:
        return scalar.sql


SQLITE: Final = SQLiteFlavor()
