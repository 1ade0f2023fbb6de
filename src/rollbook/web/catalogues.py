"""The dialect as a tenant has it, with its own schemas and resource types, made once for each revision of those.

A tenant without a catalogue is served the dialect itself, and costs nothing here. A credential that was looked up a
moment ago tells the revision (``Tenant.schemas``), so a request asks the store only when the revision is new.
"""

import asyncio
import logging
from dataclasses import dataclass
from typing import NamedTuple

from rollbook.clock import Clock
from rollbook.dialects.model import Dialect
from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.catalogue import compile_types, read_catalogue
from rollbook.scim.discovery import Document, discover
from rollbook.scim.operations import Define, Withdraw
from rollbook.scim.outcomes import Discovered, Done
from rollbook.scim.recent import Recent
from rollbook.storage.contract import Store
from rollbook.storage.errors import StoreError
from rollbook.storage.records import Tenant
from rollbook.tenancy import schemas
from rollbook.tenancy.indexes import look_after_all

KEPT = 500
"""Tenants with schemas of their own whose dialects are kept made: some 100 kB each, with all that is compiled."""

LOOK_SECONDS = 1.0
"""How often a worker asks whether an index has to be looked after."""

_log = logging.getLogger("rollbook.web")


class _Made(NamedTuple):
    dialect: Dialect
    until: float
    """Until then it is newer than what any credential remembers."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who changes schemas: the tenant, and what the event says."""

    tenant: Tenant
    author: schemas.Author


class Catalogues:
    """Makes and keeps tenants' dialects; changes what they are made of."""

    def __init__(self, store: Store, clock: Clock, fresh_seconds: float) -> None:
        self._store = store
        self._clock = clock
        self._fresh_seconds = fresh_seconds
        self._made: Recent[tuple[Dialect, str], _Made] = Recent(KEPT)

    def known(self, dialect: Dialect, tenant: Tenant) -> Dialect:
        """The tenant's dialect, if it is at hand; else the dialect itself. For logs."""
        made = self._made.get((dialect, tenant.id)) if tenant.schemas else None
        return made.dialect if made else dialect

    async def dialect(self, dialect: Dialect, tenant: Tenant) -> Dialect:
        """The dialect as the tenant has it. It is as fresh as the credential that ``tenant`` comes from, or fresher."""
        made = self._made.get((dialect, tenant.id))
        if made is not None:
            older = tenant.schemas - made.dialect.revision
            # A greater revision than the credential's is newer, unless a backup has been restored meanwhile.
            if older == 0 or (older < 0 and self._clock.elapsed() < made.until):
                return made.dialect
        return await self._make(dialect, tenant.id)

    async def _make(self, dialect: Dialect, tenant: str) -> Dialect:
        asked = self._clock.elapsed()
        catalogue = read_catalogue(*await self._store.tenant(tenant).catalogue())
        compiled = compile_types(catalogue, standard_types())
        made = dialect.of_tenant(compiled.types, compiled.unused, catalogue.revision)
        self._made.put((dialect, tenant), _Made(made, asked + self._fresh_seconds))
        return made

    async def change(
        self, operation: Define | Withdraw, dialect: Dialect, caller: Caller, base: str
    ) -> Discovered | Done:
        """Add, replace or remove a schema or a resource type of the caller's tenant, and show what it is now.

        ``dialect`` is the one that all tenants have; ``base`` is its public address. **Raises** what
        ``tenancy.schemas`` raises.
        """
        tenant = caller.tenant.id
        desk = schemas.Desk(self._store.tenant(tenant), self._clock, caller.author, dialect.routes.names)
        topic = operation.topic
        name = operation.name
        match operation:
            case Withdraw():
                await schemas.remove(desk, topic, name)
            case Define(name="", document=document):
                name = await schemas.create(desk, topic, document)
            case Define(document=document):
                name = await schemas.replace_(desk, topic, name, document)
        mine = await self._make(dialect, tenant)
        if isinstance(operation, Withdraw):
            return Done()
        shown: Document = discover(topic, name, mine.types, base, mine.limits, unused=mine.unused)
        return Discovered(shown, created=not operation.name)

    async def look_after_indexes(self) -> None:
        """Build and empty index paths, in whatever tenant there is something to do, for ever."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await look_after_all(self._store, self._clock)
            except StoreError as error:
                _log.info("indexes wait: %s", error.detail)
