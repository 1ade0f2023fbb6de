"""Logins by an encrypted text: the keys that clients get for it, and the sessions that it opens.

A key belongs to one connection of one tenant. It is shown once; what is kept is sealed by the master key, because it
has to be had again to decrypt. A text is good for a minute and for one login, in all workers.

Attempts are counted by the client's number and address before anything is decrypted, and then as the login of a user
(``throttle``); after five that failed in the same way, the next are refused unseen for a while. So whoever tries out
what the codes mean gets to see them all.
"""

from base64 import b64encode
from contextlib import AsyncExitStack
from datetime import timedelta
from hashlib import sha256
from typing import NamedTuple

from rollbook.clock import Clock
from rollbook.errors import RollbookError
from rollbook.events import Event, Kind
from rollbook.identity import auth_tokens, sessions
from rollbook.identity.auth_tokens import CipherKey, Code
from rollbook.identity.master_key import MasterKey, MasterKeyError
from rollbook.identity.passwords import Passwords
from rollbook.identity.sessions import Given
from rollbook.identity.system_users import name_key
from rollbook.identity.throttle import ENCRYPTED_AT_ADDRESS, USER_AT_ADDRESS, Rule, Throttle
from rollbook.ids import ordered_id, random_bytes
from rollbook.oauth.errors import OAuthError, SlowDown
from rollbook.storage.contract import Store
from rollbook.storage.errors import AlreadyExists, NotFound
from rollbook.storage.identity_records import SystemUser
from rollbook.storage.records import DEFAULT_SCOPES, Connection, Tenant
from rollbook.storage.session_records import AuthKey

OPERATOR = "operator"
_SMALLEST, _BEYOND = 10**14, 9 * 10**15  # whole numbers that JavaScript and every other language can hold


_WAYS = "", " format", " age"
"""What is counted side by side: a wrong client or key, no base64, a text that is too old or was used."""
_WAY_OF = {Code.BAD_FORMAT: " format", Code.TOO_OLD: " age"}


class AuthKeyError(RollbookError):
    """Base of what this room refuses to the operator: ``InvalidKeyName``, ``NoSuchAuthKey``, ``TenantGone``."""


class InvalidKeyName(AuthKeyError):
    pass


class NoSuchAuthKey(AuthKeyError):
    pass


class TenantGone(AuthKeyError):
    pass


class LoginFailed(RollbookError):
    """Why an encrypted login opens no session. ``detail`` goes out; ``tenant`` and ``subject`` are for the event."""

    def __init__(self, code: Code, detail: str, *, hint: str = "", key: AuthKey | None = None, user: str = "") -> None:
        super().__init__(detail, hint=hint)
        self.code = code
        self.tenant = key.tenant if key is not None else None
        self.subject = ("SystemUser", user) if user else ("AuthKey", str(key.id)) if key is not None else ("", "")


class Issued(NamedTuple):
    """A new key; ``key`` and ``iv`` are base64, to be shown this once."""

    kept: AuthKey
    key: str
    iv: str


async def issue(
    store: Store,
    clock: Clock,
    master: MasterKey,
    tenant: Tenant,
    connection: Connection,
    name: str = "",
    *,
    scopes: tuple[str, ...] = DEFAULT_SCOPES,
) -> Issued:
    """Make a key for a connection of a tenant. **Raises** ``InvalidKeyName``, ``TenantGone``, ``MasterKeyError``."""
    if len(name) > 100 or not name.isprintable():
        raise InvalidKeyName("a key's name has at most 100 characters, all of them printable")
    if tenant.status == "deleted":
        raise TenantGone(f"tenant {tenant.name!r} is deleted")
    made = CipherKey(random_bytes(auth_tokens.KEY_BYTES), random_bytes(auth_tokens.IV_BYTES))
    at = clock.written()
    while True:
        id = _SMALLEST + int.from_bytes(random_bytes(16)) % (_BEYOND - _SMALLEST)
        sealed = master.seal(made.key + made.iv, _sealed_as(id))
        kept = AuthKey(id, tenant.id, connection.id, name, scopes, sealed, at, None)
        try:
            await store.sessions.create_auth_key(kept, _event(Kind.AUTH_KEY_CREATED, at, id))
        except AlreadyExists:
            continue
        return Issued(kept, b64encode(made.key).decode(), b64encode(made.iv).decode())


async def revoke(store: Store, clock: Clock, tenant: Tenant, id: int) -> AuthKey:
    """Revoke a key, and end the sessions that it opened. **Raises** ``NoSuchAuthKey``."""
    at = clock.written()
    try:
        await store.sessions.revoke_auth_key(tenant.id, id, at, _event(Kind.AUTH_KEY_REVOKED, at, id))
    except NotFound:
        hint = f"`rollbook client auth-key list {tenant.name}` shows those there are"
        raise NoSuchAuthKey(f"tenant {tenant.name!r} has no key {id}", hint=hint) from None
    return next(key for key in await store.sessions.auth_keys(tenant.id) if key.id == id)


class Asked(NamedTuple):
    """A login as it came. ``tenant`` is what its address names, or None."""

    token: str
    client: str
    tenant: str | None
    peer: str
    request: str


class EncryptedLogin:
    """Opens sessions. One for a process."""

    def __init__(self, store: Store, clock: Clock, master: MasterKey, passwords: Passwords, throttle: Throttle) -> None:
        self._store = store
        self._clock = clock
        self._master = master
        self._passwords = passwords
        self._throttle = throttle

    async def login(self, asked: Asked) -> tuple[Given, Tenant]:
        """A session, and the tenant that it is in. **Raises** ``LoginFailed``, ``StoreError``."""
        try:
            said, (key, tenant, connection) = await self._read(asked)
            user = await self._user(said, key, asked)
        except SlowDown as slow:
            raise LoginFailed(
                Code.TOO_MANY_FAILED, f"Too many attempts have failed. Try again in {slow.retry_after} seconds."
            ) from None
        except OAuthError as busy:
            raise LoginFailed(Code.UNKNOWN, busy.detail) from None
        try:
            given = await sessions.start(
                self._store,
                self._clock,
                tenant,
                connection,
                user,
                scopes=key.scopes,
                idle=sessions.idle_of(tenant, connection),
                auth_key=key.id,
                peer=asked.peer,
                request=asked.request,
            )
        except NotFound:
            raise _invalid(key) from None
        return given, tenant

    async def _read(self, asked: Asked) -> tuple[auth_tokens.Login, tuple[AuthKey, Tenant, Connection]]:
        """What is said, and with whose key. **Raises** ``LoginFailed``, ``SlowDown``, ``TemporarilyUnavailable``."""
        counted = "encrypted logins", asked.peer, ENCRYPTED_AT_ADDRESS
        async with AsyncExitStack() as stack:
            turns = {
                way: await stack.enter_async_context(self._throttle.login(f"key {asked.client}{way}", *counted))
                for way in _WAYS
            }
            try:
                by = await self._application(asked)
                said = await self._decrypted(asked.token, by[0])
            except LoginFailed as error:  # raised when it has been counted
                if error.code is not Code.UNKNOWN:
                    turns[_WAY_OF.get(error.code, "")].right = False
                failed = error
            else:
                for turn in turns.values():
                    turn.right = True
                return said, by
        raise failed

    async def _application(self, asked: Asked) -> tuple[AuthKey, Tenant, Connection]:
        """One answer for a number that is unknown, revoked, of another tenant than the address, of a suspended one."""
        number = asked.client
        known = number.isascii() and number.isdecimal() and len(number) <= 18
        key = await self._store.sessions.find_auth_key(int(number)) if known else None
        tenant = await self._store.find_tenant(key.tenant) if key is not None else None
        refused = _invalid(key)
        if key is None or key.revoked is not None or tenant is None or tenant.status != "active":
            raise refused
        if asked.tenant is not None and asked.tenant.lower() not in (tenant.name.lower(), tenant.id):
            raise refused
        connections = await self._store.tenant(tenant.id).connections()
        connection = next((one for one in connections if one.id == key.connection), None)
        if connection is None:
            raise refused
        return key, tenant, connection

    async def _decrypted(self, text: str, key: AuthKey) -> auth_tokens.Login:
        encrypted = auth_tokens.decode(text)
        if encrypted is None:
            raise LoginFailed(Code.BAD_FORMAT, "The authToken is not base64 with - \\ , for + / =.", key=key)
        try:
            opened = self._master.open(key.sealed, _sealed_as(key.id))
        except MasterKeyError as error:
            detail = "Encrypted logins cannot be read now; the operator finds the reason in the log."
            raise LoginFailed(Code.UNKNOWN, detail, hint=f"{error.detail}; {error.hint}", key=key) from error
        cipher = CipherKey(opened[: auth_tokens.KEY_BYTES], opened[auth_tokens.KEY_BYTES :])
        said = auth_tokens.decrypt(cipher, encrypted)
        if said is None:
            raise LoginFailed(Code.BAD_CRYPT, "The authToken cannot be decrypted with the key of the client.", key=key)
        old = LoginFailed(
            Code.TOO_OLD, "The authToken is older than a minute, or was used already: make a new one, in UTC.", key=key
        )
        if abs(self._clock.now() - said.at) > auth_tokens.LASTS:
            raise old
        # Remembered until nobody would take it any more, and a little longer: workers' clocks differ.
        expires = int((said.at + auth_tokens.LASTS + timedelta(seconds=30)).timestamp())
        digest = sha256(encrypted).hexdigest()
        if not await self._store.identity.use_assertion(f"auth-key:{key.id}", digest, expires):
            raise old
        return said

    async def _user(self, said: auth_tokens.Login, key: AuthKey, asked: Asked) -> SystemUser:
        counted = str(key.id), asked.peer, ENCRYPTED_AT_ADDRESS
        checked = await check_login(self._store, self._passwords, self._throttle, said.name, said.password, *counted)
        found = checked.found
        if not checked.right or found is None or found.tenant != key.tenant:
            theirs = found.id if found is not None and found.tenant == key.tenant else ""
            raise LoginFailed(Code.LOGIN_INVALID, "The login or the password is wrong.", key=key, user=theirs)
        return found


class Checked(NamedTuple):
    """Who a name belongs to, and whether the password was right (and the user one that may use APIs)."""

    found: SystemUser | None
    right: bool


async def check_login(
    store: Store,
    passwords: Passwords,
    throttle: Throttle,
    name: str,
    password: str,
    client: str,
    peer: str,
    rule: Rule = USER_AT_ADDRESS,
) -> Checked:
    """Judge the name and the password of an API user, with the same work whoever it is. **Raises** ``SlowDown``,
    ``TemporarilyUnavailable``."""
    key = name_key(name)
    user = await store.identity.find_user(key)
    if user is not None and user.name_key != key:  # found by its id, which is no name
        user = None
    usable = user is not None and user.kind == "api" and user.status == "active"
    async with throttle.login(key, client, peer, rule) as turn:
        hash = user.password if user is not None and usable else None
        turn.right = right = await passwords.verify(hash, password)
    return Checked(user, right)


def _invalid(key: AuthKey | None) -> LoginFailed:
    return LoginFailed(Code.INVALID_APPLICATION, "The authClientID is not valid here.", key=key)


def _sealed_as(id: int) -> str:
    return f"auth-key:{id}"


def _event(kind: Kind, at: str, id: int) -> Event:
    return Event(ordered_id(), at, kind, OPERATOR, resource_type="AuthKey", resource=str(id))
