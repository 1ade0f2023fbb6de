"""The connections of a tenant: made, set, deleted.

A connection is one way into a tenant: for one client, usually one identity provider. It has tokens of its own, a preset
that says how its client speaks, and settings that differ from the preset. It owns the externalIds that were written
through it. A tenant starts with the connection ``default``, which stays.

Deleting a connection revokes its tokens. The resources that it made stay as they are, for they are people's accounts;
their externalIds belong to nobody then, and the next connection that writes one takes the resource over.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace

from rollbook.clock import Clock
from rollbook.events import Event, Kind
from rollbook.ids import new_id, ordered_id
from rollbook.scim.presets import check_preset
from rollbook.scim.terms_settings import changed_settings, terms
from rollbook.storage.contract import Store
from rollbook.storage.errors import AlreadyExists, NotFound
from rollbook.storage.records import Connection, Tenant
from rollbook.tenancy.lifecycle import OPERATOR, NameTaken, NoSuchTenant, TenancyError, check_dialect, check_name

PRESET = "preset"
"""The name under which ``change`` takes a preset."""
PASSWORDS = "store_passwords"
"""The setting with which passwords come, and go."""


class NoSuchConnection(TenancyError):
    pass


class ConnectionNeeded(TenancyError):
    """The connection ``default`` cannot be deleted."""


async def find(store: Store, tenant: Tenant, name_or_id: str) -> Connection:
    """The connection of that name, in any letter case, or id. **Raises** ``NoSuchConnection``."""
    wanted = name_or_id.lower()
    for connection in await store.tenant(tenant.id).connections():
        if wanted in (connection.name.lower(), connection.id):
            return connection
    raise NoSuchConnection(
        f"tenant {tenant.name!r} has no connection {name_or_id!r}",
        hint=f"`rollbook connection list {tenant.name}` shows those there are",
    )


async def create(
    store: Store,
    clock: Clock,
    tenant: Tenant,
    name: str,
    *,
    preset: str = "standard",
    dialect: str | None = None,
    dialects: Collection[str] = (),
    settings: Mapping[str, str] | None = None,
) -> Connection:
    """Give a tenant another connection; without a dialect it speaks the tenant's.

    **Raises** ``InvalidName``, ``NoSuchDialect``, ``InvalidPreset``, ``InvalidSetting``, ``NameTaken``,
    ``NoSuchTenant``.
    """
    check_name(name, "connection")
    if dialect is not None:
        check_dialect(dialect, dialects)
    chosen = changed_settings({}, settings or {})
    at = clock.written()
    made = Connection(new_id(), name, dialect or tenant.dialect, check_preset(preset), chosen, at)
    try:
        await store.tenant(tenant.id).create_connection(made, _event(Kind.CONNECTION_CREATED, at, made.id))
    except AlreadyExists:
        raise NameTaken(
            f"tenant {tenant.name!r} has a connection {name!r} already (letter case makes no difference)"
        ) from None
    except NotFound:
        raise NoSuchTenant(f"tenant {tenant.name!r} is deleted and gets no connections") from None
    return made


async def change(
    store: Store, clock: Clock, tenant: Tenant, name_or_id: str, settings: Mapping[str, str]
) -> Connection:
    """Give a connection other settings; ``preset`` among them is another preset, and an empty text takes a setting back
    to what the preset says. Every worker follows within the time in which a revoked token is refused. Where no
    connection of the tenant stores passwords any longer, those that are there go.

    **Raises** ``NoSuchConnection``, ``InvalidPreset``, ``InvalidSetting``.
    """
    connection = await find(store, tenant, name_or_id)
    preset = check_preset(settings.get(PRESET) or "standard") if PRESET in settings else connection.preset
    rest = {name: text for name, text in settings.items() if name != PRESET}
    changed = replace(connection, preset=preset, settings=changed_settings(connection.settings, rest))
    if changed != connection:
        await store.tenant(tenant.id).update_connection(
            changed, _event(Kind.CONNECTION_CHANGED, clock.written(), connection.id, tuple(settings))
        )
    if PASSWORDS in settings:
        await _forget_passwords(store, tenant)
    return changed


async def delete(store: Store, clock: Clock, tenant: Tenant, name_or_id: str) -> Connection:
    """Delete a connection: its tokens are revoked, its resources stay. **Raises** ``NoSuchConnection``,
    ``ConnectionNeeded``."""
    connection = check_deletable(tenant, await find(store, tenant, name_or_id))
    at = clock.written()
    event = _event(Kind.CONNECTION_DELETED, at, connection.id)
    await store.tenant(tenant.id).delete_connection(connection.id, at, event)
    if PASSWORDS in connection.settings:
        await _forget_passwords(store, tenant)
    return connection


async def _forget_passwords(store: Store, tenant: Tenant) -> None:
    """Take away what no connection of the tenant may store any longer."""
    handle = store.tenant(tenant.id)
    there = await handle.connections()
    if not any(terms(one.preset, one.settings).store_passwords for one in there):
        await handle.forget_passwords()


def check_deletable(tenant: Tenant, connection: Connection) -> Connection:
    """The connection, if it may be deleted. **Raises** ``ConnectionNeeded``."""
    if connection.id == tenant.connection:
        raise ConnectionNeeded(
            f"the connection {connection.name} stays as long as its tenant",
            hint=f"to shut it, revoke its tokens (`rollbook token list {tenant.name}`)",
        )
    return connection


def _event(kind: Kind, at: str, id: str, attributes: tuple[str, ...] = ()) -> Event:
    return Event(
        id=ordered_id(),
        at=at,
        kind=kind,
        actor=OPERATOR,
        resource_type="Connection",
        resource=id,
        attributes=attributes,
    )
