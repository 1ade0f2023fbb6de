"""No secret in logs (at level debug), events, errors or the database (checklist 3.7 number 86, V29)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.identity.stage import basic_header, good, make_desk
from tests.support.command import rollbook
from tests.support.house import House, running_house

from rollbook.identity.master_key import new_master_key
from rollbook.storage.contract import Store
from rollbook.tenancy.audit import as_json


@pytest.fixture(scope="module")
def noisy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    env = {"ROLLBOOK_LOG_LEVEL": "debug", "ROLLBOOK_ACCESS_LOG": "true", "ROLLBOOK_MASTER_KEY": new_master_key()}
    with running_house("sqlite", f"sqlite:///{tmp_path_factory.mktemp('noisy')}/rollbook.db", **env) as house:
        yield house


def test_what_is_secret_stands_nowhere(noisy: House) -> None:
    desk, opaque = make_desk(noisy.seat()), make_desk(noisy.seat(), tokens="opaque")
    secrets = [desk.secret, desk.password, opaque.secret, opaque.password]
    said = []
    for each in (desk, opaque):
        login = each.login()
        second = good(each.refresh(login["refresh_token"]))
        alone = good(each.ask("client_credentials"))
        secrets += [body[name] for body in (login, second, alone) for name in body if name.endswith("_token")]
        wrong = "an-unlikely-wrong-password"
        secrets.append(wrong)
        answers = [
            each.ask("password", password=wrong),
            each.ask("password", scope="nonsense"),
            each.refresh(login["refresh_token"]),
            each.refresh(second["refresh_token"]),
            each.refresh(login["refresh_token"] + "x"),
            each.post("/oauth/token", {"grant_type": "client_credentials", "client_secret": each.secret}),
            each.post("/oauth/token?client_secret=" + each.secret, {}),
            each.post("/oauth/token", {}, basic=False, authorization=basic_header(each.id, wrong)),
            each.post("/oauth/introspect", {"token": wrong}),
            each.post("/oauth/revoke", {"token": alone["access_token"]}),
            each.reads(second["access_token"]),
            each.reads(login["refresh_token"]),
        ]
        said += [answer.text + str(answer.headers) for answer in answers]
    parts = [part for secret in secrets for part in (secret.split(".") if secret.count(".") == 2 else [secret])]
    canaries = {part for part in parts if not part.startswith("eyJhbGciOi")}  # the header of a JWT is no secret
    database = Path(noisy.database.removeprefix("sqlite:///"))
    kept = b"".join(file.read_bytes() for file in database.parent.iterdir() if file.name.startswith(database.name))
    events = [str(as_json(event)) for each in (desk, opaque) for event in each.seat.events()]
    assert len(events) > 10

    async def nobodys(store: Store) -> list[str]:
        return [str(as_json(event)) async for event in store.events()]

    events += noisy.with_store(nobodys)
    log = noisy.server.log()
    assert "/oauth/token" in log
    for canary in canaries:
        assert canary not in log
        assert canary.encode() not in kept
        assert not [text for text in (*said, *events) if canary in text]


def test_nothing_shows_itself_in_a_representation(noisy: House) -> None:
    from rollbook.oauth.client_auth import read_client
    from rollbook.oauth.grants import read_grant

    form = {"grant_type": "password", "username": "the-name", "password": "the-password", "client_id": "c"}
    assert "the-password" not in repr(read_grant(form))
    assert "the-secret" not in repr(read_client(None, {**form, "client_secret": "the-secret"}))


def test_the_master_key_is_not_shown_by_doctor(noisy: House) -> None:
    key = new_master_key()
    told = rollbook("doctor", "--database", noisy.database, ROLLBOOK_MASTER_KEY=key)
    assert "master_key=(secret)" in told.out
    assert key not in told.out + told.err
