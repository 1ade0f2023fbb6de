"""What one line of an import comes to: the change that it asks for, by what the tenant has at that moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import orjson

from rollbook.events import Kind
from rollbook.ids import ordered_id
from rollbook.provisioning.filing import changed_attributes, filing, leaves
from rollbook.provisioning.import_lines import Line
from rollbook.provisioning.members import check_no_self
from rollbook.provisioning.ownership import new_owner, with_anothers_external_id
from rollbook.provisioning.refusals import refusal
from rollbook.provisioning.work import Work
from rollbook.scim.binding import bind
from rollbook.scim.errors import Conflict, Uniqueness
from rollbook.scim.filter_parser import parse_filter
from rollbook.scim.folding import fold
from rollbook.scim.resource import Stored
from rollbook.scim.schema import ResourceType
from rollbook.scim.validate import validator
from rollbook.storage.errors import AlreadyExists
from rollbook.storage.records import Insert, MemberChange, Query, Target, Update

Existing = Literal["update", "skip", "refuse"]

_HOLDERS = 100
"""Resources with one externalId that are looked at: each connection has one at most."""


@dataclass(slots=True)
class Plan:
    """What a line comes to: nothing where ``change`` is None. ``members`` are those that have to be there first."""

    line: Line
    id: str
    change: Insert | Update | None = None
    members: Sequence[str] = ()
    skipped: bool = False


@dataclass(slots=True)
class Judge:
    """Makes the plans. ``rehearsing``: nothing is going to be written, so what only the store would refuse is asked."""

    work: Work
    existing: Existing = "update"
    rehearsing: bool = False

    async def plan(self, line: Line, there: Mapping[str, int]) -> Plan:
        """The plan of a line; ``there`` are the types of the resources of the tenant that lines name by id.

        **Raises** ``ScimError``: the line is refused.
        """
        return await self._plan(line, await self._current(line, there))

    async def _current(self, line: Line, there: Mapping[str, int]) -> Stored | None:
        """The resource that a line is about, as it is now."""
        if line.id is not None and line.id in there:
            if there[line.id] != line.type.number:
                raise Conflict(f"The id is that of another resource, which is no {line.type.name}.")
            return await self.work.store.get(line.type.number, line.id)
        key = line.type.key
        text = line.body.get(key.name) if key else None
        if key is None or not isinstance(text, str) or not text or (line.id and not self.rehearsing):
            return None
        holder = await self._holder(line.type, key.name, text)
        if holder is not None and line.id:
            raise Uniqueness(f"Another {line.type.name} of this tenant has this {key.name} already.")
        return holder

    async def _holder(self, type: ResourceType, name: str, value: str) -> Stored | None:
        rows = await self._holders(type, name, value, 1)
        return rows[0] if rows else None

    async def _holders(self, type: ResourceType, name: str, value: str, limit: int) -> Sequence[Stored]:
        bound = bind(parse_filter(f"{name} eq {orjson.dumps(value).decode()}", limits=self.work.limits), type)
        return (await self.work.store.query(Query((Target(type, bound),), limit=limit))).rows

    async def _check_free(
        self, type: ResourceType, id: str, before: Mapping[str, Any], after: Mapping[str, Any], *, owned: bool
    ) -> None:
        """What only the store would refuse. **Raises** ``Uniqueness``; ``owned``: the externalId becomes our own."""
        if before and (key := type.key) is not None:  # a new one's was looked at when its line was
            old, new = before.get(key.name), after[key.name]
            if fold(key.compare, old or "") != fold(key.compare, new):
                holder = await self._holder(type, key.name, new)
                if holder is not None and holder.id != id:
                    raise refusal(AlreadyExists("key"), type)
        if owned:
            for holder in await self._holders(type, "externalId", after["externalId"], _HOLDERS):
                if (
                    holder.id != id
                    and await self.work.store.connection_of(type.number, holder.id) == self.work.connection
                ):
                    raise refusal(AlreadyExists("externalId"), type)

    async def _plan(self, line: Line, current: Stored | None) -> Plan:
        if current is not None and self.existing == "skip":
            return Plan(line, current.id, skipped=True)
        if current is not None and self.existing == "refuse":
            raise Conflict(f"There is a {line.type.name} with this id or name already.")
        work = replace(self.work, notes=[])
        type, at = line.type, work.clock.written()
        before: dict[str, Any] = orjson.loads(current.document) if current else {}
        reader = validator(type)
        if current is None:
            draft = reader.read(line.body, work.tolerances, work.notes)
        else:
            draft = reader.replace(before, line.over(before), work.tolerances, work.notes)
            if line.cells is None and draft.external_id is None and "externalId" in before:
                draft.document = await with_anothers_external_id(work, current, before, draft.document)
        members = draft.members or []
        id = current.id if current else line.id or ordered_id()
        check_no_self(id, members)
        changed = changed_attributes(before, draft.document)
        touched = line.names_members if current else bool(members)
        kind = Kind.RESOURCE_REPLACED if current else Kind.RESOURCE_CREATED
        event = work.event(kind, at, type, id, 0, (*changed, *(("members",) if touched else ())))
        content, index = filing(type).file(draft.document, work.limits)
        owner = new_owner(work, before, draft.document)
        if self.rehearsing:
            await self._check_free(type, id, before, draft.document, owned=owner is not None)
            for path, value in content.unique or ():
                holder = await self._holder(type, path, value)
                if holder is not None and holder.id != id:
                    raise refusal(AlreadyExists(path), type)
        if current is None:
            connection = work.connection
            insert = Insert(type.number, id, connection, at, content, index, event, members)
            await work.prepare(insert)
            return Plan(line, id, insert, members)
        update = Update(type.number, id, current.version, at, event, owner=owner)
        if before != draft.document:
            update.content, update.index = content, index
            update.leaves = leaves(before, draft.document)
        if touched and not await self._has_just(id, members):
            update.members = MemberChange(clear=True, add=members)
        nothing = update.content is None and update.members is None
        await work.prepare(update)
        return Plan(line, id, None if nothing else update, members if update.members else ())

    async def _has_just(self, group: str, members: Sequence[str]) -> bool:
        """Whether a group has these members and no others."""
        return {member.id for member in (await self.work.store.members([group]))[group]} == set(members)

    def members_of(self, plan: Plan) -> Update:
        """The change that gives a resource its members, once they are there."""
        work, at = self.work, self.work.clock.written()
        event = work.event(Kind.RESOURCE_MODIFIED, at, plan.line.type, plan.id, 0, ("members",))
        change = MemberChange(clear=True, add=plan.members)
        return Update(plan.line.type.number, plan.id, None, at, event, members=change)


def without_members(change: Insert | Update | None) -> Insert | Update | None:
    """What is left of a change when the members come later."""
    if isinstance(change, Insert):
        return replace(change, members=())
    return replace(change, members=None) if change is not None and change.content is not None else None
