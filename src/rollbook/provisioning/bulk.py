"""Doing a bulk (RFC 7644 §3.7): each operation as if it had come alone, in the order of ``scim.bulk_order``.

Every operation goes its own road through ``perform``; some dozens go side by side (``gate``), so that their writes are
one transaction. One that would read what another before it is about to write is not begun before that is written, nor
one that names what another creates: so the meaning is that of one after the other.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import replace

from rollbook.ids import ordered_id
from rollbook.provisioning.gate import AT_ONCE, Batch, Entry, Perform
from rollbook.provisioning.passwords import OneByOne
from rollbook.provisioning.work import Work
from rollbook.scim.attributes import Held
from rollbook.scim.bulk import Part
from rollbook.scim.bulk_order import Step, order
from rollbook.scim.bulk_references import Made, fill, fill_path
from rollbook.scim.errors import Conflict, ScimError
from rollbook.scim.operations import NO_CONDITIONS, Bulk, Create, Delete, Modify
from rollbook.scim.outcomes import Bulked, Done, Found, PartOutcome
from rollbook.scim.schema import ResourceType
from rollbook.storage.errors import Unavailable


async def bulk(operation: Bulk, work: Work, perform: Perform) -> Bulked:
    """What each operation came to, in the order of the request; after ``failOnErrors`` errors the others are left out.

    **Raises** ``InvalidSyntax``, ``InvalidValue``, ``PayloadTooLarge`` for the message as a whole, and ``Unavailable``
    where the database was away from the start; then nothing was done.
    """
    parts: list[Part] = []
    for part in operation.message.parts():
        parts.append(part)
        await asyncio.sleep(0)
    if work.hasher is not None:
        work = replace(work, hasher=OneByOne(work.hasher))
    run = _Run(operation, work, perform)
    try:
        for step in order(parts):
            await run.do(step)
            if run.over:
                break
        else:
            await run.write()
    finally:
        await run.batch.drop()
    return run.outcome()


class _Run:
    def __init__(self, operation: Bulk, work: Work, perform: Perform) -> None:
        self.batch = Batch(work.store, perform)
        self._message = operation.message
        self._reader = operation.reader
        self._work = work
        self._outcomes: list[PartOutcome] = []
        self._errors = 0
        self._away: ScimError | None = None
        self._made: dict[str, Made] = {}
        self._named: set[str] = set()
        self._touched: set[str] = set()
        self._deletes = False

    @property
    def over(self) -> bool:
        """Whether there were as many errors as the client accepts."""
        return self._left is not None and self._left <= 0

    @property
    def _left(self) -> int | None:
        limit = self._message.fail_on_errors
        return None if limit is None else limit - self._errors

    def outcome(self) -> Bulked:
        if self._away is not None and all(part.status >= 400 for part in self._outcomes):
            raise self._away
        return Bulked(sorted(self._outcomes, key=lambda part: part.number))

    async def do(self, step: Step) -> None:
        """Begin a step, once it cannot meet what is still under way."""
        if len(step.parts) > 1:
            await self.write()
            if not self.over:
                await self._circle(step.parts)
            return
        (part,) = step.parts
        if not self._named.isdisjoint(part.references):
            await self.write()
        try:
            entry, work = self._read(part, self._own(step.parts) if step.own else {})
        except ScimError as error:
            if self._left is not None:
                await self.write()  # those before it may be the errors that are one too many
            if not self.over:
                self._refused(part, error)
            return
        if self._meets(entry):
            await self.write()
            if self.over:
                return
        await self._begin(entry, work)

    async def _begin(self, entry: Entry, work: Work) -> None:
        await self.batch.start(entry, work)
        if entry.part.bulk_id is not None:
            self._named.add(entry.part.bulk_id)
        if entry.id:
            self._touched.add(entry.id)
        self._deletes = self._deletes or isinstance(entry.operation, Delete)
        if self._left is not None:
            await self.batch.rest()  # one that fails at once is the last of its batch
        if len(self.batch.entries) >= AT_ONCE or (self._left is not None and entry.failed):
            await self.write()

    async def write(self) -> None:
        """Write what is under way."""
        for entry in await self.batch.finish(self._left):
            self._done(entry)
            entry.forget()
        self._named.clear()
        self._touched.clear()
        self._deletes = False

    def _meets(self, entry: Entry) -> bool:
        """Whether an operation would read what is about to be written. A deletion also changes the groups of what it
        deletes, so it meets whatever reads; a new resource without members reads nothing."""
        if not self.batch.entries:
            return False
        operation = entry.operation
        match operation:
            case Create():
                return self._deletes and operation.type.held(Held.MEMBERS) is not None
            case Delete():
                reads = operation.conditions is not NO_CONDITIONS or self._work.terms.delete == "deactivate"
                return entry.id in self._touched or (reads and self._deletes)
            case Modify() if operation.type.held(Held.MEMBERS) and any(
                "[" in (o.path or "") for o in operation.operations
            ):
                return bool(self._touched)  # its filter may ask how other resources are called
            case _:
                return entry.id in self._touched or self._deletes

    async def _circle(self, parts: tuple[Part, ...]) -> None:
        """New resources that name each other: all of them or none."""
        own = self._own(parts)
        errors: dict[int, ScimError] = {}
        read: list[tuple[Entry, Work]] = []
        for part in parts:
            try:
                read.append(self._read(part, own))
            except ScimError as error:
                errors[part.number] = error
        together = []
        if not errors:
            coming = {entry.id: entry.operation.type.number for entry, _ in read}
            for entry, work in read:
                await self.batch.start(entry, work, coming)
            together = await self.batch.finish_together()
        done = {entry.part.number: entry for entry in together if entry.result is not None}
        for part in parts:
            if part.number in done:
                self._done(done[part.number])
            else:
                self._refused(part, errors.get(part.number) or _not_there())

    def _own(self, parts: tuple[Part, ...]) -> dict[str, Made]:
        """Ids for what is created, before it is read; not where a path is wrong, as will be found again."""
        own = {}
        for part in parts:
            try:
                spot = self._reader.find(part.method, part.path)
            except ScimError:
                continue
            if part.bulk_id is not None:
                own[part.bulk_id] = self._place(spot.type, ordered_id())
        return own

    def _place(self, type: ResourceType, id: str) -> Made:
        return Made(id, f"{self._work.location_base}{type.endpoint}/{id}")

    def _read(self, part: Part, own: Mapping[str, Made]) -> tuple[Entry, Work]:
        """The operation of a part, with its references filled in. **Raises** ``ScimError``."""
        if part.error is not None:
            raise part.error
        if self._away is not None:
            raise self._away
        made = {name: own.get(name) or self._made.get(name) for name in part.references}
        there = {name: place for name, place in made.items() if place is not None}
        if len(there) < len(made):
            raise _not_there()
        path = fill_path(part.path, lambda name, _: there[name].id) if made else part.path
        whole = self._message.whole(part)
        if made:
            whole = whole._replace(data=fill(whole.data, there, patch=part.method == "PATCH"))
        notes = list(self._work.notes)
        operation = self._reader.read(part.method, path, whole, notes)
        id = operation.id or ""
        if isinstance(operation, Create) and part.bulk_id is not None and part.bulk_id in own:
            id = own[part.bulk_id].id
            operation = replace(operation, id=id)
        return Entry(part, operation, id), replace(self._work, notes=notes)

    def _done(self, entry: Entry) -> None:
        """Keep what an operation came to."""
        result, operation = entry.result, entry.operation
        if isinstance(result, ScimError):
            self._refused(entry.part, result)
            return
        status, id, version = 204, entry.id, result.version if isinstance(result, Done) else None
        if isinstance(result, Found):
            stored = result.view.stored
            status, id, version = (201 if result.created else 200), stored.id, stored.version
        place = self._place(operation.type, id)
        if isinstance(operation, Create) and entry.part.bulk_id is not None:
            self._made[entry.part.bulk_id] = place
        self._outcomes.append(
            PartOutcome(entry.part.number, entry.part.method, entry.part.bulk_id, status, place.location, version)
        )

    def _refused(self, part: Part, error: ScimError) -> None:
        self._errors += 1
        if isinstance(error.__cause__, Unavailable):
            self._away = error  # so will be all that follow
        location = type = id = None
        with contextlib.suppress(ScimError, KeyError):
            path = fill_path(part.path, lambda name, _: self._made[name].id)
            if part.method != "POST" and path:
                location = f"{self._work.location_base}/{path.partition('?')[0].strip('/')}"
            type, id = self._reader.find(part.method, path)
        self._outcomes.append(
            PartOutcome(
                part.number,
                part.method,
                part.bulk_id,
                error.status,
                location,
                scim_type=error.scim_type,
                detail=error.detail,
                type=type.name if type else "",
                id=id or "",
            )
        )


def _not_there() -> Conflict:
    return Conflict(
        "A bulkId that this operation names stands for nothing that was created, so nothing was done here. "
        "See what became of the operation with that bulkId, and send both again."
    )
