"""RFC 7643 §8.1 to §8.4: the example representations, as bodies of POST: a small User, a whole one, an enterprise one
and a Group."""

from typing import Any

from tests.support.house import ENTERPRISE, GROUP, USER, Seat

SMALL: dict[str, Any] = {
    "schemas": [USER],
    "id": "mine",
    "userName": "ann@acorn.example",
    "meta": {
        "resourceType": "User",
        "created": "2011-08-01T18:29:49.793Z",
        "lastModified": "2011-08-01T18:29:49.793Z",
        "location": "https://acorn.example/v2/Users/mine",
        "version": 'W/"f250dd84f0671c3"',
    },
}
FULL: dict[str, Any] = {
    **SMALL,
    "externalId": "hr-1",
    "name": {
        "formatted": "Dr. Ann Jo Berg, II",
        "familyName": "Berg",
        "givenName": "Ann",
        "middleName": "Jo",
        "honorificPrefix": "Dr.",
        "honorificSuffix": "II",
    },
    "displayName": "Ann Berg",
    "nickName": "Annie",
    "profileUrl": "https://acorn.example/people/ann",
    "emails": [
        {"value": "ann@acorn.example", "type": "work", "primary": True},
        {"value": "ann@home.example", "type": "home"},
    ],
    "addresses": [
        {
            "streetAddress": "7 Oak Lane",
            "locality": "Acornby",
            "region": "North",
            "postalCode": "12345",
            "country": "SE",
            "formatted": "7 Oak Lane\n12345 Acornby",
            "type": "work",
            "primary": True,
        },
        {"locality": "Birchton", "country": "SE", "type": "home"},
    ],
    "phoneNumbers": [{"value": "tel:+46-555-0100", "type": "work"}, {"value": "tel:+46-555-0101", "type": "mobile"}],
    "ims": [{"value": "ann.berg", "type": "xmpp"}],
    "photos": [
        {"value": "https://acorn.example/ann/F", "type": "photo"},
        {"value": "https://acorn.example/ann/T", "type": "thumbnail"},
    ],
    "userType": "Employee",
    "title": "Guide",
    "preferredLanguage": "sv-SE",
    "locale": "sv-SE",
    "timezone": "Europe/Stockholm",
    "active": True,
    "password": "t1meMa$heen",
    "groups": [{"value": "e9e30dba", "display": "Guides"}],
    "x509Certificates": [{"value": "MIIDQzCCAqygAwIBAgICEAAwDQYJKoZIhvcNAQEFBQAwTjELMAkGA1UEBhMCVVM="}],
}
ENTERPRISE_USER: dict[str, Any] = {
    **FULL,
    "schemas": [USER, ENTERPRISE],
    ENTERPRISE: {
        "employeeNumber": "701",
        "costCenter": "4130",
        "organization": "Acorn Tours",
        "division": "Parks",
        "department": "Guides",
        "manager": {"value": "26118915-6090-4610-87e4-49d8ca9f808d", "$ref": "../Users/26118915", "displayName": "Bo"},
    },
}


def kept(body: dict[str, Any]) -> dict[str, Any]:
    """What of a body is stored: neither what only the server sets nor the password."""
    return {key: value for key, value in body.items() if key not in ("id", "meta", "groups", "password", ENTERPRISE)}


def test_8_1_a_small_user(seat: Seat) -> None:
    made = seat.post("/Users", SMALL)
    assert made.status_code == 201
    assert {k: v for k, v in made.json().items() if k not in ("id", "meta")} == {**kept(SMALL), "active": True}


def test_8_2_a_full_user_comes_back_whole_but_for_the_password(seat: Seat) -> None:
    answer = seat.post("/Users", FULL)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert {k: v for k, v in made.items() if k not in ("id", "meta")} == kept(FULL)
    assert seat.get(f"/Users/{made['id']}").json() == made
    assert FULL["password"] not in answer.text


def test_8_3_an_enterprise_user_comes_back_with_its_extension(seat: Seat) -> None:
    answer = seat.post("/Users", ENTERPRISE_USER)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["schemas"] == [USER, ENTERPRISE]
    assert {k: v for k, v in made.items() if k not in ("id", "meta", ENTERPRISE)} == kept(ENTERPRISE_USER)
    sent = ENTERPRISE_USER[ENTERPRISE]
    shown = made[ENTERPRISE]
    assert {k: v for k, v in shown.items() if k != "manager"} == {k: v for k, v in sent.items() if k != "manager"}
    assert shown["manager"]["value"] == sent["manager"]["value"]


def test_8_4_a_group_with_its_members(seat: Seat) -> None:
    ann, bo = seat.user("ann", displayName="Ann"), seat.user("bo", displayName="Bo")
    members = [
        {"value": who["id"], "$ref": who["meta"]["location"], "display": who["displayName"]} for who in (ann, bo)
    ]
    answer = seat.post("/Groups", {"schemas": [GROUP], "id": "mine", "displayName": "Guides", "members": members})
    assert answer.status_code == 201
    assert answer.json()["members"] == [{**m, "type": "User"} for m in members]
    shown = seat.get(f"/Users/{ann['id']}").json()["groups"]
    assert shown == [
        {
            "value": answer.json()["id"],
            "$ref": answer.json()["meta"]["location"],
            "display": "Guides",
            "type": "direct",
        }
    ]
