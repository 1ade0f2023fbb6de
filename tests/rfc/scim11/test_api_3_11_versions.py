"""Protocol 1.1 §3.11: versions of resources."""

from tests.rfc.scim11.people import described, made, patched
from tests.support.house import Seat


def test_the_version_is_the_etag(old: Seat) -> None:
    ann = made(old, userName="ann")
    assert ann["meta"]["version"] == 'W/"1"'
    assert old.get(f"/Users/{ann['id']}").headers["etag"] == 'W/"1"'


def test_what_has_not_changed_is_304(old: Seat) -> None:
    ann = made(old, userName="ann")
    answer = old.call("GET", f"/Users/{ann['id']}", headers={"if-none-match": ann["meta"]["version"]})
    assert (answer.status_code, answer.content) == (304, b"")


def test_a_change_of_another_version_is_412(old: Seat) -> None:
    ann = made(old, userName="ann")
    wrong, right = ({"if-match": etag} for etag in ('W/"9"', ann["meta"]["version"]))
    described(old.put(f"/Users/{ann['id']}", {"userName": "ann"}, headers=wrong), 412)
    described(patched(old, ann, {"title": "Lead"}, headers=wrong), 412)
    described(old.delete(f"/Users/{ann['id']}", headers=wrong), 412)
    assert patched(old, ann, {"title": "Lead"}, headers=right).status_code == 200


def test_a_change_without_a_version_is_made(old: Seat) -> None:
    assert patched(old, made(old, userName="ann"), {"title": "Lead"}).status_code == 200


def test_a_connection_can_demand_a_version(seat: Seat) -> None:
    strict = seat.speaking("scim11", require_if_match="on")
    ann = made(strict, userName="ann")
    described(patched(strict, ann, {"title": "Lead"}), 428)
    described(strict.put(f"/Users/{ann['id']}", {"userName": "ann"}), 428)
    assert patched(strict, ann, {"title": "Lead"}, headers={"if-match": ann["meta"]["version"]}).status_code == 200
