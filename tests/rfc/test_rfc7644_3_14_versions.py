"""RFC 7644 §3.14: versioning resources, with ETags."""

from tests.support.house import USER, Seat

PATCH = {"op": "replace", "path": "nickName", "value": "Annie"}


def test_a_version_stands_in_the_header_and_in_meta(seat: Seat) -> None:
    answer = seat.post("/Users", {"schemas": [USER], "userName": "ann"})
    version = answer.json()["meta"]["version"]
    assert answer.headers["etag"] == version
    assert version.startswith('W/"')


def test_a_get_of_what_the_client_has_is_304(seat: Seat) -> None:
    ann = seat.user("ann")
    path, version = f"/Users/{ann['id']}", ann["meta"]["version"]
    answer = seat.get(path, headers={"if-none-match": version})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", version)
    seat.patch(path, PATCH)
    assert seat.get(path, headers={"if-none-match": version}).json()["nickName"] == "Annie"


def test_a_write_with_the_current_version_is_done(seat: Seat) -> None:
    ann = seat.user("ann")
    path = f"/Users/{ann['id']}"
    patched = seat.patch(path, PATCH, headers={"if-match": ann["meta"]["version"]})
    assert patched.status_code == 200
    put = seat.put(path, {"schemas": [USER], "userName": "ann"}, headers={"if-match": patched.headers["etag"]})
    assert put.status_code == 200
    assert seat.delete(path, headers={"if-match": put.headers["etag"]}).status_code == 204


def test_a_write_with_an_old_version_is_412_and_not_done(seat: Seat) -> None:
    ann = seat.user("ann")
    path, old = f"/Users/{ann['id']}", {"if-match": ann["meta"]["version"]}
    now = seat.patch(path, PATCH).json()
    assert seat.put(path, {"schemas": [USER], "userName": "bo"}, headers=old).status_code == 412
    assert seat.patch(path, {**PATCH, "value": "An"}, headers=old).status_code == 412
    assert seat.delete(path, headers=old).status_code == 412
    assert seat.get(path).json() == now
