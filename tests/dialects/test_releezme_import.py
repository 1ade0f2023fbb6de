"""Unique badges (U1) by the roads beside SCIM: import, dry run, export; and beside another dialect."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.command import Told, rollbook
from tests.support.house import USER, House, Seat

RELEEZME = "urn:ietf:params:scim:schemas:extension:releezme:2.0:User"


@pytest.fixture
def seat(house: House) -> Seat:
    return house.seat("acorn").speaking("releezme")


def person(name: str, *badges: str) -> dict[str, Any]:
    return {
        "schemas": [USER, RELEEZME],
        "userName": name,
        RELEEZME: {"badges": [{"value": badge} for badge in badges]},
        "meta": {"resourceType": "User"},
    }


def test_u1_an_import_names_the_lines_whose_badges_are_taken(seat: Seat, tmp_path: Path) -> None:
    assert seat.post("/users", {**person("ann", "1"), "meta": {}}).status_code == 201
    file = tmp_path / "people.ndjson"
    people = [
        person("bo", "2", "3"),
        person("cleo", "3"),
        person("dee", "1"),
        person("ann", "1", "4"),
        person("eve", "5"),
    ]
    file.write_text("".join(json.dumps(one) + "\n" for one in people))

    def run(*more: str) -> Told:
        return rollbook("import", seat.name, str(file), *more, ROLLBOOK_DATABASE=seat.house.database)

    for more in (["--dry-run"], ["--strict"]):
        told = run(*more)
        assert told.code == 1
        assert "line 2: Line 1 has this urn:" in told.err
        assert "line 3: Another User of this tenant has this urn:" in told.err
        assert told.err.count("line ") == 2
        assert seat.get("/users").json()["totalResults"] == 1
    told = run()
    assert told.code == 1
    assert told.err.count("line ") == 2
    found = seat.get("/users", sortBy="userName").json()["Resources"]
    badges = {one["userName"]: [b["value"] for b in one[RELEEZME]["badges"]] for one in found}
    assert badges == {"ann": ["1", "4"], "bo": ["2", "3"], "eve": ["5"]}
    assert seat.post("/users", {**person("late", "4"), "meta": {}}).status_code == 409


def test_u1_a_put_by_a_dialect_that_sees_no_badges_leaves_them(house: House) -> None:
    plain = house.seat("acorn")
    seat = plain.speaking("releezme")
    ann = seat.post("/users", {**person("ann", "1"), "meta": {}}).json()
    path = f"/Users/{ann['id']}"
    assert plain.put(path, {"schemas": [USER], "userName": "ann", "title": "Sower"}).status_code == 200
    assert seat.get(f"/users/{ann['id']}").json()[RELEEZME] == {"badges": [{"value": "1"}]}
    assert seat.post("/users", {**person("bo", "1"), "meta": {}}).status_code == 409
    assert seat.put(f"/users/{ann['id']}", {"schemas": [USER], "userName": "ann"}).status_code == 200
    assert plain.get(path).json()["title"] == "Sower"
    assert seat.post("/users", {**person("bo", "1"), "meta": {}}).status_code == 201
    assert plain.delete(path).status_code == 204
    assert plain.user("ann")["userName"] == "ann"
