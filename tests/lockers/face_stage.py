"""A company with lockers as a client of the product sees it."""

from dataclasses import dataclass, replace
from typing import Any

import httpx2
from tests.lockers.conftest import SCOPES, Company, new_company
from tests.support.house import House, Seat

from rollbook.clock import SYSTEM_CLOCK
from rollbook.identity import static_tokens
from rollbook.storage.contract import Store
from rollbook.tenancy import connections

DIALECT = "releezme"


@dataclass
class Product:
    """``desk`` is the operator's side of the same company, by our own System API."""

    seat: Seat
    desk: Company

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> httpx2.Response:
        headers = {"content-type": "application/json", **options.pop("headers", {})}
        return self.seat.call(method, path, body, headers=headers, **options)

    def get(self, path: str, **query: Any) -> Any:
        return good(self.call("GET", path, **query))

    def post(self, path: str, body: Any = None, **query: Any) -> Any:
        return good(self.call("POST", path, body, **query))

    def refused(self, status: int, method: str, path: str, body: Any = None, **options: Any) -> str:
        """The sentence of a refusal."""
        answer = self.call(method, path, body, **options)
        assert answer.status_code == status, (method, path, answer.status_code, answer.text)
        return told(answer)


def good(answer: httpx2.Response) -> Any:
    assert answer.status_code in (200, 202), answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


def told(answer: httpx2.Response) -> str:
    """The sentence of a refusal, which has nothing beside it."""
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert set(body) == {"Message"}
    message: str = body["Message"]
    assert message[:1].isupper() or message[:1].islower()
    assert message.endswith("."), message
    return message


def product(house: House, name: str = "acorn", doors: int = 3) -> Product:
    """A company as of ``new_company``, with a connection of the product's dialect."""
    desk = new_company(house, doors, name)
    return Product(speaking(desk.seat), desk)


def speaking(seat: Seat, *scopes: str) -> Seat:
    """The same tenant through a connection of the product's dialect, with all scopes or these."""
    spoken = seat.speaking(DIALECT)

    async def issue(store: Store) -> str:
        found = await connections.find(store, seat.tenant, DIALECT)
        issued = await static_tokens.issue(store, SYSTEM_CLOCK, seat.tenant, connection=found, scopes=scopes or SCOPES)
        return issued.secret

    return replace(spoken, token=seat.house.with_store(issue), media="application/json")
