"""One store, many dialects: each pair of dialects on one tenant sees the same user, each its part, and takes nothing
from the other."""

from itertools import permutations
from typing import Any

import pytest
from tests.support.house import ENTERPRISE, House
from tests.support.spoken import ALTERED, Spoken, differences

from rollbook.dialects.loading import catalog
from rollbook.scim.attributes import Held
from rollbook.scim.schema import Place

DIALECTS = {dialect.name: dialect for dialect in catalog()}
CHANGED = (("name", "givenName"), ("displayName",))
"""What is changed through a dialect, whichever of these it sees first."""


@pytest.fixture
def town(house: House) -> dict[str, Spoken]:
    """One tenant, by a connection of each dialect."""
    key = house.engine
    if key not in _towns:
        standard = house.seat("acorn")
        _towns[key] = {
            name: Spoken(standard if name == "standard" else standard.speaking(name), dialect, standard)
            for name, dialect in DIALECTS.items()
        }
    return _towns[key]


_towns: dict[str, dict[str, Spoken]] = {}


def _at(spoken: Spoken, resource: dict[str, Any], place: Place) -> Any:
    holder = resource.get(spoken.wire_urn(place.extension.id), {}) if place.extension else resource
    return holder.get(place.attribute.name)


def _shared(one: Spoken, other: Spoken) -> list[Place]:
    """The attributes that two dialects see alike."""
    found = []
    for place in one.type().places():
        there = other.type().place(place.extension.id if place.extension else None, place.attribute.name, None)
        if there is None or place.attribute.held is not Held.DOCUMENT or place.attribute.secret:
            continue
        if {*_names(one, place)} == {*_names(other, there)}:
            found.append(place)
    return found


def _names(spoken: Spoken, place: Place) -> list[str]:
    hidden = spoken.dialect.form.hidden if spoken.dialect.form else frozenset[str]()
    renamed = spoken.dialect.form.renamed if spoken.dialect.form else {}
    subs = [Place(place.attribute, sub, place.extension) for sub in place.attribute.sub_attributes]
    return [renamed.get(sub.name, sub.leaf.name) for sub in subs if sub.leaf.name not in hidden]


def _lasting(spoken: Spoken, resource: dict[str, Any], without: tuple[str, ...] = ()) -> dict[str, Any]:
    """A resource without what a write changes anyhow, and without what was changed."""
    kept = {name: value for name, value in resource.items() if name not in ("meta", *without[:1])}
    if len(without) == 2:
        kept[without[0]] = {name: part for name, part in resource.get(without[0], {}).items() if name != without[1]}
    return kept


@pytest.mark.parametrize(("first", "second"), [*permutations(DIALECTS, 2)], ids="-".join)
def test_a_user_of_one_dialect_is_seen_by_another_and_loses_nothing_by_its_writes(
    town: dict[str, Spoken], first: str, second: str
) -> None:
    one, other = town[first], town[second]
    made = one.create(one.sample())
    seen = other.read(made["id"])
    altered = {path.rpartition(".")[2] for path in (*ALTERED.get(first, {}), *ALTERED.get(second, {}))}
    for place in _shared(one, other):
        if place.attribute.name not in altered:
            assert _at(other, seen, place) == _at(one, made, place), place.name
    if one.type().schema.attribute("emails") and other.type().schema.attribute("emails"):
        assert [email["value"] for email in seen["emails"]] == [email["value"] for email in made["emails"]]
    found = other.listed(count=200).json()["Resources"]
    assert made["id"] in {user["id"] for user in found} or len(found) == other.dialect.limits.max_page

    before = one.read(made["id"])
    answer = other.seat.call("PUT", f"{other.type().endpoint}/{made['id']}", seen)
    assert answer.status_code == 200, answer.text
    assert _lasting(one, one.read(made["id"])) == _lasting(one, before), "a PUT of what was read changed something"

    path = next(path for path in CHANGED if other.type().place(None, path[0], "".join(path[1:]) or None))
    body = other.read(made["id"])
    if len(path) == 2:
        body[path[0]] = {**body.get(path[0], {}), path[1]: "Put"}
    else:
        body[path[0]] = "Put"
    answer = other.seat.call("PUT", f"{other.type().endpoint}/{made['id']}", body)
    assert answer.status_code == 200, answer.text
    assert _lasting(one, one.read(made["id"]), path) == _lasting(one, before, path)
    if other.may("modify"):
        value = {path[1]: "Patched"} if len(path) == 2 else "Patched"
        answer = other.set(made["id"], path[0], value)
        assert answer.status_code == 200, answer.text
        now = other.read(made["id"])
        assert "Patched" in str(now[path[0]])
        assert _lasting(one, one.read(made["id"]), path) == _lasting(one, before, path)


@pytest.mark.parametrize("narrow", [name for name in DIALECTS if name != "standard"])
def test_what_was_put_through_a_narrow_dialect_is_what_the_standard_has(town: dict[str, Spoken], narrow: str) -> None:
    other, standard = town[narrow], town["standard"]
    made = other.create(other.sample())
    kept = standard.read(made["id"])
    for place in _shared(other, standard):
        name = place.attribute.name
        if not any(name in path for path in ALTERED.get(narrow, {})):
            assert not list(differences(_at(other, made, place), _at(standard, kept, place))), place.name
    assert standard.listed(filter=f'userName eq "{made["userName"]}"').json()["totalResults"] == 1


def test_a_second_address_outlives_a_dialect_that_knows_one(town: dict[str, Spoken]) -> None:
    standard, narrow = town["standard"], town["releezme"]
    both = [
        {"value": "ann@home.example", "type": "home"},
        {"value": "ann@acorn.example", "type": "work", "primary": True},
    ]
    made = standard.create({**standard.sample(whole=False), "emails": both, ENTERPRISE: {"department": "Archery"}})
    seen = narrow.read(made["id"])
    assert seen["emails"] == both[1:]
    seen["emails"][0]["value"] = "anna@acorn.example"
    assert narrow.seat.call("PUT", f"/users/{made['id']}", seen).status_code == 200
    now = standard.read(made["id"])
    assert {email["value"] for email in now["emails"]} == {"ann@home.example", "anna@acorn.example"}
    assert now[ENTERPRISE] == {"department": "Archery"}
    operation = {"op": "remove", "path": "emails"}
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation]}
    assert narrow.seat.call("PATCH", f"/users/{made['id']}", body).status_code == 200
    assert [email["value"] for email in standard.read(made["id"])["emails"]] == ["ann@home.example"]


def test_a_user_that_is_deleted_through_one_dialect_is_gone_in_all(town: dict[str, Spoken]) -> None:
    made = town["identify"].create(town["identify"].sample())
    assert town["identify"].seat.delete(f"/Users/{made['id']}").status_code == 200
    for spoken in town.values():
        assert spoken.seat.get(f"{spoken.type().endpoint}/{made['id']}").status_code == 404


def test_two_dialects_share_one_list_of_names(town: dict[str, Spoken]) -> None:
    made = town["standard"].create({**town["standard"].sample(whole=False), "userName": "Shared.Ann"})
    for name, spoken in town.items():
        again = spoken.seat.post(spoken.type().endpoint, {**spoken.sample(whole=False), "userName": "shared.ann"})
        assert again.status_code == 409, name
    assert made["userName"] == "Shared.Ann"
