"""What this installation has: its store, its dialects, its clock and its settings, as one value."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from rollbook.clock import Clock
from rollbook.dialects.model import Dialect
from rollbook.provisioning.work import Work
from rollbook.scim.schema import ResourceType
from rollbook.storage.contract import Store
from rollbook.storage.records import Tenant


class Acting(NamedTuple):
    """The write that effects follow from: a resource of a tenant, and who has written it."""

    tenant: Tenant
    type: ResourceType
    resource: str
    work: Work


Act = Callable[[Any, Acting], Awaitable[None]]
"""Acts on one effect."""


async def _nothing(effect: Any, acting: Acting) -> None:
    """In a house whose rules want nothing done."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """``public_url`` is where clients reach the house, without a closing slash; ``issuer`` is the name under
    which it issues tokens (empty: ``public_url``)."""

    store: Store
    dialects: tuple[Dialect, ...]
    clock: Clock
    public_url: str
    issuer: str = ""
    fresh_seconds: float = 3.0
    cursor_seconds: int = 3600
    tenant_concurrency: int = 64
    queue_seconds: float = 10.0
    requests_per_second: float | None = None
    burst: int = 200
    tenant_requests_per_second: float | None = None
    tenant_burst: int = 1000
    address_failures: int = 100
    jwks_loopback_hosts: frozenset[str] = frozenset()
    act: Act = _nothing
    """Does what a dialect's rules want done after a write (``scim.rules.Asked.effects``)."""
