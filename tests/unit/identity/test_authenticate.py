"""From the header Authorization to a principal, on a real store, with the clock moved by hand."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from tests.support.hands import Hands

from rollbook.identity import static_tokens
from rollbook.identity.authenticate import Authenticator, RefusedLogin
from rollbook.storage.engines.sqlite import SqliteStore
from rollbook.storage.records import Tenant
from rollbook.tenancy import lifecycle

pytestmark = pytest.mark.anyio


@dataclass
class Stage:
    hands: Hands
    store: SqliteStore
    acorn: Tenant
    authenticator: Authenticator

    async def token(self, lifetime: timedelta | None = None) -> static_tokens.Issued:
        return await static_tokens.issue(self.store, self.hands.clock(), self.acorn, "okta", lifetime)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    hands = Hands()
    store = SqliteStore(str(tmp_path / "rollbook.db"), clock=hands.clock())
    await store.open()
    await store.migrate()
    acorn = await lifecycle.create(store, hands.clock(), "acorn", "standard", ("standard",))
    yield Stage(hands, store, acorn, Authenticator(store, hands.clock(), fresh_seconds=3))
    await store.close()


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_a_token_proves_its_tenant_and_connection(stage: Stage, scheme: str) -> None:
    issued = await stage.token()
    principal = await stage.authenticator.bearer(f"{scheme} {issued.secret}")
    assert (principal.tenant.id, principal.connection.id) == (stage.acorn.id, stage.acorn.connection)
    assert principal.actor == f"token:{issued.token.id}"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer null",
        "Bearer undefined",
        "Bearer rbk_",
        "Basic YW5uOmJv",
        "Bearer " + "x" * 10_000,
        "Bearer rbk_" + "A" * 49,
        "Bearer a, Bearer b",
        "Bearer \t",
        "Bearer \xff\xfe",
    ],
)
async def test_v7_3_1_16_what_is_no_token_is_401_with_a_challenge(stage: Stage, header: str | None) -> None:
    with pytest.raises(RefusedLogin) as refused:
        await stage.authenticator.bearer(header)
    assert dict(refused.value.headers)["www-authenticate"].startswith('Bearer realm="rollbook"')
    assert header is None or len(header) < 9 or header not in refused.value.detail


async def test_a_revoked_token_is_remembered_for_three_seconds_at_most(stage: Stage) -> None:
    issued = await stage.token()
    header = f"Bearer {issued.secret}"
    await stage.authenticator.bearer(header)
    await static_tokens.revoke(stage.store, stage.hands.clock(), stage.acorn, issued.token.id)
    stage.hands.move(2.9)
    assert stage.authenticator.remembered(header) is not None
    stage.hands.move(0.1)
    assert stage.authenticator.remembered(header) is None
    with pytest.raises(RefusedLogin) as refused:
        await stage.authenticator.bearer(header)
    assert (refused.value.tenant, refused.value.actor) == (stage.acorn.id, f"token:{issued.token.id}")


async def test_a_token_ends_on_the_second_even_when_it_is_remembered(stage: Stage) -> None:
    issued = await stage.token(timedelta(seconds=2))
    header = f"Bearer {issued.secret}"
    await stage.authenticator.bearer(header)
    stage.hands.move(1.999)
    assert stage.authenticator.remembered(header) is not None
    stage.hands.move(0.001)
    assert stage.authenticator.remembered(header) is None
    with pytest.raises(RefusedLogin):
        await stage.authenticator.bearer(header)


async def test_a_suspended_tenant_is_seen_within_three_seconds(stage: Stage) -> None:
    header = f"Bearer {(await stage.token()).secret}"
    await stage.authenticator.bearer(header)
    await lifecycle.suspend(stage.store, stage.hands.clock(), "acorn")
    stage.hands.move(3)
    assert (await stage.authenticator.bearer(header)).tenant.status == "suspended"


async def test_v16_the_memory_holds_no_secret(stage: Stage) -> None:
    issued = await stage.token()
    await stage.authenticator.bearer(f"Bearer {issued.secret}")
    assert issued.secret not in repr(vars(stage.authenticator))
