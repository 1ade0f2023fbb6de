"""``rollbook issuer``: add, list, remove."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from rollbook.cli.options import Config, Database, Json, TenantName
from rollbook.cli.output import fail, print_json, print_table, say
from rollbook.cli.session import load, with_store
from rollbook.clock import SYSTEM_CLOCK
from rollbook.tenancy import connections, lifecycle

if TYPE_CHECKING:
    from rollbook.storage.contract import Store
    from rollbook.storage.entrance_records import ExternalIssuer

app = typer.Typer(
    name="issuer",
    help="Outside issuers whose access tokens (JWTs) a tenant takes beside this server's own.",
    short_help="Add, list, remove outside issuers of access tokens.",
    no_args_is_help=True,
)


@app.command()
def add(
    ctx: typer.Context,
    tenant: TenantName,
    issuer: Annotated[str, typer.Option(metavar="ISSUER", help="The claim iss of its tokens, to the letter.")],
    jwks_uri: Annotated[str, typer.Option(metavar="ADDRESS", help="Where its public keys are: https, and public.")],
    audience: Annotated[str, typer.Option(metavar="AUDIENCE", help="What the claim aud of its tokens has to hold.")],
    alg: Annotated[
        list[str] | None,
        typer.Option("--alg", metavar="ALG", help="RS256 (the default), PS256, ES256, EdDSA. Several are possible."),
    ] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", metavar="SCOPE", help="What its tokens may do. Else scim.read and scim.write."),
    ] = None,
    claim: Annotated[
        list[str] | None,
        typer.Option("--claim", metavar="NAME=VALUE", help="What else its tokens have to say (several times)."),
    ] = None,
    connection: Annotated[
        str, typer.Option(metavar="CONNECTION", help="The connection that its tokens come by.")
    ] = "default",
    database: Database = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Let a tenant take access tokens of an outside issuer.

    \b
    rollbook issuer add acorn --issuer https://login.acorn.example --audience rollbook \\
      --jwks-uri https://login.acorn.example/keys --alg RS256
    """
    from rollbook.identity import external_issuers

    pairs = [text.partition("=") for text in claim or []]
    if not all(name and equals and value for name, equals, value in pairs):
        fail("--claim: give NAME=VALUE, such as azp=provisioning", code=2)

    async def work(store: "Store") -> "ExternalIssuer":
        found = await lifecycle.find(store, tenant)
        return await external_issuers.add(
            store,
            SYSTEM_CLOCK,
            found,
            await connections.find(store, found, connection),
            issuer=issuer,
            jwks_uri=jwks_uri,
            audience=audience,
            algorithms=alg or ("RS256",),
            scopes=scope or external_issuers.DEFAULT_SCOPES,
            claims={name: value for name, _, value in pairs},
        )

    made = with_store(load(ctx, database=database, config=config).settings, work)
    if json:
        print_json(_fields(made))
    else:
        say(f"Tokens of {made.issuer} for {made.audience} are taken by {tenant}, within some seconds.")


@app.command("list")
def list_(
    ctx: typer.Context, tenant: TenantName, database: Database = None, config: Config = None, json: Json = False
) -> None:
    """List the outside issuers of a tenant, oldest first.

    \b
    rollbook issuer list acorn
    """

    async def work(store: "Store") -> list["ExternalIssuer"]:
        return await store.entrance.issuers((await lifecycle.find(store, tenant)).id)

    rows = [_fields(found) for found in with_store(load(ctx, database=database, config=config).settings, work)]
    if json:
        print_json(rows)
        return
    shown = [
        [", ".join(v) if isinstance(v, list) else v for v in row.values() if not isinstance(v, dict)] for row in rows
    ]
    print_table(["id", "issuer", "audience", "keys", "algorithms", "scopes", "created"], shown)


@app.command()
def remove(
    ctx: typer.Context,
    tenant: TenantName,
    issuer: Annotated[str, typer.Argument(metavar="ID", help="As the list shows it.", show_default=False)],
    database: Database = None,
    config: Config = None,
) -> None:
    """Take the tokens of an issuer no more. Those that are out end within 5 seconds.

    \b
    rollbook issuer remove acorn 42d7cfdf-73a0-45e0-b796-234a88625f87
    """
    from rollbook.identity import external_issuers

    async def work(store: "Store") -> None:
        await external_issuers.remove(store, SYSTEM_CLOCK, await lifecycle.find(store, tenant), issuer)

    with_store(load(ctx, database=database, config=config).settings, work)
    say("Its tokens are taken no more, within 5 seconds.")


def _fields(found: "ExternalIssuer") -> dict[str, Any]:
    return {
        "id": found.id,
        "issuer": found.issuer,
        "audience": found.audience,
        "jwks_uri": found.jwks_uri,
        "algorithms": list(found.algorithms),
        "scopes": list(found.scopes),
        "claims": dict(found.claims),
        "created": found.created,
    }
