"""RFC 7644 §3.5.2.3: PATCH, replace."""

from typing import Any

from tests.support.house import Seat

WORK = {
    "type": "work",
    "streetAddress": "7 Oak Lane",
    "locality": "Acornby",
    "postalCode": "12345",
    "country": "SE",
    "formatted": "7 Oak Lane\n12345 Acornby SE",
    "primary": True,
}
HOME = {"type": "home", "streetAddress": "1 Birch Road", "locality": "Birchton"}


def replace(value: Any, path: str | None = None) -> dict[str, Any]:
    return {"op": "replace", "value": value, **({"path": path} if path else {})}


def test_all_members_are_replaced(seat: Seat) -> None:
    ann, bo, cleo = seat.user("ann"), seat.user("bo"), seat.user("cleo")
    staff = seat.group("Staff", ann["id"])
    new = [{"display": "Bo", "value": bo["id"]}, {"display": "Cleo", "value": cleo["id"]}]
    answer = seat.patch(f"/Groups/{staff['id']}", replace(new, "members"))
    assert answer.status_code == 200
    now = answer.json()
    assert {m["value"] for m in now["members"]} == {bo["id"], cleo["id"]}


def test_the_work_address_is_replaced(seat: Seat) -> None:
    ann = seat.user("ann", addresses=[{"type": "work", "streetAddress": "3 Elm Row", "primary": True}, HOME])
    now = seat.patch(f"/Users/{ann['id']}", replace(WORK, 'addresses[type eq "work"]')).json()
    assert now["addresses"] == [WORK, HOME]


def test_one_sub_attribute_is_replaced_and_the_others_stay(seat: Seat) -> None:
    ann = seat.user("ann", addresses=[WORK, HOME])
    now = seat.patch(f"/Users/{ann['id']}", replace("9 Oak Lane", 'addresses[type eq "work"].streetAddress')).json()
    assert now["addresses"] == [{**WORK, "streetAddress": "9 Oak Lane"}, HOME]


def test_all_emails_are_replaced_without_a_path(seat: Seat) -> None:
    ann = seat.user("ann", nickName="Annie", emails=[{"value": "old@acorn.example"}])
    emails = [
        {"value": "ann@acorn.example", "type": "work", "primary": True},
        {"value": "ann@home.example", "type": "home"},
    ]
    now = seat.patch(f"/Users/{ann['id']}", replace({"emails": emails, "nickname": "An"})).json()
    assert (now["emails"], now["nickName"]) == (emails, "An")


def test_sub_attributes_that_are_not_named_stay(seat: Seat) -> None:
    ann = seat.user("ann", name={"givenName": "Ann", "familyName": "Berg"})
    assert seat.patch(f"/Users/{ann['id']}", replace({"givenName": "An"}, "name")).json()["name"] == {
        "givenName": "An",
        "familyName": "Berg",
    }


def test_what_is_not_there_is_added(seat: Seat) -> None:
    ann = seat.user("ann")
    now = seat.patch(f"/Users/{ann['id']}", replace("Guide", "title"), replace("Ann", "name.givenName")).json()
    assert (now["title"], now["name"]) == ("Guide", {"givenName": "Ann"})


def test_a_filter_that_nothing_matches_is_no_target(seat: Seat) -> None:
    ann = seat.user("ann", addresses=[HOME])
    for path in ('addresses[type eq "work"]', 'addresses[type eq "work"].streetAddress'):
        answer = seat.patch(f"/Users/{ann['id']}", replace(WORK if path.endswith("]") else "x", path))
        assert (answer.status_code, answer.json()["scimType"]) == (400, "noTarget")
    assert seat.get(f"/Users/{ann['id']}").json() == ann


def test_a_replace_by_the_same_changes_nothing(seat: Seat) -> None:
    ann = seat.user("ann", title="Guide", addresses=[WORK, HOME])
    same = seat.patch(f"/Users/{ann['id']}", replace("Guide", "title"), replace([WORK, HOME], "addresses"))
    assert same.json() == ann
