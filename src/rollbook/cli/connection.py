"""``rollbook connection``: create, list, show, set, delete."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from rollbook.cli.options import Config, Database, Dialects, Json, TenantName, Yes
from rollbook.cli.output import confirm, print_json, print_record, print_table, say, understood
from rollbook.cli.session import load, with_store
from rollbook.clock import SYSTEM_CLOCK
from rollbook.errors import RollbookError
from rollbook.identity.static_tokens import state_of
from rollbook.scim.presets import PRESETS, check_preset
from rollbook.scim.terms_settings import SETTINGS, changed_settings, written
from rollbook.storage.records import Connection, Tenant
from rollbook.tenancy import connections, lifecycle

if TYPE_CHECKING:
    from rollbook.storage.contract import Store

app = typer.Typer(
    name="connection",
    help="The ways into a tenant, one for each client: with tokens, a preset of what is tolerated, and settings.",
    short_help="Create, list, show, set, delete the connections of a tenant.",
    no_args_is_help=True,
)

ConnectionName = Annotated[str, typer.Argument(metavar="NAME", help="The connection's name or id.", show_default=False)]
_PRESET = f"What is tolerated: {', '.join(PRESETS)}."


@app.command()
def create(
    ctx: typer.Context,
    tenant: TenantName,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="1 to 63 letters, digits, - or _; letter case makes no difference.")
    ],
    preset: Annotated[str, typer.Option(help=_PRESET)] = "standard",
    dialect: Annotated[
        str | None, typer.Option(help="The SCIM that its client speaks. Else the tenant's.", show_default=False)
    ] = None,
    dialects: Dialects = None,
    database: Database = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Give a tenant another connection: for another client, with externalIds of its own.

    \b
    rollbook connection create acorn okta --preset okta
    rollbook token create acorn --connection okta
    """
    from rollbook.app import dialect_names, dialect_settings

    understood("NAME", lambda text: lifecycle.check_name(text, "connection"), name)
    understood("--preset", check_preset, preset)
    loaded = load(ctx, database=database, config=config, dialects=dialects).settings
    names = dialect_names(loaded)
    if dialect is not None:
        understood("--dialect", lambda wanted: lifecycle.check_dialect(wanted, names), dialect)

    async def work(store: "Store") -> tuple[Tenant, Connection]:
        found = await lifecycle.find(store, tenant)
        settings = dialect_settings(dialect or found.dialect, loaded)
        made = await connections.create(
            store, SYSTEM_CLOCK, found, name,
            preset=preset, dialect=dialect, dialects=names, settings=settings,
        )  # fmt: skip
        return found, made

    found, made = with_store(loaded, work)
    if json:
        print_json(_fields(made))
    else:
        print_record(_row(made))
        say(f"Next: `rollbook token create {found.name} --connection {made.name}` makes a token for it.")


@app.command("list")
def list_(
    ctx: typer.Context, tenant: TenantName, database: Database = None, config: Config = None, json: Json = False
) -> None:
    """List a tenant's connections, by name.

    \b
    rollbook connection list acorn
    """

    async def work(store: "Store") -> list[Connection]:
        found = await lifecycle.find(store, tenant)
        return await store.tenant(found.id).connections()

    found = with_store(load(ctx, database=database, config=config).settings, work)
    if json:
        print_json([_fields(connection) for connection in found])
    else:
        print_table(list(_HEADINGS), [list(_row(connection).values()) for connection in found])


@app.command()
def show(
    ctx: typer.Context,
    tenant: TenantName,
    name: ConnectionName,
    database: Database = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Show one connection, with how many resources belong to it and how many tokens open it.

    \b
    rollbook connection show acorn okta
    """

    async def work(store: "Store") -> tuple[Connection, dict[str, int]]:
        found = await lifecycle.find(store, tenant)
        connection = await connections.find(store, found, name)
        return connection, await _counts(store, found, connection)

    connection, counts = with_store(load(ctx, database=database, config=config).settings, work)
    if json:
        print_json({**_fields(connection), **counts})
    else:
        print_record({**_row(connection), **counts})


@app.command("set")
def set_(
    ctx: typer.Context,
    tenant: TenantName,
    name: ConnectionName,
    changes: Annotated[
        list[str],
        typer.Argument(
            metavar="KEY=VALUE...", help=f"preset, {', '.join(SETTINGS)}. Without VALUE: as the preset has it."
        ),
    ],
    database: Database = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Change a connection's preset and settings. Every worker follows within 5 seconds.

    What each setting means and may be is in docs/reference/presets.md.

    \b
    rollbook connection set acorn okta preset=okta page_size=200
    rollbook connection set acorn okta delete=deactivate
    rollbook connection set acorn okta delete=          what the preset says again
    """
    given = understood("KEY=VALUE", lambda _: _read(changes), "")

    async def work(store: "Store") -> Connection:
        return await connections.change(store, SYSTEM_CLOCK, await lifecycle.find(store, tenant), name, given)

    changed = with_store(load(ctx, database=database, config=config).settings, work)
    if json:
        print_json(_fields(changed))
    else:
        print_record(_row(changed))


@app.command()
def delete(
    ctx: typer.Context,
    tenant: TenantName,
    name: ConnectionName,
    yes: Yes = False,
    database: Database = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Delete a connection. Its tokens are revoked; the users and groups that came by it stay as they are.

    Their externalIds stay too, and belong to the next connection that writes one. The connection default stays.

    \b
    rollbook connection delete acorn okta               asks first
    rollbook connection delete acorn okta --yes
    """
    settings = load(ctx, database=database, config=config).settings

    async def look(store: "Store") -> tuple[Tenant, Connection, dict[str, int]]:
        found = await lifecycle.find(store, tenant)
        connection = connections.check_deletable(found, await connections.find(store, found, name))
        return found, connection, await _counts(store, found, connection)

    found, connection, counts = with_store(settings, look)
    confirm(
        f"Delete connection {connection.name} of {found.name}? Its active tokens ({counts['activeTokens']}) are"
        f" revoked; its resources ({counts['resources']}) stay.",
        yes=yes,
    )

    async def work(store: "Store") -> Connection:
        return await connections.delete(store, SYSTEM_CLOCK, found, connection.id)

    gone = with_store(settings, work)
    if json:
        print_json({**_fields(gone), **counts})
    else:
        say(f"Connection {gone.name} is deleted, and its active tokens ({counts['activeTokens']}) are revoked.")


_HEADINGS = ("id", "name", "dialect", "preset", "settings", "created")


def _fields(connection: Connection) -> dict[str, Any]:
    return {heading: getattr(connection, heading) for heading in _HEADINGS}


def _row(connection: Connection) -> dict[str, Any]:
    settings = " ".join(f"{name}={written(value)}" for name, value in connection.settings.items())
    return {**_fields(connection), "settings": settings}


async def _counts(store: "Store", tenant: Tenant, connection: Connection) -> dict[str, int]:
    handle, now = store.tenant(tenant.id), SYSTEM_CLOCK.written()
    tokens = [token for token in await handle.tokens() if token.connection == connection.id]
    return {
        "resources": await handle.count_of_connection(connection.id),
        "activeTokens": sum(state_of(token, now) == "active" for token in tokens),
    }


def _read(changes: list[str]) -> dict[str, str]:
    """The changes by their names, if each can be made. **Raises** ``RollbookError``."""
    given: dict[str, str] = {}
    for change in changes:
        name, equals, text = change.partition("=")
        if not equals:
            raise RollbookError(f"{change!r} is no change: write NAME=VALUE, such as page_size=200")
        if name in given:
            raise RollbookError(f"{name} is given twice")
        given[name] = text
    if given.get(connections.PRESET):
        check_preset(given[connections.PRESET])
    changed_settings({}, {name: text for name, text in given.items() if name != connections.PRESET})
    return given
