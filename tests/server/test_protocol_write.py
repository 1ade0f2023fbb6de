"""Protocol requirements 20 to 24: writes. Names begin with the number of the requirement."""

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.support.house import ENTERPRISE, GROUP, PATCH_OP, USER, House, Seat


def refused(answer: Any, status: int, scim_type: str | None) -> None:
    assert (answer.status_code, answer.json().get("scimType")) == (status, scim_type), answer.text


def at_once(calls: list[Callable[[], Any]]) -> Counter[int]:
    """The statuses of requests that are sent at the same time."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return Counter(f.result().status_code for f in [pool.submit(call) for call in calls])


# -- 20: POST, PUT, PATCH, DELETE --------------------------------------------------------------------------------------


def test_protocol_20_post_is_201_with_location_and_etag(seat: Seat) -> None:
    answer = seat.post("/Users", {"schemas": [USER], "userName": "ann"})
    assert answer.status_code == 201
    assert answer.headers["location"] == answer.json()["meta"]["location"]
    assert answer.headers["etag"] == answer.json()["meta"]["version"]


def test_protocol_20_put_clears_what_is_omitted_but_for_active_and_the_password(seat: Seat) -> None:
    ann = seat.user("ann", active=False, title="Guide", name={"givenName": "Ann"}, **{ENTERPRISE: {"costCenter": "7"}})
    now = seat.put(f"/Users/{ann['id']}", {"schemas": [USER], "userName": "ann"}).json()
    assert now.keys() == {"schemas", "id", "userName", "active", "meta"}
    assert now["active"] is False, "an omission reactivates nobody"
    assert now["schemas"] == [USER]


def test_protocol_20_put_of_a_group_without_members_empties_it(seat: Seat) -> None:
    staff = seat.group("Staff", seat.user("ann")["id"])
    answer = seat.put(f"/Groups/{staff['id']}", {"schemas": [GROUP], "displayName": "Staff"})
    assert "members" not in answer.json()


def test_protocol_20_patch_is_200_with_the_body_or_204_where_the_client_prefers_it(seat: Seat) -> None:
    ann = seat.user("ann")
    path, operation = f"/Users/{ann['id']}", {"op": "replace", "path": "title", "value": "Guide"}
    answer = seat.patch(path, operation)
    assert (answer.status_code, answer.json()["title"]) == (200, "Guide")
    minimal = seat.patch(path, {**operation, "value": "Head"}, headers={"prefer": "return=minimal"})
    assert (minimal.status_code, minimal.content) == (204, b"")
    assert minimal.headers["etag"] == seat.get(path).headers["etag"] != answer.headers["etag"]


def test_protocol_20_a_patch_of_members_is_204_unless_the_client_asks_for_the_group(seat: Seat) -> None:
    ann, staff = seat.user("ann"), seat.group("Staff")
    path, operation = f"/Groups/{staff['id']}", {"op": "add", "path": "members", "value": [{"value": ann["id"]}]}
    assert seat.patch(path, operation).status_code == 204
    whole = seat.patch(path, operation, headers={"prefer": "return=representation"})
    assert (whole.status_code, whole.json()["members"][0]["value"]) == (200, ann["id"])
    assert seat.patch(path, operation, attributes="members").json()["members"][0]["value"] == ann["id"]


def test_protocol_20_delete_is_204_and_the_resource_is_gone_everywhere_and_its_names_are_free(seat: Seat) -> None:
    ann = seat.user("ann", externalId="hr-1")
    staff = seat.group("Staff", ann["id"])
    answer = seat.delete(f"/Users/{ann['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert seat.get(f"/Users/{ann['id']}").status_code == 404
    assert seat.get("/Users").json()["totalResults"] == 0
    assert seat.names('externalId eq "hr-1"', "/") == []
    assert "members" not in seat.get(f"/Groups/{staff['id']}").json()
    again = seat.user("ann", externalId="hr-1")
    assert again["id"] != ann["id"]
    assert "groups" not in seat.get(f"/Users/{again['id']}").json()


# -- 21: uniqueness ----------------------------------------------------------------------------------------------------


def test_protocol_21_a_user_name_is_unique_in_the_tenant_and_no_further(seat: Seat, house: House) -> None:
    seat.user("ann")
    bo = seat.user("bo")
    body = {"schemas": [USER], "userName": "ANN"}
    refused(seat.post("/Users", body), 409, "uniqueness")
    refused(seat.put(f"/Users/{bo['id']}", body), 409, "uniqueness")
    rename = {"op": "replace", "path": "userName", "value": "Ann"}
    refused(seat.patch(f"/Users/{bo['id']}", rename), 409, "uniqueness")
    assert seat.get(f"/Users/{bo['id']}").json() == bo
    assert house.seat("birch").user("ann")["userName"] == "ann"


def test_protocol_21_an_external_id_is_unique_in_the_connection(seat: Seat) -> None:
    seat.user("ann", externalId="hr-1")
    refused(seat.post("/Users", {"schemas": [USER], "userName": "bo", "externalId": "hr-1"}), 409, "uniqueness")
    assert seat.user("cleo", externalId="HR-1")["externalId"] == "HR-1", "caseExact"
    group = seat.post("/Groups", {"schemas": [GROUP], "displayName": "Staff", "externalId": "hr-1"})
    assert group.status_code == 201, "another resource type"


def test_protocol_21_a_name_can_be_written_again_in_another_case_by_its_owner(seat: Seat) -> None:
    ann = seat.user("ann")
    now = seat.patch(f"/Users/{ann['id']}", {"op": "replace", "path": "userName", "value": "Ann"}).json()
    assert now["userName"] == "Ann"
    assert now["meta"]["version"] != ann["meta"]["version"]


def test_protocol_21_of_many_posts_at_once_exactly_one_creates(seat: Seat) -> None:
    bodies = [{"schemas": [USER], "userName": name} for name in ("ann", "ANN", "Ann", "aNN") * 4]
    assert at_once([lambda b=b: seat.post("/Users", b) for b in bodies]) == {201: 1, 409: 15}  # type: ignore[misc]
    assert seat.get("/Users").json()["totalResults"] == 1
    bodies = [{"schemas": [USER], "userName": f"u{n}", "externalId": "hr-1"} for n in range(12)]
    assert at_once([lambda b=b: seat.post("/Users", b) for b in bodies]) == {201: 1, 409: 11}  # type: ignore[misc]


# -- 22: PATCH ---------------------------------------------------------------------------------------------------------

EMAILS = [{"value": "a@x.example", "type": "work"}, {"value": "b@x.example", "type": "home"}]

STEPS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("no path", {"op": "add", "value": {"title": "T"}}, {"title": "T"}),
    ("an attribute", {"op": "add", "path": "title", "value": "T"}, {"title": "T"}),
    ("a sub-attribute", {"op": "add", "path": "name.givenName", "value": "A"}, {"name": {"givenName": "A"}}),
    (
        "a value path",
        {"op": "replace", "path": 'emails[type eq "home"]', "value": {"value": "c@x.example"}},
        {"emails": [EMAILS[0], {"value": "c@x.example", "type": "home"}]},
    ),
    (
        "a value path and a sub-attribute",
        {"op": "replace", "path": 'emails[type eq "home"].value', "value": "c@x.example"},
        {"emails": [EMAILS[0], {"value": "c@x.example", "type": "home"}]},
    ),
    (
        "an extension",
        {"op": "add", "path": ENTERPRISE, "value": {"costCenter": "7"}},
        {"schemas": [USER, ENTERPRISE], ENTERPRISE: {"costCenter": "7"}},
    ),
    (
        "an attribute of an extension",
        {"op": "add", "path": f"{ENTERPRISE}:costCenter", "value": "7"},
        {"schemas": [USER, ENTERPRISE], ENTERPRISE: {"costCenter": "7"}},
    ),
    (
        "nested objects without a path",
        {"op": "add", "value": {"name": {"givenName": "A"}, ENTERPRISE: {"manager": {"value": "m"}}}},
        {"schemas": [USER, ENTERPRISE], "name": {"givenName": "A"}, ENTERPRISE: {"manager": {"value": "m"}}},
    ),
    (
        "a filter that describes what is not there, by add",
        {"op": "add", "path": 'emails[type eq "other" and primary eq true].value', "value": "c@x.example"},
        {"emails": [*EMAILS, {"type": "other", "primary": True, "value": "c@x.example"}]},
    ),
    ("remove by a filter", {"op": "remove", "path": 'emails[type eq "work"]'}, {"emails": EMAILS[1:]}),
    ("remove of a list", {"op": "remove", "path": "emails"}, {"emails": None}),
    ("remove of nothing", {"op": "remove", "path": "title"}, {}),
    ("add of what is there", {"op": "add", "path": "emails", "value": EMAILS[:1]}, {}),
]


@pytest.mark.parametrize(("operation", "change"), [step[1:] for step in STEPS], ids=[step[0] for step in STEPS])
def test_protocol_22_an_operation_changes_what_it_names(
    seat: Seat, operation: dict[str, Any], change: dict[str, Any]
) -> None:
    ann = seat.user("ann", emails=EMAILS)
    answer = seat.patch(f"/Users/{ann['id']}", operation)
    assert answer.status_code == 200, answer.text
    now = answer.json()
    wanted = {key: value for key, value in {**ann, **change}.items() if value is not None}
    assert {**now, "meta": 0} == {**wanted, "meta": 0}
    assert (now["meta"]["version"] == ann["meta"]["version"]) is (not change)


def test_protocol_22_an_add_is_idempotent(seat: Seat) -> None:
    ann = seat.user("ann")
    for _, operation, _ in STEPS:
        if operation["op"] == "add":
            once = seat.patch(f"/Users/{ann['id']}", operation).json()
            assert seat.patch(f"/Users/{ann['id']}", operation).json() == once


def test_protocol_22_a_pathless_value_may_repeat_what_the_resource_is(seat: Seat) -> None:
    ann = seat.user("ann")
    value = {"id": ann["id"], "schemas": ann["schemas"], "meta": ann["meta"], "title": "T"}
    assert seat.patch(f"/Users/{ann['id']}", {"op": "replace", "value": value}).json()["title"] == "T"
    refused(seat.patch(f"/Users/{ann['id']}", {"op": "replace", "value": {"id": "2"}}), 400, "mutability")


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"op": "remove"}, "noTarget"),
    ({"op": "remove", "path": "userName"}, "mutability"),
    ({"op": "remove", "path": "meta"}, "mutability"),
    ({"op": "replace", "path": 'emails[type eq "other"].value', "value": "c@x.example"}, "noTarget"),
    ({"op": "replace", "path": 'emails[type eq "other"]', "value": {"value": "c@x.example"}}, "noTarget"),
    ({"op": "add", "path": 'emails[type co "other"].value', "value": "c@x.example"}, "noTarget"),
    ({"op": "add", "path": "shoeSize", "value": "42"}, "invalidPath"),
    ({"op": "add", "path": "emails[", "value": "42"}, "invalidPath"),
    ({"op": "add", "path": "", "value": "42"}, "invalidPath"),
    ({"op": "add", "path": 7, "value": "42"}, "invalidPath"),
    ({"op": "add", "path": "title", "value": 42}, "invalidValue"),
    ({"op": "add", "path": "title"}, "invalidValue"),
    ({"op": "replace", "path": "active", "value": "maybe"}, "invalidValue"),
    ({"op": "replace", "path": "userName", "value": ""}, "invalidValue"),
    ({"op": "add", "value": {"shoeSize": 42}}, "invalidSyntax"),
    ({"op": "add", "value": "title"}, "invalidValue"),
    ({"op": "copy", "path": "title", "value": "T"}, "invalidSyntax"),
    ({"path": "title", "value": "T"}, "invalidSyntax"),
]


@pytest.mark.parametrize(("operation", "scim_type"), WRONG, ids=[json.dumps(w[0]) for w in WRONG])
def test_protocol_22_a_wrong_operation_is_refused_and_none_is_done(
    seat: Seat, operation: dict[str, Any], scim_type: str
) -> None:
    ann = seat.user("ann", emails=EMAILS)
    good = {"op": "add", "path": "title", "value": "T"}
    for operations in ([operation], [good, operation], [operation, good]):
        refused(seat.patch(f"/Users/{ann['id']}", *operations), 400, scim_type)
    assert seat.get(f"/Users/{ann['id']}").json() == ann


def members(seat: Seat, group: dict[str, Any]) -> set[str]:
    return {m["value"] for m in seat.get(f"/Groups/{group['id']}").json().get("members", [])}


def test_protocol_22_members_are_removed_in_every_form_that_clients_use(seat: Seat) -> None:
    ids = [seat.user(f"u{n}")["id"] for n in range(6)]
    group = seat.group("Staff", *ids)
    path = f"/Groups/{group['id']}"
    seat.patch(path, {"op": "Remove", "path": "members", "value": [{"value": ids[0]}]})
    assert members(seat, group) == set(ids[1:])
    seat.patch(path, {"op": "remove", "path": f'members[value eq "{ids[1]}"]'})
    assert members(seat, group) == set(ids[2:])
    seat.patch(path, {"op": "remove", "path": f'members[value eq "{ids[2]}" or value eq "{ids[3]}"]'})
    assert members(seat, group) == set(ids[4:])
    seat.patch(path, {"op": "replace", "path": "members", "value": [{"value": ids[0]}]})
    assert members(seat, group) == {ids[0]}
    seat.patch(path, {"op": "replace", "value": {"members": [{"value": id} for id in ids[:2]]}})
    assert members(seat, group) == set(ids[:2])
    seat.patch(path, {"op": "remove", "path": 'members[type eq "User"]'})
    assert members(seat, group) == set()


def test_protocol_22_a_request_that_names_no_member_changes_none(seat: Seat) -> None:
    ann = seat.user("ann")
    group = seat.group("Staff", ann["id"])
    path = f"/Groups/{group['id']}"
    for operation in (
        {"op": "remove", "path": "members", "value": []},
        {"op": "add", "path": "members", "value": []},
        {"op": "remove", "path": 'members[value eq "nobody"]'},
        {"op": "replace", "path": "displayName", "value": "Staff"},
        {"op": "remove", "path": "members", "value": [{}]},
        {"op": "remove", "path": "members", "value": "nobody"},
    ):
        assert seat.patch(path, operation).status_code in (200, 204, 400), operation
        assert seat.get(path).json() == group, operation


def test_protocol_22_what_a_member_is_does_not_change(seat: Seat) -> None:
    ann = seat.user("ann")
    group = seat.group("Staff", ann["id"])
    operation = {"op": "replace", "path": f'members[value eq "{ann["id"]}"].display', "value": "x"}
    refused(seat.patch(f"/Groups/{group['id']}", operation), 400, "mutability")


# -- 24: ETags ---------------------------------------------------------------------------------------------------------


def test_protocol_24_if_match_is_held_by_get_put_patch_and_delete(seat: Seat) -> None:
    ann = seat.user("ann")
    path, operation = f"/Users/{ann['id']}", {"op": "replace", "path": "title", "value": "T"}
    old = {"if-match": ann["meta"]["version"]}
    assert seat.get(path, headers=old).status_code == 200
    now = seat.patch(path, operation, headers=old).json()
    body = {"schemas": [USER], "userName": "ann"}
    for answer in (
        seat.get(path, headers=old),
        seat.put(path, body, headers=old),
        seat.patch(path, operation, headers=old),
        seat.delete(path, headers=old),
        seat.delete(path, headers={"if-match": '"other"'}),
    ):
        assert answer.status_code == 412
        assert answer.json()["status"] == "412"
    assert seat.get(path).json() == now
    assert seat.put(path, body, headers={"if-match": f'W/"x", {now["meta"]["version"]}'}).status_code == 200
    assert seat.delete(path, headers={"if-match": "*"}).status_code == 204
    assert seat.delete(path, headers={"if-match": "*"}).status_code == 404


def test_protocol_24_if_none_match_is_held_by_get_put_patch_and_delete(seat: Seat) -> None:
    ann = seat.user("ann")
    path, same = f"/Users/{ann['id']}", {"if-none-match": ann["meta"]["version"]}
    unchanged = seat.get(path, headers=same)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert seat.get(path, headers={"if-none-match": "*"}).status_code == 304
    assert seat.get(path, headers={"if-none-match": 'W/"other"'}).status_code == 200
    operation = {"op": "replace", "path": "title", "value": "T"}
    assert seat.put(path, ann, headers=same).status_code == 412
    assert seat.patch(path, operation, headers=same).status_code == 412
    assert seat.delete(path, headers=same).status_code == 412
    assert seat.patch(path, operation, headers={"if-none-match": 'W/"other"'}).status_code == 200


def test_protocol_24_of_writers_with_one_etag_exactly_one_succeeds(seat: Seat) -> None:
    ann = seat.user("ann")
    same = {"if-match": ann["meta"]["version"]}

    def write(number: int) -> Any:
        operation = {"op": "replace", "path": "title", "value": f"T{number}"}
        return seat.call(
            "PATCH", f"/Users/{ann['id']}", {"schemas": [PATCH_OP], "Operations": [operation]}, headers=same
        )

    assert at_once([lambda n=n: write(n) for n in range(12)]) == {200: 1, 412: 11}  # type: ignore[misc]


def test_protocol_24_writers_without_an_etag_all_succeed_and_none_is_lost(seat: Seat) -> None:
    ann = seat.user("ann")

    def write(number: int) -> Any:
        return seat.patch(
            f"/Users/{ann['id']}", {"op": "add", "path": "emails", "value": [{"value": f"a{number}@x.example"}]}
        )

    assert at_once([lambda n=n: write(n) for n in range(12)]) == {200: 12}  # type: ignore[misc]
    assert len(seat.get(f"/Users/{ann['id']}").json()["emails"]) == 12


def test_protocol_24_etags_are_weak(seat: Seat) -> None:
    ann = seat.user("ann")
    version = ann["meta"]["version"]
    assert version.startswith('W/"')
    assert seat.get(f"/Users/{ann['id']}").headers["etag"] == version
    strong = version.removeprefix("W/")
    assert seat.get(f"/Users/{ann['id']}", headers={"if-none-match": strong}).status_code == 304
