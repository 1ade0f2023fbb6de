"""Releezme's groups: only read, never with members, the operator's; written on the user (R8, R9, R17, R18, U3, U8)."""

from typing import Any

import pytest
from tests.support.command import rollbook
from tests.support.house import USER, House, Seat

from rollbook.events import Kind
from rollbook.ids import new_id

NOBODY = "42d7cfdf-73a0-45e0-b796-234a88625f87"


@pytest.fixture
def plain(house: House) -> Seat:
    """The tenant, by the standard's dialect: what the product's own portal would do."""
    return house.seat("acorn")


@pytest.fixture
def seat(plain: Seat) -> Seat:
    """The same, by Releezme's."""
    return plain.speaking("releezme")


def made(seat: Seat, name: str, *groups: Any, **more: Any) -> dict[str, Any]:
    named = [group if isinstance(group, dict) else {"value": group} for group in groups]
    answer = seat.post("/users", {"schemas": [USER], "userName": name, **({"groups": named} if named else {}), **more})
    assert answer.status_code == 201, answer.text
    user: dict[str, Any] = answer.json()
    return user


def ids(user: dict[str, Any]) -> set[str]:
    return {group["value"] for group in user.get("groups", ())}


def groups(seat: Seat, user: dict[str, Any]) -> set[str]:
    """The groups of a user, as a GET has them."""
    answer = seat.get(f"/users/{user['id']}")
    assert answer.status_code == 200
    return ids(answer.json())


def test_r8_r9_groups_are_read_and_never_with_members(seat: Seat, plain: Seat) -> None:
    ann = made(seat, "ann")
    staff = plain.group("Staff", ann["id"])
    page = seat.get("/groups").json()
    assert (page["totalResults"], page["Resources"][0]["displayName"]) == (1, "Staff")
    one = seat.get(f"/groups/{staff['id']}")
    assert one.json()["meta"]["location"] == f"{seat.base}/groups/{staff['id']}"
    asked: tuple[dict[str, str], ...] = (
        {},
        {"attributes": "members"},
        {"attributes": "members,displayName"},
        {"excludedAttributes": "displayName"},
    )
    for query in asked:
        for path in ("/groups", f"/groups/{staff['id']}", "/Groups"):
            answer = seat.get(path, **query)
            assert answer.status_code == 200
            assert "members" not in answer.text
    searched = seat.post("/groups/.search", {"schemas": [], "attributes": ["members"]})
    assert "members" not in searched.text or searched.status_code == 400
    assert seat.get("/groups", filter=f'members.value eq "{ann["id"]}"').json()["scimType"] == "invalidFilter"
    assert seat.get(f"/groups/{staff['id']}/members").status_code == 404


def test_r8_u8_no_method_writes_a_group(seat: Seat, plain: Seat) -> None:
    staff = plain.group("Staff")
    for method, path in (
        ("POST", "/groups"),
        ("PUT", f"/groups/{staff['id']}"),
        ("PATCH", f"/groups/{staff['id']}"),
        ("DELETE", f"/GROUPS/{staff['id']}"),
    ):
        answer = seat.call(method, path, {"displayName": "Other"})
        assert answer.status_code == 405, method
        allowed = {name.strip() for name in answer.headers["allow"].split(",")}
        assert "GET" in allowed
        assert not allowed & {"PUT", "PATCH", "DELETE"}
        assert answer.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert plain.get(f"/Groups/{staff['id']}").json()["displayName"] == "Staff"


@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
def test_r8_the_operator_makes_groups_and_deletes_them(house: House, seat: Seat) -> None:
    def run(*arguments: str) -> Any:
        return rollbook("group", *arguments, ROLLBOOK_DATABASE=house.database)

    staff = run("create", seat.name, "Staff", "--json").json()
    ann = made(seat, "ann", staff["id"])
    assert [row[:3] for row in run("list", seat.name).rows()] == [[staff["id"], "Staff", "1"]]
    assert run("delete", seat.name, "staff", "--yes").code == 0
    assert groups(seat, ann) == set()
    assert seat.get(f"/groups/{staff['id']}").status_code == 404


def test_r11_u3_groups_are_set_when_a_user_is_made(seat: Seat, plain: Seat) -> None:
    staff, porters = plain.group("Staff"), plain.group("Porters")
    ann = made(seat, "ann", {"value": staff["id"], "display": "Anything", "$ref": "x", "type": "y"}, porters["id"])
    assert ids(ann) == {staff["id"], porters["id"]}
    (told,) = [group for group in ann["groups"] if group["value"] == staff["id"]]
    assert told == {
        "value": staff["id"],
        "display": "Staff",
        "$ref": f"{seat.base}/groups/{staff['id']}",
        "type": "direct",
    }
    assert seat.get(f"/users/{ann['id']}").json() == ann
    assert [member["value"] for member in plain.get(f"/Groups/{staff['id']}").json()["members"]] == [ann["id"]]


def test_u3_a_group_that_is_not_there_is_a_wrong_value(seat: Seat, plain: Seat) -> None:
    bo = made(seat, "bo")
    for wrong in (NOBODY, "Staff", bo["id"]):
        answer = seat.post("/users", {"schemas": [USER], "userName": "ann", "groups": [{"value": wrong}]})
        assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidValue")
        for body in ({"schemas": [USER], "userName": "bo", "groups": [{"value": wrong}]},):
            assert seat.put(f"/users/{bo['id']}", body).json()["scimType"] == "invalidValue"
        patched = seat.patch(f"/users/{bo['id']}", {"op": "add", "path": "groups", "value": [{"value": wrong}]})
        assert (patched.status_code, patched.json()["scimType"]) == (400, "invalidValue")
    assert seat.get("/users", filter='userName eq "ann"').json()["totalResults"] == 0
    assert seat.get(f"/users/{bo['id']}").json()["meta"]["version"] == bo["meta"]["version"]
    other = plain.house.seat("birch")
    theirs = other.group("Theirs")
    foreign = seat.post("/users", {"schemas": [USER], "userName": "ann", "groups": [{"value": theirs["id"]}]})
    assert foreign.status_code == 400


def test_u3_patch_puts_a_user_into_groups_and_takes_it_out(seat: Seat, plain: Seat) -> None:
    staff, porters, guests = plain.group("Staff"), plain.group("Porters"), plain.group("Guests")
    path = f"/users/{made(seat, 'ann', staff['id'])['id']}"

    def patched(op: str, at: str = "groups", *value: Any) -> dict[str, Any]:
        answer = seat.patch(path, {"op": op, "path": at, **({"value": value[0]} if value else {})})
        assert answer.status_code == 200, answer.text
        user: dict[str, Any] = answer.json()
        assert seat.get(path).json() == user
        return user

    assert ids(patched("add", "groups", [{"value": porters["id"]}, {"value": staff["id"]}])) == {
        staff["id"],
        porters["id"],
    }
    assert ids(patched("remove", f'groups[value eq "{staff["id"]}"]')) == {porters["id"]}
    assert ids(patched("replace", "groups", [{"value": guests["id"]}])) == {guests["id"]}
    assert ids(patched("add", "groups", [{"value": staff["id"]}])) == {guests["id"], staff["id"]}
    assert ids(patched("remove", 'groups[display eq "guests"]')) == {staff["id"]}
    whole = seat.patch(path, {"op": "replace", "value": {"groups": [{"value": porters["id"]}], "active": False}}).json()
    assert (ids(whole), whole["active"]) == ({porters["id"]}, False)
    assert ids(patched("remove", "groups")) == set()
    both = seat.patch(
        path,
        {"op": "add", "path": "groups", "value": [{"value": staff["id"]}]},
        {"op": "replace", "path": "name.givenName", "value": "Ann"},
        {"op": "remove", "path": f'groups[value eq "{staff["id"]}"]'},
    )
    assert (both.status_code, ids(both.json()), both.json()["name"]) == (200, set(), {"givenName": "Ann"})


def test_u3_versions_and_events_of_both_sides_follow(seat: Seat, plain: Seat) -> None:
    staff, porters = plain.group("Staff"), plain.group("Porters")
    ann = made(seat, "ann", staff["id"])
    assert plain.get(f"/Groups/{staff['id']}").headers["etag"] == 'W/"2"'
    moved = seat.patch(f"/users/{ann['id']}", {"op": "replace", "path": "groups", "value": [{"value": porters["id"]}]})
    assert moved.headers["etag"] == 'W/"2"'
    same = seat.patch(f"/users/{ann['id']}", {"op": "add", "path": "groups", "value": [{"value": porters["id"]}]})
    assert same.headers["etag"] == 'W/"2"'
    assert plain.get(f"/Groups/{staff['id']}").headers["etag"] == 'W/"3"'
    assert plain.get(f"/Groups/{porters['id']}").headers["etag"] == 'W/"2"'
    told = [e for e in seat.events() if e.kind is Kind.RESOURCE_MODIFIED and e.resource == staff["id"]]
    assert [(e.resource_type, e.attributes) for e in told] == [("Group", ("members",))] * 2
    assert told[1].request == moved.headers["x-request-id"]
    feed = plain.get("/Changes").json()["changes"]
    assert [change["kind"] for change in feed if change["id"] == ann["id"]] == ["created", "modified"]


def test_u14_a_put_leaves_exactly_the_groups_that_it_names(seat: Seat, plain: Seat) -> None:
    staff, porters = plain.group("Staff"), plain.group("Porters")
    ann = made(seat, "ann", staff["id"])
    body = {"schemas": [USER], "userName": "ann", "groups": [{"value": porters["id"]}]}
    assert ids(seat.put(f"/users/{ann['id']}", body).json()) == {porters["id"]}
    again = seat.put(f"/users/{ann['id']}", body)
    assert again.headers["etag"] == 'W/"2"'
    assert ids(seat.put(f"/users/{ann['id']}", {"schemas": [USER], "userName": "ann"}).json()) == set()
    assert plain.get(f"/Groups/{porters['id']}").json().get("members") is None


def test_u3_a_user_as_it_was_read_can_be_written_back(seat: Seat, plain: Seat) -> None:
    inner = plain.group("Inner")
    outer = plain.group("Outer", inner["id"])
    ann = made(seat, "ann", inner["id"])
    assert {g["value"]: g["type"] for g in ann["groups"]} == {inner["id"]: "direct", outer["id"]: "indirect"}
    answer = seat.put(f"/users/{ann['id']}", ann)
    assert answer.json() == ann
    members = plain.get(f"/Groups/{outer['id']}").json()["members"]
    assert [member["value"] for member in members] == [inner["id"]]
    seat.patch(f"/users/{ann['id']}", {"op": "remove", "path": f'groups[value eq "{outer["id"]}"]'})
    assert groups(seat, ann) == {inner["id"], outer["id"]}, "only a direct membership is the user's own"


def test_u3_a_connection_can_leave_groups_alone(plain: Seat) -> None:
    """Okta sends ``groups: []`` with every user."""
    seat = plain.speaking("releezme", "okta", ignore_groups="on")
    staff = plain.group("Staff")
    ann = made(seat, "ann", staff["id"])
    assert ids(ann) == set()
    plain.patch(f"/Groups/{staff['id']}", {"op": "add", "path": "members", "value": [{"value": ann["id"]}]})
    answer = seat.put(f"/users/{ann['id']}", {"schemas": [USER], "userName": "ann", "active": False, "groups": []})
    assert ids(answer.json()) == {staff["id"]}
    (event,) = [e for e in seat.events() if e.request == answer.headers["x-request-id"]]
    assert event.tolerances == ("ignored: groups",)
    seat.patch(f"/users/{ann['id']}", {"op": "replace", "value": {"groups": [], "active": True}})
    assert groups(seat, ann) == {staff["id"]}
    left = seat.put(f"/users/{ann['id']}", {"schemas": [USER], "userName": "ann"})
    assert ids(left.json()) == {staff["id"]}


def test_r17_r18_a_user_is_in_any_number_of_groups_and_in_none_at_first(seat: Seat, plain: Seat) -> None:
    assert "groups" not in made(seat, "ann")
    many = [plain.group(f"Group {n}")["id"] for n in range(20)]
    bo = made(seat, "bo", *many)
    assert ids(bo) == set(many)
    found = seat.get("/users", filter=f'groups.value eq "{many[7]}"').json()
    assert [user["userName"] for user in found["Resources"]] == ["bo"]
    assert seat.get("/users", filter="groups pr").json()["totalResults"] == 1


def test_u3_the_standard_dialect_beside_it_still_has_groups_that_are_only_read(plain: Seat) -> None:
    staff = plain.group("Staff")
    ann = plain.user("ann", groups=[{"value": staff["id"]}])
    assert "groups" not in ann
    refused = plain.patch(f"/Users/{ann['id']}", {"op": "add", "path": "groups", "value": [{"value": staff["id"]}]})
    assert (refused.status_code, refused.json()["scimType"]) == (400, "mutability")
    assert plain.post("/Users", {"schemas": [USER], "userName": new_id()}).status_code == 201
