"""Logging in: once, refreshed, again, and only then given up."""

import json
from collections.abc import Iterator

import pytest
from tests.identity.stage import Desk, make_desk
from tests.support.fault_proxy import Fault, FaultProxy, Says, Seen, fault_proxy
from tests.support.house import Seat
from tests.support.transfer_stage import Stage, differing, person

REFUSED = Says(401, (("WWW-Authenticate", 'Bearer error="invalid_token"'),))


@pytest.fixture
def desk(acorn: Seat) -> Desk:
    """A client with a system user of the tenant."""
    return make_desk(acorn)


@pytest.fixture
def proxy(stage: Stage, acorn: Seat, desk: Desk) -> Iterator[FaultProxy]:
    """A proxy before the whole house, with a stage that logs in with a password through it."""
    with fault_proxy(acorn.house.url) as found:
        stage.base_url = f"{found.url}/scim/v2"
        stage.login = (
            f'token_url = "{found.url}/connect/token"\nclient_id = "{desk.id}"\n'
            f'client_secret = {{ env = "CLIENT_SECRET" }}\nusername = "{desk.user.name}"\n'
            'password = { env = "TARGET_PASSWORD" }\n'
        )
        stage.secrets = {"CLIENT_SECRET": desk.secret, "TARGET_PASSWORD": desk.password}
        yield found


def grants(proxy: FaultProxy) -> list[str]:
    """The grants that were asked for, in order."""
    forms = [seen.body.decode() for seen in proxy.seen if "/token" in seen.path]
    return [form.split("grant_type=")[1].split("&")[0] for form in forms]


def refusing(*numbers: int) -> "_Refusing":
    return _Refusing(set(numbers))


class _Refusing:
    """401 for the SCIM requests of these numbers."""

    def __init__(self, numbers: set[int]) -> None:
        self._numbers, self._count = numbers, 0

    def __call__(self, seen: Seen) -> Fault | None:
        if "/scim/" not in seen.path:
            return None
        self._count += 1
        return REFUSED if self._count in self._numbers else None


def test_a_password_login_is_made_once_for_a_run(stage: Stage, acorn: Seat, proxy: FaultProxy) -> None:
    assert stage.sync()["counts"] == {"create done": 10}
    assert grants(proxy) == ["password"]
    assert differing(acorn, stage.rows) == []


def test_a_token_that_has_ended_is_refreshed(stage: Stage, acorn: Seat, proxy: FaultProxy) -> None:
    proxy.plan = refusing(8)
    assert stage.sync()["counts"] == {"create done": 10}
    assert grants(proxy) == ["password", "refresh_token"]
    assert differing(acorn, stage.rows) == []


def test_where_the_refresh_is_refused_the_client_logs_in_again(stage: Stage, acorn: Seat, proxy: FaultProxy) -> None:
    refusal = refusing(8)

    def plan(seen: Seen) -> Fault | None:
        if b"refresh_token" in seen.body and "/token" in seen.path:
            return Says(400, body=b'{"error": "invalid_grant"}')
        return refusal(seen)

    proxy.plan = plan
    assert stage.sync()["counts"] == {"create done": 10}
    assert grants(proxy) == ["password", "refresh_token", "password"]


def test_several_requests_that_meet_a_401_renew_once(stage: Stage, acorn: Seat, proxy: FaultProxy) -> None:
    proxy.plan = refusing(8, 9, 10)
    assert stage.sync()["counts"] == {"create done": 10}
    assert grants(proxy).count("refresh_token") <= 2
    assert grants(proxy).count("password") == 1


def test_only_then_the_run_ends_with_5_and_can_be_resumed(stage: Stage, acorn: Seat, proxy: FaultProxy) -> None:
    proxy.plan = refusing(*range(9, 1000))
    told = stage.run("sync")
    assert told.code == 5
    assert "refuses every credential" in told.err
    proxy.plan = lambda seen: None
    assert stage.run("resume").code == 0
    assert differing(acorn, stage.rows) == []


def test_a_wrong_password_ends_with_5_and_says_what_to_check(stage: Stage, proxy: FaultProxy) -> None:
    stage.secrets["TARGET_PASSWORD"] = "wrong"
    told = stage.run("sync")
    assert told.code == 5
    assert "the token address refuses the login (400, invalid_grant)" in told.err
    assert "wrong" not in told.err


def test_no_secret_is_ever_shown_or_kept(stage: Stage, desk: Desk, proxy: FaultProxy) -> None:
    told = [stage.run(*words) for words in (("plan", "-o", "plan.jsonl"), ("sync",), ("report", "--json"))]
    texts = [one.out + one.err for one in told] + [
        path.read_bytes().decode("latin-1") for path in stage.folder.rglob("*") if path.is_file()
    ]
    for secret in (desk.secret, desk.password):
        assert not any(secret in text for text in texts)


def test_several_targets_each_with_its_own_login_state_and_report(stage: Stage, acorn: Seat) -> None:
    birch = acorn.house.seat("birch")
    stage.write()
    text = (stage.folder / "transfer.toml").read_text("utf-8").replace("[target]", '[[target]]\nname = "north"')
    south = (
        f'[[target]]\nname = "south"\ndialect = "standard"\nbase_url = "{birch.base}"\n'
        'token = { env = "SOUTH_TOKEN" }\n[target.policy]\nleavers = "delete"\n\n[map]'
    )
    (stage.folder / "transfer.toml").write_text(text.replace("[map]", south), "utf-8")
    hand, secrets = stage.hand, {"TARGET_TOKEN": acorn.token, "SOUTH_TOKEN": birch.token}
    told = hand("sync", "--json", cwd=stage.folder, **secrets)
    assert told.code == 0, told.err
    assert [one["target"] for one in json.loads(told.out)["targets"]] == ["north", "south"]
    rows, gone = stage.rows[:9], stage.rows[9]
    stage.write_rows([*rows, person(11)])
    assert hand("sync", cwd=stage.folder, **secrets).code == 0
    assert differing(acorn, [*rows, person(11), {**gone, "active": "0"}]) == []
    assert birch.names("userName pr")[-1] == "user11@acorn.example"
    assert gone["login"].lower() not in birch.names("userName pr")
    secrets["SOUTH_TOKEN"] = "rbk_nobody"
    told = hand("sync", cwd=stage.folder, **secrets)
    assert (told.code, "south: " in told.err) == (5, True)
    assert hand("report", cwd=stage.folder).code == 2
    assert hand("report", "-t", "north", "--json", cwd=stage.folder).json()["target"] == "north"


def test_a_secret_in_a_file_that_begins_with_a_byte_order_mark_is_right(stage: Stage) -> None:
    (stage.folder / "token.txt").write_bytes(f"\ufeff{stage.token}\r\n".encode())
    stage.login = 'token = { file = "token.txt" }'
    stage.token = ""
    assert stage.sync()["counts"] == {"create done": 10}
