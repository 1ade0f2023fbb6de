"""What a tenant sets for its dialects: kept as one JSON text with the tenant, changed as a whole.

What may be set is judged above (``dialects.configuration``); here is what becomes of it.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from rollbook.clock import Clock
from rollbook.events import Event, Kind
from rollbook.ids import ordered_id
from rollbook.storage.contract import Store
from rollbook.storage.records import Tenant
from rollbook.tenancy.lifecycle import OPERATOR, WrongStatus

Configured = dict[str, dict[str, Any]]


def configured(tenant: Tenant) -> Configured:
    """What a tenant has set, by dialect and setting."""
    found: Configured = orjson.loads(tenant.configured) if tenant.configured else {}
    return found


async def spoken(store: Store, tenant: Tenant) -> set[str]:
    """The dialects that a tenant speaks: its own, and those of its connections."""
    connections = await store.tenant(tenant.id).connections()
    return {tenant.dialect, *(connection.dialect for connection in connections)}


async def configure(
    store: Store, clock: Clock, tenant: Tenant, settings: Mapping[str, Mapping[str, Any]]
) -> tuple[str, ...]:
    """Set what a tenant sets for some dialects, each as a whole; others stay. The names of what has changed.

    **Rules**: where nothing changes nothing is written, and there is no event. **Raises** ``WrongStatus``.
    """
    if tenant.status == "deleted":
        raise WrongStatus(f"tenant {tenant.name!r} is deleted")
    before = configured(tenant)
    after = {name: dict(values) for name, values in {**before, **settings}.items() if values}
    changed = tuple(
        f"{name}.{key}"
        for name in sorted({*before, *after})
        for key in sorted({*before.get(name, ()), *after.get(name, ())})
        if before.get(name, {}).get(key) != after.get(name, {}).get(key)
    )
    if changed:
        event = Event(
            id=ordered_id(),
            at=clock.written(),
            kind=Kind.TENANT_CONFIGURED,
            actor=OPERATOR,
            resource_type="Tenant",
            resource=tenant.id,
            attributes=changed,
        )
        await store.configure_tenant(tenant.id, orjson.dumps(after).decode() if after else "", event)
    return changed
