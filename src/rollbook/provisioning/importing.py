"""Importing a file of resources into a tenant: judged line by line, written as any client's writes are.

**Rules**: A line whose ``id``, or else whose unique key (a User's userName), is there already changes that resource;
any other makes a new one, with the id that it names. Each line is done whole or not at all, and a bad one stops nothing
but itself. Groups wait until their members are there, wherever in the file those stand; groups that hold each other are
made together. The file is read more than once, and never held.

``changes`` is for a stricter promise: what a file without a fault comes to, to be written in one transaction.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from rollbook.provisioning.import_lines import BadLine, Line
from rollbook.provisioning.import_plans import Existing, Judge, Plan, without_members
from rollbook.provisioning.refusals import refusal
from rollbook.provisioning.work import Work
from rollbook.scim.errors import ScimError
from rollbook.scim.folding import fold
from rollbook.scim.schema import ResourceType
from rollbook.storage.errors import (
    Busy,
    MissingMembers,
    OneRefused,
    StoreError,
    Unavailable,
    VersionConflict,
)
from rollbook.storage.records import Change, Insert, Update

Lines = Callable[[], Iterator[Line | BadLine]]

CHUNK = 256
"""Lines at work at once. Precedent: twice the changes that one commit of SQLite takes."""

_ATTEMPTS = 10


@dataclass(slots=True)
class Report:
    """What became of the lines, as numbers of resources."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    skipped: int = 0
    refused: int = 0


@dataclass(slots=True)
class Import:
    """One run over one file. ``on_line`` hears of each line that is done with, ``on_refusal`` why one is refused."""

    work: Work
    lines: Lines
    existing: Existing = "update"
    on_line: Callable[[], None] = lambda: None
    on_refusal: Callable[[int, str], None] = lambda number, detail: None
    report: Report = field(default_factory=Report)
    _first: dict[int, int] = field(default_factory=dict)
    """The line that names an id or a key first, or writes an externalId, by a hash of it."""
    _waiting: dict[int, str] = field(default_factory=dict)
    """The lines that wait for members, with the ids of their resources."""
    _written: list[tuple[int, ResourceType]] = field(default_factory=list)
    """The line behind each change of the one transaction."""
    _judge: Judge = field(init=False)

    def __post_init__(self) -> None:
        self._judge = Judge(self.work, self.existing)

    async def run(self) -> Report:
        """Judge and write. **Raises** ``Unavailable`` and ``Busy`` of the store: what was written until then stays."""
        await self._first_pass(self._write)
        while self._waiting:
            if not await self._groups():
                await self._cycles()
        return self.report

    async def rehearse(self) -> Report:
        """Judge as ``run`` would, and write nothing. The unique values of other resources are asked for one by one."""
        self._judge.rehearsing = True
        good: set[str] = set()

        async def note(plan: Plan) -> None:
            good.add(plan.id)
            self._count(plan, changed=plan.change is not None)

        await self._first_pass(note)
        before = None
        while before != len(self._waiting):  # a group that is refused takes those along that hold it
            before = len(self._waiting)
            await self._refuse_orphans(good.union(self._waiting.values()))
        async with aclosing(self._plans(again=True)) as chunks:
            async for chunk in chunks:
                for plan in chunk:
                    await note(plan)
        self._judge.rehearsing = False
        return self.report

    async def _refuse_orphans(self, hoped: set[str]) -> None:
        """Refuse the groups that wait for what is neither in the tenant nor hoped for."""
        async with aclosing(self._plans(again=True)) as chunks:
            async for chunk in chunks:
                asked = {id for plan in chunk for id in plan.members} - hoped
                there = await self.work.store.types_of(list(asked))
                for plan in chunk:
                    missing = [id for id in plan.members if id not in hoped and id not in there]
                    if missing:
                        self._refuse(plan.line.number, refusal(MissingMembers(missing)).detail)

    async def whole(self) -> Report:
        """Write all or nothing, in one transaction: for a file that was rehearsed without a refusal.

        What goes wrong all the same (somebody else took a name meanwhile) refuses the line, and nothing is written.
        """
        try:
            await self.work.store.apply_all(self._changes)
        except OneRefused as one:
            number, type = self._written[one.at]
            self._refuse(number, refusal(one.error, type).detail)
            self.report = Report(refused=1)
        except _LineRefused:
            self.report = Report(refused=self.report.refused)  # and told
        return self.report

    async def _changes(self) -> AsyncIterator[list[Change]]:
        """Every resource, then every membership."""
        self._first.clear()
        self._waiting.clear()
        self.report = Report()
        self._written.clear()
        async with aclosing(self._plans()) as chunks:
            async for chunk in chunks:
                changes = []
                for plan in chunk:
                    change = plan.change
                    if plan.members:
                        self._waiting[plan.line.number] = plan.id
                        change = without_members(change)
                    else:
                        self._count(plan, changed=change is not None)
                    changes.append((plan, change))
                yield self._noted(changes)
        async with aclosing(self._plans(again=True)) as chunks:
            async for chunk in chunks:
                for plan in chunk:
                    self._count(plan, changed=True)
                yield self._noted([(plan, self._judge.members_of(plan)) for plan in chunk])

    def _noted(self, changes: Sequence[tuple[Plan, Insert | Update | None]]) -> list[Change]:
        """The changes there are; where each comes from is kept, for the case that one is refused."""
        if self.report.refused:
            raise _LineRefused("a line is refused")
        self._written += ((plan.line.number, plan.line.type) for plan, change in changes if change is not None)
        return [change for _, change in changes if change is not None]

    async def _first_pass(self, do: Callable[[Plan], Awaitable[None]]) -> None:
        async with aclosing(self._plans()) as chunks:
            async for chunk in chunks:
                for plan in chunk:
                    if plan.members:
                        self._waiting[plan.line.number] = plan.id
                await asyncio.gather(*(do(plan) for plan in chunk if not plan.members))

    async def _groups(self) -> bool:
        """Write what waits for nobody any more; whether any did."""
        before = len(self._waiting)
        async with aclosing(self._plans(again=True)) as chunks:
            async for chunk in chunks:
                there = await self.work.store.types_of(list({id for plan in chunk for id in plan.members}))
                pending = set(self._waiting.values())
                ready = []
                for plan in chunk:
                    missing = [id for id in plan.members if id not in there]
                    if not missing or not pending.issuperset(missing):
                        del self._waiting[plan.line.number]
                        ready.append(plan)
                await asyncio.gather(*map(self._write, ready))
        return len(self._waiting) < before

    async def _cycles(self) -> None:
        """Make the groups that only wait for each other, together. Groups that were there wait for nobody any more."""
        plans: list[Plan] = []
        async with aclosing(self._plans(again=True)) as chunks:
            async for chunk in chunks:
                plans += (plan for plan in chunk if isinstance(plan.change, Insert))
        inserts = [plan.change for plan in plans if isinstance(plan.change, Insert)]
        for plan in plans:
            del self._waiting[plan.line.number]
        try:
            await self.work.store.apply_together(inserts)
        except (Unavailable, Busy):
            raise
        except OneRefused as one:
            wrong = plans[one.at].line
            why = refusal(one.error, wrong.type).detail
            for plan in plans:
                line = plan.line
                self._refuse(line.number, why if line is wrong else f"It holds what line {wrong.number} holds: {why}")
            return
        for plan in plans:
            self._count(plan, changed=True)

    async def _plans(self, *, again: bool = False) -> AsyncGenerator[list[Plan], None]:
        """The plans of all lines, or ``again`` of those that wait, in chunks."""
        chunk: list[Line] = []
        for line in self.lines():
            if again:
                if line.number not in self._waiting:
                    continue
                assert isinstance(line, Line)
                line.id = self._waiting[line.number]
            elif isinstance(line, BadLine):
                self._refuse(line.number, line.detail)
                continue
            elif not self._first_of_its_kind(line):
                continue
            chunk.append(line)
            if len(chunk) == CHUNK:
                yield await self._planned(chunk)
                chunk = []
        if chunk:
            yield await self._planned(chunk)

    def _first_of_its_kind(self, line: Line) -> bool:
        """Whether no line before names the same id or key."""
        names = {"id": line.id}
        if (key := line.type.key) is not None:
            text = line.body.get(key.name)
            names[key.name] = fold(key.compare, text) if isinstance(text, str) else None
        return all(self._is_first(line, name, value) for name, value in names.items() if value)

    def _is_first(self, line: Line, name: str, value: str) -> bool:
        of = "" if name == "id" else line.type.name
        first = self._first.setdefault(hash((of, name, value)), line.number)
        if first != line.number:
            self._refuse(line.number, f"Line {first} has this {name} already.")
        return first == line.number

    async def _planned(self, lines: Sequence[Line]) -> list[Plan]:
        there = await self.work.store.types_of([line.id for line in lines if line.id])
        plans = await asyncio.gather(*(self._judged(line, there) for line in lines))
        return [
            plan
            for plan in plans
            if plan is not None and self._writes_an_own_external_id(plan) and self._writes_own_values(plan)
        ]

    def _writes_an_own_external_id(self, plan: Plan) -> bool:
        """Whether no line before writes the same one. Those that stay as they are may belong to several connections."""
        change, external_id = plan.change, plan.line.body.get("externalId")
        if change is None or not isinstance(external_id, str) or (isinstance(change, Update) and change.owner is None):
            return True
        return self._is_first(plan.line, "externalId", external_id)

    def _writes_own_values(self, plan: Plan) -> bool:
        """Whether no line before writes one of its unique values (besides the key); asked where the store does not."""
        if not self._judge.rehearsing:
            return True
        content = plan.change.content if plan.change is not None else None
        rows = (content.unique if content is not None else None) or ()
        return all(self._is_first(plan.line, path, value) for path, value in rows)

    async def _judged(self, line: Line, there: Mapping[str, int]) -> Plan | None:
        try:
            return await self._judge.plan(line, there)
        except ScimError as error:
            self._refuse(line.number, error.detail)
            return None

    async def _write(self, plan: Plan) -> None:
        """Write one line's change, computed again while other clients write the same resource."""
        for _ in range(_ATTEMPTS):
            if plan.change is None:
                self._count(plan, changed=False)
                return
            try:
                applied = await self.work.store.apply(plan.change)
            except VersionConflict:
                again = await self._judged(plan.line, await self.work.store.types_of([plan.id]))
                if again is None:
                    return
                plan = again
            except (Unavailable, Busy):
                raise
            except StoreError as error:
                self._refuse(plan.line.number, refusal(error, plan.line.type).detail)
                return
            else:
                self._count(plan, changed=applied.changed)
                return
        self._refuse(plan.line.number, "Other clients change the resource all the time; import this line again.")

    def _count(self, plan: Plan, *, changed: bool) -> None:
        if plan.skipped:
            self.report.skipped += 1
        elif isinstance(plan.change, Insert):
            self.report.created += 1
        elif changed:
            self.report.changed += 1
        else:
            self.report.unchanged += 1
        self.on_line()

    def _refuse(self, number: int, detail: str) -> None:
        self._waiting.pop(number, None)
        self.report.refused += 1
        self.on_refusal(number, detail)
        self.on_line()


class _LineRefused(StoreError):
    """A line is refused that was good when it was rehearsed: the transaction has to end with nothing done."""
