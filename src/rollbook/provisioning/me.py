"""``/Me``: the resource that a credential stands for (RFC 7644 §3.11).

A credential says whom it stands for by an id, or by a name (``userName``) that is looked up each time that somebody
asks: whoever is renamed, or deleted and made again, needs no new credential.
"""

import orjson

from rollbook.scim.binding import bind
from rollbook.scim.errors import NotFound, NotImplementedHere
from rollbook.scim.filter_parser import parse_filter
from rollbook.scim.schema import ResourceType
from rollbook.storage.contract import TenantStore
from rollbook.storage.records import Query, Target


async def find_subject(
    store: TenantStore, types: tuple[ResourceType, ...], subject: str | None
) -> tuple[ResourceType, str]:
    """The type and the id of the resource that a credential stands for.

    **Raises** ``NotImplementedHere`` where the credential stands for none, ``NotFound`` where that is not there.
    """
    if subject is None:
        raise NotImplementedHere("/Me is not offered for this token: it stands for no resource.")
    id = subject.lower()
    number = (await store.types_of([id])).get(id)
    for type in types:
        if type.number == number:
            return type, id
    for type in types:
        if type.key is not None:
            wanted = bind(parse_filter(f"{type.key.name} eq {orjson.dumps(subject).decode()}"), type)
            rows = (await store.query(Query((Target(type, wanted),), limit=1))).rows
            if rows:
                return type, rows[0].id
    raise NotFound("The resource that this token stands for is not there (any more).")
