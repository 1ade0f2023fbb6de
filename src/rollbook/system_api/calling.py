"""Who calls, as a route sees it: put into the request's state by ``web.system_endpoint``, which has proved it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request

from rollbook.clock import Clock
from rollbook.http_message import Request as Raw
from rollbook.identity.access import allow
from rollbook.identity.principal import Principal
from rollbook.lockers.work import LockerWork
from rollbook.storage.contract import TenantStore
from rollbook.storage.records import Tenant


@dataclass(frozen=True, slots=True)
class Caller:
    """``base`` is the path of the API as the client has called it, ``body`` the JSON that it sent ({}: none)."""

    raw: Raw
    principal: Principal
    tenant: Tenant
    store: TenantStore
    clock: Clock
    base: str
    body: dict[str, Any]

    @property
    def work(self) -> LockerWork:
        return LockerWork(self.store.lockers, self.clock, self.principal.actor, self.raw.peer, self.raw.id)

    def header(self, name: str) -> str | None:
        return self.raw.headers.get(name)


def needs(scope: str) -> Callable[[Request], Awaitable[Caller]]:
    """A dependency: the caller, who has this scope. **Raises** ``Forbidden``."""

    async def caller(request: Request) -> Caller:  # what is not async, FastAPI hands to a thread
        found: Caller = request.state.caller
        allow(found.principal, scope)
        return found

    caller.__name__ = f"needs_{scope.replace('.', '_')}"
    return caller


Reads = Annotated[Caller, Depends(needs("system.read"))]
Writes = Annotated[Caller, Depends(needs("system.write"))]
Manages = Annotated[Caller, Depends(needs("lockers.manage"))]
Audits = Annotated[Caller, Depends(needs("audit.read"))]
Decides = Annotated[Caller, Depends(needs("access.read"))]
