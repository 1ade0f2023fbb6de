"""``rollbook client``: create, list, rotate, disable, enable, link, unlink."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rollbook.cli import auth_key
from rollbook.cli.client_products import own_scopes, token_address
from rollbook.cli.options import Config, Database, Json, TenantName
from rollbook.cli.output import fail, print_json, print_record, print_table, say, understood
from rollbook.cli.session import load, with_store
from rollbook.clock import SYSTEM_CLOCK
from rollbook.identity.static_tokens import read_duration
from rollbook.tenancy import connections, lifecycle

if TYPE_CHECKING:
    from rollbook.identity import clients
    from rollbook.storage.contract import Store
    from rollbook.storage.identity_records import KnownClient

app = typer.Typer(
    name="client",
    help="The servers that come to the token endpoint (POST /oauth/token). A client works in the tenants that it was"
    " let into, and in no other.",
    short_help="Create, list, rotate, disable, enable, link, unlink OAuth clients.",
    no_args_is_help=True,
)

app.add_typer(auth_key.app)

_CONNECTION = typer.Option(
    metavar="NAME", help="Through which connection of the tenant, by name or id. Else default.", show_default=False
)
ClientId = Annotated[str, typer.Argument(metavar="CLIENT_ID", help="The client's id.", show_default=False)]


@app.command()
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is, for a person to tell it from others.")],
    tenant: Annotated[
        list[str],
        typer.Option("--tenant", metavar="TENANT", help="A tenant that it may work in (several times)."),
    ],
    grant: Annotated[
        list[str] | None,
        typer.Option(
            "--grant",
            metavar="GRANT",
            help="client_credentials (the default), password, refresh_token. Several are possible.",
        ),
    ] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option(
            "--scope",
            metavar="SCOPE",
            help="What its tokens may do, by our names or a product's. Else scim.read and scim.write.",
        ),
    ] = None,
    auth_method: Annotated[
        str, typer.Option(metavar="METHOD", help="How it proves itself: secret, or private_key_jwt with its keys.")
    ] = "secret",
    jwks: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Its public keys, a JWK set, for private_key_jwt.")
    ] = None,
    jwks_uri: Annotated[
        str | None, typer.Option(metavar="URL", help="Or where they are, to be fetched from there: https, and public.")
    ] = None,
    alg: Annotated[
        list[str] | None,
        typer.Option(
            "--alg",
            metavar="ALG",
            help="What it signs with, for --jwks-uri: RS256 (the default), PS256, ES256, EdDSA. Several are possible.",
        ),
    ] = None,
    opaque: Annotated[
        bool, typer.Option("--opaque", help="Give it access tokens that are looked up, not JWTs.")
    ] = False,
    max_session: Annotated[
        str | None,
        typer.Option(metavar="DURATION", help="How long after a login it may refresh, such as 30d. Else for ever."),
    ] = None,
    resource_server: Annotated[
        bool, typer.Option("--resource-server", help="Let it ask about all access tokens of its tenants (RFC 7662).")
    ] = False,
    connection: Annotated[str | None, _CONNECTION] = None,
    mail_id_to: Annotated[
        str, typer.Option("--mail-id-to", metavar="ADDRESS", help="Send the id there by mail (settings smtp_…).")
    ] = "",
    text_secret_to: Annotated[
        str,
        typer.Option(
            "--text-secret-to",
            metavar="NUMBER",
            help="Send the secret there as a text message (setting text_command), and do not show it.",
        ),
    ] = "",
    database: Database = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Create a client, and show its secret this once.

    The grant password is for API system users only (`rollbook user create`), and for clients that know no better one.

    \b
    rollbook client create "HR sync" --tenant acorn
    rollbook client create "HR sync" --tenant acorn --mail-id-to it@acorn.example --text-secret-to +31201234567
    rollbook client create releezme --tenant acorn --tenant birch --grant password --grant refresh_token --json
                                             {"client_id": "…", "client_secret": "rbs_…"}
    """
    from rollbook.app import make_master_key
    from rollbook.identity import clients, letters

    grants = understood("--grant", clients.read_grants, grant or [])
    settings = load(ctx, database=database, config=config).settings
    scopes = understood("--scope", clients.read_scopes, own_scopes(settings, scope or []))
    session = understood("--max-session", read_duration, max_session) if max_session is not None else None
    if auth_method not in clients.METHODS:
        fail(f"--auth-method: choose {' or '.join(clients.METHODS)}", code=2)
    if (jwks is not None) + (jwks_uri is not None) != (auth_method == "private_key_jwt"):
        fail("--auth-method private_key_jwt goes with either --jwks FILE or --jwks-uri URL", code=2)
    if alg and jwks_uri is None:
        fail("--alg goes with --jwks-uri: keys in a file say themselves what they are for", code=2)
    keys = understood("--jwks", clients.read_jwks, jwks.read_text("utf-8")) if jwks is not None else None
    address = understood("--jwks-uri", clients.read_jwks_uri, jwks_uri) if jwks_uri is not None else None
    algorithms = understood("--alg", clients.read_algorithms, alg or [])

    if mail_id_to:
        understood("--mail-id-to", letters.read_address, mail_id_to)
        if not settings.smtp_host:
            fail("there is no mail server to send the id by", "set smtp_host and the other settings smtp_…")
    if text_secret_to:
        text_secret_to = understood("--text-secret-to", letters.read_number, text_secret_to)
        if auth_method != "secret":
            fail("--text-secret-to: a client with keys of its own has no secret", code=2)
        if not settings.text_command:
            fail("there is no program to send the secret by", "set text_command")

    async def work(store: "Store") -> "clients.Issued":
        tenants = [await lifecycle.find(store, name) for name in dict.fromkeys(tenant)]
        through = {}
        if connection is not None:
            through = {one.id: (await connections.find(store, one, connection)).id for one in tenants}
        issued = await clients.create(
            store,
            SYSTEM_CLOCK,
            name,
            tenants,
            grants=grants,
            scopes=scopes,
            tokens="opaque" if opaque else "jwt",
            session=session,
            resource_server=resource_server,
            jwks=keys,
            jwks_uri=address,
            algorithms=algorithms,
            connections=through,
        )
        master, about = make_master_key(settings), issued.client.id
        post = []
        if mail_id_to:
            where = settings.origin + await token_address(settings, store, tenants, through)
            message = letters.client_id(name, about, where)
            post.append((letters.MAIL, mail_id_to, letters.CLIENT_ID, message))
        if text_secret_to and issued.secret is not None:
            message = letters.client_secret(issued.secret)
            post.append((letters.TEXT, text_secret_to, letters.CLIENT_SECRET, message))
        written = [
            letters.write(SYSTEM_CLOCK, master, channel, to, kind, about, None, message)
            for channel, to, kind, message in post
        ]
        await store.entrance.post(written)
        return issued._replace(secret=None) if text_secret_to else issued

    _show(with_store(settings, work), json=json)
    _warn_of_master_key(settings)


@app.command("list")
def list_(ctx: typer.Context, database: Database = None, config: Config = None, json: Json = False) -> None:
    """List the clients, oldest first, disabled ones too.

    \b
    rollbook client list
    """

    async def work(store: "Store") -> list[dict[str, Any]]:
        names = {tenant.id: tenant.name for tenant in await store.tenants()}
        return [_fields(known, names) for known in await store.identity.clients()]

    rows = with_store(load(ctx, database=database, config=config).settings, work)
    if json:
        print_json(rows)
        return
    shown = [[", ".join(map(str, v)) if isinstance(v, list) else v for v in row.values()] for row in rows]
    print_table(["id", "name", "status", "tenants", "grants", "scopes", "proves itself", "tokens", "secrets"], shown)


@app.command()
def rotate(
    ctx: typer.Context,
    client: ClientId,
    overlap: Annotated[str, typer.Option(metavar="DURATION", help="How long the present secret still holds.")] = "1d",
    database: Database = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Give a client a new secret, and show it this once. The present one holds for a day longer.

    \b
    rollbook client rotate 42d7cfdf-73a0-45e0-b796-234a88625f87
    rollbook client rotate 42d7cfdf-73a0-45e0-b796-234a88625f87 --overlap 1s      the old one has leaked
    """
    from rollbook.identity import clients

    lasts = understood("--overlap", read_duration, overlap)

    async def work(store: "Store") -> "clients.Issued":
        return await clients.rotate(store, SYSTEM_CLOCK, client, lasts)

    _show(with_store(load(ctx, database=database, config=config).settings, work), json=json)


@app.command()
def disable(
    ctx: typer.Context, client: ClientId, database: Database = None, config: Config = None, json: Json = False
) -> None:
    """Let a client in no more. Its tokens end within 5 seconds, and do not come back when it is enabled again.

    \b
    rollbook client disable 42d7cfdf-73a0-45e0-b796-234a88625f87
    """
    _set_status(ctx, client, "disabled", database, config, json)


@app.command()
def enable(
    ctx: typer.Context, client: ClientId, database: Database = None, config: Config = None, json: Json = False
) -> None:
    """Let a client that was disabled in again.

    \b
    rollbook client enable 42d7cfdf-73a0-45e0-b796-234a88625f87
    """
    _set_status(ctx, client, "active", database, config, json)


@app.command()
def link(
    ctx: typer.Context,
    client: ClientId,
    tenant: TenantName,
    scope: Annotated[
        list[str] | None, typer.Option("--scope", metavar="SCOPE", help="What it may do there. Else all that it may.")
    ] = None,
    connection: Annotated[str | None, _CONNECTION] = None,
    database: Database = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Let a client into one more tenant, or change what it may do there.

    \b
    rollbook client link 42d7cfdf-73a0-45e0-b796-234a88625f87 birch --scope scim.read
    """
    from rollbook.identity import clients

    settings = load(ctx, database=database, config=config).settings
    scopes = understood("--scope", clients.read_scopes, own_scopes(settings, scope)) if scope else None

    async def work(store: "Store") -> dict[str, Any]:
        found = await lifecycle.find(store, tenant)
        through = (await connections.find(store, found, connection)).id if connection is not None else None
        known = await clients.link(store, SYSTEM_CLOCK, client, found, scopes, through)
        return _fields(known, {t.id: t.name for t in await store.tenants()})

    _tell(with_store(settings, work), json=json)


@app.command()
def unlink(
    ctx: typer.Context,
    client: ClientId,
    tenant: TenantName,
    database: Database = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Let a client into a tenant no more. Its tokens for that tenant end within 5 seconds.

    \b
    rollbook client unlink 42d7cfdf-73a0-45e0-b796-234a88625f87 birch
    """

    from rollbook.identity import clients

    async def work(store: "Store") -> dict[str, Any]:
        known = await clients.unlink(store, SYSTEM_CLOCK, client, await lifecycle.find(store, tenant))
        return _fields(known, {t.id: t.name for t in await store.tenants()})

    _tell(with_store(load(ctx, database=database, config=config).settings, work), json=json)


def _set_status(
    ctx: typer.Context, client: str, status: str, database: str | None, config: str | None, json: bool
) -> None:
    from rollbook.identity import clients

    async def work(store: "Store") -> dict[str, Any]:
        known = await clients.set_status(store, SYSTEM_CLOCK, client, status)
        return _fields(known, {t.id: t.name for t in await store.tenants()})

    _tell(with_store(load(ctx, database=database, config=config).settings, work), json=json)


def _show(issued: "clients.Issued", *, json: bool) -> None:
    fields = {"client_id": issued.client.id}
    if issued.secret is not None:
        fields["client_secret"] = issued.secret
    if json:
        print_json(fields)
        return
    print_record(fields)
    if issued.secret is not None:
        say("Keep the secret now: it is not shown again, and only its digest is stored.")


def _warn_of_master_key(settings: Any) -> None:
    if settings.database.engine == "postgres" and not (settings.master_key or settings.master_key_file):
        say("Before it gets tokens, the server needs a master key: `rollbook keys master --help` tells how.")


def _fields(known: "KnownClient", tenants: dict[str, str]) -> dict[str, Any]:
    client, now = known.client, SYSTEM_CLOCK.written()
    live = sum(secret.expires is None or secret.expires > now for secret in known.secrets)
    return {
        "id": client.id,
        "name": client.name,
        "status": client.status,
        "tenants": [tenants.get(link.tenant, link.tenant) for link in known.tenants],
        "grants": list(client.grants),
        "scopes": list(client.scopes),
        "method": client.method,
        "tokens": client.tokens,
        "secrets": live,
    }


def _tell(fields: dict[str, Any], *, json: bool) -> None:
    if json:
        print_json(fields)
    else:
        tenants = ", ".join(fields["tenants"]) or "no tenant"
        say(f"Client {fields['name']} is {fields['status']}, and let into {tenants}.")
