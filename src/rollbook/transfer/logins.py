"""How a client proves who it is, and what it does once that holds no more.

After a 401 a token is refreshed; where that is refused, the client logs in again; where that is refused too, the run
ends. However many requests meet the 401, one of them renews.

**Source**: RFC 6749 §4.3, §4.4, §6; RFC 6750 §2.1; Retail Ops' page "API Connection".
"""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import orjson

from rollbook.clock import Clock
from rollbook.transfer.errors import LoginRefused
from rollbook.transfer.retail_session import open_session
from rollbook.transfer.target_settings import Login, Secret

EARLY = 30.0
"""Seconds before its end at which a token is renewed already."""
SESSION = "X-PHP-SESSID"


class Answered(NamedTuple):
    """What a login address said."""

    status: int
    body: Any


Ask = Callable[[str, str, dict[str, str], bytes | None], Awaitable[Answered]]
"""Method, URL, headers, body. It retries what is worth it and **raises** ``Unreachable``."""


class Keeper:
    """Has the header that requests carry, and renews it. ``generation`` tells one credential from the next."""

    def __init__(self, login: Login, base_url: str, ask: Ask, clock: Clock) -> None:
        self._login = login
        self._base_url = base_url
        self._ask = ask
        self._clock = clock
        self._lock = asyncio.Lock()
        self._headers: dict[str, str] | None = None
        self._refresh = ""
        self._ends: float | None = None
        self.generation = 0
        self.logins = 0

    async def headers(self) -> dict[str, str]:
        """The header to send now."""
        early = self._ends is not None and self._clock.elapsed() > self._ends
        if self._headers is None or early:
            await self._renew(self.generation)
        assert self._headers is not None
        return self._headers

    async def refused(self, generation: int) -> None:
        """A request with the credential of this generation was answered 401. **Raises** ``LoginRefused`` where no
        other can be had."""
        if self._login.kind in ("none", "bearer", "bare", "basic"):
            raise LoginRefused("the target refuses the credential: it is wrong, or has ended")
        await self._renew(generation)

    async def _renew(self, generation: int) -> None:
        async with self._lock:
            if self.generation != generation:
                return  # somebody else has renewed it in the meantime
            self._headers = await self._obtain()
            self.generation += 1

    async def _obtain(self) -> dict[str, str]:
        login = self._login
        match login.kind:
            case "none":
                return {}
            case "bearer":
                return {"Authorization": f"Bearer {_read(login.token, 'token')}"}
            case "bare":
                return {"Authorization": _read(login.token, "token")}
            case "basic":
                pair = f"{login.username}:{_read(login.password, 'password')}"
                return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
            case "session":
                self.logins += 1
                return {SESSION: await open_session(login, self._base_url, self._ask, self._clock)}
        if self._refresh:
            answer = await self._token({"grant_type": "refresh_token", "refresh_token": self._refresh})
            if answer.status == 200:
                return self._taken(answer)
            self._refresh = ""
        self.logins += 1
        form: dict[str, str] = {"grant_type": login.kind}
        if login.kind == "password":
            form |= {"username": login.username, "password": _read(login.password, "password")}
        if login.scope:
            form["scope"] = login.scope
        answer = await self._token(form)
        if answer.status != 200:
            raise LoginRefused(
                f"the token address refuses the login ({answer.status}{_error(answer.body)})",
                hint="check client_id, client_secret, username, password and scope",
            )
        return self._taken(answer)

    async def _token(self, form: dict[str, str]) -> Answered:
        login = self._login
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if login.client_secret is not None:
            pair = f"{quote(login.client_id, safe='')}:{quote(_read(login.client_secret, 'client_secret'), safe='')}"
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        elif login.client_id:
            form = {**form, "client_id": login.client_id}
        body = "&".join(f"{name}={quote(value, safe='')}" for name, value in form.items())
        return await self._ask("POST", login.token_url, headers, body.encode())

    def _taken(self, answer: Answered) -> dict[str, str]:
        body = answer.body if isinstance(answer.body, dict) else {}
        token = body.get("access_token")
        if not isinstance(token, str) or not token:
            raise LoginRefused("the token address answered 200, but no access_token")
        if isinstance(body.get("refresh_token"), str):
            self._refresh = body["refresh_token"]
        ends = body.get("expires_in")
        lasting = isinstance(ends, int | float) and ends > 2 * EARLY
        self._ends = self._clock.elapsed() + float(ends) - EARLY if lasting and ends else None
        return {"Authorization": token if self._login.bare else f"Bearer {token}"}


def origin(url: str) -> str:
    """Scheme and host of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _read(secret: Secret | None, name: str) -> str:
    if secret is None:
        raise LoginRefused(f"the config says no {name} for this login")
    return secret()


def _error(body: Any) -> str:
    """The code of RFC 6749 §5.2, where there is one; nothing else of an answer is repeated."""
    code = body.get("error") if isinstance(body, dict) else None
    return f", {code}" if isinstance(code, str) and code.isascii() and code.replace("_", "").isalpha() else ""


def read_json(body: bytes) -> Any:
    """A body as JSON, or None."""
    try:
        return orjson.loads(body) if body else None
    except orjson.JSONDecodeError:
        return None
