"""What is told of the difference between two dialects, and the pages and the first file that are made of dialects."""

import pytest

from rollbook.dialects.differences import departures, differences
from rollbook.dialects.loading import catalog, catalog_sources, load
from rollbook.dialects.model import Dialect
from rollbook.dialects.pages import index, page
from rollbook.dialects.reader import Source
from rollbook.dialects.starter import starter

CHILD = """
name = "mall"
extends = "shop"
[address]
bases = ["/mall"]
any_case = true
[pages]
most = 70
[types.User]
without = []
[[departure]]
id = "B1"
clause = "RFC 7643 §4.1"
what = "Something else again."
why = "It is so."
"""


@pytest.fixture(scope="module")
def house() -> tuple[Dialect, ...]:
    return load([*catalog_sources(), Source("shop.toml", starter("shop")), Source("mall.toml", CHILD)])


def named(house: tuple[Dialect, ...], name: str) -> Dialect:
    return next(one for one in house if one.name == name)


def test_a_dialect_does_not_differ_from_itself(house: tuple[Dialect, ...]) -> None:
    for one in house:
        assert differences(one, one) == []


def test_only_what_is_different_is_told(house: tuple[Dialect, ...]) -> None:
    found = {one.what: (one.here, one.there) for one in differences(named(house, "mall"), named(house, "shop"))}
    assert found == {
        "addresses": ("/mall", "/shop/scim"),
        "any letter case": ("yes", "no"),
        "page, at most": ("70", "100"),
    }


def test_what_is_gone_as_a_whole_is_told_once(house: tuple[Dialect, ...]) -> None:
    found = [one.what for one in differences(named(house, "shop"), named(house, "standard"))]
    assert "User addresses" in found
    assert not [what for what in found if what.startswith("User addresses.")]
    assert "User name.formatted" in found
    assert "User urn:example:shop:2.0:User" in found
    assert not [what for what in found if what.startswith("User urn:example:shop:2.0:User:")]


def test_a_child_departs_as_its_parents_do(house: tuple[Dialect, ...]) -> None:
    told = [(of, departure.id) for of, departure in departures(named(house, "mall"), house)]
    assert told == [("mall", "B1"), ("shop", "A1")]


@pytest.mark.parametrize("dialect", catalog(), ids=lambda dialect: dialect.name)
def test_a_page_tells_every_attribute_setting_and_departure(dialect: Dialect) -> None:
    told = page(dialect)
    for departure in dialect.departures:
        assert f"| {departure.id} | " in told
    for setting in dialect.settings:
        assert f"| `{setting.name}` | " in told
    for type in dialect.types:
        assert f"## {type.name}" in told
    assert told.count("\n|") > 10
    assert f"[`{dialect.name}`]({dialect.name}.md)" in index(catalog())


@pytest.mark.parametrize("name", ["shop", "tool-shed_2", "x" * 63])
def test_the_first_file_is_right_whatever_it_is_called(name: str) -> None:
    made = named(load([*catalog_sources(), Source(f"{name}.toml", starter(name))]), name)
    assert [type.name for type in made.types] == ["User", "Group"]
