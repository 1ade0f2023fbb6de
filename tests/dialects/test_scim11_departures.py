"""Each departure that scim11 declares, by its number."""

from pathlib import Path

import pytest
from tests.rfc.scim11.people import ANN, CORE, ENTERPRISE, described, made, patched
from tests.support.house import ENTERPRISE as ENTERPRISE_2
from tests.support.house import Seat

from rollbook.dialects.loading import catalog


@pytest.fixture
def old(seat: Seat) -> Seat:
    return seat.speaking("scim11")


def test_n1_there_is_no_xml_and_it_is_announced(old: Seat) -> None:
    assert old.get("/ServiceProviderConfigs").json()["xmlDataFormat"] == {"supported": False}
    described(old.call("GET", "/Users", headers={"accept": "application/xml"}), 406)
    described(old.get("/Users.xml"), 406)
    described(old.post("/Users", b"<User/>", headers={"content-type": "text/xml"}), 415)


def test_n2_a_change_without_if_match_is_made(seat: Seat, old: Seat) -> None:
    ann = made(old, userName="ann")
    assert old.put(f"/Users/{ann['id']}", {"userName": "anna"}).status_code == 200
    operation = {"method": "PATCH", "path": f"/Users/{ann['id']}", "data": {"title": "Lead"}}
    (part,) = old.post("/Bulk", {"schemas": [CORE], "Operations": [operation]}).json()["Operations"]
    assert part["status"] == {"code": "200"}


def test_n3_a_change_of_members_is_204_and_every_other_one_200(seat: Seat, old: Seat) -> None:
    ann, staff = made(old, userName="ann"), made(old, displayName="Staff")
    assert patched(old, staff, {"members": [{"value": ann["id"]}]}).status_code == 204
    assert patched(old, staff, {"displayName": "Crew"}).status_code == 200


def test_n4_a_deletion_that_matches_nothing_is_200(old: Seat) -> None:
    ann = made(old, **ANN)
    answer = patched(old, ann, {"emails": [{"value": "nobody@acorn.example", "operation": "delete"}]})
    assert (answer.status_code, answer.json()) == (200, ann)


def test_n5_null_changes_nothing_and_the_event_says_so(old: Seat) -> None:
    ann = made(old, **ANN)
    assert patched(old, ann, {"title": None, "nickName": "Annie"}).json()["title"] == ANN["title"]
    assert "null: title" in old.events()[-1].tolerances


def test_n6_values_that_share_their_value_are_told_apart_by_all_that_they_say(old: Seat) -> None:
    both = [{"value": "ann@acorn.example", "type": kind} for kind in ("work", "home")]
    ann = made(old, userName="ann")
    assert patched(old, ann, {"emails": both}).json()["emails"] == both
    now = patched(old, ann, {"emails": [{**both[0], "operation": "delete"}]}).json()
    assert now["emails"] == both[1:]


def test_n7_display_of_a_value_can_be_written(old: Seat) -> None:
    assert made(old, userName="ann", emails=[{"value": "a@b", "display": "A"}])["emails"][0]["display"] == "A"
    user, group = old.get("/Schemas").json()["Resources"]
    read_only = {
        attribute["name"]: sub["readOnly"]
        for attribute in (*user["attributes"], *group["attributes"])
        for sub in attribute.get("subAttributes", ())
        if sub["name"] == "display"
    }
    assert read_only["emails"] is False
    assert read_only["groups"] is read_only["members"] is True


def test_n8_a_language_is_answered_as_it_was_written(old: Seat) -> None:
    for locale in ("en_US", "en-US"):
        assert made(old, userName=f"ann-{locale}", locale=locale)["locale"] == locale


def test_n9_a_manager_may_lack_an_id_and_its_name_is_ignored(seat: Seat, old: Seat) -> None:
    manager = {"managerId": "7", "displayName": "Cleo"}
    assert made(old, userName="ann", **{ENTERPRISE: {"manager": manager}})[ENTERPRISE]["manager"] == {"managerId": "7"}
    bo = seat.user("bo", **{ENTERPRISE_2: {"costCenter": "7", "manager": {"$ref": f"{seat.base}/Users/7"}}})
    assert old.get(f"/Users/{bo['id']}").json()[ENTERPRISE] == {"costCenter": "7"}


def test_n10_discovery_is_not_filtered(old: Seat) -> None:
    described(old.get("/Schemas", filter="id pr"), 400)
    described(old.get("/ServiceProviderConfigs", filter="id pr"), 400)


def test_n11_a_part_of_a_bulk_has_the_code_of_a_request_that_came_alone(old: Seat) -> None:
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": "a", "data": {"userName": "ann"}},
        {"method": "POST", "path": "/Groups", "bulkId": "b", "data": {"displayName": "Staff",
                                                                      "members": [{"value": "batchId:a"}]}},
        {"method": "DELETE", "path": "/Users/bulkId:a"},
    ]  # fmt: skip
    parts = old.post("/Bulk", {"Operations": operations}).json()["Operations"]
    assert [part["status"]["code"] for part in parts] == ["201", "400", "200"]


def test_n12_a_version_that_does_not_match_is_412(old: Seat) -> None:
    ann = made(old, userName="ann")
    described(patched(old, ann, {"title": "Lead"}, headers={"if-match": 'W/"9"'}), 412)
    described(old.post("/Users", {"userName": "ann"}), 409)


def test_n13_what_no_address_is_known_of_is_refused_in_the_form_of_2_0(old: Seat) -> None:
    answer = old.get("/Users", filter="x" * 9000)
    assert (answer.status_code, answer.headers["content-type"]) == (414, "application/scim+json")


def test_every_declared_departure_has_its_test() -> None:
    declared = {one.id.lower() for dialect in catalog() if dialect.name == "scim11" for one in dialect.departures}
    text = Path(__file__).read_text("utf-8")
    assert declared
    assert all(f"def test_{number}_" in text for number in declared)
