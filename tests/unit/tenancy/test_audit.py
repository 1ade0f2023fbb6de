"""Reading what happened: moments, and events as JSON."""

import pytest

from rollbook.events import Event, Kind
from rollbook.tenancy.audit import InvalidTime, as_json, read_moment


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2026-01-31", "2026-01-31T00:00:00.000Z"),
        ("2026-01-31T08:00", "2026-01-31T08:00:00.000Z"),
        ("2026-01-31 08:00:00", "2026-01-31T08:00:00.000Z"),
        ("2026-01-31T08:00:00.123Z", "2026-01-31T08:00:00.123Z"),
        ("2026-01-31T08:00:00+05:30", "2026-01-31T02:30:00.000Z"),
        ("0001-01-01", "0001-01-01T00:00:00.000Z"),
    ],
)
def test_a_time_without_a_zone_is_utc_and_one_with_a_zone_is_turned_into_it(text: str, written: str) -> None:
    assert read_moment(text) == written


@pytest.mark.parametrize(
    "text", ["", "yesterday", "31.01.2026", "2026-02-30", "2026-01-31T25:00", "2026-W05-6", "20260131", "٢٠٢٦-01-31"]
)
def test_what_is_no_time_is_refused_with_how_to_write_one(text: str) -> None:
    with pytest.raises(InvalidTime, match="2026-01-31T08:00:00Z"):
        read_moment(text)


@pytest.mark.parametrize("text", ["0001-01-01T00:00+01:00", "9999-12-31T23:59-01:00"])
def test_a_time_outside_the_calendar_is_refused(text: str) -> None:
    with pytest.raises(InvalidTime):
        read_moment(text)


def test_an_event_as_json_has_every_field() -> None:
    event = Event("e1", "2026-01-31T08:00:00.000Z", Kind.RESOURCE_MODIFIED, "token:t1", attributes=("title",))
    answer = as_json(event)
    assert answer["kind"] == "resource:modify"
    assert answer["attributes"] == ["title"]
    assert len(answer) == len(Event.__slots__)
