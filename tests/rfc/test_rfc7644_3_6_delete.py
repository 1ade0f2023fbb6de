"""RFC 7644 §3.6: deleting resources."""

from tests.support.house import ERROR, Seat


def test_a_delete_is_answered_with_204_and_nothing_more(seat: Seat) -> None:
    answer = seat.delete(f"/Users/{seat.user('ann')['id']}")
    assert (answer.status_code, answer.content) == (204, b"")


def test_a_deleted_resource_is_404_for_everything(seat: Seat) -> None:
    made = seat.user("ann")
    path = f"/Users/{made['id']}"
    seat.delete(path)
    for answer in (
        seat.get(path),
        seat.put(path, made),
        seat.patch(path, {"op": "add", "path": "title", "value": "x"}),
        seat.delete(path),
    ):
        assert answer.status_code == 404
        assert (answer.json()["schemas"], answer.json()["status"]) == ([ERROR], "404")


def test_a_deleted_resource_is_in_no_list_and_no_group_and_its_names_are_free(seat: Seat) -> None:
    ann, bo = seat.user("ann", externalId="hr-1"), seat.user("bo")
    staff = seat.group("Staff", ann["id"], bo["id"])
    seat.delete(f"/Users/{ann['id']}")
    assert seat.names("userName pr") == ["bo"]
    assert [m["value"] for m in seat.get(f"/Groups/{staff['id']}").json()["members"]] == [bo["id"]]
    assert seat.user("ann", externalId="hr-1")["id"] != ann["id"]
