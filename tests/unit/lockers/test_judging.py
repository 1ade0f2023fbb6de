"""When a link holds, and what follows from several."""

from dataclasses import replace
from typing import Any

import pytest

from rollbook.lockers.judging import holds, may
from rollbook.storage.locker_contract import Ground
from rollbook.storage.locker_records import DENY, Link, Right

LINK = Link(id="k", user_group_id="g", locker_group_id="l")
FRI, SAT, SUN = 1 << 4, 1 << 5, 1 << 6
BERLIN = "Europe/Berlin"


def ground(held: int = 0, **fields: Any) -> Ground:
    return Ground(replace(LINK, **fields), BERLIN, held)


@pytest.mark.parametrize(
    ("fields", "at", "expected"),
    [
        ({}, "2026-01-31T08:00:00.000Z", True),
        ({"valid_from": "2026-01-31T08:00:00.000Z"}, "2026-01-31T08:00:00.000Z", True),
        ({"valid_from": "2026-01-31T08:00:00.001Z"}, "2026-01-31T08:00:00.000Z", False),
        ({"valid_until": "2026-01-31T08:00:00.000Z"}, "2026-01-31T08:00:00.000Z", False),
        ({"valid_until": "2026-01-31T08:00:00.001Z"}, "2026-01-31T08:00:00.000Z", True),
        # 2026-01-30 is a Friday; Berlin is an hour ahead.
        ({"days": FRI}, "2026-01-30T22:59:59.999Z", True),
        ({"days": FRI}, "2026-01-30T23:00:00.000Z", False),
        ({"days": SAT}, "2026-01-30T23:00:00.000Z", True),
        ({"from_minute": 480, "until_minute": 1080}, "2026-01-30T07:00:00.000Z", True),
        ({"from_minute": 480, "until_minute": 1080}, "2026-01-30T06:59:59.999Z", False),
        ({"from_minute": 480, "until_minute": 1080}, "2026-01-30T17:00:00.000Z", False),
        # The night from Friday to Saturday.
        ({"days": FRI, "from_minute": 1320, "until_minute": 360}, "2026-01-30T21:00:00.000Z", True),
        ({"days": FRI, "from_minute": 1320, "until_minute": 360}, "2026-01-31T04:59:00.000Z", True),
        ({"days": FRI, "from_minute": 1320, "until_minute": 360}, "2026-01-31T05:00:00.000Z", False),
        ({"days": FRI, "from_minute": 1320, "until_minute": 360}, "2026-01-30T04:00:00.000Z", False),
        ({"days": SUN, "from_minute": 1320, "until_minute": 360}, "2026-02-02T04:00:00.000Z", True),
        # The same end as beginning: a day and a night from there on.
        ({"days": FRI, "from_minute": 720, "until_minute": 720}, "2026-01-30T11:00:00.000Z", True),
        ({"days": FRI, "from_minute": 720, "until_minute": 720}, "2026-01-31T10:59:00.000Z", True),
        ({"days": FRI, "from_minute": 720, "until_minute": 720}, "2026-01-31T11:00:00.000Z", False),
        # Clocks go forward on 2026-03-29: 02:30 is not there, and 01:30 UTC is 03:30.
        ({"from_minute": 150, "until_minute": 180}, "2026-03-29T01:30:00.000Z", False),
        ({"from_minute": 180, "until_minute": 240}, "2026-03-29T01:30:00.000Z", True),
    ],
)
def test_a_link_holds_at_its_times(fields: dict[str, Any], at: str, expected: bool) -> None:
    assert holds(replace(LINK, **fields), BERLIN, at) is expected


NOW = "2026-01-31T08:00:00.000Z"
PAST: dict[str, Any] = {"valid_until": "2026-01-01T00:00:00.000Z"}


@pytest.mark.parametrize(
    ("grounds", "expected"),
    [
        ([], "noLink"),
        ([ground()], None),
        ([ground(rights=2)], "noRight"),
        ([ground(**PAST)], "notNow"),
        ([ground(), ground(effect=DENY)], "denied"),
        ([ground(), ground(effect=DENY, rights=2)], None),
        ([ground(), ground(effect=DENY, **PAST)], None),
        ([ground(effect=DENY, rights=2)], "noRight"),
        ([ground(1, max_lockers=1)], "quota"),
        ([ground(0, max_lockers=1)], None),
        ([ground(1, max_lockers=1), ground(1, max_lockers=2)], None),
        ([ground(5, max_lockers=1), ground(5)], None),
        ([ground(1, max_lockers=1), ground(**PAST)], "quota"),
    ],
)
def test_links_are_judged_together(grounds: list[Ground], expected: str | None) -> None:
    assert may(grounds, Right.USE, NOW, another=True) == expected


def test_who_gets_no_more_is_not_counted() -> None:
    assert may([ground(3, max_lockers=1)], Right.USE, NOW) is None
