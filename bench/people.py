"""The users that are measured with: one document of about 1.2 KB, in which a number of eight digits tells them apart.

Digits, because every comparison form leaves them as they are: a copy of a filed user with another number is what filing
that other user would have given (``bulk`` relies on it).
"""

import json
from typing import Any

DIGITS = "00000000"
"""Stands in the templates where a user's number goes."""

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def user_document(number: str = DIGITS) -> dict[str, Any]:
    """A user as provisioning clients send one. Not its size alone matters: it has strings that are folded, numbers of
    values, nested objects and an extension."""
    return {
        "schemas": [USER, ENTERPRISE],
        "externalId": f"ext-{number}",
        "userName": f"gardener{number}@acorn.example",
        "name": {
            "formatted": f"Ann Fern{number}",
            "familyName": f"Fern{number}",
            "givenName": "Ann",
        },
        "displayName": f"Ann Fern{number}",
        "nickName": "Fernie",
        "title": "Head Gardener",
        "profileUrl": f"https://acorn.example/people/{number}",
        "userType": "Employee",
        "preferredLanguage": "en-GB",
        "locale": "en-GB",
        "timezone": "Europe/London",
        "active": True,
        "emails": [
            {"value": f"ann{number}@acorn.example", "type": "work", "primary": True},
            {"value": f"ann{number}@home.example", "type": "home"},
        ],
        "phoneNumbers": [
            {"value": "tel:+44-20-7946-0123", "type": "work"},
            {"value": "tel:+44-7700-900123", "type": "mobile"},
        ],
        "addresses": [
            {
                "type": "work",
                "streetAddress": "12 Orchard Lane",
                "locality": "Kew",
                "region": "London",
                "postalCode": "TW9 3AB",
                "country": "GB",
                "primary": True,
            }
        ],
        "roles": [{"value": "keeper-of-ferns", "display": "Keeper of ferns", "primary": True}],
        ENTERPRISE: {
            "employeeNumber": number,
            "costCenter": "4130",
            "organization": "Acorn Gardens",
            "division": "Glasshouses",
            "department": "Ferns and mosses",
        },
    }


def user_body(number: str = DIGITS) -> bytes:
    return json.dumps(user_document(number), separators=(",", ":")).encode()


def user_name(number: str) -> str:
    return str(user_document(number)["userName"])


def numbered(n: int) -> str:
    """A user's number as it stands in the documents."""
    return f"{n:0{len(DIGITS)}d}"


def patch_body(*operations: dict[str, Any]) -> bytes:
    return json.dumps({"schemas": [PATCH], "Operations": list(operations)}, separators=(",", ":")).encode()


def title_patch(number: str = DIGITS) -> bytes:
    """A PATCH of one attribute; the number makes each another value than the last."""
    return patch_body({"op": "replace", "path": "title", "value": f"Gardener {number}"})
