"""The life of a tenant: created, suspended and resumed, deleted.

::

    create ──▶ active ⇄ suspended
                 └──────────┴──▶ deleted     resources and tokens are gone, events stay, the name is free

Every step is one transaction with its event; the actor is ``operator``. Who may call this is decided above: the command
line is the operator's. Which dialects there are is handed in, for a use case knows none of them.
"""

import re
from collections.abc import Collection

from rollbook.clock import Clock
from rollbook.errors import RollbookError
from rollbook.events import Event, Kind
from rollbook.ids import new_id, ordered_id
from rollbook.storage.contract import Store
from rollbook.storage.errors import AlreadyExists
from rollbook.storage.records import Tenant

OPERATOR = "operator"

_NAME = re.compile(r"[A-Za-z0-9_-]{1,63}")
_WHY = {"tenant": "it stands in addresses", "connection": "people type it"}
_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class TenancyError(RollbookError):
    """Base of what this room refuses.

    ::

        TenancyError
        ├─ InvalidName      what a name may be
        ├─ NameTaken        another tenant has it, in some letter case
        ├─ NoSuchDialect    the dialects there are
        ├─ NoSuchTenant     by name or id
        └─ WrongStatus      a deleted tenant does not come back
    """


class InvalidName(TenancyError):
    pass


class NameTaken(TenancyError):
    pass


class NoSuchDialect(TenancyError):
    pass


class NoSuchTenant(TenancyError):
    pass


class WrongStatus(TenancyError):
    pass


def check_name(name: str, whose: str = "tenant") -> str:
    """The name, if it may be one of a tenant (or of what ``whose`` says). **Raises** ``InvalidName``.

    **Rules**: 1 to 63 letters, digits, ``-`` and ``_``, because it stands in addresses (63 is the limit of a DNS label,
    RFC 1035 §2.3.4, so that a tenant can have a host name too). Nothing that reads as an id: TENANT is a name or an id.
    """
    if not name:
        raise InvalidName(f"a {whose}'s name cannot be empty: give 1 to 63 letters, digits, - or _")
    if len(name) > 63:
        raise InvalidName(f"a {whose}'s name has at most 63 characters, and this has {len(name)}")
    if not _NAME.fullmatch(name):
        wrong = next(character for character in name if not _NAME.fullmatch(character))
        raise InvalidName(
            f"a {whose}'s name is made of the letters a to z, digits, - and _, because {_WHY[whose]};"
            f" {wrong!r} is none of these"
        )
    if _ID.fullmatch(name):
        raise InvalidName(f"a {whose}'s name cannot look like an id: choose one that a person can read")
    return name


def check_dialect(dialect: str, dialects: Collection[str]) -> str:
    """The dialect's name, if there is one of that name. **Raises** ``NoSuchDialect``."""
    if dialect not in dialects:
        raise NoSuchDialect(f"there is no dialect {dialect!r}: choose {_either(dialects)}")
    return dialect


async def create(store: Store, clock: Clock, name: str, dialect: str, dialects: Collection[str]) -> Tenant:
    """Create a tenant with its connection ``default``. **Raises** ``InvalidName``, ``NoSuchDialect``, ``NameTaken``."""
    check_name(name)
    check_dialect(dialect, dialects)
    at = clock.written()
    tenant = Tenant(id=new_id(), name=name, dialect=dialect, status="active", created=at, connection=new_id())
    try:
        await store.create_tenant(tenant, _event(Kind.TENANT_CREATED, at, tenant.id))
    except AlreadyExists:
        raise NameTaken(f"there is a tenant {name!r} already (letter case makes no difference)") from None
    return tenant


async def find(store: Store, name_or_id: str) -> Tenant:
    """The tenant of that name, in any letter case, or id. **Raises** ``NoSuchTenant``."""
    tenant = await store.find_tenant(name_or_id)
    if tenant is None:
        raise NoSuchTenant(f"there is no tenant {name_or_id!r}", hint="`rollbook tenant list` shows those there are")
    return tenant


async def suspend(store: Store, clock: Clock, name_or_id: str) -> Tenant:
    """Refuse a tenant's requests (403) until it is resumed; its data stays. **Raises** ``NoSuchTenant``."""
    return await _set_status(store, clock, name_or_id, "suspended", Kind.TENANT_SUSPENDED)


async def resume(store: Store, clock: Clock, name_or_id: str) -> Tenant:
    """Serve a suspended tenant again. **Raises** ``NoSuchTenant``."""
    return await _set_status(store, clock, name_or_id, "active", Kind.TENANT_RESUMED)


async def delete(store: Store, clock: Clock, name_or_id: str) -> Tenant:
    """Delete a tenant with its resources and tokens; its events stay. **Raises** ``NoSuchTenant``, ``WrongStatus``."""
    tenant = _living(await find(store, name_or_id))
    at = clock.written()
    await store.delete_tenant(tenant.id, at, _event(Kind.TENANT_DELETED, at, tenant.id))
    return tenant


async def _set_status(store: Store, clock: Clock, name_or_id: str, status: str, kind: Kind) -> Tenant:
    """Set a status. A tenant that has it already is left as it is, without an event: nothing happened."""
    tenant = _living(await find(store, name_or_id))
    if tenant.status != status:
        await store.set_tenant_status(tenant.id, status, _event(kind, clock.written(), tenant.id))
    return await find(store, tenant.id)


def _living(tenant: Tenant) -> Tenant:
    if tenant.status == "deleted":
        raise WrongStatus(f"tenant {tenant.name!r} is deleted; only its events are left (`rollbook audit {tenant.id}`)")
    return tenant


def _event(kind: Kind, at: str, tenant_id: str) -> Event:
    return Event(id=ordered_id(), at=at, kind=kind, actor=OPERATOR, resource_type="Tenant", resource=tenant_id)


def _either(names: Collection[str]) -> str:
    *rest, last = sorted(names)
    return f"{', '.join(rest)} or {last}" if rest else last
