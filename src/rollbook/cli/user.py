"""``rollbook user``: create, invite, list, password, disable, enable."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rollbook.cli.options import Config, Database, Json, TenantName
from rollbook.cli.output import fail, print_json, print_table, say, understood
from rollbook.cli.session import load, with_store
from rollbook.clock import SYSTEM_CLOCK
from rollbook.tenancy import lifecycle

if TYPE_CHECKING:
    from rollbook.identity import invitations
    from rollbook.storage.contract import Store
    from rollbook.storage.entrance_records import Letter
    from rollbook.storage.identity_records import SystemUser

app = typer.Typer(
    name="user",
    help="The system users of a tenant: who logs in for it. They are no SCIM Users, and SCIM never touches them.",
    short_help="Create, invite, list, disable, enable system users, and set their passwords.",
    no_args_is_help=True,
)

UserName = Annotated[str, typer.Argument(metavar="NAME", help="The user's name, or id.", show_default=False)]
Stdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input, one line.")]


@app.command()
def create(
    ctx: typer.Context,
    tenant: TenantName,
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="Unique on this server in any letter case; an e-mail address will do."),
    ],
    kind: Annotated[
        str, typer.Option(metavar="KIND", help="api (gets tokens by the grant password) or portal.")
    ] = "api",
    password_stdin: Stdin = False,
    database: Database = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Create a system user. The password comes by standard input, never as an argument, which others could read.

    \b
    rollbook user create acorn sync@acorn.example --kind api --password-stdin < password.txt
    rollbook user create acorn robot --json  {"id": "…", "name": "robot", "kind": "api", …}
    """
    from rollbook.identity import system_users

    if kind not in system_users.KINDS:
        fail(f"--kind: choose {' or '.join(system_users.KINDS)}", code=2)
    password = _read_password() if password_stdin else None
    if password is not None:
        _check(password, name)

    async def work(store: "Store") -> "SystemUser":
        return await system_users.create(store, SYSTEM_CLOCK, await lifecycle.find(store, tenant), name, kind, password)

    _tell(with_store(load(ctx, database=database, config=config).settings, work), json=json)


@app.command()
def invite(
    ctx: typer.Context,
    tenant: TenantName,
    name: UserName,
    kind: Annotated[str, typer.Option(metavar="KIND", help="Of a new user: api (tokens only) or portal.")] = "api",
    email: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where the link goes. Else the user's own address, where it has one.")
    ] = "",
    expires: Annotated[str, typer.Option(metavar="DURATION", help="How long the link is good for.")] = "3d",
    database: Database = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Send a system user a link by which it sets its own password, once. A user of that name is created if need be.

    The server sends the mail, with the settings smtp_…; without these, or without an address, the link is printed, this
    once. A newer link ends the one before.

    \b
    rollbook user invite acorn sync@acorn.example --email it@acorn.example
    rollbook user invite acorn robot --json  {"name": "robot", …, "link": "https://…/account/password?token=rbi_…"}
    """
    from rollbook.app import make_master_key
    from rollbook.identity import invitations, letters, system_users
    from rollbook.identity.static_tokens import read_duration

    if kind not in system_users.KINDS:
        fail(f"--kind: choose {' or '.join(system_users.KINDS)}", code=2)
    if email:
        understood("--email", letters.read_address, email)
    lasts = understood("--expires", read_duration, expires)
    settings = load(ctx, database=database, config=config).settings
    mail = make_master_key(settings) if settings.smtp_host else None

    async def work(store: "Store") -> "invitations.Sent":
        found = await lifecycle.find(store, tenant)
        return await invitations.invite(
            store,
            SYSTEM_CLOCK,
            found,
            name,
            kind=kind,
            email=email,
            base=settings.origin,
            mail=mail,
            lasts=lasts,
        )

    sent = with_store(settings, work)
    if json:
        told = {"id": sent.user.id, "name": sent.user.name, "kind": sent.user.kind, "expires": sent.expires}
        print_json({**told, **({"link": sent.link} if sent.link else {"mailed_to": sent.recipient})})
    elif sent.link:
        print(sent.link)
        say(f"Whoever has this link sets the password of {sent.user.name}, once, before {sent.expires}.")
    else:
        say(f"A link for {sent.user.name} goes to {sent.recipient}: `rollbook mail list` shows whether it was sent.")


@app.command("list")
def list_(
    ctx: typer.Context, tenant: TenantName, database: Database = None, config: Config = None, json: Json = False
) -> None:
    """List a tenant's system users, by name.

    \b
    rollbook user list acorn
    """

    async def work(store: "Store") -> tuple[list["SystemUser"], list["Letter"]]:
        found = await lifecycle.find(store, tenant)
        return await store.identity.users(found.id), await store.entrance.letters(found.id)

    users, letters = with_store(load(ctx, database=database, config=config).settings, work)
    newest = {letter.about: letter for letter in letters}
    rows = [{**_fields(user), "mail": newest[user.id].state if user.id in newest else ""} for user in users]
    if json:
        print_json(rows)
    else:
        print_table(
            ["id", "name", "kind", "status", "password", "created", "mail"], [list(row.values()) for row in rows]
        )


@app.command()
def password(
    ctx: typer.Context,
    tenant: TenantName,
    name: UserName,
    password_stdin: Stdin = False,
    database: Database = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Set a user's password. What was issued to it before ends within 5 seconds.

    \b
    rollbook user password acorn robot --password-stdin < password.txt
    """
    from rollbook.identity import system_users

    if not password_stdin:
        fail("give the password by standard input, and say --password-stdin", code=2)
    new = _read_password()
    _check(new, name)

    async def work(store: "Store") -> "SystemUser":
        found = await lifecycle.find(store, tenant)
        return await system_users.set_password(store, SYSTEM_CLOCK, found, name, new)

    _tell(with_store(load(ctx, database=database, config=config).settings, work), json=json)


@app.command()
def disable(
    ctx: typer.Context,
    tenant: TenantName,
    name: UserName,
    database: Database = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Let a user log in no more. Its tokens end within 5 seconds, and do not come back when it is enabled again.

    \b
    rollbook user disable acorn robot
    """
    _set_status(ctx, tenant, name, "disabled", database, config, json)


@app.command()
def enable(
    ctx: typer.Context,
    tenant: TenantName,
    name: UserName,
    database: Database = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Let a user that was disabled log in again.

    \b
    rollbook user enable acorn robot
    """
    _set_status(ctx, tenant, name, "active", database, config, json)


def _set_status(
    ctx: typer.Context, tenant: str, name: str, status: str, database: str | None, config: str | None, json: bool
) -> None:
    from rollbook.identity import system_users

    async def work(store: "Store") -> "SystemUser":
        return await system_users.set_status(store, SYSTEM_CLOCK, await lifecycle.find(store, tenant), name, status)

    _tell(with_store(load(ctx, database=database, config=config).settings, work), json=json)


def _read_password() -> str:
    if sys.stdin.isatty():
        given: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return given
    return sys.stdin.readline().rstrip("\r\n")


def _check(password: str, name: str) -> None:
    from rollbook.identity.passwords import check_new

    understood("--password-stdin", lambda text: check_new(text, name), password)


def _fields(user: "SystemUser") -> dict[str, Any]:
    return {
        "id": user.id,
        "name": user.name,
        "kind": user.kind,
        "status": user.status,
        "password": "set" if user.password is not None else "none",
        "created": user.created,
    }


def _tell(user: "SystemUser", *, json: bool) -> None:
    if json:
        print_json(_fields(user))
    else:
        without = "" if user.password is not None else ", without a password"
        say(f"System user {user.name} ({user.kind}) is {user.status}{without}.")
