"""Tokens and tenants on a running server (checklist 3.6, 3.7, V16, V29): what is over is over, secrets stay secret."""

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.support.house import ENTERPRISE, PATCH_OP, SEARCH, USER, House, Seat, running_house
from tests.support.postgres import fresh_database
from tests.support.refusals import refused, until

from rollbook.clock import SYSTEM_CLOCK
from rollbook.identity import static_tokens
from rollbook.storage.contract import Store
from rollbook.tenancy import lifecycle

CONNECTIONS = 12
"""More than there are workers, so that each worker has some of them."""


@pytest.fixture(scope="module", params=["sqlite", "postgres with two workers"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house of these tests' own: the one on PostgreSQL has two workers."""
    if request.param == "sqlite":
        with running_house("sqlite", f"sqlite:///{tmp_path_factory.mktemp('tokens')}/rollbook.db") as found:
            yield found
        return
    admin: str = request.getfixturevalue("postgres_admin_url")
    with fresh_database(admin) as url, running_house("postgres", url, ROLLBOOK_WORKERS="2") as found:
        yield found


@pytest.fixture
def clients() -> Iterator[list[httpx2.Client]]:
    """Clients with a connection each."""
    made = [httpx2.Client(timeout=10) for _ in range(CONNECTIONS)]
    yield made
    for client in made:
        client.close()


def statuses(seat: Seat, clients: list[httpx2.Client]) -> set[int]:
    headers = {"authorization": f"Bearer {seat.token}"}
    with ThreadPoolExecutor(len(clients)) as pool:
        return set(pool.map(lambda client: client.get(f"{seat.base}/Users", headers=headers).status_code, clients))


def change(seat: Seat, how: str) -> None:
    async def work(store: Store) -> None:
        if how == "revoke":
            (token,) = await store.tenant(seat.tenant.id).tokens()
            await static_tokens.revoke(store, SYSTEM_CLOCK, seat.tenant, token.id)
        else:
            await getattr(lifecycle, how)(store, SYSTEM_CLOCK, seat.tenant.id)

    seat.house.with_store(work)


@pytest.mark.parametrize(("how", "status"), [("revoke", 401), ("suspend", 403), ("delete", 401)])
def test_3_7_85_and_3_6_73_and_74_what_is_over_is_refused_within_5_seconds_everywhere(
    house: House, clients: list[httpx2.Client], how: str, status: int
) -> None:
    seat, other = house.seat(), house.seat()
    seat.user("ann")
    assert statuses(seat, clients) == {200}
    change(seat, how)
    assert until(lambda: statuses(seat, clients) == {status})
    refused(seat.post("/Users", {"schemas": [USER], "userName": "bo"}), status)
    assert statuses(other, clients) == {200}
    if how == "suspend":
        change(seat, "resume")
        assert until(lambda: statuses(seat, clients) == {200})
        assert seat.names('userName eq "ann"') == ["ann"]


def test_3_7_83_a_token_ends_on_its_second_though_it_is_remembered(house: House, clients: list[httpx2.Client]) -> None:
    seat = house.seat(lifetime=timedelta(seconds=2))
    assert until(lambda: statuses(seat, clients) == {401})
    refused(seat.get("/Users"), 401)


def test_3_6_70_a_token_whose_tenant_is_named_otherwise_works_nowhere(house: House) -> None:
    acorn, birch = house.seat("acorn"), house.seat("birch")
    for name in (birch.name, birch.tenant.id, birch.tenant.id.upper(), "%2e", "null", "undefined", acorn.name + "x"):
        assert acorn.call("GET", "/Users", base=f"{house.url}/t/{name}/scim/v2").status_code in (400, 404)
    assert acorn.call("GET", "/Users", base=f"{house.url}/t/{acorn.tenant.id}/scim/v2").status_code == 200


def test_v16_and_v15_tenants_that_ask_the_same_at_once_see_their_own(house: House) -> None:
    seats = [house.seat() for _ in range(4)]
    made = [seat.user("ann", title=seat.name, externalId="1") for seat in seats]

    def ask(number: int) -> None:
        seat, own = seats[number % 4], made[number % 4]
        page = seat.get("/Users", filter='userName eq "ann"', sortBy="title").json()
        assert [resource["title"] for resource in page["Resources"]] == [seat.name]
        assert page["totalResults"] == 1
        answer = seat.call("GET", f"/Users/{own['id']}", headers={"if-none-match": '"7"'})
        assert answer.json() == own
        assert seat.get(f"/Users/{made[(number + 1) % 4]['id']}").status_code == 404

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(ask, range(160)))


def test_v8_and_v12_ids_names_and_digests_of_tokens_are_no_tokens(house: House) -> None:
    seat = house.seat()

    async def read(store: Store) -> Any:
        (token,) = await store.tenant(seat.tenant.id).tokens()
        return token

    token = house.with_store(read)
    assert seat.token not in repr(token)
    for text in (
        token.id,
        token.name,
        token.hint,
        token.digest.hex(),
        seat.tenant.id,
        seat.tenant.connection,
        seat.name,
    ):
        answer = house.client.get(f"{seat.base}/Users", headers={"authorization": f"Bearer {text}"})
        refused(answer, 401)


# -- what is written down ----------------------------------------------------------------------------------------------

CANARY = "canary4711"


def wrong(seat: Seat) -> None:
    """Everything that can go wrong with a canary in it, and much that goes right."""
    ann = seat.user(f"{CANARY}-ann", password=f"{CANARY}-secret", title=f"{CANARY}-title")["id"]
    text = f'userName eq "{CANARY}"'
    for filter in (text, f"{text} and", f'password eq "{CANARY}"', f"{CANARY} pr", f'meta.created eq "{CANARY}"'):
        seat.get("/Users", filter=filter)
        seat.get("/Users", sortBy=CANARY, attributes=CANARY)
        seat.post("/.search", {"schemas": [SEARCH], "filter": filter})
        seat.patch(f"/Users/{ann}", {"op": "add", "path": f"emails[{filter}].value", "value": CANARY})
    for body in (
        b'{"' + CANARY.encode(), b'"' + CANARY.encode() + b'"', {CANARY: CANARY}, {"schemas": [CANARY]},
        {"schemas": [USER], "userName": f"{CANARY}-ann"}, {"schemas": [USER], "userName": CANARY, "active": CANARY},
        {"schemas": [USER], "userName": "x", CANARY: 1}, {"schemas": [USER, ENTERPRISE], ENTERPRISE: {CANARY: 1}},
        {"schemas": [PATCH_OP], "Operations": [{"op": CANARY, "path": CANARY, "value": CANARY}]},
        {"schemas": [USER], "userName": f"{CANARY}\r\n{{\"level\":\"error\"}}\x1b[31m\u2028"},
        {"schemas": [USER], "userName": f"{CANARY}\0"}, {"schemas": [USER], "userName": CANARY * 2000},
    ):  # fmt: skip
        seat.post("/Users", body)
        seat.put(f"/Users/{ann}", body)
        seat.call("PATCH", f"/Users/{ann}", body)
    for token in (f"{CANARY}", f"rbk_{CANARY}", seat.token + CANARY, seat.token[:-1]):
        for sent in (f"Bearer {token}", f"Basic {token}", token):
            seat.call("GET", "/Users", headers={"authorization": sent})
    seat.call("GET", f"/{CANARY}")
    seat.call("GET", f"/Users/{CANARY}")
    seat.call("DELETE", f"/Groups/{CANARY}")
    seat.call(CANARY.upper()[:6], "/Users")
    for name in ("x-" + CANARY, "user-agent", "cookie", "if-match", "prefer", "content-type", "accept", "x-request-id"):
        seat.call("POST", "/Users", {"schemas": [USER]}, headers={name: CANARY})
    raw = f"GET /scim/v2/{CANARY} HTTP/1.1\r\nHost: {CANARY}\r\n"
    for more in ("Transfer-Encoding: x\r\n\r\n", f"{CANARY} : x\r\n\r\n", "Content-Length: z\r\n\r\n", "\r\n"):
        seat.house.server.raw((raw + more).encode())


def test_3_7_86_and_v29_and_v30_secrets_and_values_are_nowhere_but_where_they_belong(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/rollbook.db"
    with running_house("sqlite", database, ROLLBOOK_LOG_LEVEL="debug", ROLLBOOK_ACCESS_LOG="true") as house:
        seat = house.seat()
        wrong(seat)
        events = seat.events()
        house.server.signal(signal.SIGTERM)
        house.server.signal(signal.SIGTERM)
        house.server.wait()
        log = house.server.log()
    files = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert CANARY in files.decode("latin-1"), "the user's name is kept"
    for secret in (seat.token, seat.token[4:-8], f"{CANARY}-secret"):
        assert secret not in files.decode("latin-1")
        assert secret not in log
        assert secret not in repr(events)
    assert CANARY not in log
    assert CANARY.upper()[:6] not in log
    lines = [line for line in log.splitlines() if line.startswith("{")]
    assert len(lines) > 50
    assert all(line.isprintable() and line.isascii() for line in log.splitlines())
    # An event names the id that a client asked for, whatever it is, and nothing else of what it sent.
    assert all(CANARY not in repr(event).replace(f"resource='{CANARY}'", "") for event in events)
