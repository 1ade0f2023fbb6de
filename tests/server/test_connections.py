"""Connections of one tenant: externalIds of their own, settings of their own, tokens that may do what they say."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from tests.support.house import GROUP, PATCH_OP, SEARCH, USER, House, Seat

BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


def _leaver(seat: Seat) -> dict[str, Any]:
    ann = seat.user("Ann@acorn.example", externalId="00u1", displayName="Ann", title="Sower")
    assert seat.patch(f"/Users/{ann['id']}", {"op": "replace", "value": {"active": False}}).status_code == 200
    return ann


def _again(seat: Seat, **attributes: Any) -> httpx2.Response:
    body = {"schemas": [USER], "userName": "ann@ACORN.example", "externalId": "00u1", **attributes}
    return seat.post("/Users", {key: value for key, value in body.items() if value is not None})


def test_protocol_34_a_deactivated_user_of_the_same_connection_is_taken_up_again(house: House) -> None:
    seat = house.seat("acorn", preset="okta")
    ann = _leaver(seat)
    answer = _again(seat, displayName="Ann B.")
    assert answer.status_code == 201
    assert answer.headers["location"].endswith(f"/Users/{ann['id']}")
    found = seat.get(f"/Users/{ann['id']}").json()
    assert answer.json() == found
    assert (found["active"], found["displayName"], "title" in found) == (True, "Ann B.", False)
    assert found["meta"]["created"] == ann["meta"]["created"]
    last = seat.events()[-1]
    assert (last.kind, last.status, last.tolerances) == ("resource:replace", 201, ("reactivated: User",))
    assert seat.get("/Users").json()["totalResults"] == 1


@pytest.mark.parametrize(
    "attributes",
    [{"externalId": "00u2"}, {"externalId": None}, {"userName": "bo@acorn.example"}, {"externalId": "00U1"}],
    ids=["another externalId", "no externalId", "another userName", "an externalId in other letters"],
)
def test_protocol_34_nobody_else_is_adopted(house: House, attributes: dict[str, Any]) -> None:
    seat = house.seat("acorn", preset="okta")
    ann = _leaver(seat)
    before = seat.get(f"/Users/{ann['id']}").json()
    answer = _again(seat, **attributes)
    assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")
    assert seat.get(f"/Users/{ann['id']}").json() == before


def test_protocol_34_an_active_user_is_not_adopted(house: House) -> None:
    seat = house.seat("acorn", preset="okta")
    seat.user("ann@acorn.example", externalId="00u1")
    assert _again(seat).status_code == 409


def test_protocol_34_a_user_of_another_connection_is_not_adopted(house: House) -> None:
    seat = house.seat("acorn", preset="okta")
    _leaver(seat)
    other = seat.by("second", "okta")
    assert _again(other).status_code == 409
    assert _again(seat).status_code == 201


def test_protocol_34_without_the_setting_a_deactivated_user_holds_its_names(house: House) -> None:
    seat = house.seat("acorn")
    _leaver(seat)
    assert _again(seat).status_code == 409


def test_protocol_34_a_deleted_user_frees_its_names_for_a_new_one(house: House) -> None:
    seat = house.seat("acorn", preset="okta")
    ann = _leaver(seat)
    assert seat.delete(f"/Users/{ann['id']}").status_code == 204
    answer = _again(seat)
    assert (answer.status_code, answer.json()["id"] == ann["id"]) == (201, False)


def test_protocol_34_of_many_who_come_back_at_once_one_does(house: House) -> None:
    seat = house.seat("acorn", preset="okta")
    _leaver(seat)
    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(answer.status_code for answer in pool.map(lambda _: _again(seat), range(8)))
    assert statuses == [201, *([409] * 7)]
    assert seat.get("/Users").json()["totalResults"] == 1


def test_protocol_34_holds_in_bulk_too(house: House) -> None:
    seat = house.seat("acorn", preset="okta")
    ann = _leaver(seat)
    data = {"schemas": [USER], "userName": "ann@acorn.example", "externalId": "00u1"}
    operations = [{"method": "POST", "path": "/Users", "bulkId": "a", "data": data}]
    answer = seat.post("/Bulk", {"schemas": [BULK_REQUEST], "Operations": operations})
    (done,) = answer.json()["Operations"]
    assert (done["status"], done["location"].endswith(ann["id"])) == ("201", True)
    assert seat.get(f"/Users/{ann['id']}").json()["active"] is True


def test_an_external_id_is_unique_in_its_connection_only(house: House) -> None:
    seat = house.seat("acorn")
    other = seat.by("other")
    ann, bo = seat.user("ann", externalId="1"), other.user("bo", externalId="1")
    for each in (seat, other):
        refused = each.post("/Users", {"schemas": [USER], "userName": "cleo", "externalId": "1"})
        assert (refused.status_code, refused.json()["scimType"]) == (409, "uniqueness")
        # All that a tenant has can be seen by each of its connections.
        assert sorted(each.names('externalId eq "1"')) == ["ann", "bo"]
        assert each.get(f"/Users/{ann['id']}").json()["externalId"] == "1"
    assert bo["externalId"] == "1"


def test_a_put_without_an_external_id_leaves_that_of_another_connection(house: House) -> None:
    seat = house.seat("acorn")
    other = seat.by("other")
    ann = seat.user("ann", externalId="1")
    answer = other.put(f"/Users/{ann['id']}", {"schemas": [USER], "userName": "ann", "title": "Sower"})
    assert (answer.json()["externalId"], answer.json()["title"]) == ("1", "Sower")
    assert seat.events()[-1].tolerances == ("kept for its connection: externalId",)
    answer = seat.put(f"/Users/{ann['id']}", {"schemas": [USER], "userName": "ann"})
    assert "externalId" not in answer.json()


@pytest.mark.parametrize("how", ["PUT", "PATCH"])
def test_a_connection_that_writes_an_external_id_takes_the_resource_over(house: House, how: str) -> None:
    seat = house.seat("acorn")
    other = seat.by("other")
    ann, bo = seat.user("ann", externalId="1"), other.user("bo", externalId="2")

    def give(id: str) -> httpx2.Response:
        if how == "PUT":
            return other.put(f"/Users/{ann['id']}", {"schemas": [USER], "userName": "ann", "externalId": id})
        return other.patch(f"/Users/{ann['id']}", {"op": "replace", "path": "externalId", "value": id})

    taken = give(bo["externalId"])
    assert (taken.status_code, taken.json()["scimType"]) == (409, "uniqueness")
    assert give("3").status_code == 200
    seat.user("cleo", externalId="3")
    assert other.post("/Users", {"schemas": [USER], "userName": "dee", "externalId": "3"}).status_code == 409
    seat.user("dee", externalId="1")


def test_a_delete_can_deactivate_users_and_still_deletes_groups(house: House) -> None:
    seat = house.seat("acorn", delete="deactivate")
    ann = seat.user("ann")
    group = seat.group("Gardeners", ann["id"])
    stale = seat.delete(f"/Users/{ann['id']}", headers={"if-match": 'W/"9"'})
    assert stale.status_code == 412
    assert seat.delete(f"/Users/{ann['id']}").status_code == 204
    assert seat.get(f"/Users/{ann['id']}").json()["active"] is False
    last = seat.events()[-1]
    assert (last.kind, last.attributes, last.tolerances) == ("resource:modify", ("active",), ("deactivated: delete",))
    assert seat.delete(f"/Groups/{group['id']}").status_code == 204
    assert seat.get(f"/Groups/{group['id']}").status_code == 404
    assert seat.delete("/Users/0").status_code == 404


def test_a_put_without_active_can_clear_it(house: House) -> None:
    seat = house.seat("acorn", put_active="clear")
    ann = seat.user("ann", active=False)
    assert seat.put(f"/Users/{ann['id']}", {"schemas": [USER], "userName": "ann"}).json()["active"] is True


def test_a_patch_is_answered_as_the_connection_has_it(house: House) -> None:
    seat = house.seat("acorn")
    ann = seat.user("ann")
    group = seat.group("Gardeners")
    title: dict[str, Any] = {"op": "replace", "path": "title", "value": "Sower"}
    come: dict[str, Any] = {"op": "add", "path": "members", "value": [{"value": ann["id"]}]}
    for answer, statuses in (("auto", (200, 204)), ("body", (200, 200)), ("empty", (204, 204))):
        other = seat.by(answer, patch_answer=answer)
        for path, operation, status in zip(
            (f"/Users/{ann['id']}", f"/Groups/{group['id']}"), (title, come), statuses, strict=True
        ):
            assert other.patch(path, operation).status_code == status, answer
            shown = other.patch(f"{path}?attributes=id", operation)
            assert (shown.status_code, shown.json()["id"]) == (200, path.rpartition("/")[2])
            brief = other.patch(path, operation, headers={"prefer": "return=minimal"})
            assert brief.status_code == 204


@pytest.mark.parametrize("how", ["replace", "remove", "null", "PUT"])
def test_a_group_cannot_be_emptied_where_that_is_off(house: House, how: str) -> None:
    seat = house.seat("acorn", remove_all_members="off")
    ann, bo = seat.user("ann"), seat.user("bo")
    full, empty = seat.group("Gardeners", ann["id"], bo["id"]), seat.group("Growers")

    def clear(group: dict[str, Any]) -> httpx2.Response:
        path = f"/Groups/{group['id']}"
        if how == "PUT":
            return seat.put(path, {"schemas": [GROUP], "displayName": group["displayName"]})
        operations: dict[str, dict[str, Any]] = {
            "replace": {"op": "replace", "path": "members", "value": []},
            "remove": {"op": "remove", "path": "members"},
            "null": {"op": "replace", "value": {"members": None}},
        }
        return seat.patch(path, operations[how])

    refused = clear(full)
    assert (refused.status_code, refused.json()["scimType"]) == (400, "invalidValue")
    assert len(seat.get(f"/Groups/{full['id']}").json()["members"]) == 2
    assert clear(empty).status_code == 200
    for id in (ann["id"], bo["id"]):
        named = {"op": "remove", "path": f'members[value eq "{id}"]'}
        assert seat.patch(f"/Groups/{full['id']}", named).status_code == 204


@pytest.mark.parametrize("path", ["members[value pr]", 'members[type eq "User"]', 'members[not (value eq "nobody")]'])
def test_a_group_is_not_emptied_by_a_filter_that_names_nobody_where_that_is_off(house: House, path: str) -> None:
    seat = house.seat("acorn", remove_all_members="off")
    ann, bo = seat.user("ann"), seat.user("bo")
    group = seat.group("Gardeners", ann["id"], bo["id"])["id"]
    for operation in ({"op": "remove", "path": path}, {"op": "replace", "path": path, "value": None}):
        refused = seat.patch(f"/Groups/{group}", operation)
        assert (refused.status_code, refused.json()["scimType"]) == (400, "invalidValue")
    assert len(seat.get(f"/Groups/{group}").json()["members"]) == 2
    seat.patch(f"/Groups/{group}", {"op": "add", "path": "members", "value": [{"value": seat.group("Growers")["id"]}]})
    some = seat.patch(f"/Groups/{group}", {"op": "remove", "path": 'members[type eq "User"]'})
    assert some.status_code == 204  # not all: a group is left
    assert len(seat.get(f"/Groups/{group}").json()["members"]) == 1


def test_409_says_where_a_name_is_taken(house: House) -> None:
    seat = house.seat("acorn")
    seat.post("/Users", {"schemas": [USER], "userName": "ann", "externalId": "1"})
    same_id = seat.post("/Users", {"schemas": [USER], "userName": "bo", "externalId": "1"})
    assert same_id.json()["detail"].startswith("Another User of this connection has this externalId already.")
    same_name = seat.post("/Users", {"schemas": [USER], "userName": "Ann", "externalId": "2"})
    assert same_name.json()["detail"].startswith("Another User of this tenant has this userName already.")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_428_without_if_match_where_it_is_required(house: House, method: str) -> None:
    seat = house.seat("acorn", require_if_match="on")
    ann = seat.user("ann")
    body: Any = {
        "PUT": {"schemas": [USER], "userName": "ann", "title": "Sower"},
        "PATCH": {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": "title", "value": "Sower"}]},
        "DELETE": None,
    }[method]
    path = f"/Users/{ann['id']}"
    refused = seat.call(method, path, body)
    assert (refused.status_code, refused.json()["status"]) == (428, "428")
    assert seat.get(path).json() == ann
    assert seat.events()[-1].status == 428
    done = seat.call(method, path, body, headers={"if-match": ann["meta"]["version"]})
    assert done.status_code in (200, 204)


def test_pages_are_as_large_as_the_connection_has_them(house: House) -> None:
    seat = house.seat("acorn", page_size="2", max_page="3")
    for name in ("ann", "bo", "cleo", "dee"):
        seat.user(name)

    def shown(answer: httpx2.Response) -> tuple[int, int]:
        body = answer.json()
        assert len(body["Resources"]) == body["itemsPerPage"]
        return body["totalResults"], body["itemsPerPage"]

    assert shown(seat.get("/Users")) == (4, 2)
    assert shown(seat.get("/Users", count=1000)) == (4, 3)
    assert shown(seat.post("/Users/.search", {"schemas": [SEARCH], "count": 1000})) == (4, 3)
    assert shown(seat.by("other").get("/Users")) == (4, 4)
    # What is announced to a connection is what it gets; without a credential it is what the server has.
    assert seat.get("/ServiceProviderConfig").json()["filter"]["maxResults"] == 3
    assert seat.client.get(f"{seat.base}/ServiceProviderConfig").json()["filter"]["maxResults"] == 1000


def test_unknown_names_are_refused_or_dropped_as_the_connection_has_it(house: House) -> None:
    seat = house.seat("acorn", preset="entra", unknown="reject")
    body = {"schemas": [USER], "userName": "ann", "bed": 7}
    assert seat.post("/Users", body).json()["scimType"] == "invalidSyntax"
    other = seat.by("other", unknown="ignore")
    assert other.post("/Users", body).status_code == 201
    assert seat.events()[-1].tolerances == ("unknown attribute: bed",)


def test_a_connection_has_a_rate_of_its_own(house: House) -> None:
    seat = house.seat("acorn", rate="0.01", burst="2")
    assert [seat.get("/Users").status_code for _ in range(3)] == [200, 200, 429]
    assert seat.by("other").get("/Users").status_code == 200


SCOPED: dict[str, tuple[Callable[[Seat, str], httpx2.Response], ...]] = {
    "scim.read": (
        lambda seat, ann: seat.get("/Users"),
        lambda seat, ann: seat.get(f"/Users/{ann}"),
        lambda seat, ann: seat.post("/Users/.search", {"schemas": [SEARCH]}),
        lambda seat, ann: seat.post("/.search", {"schemas": [SEARCH]}),
        lambda seat, ann: seat.get("/"),
    ),
    "scim.write": (
        lambda seat, ann: seat.post("/Users", {"schemas": [USER], "userName": "bo"}),
        lambda seat, ann: seat.put(f"/Users/{ann}", {"schemas": [USER], "userName": "ann"}),
        lambda seat, ann: seat.patch(f"/Users/{ann}", {"op": "replace", "path": "title", "value": "x"}),
        lambda seat, ann: seat.delete(f"/Users/{ann}"),
    ),
}


@pytest.mark.parametrize("scope", SCOPED)
def test_a_token_may_do_what_its_scopes_say_and_nothing_else(house: House, scope: str) -> None:
    seat = house.seat("acorn", scopes=(scope,))
    id = seat.by("full").user("ann")["id"]
    for needed, calls in SCOPED.items():
        for call in calls:
            answer = call(seat, id)
            if needed == scope:
                assert answer.status_code < 300, answer.text
            else:
                assert answer.status_code == 403
                assert answer.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
                challenge = answer.headers["www-authenticate"]
                assert challenge == f'Bearer realm="rollbook", error="insufficient_scope", scope="{needed}"'
    assert seat.client.request("GET", f"{seat.base}/Schemas").status_code == 200


def test_a_refused_write_for_want_of_a_scope_leaves_its_event(house: House) -> None:
    seat = house.seat("acorn", scopes=("scim.read",))
    assert seat.post("/Users", {"schemas": [USER], "userName": "ann"}).status_code == 403
    assert [(e.kind, e.status) for e in seat.events()][-1] == ("write:refuse", 403)


def test_a_wrong_scope_is_said_before_the_body_is_read(house: House) -> None:
    seat = house.seat("acorn", scopes=("scim.read",))
    assert seat.post("/Users", b"no json").status_code == 403
