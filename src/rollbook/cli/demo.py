"""``rollbook demo``: a server with sample data, in one command, and three lines to paste."""

import json as json_text
import os
import shlex
import signal
import sys
import threading
from typing import TYPE_CHECKING

import typer

from rollbook.cli.demo_client import BASE, DemoClient, DemoFailed
from rollbook.cli.demo_people import USER
from rollbook.cli.options import Config, Database, Json
from rollbook.cli.output import fail, print_json, say
from rollbook.cli.serve import Port, refuse_many_on_sqlite, refuse_taken_port
from rollbook.cli.session import load, refuse_unfit, with_store
from rollbook.clock import SYSTEM_CLOCK
from rollbook.identity import static_tokens
from rollbook.ids import random_bytes
from rollbook.tenancy import lifecycle

if TYPE_CHECKING:
    from rollbook.config import Loaded, Settings
    from rollbook.storage.contract import Store

TENANT = "demo"
_LIFETIME = "30d"


def demo(
    ctx: typer.Context, port: Port = None, database: Database = None, config: Config = None, json: Json = False
) -> None:
    """Start a server with sample data, and print an address, a token and three curl lines to try.

    The data (tenant "demo", 200 users, 10 groups) is kept in an SQLite file and found again by the next start; the
    token is a new one every time. With --json the first line is one object, printed once the server answers.
    Ctrl-C ends it.

    \b
    rollbook demo
    rollbook demo --port 9000 --database sqlite:///try.db
    rollbook demo --json                     {"base_url": "…", "tenant": "demo", "token": "rbk_…"}
    """
    settings = _settings(load(ctx, config=config, port=port, database=database))
    refuse_many_on_sqlite(settings)
    refuse_taken_port(settings.host, settings.port)
    token = with_store(settings, _open_tenant, empty="migrate")

    from rollbook.app import serve

    show = _Show(settings, token, json=json)
    try:
        serve(settings, on_ready=show.begin)
    finally:
        show.stopped = True
    if show.failure:
        fail(show.failure)
    say(f"\nThe demo has ended. Its data is in {settings.database}.")


def _settings(loaded: "Loaded") -> "Settings":
    """A demo has a file of its own, says nothing but what goes wrong, and ends at once."""
    from rollbook.config import DatabaseUrl

    own = {"database": DatabaseUrl.default("demo.db"), "log_level": "warning", "drain_seconds": 0.0}
    return loaded.settings.model_copy(update={name: value for name, value in own.items() if name not in loaded.sources})


async def _open_tenant(store: "Store") -> str:
    """The tenant, made where it is missing, and a fresh token for it."""
    await refuse_unfit(store)
    tenant = await store.find_tenant(TENANT)
    if tenant is None:
        from rollbook.app import dialect_names

        tenant = await lifecycle.create(store, SYSTEM_CLOCK, TENANT, "standard", dialect_names())
    if tenant.status != "active":
        fail(f"tenant {TENANT!r} is {tenant.status}", f"`rollbook tenant resume {TENANT}` opens it again")
    lifetime = static_tokens.read_duration(_LIFETIME)
    return (await static_tokens.issue(store, SYSTEM_CLOCK, tenant, "demo", lifetime)).secret


class _Show:
    """What happens beside the server: fill it, print how to use it."""

    def __init__(self, settings: "Settings", token: str, *, json: bool) -> None:
        self.stopped = False
        self.failure = ""
        self._base_url = settings.origin + BASE
        self._token = token
        self._json = json
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 - compared
        self._client = DemoClient(host, settings.port, token)

    def begin(self, _: str) -> None:
        """The server answers: go to work, in a thread, for this one is the server's."""
        threading.Thread(target=self._run, name="demo", daemon=True).start()

    def _run(self) -> None:
        try:
            self._client.fill()
            self._print()
        except DemoFailed as failed:
            if not self.stopped:
                self._give_up(failed.detail)
        except BrokenPipeError:
            pass  # nobody reads what is printed; the server serves all the same

    def _give_up(self, detail: str) -> None:
        self.failure = detail
        os.kill(os.getpid(), signal.SIGINT)  # the server runs in the main thread and listens for nothing else

    def _print(self) -> None:
        if self._json:
            print_json({"base_url": self._base_url, "tenant": TENANT, "token": self._token})
            return
        users, groups = self._client.count("Users"), self._client.count("Groups")
        print(f"rollbook serves tenant {TENANT!r} with {users} users and {groups} groups. Ctrl-C ends it.\n")
        print(f"base URL  {self._base_url}\ntoken     {self._token}\n")
        for line in self.lines():
            print(f"{line}\n")
        sys.stdout.flush()

    def lines(self) -> list[str]:
        """Create, filter, PATCH: each works when it is pasted, on every start."""
        newcomer = {
            "schemas": [USER],
            "userName": f"newcomer-{random_bytes(4).hex()}@demo.example",
            "name": {"givenName": "New", "familyName": "Comer"},
        }
        patch = {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "replace", "path": "title", "value": "Explorer"}],
        }
        return [
            self._curl("POST", "/Users", newcomer),
            self._curl("GET", "/Users", filter='name.familyName eq "Archer" and active eq true'),
            self._curl("PATCH", f"/Users/{self._client.anyone()}", patch),
        ]

    def _curl(self, method: str, path: str, body: object = None, **query: str) -> str:
        words = ["curl", "-sS", "-w", "\\n", "-X", method, self._base_url + path]
        words += ["-H", f"Authorization: Bearer {self._token}"]
        if query:
            words.append("-G")
        for name, value in query.items():
            words += ["--data-urlencode", f"{name}={value}"]
        if body is not None:
            words += ["-H", "Content-Type: application/scim+json", "-d", json_text.dumps(body)]
        return shlex.join(words)
