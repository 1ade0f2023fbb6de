"""``rollbook client auth-key``: create, list, revoke."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from rollbook.cli.options import Config, Database, Json, TenantName
from rollbook.cli.output import fail, print_json, print_record, print_table, say, understood
from rollbook.cli.session import load, with_store
from rollbook.clock import SYSTEM_CLOCK
from rollbook.identity import scopes
from rollbook.tenancy import connections, lifecycle

if TYPE_CHECKING:
    from rollbook.identity.encrypted_login import Issued
    from rollbook.storage.contract import Store
    from rollbook.storage.records import Connection, Tenant
    from rollbook.storage.session_records import AuthKey

app = typer.Typer(
    name="auth-key",
    help="The keys that clients of Retail Ops encrypt their logins with (GET /api/auth/v1/connectAutoWithAuthToken).",
    short_help="Create, list, revoke the keys of encrypted logins.",
    no_args_is_help=True,
)

DIALECT = "retailops"


@app.command()
def create(
    ctx: typer.Context,
    tenant: TenantName,
    name: Annotated[str, typer.Option(help="Whose key it is, to tell it from others.")] = "",
    connection: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The connection that sessions come by. Else the first of Retail Ops."),
    ] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SCOPE",
            help=f"What sessions may do, once for each: {', '.join(scopes.SCOPES)}. Else scim.read and scim.write.",
        ),
    ] = None,
    database: Database = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Create a key for a tenant's encrypted logins, and show it this once.

    Key and IV are base64 of 32 and 16 bytes, for AES-256-CBC. Who logs in is an API system user
    (`rollbook user create`).

    \b
    rollbook client auth-key create acorn --name "Tills"
    rollbook client auth-key create acorn --json
                                        {"authClientID": 123456789012345, "key": "…", "iv": "…", "encoding": "base64"}
    """
    from rollbook.app import make_master_key
    from rollbook.identity import encrypted_login

    granted = understood("--scope", lambda _: scopes.read_scopes(scope or []), "")
    settings = load(ctx, database=database, config=config).settings
    master = make_master_key(settings)

    async def work(store: "Store") -> "Issued":
        found = await lifecycle.find(store, tenant)
        of = await connections.find(store, found, connection) if connection is not None else await _first(store, found)
        return await encrypted_login.issue(store, SYSTEM_CLOCK, master, found, of, name, scopes=granted)

    issued = with_store(settings, work)
    shown = {"authClientID": issued.kept.id, "key": issued.key, "iv": issued.iv, "encoding": "base64"}
    if json:
        print_json(shown)
        return
    print_record(shown)
    say("Keep key and IV now: they are not shown again.")


@app.command("list")
def list_(
    ctx: typer.Context, tenant: TenantName, database: Database = None, config: Config = None, json: Json = False
) -> None:
    """List a tenant's keys of encrypted logins, oldest first, revoked ones too.

    \b
    rollbook client auth-key list acorn
    """

    async def work(store: "Store") -> tuple[list["AuthKey"], dict[str, str]]:
        found = await lifecycle.find(store, tenant)
        names = {one.id: one.name for one in await store.tenant(found.id).connections()}
        return await store.sessions.auth_keys(found.id), names

    keys, names = with_store(load(ctx, database=database, config=config).settings, work)
    rows = [{**_fields(key), "connection": names.get(key.connection, "")} for key in keys]
    if json:
        print_json(rows)
    else:
        headings = ["authClientID", "name", "created", "status", "scopes", "connection"]
        print_table(headings, [list(row.values()) for row in rows])


@app.command()
def revoke(
    ctx: typer.Context,
    tenant: TenantName,
    key: Annotated[int, typer.Argument(metavar="AUTH_CLIENT_ID", help="As the list shows it.", show_default=False)],
    database: Database = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Revoke a key. The sessions that it opened end within 5 seconds.

    \b
    rollbook client auth-key revoke acorn 123456789012345
    """
    from rollbook.identity import encrypted_login

    async def work(store: "Store") -> "AuthKey":
        return await encrypted_login.revoke(store, SYSTEM_CLOCK, await lifecycle.find(store, tenant), key)

    revoked = with_store(load(ctx, database=database, config=config).settings, work)
    if json:
        print_json(_fields(revoked))
    else:
        say(f"Key {revoked.id} is revoked.")


async def _first(store: "Store", tenant: "Tenant") -> "Connection":
    found = next((one for one in await store.tenant(tenant.id).connections() if one.dialect == DIALECT), None)
    if found is None:
        fail(f"tenant {tenant.name!r} has no connection of the dialect {DIALECT}", "name another with --connection")
    return found


def _fields(key: "AuthKey") -> dict[str, Any]:
    return {
        "authClientID": key.id,
        "name": key.name,
        "created": key.created,
        "status": "active" if key.revoked is None else "revoked",
        "scopes": " ".join(key.scopes),
    }
