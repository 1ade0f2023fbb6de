"""``rollbook token``: create, list, revoke."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from rollbook.cli.client_products import own_scopes
from rollbook.cli.options import Config, Database, Json, TenantName
from rollbook.cli.output import print_json, print_record, print_table, say, understood
from rollbook.cli.session import load, with_store
from rollbook.clock import SYSTEM_CLOCK
from rollbook.identity import scopes, static_tokens
from rollbook.storage.records import Token
from rollbook.tenancy import connections, lifecycle

if TYPE_CHECKING:
    from rollbook.storage.contract import Store

app = typer.Typer(
    name="token",
    help="The bearer tokens by which clients come in. A token opens one tenant's resources and nothing else.",
    short_help="Create, list, revoke the tokens of a tenant.",
    no_args_is_help=True,
)


@app.command()
def create(
    ctx: typer.Context,
    tenant: TenantName,
    name: Annotated[str, typer.Option(help="What the token is for, to tell it from others.")] = "",
    connection: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The connection that it opens, by name or id. Else the connection default."),
    ] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SCOPE",
            help=f"What its bearer may do, once for each: {', '.join(scopes.SCOPES)}; or a product's "
            "names for them. Else scim.read and scim.write.",
        ),
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option(metavar="DURATION", help="How long it holds: 12h, 90d, 1y (s, m, h, d, w, y). Else for ever."),
    ] = None,
    database: Database = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Create a token for a tenant, and show it this once.

    \b
    rollbook token create acorn --name "Entra" --expires 90d
    rollbook token create acorn --connection okta
    rollbook token create acorn --scope scim.read        one that changes nothing
    rollbook token create acorn --json       {"id": "…", "token": "rbk_…"}
    """
    lifetime = understood("--expires", static_tokens.read_duration, expires) if expires is not None else None

    settings = load(ctx, database=database, config=config).settings
    granted = understood("--scope", scopes.read_scopes, own_scopes(settings, scope) if scope else [])

    async def work(store: "Store") -> static_tokens.Issued:
        found = await lifecycle.find(store, tenant)
        of = await connections.find(store, found, connection) if connection is not None else None
        return await static_tokens.issue(store, SYSTEM_CLOCK, found, name, lifetime, connection=of, scopes=granted)

    issued = with_store(settings, work)
    if json:
        print_json({"id": issued.token.id, "token": issued.secret})
        return
    print_record({"id": issued.token.id, "token": issued.secret, "expires": issued.token.expires or "never"})
    say("Keep the token now: it is not shown again, and only its digest is stored.")


@app.command("list")
def list_(
    ctx: typer.Context, tenant: TenantName, database: Database = None, config: Config = None, json: Json = False
) -> None:
    """List a tenant's tokens, oldest first, revoked and expired ones too. The tokens themselves are not kept.

    \b
    rollbook token list acorn
    """

    async def work(store: "Store") -> tuple[list[Token], dict[str, str]]:
        handle = store.tenant((await lifecycle.find(store, tenant)).id)
        return await handle.tokens(), {found.id: found.name for found in await handle.connections()}

    tokens, names = with_store(load(ctx, database=database, config=config).settings, work)
    rows = [{**_fields(token), "connection": names.get(token.connection, "")} for token in tokens]
    if json:
        print_json(rows)
    else:
        headings = ["id", "name", "ends in", "created", "expires", "status", "scopes", "connection"]
        print_table(headings, [list(row.values()) for row in rows])


@app.command()
def revoke(
    ctx: typer.Context,
    tenant: TenantName,
    token: Annotated[str, typer.Argument(metavar="TOKEN_ID", help="The token's id (not the token).")],
    database: Database = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Revoke a token. Every worker refuses it within 5 seconds.

    \b
    rollbook token revoke acorn 42d7cfdf-73a0-45e0-b796-234a88625f87
    """

    async def work(store: "Store") -> Token:
        return await static_tokens.revoke(store, SYSTEM_CLOCK, await lifecycle.find(store, tenant), token)

    revoked = with_store(load(ctx, database=database, config=config).settings, work)
    if json:
        print_json(_fields(revoked))
    else:
        say(f"Token {revoked.id} is revoked.")


def _fields(token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "hint": token.hint,
        "created": token.created,
        "expires": token.expires,
        "status": static_tokens.state_of(token, SYSTEM_CLOCK.written()),
        "scopes": " ".join(token.scopes),
    }
