"""A whole rollbook in a process of its own, and tenants in it: what tests of the surface talk to."""

import contextlib
import itertools
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import httpx2
from tests.support.postgres import run_apart
from tests.support.server import RunningServer, running_server

from rollbook.app import dialect_names, open_store
from rollbook.clock import SYSTEM_CLOCK
from rollbook.config import load
from rollbook.dialects.loading import catalog
from rollbook.identity import static_tokens
from rollbook.ids import random_bytes
from rollbook.storage.contract import Store
from rollbook.storage.records import DEFAULT_SCOPES, Tenant
from rollbook.tenancy import connections, lifecycle

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"

_counter = itertools.count(1)


@dataclass
class Seat:
    """A tenant with a token, and the ways to talk to it over HTTP."""

    house: "House"
    tenant: Tenant
    token: str
    client: httpx2.Client = field(repr=False)
    below: str = "/scim/v2"
    """Where the dialect is that is spoken."""
    media: str = "application/scim+json"

    @property
    def name(self) -> str:
        return self.tenant.name

    @property
    def base(self) -> str:
        return f"{self.house.url}{self.below}"

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        base: str | None = None,
        **query: Any,
    ) -> httpx2.Response:
        """One request below the SCIM base; ``query`` are parameters, ``body`` is JSON (or bytes as they are)."""
        sent = {"authorization": f"Bearer {self.token}", **(headers or {})}
        content = None
        if body is not None:
            sent.setdefault("content-type", self.media)
            content = body if isinstance(body, bytes) else httpx2_json(body)
        url = (self.base if base is None else base) + path
        return self.client.request(method, url, content=content, headers=sent, params=query or None)

    def get(self, path: str, **query: Any) -> httpx2.Response:
        return self.call("GET", path, **query)

    def post(self, path: str, body: Any, **options: Any) -> httpx2.Response:
        return self.call("POST", path, body, **options)

    def put(self, path: str, body: Any, **options: Any) -> httpx2.Response:
        answer = self.call("PUT", path, body, **options)
        self._believe(path, answer, body if isinstance(body, dict) else {}, options)
        return answer

    def patch(self, path: str, *operations: Mapping[str, Any], **options: Any) -> httpx2.Response:
        answer = self.call("PATCH", path, {"schemas": [PATCH_OP], "Operations": list(operations)}, **options)
        self._believe(path, answer, _plainly_set(operations), options)
        return answer

    def _believe(
        self, path: str, answer: httpx2.Response, asked: Mapping[str, Any], options: Mapping[str, Any]
    ) -> None:
        """An accepted change is read again: it has come about, and what was answered is what is there.

        ``asked`` are attributes with the values that they were given; those of plain texts are looked at. A resource
        that somebody else has changed or deleted in the meantime tells nothing.
        """
        if answer.status_code not in (200, 204) or "etag" not in answer.headers:
            return
        kept = {name: value for name, value in options.items() if name in ("headers", "base")}
        if "headers" in kept:
            kept["headers"] = {k: v for k, v in kept["headers"].items() if k.lower() == "authorization"}
        again = self.call("GET", path.partition("?")[0], **kept)
        if again.status_code != 200 or again.headers["etag"] != answer.headers["etag"]:
            return
        there = again.json()
        if answer.content and "attributes" not in f"{path}{options}".lower():
            assert answer.json() == there, "what was answered is not what is there"
        held = {name.lower(): value for name, value in there.items()}
        for name, value in asked.items():
            if isinstance(value, str) and value and name.lower() in _TEXTS:
                assert held.get(name.lower()) == value, f"{name} was accepted and not changed"

    def delete(self, path: str, **options: Any) -> httpx2.Response:
        return self.call("DELETE", path, **options)

    def user(self, name: str, /, **attributes: Any) -> dict[str, Any]:
        """Create a user; attributes beside userName as given. The answered resource."""
        schemas = [USER, *(key for key in attributes if key.startswith("urn:"))]
        answer = self.post("/Users", {"schemas": schemas, "userName": name, **attributes})
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def group(self, name: str, *members: str) -> dict[str, Any]:
        """Create a group of the resources with these ids. The answered resource."""
        body = {"schemas": [GROUP], "displayName": name, "members": [{"value": id} for id in members]}
        answer = self.post("/Groups", body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def names(self, filter: str, path: str = "/Users", **query: Any) -> list[str]:
        """The userNames (or displayNames) that a filter finds, in order."""
        answer = self.get(path, filter=filter, **query)
        assert answer.status_code == 200, answer.text
        return [r.get("userName") or r["displayName"] for r in answer.json()["Resources"]]

    def by(self, connection: str, preset: str = "standard", **settings: str) -> "Seat":
        """The same tenant by another connection, which is made where there is none of that name."""

        async def make(store: Store) -> str:
            try:
                found = await connections.find(store, self.tenant, connection)
            except connections.NoSuchConnection:
                found = await connections.create(
                    store, SYSTEM_CLOCK, self.tenant, connection, preset=preset, settings=settings
                )
            return (await static_tokens.issue(store, SYSTEM_CLOCK, self.tenant, connection=found)).secret

        return replace(self, token=self.house.with_store(make))

    def speaking(self, dialect: str, preset: str = "standard", base: str | None = None, **settings: str) -> "Seat":
        """The same tenant by another dialect: by a connection that is made where there is none of the dialect's name.
        ``base`` is one of its other addresses."""
        spoken = next(one for one in catalog() if one.name == dialect)

        async def make(store: Store) -> str:
            try:
                found = await connections.find(store, self.tenant, dialect)
            except connections.NoSuchConnection:
                found = await connections.create(
                    store, SYSTEM_CLOCK, self.tenant, dialect, preset=preset, dialect=dialect,
                    dialects=dialect_names(), settings=settings,
                )  # fmt: skip
            return (await static_tokens.issue(store, SYSTEM_CLOCK, self.tenant, connection=found)).secret

        media = "application/json" if spoken.form else self.media
        return replace(self, token=self.house.with_store(make), below=base or spoken.base, media=media)

    def events(self) -> list[Any]:
        """What the tenant's events say, oldest first."""

        async def read(store: Store) -> list[Any]:
            return [event async for event in store.tenant(self.tenant.id).events()]

        found: list[Any] = self.house.with_store(read)
        return found


_TEXTS = frozenset(
    ("username", "displayname", "nickname", "title", "usertype", "externalid", "locale", "preferredlanguage")
)
"""Attributes that have the value that they were given last."""


def _plainly_set(operations: tuple[Mapping[str, Any], ...]) -> dict[str, Any]:
    """The attributes that operations with a plain path give a value, each with its last."""
    asked: dict[str, Any] = {}
    for operation in operations:
        if not isinstance(operation, dict):
            return {}
        path, value = operation.get("path"), operation.get("value")
        if isinstance(path, str):
            asked.pop(path.lower(), None)
            if str(operation.get("op")).lower() != "remove":
                asked[path.lower()] = value
        elif isinstance(value, dict):
            asked.update((str(name).lower(), item) for name, item in value.items())
    return asked


def httpx2_json(body: Any) -> bytes:
    import json

    return json.dumps(body).encode()


@dataclass
class House:
    """A running server on one database."""

    server: RunningServer
    engine: str
    database: str
    client: httpx2.Client = field(repr=False)

    @property
    def url(self) -> str:
        return self.server.url

    def with_store(self, work: Any) -> Any:
        """Run ``work(store)`` on the database, beside the server (as the command line does)."""

        async def session() -> Any:
            store = await open_store(load({"database": self.database}, {}).settings)
            try:
                return await work(store)
            finally:
                await store.close()

        return run_apart(session())

    def seat(
        self,
        name: str | None = None,
        lifetime: timedelta | None = None,
        *,
        scopes: tuple[str, ...] = DEFAULT_SCOPES,
        **settings: str,
    ) -> Seat:
        """A new tenant with a token. Names are made unique, so that tests do not meet.

        ``settings`` are those of its connection; ``preset`` is one of them.
        """
        chosen = f"{name or 'acorn'}-{next(_counter)}-{random_bytes(3).hex()}"

        async def make(store: Store) -> tuple[Tenant, str]:
            tenant = await lifecycle.create(store, SYSTEM_CLOCK, chosen, "standard", dialect_names())
            if settings:
                await connections.change(store, SYSTEM_CLOCK, tenant, "default", settings)
            issued = await static_tokens.issue(store, SYSTEM_CLOCK, tenant, "test", lifetime, scopes=scopes)
            return tenant, issued.secret

        tenant, token = self.with_store(make)
        return Seat(self, tenant, token, self.client)


@contextlib.contextmanager
def running_house(engine: str, database: str, **env: str) -> Iterator[House]:
    """``rollbook serve`` on a database; ``env`` are further settings (``ROLLBOOK_…``)."""
    command = [sys.executable, "-m", "rollbook", "serve", "--port", "{port}", "--database", database]
    with running_server(command, env=env, path="/readyz") as server, httpx2.Client(timeout=30) as client:
        yield House(server, engine, database, client)
