"""Door numbers as people write them: ``001-120, A07, B01-B20``. The zeros of the first number set the width."""

import re
from collections.abc import Iterable, Iterator

MOST = 20_000
"""Doors in one text."""

_RANGE = re.compile(r"(?P<head>.*?)(?P<first>\d{1,9})\s*-\s*(?P<again>.*?)(?P<last>\d{1,9})(?P<tail>\D*)")
_NUMBERED = re.compile(r"(?P<head>.*?)(?P<digits>\d{1,9})")


def expanded(text: str) -> list[str]:
    """The numbers of a text. **Raises** ``ValueError``, saying what is wrong.

    >>> expanded("08-11, A1")
    ['08', '09', '10', '11', 'A1']
    """
    numbers: list[str] = []
    for part in text.split(","):
        piece = part.strip()
        if not piece:
            raise ValueError("there is a comma with no number beside it")
        found = _RANGE.fullmatch(piece)
        if found is None or found["again"] not in ("", found["head"]) or found["tail"]:
            numbers.append(piece)
            continue
        first, last = int(found["first"]), int(found["last"])
        if last < first:
            raise ValueError("a range goes from the lower number to the higher one")
        if len(numbers) + last - first >= MOST:
            raise ValueError(f"these are more than {MOST} numbers")
        width = len(found["first"])
        numbers += [f"{found['head']}{number:0{width}d}" for number in range(first, last + 1)]
    return numbers


def compressed(numbers: Iterable[str]) -> str:
    """The shortest text that ``expanded`` makes these numbers of, in their order.

    >>> compressed(["08", "09", "10", "12", "A1"])
    '08-10, 12, A1'
    """
    return ", ".join(_runs(numbers))


def _runs(numbers: Iterable[str]) -> Iterator[str]:
    run: list[str] = []
    for number in numbers:
        if run and number != _next(run[-1], len(_digits(run[0]))):
            yield _said(run)
            run = []
        run.append(number)
    if run:
        yield _said(run)


def _said(run: list[str]) -> str:
    return run[0] if len(run) == 1 else f"{run[0]}-{_digits(run[-1])}" if len(run) > 2 else ", ".join(run)


def _digits(number: str) -> str:
    found = _NUMBERED.fullmatch(number)
    return found["digits"] if found else ""


def _next(number: str, width: int) -> str | None:
    found = _NUMBERED.fullmatch(number)
    if found is None or "-" in found["head"] or "," in found["head"] or not width:
        return None
    return f"{found['head']}{int(found['digits']) + 1:0{width}d}"


def is_plain(number: str) -> bool:
    """Whether a number stands for itself alone in such a text."""
    try:
        return expanded(number) == [number]
    except ValueError:
        return False
