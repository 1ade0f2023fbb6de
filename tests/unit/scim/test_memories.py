"""What is remembered between requests is bounded: no client fills the memory with long texts or filters of its own."""

import pytest

from rollbook.scim import folding, projection
from rollbook.scim.attributes import Compare
from rollbook.scim.binding import bind
from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.errors import InvalidValue
from rollbook.scim.filter_parser import parse_filter
from rollbook.scim.page import MOST_NAMES, read_query, read_search
from rollbook.scim.urns import SEARCH_REQUEST
from rollbook.storage.records import Query, Target
from rollbook.storage.sql import compile as compiling
from rollbook.storage.sql.flavor_sqlite import SQLITE

USER, _ = standard_types()


@pytest.mark.parametrize("compare", [Compare.FOLDED, Compare.USER_NAME])
def test_long_texts_are_folded_anew(compare: Compare) -> None:
    long = "É" * 257
    before = folding._remembered.cache_info().currsize
    assert folding.fold(compare, long + "x") == "é" * 257 + "x"
    assert folding.folder(Compare.FOLDED)(long + "y") == "é" * 257 + "y"
    assert folding._remembered.cache_info().currsize == before


def test_long_lists_of_names_are_projected_anew() -> None:
    names = tuple(f"name{number}" for number in range(1000))
    before = projection._made.cache_info().currsize
    for attributes, excluded in ((names, ()), ((), names)):
        made = projection.projection(USER, attributes, excluded)
        assert made is not None
        assert made.apply({"schemas": [], "id": "1"}) == {"schemas": [], "id": "1"}
    assert projection._made.cache_info().currsize == before


def test_a_projection_may_name_five_thousand_attributes() -> None:
    body = {"schemas": [SEARCH_REQUEST], "attributes": ["x"] * MOST_NAMES}
    assert len(read_search(body).attributes) == MOST_NAMES
    for name in ("attributes", "excludedAttributes"):
        with pytest.raises(InvalidValue, match=name):
            read_search({"schemas": [SEARCH_REQUEST], name: ["x"] * (MOST_NAMES + 1)})
        with pytest.raises(InvalidValue, match=name):
            read_query([(name, "x," * MOST_NAMES + "x")])


def test_the_sql_of_a_long_filter_is_made_anew_and_is_the_same() -> None:
    def compiled(text: str, place: bool) -> tuple[str, object]:
        sort = USER.place(None, "userName", None) if place else None
        query = Query((Target(USER, bind(parse_filter(text), USER), sort),), sorted=place)
        index = compiling.index_sort(query, SQLITE, tenant="?1", first=2)
        return compiling.compile_query(query, SQLITE, tenant="?1", first=2).where, index

    caches = compiling._remembered_text, compiling._remembered_index_text
    long = " or ".join(['title eq "x"'] * 60)
    first = compiled(long, True)
    before = [cache.cache_info().currsize for cache in caches]
    assert compiled(long, True) == first
    assert compiled(long + ' or title eq "y"', False) != first
    assert [cache.cache_info().currsize for cache in caches] == before
