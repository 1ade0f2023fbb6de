"""PATCH paths: what they point at, and what is refused as no path."""

import pytest

from rollbook.scim import urns
from rollbook.scim.attributes import Attribute
from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.errors import InvalidFilter, InvalidPath
from rollbook.scim.match import matches_element
from rollbook.scim.path import BoundPath, bind_path, parse_path
from rollbook.scim.schema import Extension, ResourceType, Schema

USER, GROUP = standard_types()


def bound(text: str, type: ResourceType = USER, *, boolean_text: bool = False) -> BoundPath:
    return bind_path(parse_path(text), type, boolean_text=boolean_text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("userName", "userName"),
        ("NAME.GIVENNAME", "name.givenName"),
        (" title ", "title"),
        ("emails.value", "emails.value"),
        ("password", "password"),
        ("id", "id"),
        ("meta.version", "meta.version"),
        (f"{urns.USER}:name.familyName", "name.familyName"),
        (f"{urns.ENTERPRISE_USER}:manager.value", f"{urns.ENTERPRISE_USER}:manager.value"),
        (urns.ENTERPRISE_USER.upper(), urns.ENTERPRISE_USER),
        ('emails[type eq "work"]', "emails"),
        ('emails[type eq "work" and not (primary eq true)].VALUE', "emails.value"),
        (f'{urns.USER}:emails[type eq "work"].value', "emails.value"),
        (f'{urns.ENTERPRISE_USER}:manager[value eq "x"].displayName', f"{urns.ENTERPRISE_USER}:manager.displayName"),
        ('name[givenName eq "Ann"].familyName', "name.familyName"),
    ],
)
def test_a_path_points_at_an_attribute_of_the_type(text: str, name: str) -> None:
    assert bound(text).name == name


def test_the_urn_of_an_extension_points_at_all_of_it() -> None:
    path = bound(urns.ENTERPRISE_USER)
    assert path.place is None
    assert path.leaf is None
    assert path.extension is USER.extension(urns.ENTERPRISE_USER)


@pytest.mark.parametrize(
    "urn", ["urn:example:2.0", "urn:example:x.y", "urn:example:tools/1.0", "https://example.com/s"]
)
def test_the_urn_of_an_extension_may_end_in_what_is_no_name(urn: str) -> None:
    tools = Schema(urn, "Tools", "", (Attribute("hammer"),))
    type = ResourceType("Thing", "/Things", USER.schema, (Extension(tools),))
    assert bound(urn, type).extension is tools
    assert bound(f"{urn}:hammer", type).name == f"{urn}:hammer"


def test_a_path_with_a_filter_chooses_elements() -> None:
    path = bound('members[value eq "A1"].display', GROUP)
    assert path.filter is not None
    assert path.leaf is not None
    assert path.leaf.name == "display"
    assert [matches_element(path.filter, element) for element in ({"value": "A1"}, {"value": "a1"}, {})] == [1, 0, 0]


def test_a_filter_in_a_path_is_bound_once_for_its_attribute() -> None:
    emails, again, phones = (bound(f'{name}[type eq "x"]').filter for name in ("emails", "emails", "phoneNumbers"))
    assert emails is not None
    assert again is not None
    assert phones is not None
    assert emails.shape is again.shape
    assert phones.shape is not emails.shape


def test_the_text_true_in_a_path_is_a_boolean_only_where_admitted() -> None:
    path = bound('roles[primary eq "True"].value', boolean_text=True)
    assert path.filter is not None
    assert path.filter.operands == (True,)
    with pytest.raises(InvalidFilter, match=r"roles\.primary is compared with true or false"):
        bound('roles[primary eq "True"].value')


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 1),
        (" ", 2),
        ("a b", 3),
        (".value", 1),
        ("a.b.c", 1),
        ("a.", 1),
        ("a:", 1),
        ("__class__", 1),
        ("__proto__", 1),
        ("_id", 1),
        ("{0.__class__}", 1),
        ('emails[type eq "work"', 22),
        ("emails[type eq]", 15),
        ("emails[' eq true].value", 8),
        ("emails[]", 8),
        ("emails[type pr]value", 16),
        ("emails[type pr].value.x", 16),
        ("emails[type pr].value eq 1", 23),
        ("emails[a[b pr]]", 9),
        ("emails.value[type pr]", 13),
        ('emails[type eq "\\ud800"]', 16),
        ("userName'--", 1),
    ],
)
def test_what_is_no_path_is_refused_with_the_position(text: str, position: int) -> None:
    with pytest.raises(InvalidPath, match=f"The path is wrong at position {position}: expected"):
        parse_path(text)


@pytest.mark.parametrize(
    ("type", "text"),
    [
        (USER, "toString"),
        (USER, "constructor"),
        (USER, "tenant_id"),
        (USER, "name.constructor"),
        (USER, "title.value"),
        (USER, "members"),
        (USER, 'foo[bar eq "x"]'),
        (USER, f"{urns.ENTERPRISE_USER}:userName"),
        (USER, "urn:example:foreign:1.0:User:title"),
        (USER, urns.USER),
        (USER, f'{urns.ENTERPRISE_USER}[department eq "x"]'),
        (USER, 'userName[value eq "x"]'),
        (USER, "emails[type pr].foo"),
        (GROUP, urns.ENTERPRISE_USER),
        (USER, "urn:" + "x" * 5000 + ":title"),
    ],
)
def test_v23_what_no_schema_has_is_refused(type: ResourceType, text: str) -> None:
    with pytest.raises(InvalidPath) as refusal:
        bound(text, type)
    assert len(refusal.value.detail) < 300


@pytest.mark.parametrize("text", ["emails[foo pr]", "emails[type gt 1]", "emails[primary gt true]"])
def test_a_filter_that_does_not_fit_the_attribute_is_an_invalid_filter(text: str) -> None:
    with pytest.raises(InvalidFilter, match="position 8: "):
        bound(text)


@pytest.mark.parametrize("bomb", ["a[", "a.", "(", "a[(", "a[not (", "urn:", "["])
@pytest.mark.parametrize("times", [1000, 100_000])
def test_41_bombs_are_refused_and_nothing_else_happens(bomb: str, times: int) -> None:
    with pytest.raises(InvalidPath):
        bound(bomb * times)


def test_the_depth_of_a_path_counts_its_brackets() -> None:
    parse_path("emails[" + "(" * 31 + "a pr" + ")" * 31 + "]")
    with pytest.raises(InvalidPath, match="at most 32 levels"):
        parse_path("emails[" + "(" * 32 + "a pr" + ")" * 32 + "]")
