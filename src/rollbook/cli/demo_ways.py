"""How a client of one product gets into the demo's tenant: a token, a client with an API user, or a session.

Credentials are made anew with every start, before the server runs; what needs the server (a token of the token
endpoint, a session) is asked for over HTTP once it does.
"""

import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from rollbook.cli.demo_client import DemoClient, DemoFailed
from rollbook.clock import SYSTEM_CLOCK
from rollbook.identity import static_tokens
from rollbook.ids import random_bytes

if TYPE_CHECKING:
    from rollbook.config import Settings
    from rollbook.dialects.model import Dialect
    from rollbook.storage.contract import Store
    from rollbook.storage.records import Connection, Tenant

ENCRYPTED = "/api/auth/v1/connectAutoWithAuthToken"
SESSION = "/session"
_READS_AND_WRITES = {"scim.read", "scim.write"}


@dataclass(frozen=True, slots=True)
class Way:
    """``told`` is what ``--json`` prints, ``headers`` what a request of the product carries, ``lines`` how to get in,
    to be pasted."""

    told: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    lines: tuple[str, ...] = ()


async def make(store: "Store", settings: "Settings", tenant: "Tenant", dialect: "Dialect", lifetime: timedelta) -> Way:
    """Credentials of a client of the dialect; ``lifetime`` is that of a static token, where it takes nothing else."""
    base = {"base_url": settings.origin + dialect.base}
    if dialect.credentials.session_header:
        return Way(base | await _key(store, settings, tenant, dialect))
    if dialect.oauth.token_address:
        return Way(base | await _client(store, settings, tenant, dialect))
    connection = await connection_of(store, tenant, dialect)
    token = (await static_tokens.issue(store, SYSTEM_CLOCK, tenant, "demo", lifetime, connection=connection)).secret
    return Way({**base, "token": token}, {"Authorization": f"Bearer {token}"})


async def connection_of(store: "Store", tenant: "Tenant", dialect: "Dialect") -> "Connection":
    """The demo's connection of a dialect, which has its name; made where it is missing."""
    from rollbook.tenancy import connections

    try:
        return await connections.find(store, tenant, dialect.name)
    except connections.NoSuchConnection:
        names, own = (dialect.name,), dict(dialect.connection)
        return await connections.create(
            store, SYSTEM_CLOCK, tenant, dialect.name, dialect=dialect.name, dialects=names, settings=own
        )


async def _client(store: "Store", settings: "Settings", tenant: "Tenant", dialect: "Dialect") -> dict[str, str]:
    """A client and an API user of identity; an older start's gets another secret."""
    from rollbook.identity import clients

    name = f"demo {dialect.name}"
    connection = await connection_of(store, tenant, dialect)
    known = [one.client.id for one in await store.identity.clients() if one.client.name == name]
    if known:
        issued = await clients.rotate(store, SYSTEM_CLOCK, known[0], timedelta(seconds=1))
    else:
        grants = ("password", "refresh_token")
        through = {tenant.id: connection.id}
        every = clients.read_scopes([scope for opens in dialect.oauth.scopes.values() for scope in opens])
        issued = await clients.create(
            store, SYSTEM_CLOCK, name, [tenant], grants=grants, scopes=every, connections=through
        )
    login, password = await _user(store, tenant, dialect)
    scopes = [scope for scope, opens in dialect.oauth.scopes.items() if {*opens} >= _READS_AND_WRITES]
    if dialect.oauth.refresh_on_request:
        scopes.append("offline_access")
    return {
        "token_url": settings.origin + dialect.oauth.token_address,
        "client_id": issued.client.id,
        "client_secret": issued.secret or "",
        "username": login,
        "password": password,
        "scope": " ".join(scopes) or "scim.read scim.write",
    }


async def _key(store: "Store", settings: "Settings", tenant: "Tenant", dialect: "Dialect") -> dict[str, Any]:
    """A key for encrypted logins, and an API user."""
    from rollbook.app import make_master_key
    from rollbook.identity import encrypted_login

    connection = await connection_of(store, tenant, dialect)
    name = f"demo {dialect.name}"
    for key in await store.sessions.auth_keys(tenant.id):
        if key.name == name and key.revoked is None:
            await encrypted_login.revoke(store, SYSTEM_CLOCK, tenant, key.id)
    master = make_master_key(settings)
    issued = await encrypted_login.issue(store, SYSTEM_CLOCK, master, tenant, connection, name)
    login, password = await _user(store, tenant, dialect)
    return {
        "session_url": settings.origin + ENCRYPTED,
        "auth_client_id": issued.kept.id,
        "key": issued.key,
        "iv": issued.iv,
        "login": login,
        "password": password,
    }


async def _user(store: "Store", tenant: "Tenant", dialect: "Dialect") -> tuple[str, str]:
    """The name and a new password of the demo's API user."""
    from rollbook.identity import system_users

    name, password = f"api@{dialect.name}.demo.example", random_bytes(12).hex()
    try:
        await system_users.set_password(store, SYSTEM_CLOCK, tenant, name, password)
    except system_users.NoSuchUser:
        await system_users.create(store, SYSTEM_CLOCK, tenant, name, "api", password)
    return name, password


def enter(way: Way, dialect: "Dialect", client: DemoClient) -> Way:
    """The same, once the server answers: with a token or a session to send, and with lines that get another.

    **Raises** ``DemoFailed``.
    """
    told = way.told
    if "session_url" in told:
        status, body = client.send("POST", SESSION, {"login": told["login"], "password": told["password"]})
        if status != 200:
            raise DemoFailed(f"the server answered {status} where a session was right")
        header = dialect.credentials.session_header.upper()
        lines = (_encrypted_line(told),)
        return replace(way, told={**told, "session": body["session"]}, headers={header: body["session"]}, lines=lines)
    if "token_url" in told:
        form = {
            "grant_type": "password",
            "username": told["username"],
            "password": told["password"],
            "scope": told["scope"],
            "client_id": told["client_id"],
            "client_secret": told["client_secret"],
        }
        status, body = client.send("POST", dialect.oauth.token_address, urlencode(form))
        if status != 200:
            raise DemoFailed(f"the server answered {status} where a token was right: {json.dumps(body)[:200]}")
        word = "" if dialect.credentials.bare else "Bearer "
        return replace(way, headers={"Authorization": word + body["access_token"]}, lines=(_token_line(told, form),))
    return way


def _token_line(told: Mapping[str, Any], form: Mapping[str, str]) -> str:
    import shlex

    words = ["curl", "-sS", "-w", "\\n", told["token_url"]]
    for name, value in form.items():
        words += ["--data-urlencode", f"{name}={value}"]
    return shlex.join(words)


def _encrypted_line(told: Mapping[str, Any]) -> str:
    """An encrypted login, made by openssl: a text is good for a minute and once, so it is made when it is sent."""
    key, iv = b64decode(told["key"]).hex(), b64decode(told["iv"]).hex()
    return (
        f"curl -sS -w '\\n' -G {told['session_url']} -d authClientID={told['auth_client_id']} "
        f'--data-urlencode "authToken=$(printf \'%s|%s|%s|\' "$(date -u +%Y-%m-%dT%H:%M:%S)" '
        f"{told['login']} {told['password']} | openssl enc -aes-256-cbc -K {key} -iv {iv} | base64 -w 0 | "
        "tr '+/=' '_\\\\,' | tr '_' '-')\""
    )
