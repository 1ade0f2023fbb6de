"""RFC 7644 §3.3: creating resources."""

from tests.support.house import ENTERPRISE, ERROR, GROUP, USER, Seat

ANN = {
    "schemas": [USER],
    "userName": "ann",
    "externalId": "hr-1",
    "name": {"formatted": "Dr. Ann Berg", "familyName": "Berg", "givenName": "Ann"},
}


def test_a_post_is_answered_with_201_the_location_and_the_resource(seat: Seat) -> None:
    answer = seat.post("/Users", ANN)
    assert answer.status_code == 201
    made = answer.json()
    location = f"{seat.base}/Users/{made['id']}"
    assert answer.headers["location"] == made["meta"]["location"] == location
    assert answer.headers["etag"] == made["meta"]["version"]
    assert answer.headers["content-type"] == "application/scim+json"
    assert {key: made[key] for key in ANN} == ANN
    assert made["meta"]["resourceType"] == "User"
    assert made["meta"]["created"] == made["meta"]["lastModified"]
    assert seat.get(f"/Users/{made['id']}").json() == made


def test_a_user_name_that_is_taken_is_409_uniqueness(seat: Seat) -> None:
    seat.post("/Users", ANN)
    answer = seat.post("/Users", {**ANN, "externalId": "hr-2"})
    assert answer.status_code == 409
    told = answer.json()
    assert (told["schemas"], told["status"], told["scimType"]) == ([ERROR], "409", "uniqueness")


def test_what_only_the_server_sets_is_ignored_in_a_post(seat: Seat) -> None:
    mine = {"id": "mine", "meta": {"created": "2001-01-01T00:00:00Z"}, "groups": [{"value": "1"}]}
    made = seat.post("/Users", {**ANN, **mine}).json()
    assert made["id"] != "mine"
    assert not made["meta"]["created"].startswith("2001")
    assert "groups" not in made
    assert seat.get("/Users/mine").status_code == 404


def test_the_resource_type_is_that_of_the_endpoint(seat: Seat) -> None:
    """§3.3.1."""
    assert seat.post("/Users", ANN).json()["meta"]["resourceType"] == "User"
    group = {"schemas": [GROUP], "displayName": "Staff"}
    assert seat.post("/Groups", group).json()["meta"]["resourceType"] == "Group"
    assert seat.post("/Groups", ANN).status_code == 400


def test_an_extension_is_created_with_its_resource(seat: Seat) -> None:
    made = seat.post("/Users", {**ANN, "schemas": [USER, ENTERPRISE], ENTERPRISE: {"costCenter": "7"}}).json()
    assert made["schemas"] == [USER, ENTERPRISE]
    assert made[ENTERPRISE] == {"costCenter": "7"}


def test_application_json_is_a_media_type_too(seat: Seat) -> None:
    assert seat.post("/Users", ANN, headers={"content-type": "application/json"}).status_code == 201
