"""The way of a client to an address is remembered; whoever comes again is answered as the first time."""

from typing import Any

import pytest
from tests.support.house import GROUP, PATCH_OP, USER, House, Seat

TITLE = {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": "title", "value": "x"}]}
SEARCH = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": 'userName eq "ann"'}


def shown(seat: Seat, method: str, path: str, **options: Any) -> tuple[int, Any, str | None]:
    answer = seat.call(method, path, **options)
    body = answer.json() if answer.content else None
    return answer.status_code, body, answer.headers.get("allow")


def test_a_second_request_is_answered_as_the_first(house: House) -> None:
    seat = house.seat("acorn")
    ann = seat.user("ann")["id"]
    requests: list[tuple[str, str, Any]] = [
        ("GET", f"/Users/{ann}", None),
        ("HEAD", f"/Users/{ann}", None),
        ("GET", f"/Users/{ann}/", None),
        ("GET", "/Users/", None),
        ("GET", "/Users", None),
        ("GET", "/users", None),
        ("GET", f"/users/{ann}", None),
        ("GET", "/Users/.search", None),
        ("POST", "/Users/.search", SEARCH),
        ("GET", "/Users/nobody", None),
        ("GET", f"/Users/{ann}.json", None),
        ("GET", f"/Users/{ann}/emails", None),
        ("POST", f"/Users/{ann}", TITLE),
        ("PUT", "/Users", {"schemas": [USER], "userName": "bo"}),
        ("POST", "/Users", {"schemas": [USER], "userName": "ann"}),
        ("OPTIONS", f"/Users/{ann}", None),
        ("GET", "/Groups/" + ann, None),
        ("POST", "/Groups", {"schemas": [GROUP]}),
        ("GET", "/Schemas/" + USER, None),
        ("GET", "/Users/docs", None),
        ("GET", "/Me", None),
    ]
    first = [shown(seat, method, path, body=body) for method, path, body in requests]
    for _ in range(2):
        for asked, expected in zip(requests, first, strict=True):
            method, path, body = asked
            assert shown(seat, method, path, body=body) == expected, asked
    assert [status for status, _, _ in first[:5]] == [200] * 5


def test_a_way_is_its_clients_alone(house: House) -> None:
    acorn, birch = house.seat("acorn"), house.seat("birch")
    ann = acorn.user("ann")["id"]
    reader = acorn.by("reader")
    named = f"{house.url}/t/{acorn.name}/scim/v2"
    for _ in range(3):
        assert acorn.get(f"/Users/{ann}").status_code == 200
        assert birch.get(f"/Users/{ann}").status_code == 404
        assert reader.get(f"/Users/{ann}").status_code == 200
        assert acorn.get(f"/Users/{ann}", base=named).status_code == 200
        assert birch.get(f"/Users/{ann}", base=named).status_code == 404
        assert acorn.call("GET", f"/Users/{ann}", headers={"authorization": ""}).status_code == 401
        assert acorn.call("GET", f"/Users/{ann}", headers={"authorization": "Bearer nothing"}).status_code == 401
        assert [r["userName"] for r in acorn.get("/Users").json()["Resources"]] == ["ann"]
        assert birch.get("/Users").json()["Resources"] == []


@pytest.mark.parametrize("dialect", ["scim11", "identify"])
def test_a_method_that_is_overridden_is_another_way(house: House, dialect: str) -> None:
    seat = house.seat("acorn").speaking(dialect)
    path = "/Users/nobody"
    plain = [seat.call(method, path, b"{}").status_code for method in ("POST", "PUT")]
    for _ in range(3):
        assert seat.call("GET", path).status_code == 404
        assert seat.call("POST", path, headers={"x-http-method-override": "DELETE"}).status_code == 404
        assert seat.call("POST", path, headers={"x-http-method-override": "BREW"}).status_code == 400
        assert [seat.call(method, path, b"{}").status_code for method in ("POST", "PUT")] == plain
        assert seat.call("GET", f"{path}.xml").status_code == 406
