"""Locations, sections, banks, lockers, locker groups and links: the same routes for each, made of a table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Path, Query
from fastapi import Response as Answer
from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic.fields import FieldInfo

from rollbook.lockers import assigning, forms, structure
from rollbook.lockers.forms import Id, LockerKind, Moment
from rollbook.storage.errors import NotFound
from rollbook.storage.locker_records import (
    Answered,
    Bank,
    Link,
    Listing,
    Location,
    Locker,
    LockerGroup,
    Section,
    Thing,
)
from rollbook.system_api.answers import (
    MERGE_PATCH,
    REFUSED,
    WOULD,
    DryRun,
    IfMatch,
    Key,
    Listed,
    Said,
    answered,
    done,
    edge_of,
    etag,
    match,
    page,
    said,
)
from rollbook.system_api.calling import Caller, Reads, Writes

Flag = bool | None


class OfLocations(Listed):
    name: Said | None = None
    state: Literal["active", "closed"] | None = None


class OfSections(OfLocations):
    location_id: Id | None = None


class OfBanks(OfSections):
    section_id: Id | None = None
    published: Flag = None


class OfLockers(Listed):
    location_id: Id | None = None
    section_id: Id | None = None
    locker_bank_id: Id | None = None
    locker_group_id: Id | None = None
    number: Said | None = None
    size: Said | None = None
    kind: LockerKind | None = None
    accessible: Flag = None
    state: Literal["active", "blocked", "outOfOrder"] | None = None


class OfGroups(Listed):
    name: Said | None = None
    bookable: Flag = None


class OfLinks(Listed):
    user_group_id: Id | None = None
    locker_group_id: Id | None = None
    effect: Literal["allow", "deny"] | None = None


_FIELDS: Mapping[tuple[type[Thing], str], str] = {
    (Locker, "locker_bank_id"): "bank_id",
    (Locker, "locker_group_id"): "group_id",
}
"""Where a record calls it otherwise."""


@dataclass(frozen=True, slots=True)
class Room:
    """One kind: its path, and what its lists may be asked for."""

    kind: type[Thing]
    path: str
    query: type[Listed]
    one: str
    many: str


ROOMS = (
    Room(Location, "locations", OfLocations, "location", "locations"),
    Room(Section, "sections", OfSections, "section", "sections"),
    Room(Bank, "locker-banks", OfBanks, "locker bank", "locker banks"),
    Room(Locker, "lockers", OfLockers, "locker", "lockers"),
    Room(LockerGroup, "locker-groups", OfGroups, "locker group", "locker groups"),
    Room(Link, "links", OfLinks, "link", "links between user groups and locker groups"),
)

ThingId = Annotated[str, Path(description="The id.", max_length=64, pattern="^[0-9A-Za-z-]+$")]


class Kept(BaseModel):
    """What the store adds."""

    model_config = ConfigDict(extra="allow")

    id: Id
    version: int
    created: Moment
    lastModified: Moment  # noqa: N815


def shown_model(room: Room) -> type[BaseModel]:
    """What is answered: the form, and what the store adds."""
    form = forms.FORMS[room.kind]
    more: dict[str, Any] = {}
    if room.kind is Bank:
        more["locationId"] = (Id, ...)
    if room.kind is Locker:
        more["status"] = (
            Literal["free", "assigned", "shared", "blocked", "outOfOrder"] | None,
            Field(None, description="How it stands; where it is read."),
        )
    name = structure.NAMES[room.kind]
    fields: dict[str, Any] = {
        field.alias or name: (field.annotation, Field(description=field.description))
        for name, field in form.model_fields.items()
    }
    return create_model(name, __base__=Kept, **fields, **more)


class HoursPatch(BaseModel):
    """A part of the hours; null: as if it had not been said."""

    model_config = ConfigDict(extra="forbid")

    from_: forms.Clock | None = Field(None, alias="from")
    until: forms.Clock | None = None


_NESTED: Mapping[str, Any] = {"attributes": forms.AttributesPatch, "hours": HoursPatch}
"""Objects in objects: there, too, null takes away. The whole is held to its form when it is merged."""


def patch_model(room: Room) -> type[BaseModel]:
    """A merge patch: every member may be missing, and null takes away what a thing can be without."""
    form = forms.FORMS[room.kind]
    fields: dict[str, Any] = {
        field.alias or name: (_NESTED.get(name, _whole(field)) | None, None)
        for name, field in form.model_fields.items()
    }
    return create_model(f"{structure.NAMES[room.kind]}Patch", __config__=ConfigDict(extra="forbid"), **fields)


def _whole(field: FieldInfo) -> Any:
    """The type of a field, with its limits."""
    return Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation


async def shown(caller: Caller, things: list[Any]) -> list[dict[str, Any]]:
    """Things as they are answered; lockers with how they stand."""
    if not things or not isinstance(things[0], Locker):
        return [forms.shown(thing) for thing in things]
    held = await caller.store.lockers.holders([one.id for one in things], caller.clock.written())
    return [{**forms.shown(one), "status": assigning.status_of(one, held.get(one.id, []))} for one in things]


def answer_of(caller: Caller, room: Room, status: int, thing: Any) -> Answered:
    """A thing that was just written."""
    return answered(status, forms.shown(thing), version=thing.version, location=f"{caller.base}/{room.path}/{thing.id}")


def routes(room: Room) -> APIRouter:
    """The routes of one kind."""
    router = APIRouter(tags=[room.many.partition(" between")[0].capitalize()], responses=REFUSED)
    form, model = forms.FORMS[room.kind], shown_model(room)
    patched: Any = Annotated[patch_model(room), Body(media_type=MERGE_PATCH)]
    query_model = room.query
    operation = structure.NAMES[room.kind]
    items: Any = list[model]  # type: ignore[valid-type]
    list_model = create_model(f"{operation}List", items=(items, ...), nextCursor=(str | None, ...))

    @router.get(
        f"/{room.path}",
        summary=f"List {room.many}",
        operation_id=f"list{operation}s",
        response_model=list_model,
    )
    async def list_them(caller: Reads, asked: Annotated[query_model, Query()]) -> Answer:  # type: ignore[valid-type]
        where = {
            _FIELDS.get((room.kind, name), name): value
            for name, value in asked.model_dump(exclude={"limit", "cursor", "updated_since"}).items()  # type: ignore[attr-defined]
            if value is not None
        }
        limit, since = asked.limit, asked.updated_since  # type: ignore[attr-defined]
        after = edge_of(asked.cursor, 1 if since is None else 2)  # type: ignore[attr-defined]
        found = await caller.store.lockers.listed(room.kind, Listing(where, limit + 1, after, since))
        last = found[limit - 1] if len(found) > limit else None
        items = await shown(caller, found[:limit])

        def edge() -> tuple[str, ...]:
            assert last is not None
            return (last.id,) if since is None else (last.last_modified, last.id)

        return page([*items, *found[limit:]], limit, edge)

    @router.post(
        f"/{room.path}",
        summary=f"Create a {room.one}",
        operation_id=f"create{operation}",
        status_code=201,
        response_model=model,
        responses=WOULD,
    )
    async def create(caller: Writes, body: form, key: Key = None, dry_run: DryRun = False) -> Answer:  # type: ignore[valid-type]
        return await done(
            caller,
            lambda manner: structure.create(caller.work, room.kind, caller.body, manner),
            lambda made: answer_of(caller, room, 201, made),
            key=key,
            dry_run=dry_run,
        )

    @router.get(
        f"/{room.path}/{{id}}", summary=f"Read a {room.one}", operation_id=f"read{operation}", response_model=model
    )
    async def read(caller: Reads, id: ThingId) -> Answer:
        thing = await caller.store.lockers.find(room.kind, id)
        if thing is None:
            raise NotFound
        if caller.header("if-none-match") in (etag(thing.version), "*"):
            return Answer(status_code=304, headers={"etag": etag(thing.version)})
        (body,) = await shown(caller, [thing])
        return said(answered(200, body, version=thing.version))

    @router.patch(
        f"/{room.path}/{{id}}",
        summary=f"Change a {room.one}",
        description="A merge patch (RFC 7396): what is given changes, null takes away, the rest stays.",
        operation_id=f"change{operation}",
        response_model=model,
    )
    async def change(
        caller: Writes,
        id: ThingId,
        body: patched,
        if_match: IfMatch = None,
        dry_run: DryRun = False,
    ) -> Answer:
        wanted = match(if_match)
        return await done(
            caller,
            lambda manner: structure.change(caller.work, room.kind, id, caller.body, wanted, manner),
            lambda changed: answer_of(caller, room, 200, changed)._replace(location=""),
            dry_run=dry_run,
        )

    @router.delete(
        f"/{room.path}/{{id}}",
        summary=f"Delete a {room.one}",
        description="Refused (409 `inUse`) while something hangs on it.",
        operation_id=f"delete{operation}",
        status_code=204,
        response_class=Answer,
    )
    async def delete(caller: Writes, id: ThingId, if_match: IfMatch = None, dry_run: DryRun = False) -> Answer:
        wanted = match(if_match)
        return await done(
            caller,
            lambda manner: structure.delete(caller.work, room.kind, id, wanted, manner),
            lambda _: Answered(204, ""),
            dry_run=dry_run,
        )

    return router
