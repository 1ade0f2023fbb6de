"""The sample people of the demo: 200 users in 10 departments. All made up, and the same on every machine."""

from collections.abc import Iterator
from typing import Any

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"

USERS = 200
_DEPARTMENT_SIZE = 20

# Name as written, and as it stands in an address.
_GIVEN = (
    ("Ann", "ann"), ("Bo", "bo"), ("Cleo", "cleo"), ("Dörte", "doerte"), ("Emre", "emre"), ("Fatou", "fatou"),
    ("Goran", "goran"), ("Hana", "hana"), ("Ines", "ines"), ("Jürgen", "juergen"), ("Kofi", "kofi"), ("Līga", "liga"),
    ("Miro", "miro"), ("Noor", "noor"), ("Olu", "olu"), ("Petra", "petra"), ("Quentin", "quentin"), ("Rosa", "rosa"),
    ("Søren", "soeren"), ("Tamar", "tamar"),
)  # fmt: skip
_FAMILY = (
    ("Archer", "archer"), ("Birch", "birch"), ("Çelik", "celik"), ("D'Amato", "damato"), ("Ekström", "ekstroem"),
    ("Fairweather", "fairweather"), ("González", "gonzalez"), ("Hollis", "hollis"), ("Ito", "ito"),
    ("Jansen", "jansen"),
)  # fmt: skip
DEPARTMENTS = (
    "Board", "Engineering", "Finance", "Support", "Sales", "Logistics", "Laboratory", "People", "Legal", "Workshop",
)  # fmt: skip
_PLACES = (("Leeds", "GB"), ("Graz", "AT"), ("Porto", "PT"), ("Tartu", "EE"))


def user(number: int, manager: str | None) -> dict[str, Any]:
    """The user of a number from 0 to 199; ``manager`` is the id of another user."""
    given, given_ascii = _GIVEN[number % 20]
    family, family_ascii = _FAMILY[(number * 7 + number // 20) % 10]
    address = f"{given_ascii}.{family_ascii}@demo.example"
    place, country = _PLACES[number % len(_PLACES)]
    department = department_of(number)
    person: dict[str, Any] = {
        "schemas": [USER, ENTERPRISE],
        "userName": address,
        "externalId": f"hr-{1000 + number}",
        "name": {"givenName": given, "familyName": family, "formatted": f"{given} {family}"},
        "displayName": f"{given} {family}",
        "title": f"Head of {department}" if leads(number) else f"{department} associate",
        "active": number % 25 != 24,
        "emails": [
            {"value": address, "type": "work", "primary": True},
            {"value": f"{given_ascii}{number}@home.example", "type": "home"},
        ],
        "phoneNumbers": [{"value": f"tel:+44-20-7946-0{number:03d}", "type": "work"}],
        "addresses": [{"type": "work", "locality": place, "country": country}],
        ENTERPRISE: {"employeeNumber": str(1000 + number), "department": department, "organization": "Demo"},
    }
    if manager is not None:
        person[ENTERPRISE]["manager"] = {"value": manager}
    return person


def leads(number: int) -> bool:
    """Whether this user heads a department."""
    return number % _DEPARTMENT_SIZE == 0


def head_of(number: int) -> int:
    """The number of the one whom this user reports to: the head of the department, or the head of all."""
    return 0 if leads(number) else number - number % _DEPARTMENT_SIZE


def department_of(number: int) -> str:
    return DEPARTMENTS[number // _DEPARTMENT_SIZE]


def groups(ids: list[str]) -> Iterator[dict[str, Any]]:
    """A group for each department; ``ids`` are those of the users, by number."""
    for position, department in enumerate(DEPARTMENTS):
        members = ids[position * _DEPARTMENT_SIZE : (position + 1) * _DEPARTMENT_SIZE]
        yield {
            "schemas": [GROUP],
            "displayName": department,
            "members": [{"value": id, "type": "User"} for id in members],
        }
