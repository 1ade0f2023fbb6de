"""What the database is told (checklist 43, V19): no word of a client stands in a statement, on either engine.

The whole application runs in this process, so that every statement can be read as the driver is handed it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import apsw
import asyncpg
import orjson
import pytest
from tests.support.house import ENTERPRISE, GROUP, PATCH_OP, SEARCH, USER

from rollbook.app import dialect_names, make_store, protocol_limits
from rollbook.clock import SYSTEM_CLOCK
from rollbook.config import load
from rollbook.deployment import Deployment
from rollbook.dialects.model import standard
from rollbook.http_message import Request, Response
from rollbook.identity import static_tokens
from rollbook.storage.contract import Store
from rollbook.tenancy import lifecycle
from rollbook.web.scim_endpoint import ScimEndpoint

CANARY = "zqx4711"

Ask = Callable[..., Awaitable[Response]]


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every statement's text, as both drivers get it, beside its values."""
    statements: list[str] = []

    def listen(connection: apsw.Connection) -> None:
        def trace(_cursor: Any, text: str, _values: Any) -> bool:
            statements.append(text)
            return True

        connection.exec_trace = trace

    apsw.connection_hooks.append(listen)
    for name in ("prepare", "execute", "fetch", "fetchrow", "fetchval", "executemany"):
        whole = getattr(asyncpg.Connection, name)

        def recording(self: Any, text: str, *args: Any, _whole: Any = whole, **more: Any) -> Any:
            statements.append(text)
            return _whole(self, text, *args, **more)

        monkeypatch.setattr(asyncpg.Connection, name, recording)
    yield statements
    apsw.connection_hooks.remove(listen)


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/rollbook.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


def asked(database: str, work: Callable[[Ask], Awaitable[None]]) -> None:
    """Run work with a way to ask the application, on a database of its own."""
    settings = load({"database": database}, {}).settings

    async def session() -> None:
        store: Store = make_store(settings)
        await store.open()
        try:
            await store.migrate()
            tenant = await lifecycle.create(store, SYSTEM_CLOCK, "acorn", "standard", dialect_names())
            token = (await static_tokens.issue(store, SYSTEM_CLOCK, tenant, "test", None)).secret
            endpoint = ScimEndpoint(
                Deployment(
                    store=store,
                    dialects=(standard(protocol_limits(settings)),),
                    clock=SYSTEM_CLOCK,
                    public_url="https://acorn.example",
                )
            )

            async def ask(method: str, path: str, body: Any = None, **query: str) -> Response:
                headers = {"authorization": f"Bearer {token}", "content-type": "application/scim+json"}
                pairs = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
                sent = b"" if body is None else orjson.dumps(body)
                return await endpoint.answer(Request(method, f"/scim/v2{path}", pairs, headers, sent, "", "request"))

            await work(ask)
        finally:
            await store.close()

    asyncio.run(session())


PATHS = (
    "userName", "externalId", "id", "title", "displayName", "name.familyName", "emails", "emails.value", "emails.type",
    "meta.resourceType", "meta.version", "meta.location", "groups", "groups.display", "groups.$ref", "groups.value",
    "schemas",
    "x509Certificates", "photos.value", f"{ENTERPRISE}:department", f"{ENTERPRISE}:manager",
    f"{ENTERPRISE}:manager.$ref",
    f"{USER}:nickName", "addresses.country", "members.value", "members.display", "ims.value", CANARY,
    f"urn:{CANARY}:title",
)  # fmt: skip
OPERATORS = ("eq", "ne", "co", "sw", "ew", "gt", "le")
LITERALS = (CANARY, f"'; DROP TABLE {CANARY};--", f'{CANARY}\\" OR 1=1', f"%{CANARY}_", f"$1 {CANARY} ?1 {{0}}")
SHAPES = (
    "{0}", "not ({0})", "({0}) or ({0})", 'emails[type eq "{1}" and value co "{1}"]', 'groups[display eq "{1}"]',
    'members[value eq "{1}" or display sw "{1}"]', 'addresses[not (country eq "{1}")]',
    'emails[type eq "{1}"].value eq "{1}"',
)  # fmt: skip


def filters() -> Iterator[str]:
    for path in PATHS:
        for operator in OPERATORS:
            yield f'{path} {operator} "{LITERALS[len(path) % len(LITERALS)]}"'
    for shape in SHAPES:
        for literal in LITERALS:
            yield shape.format(f'title eq "{literal}" and externalId sw "{literal}"', literal)


def test_3_4_43_no_word_of_a_client_stands_in_a_statement(database: str, heard: list[str]) -> None:
    statuses: set[int] = set()

    async def work(ask: Ask) -> None:
        async def note(*args: Any, **query: str) -> Any:
            answer = await ask(*args, **query)
            statuses.add(answer.status)
            return orjson.loads(answer.body) if answer.body else None

        user = {
            "schemas": [USER, ENTERPRISE], "userName": CANARY, "externalId": CANARY, "title": f"'; {CANARY}",
            "emails": [{"value": CANARY, "type": CANARY}], ENTERPRISE: {"department": CANARY,
            "manager": {"value": CANARY}},
        }  # fmt: skip
        ann = (await note("POST", "/Users", user))["id"]
        staff = (
            await note("POST", "/Groups", {"schemas": [GROUP], "displayName": CANARY, "members": [{"value": ann}]})
        )["id"]
        heard.clear()
        for text in filters():
            await note("GET", "/Users", filter=text)
            await note("GET", "/Groups", filter=text, sortBy="displayName", sortOrder="descending")
            await note("POST", "/.search", {"schemas": [SEARCH], "filter": text, "sortBy": "userName"})
        for name in PATHS:
            await note("GET", "/Users", sortBy=name, attributes=f"{name},{CANARY}", filter=f'title sw "{CANARY}"')
        for path in (f"/Users/{CANARY}", f"/Users/%27{CANARY}", f"/Groups/{staff}'--{CANARY}"):
            for method in ("GET", "DELETE"):
                await note(method, path)
        for operation in (
            {"op": "add", "path": f'emails[type eq "{CANARY}"].value', "value": f"'{CANARY}"},
            {"op": "replace", "path": "title", "value": f"{CANARY}'; --"},
            {"op": "remove", "path": f'emails[value eq "\'{CANARY}"]'},
            {"op": "add", "path": CANARY, "value": CANARY},
        ):
            await note("PATCH", f"/Users/{ann}", {"schemas": [PATCH_OP], "Operations": [operation]})
        for path in (f'members[value eq "{CANARY}"]', f'members[display eq "{CANARY}"]', 'members[type eq "User"]'):
            message = {"schemas": [PATCH_OP], "Operations": [{"op": "remove", "path": path}]}
            await note("PATCH", f"/Groups/{staff}", message)
        body = {"schemas": [GROUP], "displayName": f"'{CANARY}", "members": [{"value": f"'{CANARY}"}]}
        await note("PUT", f"/Groups/{staff}", body)
        await note("PUT", f"/Users/{ann}", {**user, "externalId": f"'{CANARY}\""})
        await note("DELETE", f"/Users/{ann}")

    asked(database, work)
    assert statuses == {200, 201, 204, 400, 404}
    assert len(heard) > 200
    assert not [text for text in heard if CANARY in text.lower()]


def test_v19_a_page_of_fifty_costs_a_few_statements_as_a_page_of_one_does(database: str, heard: list[str]) -> None:
    async def work(ask: Ask) -> None:
        users = []
        for number in range(50):
            made = await ask("POST", "/Users", {"schemas": [USER], "userName": f"user {number}"})
            users.append({"value": orjson.loads(made.body)["id"]})
        for number in range(50):
            await ask(
                "POST", "/Groups", {"schemas": [GROUP], "displayName": f"g{number}", "members": users[: number + 1]}
            )
        for path in ("/Users", "/Groups", "/"):
            counts = []
            for count in ("1", "1", "50", "50"):
                heard.clear()
                answer = await ask("GET", path, count=count, sortBy="displayName", filter="id pr")
                assert len(orjson.loads(answer.body)["Resources"]) == int(count)
                counts.append(len(heard))
            assert max(counts[1], counts[3]) <= 12, (path, counts)

    asked(database, work)
