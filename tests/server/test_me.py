"""``/Me``: the resource that a token stands for (RFC 7644 §3.11; ``protocol`` 26)."""

import pytest
from tests.support.house import PATCH_OP, USER, Seat


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD"])
def test_a_token_that_stands_for_nobody_gets_501(seat: Seat, method: str) -> None:
    body = {"schemas": [USER], "userName": "ann"} if method in ("PUT", "PATCH") else None
    answer = seat.call(method, "/Me", body)
    assert answer.status_code == 501
    if method != "HEAD":
        assert answer.json()["status"] == "501"


def test_it_is_read_changed_replaced_and_deleted_where_the_token_stands_for_a_name(seat: Seat) -> None:
    ann = seat.user("ann", title="Forester")
    mine = seat.by("ann-s", subject="ann")
    shown = mine.get("/Me")
    assert shown.json() == ann
    assert shown.headers["content-location"] == ann["meta"]["location"]
    assert shown.headers["etag"] == ann["meta"]["version"]
    head = mine.call("HEAD", "/Me")
    assert (head.status_code, head.headers["content-length"]) == (200, shown.headers["content-length"])
    assert mine.get("/Me", attributes="title").json()["title"] == "Forester"
    assert mine.get("/Me", headers={"if-none-match": ann["meta"]["version"]}).status_code == 304

    patched = mine.patch("/Me", {"op": "replace", "path": "title", "value": "Baker"})
    assert (patched.status_code, patched.json()["title"]) == (200, "Baker")
    stale = mine.patch("/Me", {"op": "remove", "path": "title"}, headers={"if-match": ann["meta"]["version"]})
    assert stale.status_code == 412
    replaced = mine.put("/Me", {"schemas": [USER], "userName": "ann", "title": "Cook"})
    assert replaced.json()["title"] == "Cook"
    assert seat.get(f"/Users/{ann['id']}").json() == replaced.json()

    assert mine.delete("/Me").status_code == 204
    assert seat.get(f"/Users/{ann['id']}").status_code == 404
    gone = mine.get("/Me")
    assert (gone.status_code, gone.json()["status"]) == (404, "404")


def test_a_subject_may_be_an_id_in_any_letter_case_and_then_a_new_name_changes_nothing(seat: Seat) -> None:
    ann = seat.user("ann")
    mine = seat.by("ann-s", subject=ann["id"].upper())
    assert mine.patch("/Me", {"op": "replace", "path": "userName", "value": "anna"}).status_code == 200
    assert mine.get("/Me").json()["userName"] == "anna"


def test_a_name_is_compared_as_names_are_and_one_that_nobody_has_is_404(seat: Seat) -> None:
    seat.user("ann")
    assert seat.by("one", subject="ANN").get("/Me").json()["userName"] == "ann"
    for nobody in ("bo", 'x" or userName pr or userName eq "', "0199c1f2-7a5e-7000-8000-000000000001"):
        assert seat.by(f"no-{len(nobody)}", subject=nobody).get("/Me").status_code == 404


def test_another_tenants_person_is_nobody_here(seat: Seat) -> None:
    bo = seat.house.seat("birch").user("bo")
    for subject in ("bo", bo["id"]):
        assert seat.by(f"s-{len(subject)}", subject=subject).get("/Me").status_code == 404


def test_a_change_of_it_leaves_the_event_of_the_resource(seat: Seat) -> None:
    ann = seat.user("ann")
    seat.by("ann-s", subject="ann").patch("/Me", {"op": "replace", "path": "title", "value": "x"})
    event = seat.events()[-1]
    assert (event.kind.value, event.resource, event.attributes) == ("resource:modify", ann["id"], ("title",))


def test_a_post_is_405_and_options_says_what_is_possible(seat: Seat) -> None:
    mine = seat.by("ann-s", subject="ann")
    assert mine.post("/Me", {"schemas": [PATCH_OP]}).status_code == 405
    assert mine.call("OPTIONS", "/Me").headers["allow"] == "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"
