"""Made-up people over three days, for proving a transfer: joiners, movers, leavers, renames, returners, and rows that
are broken. The same seed makes the same people on every machine.

A ``Day`` says what its file holds and what a right transfer makes of it: ``wanted`` by key, and the keys that are
``held``: their row is broken, or stands twice, so whoever has them stays as he was the day before.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from random import Random

DAYS = ("2026-03-02", "2026-03-03", "2026-03-04")
DEPARTMENTS = ("Board", "Engineering", "Finance", "Laboratory", "Legal", "Logistics", "People", "Sales", "Support")
_FIRST = ("Ann", "Bo", "Cleo", "Dörte", "Emre", "Fatou", "Goran", "Hana", "Inés", "Jürgen", "Kofi", "Līga", "Noor")
_LAST = (
    "Archer",
    "Birch",
    "Çelik",
    "D'Amato",
    "Ekström",
    "Fairweather",
    "González",
    "Hollis",
    "Ito",
    "Jansen",
    "O Neill",
)
_STRAYS = 3
"""Kinds of rows of nobody; the first bears the key of somebody."""
_PLAIN = str.maketrans("öéüīÇö áñ", "oeuiCo_an")


@dataclass(frozen=True, slots=True)
class Person:
    """One row. The names of the fields are the columns of the file."""

    id: str
    login: str
    first: str
    last: str
    mail: str
    department: str
    badge: str
    active: str
    start: str
    end: str


COLUMNS = tuple(field.name for field in fields(Person))


@dataclass(frozen=True, slots=True)
class Day:
    """One day. ``rows`` are the lines of the file, in order; ``wanted`` the people of its good rows."""

    date: str
    rows: tuple[bytes, ...]
    wanted: Mapping[str, Person]
    held: frozenset[str]
    bad: int
    """Rows that cannot be used."""

    def write(self, path: Path) -> None:
        """Write the file: CSV with a heading, in UTF-8 but for its broken rows."""
        path.write_bytes(_line(COLUMNS) + b"".join(self.rows))


def three_days(count: int = 5000, *, seed: int = 7, broken: bool = True) -> tuple[Day, Day, Day]:
    """The three days. On the second and third about 2 % join, 2 % leave, 3 % move, 1 % are renamed, 1 % are switched
    off, and some who left come back; with ``broken``, about 1 % of the rows cannot be used."""
    chance = Random(seed)  # noqa: S311 - made-up people, the same every time
    people = {one.id: one for one in (_person(number, chance) for number in range(count))}
    gone: dict[str, Person] = {}
    days = [_day(0, people, chance, broken=broken)]
    for number in (1, 2):
        people, gone = _next(people, gone, count * number, chance)
        days.append(_day(number, people, chance, broken=broken))
    return days[0], days[1], days[2]


def _person(number: int, chance: Random) -> Person:
    first, last = chance.choice(_FIRST), chance.choice(_LAST)
    login = f"{first}.{last}{number}".translate(_PLAIN).replace("'", "").replace("ī", "i")
    return Person(
        id=f"{number + 1:07d}",
        login=login.swapcase() if number % 17 == 0 else login,
        first=first,
        last=last,
        mail=f"{login.lower()}@acorn.example",
        department=chance.choice(DEPARTMENTS),
        badge=f"{number * 37 + 11:010d}",
        active="no" if number % 50 == 49 else "yes",
        start="2020-01-01",
        end="" if number % 10 else "2030-12-31",
    )


def _next(
    people: Mapping[str, Person], gone: Mapping[str, Person], first: int, chance: Random
) -> tuple[dict[str, Person], dict[str, Person]]:
    """The people of the next day, and those who are gone by then."""
    keys = sorted(people)
    chance.shuffle(keys)
    share = max(len(keys) // 100, 1)
    leaving, moving, named, off = (keys[a * share : b * share] for a, b in ((0, 2), (2, 5), (5, 6), (6, 7)))
    after = {key: one for key, one in people.items() if key not in set(leaving)}
    for key in moving:
        others = [name for name in DEPARTMENTS if name != after[key].department]
        after[key] = replace(
            after[key], department=chance.choice(others), badge=str(int(after[key].badge) + 1).zfill(10)
        )
    for key in named:
        login = f"{after[key].login}.x"
        after[key] = replace(
            after[key], last=f"{after[key].last}-Birch", login=login, mail=f"{login.lower()}@acorn.example"
        )
    for key in off:
        after[key] = replace(after[key], active="no" if after[key].active == "yes" else "yes")
    back = sorted(gone)[: max(share // 2, 1)]
    after |= {key: gone[key] for key in back}
    joined = (_person(100_000 + first + number, chance) for number in range(2 * share))
    after |= {one.id: one for one in joined}
    left = {key: one for key, one in gone.items() if key not in back} | {key: people[key] for key in leaving}
    return after, left


def _day(number: int, people: Mapping[str, Person], chance: Random, *, broken: bool) -> Day:
    order = sorted(people)
    chance.shuffle(order)
    cells = {key: tuple(getattr(people[key], name) for name in COLUMNS) for key in order}
    rows = [_line(cells[key]) for key in order]
    if not broken:
        return Day(DAYS[number], tuple(rows), dict(people), frozenset(), 0)
    spoilt = order[:: max(len(order) // 20, 2)] if number else []
    held = dict.fromkeys(spoilt)
    for index, key in enumerate(spoilt):
        rows[order.index(key)] = _spoilt(cells[key], index)
    among = [key for key in order[1 : len(order) // 100 + 3] if key not in held]
    extra = list(_stray(number, [cells[key] for key in among]))
    bad = len(held) + len(extra)
    twice = among[::_STRAYS]
    held |= dict.fromkeys(twice)
    wanted = {key: one for key, one in people.items() if key not in held}
    return Day(DAYS[number], (*rows, *extra), wanted, frozenset(held), bad + len(twice))


def _spoilt(cells: Sequence[str], kind: int) -> bytes:
    """A row whose key can be read, and which cannot be used all the same."""
    match kind % 3:
        case 0:
            return _line([*cells, "one", "too", "many"])
        case 1:
            return _line(cells[:4])
    return _line([*cells[:2], "F", *cells[3:]]).replace(b",F,", b",\xff\xfe,", 1)


def _stray(number: int, there: Sequence[Sequence[str]]) -> Iterator[bytes]:
    """Rows of nobody: a key that stands above already, no key at all, half a row."""
    for index, cells in enumerate(there):
        match index % _STRAYS:
            case 0:
                yield _line([cells[0], f"copy{number}.{index}", *cells[2:]])
            case 1:
                yield _line(["", *cells[1:]])
            case 2:
                yield _line([f"x{number}{index}", "half"])


def _line(cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().encode()
