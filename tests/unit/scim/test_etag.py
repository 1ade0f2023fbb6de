"""ETags and the headers that name them (security checklist 62)."""

import pytest

from rollbook.scim.etag import etag, read_condition


def test_a_version_is_a_weak_etag() -> None:
    assert etag(12) == 'W/"12"'


@pytest.mark.parametrize("header", ['W/"3"', '"3"', 'w/"3"', '"1", W/"3"', ' "3" ', '"1","3"', "*", " * "])
def test_62_weak_strong_list_and_star_match(header: str) -> None:
    condition = read_condition(header)
    assert condition
    assert condition.matches(3)


@pytest.mark.parametrize("header", ['W/"4"', '"03"', "3", "W/3", '"3', '"3" "3"x', "", ",", "**", '"3";"3"', "W/\"3'"])
def test_62_another_version_and_garbage_match_nothing(header: str) -> None:
    condition = read_condition(header)
    assert condition
    assert not condition.matches(3)


def test_a_header_not_sent_is_no_condition() -> None:
    assert read_condition(None) is None
