"""Protocol 1.1 §3.4: deleting resources."""

from tests.rfc.scim11.people import ANN, described, made, patched
from tests.support.house import Seat


def test_a_delete_is_200_without_a_body(old: Seat) -> None:
    answer = old.delete(f"/Users/{made(old, **ANN)['id']}")
    assert (answer.status_code, answer.content) == (200, b"")


def test_a_deleted_resource_is_404_in_no_list_and_in_nobodys_way(old: Seat) -> None:
    ann = made(old, **ANN)
    old.delete(f"/Users/{ann['id']}")
    described(old.get(f"/Users/{ann['id']}"), 404)
    described(old.put(f"/Users/{ann['id']}", ann), 404)
    described(patched(old, ann, {"title": "Lead"}), 404)
    described(old.delete(f"/Users/{ann['id']}"), 404)
    assert old.get("/Users").json()["totalResults"] == 0
    assert made(old, **ANN)["id"] != ann["id"]
