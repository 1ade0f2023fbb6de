"""Two tenants, spoken to in SCIM 1.1: every route, every method, by header too. What is another's is not there."""

import uuid
from typing import Any, NamedTuple

import httpx2
import pytest
from tests.support.house import House, Seat

CASES = ("GET", "HEAD", "PUT", "PATCH", "DELETE", "POST PUT", "POST PATCH", "POST DELETE")
BODIES: dict[str, dict[str, Any]] = {
    "PUT": {"/Users": {"userName": "taken"}, "/Groups": {"displayName": "taken"}},
    "PATCH": {"/Users": {"displayName": "taken"}, "/Groups": {"meta": {"attributes": ["members"]}}},
}


class Two(NamedTuple):
    acorn: Seat
    birch: Seat
    ann: dict[str, Any]
    staff: dict[str, Any]


@pytest.fixture
def two(house: House) -> Two:
    acorn, birch = house.seat("acorn").speaking("scim11"), house.seat("birch").speaking("scim11")
    ann = birch.post("/Users", {"userName": "ann", "externalId": "1"}).json()
    return Two(
        acorn, birch, ann, birch.post("/Groups", {"displayName": "Staff", "members": [{"value": ann["id"]}]}).json()
    )


def ask(seat: Seat, case: str, path: str, id: str, **options: Any) -> httpx2.Response:
    method, _, override = case.partition(" ")
    meant = override or method
    headers = {"x-http-method-override": override} if override else {}
    return seat.call(method, f"{path}/{id}", BODIES.get(meant, {}).get(path), headers=headers, **options)


def seen(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.text


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("path", ["/Users", "/Groups"])
def test_anothers_id_is_answered_like_a_random_one(two: Two, case: str, path: str) -> None:
    mine = two.ann if path == "/Users" else two.staff
    foreign, unknown = ask(two.acorn, case, path, mine["id"]), ask(two.acorn, case, path, str(uuid.uuid4()))
    assert foreign.status_code == 404
    assert seen(foreign) == seen(unknown)
    assert two.birch.get(f"{path}/{mine['id']}").json()["meta"] == mine["meta"]


@pytest.mark.parametrize("case", CASES)
def test_an_address_that_names_another_tenant_is_not_found(two: Two, case: str) -> None:
    host = two.acorn.house.url
    foreign = ask(two.acorn, case, "/Users", two.ann["id"], base=f"{host}/t/{two.birch.name}/scim/v1")
    nobody = ask(two.acorn, case, "/Users", two.ann["id"], base=f"{host}/t/nobody/scim/v1")
    assert foreign.status_code == 404
    assert seen(foreign) == seen(nobody)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/Users", {}),
        ("/Groups", {}),
        ("/Users.json", {"filter": 'userName eq "ann"'}),
        ("/Users", {"filter": 'externalId eq "1"', "attributes": "userName"}),
        ("/Users", {"filter": "userName pr", "sortBy": "userName", "sortOrder": "descending", "startIndex": "1"}),
        ("/Groups", {"filter": "members.value pr"}),
    ],
)
def test_lists_and_totals_know_nothing_of_another_tenant(two: Two, path: str, query: dict[str, str]) -> None:
    found = two.acorn.get(path, **query).json()
    assert (found["totalResults"], found["Resources"]) == (0, [])
    assert two.birch.get(path, **query).json()["totalResults"] == 1


def test_anothers_user_cannot_become_a_member(two: Two) -> None:
    crew = two.acorn.post("/Groups", {"displayName": "Crew"}).json()
    body = {"members": [{"value": two.ann["id"]}]}
    for answer in (
        two.acorn.call("PATCH", f"/Groups/{crew['id']}", body),
        two.acorn.call("PUT", f"/Groups/{crew['id']}", {"displayName": "Crew", **body}),
        two.acorn.post("/Groups", {"displayName": "Others", **body}),
    ):
        assert answer.status_code == 400
    assert two.acorn.get(f"/Groups/{crew['id']}").json() == crew


def test_a_bulk_neither_sees_nor_touches_another_tenant(two: Two) -> None:
    operations = [
        {"method": "PUT", "path": f"/Users/{two.ann['id']}", "data": {"userName": "taken"}},
        {"method": "PATCH", "path": f"/Users/{two.ann['id']}", "data": {"displayName": "taken"}},
        {"method": "DELETE", "path": f"/Users/{two.ann['id']}"},
        {"method": "DELETE", "path": f"/Groups/{two.staff['id']}"},
    ]
    parts = two.acorn.post("/Bulk", {"Operations": operations}).json()["Operations"]
    assert [part["status"]["code"] for part in parts] == ["404"] * 4
    assert two.birch.get(f"/Users/{two.ann['id']}").json()["meta"] == two.ann["meta"]
    assert two.birch.get(f"/Groups/{two.staff['id']}").json() == two.staff


def test_names_are_free_in_every_tenant(two: Two) -> None:
    assert two.acorn.post("/Users", {"userName": "ann", "externalId": "1"}).status_code == 201
