"""Locker users as the face shows them: Users of SCIM, by their userName (``ExternalUserId``)."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import orjson

from rollbook.dialects.model import Dialect
from rollbook.scim.binding import bind
from rollbook.scim.catalog_reader import USER_NUMBER
from rollbook.scim.filter_parser import parse_filter
from rollbook.storage.contract import TenantStore
from rollbook.storage.records import Query, Target, Tenant

DialectOf = Callable[[Tenant], Awaitable[Dialect]]

_SEARCHED = ("userName", "name.givenName", "name.familyName", "displayName", "emails.value")


class Users:
    """``dialect_of`` makes the dialect that sees all that is kept of a tenant."""

    def __init__(self, dialect_of: DialectOf) -> None:
        self._dialect_of = dialect_of

    async def searched(
        self, tenant: Tenant, store: TenantStore, text: str, without: Sequence[str], offset: int, limit: int
    ) -> tuple[int, list[dict[str, Any]]]:
        """Active users in whose names or e-mails a text stands ("": all), and how many there are of them."""
        said = "not (active eq false)" + "".join(f" and not (id eq {json.dumps(id)})" for id in without)
        if text:
            said += f" and ({' or '.join(f'{path} co {json.dumps(text)}' for path in _SEARCHED)})"
        kept = (await self._dialect_of(tenant)).kept()
        type = next(type for type in kept.types if type.number == USER_NUMBER)
        page = await store.query(Query((Target(type, bind(parse_filter(said), type)),), offset, limit))
        return page.total, [shown(row.id, orjson.loads(row.document)) for row in page.rows]

    async def known(self, store: TenantStore, ids: Sequence[str]) -> list[dict[str, Any]]:
        """Users by their ids; who is gone is left out."""
        found = [await store.get(USER_NUMBER, id) for id in ids]
        return [shown(one.id, orjson.loads(one.document)) for one in found if one is not None]


def shown(id: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """A locker user as it is answered."""
    name = document.get("name", {})
    emails = document.get("emails", [])
    best = next((one for one in emails if one.get("primary")), emails[0] if emails else {})
    return {
        "Id": id,
        "FirstName": name.get("givenName"),
        "LastName": name.get("familyName"),
        "EmailAddress": best.get("value"),
        "ExternalUserId": document.get("userName"),
    }
