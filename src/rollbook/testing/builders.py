"""What tests put into a store: the cast, built without the protocol core, so that a store can be tested alone.

The search form here is made by the simplest rule that is right for the cast: every text without case. What makes it for
real is ``scim.search_form``.
"""

from collections.abc import Sequence
from typing import Any

import orjson

from rollbook.events import Event, Kind
from rollbook.ids import new_id, ordered_id
from rollbook.scim import urns
from rollbook.scim.catalog_reader import GROUP_NUMBER, USER_NUMBER
from rollbook.storage.records import Content, Delete, IndexRow, Insert, MemberChange, Tenant, Token, Update

START = "2026-01-31T08:00:00.000Z"
LATER = "2026-01-31T09:00:00.000Z"
LATER_STILL = "2026-01-31T10:00:00.000Z"
CAST = {"ann": ("Ann", "Aster"), "bo": ("Bo", "Birch"), "cleo": ("Cleo", "Clover")}


def moment(seconds: int) -> str:
    """A written moment, so many seconds after ``START`` (less than an hour)."""
    return f"2026-01-31T08:{seconds // 60:02d}:{seconds % 60:02d}.000Z"


def event(kind: Kind = Kind.RESOURCE_CREATED, at: str = START, **more: Any) -> Event:
    return Event(id=ordered_id(), at=at, kind=kind, actor="operator", **more)


def tenant(name: str = "acorn", *, at: str = START) -> Tenant:
    return Tenant(new_id(), name, "standard", "active", at, new_id())


def token(tenant: Tenant, digest: bytes = b"d" * 32, *, name: str = "sync", at: str = START) -> Token:
    return Token(new_id(), tenant.id, tenant.connection, name, digest, "x9k2", at, None, None)


def user_document(name: str, **more: Any) -> dict[str, Any]:
    """The canonical document of a user of the cast, or of anyone."""
    given, family = CAST.get(name.lower(), (name, "Elder"))
    return {
        "schemas": [urns.USER],
        "userName": name,
        "name": {"givenName": given, "familyName": family},
        "displayName": f"{given} {family}",
        "emails": [{"value": f"{name}@Acorn.example", "type": "work", "primary": True}],
        "active": True,
    } | more


def group_document(name: str, **more: Any) -> dict[str, Any]:
    return {"schemas": [urns.GROUP], "displayName": name} | more


def folded(value: Any) -> Any:
    """Every text in it without case."""
    match value:
        case str():
            return value.casefold()
        case dict():
            return {key: folded(inner) for key, inner in value.items()}
        case list():
            return [folded(inner) for inner in value]
        case _:
            return value


def content(document: dict[str, Any], *, key: str | None = None, external_id: str | None = None) -> Content:
    """What is kept of a document. ``key`` is its userName in search form, where it has one."""
    name = document.get("userName")
    display = document.get("displayName") or name
    return Content(
        key=key if key is not None else folded(name),
        external_id=external_id,
        display=display,
        display_key=folded(display),
        document=orjson.dumps(document),
        search=orjson.dumps(folded(document)),
    )


def index_rows(document: dict[str, Any]) -> list[IndexRow]:
    """The rows of ``index_paths``: of a User ``emails.value``, ``name.familyName``, ``displayName``; of a Group
    ``displayName``."""
    if document["schemas"] == [urns.GROUP]:
        return [IndexRow(0, folded(document["displayName"]), 0)]
    emails = [IndexRow(0, folded(email["value"]), i) for i, email in enumerate(document.get("emails", ()))]
    family = document.get("name", {}).get("familyName")
    display = document.get("displayName")
    return [
        *emails,
        *([IndexRow(1, folded(family), 0)] if family else ()),
        *([IndexRow(2, folded(display), 0)] if display else ()),
    ]


def user(
    tenant: Tenant,
    name: str = "ann",
    *,
    id: str | None = None,
    at: str = START,
    external_id: str | None = None,
    key: str | None = None,
    **more: Any,
) -> Insert:
    """A new user. ``more`` goes into the document."""
    return _insert(tenant, USER_NUMBER, user_document(name, **more), id, at, key, external_id, ())


def group(
    tenant: Tenant,
    name: str = "Gardeners",
    *,
    id: str | None = None,
    at: str = START,
    external_id: str | None = None,
    members: Sequence[str] = (),
    **more: Any,
) -> Insert:
    """A new group. ``more`` goes into the document."""
    return _insert(tenant, GROUP_NUMBER, group_document(name, **more), id, at, None, external_id, members)


def _insert(
    tenant: Tenant,
    type: int,
    document: dict[str, Any],
    id: str | None,
    at: str,
    key: str | None,
    external_id: str | None,
    members: Sequence[str],
) -> Insert:
    made = id or new_id()
    return Insert(
        type=type,
        id=made,
        connection=tenant.connection,
        at=at,
        content=content(document, key=key, external_id=external_id),
        index=index_rows(document),
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
        content=content(document, external_id=external_id),
        index=index_rows(document),
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
