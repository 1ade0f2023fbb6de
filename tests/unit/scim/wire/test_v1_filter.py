"""Filters of SCIM 1.1."""

import pytest

from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.errors import InvalidFilter
from rollbook.scim.urns import ENTERPRISE_USER, USER
from rollbook.scim.wire.v1_filter import kept_filter
from rollbook.scim.wire.v1_form import CORE, ENTERPRISE, SCIM11
from rollbook.scim.wire.v1_names import names

PEOPLE = names(standard_types()[0], SCIM11)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ('userName eq "ann"', 'userName eq "ann"'),
        ('userName   EQ  "ann"', 'userName   EQ  "ann"'),
        (f'{ENTERPRISE}:manager.managerId eq "7"', f'{ENTERPRISE_USER}:manager.value eq "7"'),
        (f"{CORE}:title pr", "title pr"),
        (f'(title co "a") and {ENTERPRISE}:division pr', f'( title co "a" ) and {ENTERPRISE_USER}:division pr'),
        (f'schemas eq "{ENTERPRISE}"', f'schemas eq "{ENTERPRISE_USER}"'),
        (f'schemas eq "{CORE}"', f'schemas eq "{USER}"'),
        ('userName eq "schemas eq 1"', 'userName eq "schemas eq 1"'),
        ("active eq true", "active eq true"),
    ],
)  # fmt: skip
def test_a_filter_is_written_again_in_kept_names(written: str, kept: str) -> None:
    assert kept_filter(written, PEOPLE) == kept


@pytest.mark.parametrize(
    "written",
    ['userName ne "ann"', 'userName ew "n"', "not (title pr)", 'emails[type eq "work"]', "title eq null", "title xx 1"],
)
def test_what_only_later_versions_have_is_refused_with_what_there_is(written: str) -> None:
    with pytest.raises(InvalidFilter, match="position"):
        kept_filter(written, PEOPLE)


def test_an_unknown_operator_is_answered_with_the_known_ones() -> None:
    with pytest.raises(InvalidFilter, match=r"eq, co, sw, gt, ge, lt, le or pr"):
        kept_filter('userName ne "ann"', PEOPLE)


def test_a_filter_that_is_too_long_is_refused_before_it_is_cut() -> None:
    with pytest.raises(InvalidFilter, match="8192"):
        kept_filter("a" * 8193, PEOPLE)
