"""The parts of the face that know nothing but their values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.releezme_face.calling import Page, as_id, moment, whole
from rollbook.releezme_face.refusing import Refused
from rollbook.releezme_face.rows import Router, Row
from rollbook.releezme_face.shapes import door


@given(st.integers(0, 50), st.integers(1, 12))
def test_whoever_walks_while_there_is_a_next_page_sees_everything_once(total: int, size: int) -> None:
    seen: list[int] = []
    number = 1
    while True:
        page = Page(number, size)
        shown = page.shown(total)
        items = list(range(total))[page.offset : page.offset + size]
        seen += items
        assert shown["IsFirstPage"] == (number == 1) == (not shown["HasPreviousPage"])
        assert shown["IsLastPage"] == (not shown["HasNextPage"])
        assert (shown["PageNumber"], shown["PageSize"], shown["TotalItemCount"]) == (number, size, total)
        if items:
            assert (shown["FirstItemOnPage"], shown["LastItemOnPage"]) == (items[0] + 1, items[-1] + 1)
        else:
            assert (shown["FirstItemOnPage"], shown["LastItemOnPage"]) == (0, 0)
        if not shown["HasNextPage"]:
            break
        number += 1
    assert seen == list(range(total))
    assert number == max(shown["PageCount"], 1)


@given(st.text(max_size=32))
def test_a_number_on_a_door_is_its_parts(number: str) -> None:
    parts = door(number)
    if parts.digits:
        assert f"{parts.prefix}{parts.number:0{parts.digits}d}" == number
    else:
        assert (parts.prefix, parts.number) == (number, 0)
    assert parts.number < 2**31


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("2026-11-23T08:00:00Z", "2026-11-23T08:00:00.000Z"),
        ("2026-11-23T09:00:00.5+01:00", "2026-11-23T08:00:00.500Z"),
        ("2026-11-23T08:00:00", "2026-11-23T08:00:00.000Z"),
        ("2026-11-23", "2026-11-23T00:00:00.000Z"),
        ("11-23-2026 08:00:00", "2026-11-23T08:00:00.000Z"),
        ("11/23/2026 08:00:00", "2026-11-23T08:00:00.000Z"),
    ],
)
def test_a_moment_is_understood_as_clients_write_it(said: str, kept: str) -> None:
    assert moment("StartDateTimeUtc", said) == kept


@pytest.mark.parametrize("said", ["", "now", "23-11-2026 08:00:00", "0001-01-01T00:00:00+14:00", 7, None, ["2026"]])
def test_what_is_no_moment_is_refused_by_its_name(said: object) -> None:
    with pytest.raises(Refused) as refused:
        moment("StartDateTimeUtc", said)
    assert (refused.value.status, refused.value.detail[:16]) == (400, "StartDateTimeUtc")


@pytest.mark.parametrize("said", ["", "1.0", "+1", " 1", "١", "1" * 13, "0", "11"])
def test_what_is_no_number_between_is_refused(said: str) -> None:
    with pytest.raises(Refused):
        whole("pageNumber", said, 1, 10)


@given(st.text(max_size=40))
def test_an_id_is_a_uuid_or_none(text: str) -> None:
    found = as_id(text)
    assert found is None or (found == found.lower() and len(found) == 36)


async def nothing(call: object) -> object:
    return call


def row(method: str, path: str) -> Row:
    return Row(method, path, nothing, "system.read", "")


def test_a_literal_goes_before_an_id_and_other_methods_are_told() -> None:
    rows = [row("GET", "a/{id}"), row("GET", "a/b"), row("POST", "a/{id}/{n}"), row("DELETE", "a/{id}/b")]
    router = Router(rows)
    assert router.find("GET", "/a/B").row is rows[1]
    assert router.find("HEAD", "/A/x/") == (rows[0], {"id": "x"}, "")
    assert router.find("POST", "/a/x/7").ids == {"id": "x", "n": "7"}
    assert router.find("POST", "/a/x/b").row is rows[2]
    assert router.find("PUT", "/a/x/b") == (None, {}, "DELETE, POST")
    assert router.find("GET", "/a//b") == (None, {}, "")
    assert router.find("GET", "/b") == (None, {}, "")
