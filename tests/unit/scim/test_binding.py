"""Filters bound to a resource type: what a path may name, what an operator may compare, what a literal has to be."""

import pytest

from rollbook.scim import urns
from rollbook.scim.attributes import Attribute, Mutability, Type
from rollbook.scim.binding import (
    BoundAnd,
    BoundComparison,
    BoundElement,
    BoundFilter,
    BoundNode,
    BoundNot,
    BoundPresent,
    Nothing,
    bind,
    bind_sort,
)
from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.errors import InvalidFilter, InvalidValue
from rollbook.scim.filter_parser import parse_filter
from rollbook.scim.schema import Place, ResourceType, Schema

USER, GROUP = standard_types()
THING = ResourceType(
    "Thing",
    "/Things",
    Schema(
        "urn:example:Thing",
        "Thing",
        "",
        (
            Attribute("count", Type.INTEGER),
            Attribute("ratio", Type.DECIMAL),
            Attribute("key", Type.BINARY),
            Attribute("at", Type.DATE_TIME),
            Attribute("tags", multi_valued=True),
            Attribute("pin", mutability=Mutability.WRITE_ONLY),
            Attribute(
                "box",
                Type.COMPLEX,
                sub_attributes=(Attribute("size"), Attribute("code", mutability=Mutability.WRITE_ONLY)),
            ),
        ),
    ),
)


def bound(text: str, type: ResourceType = USER, *, mixed: bool = False, boolean_text: bool = False) -> BoundFilter:
    return bind(parse_filter(text), type, mixed=mixed, boolean_text=boolean_text)


@pytest.mark.parametrize(
    ("type", "text", "name"),
    [
        (USER, 'USERNAME eq "x"', "userName"),
        (USER, 'id eq "x"', "id"),
        (USER, 'externalid eq "x"', "externalId"),
        (USER, 'schemas eq "x"', "schemas"),
        (USER, 'meta.lastmodified gt "2026-01-01T00:00:00Z"', "meta.lastModified"),
        (USER, 'meta.location ew "x"', "meta.location"),
        (USER, 'name.givenname co "x"', "name.givenName"),
        (USER, 'emails co "x"', "emails.value"),
        (USER, 'emails.type eq "x"', "emails.type"),
        (USER, 'groups eq "x"', "groups.value"),
        (USER, 'groups.$ref eq "x"', "groups.$ref"),
        (USER, f'{urns.USER}:userName eq "x"', "userName"),
        (USER, f'{urns.USER.upper()}:meta.version eq "x"', "meta.version"),
        (USER, f'{urns.ENTERPRISE_USER}:department eq "x"', f"{urns.ENTERPRISE_USER}:department"),
        (USER, f'{urns.ENTERPRISE_USER.lower()}:MANAGER eq "x"', f"{urns.ENTERPRISE_USER}:manager.value"),
        (GROUP, 'members.value eq "x"', "members.value"),
        (GROUP, 'members.DISPLAY eq "x"', "members.display"),
        (THING, 'tags eq "x"', "tags"),
    ],
)
def test_a_path_is_a_place_in_the_spelling_of_the_schema(type: ResourceType, text: str, name: str) -> None:
    node = bound(text, type).shape.node
    assert isinstance(node, BoundComparison)
    assert node.place.name == name


def test_a_tree_is_bound_as_it_stands() -> None:
    node = bound('not (title pr) and emails[type eq "work"].value co "x" and name pr').shape.node
    assert isinstance(node, BoundAnd)
    absent, element, name = node.filters
    assert isinstance(absent, BoundNot)
    assert isinstance(element, BoundElement)
    assert isinstance(element.filter, BoundAnd)
    inner = [part.place.name for part in element.filter.filters if isinstance(part, BoundComparison)]
    assert inner == ["emails.type", "emails.value"]
    assert isinstance(name, BoundPresent)
    assert name.place.name == "name"


def test_brackets_hold_sub_attributes_or_the_simple_value_itself() -> None:
    def inside(node: BoundNode) -> str:
        assert isinstance(node, BoundElement)
        assert isinstance(node.filter, BoundComparison)
        return node.filter.place.name

    assert inside(bound('tags[value eq "x"]', THING).shape.node) == "tags"
    assert inside(bound('name[familyName eq "x"]').shape.node) == "name.familyName"
    assert inside(bound(f'{urns.ENTERPRISE_USER}:manager[displayName eq "x"]').shape.node).endswith(
        "manager.displayName"
    )


@pytest.mark.parametrize(
    ("text", "operands"),
    [
        ('userName eq "STRASSE" or title ne "É"', ("strasse", "é")),
        ('id eq "ABC" or externalId sw "Ä"', ("ABC", "Ä")),
        ('meta.created le "2026-01-01T01:00:00+01:00"', ("2026-01-01T00:00:00.000Z",)),
        ("active eq TRUE", (True,)),
        ('userName co "\\u202e"', ("\u202e",)),
    ],
)
def test_literals_become_operands_in_search_form(text: str, operands: tuple[object, ...]) -> None:
    assert bound(text).operands == operands


def test_numbers_become_operands_of_the_attributes_type() -> None:
    operands = bound("count eq 2.0 or ratio gt 2 or ratio lt -0.0", THING).operands
    assert operands == (2, 2.0, 0.0)
    assert [type(operand) for operand in operands] == [int, float, float]


def test_the_text_true_is_a_boolean_only_where_admitted() -> None:
    for text in ("True", "true", "TRUE"):
        assert bound(f'active eq "{text}"', boolean_text=True).operands == (True,)
    assert bound('roles[primary eq "False"]', boolean_text=True).operands == (False,)
    for text, admitted in [("True", False), ("1", True), ("", True), ("yes", True)]:
        with pytest.raises(InvalidFilter, match="active is compared with true or false"):
            bound(f'active eq "{text}"', boolean_text=admitted)


@pytest.mark.parametrize(
    ("type", "text", "position", "why"),
    [
        (USER, 'foo eq "x"', 1, "User has no attribute foo"),
        (USER, "title pr and foo.bar pr", 14, r"no attribute foo\.bar"),
        (USER, "name.foo pr", 1, r"no attribute name\.foo"),
        (USER, "urn:example:2.0:User:userName pr", 1, "no attribute urn:example:2.0:User:userName"),
        (USER, f"{urns.ENTERPRISE_USER}:userName pr", 1, "no attribute"),
        (USER, f"{urns.ENTERPRISE_USER} pr", 1, "no attribute"),
        (USER, "members pr", 1, "no attribute members"),
        (GROUP, "userName pr", 1, "Group has no attribute userName"),
        (USER, "tenant_id pr", 1, "no attribute tenant_id"),
        (USER, "toString pr", 1, "no attribute toString"),
        (USER, 'emails[foo eq "x"]', 8, "emails has no attribute foo"),
        (USER, 'emails[emails.type eq "x"]', 8, r"no attribute emails\.type"),
        (USER, f'emails[{urns.USER}:type eq "x"]', 8, "no attribute"),
        (USER, 'emails[type eq "x"].foo pr', 20, "emails has no attribute foo"),
        (USER, 'userName[value eq "x"]', 1, "takes no brackets"),
        (THING, 'tags[type eq "x"]', 6, "tags has no attribute type"),
        (USER, 'name eq "x"', 1, "name is complex"),
        (USER, 'addresses eq "x"', 1, "addresses is complex"),
        (USER, 'meta eq "x"', 1, "meta is complex"),
        (USER, 'password eq "x"', 1, "password is never shown"),
        (USER, "password pr", 1, "password is never shown"),
        (THING, "not (pin pr)", 6, "pin is never shown"),
        (THING, 'box.code eq "x"', 1, r"box\.code is never shown"),
        (THING, 'box[code eq "x"]', 5, r"box\.code is never shown"),
        (USER, "active gt true", 1, "active is of type boolean, which gt cannot compare"),
        (USER, 'emails.primary co "t"', 1, r"emails\.primary is of type boolean"),
        (THING, 'key gt "AAAA"', 1, "key is of type binary"),
        (THING, 'count co "1"', 1, "count is of type integer"),
        (THING, 'at sw "2026"', 1, "at is of type dateTime"),
        (USER, "userName eq 1", 1, "userName is compared with a string"),
        (USER, 'title eq "x" and userName eq true', 18, "userName is compared with a string"),
        (USER, 'active eq "true"', 1, "active is compared with true or false"),
        (USER, 'meta.created gt "yesterday"', 1, "created is compared with a dateTime"),
        (USER, "meta.created gt 1", 1, "created is compared with a dateTime"),
        (USER, "profileUrl eq 1", 1, "profileUrl is compared with a URI"),
        (THING, "count eq 1.5", 1, "count is compared with a whole number"),
        (THING, "count eq 9223372036854775808", 1, "count is compared with a whole number"),
        (THING, "ratio eq true", 1, "ratio is compared with a number"),
        (THING, "key eq 1", 1, "key is compared with base64"),
    ],
)
def test_a_refusal_names_the_position_and_the_attribute(type: ResourceType, text: str, position: int, why: str) -> None:
    with pytest.raises(InvalidFilter, match=rf"wrong at position {position}: .*{why}"):
        bound(text, type)


def test_a_position_is_that_of_this_text_also_when_its_shape_was_bound_before() -> None:
    assert bound('title eq "a" and meta.created gt "2026-01-01T00:00:00Z"').operands
    with pytest.raises(InvalidFilter, match="position 25:"):
        bound('title eq "canary"   and meta.created gt "canary"')


def test_an_unknown_attribute_matches_nothing_in_a_mixed_search() -> None:
    node = bound('displayName eq "x" and (userName eq "y" or members.value eq "z")', GROUP, mixed=True)
    assert node.operands == ("x", "", "z")
    assert isinstance(node.shape.node, BoundAnd)
    assert bound("foo[bar pr]", mixed=True).shape.node == Nothing()
    assert bound("emails[bar pr]", mixed=True).shape.node == BoundElement(emails_place(), Nothing())
    with pytest.raises(InvalidFilter, match="password"):
        bound('password eq "x"', mixed=True)


def emails_place() -> Place:
    place = USER.place(None, "emails", None)
    assert place is not None
    return place


def test_a_shape_is_bound_once() -> None:
    one, other = bound('userName eq "ann"'), bound('userName eq "bo"')
    assert one.shape is other.shape
    assert bound('userName eq "ann"', mixed=True).shape is not one.shape
    assert one.shape.type is USER


@pytest.mark.parametrize(
    ("sort_by", "name"),
    [
        ("username", "userName"),
        ("name.familyName", "name.familyName"),
        ("emails", "emails.value"),
        ("meta.lastModified", "meta.lastModified"),
        (f"{urns.ENTERPRISE_USER}:manager", f"{urns.ENTERPRISE_USER}:manager.value"),
    ],
)
def test_sort_by_is_a_place(sort_by: str, name: str) -> None:
    place = bind_sort(sort_by, USER)
    assert place is not None
    assert place.name == name


def test_sort_by_an_attribute_that_the_type_lacks_is_no_place() -> None:
    assert bind_sort("members", USER) is None
    assert bind_sort("name.foo", USER) is None


@pytest.mark.parametrize("sort_by", ["", "a b", "password", "name", "userName'--", "emails[type pr]", "addresses", "*"])
def test_46_sort_by_what_cannot_be_sorted_is_refused(sort_by: str) -> None:
    with pytest.raises(InvalidValue, match="sortBy"):
        bind_sort(sort_by, USER)
