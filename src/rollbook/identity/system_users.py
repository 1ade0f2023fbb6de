"""System users: who logs in for a tenant. None of them is a resource, and no resource ever is one of them.

``api`` users get tokens for the APIs and nothing else; ``portal`` users log in to the portal, and get no tokens. Names
are unique among all tenants, in any letter case: a name alone tells the tenant.
"""

from dataclasses import replace

from rollbook.clock import Clock
from rollbook.errors import RollbookError
from rollbook.events import Event, Kind
from rollbook.identity.passwords import Passwords, check_new
from rollbook.ids import new_id, ordered_id
from rollbook.scim.attributes import Compare
from rollbook.scim.folding import fold
from rollbook.storage.contract import Store
from rollbook.storage.errors import AlreadyExists
from rollbook.storage.identity_records import SystemUser
from rollbook.storage.records import Tenant

OPERATOR = "operator"
KINDS = ("api", "portal")


class SystemUserError(RollbookError):
    """Base of what this room refuses: ``InvalidUserName``, ``UserNameTaken``, ``NoSuchUser``, ``TenantGone``."""


class InvalidUserName(SystemUserError):
    pass


class UserNameTaken(SystemUserError):
    pass


class NoSuchUser(SystemUserError):
    pass


class TenantGone(SystemUserError):
    pass


def name_key(name: str) -> str:
    """The form in which names are compared: the same as a userName's."""
    return fold(Compare.USER_NAME, name)


async def create(
    store: Store, clock: Clock, tenant: Tenant, name: str, kind: str, password: str | None = None, email: str = ""
) -> SystemUser:
    """Create a system user; without a password nobody can log in as it.

    **Raises** ``InvalidUserName``, ``WeakPassword``, ``UserNameTaken``, ``TenantGone``.
    """
    hash = None
    user = new_user(clock, tenant, name, kind, email)
    if password is not None:
        check_new(password, name)
        hash = await Passwords().hash(password)
    user = replace(user, password=hash)
    try:
        await store.identity.create_user(user, _event(Kind.SYSTEM_USER_CREATED, user.created, user))
    except AlreadyExists:
        raise taken(name) from None
    return user


def taken(name: str) -> UserNameTaken:
    return UserNameTaken(f"there is a system user {name!r} already, here or in another tenant")


def new_user(clock: Clock, tenant: Tenant, name: str, kind: str, email: str = "") -> SystemUser:
    """A system user without a password, not kept yet. **Raises** ``InvalidUserName``, ``TenantGone``."""
    if not 1 <= len(name) <= 256 or not name.isprintable() or name != name.strip():
        raise InvalidUserName("a name has 1 to 256 printable characters, and no space at either end")
    if kind not in KINDS:
        raise InvalidUserName(f"there is no kind {kind!r}: choose {' or '.join(KINDS)}")
    if tenant.status == "deleted":
        raise TenantGone(f"tenant {tenant.name!r} is deleted")
    return SystemUser(new_id(), tenant.id, name, name_key(name), kind, email, None, "active", 1, clock.written())


async def find(store: Store, tenant: Tenant, name_or_id: str) -> SystemUser:
    """The tenant's system user of that name or id. **Raises** ``NoSuchUser``."""
    found = await store.identity.find_user(name_key(name_or_id))
    if found is None or found.tenant != tenant.id:
        hint = f"`rollbook user list {tenant.name}` shows those there are"
        raise NoSuchUser(f"tenant {tenant.name!r} has no system user {name_or_id!r}", hint=hint)
    return found


async def set_status(store: Store, clock: Clock, tenant: Tenant, name_or_id: str, status: str) -> SystemUser:
    """Disable a user (its tokens end within five seconds, for good) or let it log in again.

    **Raises** ``NoSuchUser``.
    """
    user = await find(store, tenant, name_or_id)
    if user.status != status:
        kind = Kind.SYSTEM_USER_DISABLED if status == "disabled" else Kind.SYSTEM_USER_ENABLED
        event = _event(kind, clock.written(), user)
        await store.identity.set_user_status(tenant.id, user.id, status, event)
    return await find(store, tenant, user.id)


async def set_password(
    store: Store, clock: Clock, tenant: Tenant, name_or_id: str, password: str, *, actor: str = OPERATOR
) -> SystemUser:
    """Set a password; whatever was issued before ends. **Raises** ``NoSuchUser``, ``WeakPassword``."""
    user = await find(store, tenant, name_or_id)
    check_new(password, user.name)
    hash = await Passwords().hash(password)
    event = _event(Kind.SYSTEM_USER_PASSWORD, clock.written(), user, actor)
    await store.identity.set_password(tenant.id, user.id, hash, event)
    return await find(store, tenant, user.id)


def _event(kind: Kind, at: str, user: SystemUser, actor: str = OPERATOR) -> Event:
    return Event(ordered_id(), at, kind, actor, resource_type="SystemUser", resource=user.id)
