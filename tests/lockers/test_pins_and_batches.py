"""The System API: PIN codes, and many writes in one request."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.lockers.conftest import Company, new_company
from tests.support.house import House

from rollbook.storage.contract import Store

NOBODY = "0199c1f2-7a5e-7000-8000-000000000009"


def check(company: Company, pin: str, user: str | None = None) -> Any:
    body = {"pin": pin, **({"userId": user} if user else {})}
    return company.make(f"/lockers/{company.doors[0]}/pin/check", body)


def test_a_pin_opens_and_is_never_shown(company: Company) -> None:
    door = f"/lockers/{company.doors[0]}"
    assert company.code("POST", f"{door}/pin/check", {"pin": "1234"}) == (409, "noPin")
    assert company.call("PUT", f"{door}/pin", {"pin": "1234"}).status_code == 204
    assert company.call("PUT", f"/users/{company.ann}/pin", {"pin": "2345"}).status_code == 204
    assert company.call("PUT", f"/locker-banks/{company.bank}/master-pin", {"pin": "987654"}).status_code == 204
    company.make("/assignments", {"userId": company.ann, "lockerId": company.doors[0]})
    assert check(company, "1234") == {"right": True, "by": "locker"}
    assert check(company, "987654") == {"right": True, "by": "bank"}
    assert check(company, "2345", company.ann) == {"right": True, "by": "user"}
    assert check(company, "2345", company.bo) == {"right": False, "by": None}
    assert "1234" not in company.call("GET", door).text
    for kind in ("pin:set",):
        assert company.kinds().count(kind) == 3
    assert company.call("DELETE", f"{door}/pin").status_code == 204
    assert company.code("DELETE", f"{door}/pin") == (404, "notFound")
    assert check(company, "1234") == {"right": False, "by": None}
    assert company.code("PUT", f"/users/{NOBODY}/pin", {"pin": "1234"}) == (404, "notFound")
    for wrong in ("123", "12a4", "1" * 13, 1234):
        assert company.code("PUT", f"{door}/pin", {"pin": wrong}) == (400, "invalidBody")


def test_a_pin_lies_in_no_table(company: Company) -> None:
    company.call("PUT", f"/users/{company.ann}/pin", {"pin": "4711"})

    async def read(store: Store) -> Any:
        return await store.tenant(company.seat.tenant.id).lockers.pin("user", company.ann, "pin")

    kept = company.seat.house.with_store(read)
    assert "4711" not in kept.hash
    company.call("PUT", f"/users/{company.bo}/pin", {"pin": "4711"})

    async def other(store: Store) -> Any:
        return await store.tenant(company.seat.tenant.id).lockers.pin("user", company.bo, "pin")

    assert company.seat.house.with_store(other).hash != kept.hash


def test_guesses_are_few_however_many_come_at_once(company: Company) -> None:
    door = f"/lockers/{company.doors[0]}"
    company.call("PUT", f"{door}/pin", {"pin": "0042"})
    guesses = [f"{n:04d}" for n in range(100, 130)]
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda pin: company.call("POST", f"{door}/pin/check", {"pin": pin}), guesses))
    assert sum(one.status_code == 200 for one in answers) <= 5
    assert company.code("POST", f"{door}/pin/check", {"pin": "0042"}) == (409, "pinLocked")
    company.call("PUT", f"{door}/pin", {"pin": "0042"})
    for _ in range(8):
        assert check(company, "0042")["right"]


def test_who_knows_one_pin_has_no_more_guesses_at_another(company: Company) -> None:
    company.call("PUT", f"/users/{company.ann}/pin", {"pin": "2345"})
    company.call("PUT", f"/locker-banks/{company.bank}/master-pin", {"pin": "987654"})
    company.make("/assignments", {"userId": company.ann, "lockerId": company.doors[0]})
    for _ in range(7):
        assert check(company, "2345", company.ann)["by"] == "user"
    for _ in range(5):
        assert not check(company, "111111")["right"]
    assert check(company, "2345", company.ann)["by"] == "user"
    assert company.code("POST", f"/lockers/{company.doors[0]}/pin/check", {"pin": "987654"}) == (409, "pinLocked")


def test_each_of_many_has_its_own_answer(company: Company) -> None:
    items = [
        {"op": "create", "body": {"lockerBankId": company.bank, "number": "101"}},
        {"op": "create", "body": {"lockerBankId": company.bank, "number": "001"}},
        {"op": "create", "body": {"lockerBankId": company.bank}},
        {"op": "change", "id": company.doors[0], "body": {"size": "L"}, "ifMatch": '"1"'},
        {"op": "change", "id": company.doors[0], "body": {"size": "M"}, "ifMatch": '"1"'},
        {"op": "delete", "id": company.doors[1]},
        {"op": "delete", "id": NOBODY},
        {"op": "delete"},
    ]
    results = company.make("/lockers:batch", {"items": items})["results"]
    assert [one["status"] for one in results] == [201, 409, 400, 200, 412, 204, 404, 400]
    assert results[0]["body"]["number"] == "101"
    assert results[0]["location"].endswith(results[0]["body"]["id"])
    assert [one["problem"]["code"] for one in results if "problem" in one] == [
        "taken",
        "invalidBody",
        "preconditionFailed",
        "notFound",
        "invalidBody",
    ]
    assert [one["number"] for one in company.items("/lockers")] == ["001", "003", "101"]


def test_a_batch_is_rehearsed_and_repeated(company: Company) -> None:
    items = [{"op": "create", "body": {"name": f"L{n}"}} for n in range(3)]
    tried = company.make("/locations:batch", {"items": items}, dryRun="true")["results"]
    assert [one["status"] for one in tried] == [200, 200, 200]
    assert len(company.items("/locations")) == 1
    first = company.make("/locations:batch", {"items": items}, key="many")
    assert company.make("/locations:batch", {"items": items}, key="many") == first
    assert len(company.items("/locations")) == 4
    assert company.code("POST", "/locations:batch", {"items": []}) == (400, "invalidBody")


def test_many_lockers_are_given_and_taken_back(house: House) -> None:
    company = new_company(house, doors=2)
    allocate = [{"op": "allocate", "body": {"userId": user}} for user in (company.ann, company.bo, company.ann)]
    results = company.make("/assignments:batch", {"items": allocate})["results"]
    assert [one["status"] for one in results] == [201, 201, 409]
    back = [{"op": "release", "id": one["body"]["id"]} for one in results[:2]]
    assert [one["status"] for one in company.make("/assignments:batch", {"items": back})["results"]] == [200, 200]
    assert company.items("/assignments", open="true") == []
