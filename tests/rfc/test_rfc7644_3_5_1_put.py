"""RFC 7644 §3.5.1: replacing with PUT."""

from typing import Any

from tests.support.house import USER, Seat


def body(**more: Any) -> dict[str, Any]:
    return {"schemas": [USER], "userName": "ann", **more}


def test_the_example_replaces_what_is_sent_and_answers_with_the_resource(seat: Seat) -> None:
    made = seat.user("ann", externalId="hr-1", name={"familyName": "Berg", "givenName": "Ann"})
    wanted = body(
        id=made["id"],
        externalId="hr-1",
        name={"formatted": "Dr. Ann Jo Berg", "familyName": "Berg", "givenName": "Ann", "middleName": "Jo"},
        roles=[],
        emails=[{"value": "ann@acorn.example"}, {"value": "jo@acorn.example"}],
    )
    answer = seat.put(f"/Users/{made['id']}", wanted)
    assert answer.status_code == 200
    now = answer.json()
    assert (now["name"], now["emails"]) == (wanted["name"], wanted["emails"])
    assert "roles" not in now
    assert now["id"] == made["id"]
    assert now["meta"]["created"] == made["meta"]["created"]
    assert now["meta"]["version"] == answer.headers["etag"] != made["meta"]["version"]
    assert seat.get(f"/Users/{made['id']}").json() == now


def test_what_is_not_sent_is_cleared(seat: Seat) -> None:
    made = seat.user("ann", externalId="hr-1", title="Guide", emails=[{"value": "ann@acorn.example"}])
    now = seat.put(f"/Users/{made['id']}", body()).json()
    assert now.keys() == {"schemas", "id", "userName", "active", "meta"}


def test_what_only_the_server_sets_is_ignored(seat: Seat) -> None:
    made = seat.user("ann")
    now = seat.put(f"/Users/{made['id']}", body(id="2", meta={"created": "2001-01-01T00:00:00Z"}, groups=[])).json()
    assert (now["id"], now["meta"]["created"]) == (made["id"], made["meta"]["created"])


def test_a_required_attribute_has_to_be_sent(seat: Seat) -> None:
    made = seat.user("ann")
    answer = seat.put(f"/Users/{made['id']}", {"schemas": [USER], "title": "Guide"})
    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidValue")
    assert seat.get(f"/Users/{made['id']}").json() == made


def test_a_put_creates_nothing(seat: Seat) -> None:
    assert seat.put("/Users/2819c223-7f76-453a-919d-413861904646", body()).status_code == 404
    assert seat.get("/Users").json()["totalResults"] == 0


def test_a_put_of_the_same_changes_nothing(seat: Seat) -> None:
    made = seat.user("ann", title="Guide")
    assert seat.put(f"/Users/{made['id']}", made).json() == made
