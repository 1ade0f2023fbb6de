"""What an operator types for clients, system users and keys, on both engines."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.command import Told, rollbook
from tests.support.house import running_house

Command = Callable[..., Told]


@pytest.fixture
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Command:
    """``rollbook …`` on an empty database, with a master key where there is none beside the file."""
    if getattr(request, "param", "sqlite") == "sqlite":
        variables = {"ROLLBOOK_DATABASE": f"sqlite:///{tmp_path}/rollbook.db"}
    else:
        key = tmp_path / "master.key"
        key.write_text(rollbook("keys", "master").out)
        key.chmod(0o600)
        url = request.getfixturevalue("postgres_url")
        variables = {"ROLLBOOK_DATABASE": url, "ROLLBOOK_MASTER_KEY_FILE": str(key)}
    return lambda *arguments, **more: rollbook(*arguments, **{**variables, **more})


both_engines = pytest.mark.parametrize("run", ["sqlite", "postgres"], indirect=True)


def client(run: Command, *more: str) -> str:
    id: str = run("client", "create", "sync", "--tenant", "acorn", *more, "--json").json()["client_id"]
    return id


@pytest.fixture
def acorn(run: Command) -> str:
    id: str = run("tenant", "create", "acorn", "--json").json()["id"]
    return id


@both_engines
def test_a_client_is_created_and_its_secret_shown_once(run: Command, acorn: str) -> None:
    told = run("client", "create", "HR sync", "--tenant", "acorn", "--grant", "password", "--grant", "refresh_token",
               "--scope", "scim.read", "--json").json()  # fmt: skip
    assert set(told) == {"client_id", "client_secret"}
    assert told["client_secret"].startswith("rbs_")
    listed = run("client", "list", "--json")
    assert told["client_secret"] not in listed.out
    (row,) = listed.json()
    assert row == {
        "id": told["client_id"],
        "name": "HR sync",
        "status": "active",
        "tenants": ["acorn"],
        "grants": ["password", "refresh_token"],
        "scopes": ["scim.read"],
        "method": "secret",
        "tokens": "jwt",
        "secrets": 1,
    }
    shown = run("client", "create", "another", "--tenant", "acorn")
    assert "it is not shown again" in shown.err


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("--grant", "implicit"), "there is no grant 'implicit'"),
        (("--grant", "refresh_token"), "goes with password"),
        (("--scope", "everything"), "there is no scope 'everything'"),
        (("--auth-method", "magic"), "secret or private_key_jwt"),
        (("--auth-method", "private_key_jwt"), "--jwks FILE"),
        (("--max-session", "soon"), "no duration"),
    ],
)
def test_wrong_usage_says_what_would_be_right(arguments: tuple[str, ...], what: str) -> None:
    told = rollbook("client", "create", "x", "--tenant", "acorn", *arguments)
    assert told.code == 2
    assert what in told.err


def test_what_is_not_there_is_refused(run: Command, acorn: str) -> None:
    assert "there is no tenant 'birch'" in run("client", "create", "x", "--tenant", "birch").err
    for command in (("rotate",), ("disable",), ("enable",)):
        told = run("client", *command, "nonsense")
        assert (told.code, "there is no client 'nonsense'" in told.err) == (1, True)
    told = run("user", "disable", "acorn", "nobody")
    assert (told.code, "no system user 'nobody'" in told.err) == (1, True)


def test_a_client_is_rotated_disabled_enabled_linked_and_unlinked(run: Command, acorn: str) -> None:
    id = client(run)
    assert run("client", "rotate", id, "--json").json()["client_secret"].startswith("rbs_")
    assert run("client", "list", "--json").json()[0]["secrets"] == 2
    assert run("client", "disable", id, "--json").json()["status"] == "disabled"
    assert run("client", "enable", id, "--json").json()["status"] == "active"
    run("tenant", "create", "birch")
    assert run("client", "link", id, "birch", "--scope", "scim.read", "--json").json()["tenants"] == ["acorn", "birch"]
    assert "has only the scopes" in run("client", "link", id, "birch", "--scope", "audit.read").err
    assert run("client", "unlink", id, "acorn", "--json").json()["tenants"] == ["birch"]
    assert "is not let into" in run("client", "unlink", id, "acorn").err
    kinds = [event["kind"] for event in run("audit", "--json").json()]
    assert kinds == ["client:create", "client:rotate", "client:disable", "client:enable"]
    kinds = [event["kind"] for event in run("audit", "acorn", "--json").json()]
    assert [kind for kind in kinds if kind.startswith("client")] == [
        "client:link",
        "client:disable",
        "client:enable",
        "client:unlink",
    ]


def test_a_client_with_keys_has_no_secret(run: Command, acorn: str, tmp_path: Path) -> None:
    from rollbook.identity.jwt import generate, public_jwk

    key = generate("EdDSA")
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"keys": [public_jwk(key, "EdDSA", "one")]}))
    options = ("--auth-method", "private_key_jwt", "--jwks", str(file))
    assert set(run("client", "create", "sync", "--tenant", "acorn", *options, "--json").json()) == {"client_id"}
    for text in (
        "nonsense",
        "{}",
        '{"keys": []}',
        '{"kty": "oct", "k": "AAAA"}',
        json.dumps(key.as_dict(private=True)),
    ):
        file.write_text(text)
        assert run("client", "create", "sync", "--tenant", "acorn", *options).code == 2


@both_engines
def test_a_system_user_is_created_with_a_password_from_standard_input(run: Command, acorn: str) -> None:
    told = run(
        "user", "create", "acorn", "Robot", "--kind", "api", "--password-stdin", "--json", stdin="long enough 1\n"
    )
    assert {"name": "Robot", "kind": "api", "status": "active", "password": "set"}.items() <= told.json().items()
    assert run("user", "create", "acorn", "gate", "--kind", "portal", "--json").json()["password"] == "none"
    taken = run("user", "create", "acorn", "ROBOT")
    assert (taken.code, "already" in taken.err) == (1, True)
    assert [user["name"] for user in run("user", "list", "acorn", "--json").json()] == ["gate", "Robot"]
    assert run("user", "password", "acorn", "gate", "--password-stdin", stdin="also long enough\n").code == 0
    assert run("user", "disable", "acorn", "robot", "--json").json()["status"] == "disabled"
    assert run("user", "enable", "acorn", "robot", "--json").json()["status"] == "active"


@pytest.mark.parametrize("password", ["", "short", "aaaaaaaaaaaaaaaa", "robot@acorn.example", "x" * 1025])
def test_a_weak_password_is_refused(password: str) -> None:
    told = rollbook("user", "create", "acorn", "robot@acorn.example", "--password-stdin", stdin=password + "\n")
    assert (told.code, "password" in told.err) == (2, True)
    assert password == "" or password not in told.err


def test_the_kind_is_api_or_portal() -> None:
    assert rollbook("user", "create", "acorn", "x", "--kind", "king").code == 2


@both_engines
def test_keys_are_listed_and_rotated(run: Command, acorn: str) -> None:
    assert run("keys", "list", "--json").json() == []
    first = {key["state"]: key for key in run("keys", "rotate", "--json").json()}
    assert set(first) == {"active", "next"}
    soon = run("keys", "rotate")
    assert (soon.code, "less than five minutes ago" in soon.err) == (1, True)
    keys = {key["kid"]: key for key in run("keys", "rotate", "--now", "--json").json()}
    assert keys[first["active"]["kid"]]["state"] == "retiring"
    assert keys[first["next"]["kid"]]["state"] == "active"
    eddsa = run("keys", "rotate", "--alg", "EdDSA", "--now", "--json").json()
    assert [key["algorithm"] for key in eddsa if key["state"] == "active"] == ["EdDSA"]
    assert run("keys", "rotate", "--alg", "HS256").code == 2
    dropped = run("keys", "drop", first["active"]["kid"], "--json").json()
    assert first["active"]["kid"] not in {key["kid"] for key in dropped}
    assert "no retiring key" in run("keys", "drop", first["active"]["kid"]).err


def test_doctor_looks_at_the_keys(run: Command, acorn: str, tmp_path: Path) -> None:
    def keys(**more: str) -> tuple[bool, str]:
        found = json.loads(run("doctor", "--json", **more).out)
        (finding,) = (finding for finding in found if finding["check"] == "keys")
        return finding["ok"], finding["detail"] + finding["todo"]

    assert keys() == (True, keys()[1])
    run("keys", "rotate")
    assert "RS256 signs since" in keys()[1]
    other = rollbook("keys", "master").out.strip()
    ok, said = keys(ROLLBOOK_MASTER_KEY=other)
    assert (ok, "another master key" in said) == (False, True)
    made = run("keys", "rotate", "--now", "--json", ROLLBOOK_MASTER_KEY=other).json()
    assert sorted(key["state"] for key in made) == ["active", "next", "retiring"]
    assert keys(ROLLBOOK_MASTER_KEY=other)[0]
    ok, said = keys(ROLLBOOK_MASTER_KEY="not-a-key")
    assert (ok, "32 bytes in base64" in said, "not-a-key" in said) == (False, True, False)
    ok, said = keys(ROLLBOOK_MASTER_KEY_FILE=str(tmp_path / "gone"))
    assert (ok, "cannot be read" in said) == (False, True)


def test_postgres_without_a_master_key_serves_scim_and_tells_what_is_missing(postgres_url: str) -> None:
    with running_house("postgres", postgres_url) as house:
        from tests.identity.stage import make_desk

        desk = make_desk(house.seat())
        assert desk.seat.get("/Users").status_code == 200
        answer = desk.ask("client_credentials")
        assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")
        assert house.client.get(f"{house.url}/oauth/jwks.json").json() == {"keys": []}
        assert "there is no master key" in house.server.log()
        opaque = make_desk(desk.seat, tokens="opaque")  # what is not signed needs none
        assert opaque.ask("client_credentials").status_code == 200
    told = rollbook("client", "create", "x", "--tenant", desk.seat.name, ROLLBOOK_DATABASE=postgres_url)
    assert "rollbook keys master" in told.err
    doctor = rollbook("doctor", ROLLBOOK_DATABASE=postgres_url)
    assert "there are clients, and no master key" in doctor.out
    refused = rollbook("keys", "rotate", ROLLBOOK_DATABASE=postgres_url)
    assert (refused.code, "there is no master key" in refused.err) == (1, True)
