"""Users with their badges, and user groups: those of SCIM, read and written by the operator's side."""

from collections.abc import Callable, Iterator
from enum import Enum
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query
from fastapi import Response as Answer
from pydantic import BaseModel, Field

from rollbook.lockers import assigning, forms
from rollbook.lockers.forms import ExternalId, Form, Id, Moment, Name, Text
from rollbook.lockers.structure import ANY
from rollbook.scim.errors import InvalidValue
from rollbook.scim.patch import Op, PatchOperation
from rollbook.storage.locker_records import Answered
from rollbook.storage.records import MemberQuery, Stored
from rollbook.system_api import models
from rollbook.system_api.answers import (
    MERGE_PATCH,
    REFUSED,
    WOULD,
    DryRun,
    IfMatch,
    Key,
    Paging,
    Said,
    Since,
    answered,
    done,
    edge_of,
    match,
    page,
    perhaps,
    said,
)
from rollbook.system_api.calling import Caller, Reads, Writes
from rollbook.system_api.people import (
    BADGES,
    GROUP_NUMBER,
    IN_GROUPS,
    USER_NUMBER,
    People,
    patch,
    shown_group,
    shown_user,
)
from rollbook.system_api.problems import Refusal
from rollbook.system_api.structure_routes import ThingId

_MOST = 500


class Badge(Form):
    value: Annotated[str, Field(min_length=1, max_length=200, pattern=forms.PLAIN)]
    display: Text | None = None


class BadgeChange(Form):
    """First those of ``remove`` go, by their values, then those of ``add`` come."""

    add: Annotated[list[Badge], Field(max_length=20)] = Field(default_factory=list)
    remove: Annotated[list[str], Field(max_length=20)] = Field(default_factory=list)


class User(BaseModel):
    id: Id
    userName: str | None  # noqa: N815
    displayName: str | None  # noqa: N815
    active: bool
    externalId: str | None  # noqa: N815
    badges: list[Badge]
    version: int
    created: Moment
    lastModified: Moment  # noqa: N815


class UserList(BaseModel):
    items: list[User]
    nextCursor: str | None  # noqa: N815


class GroupForm(Form):
    display_name: Name
    external_id: ExternalId | None = None


class GroupPatch(Form):
    display_name: Name = Field(default_factory=str)
    external_id: ExternalId | None = None


class UserGroup(BaseModel):
    id: Id
    displayName: str  # noqa: N815
    externalId: str | None  # noqa: N815
    version: int
    created: Moment
    lastModified: Moment  # noqa: N815


class UserGroupList(BaseModel):
    items: list[UserGroup]
    nextCursor: str | None  # noqa: N815


class MemberChange(Form):
    add: Annotated[list[Id], Field(max_length=_MOST)] = Field(default_factory=list)
    remove: Annotated[list[Id], Field(max_length=_MOST)] = Field(default_factory=list)


class OfPeople(Paging):
    updated_since: Since = None


class OfUsers(OfPeople):
    user_name: Said | None = None
    external_id: Said | None = None
    badge: Annotated[Said | None, Field(description="What a reader has read off the card.")] = None
    active: bool | None = None
    in_group: Annotated[bool | None, Field(description="False: who is in no user group, and so has no rights.")] = None


class OfGroups(OfPeople):
    display_name: Said | None = None
    external_id: Said | None = None


_PATHS = {
    "user_name": "userName",
    "external_id": "externalId",
    "badge": f"{BADGES}:badges.value",
    "active": "active",
    "in_group": IN_GROUPS,
    "display_name": "displayName",
}


def _filters(asked: Any) -> dict[str, str | bool]:
    given = asked.model_dump(exclude={"limit", "cursor", "updated_since"})
    return {_PATHS[name]: value for name, value in given.items() if value is not None}


def _badge(value: str) -> str:
    """The path of a badge of a user."""
    return f"{BADGES}:badges[value eq {forms.quoted(value)}]"


def _badge_steps(change: BadgeChange, user: Stored) -> Iterator[PatchOperation]:
    gone = set(change.remove)
    for value in change.remove:
        yield patch(Op.REMOVE, _badge(value))
    there = {one["value"]: one["display"] for one in shown_user(user)["badges"] if one["value"] not in gone}
    for badge in {one.value: one for one in change.add}.values():
        if badge.value not in there:
            yield patch(Op.ADD, f"{BADGES}:badges", [badge.model_dump(exclude_none=True)])
        elif badge.display not in (None, there[badge.value]):
            yield patch(Op.REPLACE, f"{_badge(badge.value)}.display", badge.display)


def routes(people: People) -> APIRouter:
    """The routes of people."""
    router = APIRouter(responses=REFUSED)
    users: list[str | Enum] = ["Users"]
    groups: list[str | Enum] = ["User groups"]

    async def listed(caller: Caller, number: int, asked: OfPeople, show: Callable[[Stored], Any]) -> Answer:
        limit, since = asked.limit, asked.updated_since
        after = edge_of(asked.cursor, 1 if since is None else 2)
        found = await people.listed(caller, number, _filters(asked), limit + 1, after, since)

        def edge() -> tuple[str, ...]:
            last = found[limit - 1]
            return (last.id,) if since is None else (last.last_modified, last.id)

        return page([show(one) for one in found], limit, edge)

    @router.get("/users", tags=users, summary="List users", operation_id="listUsers", response_model=UserList)
    async def list_users(caller: Reads, asked: Annotated[OfUsers, Query()]) -> Answer:
        return await listed(caller, USER_NUMBER, asked, shown_user)

    @router.get("/users/{id}", tags=users, summary="Read a user", operation_id="readUser", response_model=User)
    async def read_user(caller: Reads, id: ThingId) -> Answer:
        stored = await people.found(caller, USER_NUMBER, id)
        return said(answered(200, shown_user(stored), version=stored.version))

    @router.get(
        "/users/{id}/assignments",
        tags=users,
        summary="List what a user holds",
        operation_id="listUserAssignments",
        response_model=models.AssignmentList,
    )
    async def held(caller: Reads, id: ThingId) -> Answer:
        await people.found(caller, USER_NUMBER, id)
        items = [assigning.shown(one, caller.clock.written()) for one in await assigning.held_by(caller.work, id)]
        return said(answered(200, {"items": items, "nextCursor": None}))

    @router.post(
        "/users/{id}/badges",
        tags=users,
        summary="Give a user badges, and take some away",
        description="A badge is one user's: another's is refused (409). A lost badge is removed and a new one added "
        "in one request. One that he has already gets the `display` that is given.",
        operation_id="changeBadges",
        response_model=User,
    )
    async def change_badges(
        caller: Writes,
        id: ThingId,
        body: Annotated[BadgeChange, perhaps(BadgeChange)],
        key: Key = None,
        dry_run: DryRun = False,
    ) -> Answer:
        return await done(
            caller,
            lambda manner: people.modify(caller, USER_NUMBER, id, ANY, partial(_badge_steps, body), manner),
            lambda stored: answered(200, shown_user(stored), version=stored.version),
            key=key,
            dry_run=dry_run,
        )

    @router.get(
        "/user-groups",
        tags=groups,
        summary="List user groups",
        operation_id="listUserGroups",
        response_model=UserGroupList,
    )
    async def list_groups(caller: Reads, asked: Annotated[OfGroups, Query()]) -> Answer:
        return await listed(caller, GROUP_NUMBER, asked, shown_group)

    @router.post(
        "/user-groups",
        tags=groups,
        summary="Create a user group",
        description="It is a Group of SCIM as well: there is one table.",
        operation_id="createUserGroup",
        status_code=201,
        response_model=UserGroup,
        responses=WOULD,
    )
    async def create_group(caller: Writes, body: GroupForm, key: Key = None, dry_run: DryRun = False) -> Answer:
        given = body.model_dump(by_alias=True, exclude_none=True)

        def show(stored: Stored) -> Answered:
            at = f"{caller.base}/user-groups/{stored.id}"
            return answered(201, shown_group(stored), version=stored.version, location=at)

        return await done(
            caller, lambda manner: people.create_group(caller, given, manner), show, key=key, dry_run=dry_run
        )

    @router.get(
        "/user-groups/{id}",
        tags=groups,
        summary="Read a user group",
        operation_id="readUserGroup",
        response_model=UserGroup,
    )
    async def read_group(caller: Reads, id: ThingId) -> Answer:
        stored = await people.found(caller, GROUP_NUMBER, id)
        return said(answered(200, shown_group(stored), version=stored.version))

    @router.patch(
        "/user-groups/{id}",
        tags=groups,
        summary="Change a user group",
        description="A merge patch (RFC 7396).",
        operation_id="changeUserGroup",
        response_model=UserGroup,
    )
    async def change_group(
        caller: Writes,
        id: ThingId,
        body: Annotated[GroupPatch, Body(media_type=MERGE_PATCH)],
        if_match: IfMatch = None,
        dry_run: DryRun = False,
    ) -> Answer:
        wanted = match(if_match)
        stored = await people.found(caller, GROUP_NUMBER, id)
        form = forms.read(GroupForm, forms.merged(_group_form(shown_group(stored)), caller.body))
        operations = [patch(Op.REPLACE, "displayName", form.display_name)]
        if form.external_id is not None:
            operations.append(patch(Op.REPLACE, "externalId", form.external_id))
        else:
            operations.append(patch(Op.REMOVE, "externalId"))
        return await done(
            caller,
            lambda manner: people.modify(caller, GROUP_NUMBER, id, wanted, lambda _: operations, manner),
            lambda stored: answered(200, shown_group(stored), version=stored.version),
            dry_run=dry_run,
        )

    @router.delete(
        "/user-groups/{id}",
        tags=groups,
        summary="Delete a user group",
        description="Its links go with it.",
        operation_id="deleteUserGroup",
        status_code=204,
        response_class=Answer,
    )
    async def delete_group(caller: Writes, id: ThingId, if_match: IfMatch = None, dry_run: DryRun = False) -> Answer:
        wanted = match(if_match)
        return await done(
            caller,
            lambda manner: people.delete(caller, GROUP_NUMBER, id, wanted, manner),
            lambda _: Answered(204, ""),
            dry_run=dry_run,
        )

    @router.get(
        "/user-groups/{id}/members",
        tags=groups,
        summary="List the members of a user group",
        operation_id="listMembers",
        response_model=models.Ids,
    )
    async def members(caller: Reads, id: ThingId, asked: Annotated[Paging, Query()]) -> Answer:
        stored = await people.found(caller, GROUP_NUMBER, id)
        (after,) = edge_of(asked.cursor, 1) or (None,)
        type = await people.type_of(caller, GROUP_NUMBER)
        query = MemberQuery(type, stored.id, limit=asked.limit + 1, edge=after, count=False)
        found = [one.id for one in (await caller.store.member_page(query)).members]
        return page(found, asked.limit, lambda: (found[asked.limit - 1],))

    @router.post(
        "/user-groups/{id}/members",
        tags=groups,
        summary="Put users into a group, and take some out",
        operation_id="changeMembers",
        response_model=UserGroup,
    )
    async def change_members(
        caller: Writes,
        id: ThingId,
        body: Annotated[MemberChange, perhaps(MemberChange)],
        key: Key = None,
        dry_run: DryRun = False,
    ) -> Answer:
        operations = [patch(Op.REMOVE, f'members[value eq "{one}"]') for one in body.remove]
        if body.add:
            operations.append(patch(Op.ADD, "members", [{"value": one} for one in body.add]))
        try:
            return await done(
                caller,
                lambda manner: people.modify(caller, GROUP_NUMBER, id, ANY, lambda _: operations, manner),
                lambda stored: answered(200, shown_group(stored), version=stored.version),
                key=key,
                dry_run=dry_run,
            )
        except InvalidValue as error:
            raise Refusal(422, "noMember", error.detail) from None

    return router


def _group_form(shown: dict[str, Any]) -> dict[str, Any]:
    return {name: shown[name] for name in ("displayName", "externalId")}
