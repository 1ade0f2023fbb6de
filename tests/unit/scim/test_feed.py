"""Positions in the change feed, as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.scim.errors import InvalidValue
from rollbook.scim.feed import check_position, read_position, write_position

ID = "42d7cfdf-73a0-45e0-b796-234a88625f87"
WIDE = st.integers(-(2**63), 2**63 - 1)


@given(WIDE, WIDE, st.uuids())
def test_a_position_comes_back_as_it_was(place: int, version: int, id: object) -> None:
    text = write_position(place, version, str(id), "acorn", "1")
    assert read_position(text) == (place, version, str(id))
    check_position(text, "acorn", "1")


def test_a_position_is_good_for_its_tenant_and_epoch() -> None:
    text = write_position(7, 2, ID, "acorn", "1")
    for tenant, epoch in (("birch", "1"), ("acorn", "2"), ("acor", "n1")):
        with pytest.raises(InvalidValue):
            check_position(text, tenant, epoch)


def test_what_is_no_position_is_refused() -> None:
    text = write_position(7, 2, ID, "acorn", "1")
    for wrong in ("", "17", "now", text[:-1], text + "A", text + "AAAA", "ü" * 54, "!" * 54):
        with pytest.raises(InvalidValue):
            read_position(wrong)
    with pytest.raises(InvalidValue):
        check_position(text[:30] + ("B" if text[30] != "B" else "C") + text[31:], "acorn", "1")
