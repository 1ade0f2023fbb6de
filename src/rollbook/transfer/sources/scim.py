"""The users of another SCIM service, 2.0 or 1.1, page by page (RFC 7644 §3.4.2).

A service may change while it is read. What comes twice is taken once; where fewer come than the service says that it
has, it is read again from the beginning, and then given up: a user that was lost between two pages would be taken for
a leaver.
"""

import ssl
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx2

from rollbook.transfer.errors import SourceFailed
from rollbook.transfer.source_settings import ScimSource
from rollbook.transfer.sources.json_file import flat
from rollbook.transfer.sources.rows import Row

_WALKS = 3
_ATTEMPTS = 5
_LONGEST_WAIT = 60.0
_MOST_PAGES = 100_000
_MEDIA = {"2.0": "application/scim+json", "1.1": "application/json"}


class ScimService:
    """One service."""

    def __init__(self, settings: ScimSource, folder: Path) -> None:
        self.settings = settings
        self._ca_file = str(folder / settings.ca_file) if settings.ca_file else ""

    def columns(self) -> None:
        """What users have is known to the users."""

    def column(self, name: str) -> str | None:
        return name

    def rows(self, wanted: frozenset[str]) -> Iterator[Row]:
        """All users. **Rules**: the walk is finished before the first is given, so that a lost one is noticed; only
        the wanted values are kept until then."""
        with self._client() as client:
            for _ in range(_WALKS):
                users, whole = self._walk(client, wanted)
                if whole:
                    break
            else:
                raise SourceFailed(
                    f"{self.settings.base_url} changes while it is read", hint="run again when it is quieter"
                )
        for number, values in enumerate(users.values(), 1):
            yield Row(number, values)

    def _client(self) -> httpx2.Client:
        settings = self.settings
        headers = {"Accept": _MEDIA[settings.version], "User-Agent": "rollbook-transfer", **(settings.headers or {})}
        auth = None
        if settings.token is not None:
            headers["Authorization"] = f"Bearer {settings.token()}"
        elif settings.username:
            auth = httpx2.BasicAuth(settings.username, settings.password() if settings.password is not None else "")
        verify = ssl.create_default_context(cafile=self._ca_file) if self._ca_file else True
        return httpx2.Client(headers=headers, auth=auth, timeout=settings.timeout, verify=verify)

    def _walk(self, client: httpx2.Client, wanted: frozenset[str]) -> tuple[dict[str, dict[str, Any]], bool]:
        """All users by id, and whether there are as many as the service says."""
        users: dict[str, dict[str, Any]] = {}
        start, total = 1, 0
        for _ in range(_MOST_PAGES):
            page = self._page(client, start)
            found = _resources(page)
            total = int(page.get("totalResults", len(found)))
            for resource in found:
                values = flat(_primary_first(resource))
                users[str(resource.get("id", len(users)))] = {name: values[name] for name in wanted if name in values}
            start += len(found)
            if not found or start > total or self.settings.page_size == 0:
                break
        return users, len(users) == total

    def _page(self, client: httpx2.Client, start: int) -> Mapping[str, Any]:
        settings = self.settings
        query: dict[str, str | int] = {"startIndex": start, "count": settings.page_size} if settings.page_size else {}
        if settings.filter:
            query["filter"] = settings.filter
        answer = self._get(client, f"{settings.base_url.rstrip('/')}/Users", query)
        try:
            page = answer.json()
        except ValueError:
            page = None
        if not isinstance(page, dict) or not isinstance(_resources(page), list):
            raise SourceFailed(f"{settings.base_url} answers no list of users", hint="check base_url")
        return page

    def _get(self, client: httpx2.Client, url: str, query: Mapping[str, str | int]) -> httpx2.Response:
        detail = ""
        for attempt in range(_ATTEMPTS):
            wait = 0.5 * 2**attempt
            try:
                answer = client.get(url, params=dict(query))
            except httpx2.HTTPError as failed:
                detail = type(failed).__name__
            else:
                if answer.status_code == httpx2.codes.OK:
                    return answer
                detail = f"status {answer.status_code}"
                if answer.status_code in (401, 403):
                    raise SourceFailed(
                        f"{self.settings.base_url} refuses the login of {self.settings.label}", hint=detail
                    )
                if answer.status_code != 429 and answer.status_code < 500:
                    raise SourceFailed(f"{self.settings.base_url} refuses the request", hint=detail)
                asked = answer.headers.get("Retry-After", "")
                wait = min(float(asked), _LONGEST_WAIT) if asked.isdecimal() else wait
            if attempt < _ATTEMPTS - 1:
                time.sleep(wait)
        raise SourceFailed(f"{self.settings.base_url} cannot be reached", hint=detail)


def _resources(page: Mapping[str, Any]) -> Any:
    found = page.get("Resources", page.get("resources"))
    return [] if found is None and int(page.get("totalResults", 0)) == 0 else found


def _primary_first(resource: Mapping[str, Any]) -> dict[str, Any]:
    def ordered(value: Any) -> Any:
        if isinstance(value, list):
            return sorted(value, key=lambda one: not (isinstance(one, dict) and one.get("primary") is True))
        return {key: ordered(inner) for key, inner in value.items()} if isinstance(value, dict) else value

    return {key: ordered(value) for key, value in resource.items()}
