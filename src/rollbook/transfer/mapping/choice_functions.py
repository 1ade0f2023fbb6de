"""Functions that choose, gather and test."""

from collections.abc import Callable, Sequence

from rollbook.transfer.mapping.errors import BadExpression
from rollbook.transfer.mapping.values import (
    Argument,
    Closure,
    Maker,
    Row,
    Surroundings,
    Value,
    nearest,
    text,
    texts,
    truth,
)


def default(arguments: Sequence[Argument], surroundings: Surroundings) -> Closure:
    closures = [argument.closure for argument in arguments]

    def closure(row: Row) -> Value:
        value: Value = ""
        for inner in closures:
            value = inner(row)
            if value.__class__ is bool or texts(value):
                return value
        return value

    return closure


def lookup(arguments: Sequence[Argument], surroundings: Surroundings) -> Closure:
    inner, name = arguments[0].closure, arguments[1].constant or ""
    table = surroundings.tables.get(name)
    if table is None:
        near = nearest(name, surroundings.tables)
        right = f"the nearest is {near}" if near else f"make one: [lookup.{name}]"
        raise BadExpression(f"there is no table {name}", arguments[1].position, right)
    otherwise = arguments[2].closure if len(arguments) > 2 else None
    exact = dict(table)
    folded = {key.casefold(): value for key, value in reversed(exact.items())}

    def find(key: str, row: Row) -> Sequence[str]:
        value = exact.get(key)
        if value is None:
            value = folded.get(key.casefold())
        if value is None and otherwise is not None:
            return texts(otherwise(row))
        return () if value is None else (value,) if isinstance(value, str) else value

    def closure(row: Row) -> Value:
        value = inner(row)
        keys = texts(value) or ([""] if "" in exact or otherwise is not None else ())
        found = list(dict.fromkeys(one for key in keys for one in find(key, row)))
        return found if len(found) > 1 else found[0] if found else ""

    return closure


def join(arguments: Sequence[Argument], surroundings: Surroundings) -> Closure:
    glue = arguments[-1].constant or ""
    closures = [argument.closure for argument in arguments[:-1]]
    return lambda row: glue.join(one for inner in closures for one in texts(inner(row)))


def split(arguments: Sequence[Argument], surroundings: Surroundings) -> Closure:
    inner, by = arguments[0].closure, arguments[1].constant or ""
    if not by:
        raise BadExpression("there is nothing to split by", arguments[1].position, "give a character: split(x, ';')")

    def closure(row: Row) -> Value:
        return [piece for one in texts(inner(row)) for part in one.split(by) if (piece := part.strip())]

    return closure


def gather(arguments: Sequence[Argument], surroundings: Surroundings) -> Closure:
    closures = [argument.closure for argument in arguments]
    return lambda row: list(dict.fromkeys(one for inner in closures for one in texts(inner(row))))


def first(arguments: Sequence[Argument], surroundings: Surroundings) -> Closure:
    inner = arguments[0].closure

    def closure(row: Row) -> Value:
        found = texts(inner(row))
        return found[0] if found else ""

    return closure


def choose(arguments: Sequence[Argument], surroundings: Surroundings) -> Closure:
    condition, yes = arguments[0].closure, arguments[1].closure
    no = arguments[2].closure if len(arguments) > 2 else lambda row: ""
    return lambda row: yes(row) if truth(condition(row)) else no(row)


def tests(test: Callable[[str], Callable[[str], object]]) -> Maker:
    def make(arguments: Sequence[Argument], surroundings: Surroundings) -> Closure:
        inner, holds = arguments[0].closure, test(arguments[1].constant or "")
        return lambda row: any(holds(one) for one in texts(inner(row)))

    return make


def beginning(part: str) -> Callable[[str], object]:
    return lambda value: value.startswith(part)


def ending(part: str) -> Callable[[str], object]:
    return lambda value: value.endswith(part)


def contains(arguments: Sequence[Argument], surroundings: Surroundings) -> Closure:
    inner, part = arguments[0].closure, arguments[1].closure

    def closure(row: Row) -> Value:
        wanted = text(part(row)).casefold()
        return any(wanted in one.casefold() for one in texts(inner(row)))

    return closure


def one_of(arguments: Sequence[Argument], surroundings: Surroundings) -> Closure:
    inner, others = arguments[0].closure, [argument.closure for argument in arguments[1:]]

    def closure(row: Row) -> Value:
        here = texts(inner(row))
        return any(one in here for other in others for one in texts(other(row)))

    return closure


def given(arguments: Sequence[Argument], surroundings: Surroundings) -> Closure:
    inner = arguments[0].closure
    return lambda row: any(one.strip() for one in texts(inner(row)))


def yes(arguments: Sequence[Argument], surroundings: Surroundings) -> Closure:
    inner = arguments[0].closure
    return lambda row: truth(inner(row))
