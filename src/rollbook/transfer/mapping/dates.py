"""Days as the sources write them. The day of the run is a parameter, never the clock's."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache

ISO = "YYYY-MM-DD"
_PARTS = {"YYYY": "(?P<Y>[0-9]{4})", "MM": "(?P<M>[0-9]{1,2})", "DD": "(?P<D>[0-9]{1,2})"}
_LETTERS = re.compile("YYYY|MM|DD")
_MOMENT = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})(?:$|[T ]?[0-9]{2}.*)", re.ASCII)


def reader(form: str) -> Callable[[str], date]:
    """What reads days in a form (``DD.MM.YYYY``). In the form ``YYYY-MM-DD`` a time of day may follow, and the lines
    between may be missing. What it gives **raises** ``ValueError``. **Raises** ``ValueError`` for what is no form.

    >>> reader("DD.MM.YYYY")("1.9.2026"), reader(ISO)("20260901120000Z")
    (datetime.date(2026, 9, 1), datetime.date(2026, 9, 1))
    """
    if form == ISO:
        return _iso
    if sorted(_LETTERS.findall(form)) != ["DD", "MM", "YYYY"]:
        raise ValueError("is no form of a day")
    pattern = re.compile("".join(_PARTS.get(piece) or re.escape(piece) for piece in re.split("(YYYY|MM|DD)", form)))

    @lru_cache(4096)
    def read(text: str) -> date:
        found = pattern.fullmatch(text.strip())
        if found is None:
            raise ValueError("is no day")
        return date(int(found["Y"]), int(found["M"]), int(found["D"]))

    return read


@lru_cache(4096)
def _iso(text: str) -> date:
    found = _MOMENT.fullmatch(text.strip())
    if found is None:
        raise ValueError("is no day")
    return date(*(int(part) for part in found.groups()))


def later(day: date, days: int) -> date:
    """So many days later; the last day there is where that is none."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.max if days > 0 else date.min
