"""scim2-models as a second opinion on which bodies are Users (RFC 7643 §2, RFC 7644 §3.3), on made bodies with one odd
value in them.

A difference must be one of ``DIFFERENCES``, each with the RFC's word on it and an example that shows it.
"""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scim2_models import Context
from tests.support.oracle import BODIES, ENTERPRISE, USER, Theirs

from rollbook.scim import urns
from rollbook.scim.errors import ScimError
from rollbook.scim.tolerances import STANDARD
from rollbook.scim.validate import validator

Body = dict[str, Any]
SERVERS = ("id", "meta", "groups")
REFERENCES = ("profileUrl",)
TWO_PRIMARY = [{"value": "a@x.example", "primary": True}, {"value": "b@x.example", "primary": True}]
ODD: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(None, "", 0, 1, 1.5, True, False, "true", "maybe", "x", [], {}, [[]], [None], ["x"], [{}]),
        *({"value": "x"}, [{"value": "x"}], [{"value": 1}], {"x": 1}, [{"x": 1}], TWO_PRIMARY),
    ]
)
PLACES = [
    *("userName", "externalId", "title", "profileUrl", "active", "password", "schemas", "nothing", *SERVERS),
    *("name", "name.givenName", "emails", "addresses", "roles", "x509Certificates"),
    *(ENTERPRISE, f"{ENTERPRISE}.department", f"{ENTERPRISE}.manager", f"{ENTERPRISE}.nothing"),
]


def with_odd(body: Body, place: str, value: Any) -> Body:
    """The body with a value at a place; ``name.givenName`` and the like stand in an object."""
    extended = ENTERPRISE in body or place.startswith(ENTERPRISE)
    made = {"schemas": [urns.USER, *([ENTERPRISE] if extended else [])], **body}
    if place.startswith(f"{ENTERPRISE}."):
        made[ENTERPRISE] = {**made.get(ENTERPRISE, {}), place.removeprefix(f"{ENTERPRISE}."): value}
    elif place.startswith("name."):
        made["name"] = {**made.get("name", {}), place.removeprefix("name."): value}
    else:
        made[place] = value
    return made


def ours(body: Body) -> Body | None:
    """The document, or None: refused."""
    try:
        return validator(USER).read(body, STANDARD, []).document
    except ScimError:
        return None


def theirs(body: Body) -> Body | None:
    try:
        made = Theirs.model_validate(json.loads(json.dumps(body)), scim_ctx=Context.RESOURCE_CREATION_REQUEST)
    except ValueError:
        return None
    found: Body = made.model_dump(mode="json", by_alias=True, exclude_none=True)
    return found


def plain(document: Body) -> Any:
    """What a client would see of it: nothing that only the server sets, no password, active unless it is said."""
    hidden = ("schemas", "password", *SERVERS)
    whole = Theirs.model_validate({k: v for k, v in document.items() if k not in hidden or k == "schemas"})
    dumped = whole.model_dump(mode="json", by_alias=True, exclude_none=True)
    return _plain({"active": True, **{k: v for k, v in dumped.items() if k not in hidden}})


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        found = {k: _plain(v) for k, v in value.items()}
        return {k: v for k, v in found.items() if v not in (None, [], {})}
    return [p for v in value if (p := _plain(v)) != {}] if isinstance(value, list) else value


class Difference(NamedTuple):
    place: str
    value: Any
    accepted: bool | None
    """Whether we accept it, and they do the contrary; None: both do, and understand it differently."""
    word: str
    claims: Callable[[Body, str, Any], bool]


def _manager(body: Body, place: str, value: Any) -> bool:
    extension = body.get(ENTERPRISE)
    manager = extension.get("manager") if isinstance(extension, dict) else None
    return isinstance(manager, dict | str) and not (isinstance(manager, dict) and {"value", "$ref"} <= manager.keys())


LISTS = ("emails", "addresses", "roles", "x509Certificates")

DIFFERENCES = {
    "read-only": Difference(
        "groups",
        "x",
        True,
        "RFC 7644 §3.3: what is readOnly is ignored, so its form is not judged either.",
        lambda body, place, value: place in SERVERS,
    ),
    "manager": Difference(
        f"{ENTERPRISE}.manager",
        {"value": "x"},
        True,
        "RFC 7643 §4.3 recommends value and $ref of manager; neither its text nor §8.7.1 requires them. A text for it"
        " is what Entra sends.",
        _manager,
    ),
    "lone value": Difference(
        "roles",
        {"value": "x"},
        True,
        "RFC 7643 §2.4 has a list. One value in its place is what some clients send and can mean nothing else"
        " (protocol 31: tolerated, and noted).",
        lambda body, place, value: place in LISTS and isinstance(value, dict),
    ),
    "null in a list": Difference(
        "roles",
        [None],
        True,
        "RFC 7643 §2.5: null is unassigned, in a list too.",
        lambda body, place, value: place in LISTS and value == [None],
    ),
    "mail addresses": Difference(
        "emails",
        [{"value": "x"}],
        True,
        "RFC 7643 §4.1.2 says SHOULD of the form of an address. A directory holds what the source holds; refusing a"
        " person for it helps nobody.",
        lambda body, place, value: place == "emails",
    ),
    "references": Difference(
        "profileUrl",
        "x",
        True,
        "RFC 7643 §2.3.7: a reference is a URI, a relative one too, and x is one.",
        lambda body, place, value: place in REFERENCES and isinstance(value, str),
    ),
    "empty userName": Difference(
        "userName",
        "",
        False,
        "RFC 7643 §4.1.1: each User has a non-empty userName.",
        lambda body, place, value: place == "userName" and value == "",
    ),
    "schemas": Difference(
        "schemas",
        [],
        False,
        "RFC 7643 §3: schemas is there and not empty.",
        lambda body, place, value: place == "schemas",
    ),
    "empty externalId": Difference(
        "externalId",
        "",
        None,
        "RFC 7643 §3.1: it is the client's own id of the resource. An empty one is none, and two would collide.",
        lambda body, place, value: place == "externalId" and value == "",
    ),
    "booleans": Difference(
        "active",
        1,
        False,
        "RFC 7643 §2.3.2: a boolean is true or false; 1 is a number.",
        lambda body, place, value: place == "active" and isinstance(value, int | float),
    ),
}


def differing(us: Body | None, them: Body | None) -> tuple[bool, bool | None]:
    """Whether there is a difference, and of which kind (``Difference.accepted``)."""
    if us is None or them is None:
        return us is not them, us is not None
    return plain(us) != plain(them), None


@pytest.mark.parametrize("name", DIFFERENCES)
def test_each_difference_shows_itself_in_its_example(name: str) -> None:
    row = DIFFERENCES[name]
    body = with_odd({"userName": "ann"}, row.place, row.value)
    assert differing(ours(body), theirs(body)) == (True, row.accepted)
    assert row.claims(body, row.place, row.value)
    assert row.word.endswith(".")


@settings(deadline=None, max_examples=300)
@given(BODIES, st.sampled_from(PLACES), ODD)
def test_a_made_body_means_the_same_to_both_but_for_the_differences(body: Body, place: str, value: Any) -> None:
    made = with_odd(body, place, value)
    differs, accepted = differing(ours(made), theirs(made))
    if differs:
        rows = [row for row in DIFFERENCES.values() if row.claims(made, place, value)]
        assert any(row.accepted is accepted for row in rows), (place, value, made)
