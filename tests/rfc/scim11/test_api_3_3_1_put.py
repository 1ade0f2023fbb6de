"""Protocol 1.1 §3.3.1: replacing resources; and what a PUT cannot see, it leaves."""

from tests.rfc.scim11.people import ANN, CORE, ENTERPRISE, described, made
from tests.support.house import ENTERPRISE as ENTERPRISE_2
from tests.support.house import Seat

from rollbook.events import Kind


def test_a_put_replaces_everything_and_answers_200_with_the_resource(old: Seat) -> None:
    ann = made(old, **ANN)
    answer = old.put(f"/Users/{ann['id']}", {"schemas": [CORE], "id": ann["id"], "userName": "anna", "title": "Lead"})
    assert answer.status_code == 200
    assert answer.json().keys() == {"schemas", "id", "userName", "title", "active", "meta"}
    assert answer.headers["location"] == ann["meta"]["location"]


def test_what_is_read_only_is_ignored(old: Seat) -> None:
    ann = made(old, userName="ann")
    body = {**ann, "id": "other", "groups": [{"value": "7"}], "meta": {"created": "2010-01-23T04:56:22Z"}}
    assert old.put(f"/Users/{ann['id']}", body).json() == ann


def test_what_was_read_can_be_written_back_and_changes_nothing(old: Seat) -> None:
    ann = made(old, **ANN)
    answer = old.put(f"/Users/{ann['id']}", ann)
    assert (answer.status_code, answer.json()) == (200, ann)


def test_the_password_is_kept_if_it_is_left_out(seat: Seat) -> None:
    old = seat.speaking("scim11", store_passwords="on")
    ann = made(old, userName="ann", password="an oak in a leafy lane")
    assert "password" not in ann
    old.put(f"/Users/{ann['id']}", {"schemas": [CORE], "userName": "ann", "title": "Lead"})
    (kept,) = [event for event in old.events() if event.kind is Kind.RESOURCE_REPLACED]
    assert "password" not in kept.attributes


def test_an_unknown_id_is_404(old: Seat) -> None:
    described(old.put("/Users/2819c223-7f76-453a-919d-413861904646", {"userName": "ann"}), 404)


def test_a_user_of_2_0_is_read_by_1_1_and_written_back_whole(seat: Seat, old: Seat) -> None:
    manager = {"value": "26118915", "$ref": f"{seat.base}/Users/26118915"}
    ann = seat.user("ann", emails=[{"value": "ann@acorn.example", "display": "Work"}],
                    **{ENTERPRISE_2: {"costCenter": "7", "manager": manager}})  # fmt: skip
    read = old.get(f"/Users/{ann['id']}").json()
    assert read["schemas"] == [CORE, ENTERPRISE]
    assert read[ENTERPRISE]["manager"] == {"managerId": "26118915"}
    assert read["emails"] == [{"value": "ann@acorn.example", "display": "Work"}]
    assert old.put(f"/Users/{ann['id']}", read).status_code == 200
    assert seat.get(f"/Users/{ann['id']}").json() == ann
    old.put(f"/Users/{ann['id']}", {**read, "title": "Lead"})
    now = seat.get(f"/Users/{ann['id']}").json()
    assert now[ENTERPRISE_2]["manager"] == manager
    assert now["title"] == "Lead"


def test_what_only_another_dialect_sees_survives_a_put_of_1_1(seat: Seat, old: Seat) -> None:
    releezme = seat.speaking("releezme")
    badges = "urn:ietf:params:scim:schemas:extension:releezme:2.0:User"
    ann = old.post("/Users", {"schemas": [CORE], "userName": "ann"}).json()
    body = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", badges], "userName": "ann",
            badges: {"badges": [{"value": "0042"}]}}  # fmt: skip
    assert releezme.call("PUT", f"/users/{ann['id']}", body).status_code == 200
    assert badges not in old.get(f"/Users/{ann['id']}").text
    old.put(f"/Users/{ann['id']}", {"schemas": [CORE], "userName": "ann", "title": "Lead"})
    assert releezme.get(f"/users/{ann['id']}").json()[badges] == {"badges": [{"value": "0042"}]}
