"""``rollbook tenant``: create, list, show, suspend, resume, delete (``configure`` has a room of its own)."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from rollbook.cli.configure import configure
from rollbook.cli.options import Config, Database, Dialects, Json, TenantName, Yes
from rollbook.cli.output import confirm, print_json, print_record, print_table, say, understood
from rollbook.cli.session import load, with_store
from rollbook.clock import SYSTEM_CLOCK
from rollbook.identity.static_tokens import state_of
from rollbook.scim.presets import PRESETS, check_preset
from rollbook.storage.records import Tenant
from rollbook.tenancy import connections, lifecycle

if TYPE_CHECKING:
    from rollbook.storage.contract import Store

app = typer.Typer(
    name="tenant",
    help="The isolated customers of this server, each with users, groups and tokens of its own.",
    short_help="Create, list, show, configure, suspend, resume, delete tenants.",
    no_args_is_help=True,
)


@app.command()
def create(
    ctx: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="1 to 63 letters, digits, - or _; letter case makes no difference.")
    ],
    dialect: Annotated[str, typer.Option(help="The SCIM that the tenant's clients speak.")] = "standard",
    preset: Annotated[
        str, typer.Option(help=f"What its connection default tolerates: {', '.join(PRESETS)}.")
    ] = "standard",
    dialects: Dialects = None,
    database: Database = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Create a tenant.

    An empty database is set up on the way.

    \b
    rollbook tenant create acorn
    rollbook tenant create acorn --preset entra
    rollbook tenant create acorn --json      {"id": "…", "name": "acorn", "dialect": "standard"}
    """
    from rollbook.app import dialect_names, dialect_settings

    settings = load(ctx, database=database, config=config, dialects=dialects).settings
    names = dialect_names(settings)

    async def work(store: "Store") -> Tenant:
        made = await lifecycle.create(store, SYSTEM_CLOCK, name, dialect, names)
        chosen = {**dialect_settings(dialect, settings), connections.PRESET: preset}
        await connections.change(store, SYSTEM_CLOCK, made, made.connection, chosen)
        return made

    # Before anything is opened, let alone set up.
    understood("NAME", lifecycle.check_name, name)
    understood("--dialect", lambda wanted: lifecycle.check_dialect(wanted, names), dialect)
    understood("--preset", check_preset, preset)
    tenant = with_store(settings, work, empty="migrate")
    if json:
        print_json({"id": tenant.id, "name": tenant.name, "dialect": tenant.dialect})
    else:
        print_record(_fields(tenant))
        say(f"Next: `rollbook token create {tenant.name}` makes the token that its identity provider needs.")


@app.command("list")
def list_(ctx: typer.Context, database: Database = None, config: Config = None, json: Json = False) -> None:
    """List the tenants, by name. Deleted ones are not among them.

    \b
    rollbook tenant list
    rollbook tenant list --json
    """

    async def work(store: "Store") -> list[Tenant]:
        return await store.tenants()

    tenants = with_store(load(ctx, database=database, config=config).settings, work)
    if json:
        print_json([_fields(tenant) for tenant in tenants])
    else:
        print_table(list(_HEADINGS), [list(_fields(tenant).values()) for tenant in tenants])


@app.command()
def show(
    ctx: typer.Context, tenant: TenantName, database: Database = None, config: Config = None, json: Json = False
) -> None:
    """Show one tenant, with how much there is in it.

    \b
    rollbook tenant show acorn
    """

    async def work(store: "Store") -> dict[str, Any]:
        found = await lifecycle.find(store, tenant)
        handle = store.tenant(found.id)
        now = SYSTEM_CLOCK.written()
        tokens = sum(state_of(token, now) == "active" for token in await handle.tokens())
        counts = {"users": await handle.count(1), "groups": await handle.count(2), "activeTokens": tokens}
        return {**_fields(found), **counts}

    fields = with_store(load(ctx, database=database, config=config).settings, work)
    if json:
        print_json(fields)
    else:
        print_record(fields)


@app.command()
def suspend(
    ctx: typer.Context, tenant: TenantName, database: Database = None, config: Config = None, json: Json = False
) -> None:
    """Refuse a tenant's requests (403) until it is resumed. Its data stays.

    \b
    rollbook tenant suspend acorn
    """

    async def work(store: "Store") -> Tenant:
        return await lifecycle.suspend(store, SYSTEM_CLOCK, tenant)

    _tell(with_store(load(ctx, database=database, config=config).settings, work), json=json)


@app.command()
def resume(
    ctx: typer.Context, tenant: TenantName, database: Database = None, config: Config = None, json: Json = False
) -> None:
    """Serve a suspended tenant again.

    \b
    rollbook tenant resume acorn
    """

    async def work(store: "Store") -> Tenant:
        return await lifecycle.resume(store, SYSTEM_CLOCK, tenant)

    _tell(with_store(load(ctx, database=database, config=config).settings, work), json=json)


@app.command()
def delete(
    ctx: typer.Context,
    tenant: TenantName,
    yes: Yes = False,
    database: Database = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Delete a tenant with all its users, groups and tokens. Only its events stay, under its id.

    \b
    rollbook tenant delete acorn             asks first
    rollbook tenant delete acorn --yes
    """
    settings = load(ctx, database=database, config=config).settings

    async def look(store: "Store") -> tuple[Tenant, int]:
        found = await lifecycle.find(store, tenant)
        handle = store.tenant(found.id)
        return found, await handle.count(1) + await handle.count(2)

    found, resources = with_store(settings, look)
    if found.status != "deleted":
        confirm(f"Delete tenant {found.name} ({found.id}) with {resources} users and groups, for ever?", yes=yes)

    async def work(store: "Store") -> Tenant:
        await lifecycle.delete(store, SYSTEM_CLOCK, found.id)
        return await lifecycle.find(store, found.id)

    _tell(with_store(settings, work), json=json)


app.command()(configure)

_HEADINGS = ("id", "name", "dialect", "status", "created")


def _fields(tenant: Tenant) -> dict[str, Any]:
    return {heading: getattr(tenant, heading) for heading in _HEADINGS}


def _tell(tenant: Tenant, *, json: bool) -> None:
    if json:
        print_json(_fields(tenant))
    else:
        say(f"Tenant {tenant.name} is {tenant.status}.")
