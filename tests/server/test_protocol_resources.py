"""Protocol requirements 1 to 12: resources and values. Names begin with the number of the requirement."""

import base64
from typing import Any

import pytest
from tests.support.house import ENTERPRISE, GROUP, USER, House, Seat


def refused(answer: Any, status: int, scim_type: str | None = None) -> str:
    assert (answer.status_code, answer.json().get("scimType")) == (status, scim_type), answer.text
    detail: str = answer.json()["detail"]
    return detail


# -- 1: names without case ---------------------------------------------------------------------------------------------


def test_protocol_1_names_and_urns_have_no_case_and_are_answered_in_the_schemas_spelling(seat: Seat) -> None:
    body = {
        "SCHEMAS": [USER.upper(), ENTERPRISE.lower()],
        "USERNAME": "ann",
        "Name": {"GIVENNAME": "Ann"},
        "eMails": [{"VALUE": "ann@acorn.example", "Type": "work"}],
        ENTERPRISE.upper(): {"COSTCENTER": "7"},
    }
    made = seat.post("/Users", body).json()
    assert made["schemas"] == [USER, ENTERPRISE]
    assert (made["userName"], made["name"], made[ENTERPRISE]) == ("ann", {"givenName": "Ann"}, {"costCenter": "7"})
    assert made["emails"] == [{"value": "ann@acorn.example", "type": "work"}]


def test_protocol_1_operators_and_op_values_have_no_case(seat: Seat) -> None:
    ann = seat.user("ann")
    assert seat.names('USERNAME EQ "ann" AND NOT (TITLE PR)') == ["ann"]
    for op in ("Add", "REPLACE"):
        assert seat.patch(f"/Users/{ann['id']}", {"op": op, "path": "TITLE", "value": op}).json()["title"] == op
    assert "title" not in seat.patch(f"/Users/{ann['id']}", {"OP": "rEmOvE", "PATH": "Title"}).json()


def test_protocol_1_one_attribute_in_two_spellings_is_refused(seat: Seat) -> None:
    refused(seat.post("/Users", {"schemas": [USER], "userName": "ann", "username": "bo"}), 400, "invalidSyntax")


# -- 2: comparison of strings ------------------------------------------------------------------------------------------

SAME_NAMES = [
    ("straße", "STRASSE"),
    ("ann", "ANN"),
    ("ＡＮＮ", "ann"),
    ("e\u0301va", "Éva"),
    ("Ann Berg", "ann BERG"),
    ("ann😀", "ANN😀"),
    ("ΣΊΣΥΦΟΣ", "σίσυφος"),
]


@pytest.mark.parametrize(("one", "other"), SAME_NAMES)
def test_protocol_2_user_names_that_fold_to_one_are_one(seat: Seat, one: str, other: str) -> None:
    ann = seat.user(one)
    assert ann["userName"] == one, "kept as it was sent"
    refused(seat.post("/Users", {"schemas": [USER], "userName": other}), 409, "uniqueness")
    assert seat.names(f'userName eq "{other}"') == [one]
    assert seat.names(f'userName sw "{other[:2]}"') == [one]


def test_protocol_2_case_exact_decides_for_every_other_string(seat: Seat) -> None:
    ann = seat.user("ann", externalId="Hr-1", title="Straße", profileUrl="https://acorn.example/Ann")
    assert seat.names('title eq "STRASSE"') == ["ann"]
    assert seat.names('externalId eq "Hr-1"') == ["ann"]
    assert seat.names('externalId eq "HR-1"') == []
    assert seat.names(f'id eq "{ann["id"]}"') == ["ann"]
    assert seat.names('profileUrl eq "https://acorn.example/ann"') == []


# -- 3: moments, binaries, references ----------------------------------------------------------------------------------


def test_protocol_3_a_moment_is_compared_as_an_instant_and_answered_with_a_zone(seat: Seat) -> None:
    created: str = seat.user("ann")["meta"]["created"]
    assert created.endswith("Z")
    assert len(created) == len("2026-01-01T00:00:00.000Z")
    hour = int(created[11:13])
    elsewhere = f"{created[:11]}{(hour + 1) % 24:02}{created[13:-1]}+01:00" if hour < 23 else created
    assert seat.names(f'meta.created eq "{elsewhere}"') == ["ann"]
    assert seat.names('meta.created gt "2000-01-01T00:00:00-05:00"') == ["ann"]
    refused(seat.get("/Users", filter='meta.created gt "yesterday"'), 400, "invalidFilter")


def test_protocol_3_binary_is_base64(seat: Seat) -> None:
    certificate = base64.b64encode(b"certificate").decode()
    ann = seat.user("ann", x509Certificates=[{"value": certificate}])
    assert ann["x509Certificates"] == [{"value": certificate}]
    body = {"schemas": [USER], "userName": "bo", "x509Certificates": [{"value": "no base64!"}]}
    refused(seat.post("/Users", body), 400, "invalidValue")


def test_protocol_3_references_keep_their_form(seat: Seat) -> None:
    manager = {"value": "26118915", "$ref": "../Users/26118915"}
    photo = "HTTPS://Acorn.example:443/%7Eann/./photo"
    ann = seat.user("ann", photos=[{"value": photo}], **{ENTERPRISE: {"manager": manager}})
    assert ann["photos"] == [{"value": photo}]
    assert ann[ENTERPRISE]["manager"]["$ref"] == manager["$ref"]


# -- 4: unassigned -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nothing", [None, [], {}])
def test_protocol_4_null_and_empty_and_missing_are_one(seat: Seat, nothing: Any) -> None:
    attribute = {None: "title", "[]": "emails", "{}": "name"}[None if nothing is None else str(nothing)]
    ann = seat.user("ann", **{attribute: nothing})
    assert ann.keys() == {"schemas", "id", "userName", "active", "meta"}
    bo = seat.user("bo", title="x", emails=[{"value": "bo@acorn.example"}], name={"givenName": "Bo"})
    now = seat.put(f"/Users/{bo['id']}", {**bo, attribute: nothing}).json()
    assert attribute not in now
    now = seat.patch(f"/Users/{bo['id']}", {"op": "replace", "path": "title", "value": None}).json()
    assert "title" not in now
    assert sorted(seat.names("not (title pr)")) == ["ann", "bo"]


# -- 5: readOnly and immutable -----------------------------------------------------------------------------------------


def test_protocol_5_what_is_read_only_is_ignored_by_post_and_put_and_refused_by_patch(seat: Seat) -> None:
    mine = {"id": "mine", "meta": {"version": "mine"}, "groups": [{"value": "x"}]}
    ann = seat.user("ann", **mine)
    assert ann["id"] != "mine"
    assert ann["meta"]["version"] != "mine"
    same = seat.put(f"/Users/{ann['id']}", {"schemas": [USER], "userName": "ann", **mine}).json()
    assert same == ann
    for path in ("id", "meta.version", "groups", "groups.value"):
        answer = seat.patch(f"/Users/{ann['id']}", {"op": "replace", "path": path, "value": "x"})
        refused(answer, 400, "mutability")


def test_protocol_5_an_immutable_value_does_not_change_once_set(seat: Seat) -> None:
    ann, bo = seat.user("ann"), seat.user("bo")
    staff = seat.group("Staff", ann["id"])
    for sub, value in (("value", bo["id"]), ("type", "Group"), ("$ref", "x")):
        path = f'members[value eq "{ann["id"]}"].{sub}'
        refused(
            seat.patch(f"/Groups/{staff['id']}", {"op": "replace", "path": path, "value": value}), 400, "mutability"
        )
    assert seat.get(f"/Groups/{staff['id']}").json() == staff


# -- 6: returned -------------------------------------------------------------------------------------------------------

SECRET = "s3cret-canary"


def test_protocol_6_a_password_is_answered_by_nothing(seat: Seat) -> None:
    body = {"schemas": [USER], "userName": "ann", "password": SECRET}
    answers = [seat.post("/Users", body)]
    path = f"/Users/{answers[0].json()['id']}"
    answers += [
        seat.put(path, body),
        seat.patch(path, {"op": "replace", "path": "password", "value": SECRET}),
        seat.get(path),
        seat.get(path, attributes="userName,password"),
        seat.get("/Users", attributes="password"),
    ]
    for answer in answers:
        assert answer.status_code in (200, 201), answer.text
        assert SECRET not in answer.text
        assert '"password"' not in answer.text


@pytest.mark.parametrize("filter", [f'password eq "{SECRET}"', "password pr", f'not (password co "{SECRET[:2]}")'])
def test_protocol_6_a_secret_may_not_be_asked_about(seat: Seat, filter: str) -> None:
    seat.user("ann", password=SECRET)
    detail = refused(seat.get("/Users", filter=filter), 400, "invalidFilter")
    assert SECRET not in detail
    assert seat.get("/Users", sortBy="password").status_code == 400


def test_protocol_6_what_is_always_returned_is_in_every_answer(seat: Seat) -> None:
    ann = seat.user("ann")
    for shown in (
        seat.get(f"/Users/{ann['id']}", attributes="title"),
        seat.get(f"/Users/{ann['id']}", excludedAttributes="id,schemas"),
    ):
        assert shown.json()["id"] == ann["id"]
        assert shown.json()["schemas"] == [USER]


# -- 7: primary --------------------------------------------------------------------------------------------------------


def test_protocol_7_two_primary_values_in_one_request_are_refused(seat: Seat) -> None:
    two = [{"value": "a@x.example", "primary": True}, {"value": "b@x.example", "primary": True}]
    refused(seat.post("/Users", {"schemas": [USER], "userName": "ann", "emails": two}), 400, "invalidValue")
    ann = seat.user("ann")
    refused(seat.patch(f"/Users/{ann['id']}", {"op": "add", "path": "emails", "value": two}), 400, "invalidValue")
    refused(seat.put(f"/Users/{ann['id']}", {**ann, "emails": two}), 400, "invalidValue")


def test_protocol_7_setting_one_primary_clears_the_others(seat: Seat) -> None:
    ann = seat.user("ann", emails=[{"value": "a@x.example", "primary": True}, {"value": "b@x.example"}])
    operation = {"op": "replace", "path": 'emails[value eq "b@x.example"].primary', "value": True}
    emails = seat.patch(f"/Users/{ann['id']}", operation).json()["emails"]
    assert [e["value"] for e in emails if e.get("primary") is True] == ["b@x.example"]


# -- 8: schemas --------------------------------------------------------------------------------------------------------


def test_protocol_8_schemas_are_those_in_use(seat: Seat) -> None:
    ann = seat.post("/Users", {"schemas": [USER, ENTERPRISE], "userName": "ann"}).json()
    assert ann["schemas"] == [USER]
    path = f"/Users/{ann['id']}"
    now = seat.patch(path, {"op": "add", "path": f"{ENTERPRISE}:department", "value": "Tours"}).json()
    assert now["schemas"] == [USER, ENTERPRISE]
    assert now[ENTERPRISE] == {"department": "Tours"}
    assert seat.patch(path, {"op": "remove", "path": ENTERPRISE}).json()["schemas"] == [USER]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"userName": "ann"}, "schemas"),
        ({"schemas": [], "userName": "ann"}, "schemas"),
        ({"schemas": [ENTERPRISE], "userName": "ann"}, USER),
        ({"schemas": [USER, "urn:x:nothing"], "userName": "ann"}, "urn:x:nothing"),
        ({"schemas": [USER], "userName": "ann", "shoeSize": 42}, "shoeSize"),
        ({"schemas": [USER], "userName": "ann", "name": {"petName": "x"}}, "petName"),
        ({"schemas": [USER], "userName": "ann", "urn:x:nothing": {"a": 1}}, "urn:x:nothing"),
        ({"schemas": [USER, ENTERPRISE], "userName": "ann", ENTERPRISE: {"shoeSize": 42}}, "shoeSize"),
        ({"schemas": [USER], "userName": "ann", "department": "Tours"}, "department"),
    ],
)
def test_protocol_8_what_no_schema_has_is_refused_by_its_name(seat: Seat, body: dict[str, Any], named: str) -> None:
    assert named in refused(seat.post("/Users", body), 400, "invalidSyntax")


# -- 9: active ---------------------------------------------------------------------------------------------------------


def test_protocol_9_a_user_is_active_unless_it_is_said(seat: Seat) -> None:
    assert seat.user("ann")["active"] is True
    assert seat.user("bo", active=False)["active"] is False
    assert seat.names("active eq true") == ["ann"]


# -- 10: groups of a user ----------------------------------------------------------------------------------------------


def test_protocol_10_groups_of_a_user_are_direct_and_indirect_with_ref_and_display(seat: Seat) -> None:
    ann = seat.user("ann")
    inner = seat.group("Inner", ann["id"])
    outer = seat.group("Outer", inner["id"])
    groups = {g["value"]: g for g in seat.get(f"/Users/{ann['id']}").json()["groups"]}
    assert groups == {
        inner["id"]: {
            "value": inner["id"],
            "$ref": inner["meta"]["location"],
            "display": "Inner",
            "type": "direct",
        },
        outer["id"]: {
            "value": outer["id"],
            "$ref": outer["meta"]["location"],
            "display": "Outer",
            "type": "indirect",
        },
    }
    assert seat.names('groups.display eq "inner"') == ["ann"]
    assert seat.names(f'groups[value eq "{outer["id"]}" and type eq "indirect"]') == ["ann"]
    (listed,) = seat.get("/Users").json()["Resources"]
    assert {g["value"] for g in listed["groups"]} == groups.keys()


# -- 11: members -------------------------------------------------------------------------------------------------------


def test_protocol_11_members_have_to_exist_in_the_tenant(seat: Seat, house: House) -> None:
    foreign = house.seat("birch").user("ann")["id"]
    for id in (foreign, "nobody", "2819c223-7f76-453a-919d-413861904646"):
        body = {"schemas": [GROUP], "displayName": "Staff", "members": [{"value": id}]}
        refused(seat.post("/Groups", body), 400, "invalidValue")
    assert seat.get("/Groups").json()["totalResults"] == 0


def test_protocol_11_display_ref_and_type_of_members_are_filled_in(seat: Seat) -> None:
    ann, bo = seat.user("ann", displayName="Ann Berg"), seat.user("bo", name={"givenName": "Bo", "familyName": "Falk"})
    inner = seat.group("Inner")
    staff = seat.group("Staff", ann["id"], bo["id"], inner["id"])
    assert {m["value"]: (m["display"], m["type"], m["$ref"]) for m in staff["members"]} == {
        ann["id"]: ("Ann Berg", "User", ann["meta"]["location"]),
        bo["id"]: ("Bo Falk", "User", bo["meta"]["location"]),
        inner["id"]: ("Inner", "Group", inner["meta"]["location"]),
    }


def test_protocol_11_deleting_a_member_removes_its_memberships(seat: Seat) -> None:
    ann = seat.user("ann")
    inner = seat.group("Inner", ann["id"])
    outer = seat.group("Outer", inner["id"], ann["id"])
    seat.delete(f"/Groups/{inner['id']}")
    assert [m["value"] for m in seat.get(f"/Groups/{outer['id']}").json()["members"]] == [ann["id"]]
    assert [g["display"] for g in seat.get(f"/Users/{ann['id']}").json()["groups"]] == ["Outer"]
    seat.delete(f"/Users/{ann['id']}")
    assert "members" not in seat.get(f"/Groups/{outer['id']}").json()


def test_protocol_11_a_group_does_not_contain_itself(seat: Seat) -> None:
    staff = seat.group("Staff")
    path = f"/Groups/{staff['id']}"
    own = [{"value": staff["id"]}]
    refused(seat.patch(path, {"op": "add", "path": "members", "value": own}), 400, "invalidValue")
    refused(seat.put(path, {**staff, "members": own}), 400, "invalidValue")
    assert seat.get(path).json() == staff


def test_protocol_11_a_longer_cycle_is_stored_and_every_walk_ends(seat: Seat) -> None:
    ann = seat.user("ann")
    one = seat.group("One", ann["id"])
    two = seat.group("Two", one["id"])
    three = seat.group("Three", two["id"])
    circle = seat.patch(f"/Groups/{one['id']}", {"op": "add", "path": "members", "value": [{"value": three["id"]}]})
    assert circle.status_code == 204
    groups = seat.get(f"/Users/{ann['id']}").json()["groups"]
    assert {g["display"]: g["type"] for g in groups} == {"One": "direct", "Two": "indirect", "Three": "indirect"}
    assert seat.names('groups.display eq "Three"') == ["ann"]
    assert seat.delete(f"/Groups/{two['id']}").status_code == 204
    assert [g["display"] for g in seat.get(f"/Users/{ann['id']}").json()["groups"]] == ["One"]


# -- 12: meta ----------------------------------------------------------------------------------------------------------


def test_protocol_12_meta_is_whole_and_its_location_does_not_follow_the_host(seat: Seat) -> None:
    ann = seat.user("ann")
    port = seat.house.url.rpartition(":")[2]
    elsewhere = seat.get(f"/Users/{ann['id']}", headers={"host": f"localhost:{port}"}).json()
    assert elsewhere == ann
    assert ann["meta"].keys() == {"resourceType", "created", "lastModified", "location", "version"}
    assert ann["meta"]["location"] == f"{seat.base}/Users/{ann['id']}"


def test_protocol_12_version_and_last_modified_move_only_with_a_change(seat: Seat) -> None:
    ann = seat.user("ann", title="Guide")
    path = f"/Users/{ann['id']}"
    nothing = [
        seat.patch(path, {"op": "replace", "path": "title", "value": "Guide"}),
        seat.patch(path, {"op": "remove", "path": "nickName"}),
        seat.put(path, ann),
    ]
    assert [answer.json()["meta"] for answer in nothing] == [ann["meta"]] * 3
    now = seat.patch(path, {"op": "replace", "path": "title", "value": "Head guide"}).json()["meta"]
    assert now["version"] != ann["meta"]["version"]
    assert now["lastModified"] >= ann["meta"]["lastModified"]
    assert now["created"] == ann["meta"]["created"]


def test_protocol_12_members_move_the_version_of_their_group_and_not_their_own(seat: Seat) -> None:
    ann = seat.user("ann")
    staff = seat.group("Staff")
    add = {"op": "add", "path": "members", "value": [{"value": ann["id"]}]}
    tag = seat.patch(f"/Groups/{staff['id']}", add).headers["etag"]
    assert tag != staff["meta"]["version"]
    assert seat.patch(f"/Groups/{staff['id']}", add).headers["etag"] == tag
    assert seat.get(f"/Users/{ann['id']}").json()["meta"] == ann["meta"]


@pytest.mark.parametrize("password", [7, True, {"a": 1}, ["x"]])
def test_protocol_06_a_password_that_is_no_text_is_refused(seat: Seat, password: Any) -> None:
    answer = seat.post("/Users", {"schemas": [USER], "userName": "ann", "password": password})
    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidValue")
