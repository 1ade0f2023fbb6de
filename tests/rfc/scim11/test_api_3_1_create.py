"""Protocol 1.1 §3.1: creating resources."""

from tests.rfc.scim11.people import ANN, CORE, described, made
from tests.support.house import Seat


def test_a_creation_is_201_with_location_etag_and_the_resource(old: Seat) -> None:
    answer = old.post("/Users", ANN)
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/json"
    ann = answer.json()
    assert answer.headers["location"] == ann["meta"]["location"] == f"{old.base}/Users/{ann['id']}"
    assert answer.headers["etag"] == ann["meta"]["version"]
    assert ANN.items() <= ann.items()


def test_the_resource_has_neither_a_resource_type_nor_a_schema_of_2_0(old: Seat) -> None:
    answer = old.post("/Users", ANN)
    assert "resourceType" not in answer.json()["meta"]
    assert "2.0" not in answer.text


def test_a_name_that_is_taken_is_409_and_the_error_names_the_attribute(old: Seat) -> None:
    made(old, userName="ann")
    assert "userName" in described(old.post("/Users", {"schemas": [CORE], "userName": "ANN"}), 409)


def test_what_is_missing_is_400_and_named(old: Seat) -> None:
    assert "userName" in described(old.post("/Users", {"schemas": [CORE], "title": "Guide"}), 400)


def test_a_user_of_2_0_is_refused_with_the_schemas_that_there_are(old: Seat) -> None:
    body = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "userName": "ann"}
    described(old.post("/Users", body), 400)


def test_only_what_is_asked_for_is_answered(old: Seat) -> None:
    answer = old.post("/Users?attributes=userName", ANN)
    assert answer.json().keys() == {"schemas", "id", "userName", "meta"}
