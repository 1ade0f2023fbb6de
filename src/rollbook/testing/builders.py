"""What tests put into a store, and ask of it: the cast, as values.

Search forms and index rows are made by the core (``scim.search_form``), filters are bound by hand: a store is tested
without a parser.
"""

from collections.abc import Sequence
from typing import Any

import orjson

from rollbook.events import Event, Kind
from rollbook.ids import new_id, ordered_id
from rollbook.scim import urns
from rollbook.scim.attributes import Compare
from rollbook.scim.binding import BoundComparison, BoundFilter, BoundNot, BoundPresent, BoundShape, Operand
from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.filter import Operator
from rollbook.scim.folding import fold
from rollbook.scim.schema import Place, ResourceType
from rollbook.scim.search_form import index_rows, search_form
from rollbook.storage.records import (
    DEFAULT_SCOPES,
    INDEX_VALUE_LIMIT,
    Connection,
    Content,
    Delete,
    IndexRow,
    Insert,
    MemberChange,
    Query,
    Target,
    Tenant,
    Token,
    Update,
)

START = "2026-01-31T08:00:00.000Z"
LATER = "2026-01-31T09:00:00.000Z"
LATER_STILL = "2026-01-31T10:00:00.000Z"
USER, GROUP = standard_types()
CAST = {"ann": ("Ann", "Aster"), "bo": ("Bo", "Birch"), "cleo": ("Cleo", "Clover")}


def moment(seconds: int) -> str:
    """A written moment, so many seconds after ``START`` (less than an hour)."""
    return f"2026-01-31T08:{seconds // 60:02d}:{seconds % 60:02d}.000Z"


def event(kind: Kind = Kind.RESOURCE_CREATED, at: str = START, **more: Any) -> Event:
    return Event(id=ordered_id(), at=at, kind=kind, actor="operator", **more)


def tenant(name: str = "acorn", *, at: str = START) -> Tenant:
    return Tenant(new_id(), name, "standard", "active", at, new_id())


def token(
    tenant: Tenant,
    digest: bytes = b"d" * 32,
    *,
    name: str = "sync",
    at: str = START,
    connection: str | None = None,
    scopes: tuple[str, ...] = DEFAULT_SCOPES,
) -> Token:
    of = connection or tenant.connection
    return Token(new_id(), tenant.id, of, name, digest, "x9k2", at, None, None, scopes)


def connection(name: str = "sync", *, preset: str = "standard", at: str = START, **settings: Any) -> Connection:
    return Connection(new_id(), name, "standard", preset, settings, at)


def default_connection(tenant: Tenant) -> Connection:
    """What a tenant starts with."""
    return Connection(tenant.connection, "default", tenant.dialect, "standard", {}, tenant.created)


def user_document(name: str, /, **more: Any) -> dict[str, Any]:
    """The canonical document of a user of the cast, or of anyone."""
    given, family = CAST.get(name.lower(), (name, "Elder"))
    document = {
        "schemas": [urns.USER],
        "userName": name,
        "name": {"givenName": given, "familyName": family},
        "displayName": f"{given} {family}",
        "emails": [{"value": f"{name}@Acorn.example", "type": "work", "primary": True}],
        "active": True,
    }
    return {key: value for key, value in (document | more).items() if value is not None}


def group_document(name: str, /, **more: Any) -> dict[str, Any]:
    return {"schemas": [urns.GROUP], "displayName": name} | more


def content(type: ResourceType, document: dict[str, Any], external_id: str | None = None) -> Content:
    """What is kept of a document."""
    search = search_form(type)(document)
    display = document.get("displayName") or document.get("userName")
    return Content(
        key=search[type.key.name] if type.key else None,
        external_id=external_id,
        display=display,
        display_key=fold(Compare.FOLDED, display) if display else None,
        document=orjson.dumps(document),
        search=orjson.dumps(search),
    )


def indexed(type: ResourceType, document: dict[str, Any]) -> list[IndexRow]:
    """The index rows of a document."""
    return index_rows(type, INDEX_VALUE_LIMIT)(search_form(type)(document))


def user(
    tenant: Tenant,
    name: str = "ann",
    /,
    *,
    id: str | None = None,
    at: str = START,
    external_id: str | None = None,
    **more: Any,
) -> Insert:
    """A new user. ``more`` goes into the document; what is None there is left out."""
    return _insert(tenant, USER, user_document(name, **more), id, at, external_id, ())


def group(
    tenant: Tenant,
    name: str = "Gardeners",
    /,
    *,
    id: str | None = None,
    at: str = START,
    external_id: str | None = None,
    members: Sequence[str] = (),
    **more: Any,
) -> Insert:
    """A new group. ``more`` goes into the document."""
    return _insert(tenant, GROUP, group_document(name, **more), id, at, external_id, members)


def _insert(
    tenant: Tenant,
    type: ResourceType,
    document: dict[str, Any],
    id: str | None,
    at: str,
    external_id: str | None,
    members: Sequence[str],
) -> Insert:
    made = id or new_id()
    return Insert(
        type=type.number,
        id=made,
        connection=tenant.connection,
        at=at,
        content=content(type, document, external_id),
        index=indexed(type, document),
        event=event(at=at, resource=made, status=201),
        members=members,
    )


def replaced(
    insert: Insert,
    document: dict[str, Any],
    version: int | None = 1,
    *,
    at: str = LATER,
    external_id: str | None = None,
    members: MemberChange | None = None,
) -> Update:
    """The resource of that insert gets another document."""
    return Update(
        type=insert.type,
        id=insert.id,
        version=version,
        at=at,
        event=event(Kind.RESOURCE_REPLACED, at, resource=insert.id, status=200),
        content=content(_type(insert.type), document, external_id),
        index=indexed(_type(insert.type), document),
        members=members,
    )


def members_changed(
    insert: Insert,
    *,
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
    clear: bool = False,
    version: int | None = None,
    at: str = LATER,
) -> Update:
    """The group of that insert gets other members; its document stays."""
    return Update(
        type=insert.type,
        id=insert.id,
        version=version,
        at=at,
        event=event(Kind.RESOURCE_MODIFIED, at, resource=insert.id, status=204),
        members=MemberChange(clear, remove, add),
    )


def deleted(insert: Insert, version: int | None = None, *, at: str = LATER) -> Delete:
    return Delete(
        type=insert.type,
        id=insert.id,
        version=version,
        at=at,
        event=event(Kind.RESOURCE_DELETED, at, resource=insert.id, status=204),
    )


def _type(number: int) -> ResourceType:
    return next(type for type in standard_types() if type.number == number)


def place(type: ResourceType, path: str) -> Place:
    """The place of a path without a URN: ``name.familyName``."""
    name, _, sub = path.partition(".")
    found = type.place(None, name, sub or None)
    assert found is not None, path
    return found


def where(type: ResourceType, path: str, operator: str, operand: Operand) -> BoundFilter:
    """``path operator operand``; the operand is in search form."""
    node = BoundComparison(place(type, path), Operator(operator), 0)
    return BoundFilter(BoundShape(type, node, ()), (operand,))


def present(type: ResourceType, path: str, *, absent: bool = False) -> BoundFilter:
    """``path pr``, or ``not (path pr)``."""
    node = BoundPresent(place(type, path))
    return BoundFilter(BoundShape(type, BoundNot(node) if absent else node, ()), ())


def users_where(path: str, operator: str, operand: Operand, *, offset: int = 0, limit: int = 100) -> Query:
    return Query((Target(USER, where(USER, path, operator, operand)),), offset, limit)


def users_by(path: str, *, descending: bool = False, offset: int = 0, limit: int = 100) -> Query:
    """All users, in the order of a path."""
    return Query((Target(USER, None, place(USER, path)),), offset, limit, sorted=True, descending=descending)
