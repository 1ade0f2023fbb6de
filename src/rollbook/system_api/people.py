"""Users and user groups, as the lockers see them: the same rows as SCIM's, by the same use cases (``provisioning``)."""

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import orjson

from rollbook.dialects.model import Dialect
from rollbook.lockers.structure import Match
from rollbook.provisioning.lines import Lines
from rollbook.provisioning.perform import perform
from rollbook.provisioning.work import Work
from rollbook.scim.binding import BoundFilter, bind, bind_sort
from rollbook.scim.catalog_reader import GROUP_NUMBER, USER_NUMBER
from rollbook.scim.etag import Condition
from rollbook.scim.filter_parser import parse_filter
from rollbook.scim.operations import Conditions, Create, Delete, Modify
from rollbook.scim.outcomes import Done, Found
from rollbook.scim.patch import Op, PatchOperation
from rollbook.scim.presets import STANDARD_TERMS
from rollbook.scim.resource import Stored
from rollbook.scim.schema import ResourceType
from rollbook.scim.urns import GROUP
from rollbook.storage.errors import NotFound
from rollbook.storage.locker_records import PLAIN, Manner
from rollbook.storage.records import Edge, Query, Step, Target, Tenant
from rollbook.system_api.calling import Caller
from rollbook.system_api.once import in_manner

DialectOf = Callable[[Tenant], Awaitable[Dialect]]

BADGES = "urn:ietf:params:scim:schemas:extension:releezme:2.0:User"
"""The extension under which a User's badges are kept."""


IN_GROUPS = "groups"
"""Among the paths of a list: whether there are any."""


class People:
    """``dialect_of`` makes the dialect that sees all that is kept of a tenant."""

    def __init__(self, dialect_of: DialectOf) -> None:
        self._dialect_of = dialect_of
        self._lines = Lines()

    async def listed(
        self,
        caller: Caller,
        number: int,
        filters: Mapping[str, str | bool],
        limit: int,
        after: tuple[str, ...] | None = None,
        since: str | None = None,
    ) -> list[Stored]:
        """Resources of a type, those of which all of these paths have these values: in order of their ids, and with
        ``since`` those that have changed since then, in that order. ``after`` are the id, or the time and the id, of
        the last one before."""
        type, _ = await self._type(caller, number)
        sort = None if since is None else bind_sort(_CHANGED, type)
        target = Target(type, _filter(type, filters, since), sort)
        step = Step(Edge(after[:-1], after[-1]) if after else None)
        query = Query((target,), limit=limit, sorted=sort is not None)
        return (await caller.store.walk(query, step)).rows

    async def found(self, caller: Caller, number: int, id: str) -> Stored:
        """**Raises** ``NotFound``."""
        stored = await caller.store.get(number, id)
        if stored is None:
            raise NotFound
        return stored

    async def type_of(self, caller: Caller, number: int) -> ResourceType:
        return (await self._type(caller, number))[0]

    async def create_group(self, caller: Caller, body: Mapping[str, Any], manner: Manner = PLAIN) -> Stored:
        """A new group. **Raises** ``ScimError``, and what ``once.in_manner`` raises, as do all that follow."""
        type, work = await self._type(caller, GROUP_NUMBER)

        async def make(work: Work) -> Stored:
            done = await perform(Create(type, {"schemas": [GROUP], **body}), work)
            assert isinstance(done, Found)
            return done.view.stored

        made = await in_manner(work, manner, make)
        assert made is not None
        return made

    async def modify(
        self,
        caller: Caller,
        number: int,
        id: str,
        match: Match,
        wanted: Callable[[Stored], Iterable[PatchOperation]],
        manner: Manner = PLAIN,
    ) -> Stored:
        """A resource is changed as by a PATCH of SCIM, by what ``wanted`` makes of it."""
        type, work = await self._type(caller, number)

        async def change(work: Work) -> Stored:
            before = await self.found(caller, number, id)
            operations = tuple(wanted(before))
            if not operations:
                return before
            done = await perform(Modify(type, id, operations, conditions=_conditions(match)), work)
            if isinstance(done, Done):
                return await self.found(caller, number, id)
            assert isinstance(done, Found)
            return done.view.stored

        changed = await in_manner(work, manner, change)
        assert changed is not None
        return changed

    async def delete(self, caller: Caller, number: int, id: str, match: Match, manner: Manner = PLAIN) -> None:
        type, work = await self._type(caller, number)

        async def drop(work: Work) -> None:
            await perform(Delete(type, id, _conditions(match)), work)

        await in_manner(work, manner, drop)

    async def _type(self, caller: Caller, number: int) -> tuple[ResourceType, Work]:
        dialect = (await self._dialect_of(caller.tenant)).kept()
        work = Work(
            store=caller.store,
            connection=caller.principal.connection.id,
            actor=caller.principal.actor,
            peer=caller.raw.peer,
            request=caller.raw.id,
            clock=caller.clock,
            terms=STANDARD_TERMS,
            limits=dialect.limits,
            location_base=dialect.base,
            lines=self._lines,
            types=dialect.types,
            member_types=dialect.member_types,
            schema=dialect.revision,
            strangers=dialect.strangers,
        )
        return next(type for type in dialect.types if type.number == number), work


_CHANGED = "meta.lastModified"


def _filter(type: ResourceType, filters: Mapping[str, str | bool], since: str | None) -> BoundFilter | None:
    there = {True: "{} pr", False: "not ({} pr)"}
    wanted = [
        there[bool(value)].format(path) if path == IN_GROUPS else f"{path} eq {json.dumps(value)}"
        for path, value in filters.items()
    ]
    if since is not None:
        wanted.append(f"{_CHANGED} ge {json.dumps(since)}")
    return bind(parse_filter(" and ".join(wanted)), type) if wanted else None


def _conditions(match: Match) -> Conditions:
    if match.versions is None:
        return Conditions()
    return Conditions(Condition(versions=frozenset(str(version) for version in match.versions)))


def patch(op: Op, path: str, value: Any = None) -> PatchOperation:
    return PatchOperation(op, path, value)


def shown_group(stored: Stored) -> dict[str, Any]:
    """A user group as it is answered."""
    document = orjson.loads(stored.document)
    return {
        "id": stored.id,
        "displayName": document.get("displayName", ""),
        "externalId": document.get("externalId"),
        **_times(stored),
    }


def shown_user(stored: Stored) -> dict[str, Any]:
    """A user as the lockers see him."""
    document = orjson.loads(stored.document)
    badges = document.get(BADGES, {}).get("badges", [])
    return {
        "id": stored.id,
        "userName": document.get("userName"),
        "displayName": document.get("displayName") or _whole_name(document.get("name", {})),
        "active": document.get("active") is not False,
        "externalId": document.get("externalId"),
        "badges": [{"value": one["value"], "display": one.get("display")} for one in badges if "value" in one],
        **_times(stored),
    }


def _whole_name(name: Mapping[str, Any]) -> str | None:
    parts = [name[part] for part in ("givenName", "familyName") if name.get(part)]
    return name.get("formatted") or " ".join(parts) or None


def _times(stored: Stored) -> dict[str, Any]:
    return {"version": stored.version, "created": stored.created, "lastModified": stored.last_modified}


__all__ = ["BADGES", "GROUP_NUMBER", "IN_GROUPS", "USER_NUMBER", "People", "patch", "shown_group", "shown_user"]
