"""The demo's own SCIM client: fills the tenant through the front door, looks up what is printed.

Sample data comes in by HTTP as any client's would, so what the demo shows is what the server does.
"""

import http.client
import json
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from rollbook.cli import demo_people
from rollbook.errors import RollbookError

BASE = "/scim/v2"
_SIDE_BY_SIDE = 8
"""Requests at once: writes that come together share one flush of the disk."""
_PATIENCE = 60.0
"""Seconds that one answer may take."""


class DemoFailed(RollbookError):
    """The server did not do what the demo needs."""


@dataclass
class DemoClient:
    """Speaks SCIM to one server with one token; each thread has a connection of its own."""

    host: str
    port: int
    token: str
    _own: threading.local = field(default_factory=threading.local)

    def fill(self) -> None:
        """Create the sample users and groups, where they are not there.

        **Rules**: groups come last, so a tenant with a group is full; one whose filling was cut short is filled up.
        """
        if self.count("Groups") > 0:
            return
        ids = [""] * demo_people.USERS
        ids[0] = self._user(0, None)
        for level in (True, False):  # heads first, for the others name them as managers
            numbers = [n for n in range(1, demo_people.USERS) if demo_people.leads(n) is level]
            for number, id in zip(numbers, self._each(numbers, ids), strict=True):
                ids[number] = id
        for group in demo_people.groups(ids):
            self._expect(201, *self.ask("POST", "/Groups", group))

    def count(self, endpoint: str) -> int:
        """How many resources there are."""
        status, body = self.ask("GET", f"/{endpoint}?count=0")
        return int(self._expect(200, status, body)["totalResults"])

    def anyone(self) -> str:
        """The id of a user to try things on: the first of the sample, or whoever is there."""
        first = demo_people.user(0, None)["userName"]
        by_name = quote(f'userName eq "{first}"')
        for query in (f"filter={by_name}&", ""):
            status, body = self.ask("GET", f"/Users?{query}count=1")
            found = self._expect(200, status, body).get("Resources")
            if found:
                return str(found[0]["id"])
        return self._user(0, None)

    def _each(self, numbers: Iterable[int], ids: list[str]) -> list[str]:
        with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
            return list(pool.map(lambda number: self._user(number, ids[demo_people.head_of(number)]), numbers))

    def _user(self, number: int, manager: str | None) -> str:
        person = demo_people.user(number, manager)
        status, body = self.ask("POST", "/Users", person)
        if status == 409:
            name = person["userName"]
            by_name = quote(f'userName eq "{name}"')
            status, body = self.ask("GET", f"/Users?filter={by_name}")
            return str(self._expect(200, status, body)["Resources"][0]["id"])
        return str(self._expect(201, status, body)["id"])

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        """One SCIM request, one answer."""
        return self.send(method, BASE + path, body, {"Authorization": f"Bearer {self.token}"}, "application/scim+json")

    def send(
        self,
        method: str,
        target: str,
        body: Any = None,
        more: Mapping[str, str] | None = None,
        media: str = "application/json",
    ) -> tuple[int, dict[str, Any]]:
        """Any request; a body that is a text is a form, everything else JSON."""
        is_form = isinstance(body, str)
        headers = {**(more or {}), "Content-Type": "application/x-www-form-urlencoded" if is_form else media}
        content = body if is_form or body is None else json.dumps(body)
        connection = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = http.client.HTTPConnection(self.host, self.port, timeout=_PATIENCE)
        try:
            connection.request(method, target, content, headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            raise DemoFailed("the server went away before the sample data was in") from None
        return answer.status, json.loads(content) if content else {}

    def _expect(self, wanted: int, status: int, body: dict[str, Any]) -> dict[str, Any]:
        if status != wanted:
            raise DemoFailed(f"the server answered {status} where {wanted} was right: {body.get('detail', '')}")
        return body
