"""From a session's header to a principal, on a real store, with the clock moved by hand."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.support.stores import HandClock, sqlite_store

from rollbook.events import Event, Kind
from rollbook.identity import sessions, system_users
from rollbook.identity.authenticate import Authenticator, RefusedLogin
from rollbook.ids import ordered_id
from rollbook.storage.contract import Store
from rollbook.storage.identity_records import SystemUser
from rollbook.storage.records import Tenant
from rollbook.tenancy import lifecycle

pytestmark = pytest.mark.anyio


@dataclass
class Stage:
    hands: HandClock
    store: Store
    acorn: Tenant
    robot: SystemUser
    authenticator: Authenticator

    async def start(self, idle: int = 1800) -> sessions.Given:
        (connection,) = await self.store.tenant(self.acorn.id).connections()
        scopes = ("scim.read",)
        return await sessions.start(
            self.store, self.hands.clock, self.acorn, connection, self.robot, scopes=scopes, idle=idle
        )

    async def is_refused(self, secret: str) -> bool:
        try:
            await self.authenticator.session(secret)
        except RefusedLogin:
            return True
        return False


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    hands = HandClock()
    async with sqlite_store(tmp_path, hands.clock) as store:
        acorn = await lifecycle.create(store, hands.clock, "acorn", "standard", ("standard",))
        robot = await system_users.create(store, hands.clock, acorn, "robot", "api")
        yield Stage(hands, store, acorn, robot, Authenticator(store, hands.clock, fresh_seconds=3))


async def test_a_session_proves_its_user_its_tenant_and_its_connection(stage: Stage) -> None:
    given = await stage.start()
    principal = await stage.authenticator.session(given.secret)
    assert (principal.tenant.id, principal.connection.id) == (stage.acorn.id, stage.acorn.connection)
    assert (principal.actor, principal.scopes) == (f"user:{stage.robot.id}", frozenset(("scim.read",)))
    assert stage.authenticator.remembered_session(given.secret) == principal


@pytest.mark.parametrize("secret", [None, "", "null", "rbx_", "rbk_" + "0" * 49, "Bearer x"])
async def test_what_is_no_session_is_refused_with_a_challenge_that_names_the_header(
    stage: Stage, secret: str | None
) -> None:
    with pytest.raises(RefusedLogin) as refused:
        await stage.authenticator.session(secret)
    assert refused.value.headers == (("www-authenticate", 'X-PHP-SESSID realm="retailops"'),)


async def test_a_session_is_no_bearer_token(stage: Stage) -> None:
    given = await stage.start()
    await stage.authenticator.session(given.secret)
    assert stage.authenticator.remembered(given.secret) is None
    with pytest.raises(RefusedLogin):
        await stage.authenticator.bearer(f"Bearer {given.secret}")


async def test_a_session_that_is_not_used_ends_after_its_idle_time(stage: Stage) -> None:
    given = await stage.start()
    stage.hands.move(timedelta(seconds=1799))
    assert not await stage.is_refused(given.secret)
    stage.hands.move(timedelta(seconds=1800))
    assert await stage.is_refused(given.secret)


async def test_the_memory_of_a_session_ends_with_it_to_the_millisecond(stage: Stage) -> None:
    given = await stage.start(idle=10)
    stage.hands.move(timedelta(seconds=0.5))
    await stage.authenticator.session(given.secret)
    stage.hands.moment += timedelta(seconds=9.5)  # the clock on the wall alone: what is remembered is still fresh
    assert stage.authenticator.remembered_session(given.secret) is None


async def test_a_session_in_use_goes_on_until_twelve_hours_after_the_login(stage: Stage) -> None:
    given = await stage.start()
    for _ in range(12 * 60 // 20 - 1):
        stage.hands.move(timedelta(minutes=20))
        assert not await stage.is_refused(given.secret)
    stage.hands.move(timedelta(minutes=20))
    assert await stage.is_refused(given.secret)


@pytest.mark.parametrize(("idle", "grain"), [(1800, 60), (60, 6), (10, 1)])
async def test_use_is_written_down_at_most_once_a_minute(stage: Stage, idle: int, grain: int) -> None:
    given = await stage.start(idle)

    async def seen() -> int:
        found = await stage.store.sessions.find(given.session.digest)
        assert found is not None
        return found.session.seen - given.session.seen

    stage.hands.move(timedelta(seconds=grain - 0.5))
    await stage.authenticator.session(given.secret)
    assert await seen() == 0
    stage.hands.move(timedelta(seconds=0.5))
    await stage.authenticator.session(given.secret)
    assert await seen() == grain


@pytest.mark.parametrize("what", ["disabled", "password", "connection", "tenant", "ended"])
async def test_a_session_ends_with_what_it_speaks_for(stage: Stage, what: str) -> None:
    given = await stage.start()
    assert not await stage.is_refused(given.secret)
    event = Event(ordered_id(), stage.hands.clock.written(), Kind.WRITE_REFUSED, "operator")
    match what:
        case "disabled":
            await system_users.set_status(stage.store, stage.hands.clock, stage.acorn, "robot", "disabled")
        case "password":
            await stage.store.identity.set_password(stage.acorn.id, stage.robot.id, "$argon2id$", event)
        case "connection":
            await stage.store.tenant(stage.acorn.id).delete_connection(stage.acorn.connection, event.at, event)
        case "tenant":
            await stage.store.delete_tenant(stage.acorn.id, event.at, event)
        case _:
            assert await stage.store.sessions.end(given.session.digest, event)
    stage.hands.move(timedelta(seconds=3))
    assert stage.authenticator.remembered_session(given.secret) is None
    assert await stage.is_refused(given.secret)


async def test_what_is_enabled_again_does_not_bring_its_sessions_back(stage: Stage) -> None:
    given = await stage.start()
    for status in ("disabled", "active"):
        await system_users.set_status(stage.store, stage.hands.clock, stage.acorn, "robot", status)
    assert await stage.is_refused(given.secret)


async def test_the_idle_time_is_the_tenants_to_say(stage: Stage) -> None:
    (connection,) = await stage.store.tenant(stage.acorn.id).connections()
    assert sessions.idle_of(stage.acorn, connection) == 1800
    connection = replace(connection, dialect="retailops")
    for minutes, seconds in ((5, 300), (0, 60), (10**9, 86_400)):
        tenant = replace(stage.acorn, configured=f'{{"retailops": {{"{sessions.IDLE_SETTING}": {minutes}}}}}')
        assert sessions.idle_of(tenant, connection) == seconds
