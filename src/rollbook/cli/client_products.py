"""What products call scopes, and where their clients ask for tokens, as their dialects say."""

from typing import TYPE_CHECKING

from rollbook.tenancy import connections

if TYPE_CHECKING:
    from rollbook.config import Settings
    from rollbook.storage.contract import Store
    from rollbook.storage.records import Tenant


def own_scopes(settings: "Settings", names: list[str]) -> list[str]:
    """Scopes as we call them; products' names stand for some of ours."""
    from rollbook.app import house_dialects

    known = {name: ours for dialect in house_dialects(settings) for name, ours in dialect.oauth.scopes.items()}
    return [scope for name in names for scope in known.get(name, (name,))]


async def token_address(settings: "Settings", store: "Store", tenants: "list[Tenant]", through: dict[str, str]) -> str:
    """Where the client asks for tokens: where its product's clients do, if it works by one product's dialect."""
    from rollbook.app import house_dialects

    said = {dialect.name: dialect.oauth.token_address for dialect in house_dialects(settings)}
    found = set()
    for one in tenants:
        connection = await connections.find(store, one, through.get(one.id, one.connection))
        found.add(said.get(connection.dialect, ""))
    return (found.pop() if len(found) == 1 else "") or "/oauth/token"
