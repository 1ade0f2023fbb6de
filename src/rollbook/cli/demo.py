"""``rollbook demo``: a server with sample data, in one command, and three lines to paste."""

import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Annotated

import typer

from rollbook.cli.demo_client import DemoClient, DemoFailed
from rollbook.cli.demo_lines import Lines
from rollbook.cli.demo_ways import Way, enter, make
from rollbook.cli.options import Config, Database, Dialects, Json
from rollbook.cli.output import fail, print_json, say
from rollbook.cli.serve import Port, refuse_many_on_sqlite, refuse_taken_port
from rollbook.cli.session import load, refuse_unfit, with_store
from rollbook.clock import SYSTEM_CLOCK
from rollbook.identity import static_tokens
from rollbook.tenancy import lifecycle

if TYPE_CHECKING:
    from rollbook.config import Loaded, Settings
    from rollbook.dialects.model import Dialect
    from rollbook.storage.contract import Store

TENANT = "demo"
_LIFETIME = "30d"


def demo(
    ctx: typer.Context,
    dialect: Annotated[str, typer.Option("--dialect", metavar="DIALECT", help="The SCIM to try.")] = "standard",
    port: Port = None,
    dialects: Dialects = None,
    database: Database = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Start a server with sample data, and print an address, credentials and curl lines to try.

    The data (tenant "demo", 200 users, 10 groups) is kept in an SQLite file and found again by the next start, also of
    a later release; credentials are new ones every time. With --dialect the lines are those of that product's clients,
    and tell how they get a token or a session. With --json the first line is one object, printed once the server
    answers. Ctrl-C ends it.

    \b
    rollbook demo
    rollbook demo --dialect releezme --port 9000 --database sqlite:///try.db
    rollbook demo --json                     {"base_url": "…", "tenant": "demo", "token": "rbk_…"}
    """
    from rollbook.app import house_dialects, serve
    from rollbook.dialects.checks import nearest

    loaded = load(ctx, config=config, port=port, database=database, dialects=dialects)
    settings = _settings(loaded)
    known = {one.name: one for one in house_dialects(settings)}
    if dialect not in known:
        fail(f"--dialect: there is no dialect {dialect!r}{nearest(dialect, known)}", f"choose {', '.join(known)}", 2)
    refuse_many_on_sqlite(settings)
    refuse_taken_port(settings.host, settings.port)

    async def work(store: "Store") -> tuple[str, Way]:
        return await _open_tenant(store, settings, known[dialect])

    own = "database" not in loaded.sources  # a file that somebody has named may be worth more than a demo
    token, way = with_store(settings, work, empty="upgrade" if own else "migrate")
    show = _Show(settings, token, known[dialect], way, json=json)
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


async def _open_tenant(store: "Store", settings: "Settings", dialect: "Dialect") -> tuple[str, Way]:
    """The tenant, made where it is missing: a fresh token to fill it with, and credentials of the dialect's clients."""
    await refuse_unfit(store)
    tenant = await store.find_tenant(TENANT)
    if tenant is None:
        tenant = await lifecycle.create(store, SYSTEM_CLOCK, TENANT, "standard", ("standard",))
    if tenant.status != "active":
        fail(f"tenant {TENANT!r} is {tenant.status}", f"`rollbook tenant resume {TENANT}` opens it again")
    lifetime = static_tokens.read_duration(_LIFETIME)
    token = (await static_tokens.issue(store, SYSTEM_CLOCK, tenant, "demo", lifetime)).secret
    if dialect.name == "standard":
        told = {"base_url": settings.origin + dialect.base, "tenant": TENANT, "token": token}
        return token, Way(told, {"Authorization": f"Bearer {token}"})
    return token, await make(store, settings, tenant, dialect, lifetime)


class _Show:
    """What happens beside the server: fill it, print how to use it."""

    def __init__(self, settings: "Settings", token: str, dialect: "Dialect", way: Way, *, json: bool) -> None:
        self.stopped = False
        self.failure = ""
        self._dialect = dialect
        self._way = way
        self._json = json
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 - compared
        self._client = DemoClient(host, settings.port, token)

    def begin(self, _: str) -> None:
        """The server answers: go to work, in a thread, for this one is the server's."""
        threading.Thread(target=self._run, name="demo", daemon=True).start()

    def _run(self) -> None:
        try:
            self._client.fill()
            self._way = enter(self._way, self._dialect, self._client)
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
        told = self._way.told
        if self._json:
            print_json(dict(told))
            return
        lines = [*self._way.lines, *self.lines()]
        users, groups = self._client.count("Users"), self._client.count("Groups")
        print(f"rollbook serves tenant {TENANT!r} with {users} users and {groups} groups. Ctrl-C ends it.\n")
        width = max(map(len, (*told, "base URL"))) + 2
        for name, value in told.items():
            if name != "tenant":
                print(f"{'base URL' if name == 'base_url' else name:{width}}{value}")
        print()
        for line in lines:
            print(f"{line}\n")
        sys.stdout.flush()

    def lines(self) -> list[str]:
        """Create, search, change: each works when it is pasted, on every start."""
        base, path = str(self._way.told["base_url"]), f"{self._dialect.types[0].endpoint}/{self._client.anyone()}"
        status, someone = self._client.send("GET", self._dialect.base + path, None, self._way.headers)
        if status != 200:
            raise DemoFailed(f"the server answered {status} where a user was right")
        return Lines(self._dialect, base, self._way.headers, someone).all()
