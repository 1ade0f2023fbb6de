"""Two tenants on one server: whatever acorn sends, birch's resources are neither shown nor touched.

Source: the checklist's cases V1 to V5, V15, V31 and lines 68 to 70. What is another's is answered like what is not
there.
"""

import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

import httpx2
import pytest
from tests.support.house import GROUP, PATCH_OP, SEARCH, USER, House, Seat

CASES = ("GET", "HEAD", "PUT", "PATCH", "DELETE")


class Two(NamedTuple):
    acorn: Seat
    birch: Seat
    ann: dict[str, Any]
    staff: dict[str, Any]


@pytest.fixture
def two(house: House) -> Two:
    acorn, birch = house.seat("acorn"), house.seat("birch")
    ann = birch.user("ann", externalId="1", emails=[{"value": "ann@birch.example"}])
    return Two(acorn, birch, ann, birch.group("staff", ann["id"]))


def _body(method: str, path: str, id: str) -> Any:
    if method == "PUT":
        schema, name = (USER, "userName") if path == "/Users" else (GROUP, "displayName")
        return {"schemas": [schema], "id": id, name: "taken"}
    if method == "PATCH":
        return {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": "displayName", "value": "taken"}]}
    return None


def _seen(answer: httpx2.Response) -> tuple[int, str, dict[str, str]]:
    """What an answer tells, without what differs between any two answers."""
    kept = {k: v for k, v in answer.headers.items() if k not in ("date", "x-request-id")}
    return answer.status_code, answer.text, kept


@pytest.mark.parametrize("method", CASES)
@pytest.mark.parametrize("path", ["/Users", "/Groups"])
def test_3_6_68_anothers_id_is_answered_like_a_random_one(two: Two, method: str, path: str) -> None:
    id = (two.ann if path == "/Users" else two.staff)["id"]
    random = str(uuid.uuid4())
    foreign = two.acorn.call(method, f"{path}/{id}", _body(method, path, id))
    unknown = two.acorn.call(method, f"{path}/{random}", _body(method, path, random))
    assert foreign.status_code == 404
    assert _seen(foreign) == _seen(unknown)
    assert two.birch.get(f"/Users/{two.ann['id']}").json() == two.birch.get(f"/Users/{two.ann['id']}").json()
    still = two.birch.get(f"{path}/{id}")
    assert still.status_code == 200
    assert still.json()["meta"]["version"] == 'W/"1"'


@pytest.mark.parametrize("address", ["name", "id"])
@pytest.mark.parametrize("method", CASES)
def test_an_address_that_names_another_tenant_is_not_found(two: Two, method: str, address: str) -> None:
    tenant = two.birch.name if address == "name" else two.birch.tenant.id
    path = f"/Users/{two.ann['id']}"
    foreign = two.acorn.call(
        method, path, _body(method, "/Users", two.ann["id"]), base=f"{two.acorn.house.url}/t/{tenant}/scim/v2"
    )
    nobody = two.acorn.call(
        method, path, _body(method, "/Users", two.ann["id"]), base=f"{two.acorn.house.url}/t/nobody/scim/v2"
    )
    assert foreign.status_code == 404
    assert _seen(foreign) == _seen(nobody)


def test_the_own_tenant_may_be_named_in_any_letter_case_and_stands_in_locations(two: Two) -> None:
    base = f"{two.birch.house.url}/t/{two.birch.name.upper()}/scim/v2"
    answer = two.birch.call("GET", f"/Users/{two.ann['id']}", base=base)
    assert answer.status_code == 200
    location = answer.json()["meta"]["location"]
    assert location == f"{two.birch.house.url}/t/{two.birch.name}/scim/v2/Users/{two.ann['id']}"


LISTS: dict[str, Callable[[Seat], httpx2.Response]] = {
    "users": lambda seat: seat.get("/Users"),
    "groups": lambda seat: seat.get("/Groups"),
    "root": lambda seat: seat.get("/"),
    "by userName": lambda seat: seat.get("/Users", filter='userName eq "ann"'),
    "by externalId": lambda seat: seat.get("/Users", filter='externalId eq "1"'),
    "by e-mail": lambda seat: seat.get("/Users", filter='emails.value eq "ann@birch.example"'),
    "by anything": lambda seat: seat.get("/Users", filter='not (userName eq "nobody")', sortBy="name.familyName"),
    "search": lambda seat: seat.post("/.search", {"schemas": [SEARCH], "filter": "id pr"}),
    "search users": lambda seat: seat.post("/Users/.search", {"schemas": [SEARCH]}),
}


@pytest.mark.parametrize("ask", LISTS.values(), ids=LISTS.keys())
def test_lists_and_totals_know_nothing_of_another_tenant(two: Two, ask: Callable[[Seat], httpx2.Response]) -> None:
    answer = ask(two.acorn)
    assert answer.status_code == 200
    assert (answer.json()["totalResults"], answer.json()["Resources"]) == (0, [])
    assert ask(two.birch).json()["totalResults"] >= 1


def test_filters_on_anothers_id_and_membership_find_nothing(two: Two) -> None:
    own = two.acorn.user("bo")
    assert two.acorn.names(f'id eq "{two.ann["id"]}"') == []
    assert two.acorn.names(f'groups.value eq "{two.staff["id"]}"') == []
    assert two.acorn.names(f'members.value eq "{two.ann["id"]}"', "/Groups") == []
    assert two.acorn.names(f'id eq "{own["id"]}"') == ["bo"]


@pytest.mark.parametrize("how", ["POST", "PUT", "PATCH"])
def test_3_5_60_anothers_user_cannot_become_a_member(two: Two, how: str) -> None:
    crew = two.acorn.group("crew")

    def give(id: str) -> httpx2.Response:
        body = {"schemas": [GROUP], "displayName": "crew", "members": [{"value": id}]}
        if how == "POST":
            return two.acorn.post("/Groups", body)
        if how == "PUT":
            return two.acorn.put(f"/Groups/{crew['id']}", body)
        return two.acorn.patch(f"/Groups/{crew['id']}", {"op": "add", "path": "members", "value": [{"value": id}]})

    random = str(uuid.uuid4())
    foreign, unknown = give(two.ann["id"]), give(random)
    assert (foreign.status_code, foreign.json()["scimType"]) == (400, "invalidValue")
    assert foreign.text.replace(two.ann["id"], random) == unknown.text
    assert "members" not in two.acorn.get(f"/Groups/{crew['id']}").json()


def test_3_6_69_names_are_free_in_every_tenant(two: Two) -> None:
    made = two.acorn.user("ann", externalId="1")
    assert made["id"] != two.ann["id"]
    assert two.birch.get(f"/Users/{two.ann['id']}").json()["meta"]["version"] == 'W/"1"'


def test_v1_an_external_id_that_is_anothers_id_touches_nothing(two: Two) -> None:
    made = two.acorn.user("bo", externalId=two.ann["id"])
    assert made["id"] != two.ann["id"]
    assert two.birch.get(f"/Users/{two.ann['id']}").json()["userName"] == "ann"


def test_v3_a_body_that_names_another_resource_changes_the_one_of_the_address(two: Two) -> None:
    bo, cleo = two.birch.user("bo"), two.birch.user("cleo")
    answer = two.birch.put(
        f"/Users/{bo['id']}",
        {"schemas": [USER], "id": cleo["id"], "userName": "bo", "title": "moved", "meta": {"version": 'W/"9"'}},
    )
    assert answer.status_code == 200
    assert answer.json()["id"] == bo["id"]
    assert "title" not in two.birch.get(f"/Users/{cleo['id']}").json()


def test_v31_a_deleted_users_names_are_free_and_its_id_is_never_used_again(two: Two) -> None:
    assert two.birch.delete(f"/Users/{two.ann['id']}").status_code == 204
    again = two.birch.user("ann", externalId="1")
    assert again["id"] != two.ann["id"]
    assert two.acorn.get(f"/Users/{again['id']}").status_code == 404


def test_a_refused_write_on_anothers_resource_leaves_an_event_with_the_one_who_tried(two: Two) -> None:
    two.acorn.delete(f"/Users/{two.ann['id']}")
    refused = [e for e in two.acorn.events() if e.kind == "write:refuse"]
    assert [(e.status, e.resource) for e in refused] == [(404, two.ann["id"])]
    assert not [e for e in two.birch.events() if e.kind == "write:refuse"]


def test_a_connection_of_one_tenant_changes_nothing_in_another(house: House) -> None:
    acorn, birch = house.seat("acorn", preset="okta", remove_all_members="off"), house.seat("birch")
    body = {"schemas": [USER], "userName": "ann", "externalId": "1", "bed": 7}
    assert acorn.post("/Users", body).status_code == 201
    assert birch.post("/Users", body).status_code == 400
    for seat in (acorn, birch):
        seat.by("sync", "entra").user("bo", externalId="2")
    assert [birch.get("/Users").json()["totalResults"], acorn.get("/Users").json()["totalResults"]] == [1, 2]


def test_a_token_of_anothers_connection_of_the_same_name_opens_the_own_tenant_only(house: House) -> None:
    acorn, birch = house.seat("acorn"), house.seat("birch")
    ours, theirs = acorn.by("sync"), birch.by("sync")
    cleo = theirs.user("cleo")
    assert ours.get(f"/Users/{cleo['id']}").status_code == 404
    base = f"{house.url}/t/{birch.name}/scim/v2"
    assert ours.call("GET", "/Users", base=base).status_code == 404
    assert theirs.call("GET", "/Users", base=base).status_code == 200


def test_nobody_of_another_tenant_is_taken_up_again(house: House) -> None:
    acorn, birch = house.seat("acorn", preset="okta"), house.seat("birch", preset="okta")
    ann = birch.user("ann", externalId="1", active=False)
    made = acorn.user("ann", externalId="1")
    assert made["id"] != ann["id"]
    assert birch.get(f"/Users/{ann['id']}").json()["meta"]["version"] == 'W/"1"'
