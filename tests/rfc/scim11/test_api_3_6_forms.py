"""Protocol 1.1 §2, §3.6, §3.9, §3.12: credentials, forms, errors, and methods in a header."""

import pytest
from tests.rfc.scim11.people import CORE, described, made
from tests.support.house import Seat


def test_2_who_shows_no_credential_is_told_in_the_form_of_1_1(old: Seat) -> None:
    for headers in ({"authorization": "-"}, {"authorization": "Bearer nobody"}):
        answer = old.call("GET", "/Users", headers=headers)
        described(answer, 401)
        assert answer.headers["www-authenticate"].startswith("Bearer")
        described(old.call("POST", "/Users", {"userName": "ann"}, headers=headers), 401)


def test_3_6_json_can_stand_in_the_address(old: Seat) -> None:
    ann = made(old, userName="ann")
    assert old.get(f"/Users/{ann['id']}.json").json() == ann
    assert old.get("/Users.json").json()["totalResults"] == 1
    assert old.get("/ServiceProviderConfigs.json").status_code == 200
    assert old.post("/Users.json", {"userName": "bo"}).status_code == 201


def test_3_6_xml_is_refused_by_a_sentence(old: Seat) -> None:
    assert "XML" in described(old.get("/Users.xml"), 406)
    assert "XML" in described(old.call("GET", "/Users", headers={"accept": "application/xml"}), 406)
    body = b'<User xmlns="urn:scim:schemas:core:1.0"/>'
    assert "XML" in described(old.post("/Users", body, headers={"content-type": "application/xml"}), 415)


@pytest.mark.parametrize("accept", ["application/json", "*/*", "application/xml, application/json;q=0.5"])
def test_3_6_the_answer_is_json(old: Seat, accept: str) -> None:
    answer = old.call("GET", "/Users", headers={"accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")


def test_3_9_every_refusal_has_the_form_of_errors(old: Seat) -> None:
    described(old.post("/Users", b"{"), 400)
    described(old.get("/Nothing"), 404)
    answer = old.put("/Users", {})
    described(answer, 405)
    assert "POST" in answer.headers["allow"]
    described(old.post("/Users", b"{}", headers={"content-encoding": "br"}), 415)
    described(old.call("TRACE", "/Users"), 405)
    described(old.call("GET", "/Users/a%2Fb"), 400)
    described(old.get("/Users", count="many"), 400)


def test_3_9_another_dialects_credential_is_403_in_the_form_of_the_address(seat: Seat, old: Seat) -> None:
    assert "standard" in described(seat.call("GET", "/Users", base=old.base), 403)
    assert seat.call("GET", "/Users", headers={"authorization": f"Bearer {old.token}"}).status_code == 403


def test_3_10_the_tenant_can_stand_in_the_address(old: Seat) -> None:
    base = f"{old.house.url}/t/{old.name}/scim/v1"
    answer = old.post("/Users", {"userName": "ann"}, base=base)
    assert answer.headers["location"] == f"{base}/Users/{answer.json()['id']}"
    described(old.call("GET", "/Users", base=f"{old.house.url}/t/nobody/scim/v1"), 404)


@pytest.mark.parametrize("spelled", ["PATCH", "patch"])
def test_3_12_a_post_can_mean_a_patch(old: Seat, spelled: str) -> None:
    ann = made(old, userName="ann")
    headers = {"x-http-method-override": spelled}
    answer = old.post(f"/Users/{ann['id']}", {"title": "Lead"}, headers=headers)
    assert (answer.status_code, answer.json()["title"]) == (200, "Lead")


def test_3_12_a_post_can_mean_a_put_and_a_delete(old: Seat) -> None:
    path = f"/Users/{made(old, userName='ann', title='Guide')['id']}"
    answer = old.post(path, {"userName": "ann"}, headers={"x-http-method-override": "PUT"})
    assert answer.status_code == 200
    assert "title" not in answer.json()
    assert old.call("POST", path, headers={"x-http-method-override": "DELETE"}).status_code == 200
    described(old.get(path), 404)


def test_3_12_a_post_can_mean_nothing_else_and_only_a_post_can(old: Seat) -> None:
    ann = made(old, userName="ann")
    path = f"/Users/{ann['id']}"
    for other in ("GET", "TRACE", "x"):
        described(old.post(path, {}, headers={"x-http-method-override": other}), 400)
    answer = old.call("GET", path, headers={"x-http-method-override": "DELETE"})
    assert (answer.status_code, answer.json()) == (200, ann)


def test_the_core_urn_is_the_only_one_of_the_core(old: Seat) -> None:
    assert made(old, displayName="Staff")["schemas"] == [CORE]
