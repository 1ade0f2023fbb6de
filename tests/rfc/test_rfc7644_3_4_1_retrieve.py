"""RFC 7644 §3.4.1: retrieving a known resource."""

from tests.support.house import ERROR, Seat


def test_a_known_user_is_answered_whole_with_its_etag(seat: Seat) -> None:
    phones = [{"value": "555-0199", "type": "work"}]
    made = seat.user("ann", externalId="hr-1", name={"familyName": "Berg"}, phoneNumbers=phones)
    answer = seat.get(f"/Users/{made['id']}")
    assert answer.status_code == 200
    assert answer.json() == made
    assert answer.headers["etag"] == made["meta"]["version"]
    assert answer.headers["content-type"] == "application/scim+json"
    assert answer.json()["phoneNumbers"] == phones


def test_a_user_that_is_not_there_is_404(seat: Seat) -> None:
    answer = seat.get("/Users/2819c223-7f76-453a-919d-413861904646")
    assert answer.status_code == 404
    assert (answer.json()["schemas"], answer.json()["status"]) == ([ERROR], "404")
    assert "scimType" not in answer.json()


def test_a_group_is_no_user(seat: Seat) -> None:
    staff = seat.group("Staff")
    assert seat.get(f"/Groups/{staff['id']}").status_code == 200
    assert seat.get(f"/Users/{staff['id']}").status_code == 404
