"""For whom an access token is: the server, or what a product calls a tenant of it.

Products give each tenant a name of its own (Identify: the entity id of its system setup) and want it as the audience
of tokens. A dialect whose settings have ``entity_id`` gets that; every other token is for the server, by its issuer's
name.

Source: RFC 9068 §3 (audience), §4 (a token for another audience is refused).
"""

from functools import lru_cache
from typing import Any

import orjson

from rollbook.storage.records import Connection, Tenant

SETTING = "entity_id"
"""What a dialect calls the setting."""


def audience_of(tenant: Tenant, connection: Connection, issuer: str) -> str:
    """The audience of tokens that work in a tenant by one of its connections."""
    return _set(tenant.configured, connection.dialect) or issuer


@lru_cache(1024)
def _set(configured: str, dialect: str) -> str:
    said: dict[str, dict[str, Any]] = orjson.loads(configured) if configured else {}
    return str(said.get(dialect, {}).get(SETTING, ""))
