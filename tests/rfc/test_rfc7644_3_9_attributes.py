"""RFC 7644 §3.9 and §3.10: additional operation response parameters, and how attributes are named."""

from tests.support.house import ENTERPRISE, SEARCH, USER, Seat

NAME = {"familyName": "Berg", "givenName": "Ann"}


def test_only_the_attributes_asked_for_are_answered(seat: Seat) -> None:
    ann = seat.user("ann", name=NAME, title="Guide")
    shown = seat.get(f"/Users/{ann['id']}", attributes="userName").json()
    assert shown == {"schemas": [USER], "id": ann["id"], "userName": "ann"}


def test_excluded_attributes_are_not_answered_but_id_always_is(seat: Seat) -> None:
    ann = seat.user("ann", name=NAME, title="Guide")
    shown = seat.get(f"/Users/{ann['id']}", excludedAttributes="name,id,meta.location").json()
    assert shown.keys() == ann.keys() - {"name"}
    assert shown["meta"].keys() == ann["meta"].keys() - {"location"}


def test_names_may_be_whole_urns_and_sub_attributes_in_any_case(seat: Seat) -> None:
    ann = seat.user("ann", name=NAME, **{ENTERPRISE: {"costCenter": "7", "division": "North"}})
    path = f"/Users/{ann['id']}"
    assert seat.get(path, attributes=f"{USER}:name.familyName").json()["name"] == {"familyName": "Berg"}
    assert seat.get(path, attributes="NAME.FAMILYNAME").json()["name"] == {"familyName": "Berg"}
    assert seat.get(path, attributes=f"{ENTERPRISE}:costCenter").json()[ENTERPRISE] == {"costCenter": "7"}
    assert seat.get(path, attributes=ENTERPRISE).json()[ENTERPRISE] == ann[ENTERPRISE]
    assert "userName" in seat.get(path, excludedAttributes=ENTERPRISE).json()


def test_both_parameters_at_once_are_400(seat: Seat) -> None:
    ann = seat.user("ann")
    assert seat.get(f"/Users/{ann['id']}", attributes="name", excludedAttributes="title").status_code == 400


def test_a_name_that_means_nothing_is_ignored(seat: Seat) -> None:
    ann = seat.user("ann")
    assert seat.get(f"/Users/{ann['id']}", attributes="nothing").json() == {"schemas": [USER], "id": ann["id"]}
    assert seat.get(f"/Users/{ann['id']}", excludedAttributes="nothing").json() == ann


def test_post_put_and_search_take_them_too(seat: Seat) -> None:
    body = {"schemas": [USER], "userName": "ann", "title": "Guide"}
    made = seat.post("/Users", body, attributes="userName").json()
    assert made.keys() == {"schemas", "id", "userName"}
    assert seat.put(f"/Users/{made['id']}", body, attributes="title").json().keys() == {"schemas", "id", "title"}
    found = seat.post("/Users/.search", {"schemas": [SEARCH], "attributes": ["title"]}).json()["Resources"]
    assert found == [{"schemas": [USER], "id": made["id"], "title": "Guide"}]
