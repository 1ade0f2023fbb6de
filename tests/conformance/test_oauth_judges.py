"""Clients that others wrote, on the running server: they log in, refresh, ask, revoke, and check what they are told."""

import json
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from authlib.oauth2.rfc6749 import OAuth2Token  # type: ignore[import-untyped]
from requests_oauth2client import (
    BearerToken,
    ClientSecretBasic,
    ClientSecretPost,
    InvalidClient,
    InvalidGrant,
    OAuth2Client,
)
from tests.identity.stage import Desk, make_desk
from tests.support.house import House, running_house
from tests.support.node import package
from tests.support.postgres import fresh_database

from rollbook.identity.master_key import new_master_key

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from authlib.integrations.base_client.errors import OAuthError  # type: ignore[import-untyped]
    from authlib.integrations.requests_client import OAuth2Session  # type: ignore[import-untyped]


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with running_house("sqlite", f"sqlite:///{tmp_path_factory.mktemp('judges')}/rollbook.db") as house:
        yield house


@pytest.fixture(scope="module")
def on_postgres(postgres_admin_url: str) -> Iterator[House]:
    key = new_master_key()
    with fresh_database(postgres_admin_url) as url, running_house("postgres", url, ROLLBOOK_MASTER_KEY=key) as house:
        yield house


@pytest.fixture(params=["sqlite", "postgres"])
def desk(request: pytest.FixtureRequest) -> Desk:
    house: House = request.getfixturevalue(f"on_{request.param}")
    return make_desk(house.seat())


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_authlibs_client_does_all_there_is(desk: Desk, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    url, token_url = desk.house.url, f"{desk.house.url}/oauth/token"
    changed: list[OAuth2Token] = []
    with OAuth2Session(
        desk.id,
        desk.secret,
        token_endpoint_auth_method=method,
        revocation_endpoint_auth_method=method,
        scope="scim.read scim.write",
        token_endpoint=token_url,
        update_token=lambda token, **_: changed.append(token),
    ) as session:
        login = session.fetch_token(token_url, username=desk.user.name, password=desk.password)
        assert login["expires_in"] == 3600
        assert session.get(f"{url}/scim/v2/Users").status_code == 200
        again = session.refresh_token(token_url, login["refresh_token"])
        assert again["refresh_token"] != login["refresh_token"]
        assert len(changed) == 1
        assert session.get(f"{url}/scim/v2/Users").status_code == 200
        told = session.introspect_token(f"{url}/oauth/introspect", again["access_token"]).json()
        assert (told["active"], told["client_id"]) == (True, desk.id)
        assert session.revoke_token(f"{url}/oauth/revoke", again["refresh_token"]).status_code == 200
        told = session.introspect_token(f"{url}/oauth/introspect", again["refresh_token"]).json()
        assert told == {"active": False}
        with pytest.raises(OAuthError, match="invalid_grant"):
            session.refresh_token(token_url, again["refresh_token"])
        own = session.fetch_token(token_url, grant_type="client_credentials")
        assert "refresh_token" not in own


@pytest.mark.parametrize("method", [ClientSecretBasic, ClientSecretPost])
def test_requests_oauth2client_does_all_there_is(desk: Desk, method: Any) -> None:
    url = desk.house.url
    client = OAuth2Client(
        token_endpoint=f"{url}/oauth/token",
        revocation_endpoint=f"{url}/oauth/revoke",
        introspection_endpoint=f"{url}/oauth/introspect",
        auth=method(desk.id, desk.secret),
        testing=True,
    )
    own = client.client_credentials(scope="scim.read")
    assert (own.scope, own.refresh_token) == ("scim.read", None)
    login = client.resource_owner_password(desk.user.name, desk.password)
    assert isinstance(login, BearerToken)
    again = client.refresh_token(login)
    assert again.refresh_token != login.refresh_token
    told = client.introspect_token(again.access_token)
    assert (told["active"], told["client_id"]) == (True, desk.id)
    assert client.revoke_access_token(again.access_token)
    assert client.introspect_token(again.access_token) == {"active": False}
    assert client.revoke_refresh_token(again)
    with pytest.raises(InvalidGrant):
        client.refresh_token(again)
    with pytest.raises(InvalidClient):
        OAuth2Client(f"{url}/oauth/token", auth=method(desk.id, "wrong"), testing=True).client_credentials()


def test_oauth4webapi_does_all_there_is(desk: Desk, tmp_path: Path) -> None:
    folder, reason = package("oauth4webapi", "3.8.8")
    if folder is None:
        pytest.skip(f"A JUDGE IS MISSING: {reason}")
    script = folder / f"judge-{tmp_path.name}.mjs"  # where its import finds the package
    shutil.copy(Path(__file__).with_name("oauth_judge.mjs"), script)
    asked = {"url": desk.house.url, "id": desk.id, "secret": desk.secret}
    asked |= {"username": desk.user.name, "password": desk.password}
    try:
        done = subprocess.run(
            ["node", str(script), json.dumps(asked)], capture_output=True, text=True, timeout=60, cwd=folder
        )
    finally:
        script.unlink()
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == ["judged", "judged"]
