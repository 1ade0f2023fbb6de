"""``GET /Groups/{id}/members``: the members of one group in pages; and memberships under many clients."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.support.house import Seat


@pytest.fixture
def club(seat: Seat) -> tuple[Seat, dict[str, Any], list[str]]:
    """A group of seven, and the ids of its members in order."""
    ids = [seat.user(f"user{n}", displayName=f"User {n}")["id"] for n in range(6)]
    ids.append(seat.group("Inner", ids[0])["id"])
    group = seat.group("Club", *ids)
    return seat, group, sorted(ids)


Club = tuple[Seat, dict[str, Any], list[str]]


def values(body: dict[str, Any]) -> list[str]:
    return [member["value"] for member in body["Resources"]]


def test_members_are_listed_as_the_group_shows_them(club: Club) -> None:
    seat, group, ids = club
    answer = seat.get(f"/Groups/{group['id']}/members")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/scim+json"
    body = answer.json()
    assert (body["totalResults"], body["startIndex"], body["itemsPerPage"]) == (7, 1, 7)
    assert values(body) == ids
    assert body["Resources"] == seat.get(f"/Groups/{group['id']}").json()["members"]


def test_members_come_in_pages_by_cursor_there_and_back(club: Club) -> None:
    seat, group, ids = club
    path = f"/Groups/{group['id']}/members"
    pages, body = [], seat.get(path, cursor="", count=3).json()
    assert "previousCursor" not in body
    pages.append(values(body))
    while "nextCursor" in body:
        body = seat.get(path, cursor=body["nextCursor"], count=3).json()
        assert body["totalResults"] == 7
        pages.append(values(body))
    assert pages == [ids[:3], ids[3:6], ids[6:]]
    back = seat.get(path, cursor=body["previousCursor"], count=3).json()
    assert values(back) == ids[3:6]
    first = seat.get(path, cursor=back["previousCursor"], count=3).json()
    assert values(first) == ids[:3]
    assert "previousCursor" not in first


def test_members_come_in_pages_by_index(club: Club) -> None:
    seat, group, ids = club
    body = seat.get(f"/Groups/{group['id']}/members", startIndex=3, count=2).json()
    assert (values(body), body["startIndex"], body["totalResults"]) == (ids[2:4], 3, 7)
    assert seat.get(f"/Groups/{group['id']}/members", count=0).json()["totalResults"] == 7


def test_members_come_and_go_between_pages_and_no_other_is_lost(club: Club) -> None:
    seat, group, ids = club
    path = f"/Groups/{group['id']}/members"
    first = seat.get(path, cursor="", count=2).json()
    remove = {"op": "remove", "path": f'members[value eq "{ids[1]}"]'}
    assert seat.patch(f"/Groups/{group['id']}", remove).status_code == 204
    newcomer = seat.user("newcomer")["id"]
    assert (
        seat.patch(
            f"/Groups/{group['id']}", {"op": "add", "path": "members", "value": [{"value": newcomer}]}
        ).status_code
        == 204
    )
    second = seat.get(path, cursor=first["nextCursor"], count=2).json()
    assert values(second) == ids[2:4]


@pytest.mark.parametrize(
    ("filter", "wanted"),
    [
        ('value eq "{0}"', ["{0}"]),
        ('value eq "{0}" or value eq "{1}"', ["{0}", "{1}"]),
        ('type eq "Group"', ["{inner}"]),
        ('display eq "user 3" and type eq "User"', ["{three}"]),
        ('value eq "00000000-0000-4000-8000-000000000000"', []),
    ],
)
def test_a_filter_is_about_one_member(club: Club, filter: str, wanted: list[str]) -> None:
    seat, group, ids = club
    shown = {m["value"]: m for m in seat.get(f"/Groups/{group['id']}").json()["members"]}
    inner = next(id for id in ids if shown[id]["type"] == "Group")
    three = next(id for id in ids if shown[id]["display"] == "User 3")
    names = {"inner": inner, "three": three}
    body = seat.get(f"/Groups/{group['id']}/members", filter=filter.format(*ids, **names)).json()
    assert values(body) == [text.format(*ids, **names) for text in wanted]
    assert body["totalResults"] == len(wanted)


def test_a_walk_keeps_to_its_group_and_filter(club: Club) -> None:
    seat, group, _ = club
    other = seat.group("Other", *[m["value"] for m in group["members"]])
    path = f"/Groups/{group['id']}/members"
    cursor = seat.get(path, cursor="", count=2).json()["nextCursor"]
    for elsewhere, query in (
        (f"/Groups/{other['id']}/members", {}),
        (path, {"filter": 'type eq "User"'}),
        ("/Groups", {}),
    ):
        answer = seat.get(elsewhere, cursor=cursor, count=2, **query)
        assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidCursor")


def test_what_is_not_there_is_not_found(club: Club) -> None:
    seat, group, ids = club
    user = next(m["value"] for m in group["members"] if m["type"] == "User")
    for path in (
        "/Groups/00000000-0000-4000-8000-000000000000/members",
        "/Groups/nothing/members",
        f"/Groups/{user}/members",
        f"/Users/{user}/members",
        f"/Groups/{group['id']}/nothing",
        f"/Groups/{group['id']}/members/{ids[0]}",
    ):
        assert seat.get(path).status_code == 404, path
    assert seat.house.seat("birch").get(f"/Groups/{group['id']}/members").status_code == 404


def test_members_are_only_read_here(club: Club) -> None:
    seat, group, _ = club
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = seat.call(method, f"/Groups/{group['id']}/members", {})
        assert answer.status_code == 405
        assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    assert seat.call("HEAD", f"/Groups/{group['id']}/members").status_code == 200
    for query, kind in (({"sortBy": "value"}, "invalidValue"), ({"filter": "value eq"}, "invalidFilter")):
        answer = seat.get(f"/Groups/{group['id']}/members", **query)
        assert (answer.status_code, answer.json()["scimType"]) == (400, kind)


def test_members_are_read_at_the_tenants_own_address(club: Club) -> None:
    seat, group, ids = club
    base = f"{seat.house.url}/t/{seat.name}/scim/v2"
    body = seat.call("GET", f"/Groups/{group['id']}/members", base=base).json()
    assert values(body) == ids
    assert body["Resources"][0]["$ref"].startswith(base)


def test_one_member_of_one_group_is_found(club: Club) -> None:
    seat, group, ids = club
    for id, found in ((ids[0], ["Club"]), ("00000000-0000-4000-8000-000000000000", [])):
        assert seat.names(f'id eq "{group["id"]}" and members.value eq "{id}"', "/Groups") == found
        assert seat.names(f'id eq "{group["id"]}" and members[value eq "{id}"]', "/Groups") == found


def test_32_clients_add_different_members_at_once(seat: Seat) -> None:
    ids = [seat.user(f"user{n}")["id"] for n in range(32)]
    group = seat.group("Club")

    def add(id: str) -> int:
        operation = {"op": "add", "path": "members", "value": [{"value": id}]}
        return seat.patch(f"/Groups/{group['id']}", operation).status_code

    with ThreadPoolExecutor(32) as threads:
        assert list(threads.map(add, ids)) == [204] * 32
    assert values(seat.get(f"/Groups/{group['id']}/members").json()) == sorted(ids)
    assert seat.get(f"/Groups/{group['id']}").json()["meta"]["version"] == 'W/"33"'
    changes = seat.get("/Changes", count=1000).json()["changes"]
    assert [c["version"] for c in changes if c["id"] == group["id"]] == [f'W/"{n}"' for n in range(1, 34)]


def test_32_clients_remove_different_members_at_once(seat: Seat) -> None:
    ids = [seat.user(f"user{n}")["id"] for n in range(33)]
    group = seat.group("Club", *ids)

    def remove(id: str) -> int:
        return seat.patch(f"/Groups/{group['id']}", {"op": "remove", "path": f'members[value eq "{id}"]'}).status_code

    with ThreadPoolExecutor(32) as threads:
        assert list(threads.map(remove, ids[:32])) == [204] * 32
    assert values(seat.get(f"/Groups/{group['id']}/members").json()) == ids[32:]
