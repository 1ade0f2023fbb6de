"""Each number under which Releezme is described has a test that is named after it, and so has each departure.

R: what the vendor says. P: what its clients and pages show. U: what nobody says, and is our choice. Those that are not
here are about lockers and transfers (R16, R26, P5, P6, P8 to P10).
"""

import re
from pathlib import Path

from rollbook.dialects.loading import catalog

HERE = Path(__file__).parent
NUMBERS = {
    *(f"R{n}" for n in range(1, 26) if n != 16),
    *(f"P{n}" for n in (1, 2, 3, 4, 7, 11)),
    *(f"U{n}" for n in range(1, 18)),
}


def numbers_tested() -> set[str]:
    names = [file.stem for file in (HERE / "conversations" / "releezme").glob("*.http")]
    for file in HERE.glob("test_releezme_*.py"):
        names += re.findall(r"def test_(\w+)", file.read_text("utf-8"))
    numbers = [re.match(r"(?:[rpu]\d+_)*", name) for name in names]
    return {f"{part[0].upper()}{int(part[1:])}" for found in numbers if found for part in found[0].split("_") if part}


def test_every_number_has_its_test() -> None:
    assert numbers_tested() >= NUMBERS, sorted(NUMBERS - numbers_tested())


def test_every_departure_and_every_choice_has_its_test() -> None:
    (releezme,) = (dialect for dialect in catalog() if dialect.name == "releezme")
    ids = [departure.id for departure in releezme.departures]
    assert len(ids) == len(set(ids)) > 15
    assert set(ids) <= numbers_tested()
    assert {departure.id for departure in releezme.departures if departure.choice} == {
        i for i in ids if i[0] == "U"
    } - {"U3"}
