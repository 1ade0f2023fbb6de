"""The numbers of the protocol: each default at the limit and one above, and each as a setting."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import apsw
import pytest
from tests.support.house import PATCH_OP, SEARCH, USER, House, Seat, running_house

LOW = {
    "DEFAULT_PAGE": "2",
    "MAX_PAGE": "3",
    "BODY_BYTES": "2048",
    "PATCH_OPERATIONS": "2",
    "JSON_DEPTH": "5",
    "FILTER_BYTES": "64",
    "FILTER_DEPTH": "3",
    "URL_BYTES": "256",
    "HEADER_BYTES": "1024",
    "HEADER_COUNT": "12",
}


@pytest.fixture(scope="module")
def low(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house whose limits are all set low."""
    database = f"sqlite:///{tmp_path_factory.mktemp('low') / 'rollbook.db'}"
    with running_house("sqlite", database, **{f"ROLLBOOK_{name}": value for name, value in LOW.items()}) as house:
        yield house


@pytest.fixture
def tight(low: House) -> Seat:
    return low.seat("acorn")


def user(**more: Any) -> dict[str, Any]:
    return {"schemas": [USER], "userName": "ann", **more}


def refused(answer: Any, status: int, scim_type: str | None = None) -> str:
    assert (answer.status_code, answer.json().get("scimType")) == (status, scim_type), answer.text
    detail: str = answer.json()["detail"]
    return detail


def padded(size: int) -> bytes:
    """A User's body of exactly so many bytes."""
    body = json.dumps(user()).encode()
    return body + b" " * (size - len(body))


# -- pages -------------------------------------------------------------------------------------------------------------


def test_numbers_a_page_has_100_unless_told_and_1000_at_most(seat: Seat) -> None:
    def make(number: int) -> None:
        seat.user(f"u{number}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(make, range(1001)))
    for count, returned in ((None, 100), (100, 100), (101, 101), (999, 999), (1000, 1000), (1001, 1000), (10**9, 1000)):
        query: dict[str, Any] = {"attributes": "id"} | ({} if count is None else {"count": count})
        body = seat.get("/Users", **query).json()
        assert (body["totalResults"], body["itemsPerPage"], len(body["Resources"])) == (1001, returned, returned)
    last = seat.get("/Users", startIndex=1001, count=1000).json()
    assert (last["startIndex"], last["itemsPerPage"]) == (1001, 1)
    config = seat.get("/ServiceProviderConfig").json()
    assert config["filter"]["maxResults"] == config["pagination"]["maxPageSize"] == 1000
    assert config["pagination"]["defaultPageSize"] == 100


def test_numbers_pages_are_a_setting_and_announced(tight: Seat) -> None:
    for number in range(4):
        tight.user(f"u{number}")
    for query, returned in (({}, 2), ({"count": 3}, 3), ({"count": 4}, 3)):
        assert tight.get("/Users", **query).json()["itemsPerPage"] == returned
        assert tight.post("/Users/.search", {"schemas": [SEARCH], **query}).json()["itemsPerPage"] == returned
    config = tight.get("/ServiceProviderConfig").json()
    assert config["filter"]["maxResults"] == config["pagination"]["maxPageSize"] == 3
    assert config["pagination"]["defaultPageSize"] == 2


# -- bodies ------------------------------------------------------------------------------------------------------------


def test_numbers_a_body_of_16_mib_is_read_and_one_byte_more_is_413(seat: Seat) -> None:
    limit = 16 * 1024 * 1024
    refused(seat.post("/Users", padded(limit + 1)), 413)
    assert seat.post("/Users", padded(limit)).status_code == 201


def test_numbers_the_size_of_a_body_is_a_setting(tight: Seat) -> None:
    refused(tight.post("/Users", padded(2049)), 413)
    assert tight.post("/Users", padded(2048)).status_code == 201


def operations(count: int) -> list[dict[str, Any]]:
    return [{"op": "replace", "path": "title", "value": f"T{number}"} for number in range(1, count + 1)]


def test_numbers_a_patch_has_1000_operations_and_1001_are_413(seat: Seat) -> None:
    path = f"/Users/{seat.user('ann')['id']}"
    refused(seat.patch(path, *operations(1001)), 413)
    assert "title" not in seat.get(path).json()
    assert seat.patch(path, *operations(1000)).json()["title"] == "T1000"


def test_numbers_operations_are_a_setting(tight: Seat) -> None:
    path = f"/Users/{tight.user('ann')['id']}"
    refused(tight.patch(path, *operations(3)), 413)
    assert tight.patch(path, *operations(2)).json()["title"] == "T2"


def nested(depth: int) -> bytes:
    """A body that is so deep, under a name that no schema has: within the limit that is what is wrong with it."""
    return (
        b'{"schemas": ["'
        + USER.encode()
        + b'"], "userName": "ann", "deep": '
        + b"[" * (depth - 1)
        + b"]" * (depth - 1)
        + b"}"
    )


def test_numbers_json_is_32_deep_and_33_are_400(seat: Seat) -> None:
    assert '"deep"' in refused(seat.post("/Users", nested(32)), 400, "invalidSyntax")
    assert "32" in refused(seat.post("/Users", nested(33)), 400, "invalidSyntax")


def test_numbers_the_depth_of_json_is_a_setting(tight: Seat) -> None:
    assert '"deep"' in refused(tight.post("/Users", nested(5)), 400, "invalidSyntax")
    assert "5" in refused(tight.post("/Users", nested(6)), 400, "invalidSyntax")


# -- filters and paths -------------------------------------------------------------------------------------------------


def filled(form: str, size: int, letter: str = "a") -> str:
    """The form with its star replaced by letters, so many bytes in all."""
    room = size - len(form.replace("*", "").encode())
    assert room % len(letter.encode()) == 0
    return form.replace("*", letter * (room // len(letter.encode())))


def search(seat: Seat, filter: str) -> Any:
    return seat.post("/Users/.search", {"schemas": [SEARCH], "filter": filter})


@pytest.mark.parametrize("letter", ["a", "å"])
def test_numbers_a_filter_has_8_kib_and_one_byte_more_is_400(seat: Seat, letter: str) -> None:
    form = 'title eq "*"' if letter == "a" else 'title eq  "*"'  # 8192 less the rest is even
    assert search(seat, filled(form, 8192, letter)).status_code == 200
    refused(search(seat, filled(form, 8192, letter) + " "), 400, "invalidFilter")


def test_numbers_a_path_has_8_kib_and_one_byte_more_is_400(seat: Seat) -> None:
    path = f"/Users/{seat.user('ann')['id']}"
    form = 'emails[value eq "*"]'
    assert seat.patch(path, {"op": "remove", "path": filled(form, 8192)}).status_code == 200
    refused(seat.patch(path, {"op": "remove", "path": filled(form, 8193)}), 400, "invalidPath")


def test_numbers_the_length_of_filters_and_paths_is_a_setting(tight: Seat) -> None:
    assert search(tight, filled('title eq "*"', 64)).status_code == 200
    refused(search(tight, filled('title eq "*"', 65)), 400, "invalidFilter")
    path = f"/Users/{tight.user('ann')['id']}"
    assert tight.patch(path, {"op": "remove", "path": filled('emails[value eq "*"]', 64)}).status_code == 200
    refused(tight.patch(path, {"op": "remove", "path": filled('emails[value eq "*"]', 65)}), 400, "invalidPath")


def parenthesised(depth: int, inner: str = "title pr") -> str:
    return "(" * depth + inner + ")" * depth


def negated(depth: int, inner: str = "title pr") -> str:
    return "not (" * depth + inner + ")" * depth


def test_numbers_a_filter_is_32_deep_and_33_are_400(seat: Seat) -> None:
    for form in (parenthesised, negated):
        assert search(seat, form(32)).status_code == 200
        refused(search(seat, form(33)), 400, "invalidFilter")
    refused(search(seat, parenthesised(4000)), 400, "invalidFilter")


def test_numbers_a_path_is_32_deep_and_33_are_400(seat: Seat) -> None:
    path = f"/Users/{seat.user('ann')['id']}"
    for form in (parenthesised, negated):
        deepest = next(d for d in (32, 31) if patched(seat, path, form(d, "type pr")).status_code == 200)
        refused(patched(seat, path, form(deepest + 1, "type pr")), 400, "invalidPath")


def patched(seat: Seat, path: str, filter: str) -> Any:
    return seat.patch(path, {"op": "remove", "path": f"emails[{filter}]"})


def test_numbers_the_depth_of_filters_and_paths_is_a_setting(tight: Seat) -> None:
    assert search(tight, parenthesised(3)).status_code == 200
    refused(search(tight, parenthesised(4)), 400, "invalidFilter")
    path = f"/Users/{tight.user('ann')['id']}"
    assert patched(tight, path, parenthesised(2, "type pr")).status_code == 200
    refused(patched(tight, path, parenthesised(4, "type pr")), 400, "invalidPath")


# -- URLs and headers --------------------------------------------------------------------------------------------------


def raw(house: House, target: str, fields: str = "") -> int:
    host = f"Host: {house.server.host}:{house.server.port}\r\n"
    return house.server.raw(f"GET {target} HTTP/1.1\r\n{host}{fields}\r\n".encode()).status


def target(size: int) -> str:
    return filled("/scim/v2/Schemas?x=*", size)


def test_numbers_a_url_has_8_kib_and_one_byte_more_is_414(house: House) -> None:
    assert raw(house, target(8192)) == 200
    assert raw(house, target(8193)) == 414


def test_numbers_the_length_of_a_url_is_a_setting(low: House) -> None:
    assert raw(low, target(256)) == 200
    assert raw(low, target(257)) == 414


def fields(house: House, size: int) -> str:
    """Headers of so many bytes in all, as they are counted: names, values and four for each line."""
    own = len("host") + len(f"{house.server.host}:{house.server.port}") + 4
    return "x-a: " + "a" * (size - own - len("x-a") - 4) + "\r\n"


def test_numbers_headers_have_32_kib_and_one_byte_more_is_431(house: House) -> None:
    assert raw(house, "/scim/v2/Schemas", fields(house, 32 * 1024)) == 200
    assert raw(house, "/scim/v2/Schemas", fields(house, 32 * 1024 + 1)) == 431


def test_numbers_there_are_100_headers_and_101_are_431(house: House) -> None:
    assert raw(house, "/scim/v2/Schemas", "".join(f"x-{n}: a\r\n" for n in range(99))) == 200
    assert raw(house, "/scim/v2/Schemas", "".join(f"x-{n}: a\r\n" for n in range(100))) == 431


def test_numbers_headers_are_a_setting(low: House) -> None:
    assert raw(low, "/scim/v2/Schemas", fields(low, 1024)) == 200
    assert raw(low, "/scim/v2/Schemas", fields(low, 1025)) == 431
    assert raw(low, "/scim/v2/Schemas", "".join(f"x-{n}: a\r\n" for n in range(11))) == 200
    assert raw(low, "/scim/v2/Schemas", "".join(f"x-{n}: a\r\n" for n in range(12))) == 431


# -- names -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("letter", ["a", "å"])
@pytest.mark.parametrize("name", ["userName", "externalId"])
def test_numbers_a_name_has_1024_characters_and_1025_are_400(seat: Seat, name: str, letter: str) -> None:
    long = letter * 1024
    assert name in refused(seat.post("/Users", user(**{name: long + letter})), 400, "invalidValue")
    made = seat.post("/Users", user(**{name: long}))
    assert made.status_code == 201, made.text
    assert seat.names(f'{name} eq "{long}"', attributes="userName,displayName") == [made.json()["userName"]]
    path = f"/Users/{made.json()['id']}"
    refused(seat.patch(path, {"op": "replace", "path": name, "value": long + letter}), 400, "invalidValue")
    refused(seat.put(path, user(**{name: long + letter})), 400, "invalidValue")
    assert seat.get(path).json() == made.json()


# -- turns -------------------------------------------------------------------------------------------------------------


def test_numbers_many_requests_of_a_tenant_wait_their_turn_and_all_are_done(seat: Seat) -> None:
    with ThreadPoolExecutor(80) as pool:
        answers = list(pool.map(lambda n: seat.post("/Users", user(userName=f"u{n}")).status_code, range(160)))
    assert answers == [201] * 160


def test_numbers_a_request_that_waits_too_long_for_its_turn_is_503_with_retry_after(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    file = tmp_path_factory.mktemp("turns") / "rollbook.db"
    limits = {"ROLLBOOK_TENANT_CONCURRENCY": "1", "ROLLBOOK_QUEUE_SECONDS": "0.2"}
    with running_house("sqlite", f"sqlite:///{file}", **limits) as house, ThreadPoolExecutor(1) as pool:
        seat, other = house.seat("acorn"), house.seat("birch")
        held = apsw.Connection(str(file))
        held.execute("BEGIN IMMEDIATE")  # so a write that is at work does not come to an end
        try:
            post = pool.submit(seat.post, "/Users", user())
            while (answer := seat.get("/Users")).status_code == 200:
                assert not post.done(), "it has the one turn"
            refused(answer, 503)
            assert int(answer.headers["retry-after"]) >= 1
            assert other.get("/Users").status_code == 200, "another tenant has turns of its own"
        finally:
            held.execute("ROLLBACK")
            held.close()
        assert post.result().status_code == 201
        assert seat.names("userName pr") == ["ann"]


def test_numbers_a_message_of_a_patch_is_counted_whatever_its_operations_are(seat: Seat) -> None:
    ann = seat.user("ann")
    message = {"schemas": [PATCH_OP], "Operations": [{"op": "nothing"}] * 1001}
    refused(seat.call("PATCH", f"/Users/{ann['id']}", message), 413)
