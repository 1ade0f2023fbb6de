"""A client of Vecos Releezme's System API in the shape of those that are public: a password login at the identity
server, pages of 200, locker users by their external id. It knows nothing of rollbook."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2

SCOPE = "Vecos.Releezme.Web.SAPI offline_access"
PAGE = 200


@dataclass
class ReleezmeClient:
    """``base`` is the API server's address, ``identity`` the identity server's."""

    base: str
    identity: str
    client_id: str
    client_secret: str = field(repr=False)
    username: str
    password: str = field(repr=False)
    http: httpx2.Client = field(repr=False)
    forwarded: dict[str, str] = field(default_factory=dict)
    access: str = "none"
    refresh: str = ""
    logins: int = 0

    def login(self) -> None:
        form = {"grant_type": "password", "username": self.username, "password": self.password, "scope": SCOPE}
        self._take(form)

    def _take(self, form: dict[str, str]) -> None:
        answer = self.http.post(
            f"{self.identity}/connect/token",
            data=form,
            auth=httpx2.BasicAuth(self.client_id, self.client_secret),
            headers=self.forwarded,
        )
        answer.raise_for_status()
        body = answer.json()
        self.access, self.refresh = body["access_token"], body["refresh_token"]
        self.logins += 1

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """One request; after a 401 once more, with fresh tokens."""
        answer = self._send(method, path, body, query)
        if answer.status_code == 401:
            if self.refresh:
                self._take({"grant_type": "refresh_token", "refresh_token": self.refresh})
            else:
                self.login()
            answer = self._send(method, path, body, query)
        answer.raise_for_status()
        return answer.json()

    def _send(self, method: str, path: str, body: Any, query: dict[str, Any]) -> httpx2.Response:
        headers = {"authorization": f"Bearer {self.access}", "content-type": "application/json"}
        said = {name: str(value).lower() if isinstance(value, bool) else value for name, value in query.items()}
        return self.http.request(method, f"{self.base}/api/{path}", json=body, headers=headers, params=said or None)

    def all(self, path: str, **query: Any) -> Iterator[Any]:
        """What all pages of a list have, under whatever key."""
        number = 1
        while True:
            page = self.call("GET", path, pageSize=PAGE, pageNumber=number, **query)
            paging = page.pop("Paging", None)
            ((_, items),) = page.items()
            yield from items
            if not paging or not paging["HasNextPage"]:
                return
            number = paging["PageNumber"] + 1
