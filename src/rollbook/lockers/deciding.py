"""Questions about access, asked and answered: one decision, the lockers of a user, the users of a locker.

A user is named by his id, his userName or a badge; a locker by its id or the customer's own.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rollbook.clock import Clock
from rollbook.lockers.access import Action, Decision, concerned, decide, hour
from rollbook.lockers.judging import NO_LINK
from rollbook.scim.attributes import Compare
from rollbook.scim.folding import fold
from rollbook.storage.access_contract import AccessStore, Facts
from rollbook.storage.locker_contract import Ground, LockerStore
from rollbook.storage.locker_records import ALLOW, DENY

BADGE = "urn:ietf:params:scim:schemas:extension:releezme:2.0:User:badges.value"
"""The unique value by which a terminal knows a user (``scim.unique``)."""

PAGE = 100
MOST = 500
"""Results of one search."""

_FEW = 200
"""Candidates that are looked at together."""


NAMES = 50
"""Groups that are named with a decision."""


class Judgement(NamedTuple):
    """A decision, and what the user groups and locker groups are called that are its reason; None: no links are."""

    decision: Decision
    user_groups: Sequence[str] | None
    locker_groups: Sequence[str] | None


@dataclass(frozen=True, slots=True)
class Inquiry:
    """Who asks in which tenant, as far as answers go by it."""

    store: LockerStore
    clock: Clock

    @property
    def access(self) -> AccessStore:
        return self.store.access

    async def user(self, kind: str, name: str) -> str | None:
        """The id of a user who is named by ``user`` (id), ``userName`` or ``badge``; None where nobody is."""
        match kind:
            case "userName":
                return await self.access.user_of(fold(Compare.USER_NAME, name))
            case "badge":
                return await self.access.user_of_badge(BADGE, name)
            case _:
                return name

    async def locker(self, kind: str, name: str) -> str | None:
        """The id of a locker that is named by ``locker`` (id) or ``externalId``."""
        return await self.access.locker_of(name) if kind == "externalId" else name

    async def decide(self, user_id: str | None, locker_id: str | None, action: Action, at: str) -> Decision:
        """One decision; nobody and nothing have one, too."""
        return decide(await self.facts(user_id, locker_id, at), action, user_id or "", at)

    async def judge(self, user_id: str | None, locker_id: str | None, action: Action, at: str) -> Judgement:
        """One decision; where links are its reason, with the names of the groups that are concerned."""
        facts = await self.facts(user_id, locker_id, at)
        decision = decide(facts, action, user_id or "", at)
        grounds = concerned(facts, action, at, decision.reason)
        if grounds is None:
            return Judgement(decision, None, None)
        users = await self.access.user_groups(user_id or "")
        lockers = await self.access.locker_groups(locker_id or "")
        if decision.reason != NO_LINK:  # else it is all of them that do not meet
            users = _of(users, [ground.link.user_group_id for ground in grounds])
            lockers = _of(lockers, [ground.link.locker_group_id for ground in grounds])
        return Judgement(decision, tuple(users.values())[:NAMES], tuple(lockers.values())[:NAMES])

    async def facts(self, user_id: str | None, locker_id: str | None, at: str) -> Facts:
        return await self.access.facts(user_id or "", locker_id or "", at)

    async def lockers_of(
        self, user_id: str, action: Action, at: str, limit: int = PAGE, after: str = "", location_id: str | None = None
    ) -> list[str]:
        """The lockers with which a user may do something, in order of their ids."""
        hours = [hour(zone, at) for zone in await self.access.time_zones()]
        return await self.access.reachable(user_id, action.reach(at, location_id), hours, limit, after)

    async def users_of(self, locker_id: str, action: Action, at: str, limit: int = PAGE, after: str = "") -> list[str]:
        """The users who may do something with a locker, in order of their ids."""
        stands = (await self.store.whereabouts([locker_id])).get(locker_id)
        if stands is None:
            return []
        holders = (await self.store.holders([locker_id], at)).get(locker_id, [])
        grounds = [ground for ground in await self.access.links_of(locker_id) if action.given_by(ground, at)]
        # What does not depend on the user is judged once, for one who is welcome everywhere.
        anybody = decide(Facts(True, stands, _free(grounds), holders), action, "", at)
        failing = {condition.code for condition in anybody.conditions if not condition.met}
        if failing - {"heldByAnother", "notHeld"}:
            return []
        denied = await self._below(grounds, DENY)
        found: list[str] = []
        if failing:  # it is his who holds it, or nobody's
            if action.holding == "free":
                return []
            mine = sorted({held.user_id for held in holders if held.user_id > after})
            for user in mine:
                if len(found) < limit and (await self.decide(user, locker_id, action, at)).allowed:
                    found.append(user)
            return found
        async for users in self._members(await self._below(grounds, ALLOW), after):
            welcome = await self.access.welcome(users, denied)
            if action.another:
                welcome &= await self._with_room(users, grounds, at)
            found += [user for user in users if user in welcome]
            if len(found) >= limit:
                break
        return found[:limit]

    async def _below(self, grounds: Sequence[Ground], effect: str) -> list[str]:
        return await self.access.groups_below([g.link.user_group_id for g in grounds if g.link.effect == effect])

    async def _members(self, groups: Sequence[str], after: str) -> AsyncIterator[list[str]]:
        """The members of some groups, each once, in order of their ids, some at a time."""
        edge = after
        while True:
            heads = [await self.access.members_after(group, edge, _FEW) for group in groups]
            ends = [head[-1] for head in heads if len(head) == _FEW]
            stop = min(ends, default=None)  # as far as each group has been read that may have more
            yield sorted({user for head in heads for user in head if stop is None or user <= stop})
            if stop is None:
                return
            edge = stop

    async def _with_room(self, users: Sequence[str], grounds: Sequence[Ground], at: str) -> set[str]:
        """Those of some users who may hold one more locker by a link that allows it."""
        allowing = [ground.link for ground in grounds if ground.link.effect == ALLOW]
        held = await self.access.held(users, [link.locker_group_id for link in allowing], at)
        below = {link.id: await self.access.groups_below([link.user_group_id]) for link in allowing}
        found: set[str] = set()
        for link in allowing:
            inside = await self._inside(users, below[link.id])
            most = link.max_lockers
            found |= {u for u in inside if most is None or held.get((u, link.locker_group_id), 0) < most}
        return found

    async def _inside(self, users: Sequence[str], groups: Sequence[str]) -> set[str]:
        """Those of some users who are a member of one of some groups: all but those welcome without them."""
        active = await self.access.welcome(users, [])
        return active - await self.access.welcome(users, groups)


def _of(names: Mapping[str, str], ids: Collection[str]) -> dict[str, str]:
    return {id: name for id, name in names.items() if id in ids}


def _free(grounds: Sequence[Ground]) -> list[Ground]:
    """The grounds of one who is only allowed: a denial is about some, and room about each."""
    return [ground._replace(held=-1) for ground in grounds if ground.link.effect == ALLOW]
