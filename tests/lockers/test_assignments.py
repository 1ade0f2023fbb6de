"""The System API: who holds a locker, bookings, leavers, and what happened."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.lockers.conftest import Company, new_company
from tests.support.house import House

NOBODY = "0199c1f2-7a5e-7000-8000-000000000009"
FAR, FARTHER, FARTHEST = "2099-01-01T08:00:00.000Z", "2099-01-01T12:00:00.000Z", "2099-01-01T18:00:00.000Z"


def give(company: Company, user: str, door: str | None = None, **more: Any) -> Any:
    return company.make("/assignments", {"userId": user, **({"lockerId": door} if door else {}), **more})


def test_a_locker_is_given_and_taken_back(company: Company) -> None:
    door = company.doors[0]
    made = company.call("POST", "/assignments", {"userId": company.ann, "lockerId": door, "note": "for the week"})
    assert made.status_code == 201
    held = made.json()
    assert made.headers["location"] == f"/api/v1/assignments/{held['id']}"
    assert (held["userId"], held["lockerId"], held["open"], held["kind"]) == (company.ann, door, True, "day")
    assert company.get(f"/lockers/{door}")["status"] == "assigned"
    assert company.get(f"/assignments/{held['id']}") == held
    assert [one["id"] for one in company.items("/assignments", lockerId=door, open="true")] == [held["id"]]
    ended = company.make(f"/assignments/{held['id']}/release", None)
    assert (ended["open"], ended["reason"]) == (False, "released")
    assert company.code("POST", f"/assignments/{held['id']}/release") == (409, "ended")
    assert company.get(f"/lockers/{door}")["status"] == "free"
    assert company.items("/assignments", userId=company.ann, open="true") == []
    assert company.kinds(lockerId=door)[-2:] == ["assignment:create", "assignment:end"]


def test_who_may_not_is_told_why(company: Company) -> None:
    ask = {"userId": company.cleo, "lockerId": company.doors[0]}
    assert company.code("POST", "/assignments", ask) == (403, "noLink")
    assert company.call("POST", "/assignments", {**ask, "force": True}).status_code == 201
    assert company.code("POST", "/assignments", {"userId": NOBODY}) == (422, "noUser")
    assert company.code("POST", "/assignments", {"userId": company.ann, "lockerId": NOBODY}) == (404, "notFound")
    assert company.code("POST", "/assignments", {"userId": "ann"}) == (400, "invalidBody")
    ask = {"userId": company.ann, "lockerId": company.doors[1]}
    path = f"/links/{company.link}"
    for patch, code in (
        ({"validUntil": "2020-01-01T00:00:00Z"}, (403, "notNow")),
        ({"validUntil": None, "rights": ["reserve"]}, (403, "noRight")),
        ({"rights": ["use"], "maxLockers": 0}, (409, "quota")),
    ):
        assert company.call("PATCH", path, patch, match="*").status_code == 200
        assert company.code("POST", "/assignments", ask) == code
        assert company.code("POST", "/assignments", {"userId": company.ann}) == code
    assert company.call("PATCH", path, {"maxLockers": None}, match="*").status_code == 200
    deny = {"userGroupId": company.staff, "lockerGroupId": company.group, "effect": "deny"}
    company.make("/links", deny)
    assert company.code("POST", "/assignments", ask) == (403, "denied")


def test_of_many_who_want_the_last_locker_one_gets_it(house: House) -> None:
    company = new_company(house, doors=1)
    bodies = [
        {"userId": user, **({"lockerId": company.doors[0]} if n % 2 else {})}
        for n, user in enumerate([company.ann, company.bo] * 6)
    ]
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda body: company.call("POST", "/assignments", body), bodies))
    assert sorted(one.status_code for one in answers) == [201] + [409] * 11
    codes = {one.json()["code"] for one in answers if one.status_code == 409}
    assert codes <= {"lockerTaken", "noFreeLocker", "alreadyHeld"}
    assert len(company.items("/assignments", open="true")) == 1


def test_a_wish_is_fulfilled_by_any_that_fits(company: Company) -> None:
    assert company.call("PATCH", f"/lockers/{company.doors[1]}", {"size": "L"}, match="*").status_code == 200
    wish = {"lockerBankId": company.bank, "size": "L"}
    assert [one["number"] for one in company.items("/availability", **wish)] == ["002"]
    assert give(company, company.ann, **wish)["lockerId"] == company.doors[1]
    assert company.code("POST", "/assignments", {"userId": company.bo, **wish}) == (409, "noFreeLocker")
    assert company.items("/availability", **wish) == []
    assert company.code("GET", "/availability", starts=FARTHER, ends=FAR) == (400, "invalidParameter")
    assert company.code("GET", "/availability", ends="2020-01-01T00:00:00Z") == (400, "invalidParameter")
    first = company.get("/availability", limit=1)
    rest = company.get("/availability", limit=1, cursor=first["nextCursor"])
    assert [one["number"] for one in (*first["items"], *rest["items"])] == ["001", "003"]


def test_a_key_gives_one_locker_however_often_it_is_sent(company: Company) -> None:
    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(company.call, "POST", "/assignments", {"userId": company.ann}, key="k") for _ in range(6)]
        answers = [one.result() for one in asked]
    assert {one.status_code for one in answers} == {201}
    assert len({one.text for one in answers}) == 1
    assert len(company.items("/assignments")) == 1


def test_a_locker_is_shared(company: Company) -> None:
    door = company.doors[0]
    give(company, company.ann, door)
    shared = company.make(f"/lockers/{door}/share", {"userId": company.bo})
    assert (shared["userId"], shared["source"]) == (company.bo, "share")
    assert company.get(f"/lockers/{door}")["status"] == "shared"
    assert company.code("POST", f"/lockers/{door}/share", {"userId": company.bo}) == (409, "alreadyHeld")
    assert company.make(f"/lockers/{door}/unshare", {"userId": company.bo})["reason"] == "unshared"
    assert company.code("POST", f"/lockers/{door}/unshare", {"userId": company.bo}) == (409, "notHeld")
    assert company.code("POST", f"/lockers/{company.doors[1]}/share", {"userId": company.bo}) == (409, "notHeld")
    assert company.code("POST", f"/lockers/{NOBODY}/share", {"userId": company.bo}) == (404, "notFound")


def test_a_locker_is_handed_on(company: Company) -> None:
    held = give(company, company.ann, company.doors[0], expires=FAR)
    given = company.call("POST", f"/assignments/{held['id']}/transfer", {"userId": company.bo})
    assert given.status_code == 201
    assert (given.json()["userId"], given.json()["expires"]) == (company.bo, FAR)
    assert company.get(f"/assignments/{held['id']}")["reason"] == "transferred"


def test_nobody_gets_into_a_locker_without_a_right(company: Company) -> None:
    first, second = company.doors[:2]
    held = give(company, company.ann, first)
    cleo = {"userId": company.cleo}
    for path in (f"/lockers/{first}/share", f"/assignments/{held['id']}/transfer"):
        assert company.code("POST", path, cleo) == (403, "noLink")
        assert company.code("POST", f"{path}?dryRun=true", cleo) == (403, "noLink")
    company.make(f"/lockers/{first}/share", {**cleo, "force": True})
    assert company.code("POST", f"/lockers/{first}/unlock", cleo) == (403, "noLink")
    company.call("PATCH", f"/links/{company.link}", {"maxLockers": 1}, match="*")
    give(company, company.bo, second)
    over = company.code("POST", f"/assignments/{held['id']}/transfer", {"userId": company.bo})
    assert over == (409, "quota")
    given = company.call("POST", f"/assignments/{held['id']}/transfer", {"userId": company.bo, "force": True})
    assert given.status_code == 201


def test_a_holder_opens_only_what_he_may_open(company: Company) -> None:
    door = company.doors[0]
    give(company, company.ann, door)
    unlock, ann = f"/lockers/{door}/unlock", {"userId": company.ann}
    deny = {"userGroupId": company.staff, "lockerGroupId": company.group, "effect": "deny"}
    denied = company.make("/links", deny)["id"]
    assert company.code("POST", unlock, ann) == (403, "denied")
    assert company.call("DELETE", f"/links/{denied}", match="*").status_code == 204
    assert company.make(unlock, ann)["openSeconds"] == 5
    company.make(f"/user-groups/{company.staff}/members", {"remove": [company.ann]})
    assert company.code("POST", unlock, ann) == (403, "noLink")
    assert company.make(unlock, {})["openSeconds"] == 5


def test_an_assignment_gets_another_end(company: Company) -> None:
    held = give(company, company.ann, company.doors[0], expires=FAR)
    path = f"/assignments/{held['id']}"
    assert company.code("PATCH", path, {"expires": FARTHER}) == (428, "preconditionRequired")
    after = company.call("PATCH", path, {"expires": FARTHER, "note": "longer"}, match='"1"')
    assert (after.json()["expires"], after.json()["note"], after.headers["etag"]) == (FARTHER, "longer", '"2"')
    assert company.call("PATCH", path, {"expires": None}, match="*").json()["expires"] is None
    assert company.code("PATCH", path, {"expires": "2020-01-01T00:00:00Z"}, match="*") == (400, "invalidBody")
    assert company.code("PATCH", path, {"userId": company.bo}, match="*") == (400, "invalidBody")


def test_what_is_over_is_ended(company: Company) -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    held = give(company, company.ann, company.doors[0], expires=soon)
    assert company.items("/assignments", open="false") == []
    while company.items("/assignments", open="true"):  # a second at most
        pass
    assert [(one["id"], one["open"], one["ended"]) for one in company.items("/assignments", open="false")] == [
        (held["id"], False, None)
    ]
    assert company.get(f"/assignments/{held['id']}")["open"] is False
    assert company.items(f"/users/{company.ann}/assignments") == []
    ended = 0
    while not ended:  # a second at most
        ended = company.make("/assignments:expire", None)["changed"]
    assert ended == 1
    after = company.get(f"/assignments/{held['id']}")
    assert (after["open"], after["reason"]) == (False, "expired")
    assert company.make("/assignments:expire", None)["changed"] == 0


def test_a_locker_is_blocked_and_opened(company: Company) -> None:
    door = company.doors[0]
    give(company, company.ann, door)
    assert company.make(f"/lockers/{door}/unlock", {"userId": company.ann, "openSeconds": 9})["openSeconds"] == 9
    assert company.code("POST", f"/lockers/{door}/unlock", {"userId": company.bo}) == (409, "notHeld")
    blocked = company.make(f"/lockers/{door}/block", {"reason": "lost badge"})
    assert (blocked["state"], blocked["stateReason"]) == ("blocked", "lost badge")
    assert company.code("POST", f"/lockers/{door}/unlock", {"userId": company.ann}) == (409, "lockerBlocked")
    assert company.make(f"/lockers/{door}/unlock", {})["openSeconds"] == 5
    assert company.make(f"/lockers/{door}/block", {"outOfOrder": True})["state"] == "outOfOrder"
    assert company.make(f"/lockers/{door}/unblock", None)["state"] == "active"
    assert company.items("/assignments", lockerId=door, open="true")
    tail = ["locker:unlock", "locker:blocked", "locker:unlock", "locker:outOfOrder", "locker:active"]
    assert company.kinds(lockerId=door)[-5:] == tail


def test_a_bank_is_counted(company: Company) -> None:
    give(company, company.ann, company.doors[0])
    company.make(f"/lockers/{company.doors[1]}/block", {})
    status = company.get(f"/locker-banks/{company.bank}/status")
    assert (status["lockers"], status["free"], status["published"]) == (3, 1, True)
    assert sum(one["lockers"] for one in status["counts"] if one["lockerGroupId"] == company.group) == 3
    assert company.code("GET", f"/locker-banks/{NOBODY}/status") == (404, "notFound")


def test_a_locker_is_booked(company: Company) -> None:
    door = company.doors[0]
    ask = {"userId": company.ann, "lockerId": door, "starts": FAR, "ends": FARTHER}
    made = company.call("POST", "/bookings", ask)
    assert (made.status_code, made.json()["state"]) == (201, "open")
    path = f"/bookings/{made.json()['id']}"
    assert made.headers["location"] == f"/api/v1{path}"
    assert company.code("POST", "/bookings", {**ask, "userId": company.bo}) == (409, "lockerBooked")
    assert company.code("POST", "/bookings", {**ask, "userId": company.cleo, "starts": FARTHER, "ends": FARTHEST}) == (
        403,
        "noLink",
    )
    assert company.code("POST", "/bookings", {**ask, "ends": FAR}) == (400, "invalidBody")
    free = company.items("/availability", starts=FAR, ends=FARTHER, lockerBankId=company.bank)
    assert [one["number"] for one in free] == ["002", "003"]
    other = company.make("/bookings", {"userId": company.bo, "starts": FAR, "ends": FARTHER})
    assert other["lockerId"] in company.doors[1:]
    assert len(company.items("/bookings", state="open")) == 2
    assert company.items("/bookings", userId=company.ann) == [company.get(path)]
    assert company.make(f"{path}/cancel", None)["state"] == "cancelled"
    assert company.code("POST", f"{path}/cancel") == (409, "ended")


def test_who_leaves_is_listed_and_loses_nothing_by_it(company: Company) -> None:
    held = give(company, company.ann, company.doors[0])
    assert company.items("/leavers") == []
    answer = company.seat.patch(f"/Users/{company.ann}", {"op": "replace", "path": "active", "value": False})
    assert answer.status_code == 200
    (leaver,) = company.items("/leavers")
    assert (leaver["userName"], leaver["userId"]) == ("ann", company.ann)
    assert leaver["assignment"] == held
    assert leaver["since"] == answer.json()["meta"]["lastModified"]
    assert company.kinds(userId=company.ann)[-1] == "user:leave"
    assert company.code("POST", "/assignments", {"userId": company.ann}) == (403, "userInactive")
    unlock = f"/lockers/{company.doors[0]}/unlock"
    assert company.code("POST", unlock, {"userId": company.ann}) == (403, "userInactive")
    assert company.code("POST", "/assignments", {"userId": company.bo, "lockerId": company.doors[0]}) == (
        409,
        "lockerTaken",
    )
    company.seat.patch(f"/Users/{company.ann}", {"op": "replace", "path": "active", "value": True})
    assert company.items("/leavers") == []


@pytest.mark.parametrize("how", ["put", "patch", "bulk"])
def test_leaving_is_told_however_it_is_written(company: Company, how: str) -> None:
    give(company, company.ann)
    user = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ann", "active": False}
    operation = {"op": "replace", "value": {"active": False, "title": "Gone"}}
    if how == "put":
        company.seat.put(f"/Users/{company.ann}", user)
    elif how == "patch":
        company.seat.patch(f"/Users/{company.ann}", operation)
    else:
        bulk = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
        put = {"method": "PUT", "path": f"/Users/{company.ann}", "data": user}
        assert company.seat.post("/Bulk", {"schemas": [bulk], "Operations": [put]}).status_code == 200
    assert company.kinds(userId=company.ann)[-1] == "user:leave"
    company.seat.patch(f"/Users/{company.ann}", {"op": "replace", "path": "title", "value": "Away"})
    assert company.kinds(userId=company.ann).count("user:leave") == 1


def test_who_is_deleted_gives_his_lockers_back(company: Company) -> None:
    held = give(company, company.ann, company.doors[0])
    booked = company.make("/bookings", {"userId": company.ann, "starts": FAR, "ends": FARTHER})
    assert company.seat.delete(f"/Users/{company.ann}").status_code == 204
    after = company.get(f"/assignments/{held['id']}")
    assert (after["open"], after["reason"]) == (False, "userDeleted")
    assert company.get(f"/bookings/{booked['id']}")["state"] == "cancelled"
    assert company.kinds(userId=company.ann)[-2:] == ["assignment:end", "booking:cancel"]
    assert give(company, company.bo, company.doors[0])


def test_a_deleted_group_takes_its_links_along(company: Company) -> None:
    assert company.seat.delete(f"/Groups/{company.staff}").status_code == 204
    assert company.items("/links") == []
    assert company.code("POST", "/assignments", {"userId": company.ann}) == (403, "noLink")


def test_what_happened_is_followed_from_a_position(company: Company) -> None:
    first = company.get("/events", limit=3)
    assert [one["kind"] for one in first["items"]] == ["location:create", "section:create", "locker_bank:create"]
    assert first["more"] is True
    rest = company.get("/events", after=first["position"], limit=500)
    assert rest["more"] is False
    give(company, company.ann, company.doors[0])
    (new,) = company.get("/events", after=rest["position"])["items"]
    assert (new["kind"], new["lockerId"], new["userId"]) == ("assignment:create", company.doors[0], company.ann)
    assert new["actor"].startswith("token:")
    assert company.code("GET", "/events", after="nonsense") == (400, "invalidValue")


def test_a_position_is_of_one_tenant(house: House, company: Company) -> None:
    other = new_company(house, name="birch")
    position = company.get("/events", limit=1)["position"]
    assert other.code("GET", "/events", after=position) == (400, "invalidValue")


def test_a_booking_that_nobody_came_for_is_over(company: Company) -> None:
    now = datetime.now(UTC)
    times = {"starts": now.isoformat(), "ends": (now + timedelta(seconds=1)).isoformat()}
    booked = company.make("/bookings", {"userId": company.ann, **times})
    assert company.items("/bookings", state="over") == []
    while company.items("/bookings", state="open"):  # a second at most
        pass
    assert [(one["id"], one["state"]) for one in company.items("/bookings", state="over")] == [(booked["id"], "over")]
    assert company.get(f"/bookings/{booked['id']}")["state"] == "over"
    assert company.items("/bookings", state="cancelled") == company.items("/bookings", state="used") == []
    assert len(company.items("/bookings")) == 1


def test_a_locker_that_is_in_use_is_not_deleted_and_says_what_to_do(company: Company) -> None:
    def refused(door: str) -> str:
        answer = company.call("DELETE", f"/lockers/{door}", match="*")
        assert (answer.status_code, answer.json()["code"]) == (409, "inUse")
        return str(answer.json()["detail"])

    held, booked, free = company.doors
    one = company.make("/assignments", {"userId": company.ann, "lockerId": held})
    assert "Release" in refused(held)
    now = datetime.now(UTC)
    times = {"starts": (now + timedelta(hours=1)).isoformat(), "ends": (now + timedelta(hours=2)).isoformat()}
    company.make("/bookings", {"userId": company.bo, "lockerId": booked, **times})
    assert "Cancel" in refused(booked)
    company.make(f"/assignments/{one['id']}/release", None)
    for door in (held, free):
        assert company.call("DELETE", f"/lockers/{door}", match="*").status_code == 204
    assert company.get(f"/assignments/{one['id']}")["reason"] == "released"


def test_where_nothing_has_to_be_said_nothing_has_to_be_sent(company: Company) -> None:
    door = company.doors[0]
    assert company.make(f"/lockers/{door}/block", None)["state"] == "blocked"
    assert company.make(f"/lockers/{door}/unblock", None)["state"] == "active"
    assert company.make(f"/lockers/{door}/unlock", None)["openSeconds"] == 5
    assert company.make(f"/locker-groups/{company.group}/lockers", None) == {"changed": 0}
    assert company.make(f"/user-groups/{company.staff}/members", None)["id"] == company.staff
    assert company.make(f"/users/{company.ann}/badges", None)["badges"] == []
    for path in (f"/lockers/{door}/share", "/assignments", "/bookings", "/access/diff"):
        assert company.code("POST", path) == (400, "invalidBody"), path
    assert company.code("POST", f"/lockers/{door}/unlock", b"null") == (400, "invalidSyntax")
    for path, operations in company.get("/openapi.json")["paths"].items():
        body = operations.get("post", {}).get("requestBody")
        if body is not None:
            (content, *_) = body["content"].values()
            schema = content["schema"]
            wanted = "StructureFile" in str(schema) or "DiffForm" in str(schema) or _requires(company, schema)
            assert body.get("required", False) == wanted, path


def _requires(company: Company, schema: Any) -> bool:
    name = schema["$ref"].rpartition("/")[2]
    return bool(company.get("/openapi.json")["components"]["schemas"][name].get("required"))
