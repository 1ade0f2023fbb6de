"""Functions of days: windows around the day of the run."""

from collections.abc import Callable, Sequence
from datetime import date

from rollbook.transfer.mapping.dates import ISO, later, reader
from rollbook.transfer.mapping.errors import BadValue
from rollbook.transfer.mapping.text_functions import whole
from rollbook.transfer.mapping.values import Argument, Closure, Row, Surroundings, Value, text


def _day(argument: Argument, form: str) -> Callable[[Row], date | None]:
    read = reader(form)

    def closure(row: Row) -> date | None:
        written = text(argument.closure(row)).strip()
        if not written:
            return None
        try:
            return read(written)
        except ValueError:
            raise BadValue(f"is no day written {form}") from None

    return closure


def _form(arguments: Sequence[Argument], index: int) -> str:
    return (arguments[index].constant or "") if len(arguments) > index else ISO


def between(arguments: Sequence[Argument], surroundings: Surroundings) -> Closure:
    form = _form(arguments, 2)
    start, end, today = _day(arguments[0], form), _day(arguments[1], form), surroundings.today

    def closure(row: Row) -> Value:
        begun, ended = start(row), end(row)
        return (begun is None or begun <= today) and (ended is None or today <= ended)

    return closure


def since(arguments: Sequence[Argument], surroundings: Surroundings) -> Closure:
    day, today = _day(arguments[0], _form(arguments, 1)), surroundings.today
    return lambda row: (found := day(row)) is not None and found <= today


def until(arguments: Sequence[Argument], surroundings: Surroundings) -> Closure:
    day, today = _day(arguments[0], _form(arguments, 1)), surroundings.today
    return lambda row: (found := day(row)) is None or today <= found


def written(arguments: Sequence[Argument], surroundings: Surroundings) -> Closure:
    day = _day(arguments[0], _form(arguments, 1))
    return lambda row: "" if (found := day(row)) is None else found.isoformat()


def plus(arguments: Sequence[Argument], surroundings: Surroundings) -> Closure:
    day, days = _day(arguments[0], _form(arguments, 2)), whole(arguments[1].constant or "")
    return lambda row: "" if (found := day(row)) is None else later(found, days).isoformat()


def today(arguments: Sequence[Argument], surroundings: Surroundings) -> Closure:
    written = surroundings.today.isoformat()
    return lambda row: written
