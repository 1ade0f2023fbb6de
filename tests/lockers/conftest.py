"""A tenant with lockers, and the ways to talk to its System API."""

from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from tests.support.house import House, Seat

SCOPES = (*("scim.read", "scim.write", "system.read", "system.write", "lockers.manage", "access.read", "audit.read"),)


@dataclass
class Desk:
    """Where a tenant's lockers are asked for."""

    seat: Seat

    @property
    def base(self) -> str:
        return f"{self.seat.house.url}/api/v1"

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> httpx2.Response:
        headers = {"content-type": "application/json", **options.pop("headers", {})}
        if "match" in options:
            headers["if-match"] = options.pop("match")
        if "key" in options:
            headers["idempotency-key"] = options.pop("key")
        return self.seat.call(method, path, body, headers=headers, base=options.pop("base", self.base), **options)

    def get(self, path: str, **query: Any) -> Any:
        answer = self.call("GET", path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def items(self, path: str, **query: Any) -> list[Any]:
        found: list[Any] = self.get(path, **query)["items"]
        return found

    def make(self, path: str, body: Any, **options: Any) -> Any:
        answer = self.call("POST", path, body, **options)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def code(self, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, str]:
        """The status and the code of a refusal."""
        answer = self.call(method, path, body, **options)
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        problem = answer.json()
        assert problem["status"] == answer.status_code
        assert problem["traceId"] == answer.headers["x-request-id"]
        return answer.status_code, problem["code"]

    def kinds(self, **query: Any) -> list[str]:
        return [one["kind"] for one in self.items("/events", limit=500, **query)]


@dataclass
class Company(Desk):
    """The desk with a bank of doors, which staff (ann and bo, not cleo) may use and reserve."""

    location: str = ""
    section: str = ""
    bank: str = ""
    group: str = ""
    staff: str = ""
    link: str = ""
    doors: tuple[str, ...] = ()
    ann: str = ""
    bo: str = ""
    cleo: str = ""


@pytest.fixture
def desk(house: House) -> Desk:
    return Desk(house.seat("acorn", scopes=SCOPES))


@pytest.fixture
def company(house: House) -> Company:
    return new_company(house)


def new_company(house: House, doors: int = 3, name: str = "acorn") -> Company:
    seat = house.seat(name, scopes=SCOPES)
    made = Company(seat)
    made.location = made.make("/locations", {"name": "Head office", "timeZone": "Europe/Berlin"})["id"]
    made.section = made.make("/sections", {"locationId": made.location, "name": "Ground floor"})["id"]
    made.bank = made.make("/locker-banks", {"sectionId": made.section, "name": "A"})["id"]
    made.group = made.make("/locker-groups", {"name": "Doors of all", "bookable": True})["id"]
    ids = []
    for n in range(1, doors + 1):
        body = {"lockerBankId": made.bank, "number": f"{n:03d}", "position": n}
        ids.append(made.make("/lockers", body)["id"])
    made.doors = tuple(ids)
    made.make(f"/locker-groups/{made.group}/lockers", {"add": ids})
    made.ann, made.bo, made.cleo = (seat.user(person)["id"] for person in ("ann", "bo", "cleo"))
    made.staff = seat.group("Staff", made.ann, made.bo)["id"]
    body = {"userGroupId": made.staff, "lockerGroupId": made.group, "rights": ["use", "reserve"]}
    made.link = made.make("/links", body)["id"]
    return made
