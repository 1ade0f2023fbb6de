"""What filters mean."""

from typing import Any

import pytest

from rollbook.scim import urns
from rollbook.scim.attributes import Attribute, Returned, Type
from rollbook.scim.binding import bind, bind_element
from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.filter_parser import parse_filter
from rollbook.scim.match import matches, matches_element
from rollbook.scim.schema import Place, ResourceType, Schema

USER, GROUP = standard_types()

ANN: dict[str, Any] = {
    "schemas": [urns.USER, urns.ENTERPRISE_USER],
    "id": "A1",
    "externalId": "Ext-1",
    "userName": "Ann@Example.com",
    "name": {"familyName": "Straße", "givenName": "Ann", "middleName": ""},
    "active": False,
    "title": "",
    "emails": [{"value": "Ann@work", "type": "Work", "primary": True}, {"value": "ann@home", "type": "home"}],
    "addresses": [{"locality": ""}],
    "groups": [{"value": "G1", "display": "Staff"}],
    "meta": {
        "created": "2026-01-31T08:00:00.000Z",
        "version": 'W/"1"',
        "location": "https://a.example/scim/v2/Users/A1",
    },
    urns.ENTERPRISE_USER: {"department": "Sales", "manager": {"value": "M1"}},
}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ('userName eq "ann@example.COM"', True),
        ('userName sw "ANN@"', True),
        ('userName ew ".com"', True),
        ('userName co "%"', False),
        ('userName ne "ann@example.com"', False),
        ('userName gt "ann"', True),
        ('userName ge "ann@example.com" and userName le "ANN@example.com"', True),
        ('userName lt "ann@example.com"', False),
        ('name.familyName eq "STRASSE"', True),
        ('id eq "a1"', False),
        ('externalId eq "Ext-1"', True),
        (f'schemas eq "{urns.ENTERPRISE_USER.upper()}"', True),
        ("active eq false", True),
        ("active ne true", True),
        ("active pr", True),
        ('meta.created eq "2026-01-31T09:00:00+01:00"', True),
        ('meta.created gt "2026-01-31T08:00:00Z"', False),
        ('meta.location ew "Users/A1"', True),
        ('groups.display eq "staff"', True),
        (f'{urns.ENTERPRISE_USER}:department eq "SALES"', True),
        (f'{urns.ENTERPRISE_USER}:manager eq "M1"', True),
        (f'{urns.USER}:userName sw "a"', True),
        # multi-valued: any of its values
        ('emails eq "ann@work"', True),
        ('emails.type ne "work"', True),
        ('emails.type eq "home" and emails.value eq "ann@work"', True),
        ('emails[type eq "home" and value eq "ann@work"]', False),
        ('emails[type eq "WORK"].value eq "ann@work"', True),
        ("emails.primary eq false", False),
        ("emails[not (primary eq true)]", True),
        ('not (emails[type eq "other"])', True),
        # missing
        ('nickName eq "x"', False),
        ('nickName ne "x"', False),
        ('not (nickName eq "x")', True),
        ('not (nickName ne "x")', True),
        ('phoneNumbers[not (type eq "work")]', False),
        ("nickName pr", False),
        ("nickName eq null", True),
        ("userName ne null", True),
        (f"{urns.ENTERPRISE_USER}:division pr", False),
        # empty
        ("title pr", False),
        ('title eq ""', True),
        ("title eq null", True),
        ("name.middleName pr", False),
        ("name pr", True),
        ("addresses pr", False),
        ("emails pr", True),
        ("emails.display pr", False),
        ("emails[primary pr]", True),
        ("roles pr", False),
    ],
)
def test_a_filter_holds_of_ann_or_not(text: str, holds: bool) -> None:
    assert matches(bind(parse_filter(text), USER), ANN) is holds


def test_texts_are_ordered_by_code_point() -> None:
    high = {"title": "\U00010000"}
    assert matches(bind(parse_filter('title gt "\uffee"'), USER), high)


def test_members_are_matched_as_values() -> None:
    staff = {"id": "G1", "displayName": "Staff", "members": [{"value": "A1", "type": "User"}]}
    assert matches(bind(parse_filter('members eq "A1" and members[type eq "user"]'), GROUP), staff)
    assert not matches(bind(parse_filter('members.value eq "a1"'), GROUP), staff)


def test_numbers_and_lists_inside_of_elements() -> None:
    box = Attribute(
        "box",
        Type.COMPLEX,
        multi_valued=True,
        sub_attributes=(Attribute("labels", multi_valued=True), Attribute("pin", returned=Returned.NEVER)),
    )
    attributes = (box, Attribute("count", Type.INTEGER), Attribute("tags", multi_valued=True))
    thing = ResourceType("Thing", "/Things", Schema("urn:example:Thing", "Thing", "", attributes))
    resource = {"box": [{"labels": ["A", "B"]}, {"pin": "1"}], "count": 0, "tags": ["x", "y"]}
    for text, holds in [
        ('box.labels eq "b"', True),
        ('box[labels eq "a" and labels eq "b"]', True),
        ('box[labels eq "a" and not (labels eq "b")]', False),
        ("box[not (labels pr)]", True),
        ("count lt 1 and count pr", True),
        ('tags ne "x"', True),
        ('tags[value eq "x" and value eq "y"]', False),
        ('tags[value sw "Y"]', True),
    ]:
        assert matches(bind(parse_filter(text), thing), resource) is holds
    assert not matches(bind(parse_filter("box pr"), thing), {"box": [{"pin": "1"}]})


def test_a_filter_in_a_path_is_about_one_element() -> None:
    place = USER.place(None, "emails", None)
    assert isinstance(place, Place)
    bound = bind_element(parse_filter('type eq "work" and not (value eq "x")'), place, USER)
    assert [matches_element(bound, element) for element in ANN["emails"]] == [True, False]
