"""What a query becomes: its shape in SQL, its parameters, and what of it is kept."""

import re
from typing import Any

import pytest

from rollbook.scim.binding import bind, bind_sort
from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.filter_parser import parse_filter
from rollbook.scim.schema import ResourceType
from rollbook.storage.records import INDEX_VALUE_LIMIT, Query, Target
from rollbook.storage.sql import compile as compiling
from rollbook.storage.sql.compile import Fragment, compile_query, index_page, index_sort, point
from rollbook.storage.sql.flavor import Flavor
from rollbook.storage.sql.flavor_postgres import POSTGRES
from rollbook.storage.sql.flavor_sqlite import SQLITE
from rollbook.storage.sql.slots import after_prefix

USER, GROUP = standard_types()
ANN = "42d7cfdf-73a0-45e0-b796-234a88625f87"


def asked(filter: str | None, kind: ResourceType = USER, by: str | None = None, **more: Any) -> Query:
    bound = bind(parse_filter(filter), kind) if filter else None
    return Query((Target(kind, bound, bind_sort(by, kind) if by else None),), sorted=by is not None, **more)


def compiled(filter: str | None, kind: ResourceType = USER, flavor: Flavor = POSTGRES, **more: Any) -> Fragment:
    return compile_query(asked(filter, kind, **more), flavor, tenant="$1", first=2)


def test_the_key_is_compared_as_a_plain_column() -> None:
    assert compiled('userName eq "Ann"') == ("(r.type = 1 AND (r.unique_key = $2::text))", "r.id", ["ann"], [])
    assert compiled('userName eq "Ann"', flavor=SQLITE) == (
        "(r.type = 1 AND (r.unique_key = ?2))",
        "+r.id",
        ["ann"],
        [],
    )


def test_a_prefix_of_the_key_is_a_range() -> None:
    fragment = compiled('userName sw "Smit"')
    assert "(r.unique_key >= $2::text AND r.unique_key < $3::text)" in fragment.where
    assert fragment.params == ["smit", "smiu"]


def test_an_id_is_compared_as_an_identifier_and_nothing_else_equals_one() -> None:
    fragment = compiled(f'id eq "{ANN}"')
    assert "(r.id = $2::uuid)" in fragment.where
    assert fragment.params == [ANN]
    assert compiled(f'id eq "{ANN.upper()}"').params == [None]
    assert compiled('id eq "x\' or 1=1"').params == [None]


@pytest.mark.parametrize("operator", ["eq", "sw", "gt", "ge", "lt", "le"])
def test_an_indexed_path_is_looked_up_in_the_index_alone(operator: str) -> None:
    fragment = compiled(f'name.familyName {operator} "smith"')
    assert "FROM attribute_index" in fragment.where
    assert "a0_1.path = 1" in fragment.where
    assert "search" not in fragment.where


@pytest.mark.parametrize("operator", ["ne", "co", "ew"])
def test_what_an_index_cannot_answer_is_asked_of_the_document(operator: str) -> None:
    fragment = compiled(f'name.familyName {operator} "smith"')
    assert "attribute_index" not in fragment.where
    assert "r.search->'name'->>'familyName'" in fragment.where


def test_not_goes_to_the_document_and_is_never_null() -> None:
    fragment = compiled('not (name.familyName eq "smith")')
    assert fragment.where == "(r.type = 1 AND (NOT (((r.search->'name'->>'familyName') = $2::text) IS TRUE)))"


def test_an_operand_as_long_as_the_index_keeps_is_compared_with_the_document_too() -> None:
    short = compiled(f'displayName eq "{"a" * (INDEX_VALUE_LIMIT - 1)}"')
    assert "search" not in short.where
    long = compiled(f'displayName eq "{"a" * (INDEX_VALUE_LIMIT + 9)}"')
    assert "attribute_index" in long.where
    assert "r.search->>'displayName'" in long.where
    assert sorted(map(len, map(str, long.params))) == [INDEX_VALUE_LIMIT, INDEX_VALUE_LIMIT + 9]


def test_a_value_path_gets_a_lookup_beside_the_exact_condition() -> None:
    fragment = compiled('emails[type eq "work" and value eq "ann@acorn.example"]')
    assert "r.id IN (SELECT a0_1.id FROM attribute_index" in fragment.where
    assert "EXISTS (SELECT 1 FROM jsonb_array_elements" in fragment.where


def test_an_or_is_looked_up_only_where_every_branch_is() -> None:
    both = compiled('userName eq "ann" or emails.value eq "ann@acorn.example"')
    assert "UNION ALL" in both.where
    one = compiled('emails.value eq "ann@acorn.example" or title eq "boss"')
    assert "attribute_index" not in one.where
    assert len(one.params) == 2


def test_lookups_are_few_however_many_terms_there_are() -> None:
    filter = " and ".join(f'emails.value ne "x" and emails.value eq "{n}"' for n in range(50))
    assert compiled(filter).where.count("attribute_index") == 4
    members = " and ".join(f'members eq "{ANN}"' for _ in range(50))
    assert compiled(members, GROUP).where.count("IS TRUE") == 46


def test_members_are_found_from_the_member() -> None:
    fragment = compiled(f'members.value eq "{ANN}"', GROUP)
    assert "r.id IN (SELECT m0_1.group_id FROM member m0_1 WHERE m0_1.tenant_id = $1" in fragment.where


def test_several_types_are_several_conditions() -> None:
    filter = parse_filter('displayName eq "a" or members pr')
    targets = tuple(
        Target(kind, bind(filter, kind, mixed=True), bind_sort("displayName", kind)) for kind in (USER, GROUP)
    )
    fragment = compile_query(Query(targets, sorted=True, descending=True), SQLITE, tenant="?1", first=2)
    assert re.match(r"\(\(r.type = 1 AND .*FALSE.*\) OR \(r.type = 2 AND .*EXISTS.*\)\)\Z", fragment.where)
    assert fragment.order == "json_extract(r.search, '$.\"displayName\"') DESC NULLS FIRST, r.id"
    assert fragment.params == ["a", "a"]


def test_a_type_without_the_sorted_attribute_counts_as_missing_it() -> None:
    targets = tuple(Target(kind, None, bind_sort("userName", kind)) for kind in (USER, GROUP))
    fragment = compile_query(Query(targets, sorted=True), SQLITE, tenant="?1", first=2)
    assert fragment.order == "(CASE r.type WHEN 1 THEN r.unique_key END) NULLS LAST, r.id"


def test_no_target_is_no_row() -> None:
    assert compile_query(Query(()), SQLITE, tenant="?1", first=2) == ("FALSE", "r.id", [], [])


def test_parameters_of_the_order_stand_apart_so_that_counting_needs_none() -> None:
    fragment = compiled('title eq "boss"', by="meta.location", location_base="https://acorn.example")
    assert fragment.params == ["boss"]
    assert fragment.order_params == ["https://acorn.example"]
    assert "$3" in fragment.order
    assert "$3" not in fragment.where


def test_a_repeated_shape_is_compiled_once() -> None:
    first = compiled('nickName co "one" and title eq "two"')
    before = compiling._remembered_text.cache_info()
    again = compiled('nickName co "three" and title eq "four"')
    after = compiling._remembered_text.cache_info()
    assert again.where is first.where
    assert again.params == ["three", "four"]
    assert (after.hits, after.misses) == (before.hits + 1, before.misses)
    assert after.maxsize is not None


@pytest.mark.parametrize("flavor", [SQLITE, POSTGRES], ids=lambda flavor: flavor.name)
def test_every_parameter_is_used_and_every_placeholder_has_one(flavor: Flavor) -> None:
    filters = ('title eq "a" and (emails.value sw "b" or nickName pr)', 'groups[display co "a" and type eq "direct"]')
    for filter in filters:
        fragment = compile_query(asked(filter, by="groups.$ref"), flavor, tenant="T", first=2)
        wanted = {str(number) for number in range(2, 2 + len(fragment.params))}
        assert set(re.findall(r"[?$](\d+)", fragment.where)) == wanted
        wanted |= {str(2 + len(fragment.params) + number) for number in range(len(fragment.order_params))}
        assert set(re.findall(r"[?$](\d+)", fragment.where + fragment.order)) == wanted


@pytest.mark.parametrize("attack", ["' OR 1=1 --", "\"]}'; DROP TABLE resource; --", "%", "_", "\\", "$2::text", "?3"])
def test_no_word_of_a_client_stands_in_the_text(attack: str) -> None:
    quoted = attack.replace("\\", "\\\\").replace('"', '\\"')
    for operator in ("eq", "co", "sw", "ew", "gt"):
        for path in ("userName", "externalId", "title", "emails.value", "emails", "groups.display", "meta.version"):
            fragment = compiled(f'{path} {operator} "{quoted}"')
            plain = compiled(f'{path} {operator} "plain"')
            assert fragment.where == plain.where
            assert attack.lower() in [str(value).lower() for value in fragment.params]


def test_point_knows_questions_for_one_unique_value() -> None:
    assert point(asked('userName eq "Ann"')) == ("unique_key", "ann")
    assert point(asked('externalId eq "X1"')) == ("external_id", "X1")
    assert point(asked(f'id eq "{ANN}"')) == ("id", ANN)
    for other in (None, 'userName sw "a"', 'title eq "x"', 'userName eq "a" and active eq true', 'emails.value eq "x"'):
        assert point(asked(other)) is None
    assert point(Query((Target(USER), Target(GROUP)))) is None


def test_an_index_drives_only_the_order_of_indexed_paths() -> None:
    by_index = index_sort(asked("active eq true", by="name.familyName"), SQLITE, tenant="?1", first=2)
    assert by_index is not None
    held, missing = by_index.phases
    assert held.source.startswith("attribute_index a JOIN resource r")
    assert missing.source == "resource r"
    assert by_index.params == [1]
    turned = index_sort(asked(None, by="name.familyName", descending=True), SQLITE, tenant="?1", first=2)
    assert turned is not None
    assert turned.phases[1].source == held.source
    for other in (asked(None), asked(None, by="title"), asked(None, by="userName")):
        assert index_sort(other, SQLITE, tenant="?1", first=2) is None


def test_an_index_answers_a_whole_query_where_it_says_all() -> None:
    one_value = index_page(asked('name.familyName sw "smith"'), POSTGRES, tenant="$1", first=2)
    assert one_value is not None
    phase, params = one_value
    assert "resource" not in phase.source
    assert "DISTINCT" not in phase.source
    assert sorted(map(str, params)) == ["smith", "smiti"]
    several_values = index_page(asked('emails.value sw "ann"'), POSTGRES, tenant="$1", first=2)
    assert several_values is not None
    assert "SELECT DISTINCT" in several_values[0].source


def test_an_index_does_not_answer_what_it_only_narrows() -> None:
    narrowed = 'name.familyName eq "smith" and active eq true'
    long = f'name.familyName eq "{"x" * INDEX_VALUE_LIMIT}"'
    for other in (None, narrowed, long, 'name.familyName co "smith"', 'userName eq "ann"', "not (displayName pr)"):
        assert index_page(asked(other), POSTGRES, tenant="$1", first=2) is None
    assert index_page(asked('displayName eq "ann"', by="displayName"), POSTGRES, tenant="$1", first=2) is None


def test_the_end_of_a_prefix_is_by_code_point() -> None:
    assert after_prefix("smit") == "smiu"
    assert after_prefix("a\U0010ffff") == "b"
    assert after_prefix("\ud7ff") == "\ue000"
    for prefix in ("", "\U0010ffff"):
        assert after_prefix(prefix) > prefix + "\U0010ffff" * INDEX_VALUE_LIMIT
