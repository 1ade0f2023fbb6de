"""Who may open what: the answers that people ask for, and OpenID AuthZEN's, which terminals and gateways ask for.

AuthZEN has a base of its own, ``/access/v1`` (``web.system_endpoint``), so its routes are in no document of this API.
"""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi import Response as Answer
from pydantic import Field, model_validator

from rollbook.ids import ordered_id
from rollbook.lockers import authzen, forms, previewing
from rollbook.lockers.access import ACTIONS, WHY, Action, decide
from rollbook.lockers.deciding import NAMES, Inquiry
from rollbook.lockers.forms import Form, Id, LinkForm, Moment
from rollbook.lockers.previewing import Preview
from rollbook.storage.contract import TenantStore
from rollbook.storage.errors import NotFound
from rollbook.storage.locker_records import Link, Locker
from rollbook.system_api import known, models
from rollbook.system_api.answers import REFUSED, Paging, Parameters, answered, edge_of, page, said
from rollbook.system_api.calling import Caller, Decides
from rollbook.system_api.structure_routes import ThingId

router = APIRouter(tags=["Access"], responses=REFUSED)
evaluating = APIRouter(prefix="/authzen", include_in_schema=False)

ActionName = Literal["open", "openRemote", "allocate", "reserve", "manage"]
assert set(ActionName.__args__) == set(ACTIONS)  # type: ignore[attr-defined]

_ACTION = "What the user wants to do: " + ", ".join(f"`{one.name}` ({one.about})" for one in ACTIONS.values()) + "."
_MOST = 1000


class AskedReach(Paging):
    action: Annotated[ActionName, Query(description=_ACTION)] = "open"
    at: Annotated[Moment | None, Query(description="The moment that is asked about; now where nobody says.")] = None


class AskedLockers(AskedReach):
    location_id: Id | None = None


class AskedDecision(Parameters):
    user: Annotated[
        str, Query(min_length=1, max_length=1024, pattern=forms.PLAIN, description="The user's id, userName or badge.")
    ]
    user_by: Annotated[Literal["id", "userName", "badge"], Query(description="What `user` is.")] = "id"
    locker: Annotated[
        str,
        Query(min_length=1, max_length=200, pattern=forms.PLAIN, description="The locker's id, or the customer's own."),
    ]
    locker_by: Annotated[Literal["id", "externalId"], Query(description="What `locker` is.")] = "id"
    action: Annotated[ActionName, Query(description=_ACTION)] = "open"
    at: Annotated[Moment | None, Query(description="The moment that is asked about; now where nobody says.")] = None


class LinkChange(LinkForm):
    id: Id | None = Field(None, description="Of the link that is changed; null: a new one.")


class LinkChanges(Form):
    put: Annotated[list[LinkChange], Field(max_length=_MOST)] = Field(default_factory=list)
    delete: Annotated[list[Id], Field(max_length=_MOST)] = Field(default_factory=list)


class GroupChange(Form):
    id: Id
    add: Annotated[list[Id], Field(max_length=_MOST)] = Field(default_factory=list)
    remove: Annotated[list[Id], Field(max_length=_MOST)] = Field(default_factory=list)


class DiffForm(Form):
    """One change that nobody has made yet: of links, of a user group's members, or of a locker group's lockers."""

    links: LinkChanges | None = None
    user_group: GroupChange | None = None
    locker_group: GroupChange | None = None
    action: ActionName = "open"
    at: Moment | None = None

    @model_validator(mode="after")
    def _is_one_change(self) -> "DiffForm":
        if [self.links, self.user_group, self.locker_group].count(None) != 2:
            raise ValueError("give one of links, userGroup and lockerGroup")
        return self


@router.get(
    "/users/{id}/effective-lockers",
    summary="List the lockers with which a user may do something",
    operation_id="listEffectiveLockers",
    response_model=models.Ids,
)
async def effective_lockers(caller: Decides, id: ThingId, asked: Annotated[AskedLockers, Query()]) -> Answer:
    inquiry = _inquiry(caller)
    if await caller.store.lockers.is_active(id) is None:
        raise NotFound
    (after,) = edge_of(asked.cursor, 1) or ("",)
    at = asked.at or caller.clock.written()
    found = await inquiry.lockers_of(id, ACTIONS[asked.action], at, asked.limit + 1, after, asked.location_id)
    return page(found, asked.limit, lambda: (found[asked.limit - 1],))


@router.get(
    "/lockers/{id}/effective-users",
    summary="List the users who may do something with a locker",
    operation_id="listEffectiveUsers",
    response_model=models.Ids,
)
async def effective_users(caller: Decides, id: ThingId, asked: Annotated[AskedReach, Query()]) -> Answer:
    if await caller.store.lockers.find(Locker, id) is None:
        raise NotFound
    (after,) = edge_of(asked.cursor, 1) or ("",)
    at = asked.at or caller.clock.written()
    found = await _inquiry(caller).users_of(id, ACTIONS[asked.action], at, asked.limit + 1, after)
    return page(found, asked.limit, lambda: (found[asked.limit - 1],))


@router.get(
    "/access/explain",
    summary="Say why a user may, or may not",
    description="Each condition, met or not, every link by which the user and the locker meet, and the groups that "
    "each of them is in.",
    operation_id="explainAccess",
    response_model=models.Explained,
)
async def explain(caller: Decides, asked: Annotated[AskedDecision, Query()]) -> Answer:
    inquiry = _inquiry(caller)
    user = await inquiry.user("user" if asked.user_by == "id" else asked.user_by, asked.user)
    locker = await inquiry.locker("locker" if asked.locker_by == "id" else asked.locker_by, asked.locker)
    action, at = ACTIONS[asked.action], asked.at or caller.clock.written()
    facts = await inquiry.facts(user, locker, at)
    decision = decide(facts, action, user or "", at)
    user_groups = await inquiry.access.user_groups(user or "")
    locker_groups = await inquiry.access.locker_groups(locker or "")
    body = {
        "allowed": decision.allowed,
        "reason": decision.reason,
        "userId": user if facts.active is not None else None,
        "lockerId": locker if facts.stands is not None else None,
        "action": action.name,
        "at": at,
        "conditions": [
            {"name": one.name, "met": one.met, "reason": one.code, "detail": WHY[one.code] if one.code else None}
            for one in decision.conditions
        ],
        "links": [
            {
                "linkId": ground.link.id,
                "userGroupId": ground.link.user_group_id,
                "userGroup": user_groups.get(ground.link.user_group_id, ""),
                "lockerGroupId": ground.link.locker_group_id,
                "lockerGroup": locker_groups.get(ground.link.locker_group_id, ""),
                "effect": ground.link.effect,
                "holds": action.given_by(ground, at),
            }
            for ground in facts.grounds
        ],
        "userGroups": list(user_groups.values())[:NAMES],
        "lockerGroups": list(locker_groups.values())[:NAMES],
    }
    return said(answered(200, body))


@router.post(
    "/access/diff",
    summary="Say what a change would give and take",
    description="Nothing is changed. Of all users and lockers that the change touches, not of a page of them. What "
    "the change names has to be there.",
    operation_id="previewAccess",
    response_model=models.Diff,
)
async def diff(caller: Decides, body: DiffForm) -> Answer:
    action, at = ACTIONS[body.action], body.at or caller.clock.written()
    await _refuse_unknown(caller.store, body)
    seen = await _preview(caller, body, action, at)
    shown = {
        "usersGaining": seen.gaining,
        "usersLosing": seen.losing,
        "gained": seen.gained,
        "lost": seen.lost,
        "gainedExample": _pair(seen.gained_example),
        "lostExample": _pair(seen.lost_example),
    }
    return said(answered(200, shown))


async def _refuse_unknown(store: TenantStore, body: DiffForm) -> None:
    """**Raises** ``Refusal`` for an id that names nothing."""
    if body.links is not None:
        put = list(enumerate(body.links.put))
        links = [(f"/links/put/{n}/id", one.id) for n, one in put if one.id is not None]
        await known.be_links(store, known.places([*links, *known.listed("/links/delete", body.links.delete)]))
        users = [(f"/links/put/{n}/userGroupId", one.user_group_id) for n, one in put]
        await known.be_user_groups(store, known.places(users), of_link=True)
        lockers = [(f"/links/put/{n}/lockerGroupId", one.locker_group_id) for n, one in put]
        await known.be_locker_groups(store, known.places(lockers), of_link=True)
    for name, change, be_groups, be_things in (
        ("userGroup", body.user_group, known.be_user_groups, known.be_users),
        ("lockerGroup", body.locker_group, known.be_locker_groups, known.be_lockers),
    ):
        if change is not None:
            await be_groups(store, known.places([(f"/{name}/id", change.id)]))
            added = known.listed(f"/{name}/add", change.add)
            await be_things(store, known.places([*added, *known.listed(f"/{name}/remove", change.remove)]))


async def _preview(caller: Caller, body: DiffForm, action: Action, at: str) -> Preview:
    access = caller.store.lockers.access
    if body.links is not None:
        put = [forms.record(Link, _plain(one), one.id or ordered_id()) for one in body.links.put]
        return await previewing.of_links(access, action, at, put, body.links.delete)
    if body.user_group is not None:
        change = body.user_group
        return await previewing.of_user_group(access, action, at, change.id, change.add, change.remove)
    change = body.locker_group  # type: ignore[assignment]
    return await previewing.of_locker_group(access, action, at, change.id, change.add, change.remove)


def _plain(change: LinkChange) -> LinkForm:
    return LinkForm.model_validate(change.model_dump(by_alias=True, exclude={"id"}))


def _pair(found: tuple[str, str] | None) -> dict[str, str] | None:
    return {"userId": found[0], "lockerId": found[1]} if found else None


def _inquiry(caller: Caller) -> Inquiry:
    return Inquiry(caller.store.lockers, caller.clock)


def _answer(body: dict[str, Any]) -> Answer:
    return said(answered(200, body))


@evaluating.post("/evaluation")
async def evaluation(caller: Decides) -> Answer:
    return _answer(await authzen.evaluate(_inquiry(caller), caller.body))


@evaluating.post("/evaluations")
async def evaluations(caller: Decides) -> Answer:
    return _answer(await authzen.evaluate_many(_inquiry(caller), caller.body))


@evaluating.post("/search/subject")
async def search_subject(caller: Decides) -> Answer:
    return _answer(await authzen.search_subjects(_inquiry(caller), caller.body))


@evaluating.post("/search/resource")
async def search_resource(caller: Decides) -> Answer:
    return _answer(await authzen.search_resources(_inquiry(caller), caller.body))


@evaluating.post("/search/action")
async def search_action(caller: Decides) -> Answer:
    return _answer(await authzen.search_actions(_inquiry(caller), caller.body))
