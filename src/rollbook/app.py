"""The composition root: the only module that knows which engines there are, and what stands on what.

The edge is imported by those who serve, so that a command that only opens the store starts quickly.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from rollbook.clock import SYSTEM_CLOCK
from rollbook.config import Settings
from rollbook.config import load as load_settings
from rollbook.scim.limits import Limits
from rollbook.storage.contract import Store
from rollbook.storage.errors import SchemaMismatch, StoreError
from rollbook.storage.records import Tenant

if TYPE_CHECKING:
    from rollbook.delivery.outbox import Outbox
    from rollbook.dialects.model import Dialect
    from rollbook.identity.master_key import MasterKey
    from rollbook.web.asgi import Application
    from rollbook.web.limits import Limits as EdgeLimits


def make_store(settings: Settings) -> Store:
    """The store that the settings name, not opened yet. Only the engine that is used is imported."""
    database = settings.database
    if database.engine == "sqlite":
        from rollbook.storage.engines.sqlite import SqliteStore

        return SqliteStore(database.path, clock=SYSTEM_CLOCK)
    from rollbook.storage.engines.postgres import PostgresStore

    return PostgresStore(database.url, clock=SYSTEM_CLOCK, connections=settings.postgres_connections)


async def open_store(settings: Settings) -> Store:
    """Open the store that the settings name. **Raises** ``Unavailable``. Its schema is neither made nor checked."""
    store = make_store(settings)
    await store.open()
    return store


def make_master_key(settings: Settings, *, make: bool = True) -> "MasterKey":
    """The key outside the database. Nothing is read, and no file made (``make``), before it is needed."""
    from rollbook.identity.master_key import MasterKey

    file, database = settings.master_key_file, settings.database
    if file or settings.master_key or database.engine != "sqlite":
        return MasterKey(settings.master_key, file)
    return MasterKey(file=f"{database.path}.key", make=make)


def make_outbox(settings: Settings, store: Store) -> "Outbox":
    """Where letters are sent from."""
    from rollbook.delivery.outbox import Outbox
    from rollbook.delivery.senders import Mail, MailServer, Sender, TextProgram
    from rollbook.identity.letters import MAIL, TEXT

    senders: dict[str, Sender] = {}
    if settings.smtp_host:
        server = MailServer(
            settings.smtp_host,
            settings.smtp_port,
            settings.smtp_tls,
            settings.mail_from,
            settings.smtp_user,
            settings.smtp_password,
            settings.smtp_password_file,
        )
        senders[MAIL] = Mail(server, SYSTEM_CLOCK)
    if settings.text_command:
        senders[TEXT] = TextProgram(settings.text_command)
    master = make_master_key(settings)
    return Outbox(store, SYSTEM_CLOCK, master, senders, retry_seconds=settings.letter_retry_seconds)


def house_dialects(settings: Settings | None = None) -> "tuple[Dialect, ...]":
    """The dialects of this installation: those of the package, of other packages, and of the folder that is set.

    **Raises** ``ConfigError`` (a file that cannot be read), ``DialectError`` (one that is wrong, with its line).
    """
    from rollbook.config.dialect_files import outside
    from rollbook.dialects.loading import catalog

    limits = protocol_limits(settings or Settings())
    texts = outside(settings.dialects if settings else "")
    return _load_dialects(limits, tuple(texts)) if texts else catalog(limits)


@lru_cache(8)
def _load_dialects(limits: Limits, texts: tuple[tuple[str, str], ...]) -> "tuple[Dialect, ...]":
    from rollbook.dialects.loading import catalog_sources, load
    from rollbook.dialects.reader import DialectError, Source

    wrong: list[DialectError] = []
    dialects = load([*catalog_sources(), *(Source(*text) for text in texts)], limits, wrong.append)
    if wrong:
        first, more = wrong[0], len(wrong) - 1
        also = f"{more} more {'thing is' if more == 1 else 'things are'} wrong; " if more else ""
        first.hint = f"{also}`rollbook dialect check {first.file}` tells everything"
        raise first
    return dialects


def dialect_names(settings: Settings | None = None) -> tuple[str, ...]:
    """The dialects that a tenant may speak."""
    return tuple(dialect.name for dialect in house_dialects(settings))


def dialect_settings(name: str, settings: Settings | None = None) -> Mapping[str, str]:
    """The settings that a new connection of a dialect gets."""
    return next((dialect.connection for dialect in house_dialects(settings) if dialect.name == name), {})


async def tenant_dialect(settings: Settings, store: Store, tenant: Tenant) -> "Dialect":
    """The standard dialect as a tenant has it, with all that is kept of its resources, for whatever dialect."""
    from rollbook.scim.catalog_reader import standard_types
    from rollbook.scim.catalogue import compile_types
    from rollbook.tenancy.schemas import load

    dialect = house_dialects(settings)[0]
    if tenant.schemas:
        catalogue = await load(store.tenant(tenant.id))
        compiled = compile_types(catalogue, standard_types())
        dialect = dialect.of_tenant(compiled.types, compiled.unused, catalogue.revision)
    return dialect.kept()


def protocol_limits(settings: Settings) -> Limits:
    """The protocol's limits as they are set."""
    return Limits(
        default_page=settings.default_page,
        max_page=settings.max_page,
        cursor_seconds=settings.cursor_seconds,
        body_bytes=settings.body_bytes,
        patch_operations=settings.patch_operations,
        bulk_operations=settings.bulk_operations,
        bulk_bytes=settings.bulk_bytes,
        json_depth=settings.json_depth,
        name_length=settings.name_length,
        attribute_values=settings.attribute_values,
        page_bytes=settings.page_bytes,
        filter_bytes=settings.filter_bytes,
        filter_depth=settings.filter_depth,
    )


def edge_limits(settings: Settings) -> "EdgeLimits":
    """The limits of the HTTP edge as they are set."""
    from rollbook.web.limits import Limits as EdgeLimits

    return EdgeLimits(
        header_bytes=settings.header_bytes,
        header_count=settings.header_count,
        url_bytes=settings.url_bytes,
        body_bytes=max(settings.body_bytes, settings.bulk_bytes),
    )


def application() -> "Application":
    """The application that the environment's settings describe: what each worker process calls."""
    return build(load_settings({}, os.environ).settings)


def build(settings: Settings) -> "Application":
    """Put the house together. Nothing is opened before the application starts."""
    from rollbook.deployment import Deployment
    from rollbook.identity.access_tokens import AccessTokens
    from rollbook.identity.activations import PAGE as ACTIVATE
    from rollbook.identity.key_sets import KeySets
    from rollbook.identity.keys import KeyRing
    from rollbook.identity.passwords import Passwords
    from rollbook.releezme_face.face import Face
    from rollbook.system_api.system import SystemApi
    from rollbook.web.activations import ActivationPage, Inviting
    from rollbook.web.asgi import Application
    from rollbook.web.face_endpoint import FaceEndpoint
    from rollbook.web.front import Front
    from rollbook.web.guard import Guard
    from rollbook.web.health import Health
    from rollbook.web.oauth_endpoint import OAuthEndpoint
    from rollbook.web.scim_endpoint import ScimEndpoint
    from rollbook.web.session_endpoint import SessionEndpoint
    from rollbook.web.system_endpoint import SystemEndpoint

    store = make_store(settings)
    master = make_master_key(settings)
    house = Deployment(
        store=store,
        dialects=house_dialects(settings),
        clock=SYSTEM_CLOCK,
        public_url=settings.origin,
        issuer=settings.issuer,
        fresh_seconds=settings.revocation_seconds,
        cursor_seconds=settings.cursor_seconds,
        tenant_concurrency=settings.tenant_concurrency,
        queue_seconds=settings.queue_seconds,
        requests_per_second=settings.requests_per_second,
        burst=settings.burst,
        tenant_requests_per_second=settings.tenant_requests_per_second,
        tenant_burst=settings.tenant_burst,
        address_failures=settings.address_failures,
        jwks_loopback_hosts=settings.loopback_hosts,
        act=Inviting(store, SYSTEM_CLOCK, master, settings.origin).act,
    )
    keys = KeyRing(store, SYSTEM_CLOCK, master, fresh_seconds=settings.revocation_seconds)
    access = AccessTokens(store, SYSTEM_CLOCK, house.issuer or house.public_url, keys)
    passwords = Passwords()
    key_sets = KeySets(SYSTEM_CLOCK, house.jwks_loopback_hosts)
    endpoint = ScimEndpoint(house, access, passwords, key_sets)
    oauth = OAuthEndpoint(house, keys, access, endpoint.refused, passwords, key_sets)
    sessions = SessionEndpoint(house, master, passwords, endpoint.authenticator, endpoint.refused, oauth.client_login)
    for dialect in house.dialects:
        if dialect.name == "retailops":
            sessions.pages[ACTIVATE] = ActivationPage(house, dialect, endpoint.dialect_of).answer
    shared = (endpoint.authenticator, endpoint.rate, endpoint.turns, endpoint.refused)
    dialect_of = partial(endpoint.dialect_of, house.dialects[0])
    pin_key = partial(master.derived, "PINs of lockers")
    systems = [SystemEndpoint(house, SystemApi(SYSTEM_CLOCK, dialect_of, pin_key), *shared)]
    for dialect in house.dialects:
        if dialect.name == Face.dialect:
            face = Face(SYSTEM_CLOCK, dialect_of, pin_key, dialect.oauth.scopes)
            systems.append(FaceEndpoint(face, house, *shared))
    front = Front(oauth, sessions, endpoint, *systems)
    outbox = make_outbox(settings, store)

    async def unready() -> Sequence[str]:
        try:
            await store.ping()
        except SchemaMismatch:
            return ("the database is of another release",)
        except StoreError:
            return ("the database does not answer",)
        return ()

    health = Health(unready, draining=lambda: app.draining)
    app = Application(
        front.answer,
        guard=Guard(
            hosts=settings.allowed_hosts, trusted_proxies=settings.trusted_proxies, limits=edge_limits(settings)
        ),
        routes={"/healthz": health.healthz, "/readyz": health.readyz},
        startup=(store.open, endpoint.start, oauth.start, outbox.start),
        shutdown=(store.close, outbox.stop, endpoint.stop, oauth.stop),
        access_log=settings.access_log,
        describe=front.describe,
        before_body=front.before_body,
        refuse=front.refuse,
    )
    return app


def serve(settings: Settings, *, on_ready: Callable[[str], None] | None = None) -> None:
    """Serve until told to stop. **Raises** ``web.server.ServeError`` where the socket cannot be had."""
    from rollbook.web import server
    from rollbook.web.logs import LogSettings

    house_dialects(settings)  # a file that is wrong ends the start here, and not in each worker
    os.environ.update(settings.environment())  # what the workers read
    server.serve(
        "rollbook.app:application",
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        drain_seconds=settings.drain_seconds,
        grace_seconds=settings.grace_seconds,
        limits=edge_limits(settings),
        log=LogSettings(settings.log_level, settings.access_log),
        on_ready=on_ready,
    )
