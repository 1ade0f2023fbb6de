"""The System API: a request with an ``Idempotency-Key`` is done once, whatever it is, and a rehearsal not at all."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.lockers.conftest import Company, Desk

GUESTS = {"displayName": "Guests"}
TABLE = b"location,section,lockerBank,number\nHead office,Ground floor,A,100-101\n"
WITHOUT_A_KEY = {"/access/diff", "/lockers/{id}/pin/check"}
"""They ask, and nothing is done."""


def twice(company: Desk, path: str, body: Any, **options: Any) -> Any:
    """What a request was answered that came twice."""
    first, again = (company.call("POST", path, body, key="k", **options) for _ in range(2))
    assert first.status_code in (200, 201), first.text
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    for header in ("etag", "location"):
        assert again.headers.get(header) == first.headers.get(header)
    return first.json()


def test_a_key_can_be_sent_with_everything_that_is_done_by_post(desk: Desk) -> None:
    paths = desk.get("/openapi.json")["paths"]
    named = {
        path: {one["name"] for one in operations["post"].get("parameters", ())}
        for path, operations in paths.items()
        if "post" in operations
    }
    assert {path for path, parameters in named.items() if "Idempotency-Key" not in parameters} == WITHOUT_A_KEY


def test_a_user_group_is_made_once(company: Company) -> None:
    made = twice(company, "/user-groups", GUESTS)
    assert [one["id"] for one in company.items("/user-groups", displayName="Guests")] == [made["id"]]
    assert company.code("POST", "/user-groups", {"displayName": "Others"}, key="k") == (422, "keyReused")
    company.call("DELETE", f"/user-groups/{made['id']}", match="*")
    assert company.make("/user-groups", GUESTS, key="k") == made
    assert company.items("/user-groups", displayName="Guests") == []


def test_of_many_at_once_with_one_key_one_makes_the_group(company: Company) -> None:
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(company.call, "POST", "/user-groups", GUESTS, key="k") for _ in range(8)]
    answers = [one.result() for one in asked]
    assert {one.status_code for one in answers} == {201}
    assert len({one.json()["id"] for one in answers}) == 1
    assert len(company.items("/user-groups", displayName="Guests")) == 1


def test_members_come_once(company: Company) -> None:
    path = f"/user-groups/{company.staff}/members"
    change = {"add": [company.cleo]}
    twice(company, path, change)
    company.make(path, {"remove": [company.cleo]})
    company.make(path, change, key="k")
    assert company.items(path) == sorted([company.ann, company.bo])
    assert company.code("POST", path, {"add": [company.ann]}, key="k") == (422, "keyReused")


def test_badges_come_once(company: Company) -> None:
    path = f"/users/{company.ann}/badges"
    change = {"add": [{"value": "04A1"}]}
    twice(company, path, change)
    company.make(path, {"remove": ["04A1"]})
    company.make(path, change, key="k")
    assert company.get(f"/users/{company.ann}")["badges"] == []
    assert company.code("POST", path, {"add": [{"value": "04B2"}]}, key="k") == (422, "keyReused")
    before = company.make(path, change, key="k")
    assert company.seat.delete(f"/Users/{company.ann}").status_code == 204
    assert company.make(path, change, key="k") == before


def test_what_changed_nothing_is_answered_again_as_well(company: Company) -> None:
    path = f"/users/{company.ann}/badges"
    before = twice(company, path, {})
    company.make(path, {"add": [{"value": "04A1"}]})
    assert company.make(path, {}, key="k") == before


def test_what_was_refused_may_be_sent_again_with_its_key(company: Company) -> None:
    company.make(f"/users/{company.bo}/badges", {"add": [{"value": "04A1"}]})
    path, change = f"/users/{company.ann}/badges", {"add": [{"value": "04A1"}]}
    assert company.call("POST", path, change, key="k").status_code == 409
    company.make(f"/users/{company.bo}/badges", {"remove": ["04A1"]})
    assert [one["value"] for one in company.make(path, change, key="k")["badges"]] == ["04A1"]


def test_a_structure_is_imported_once(company: Company) -> None:
    csv = {"content-type": "text/csv"}
    report = twice(company, "/structure/import", TABLE, headers=csv)
    assert report["created"] == {"Locker": 2}
    assert company.code("POST", "/structure/import", TABLE + b"\n", key="k", headers=csv) == (422, "keyReused")
    same = twice_with(company, "nothing new", TABLE, csv)
    assert same["created"] == {}


def twice_with(company: Company, key: str, body: bytes, headers: dict[str, str]) -> Any:
    first, again = (company.call("POST", "/structure/import", body, key=key, headers=headers) for _ in range(2))
    assert again.headers["idempotent-replayed"] == "true"
    assert first.json() == again.json()
    return first.json()


def test_what_is_over_is_ended_once(company: Company) -> None:
    assert twice(company, "/assignments:expire", None) == {"changed": 0}
    assert company.make("/assignments:expire", None, dryRun="true") == {"changed": 0}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/user-groups", GUESTS),
        ("/user-groups/{staff}/members", {"add": ["{cleo}"], "remove": ["{ann}"]}),
        ("/users/{ann}/badges", {"add": [{"value": "04A1"}]}),
    ],
)
def test_a_rehearsal_of_people_changes_nothing(company: Company, path: str, body: dict[str, Any]) -> None:
    ids = {"staff": company.staff, "cleo": company.cleo, "ann": company.ann}
    path = path.format(**ids)
    body = {
        name: [one.format(**ids) if isinstance(one, str) else one for one in value]
        if name in ("add", "remove")
        else value
        for name, value in body.items()
    }
    before = _people(company)
    rehearsed = company.call("POST", path, body, dryRun="true", key="k")
    assert (rehearsed.status_code, rehearsed.headers["dry-run"]) == (200, "true")
    assert "location" not in rehearsed.headers
    assert _people(company) == before
    done = company.call("POST", path, body, key="k")
    assert {**done.json(), **_OWN} == {**rehearsed.json(), **_OWN}


_OWN = {"id": "", "created": "", "lastModified": ""}
"""What is another each time."""


def test_a_rehearsal_is_refused_what_would_be(company: Company) -> None:
    company.make(f"/users/{company.bo}/badges", {"add": [{"value": "04A1"}]})
    path = f"/users/{company.ann}/badges"
    assert company.code("POST", path, {"add": [{"value": "04A1"}]}, dryRun="true")[0] == 409
    path = f"/user-groups/{company.staff}/members"
    assert company.code("POST", path, {"add": [company.bank]}, dryRun="true") == (422, "noMember")


def test_a_user_groups_change_and_end_can_be_rehearsed(company: Company) -> None:
    path = f"/user-groups/{company.staff}"
    before = _people(company)
    answer = company.call("PATCH", path, {"displayName": "Crew"}, match="*", dryRun="true")
    assert (answer.status_code, answer.json()["displayName"]) == (200, "Crew")
    same = company.call("PATCH", path, {"displayName": "Staff"}, match="*", dryRun="true")
    assert (same.status_code, same.headers["dry-run"]) == (200, "true")
    answer = company.call("DELETE", path, match="*", dryRun="true")
    assert (answer.status_code, answer.headers["dry-run"]) == (204, "true")
    assert company.code("DELETE", path, match='"99"', dryRun="true") == (412, "preconditionFailed")
    assert _people(company) == before
    assert company.get(f"/links/{company.link}")


def _people(company: Company) -> Any:
    return (
        company.items("/users"),
        company.items("/user-groups"),
        company.items(f"/user-groups/{company.staff}/members"),
        company.kinds(),
        company.seat.get("/Changes").json(),
    )


def test_a_batch_is_done_once_and_is_the_same_batch(company: Company) -> None:
    batch = {"items": [{"op": "create", "body": {"name": name}} for name in ("One", "Head office")]}
    made = twice(company, "/locations:batch", batch)
    assert [one["status"] for one in made["results"]] == [201, 409]
    more = {"items": [*batch["items"], {"op": "create", "body": {"name": "Two"}}]}
    assert company.code("POST", "/locations:batch", more, key="k") == (422, "keyReused")
    assert {one["name"] for one in company.items("/locations")} == {"Head office", "One"}
    give = {"items": [{"op": "allocate", "body": {"userId": company.ann}}]}
    assert company.code("POST", "/assignments:batch", give, key="k") == (422, "keyReused")
    held = company.make("/assignments:batch", give, key="k2")
    company.make(f"/assignments/{held['results'][0]['body']['id']}/release", None)
    assert company.make("/assignments:batch", give, key="k2") == held
    assert company.items("/assignments", open="true") == []
