"""Failed logins: counted in the database, delayed more and more, and never at the cost of a stranger's victims."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
from tests.identity.stage import Desk, good, make_desk, make_user, refused
from tests.support.house import House, running_house
from tests.support.postgres import fresh_database

from rollbook.clock import SYSTEM_CLOCK
from rollbook.identity.master_key import new_master_key
from rollbook.identity.throttle import Counted, Rule, _key, address_of
from rollbook.storage.contract import Store
from rollbook.storage.entrance_records import Failed

ADDRESS_FAILURES = 30
PROXY = {"ROLLBOOK_TRUSTED_PROXIES": "127.0.0.1", "ROLLBOOK_ADDRESS_FAILURES": str(ADDRESS_FAILURES)}
HOME, STRANGER = "home", "203.0.113.9"


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with running_house("sqlite", f"sqlite:///{tmp_path_factory.mktemp('throttle')}/rollbook.db", **PROXY) as house:
        yield house


@pytest.fixture(scope="module")
def on_postgres(postgres_admin_url: str) -> Iterator[House]:
    env = {**PROXY, "ROLLBOOK_WORKERS": "2", "ROLLBOOK_MASTER_KEY": new_master_key()}
    with fresh_database(postgres_admin_url) as url, running_house("postgres", url, **env) as house:
        yield house


@pytest.fixture(params=["sqlite", "postgres"])
def house(request: pytest.FixtureRequest) -> House:
    found: House = request.getfixturevalue(f"on_{request.param}")
    return found


@pytest.fixture
def desk(house: House) -> Desk:
    return make_desk(house.seat())


def home(desk: Desk) -> str:
    """The address of a desk: tests on one house do not count each other's failures."""
    return f"10.{int(desk.id[:2], 16)}.{int(desk.id[2:4], 16)}.{int(desk.id[4:6], 16)}"


def login(desk: Desk, peer: str, **form: str) -> httpx2.Response:
    peer = home(desk) if peer == HOME else peer
    known = {"username": desk.user.name, "password": desk.password}
    return desk.post("/oauth/token", {"grant_type": "password", **known, **form}, peer=peer)


def delayed(answer: httpx2.Response) -> int:
    refused(answer, 429, "slow_down")
    return int(answer.headers["retry-after"])


def count(desk: Desk, times: int, rule: Rule, *parts: str) -> None:
    """Failures, as if they had come over the network just now."""

    async def work(store: Store) -> None:
        now = SYSTEM_CLOCK.now().timestamp()
        for _ in range(times):
            counted = Counted(_key(*parts), rule)
            await store.entrance.fail([Failed(counted.key, int(now * 1000), 0, int(now) + 3600)])

    desk.house.with_store(work)


def test_a_user_that_fails_again_and_again_waits_longer_and_longer(desk: Desk) -> None:
    for _ in range(5):
        refused(login(desk, HOME, password="wrong"), 400, "invalid_grant")
    waits = [delayed(login(desk, HOME, password="wrong"))]
    waits.append(delayed(login(desk, HOME)))  # nothing is looked at: neither password nor hash
    assert waits[0] == 1
    time.sleep(1.1)
    refused(login(desk, HOME, password="wrong"), 400, "invalid_grant")
    assert delayed(login(desk, HOME)) == 2


def test_the_delay_ends_with_its_time_and_a_success_forgets_it(desk: Desk) -> None:
    for _ in range(5):
        login(desk, HOME, password="wrong")
    wait = delayed(login(desk, HOME))
    time.sleep(wait)
    good(login(desk, HOME))
    for _ in range(5):
        refused(login(desk, HOME, password="wrong"), 400, "invalid_grant")


def test_unknown_users_are_treated_alike(desk: Desk) -> None:
    told = set()
    for name in (desk.user.name, "nobody-" + desk.user.name):
        answers = [login(desk, HOME, username=name, password="wrong") for _ in range(6)]
        told.add(tuple((a.status_code, a.text, a.headers.get("retry-after")) for a in answers))
    assert len(told) == 1


def test_a_stranger_does_not_lock_anybody_out(desk: Desk) -> None:
    good(login(desk, HOME))
    for _ in range(6):
        login(desk, STRANGER, password="wrong")
    delayed(login(desk, STRANGER))
    # From everywhere, so often that the user itself is delayed, and from the right address too.
    count(desk, 80, Rule(0, 1), "user", desk.user.name_key)
    count(desk, 80, Rule(0, 1), "address", home(desk))
    count(desk, 80, Rule(0, 1), "users of", desk.id)
    good(login(desk, HOME))
    assert delayed(login(desk, "198.51.100.77")) <= 60


def test_many_users_are_not_tried_from_one_address(desk: Desk) -> None:
    peer = "203.0.113.20"
    count(desk, ADDRESS_FAILURES - 1, Rule(0, 1), "address", peer)
    refused(login(desk, peer, username="first", password="wrong"), 400, "invalid_grant")
    delayed(login(desk, peer, username="second", password="wrong"))
    delayed(desk.post("/oauth/token", {"client_id": "x", "client_secret": "y"}, basic=False, peer=peer))


def test_attempts_at_once_are_counted_one_by_one(desk: Desk) -> None:
    def attempt(_: int) -> int:
        with httpx2.Client() as client:
            form = {"grant_type": "password", "username": desk.user.name, "password": "wrong"}
            headers = {"x-forwarded-for": home(desk)}
            return client.post(
                f"{desk.house.url}/oauth/token", data=form, auth=(desk.id, desk.secret), headers=headers, timeout=30
            ).status_code

    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(attempt, range(16)))
    workers = 1 if desk.house.engine == "sqlite" else 2
    assert set(statuses) == {400, 429}
    assert statuses.count(400) <= 5 + workers


def test_wrong_secrets_are_delayed_and_the_right_one_never_is(desk: Desk) -> None:
    def with_secret(secret: str) -> httpx2.Response:
        form = {"grant_type": "client_credentials", "client_id": desk.id, "client_secret": secret}
        return desk.post("/oauth/token", form, basic=False, peer=STRANGER)

    for _ in range(10):
        refused(with_secret("wrong"), 401, "invalid_client")
    delayed(with_secret("wrong"))
    good(with_secret(desk.secret))
    refused(
        desk.post("/oauth/introspect", {"client_id": desk.id, "client_secret": "x", "token": "y"}, basic=False),
        401,
        "invalid_client",
    )


def test_one_user_does_not_delay_another(desk: Desk) -> None:
    other, password = make_user(desk.seat)
    for _ in range(6):
        login(desk, HOME, password="wrong")
    good(login(desk, HOME, username=other.name, password=password))


def test_a_delay_leaves_an_event(desk: Desk) -> None:
    for _ in range(6):
        login(desk, "203.0.113.99", password="wrong")

    async def read(store: Store) -> list[tuple[str, int, str]]:
        return [(e.kind, e.status, e.peer) async for e in store.events()]

    assert ("grant:refuse", 429, "203.0.113.99") in desk.house.with_store(read)


def test_failures_outlive_the_server(tmp_path_factory: pytest.TempPathFactory) -> None:
    database = f"sqlite:///{tmp_path_factory.mktemp('restart')}/rollbook.db"
    with running_house("sqlite", database, **PROXY) as house:
        desk = make_desk(house.seat())
        for _ in range(5):
            login(desk, HOME, password="wrong")
        count(desk, 4, Rule(0, 1), "user", desk.user.name_key, home(desk))
    with running_house("sqlite", database, **PROXY) as house:
        again = Desk(house, desk.seat, desk.id, desk.secret, desk.user, desk.password)
        assert delayed(login(again, HOME)) > 2


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix", "unix"),
    ],
)
def test_one_subscriber_is_one_address(peer: str, address: str) -> None:
    assert address_of(peer) == address


@pytest.mark.parametrize(("failures", "seconds"), [(0, 0), (4, 0), (5, 1), (6, 2), (9, 16), (15, 900), (10_000, 900)])
def test_delays_double_up_to_the_longest(failures: int, seconds: int) -> None:
    assert Rule(5, 900).delay(failures) == seconds
