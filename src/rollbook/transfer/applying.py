"""Doing what a plan says: every operation journalled before and after, so that it takes effect once, whatever happens.

Kinds come one after the other: names are given up before they are taken, users are made before others are removed.
Inside a kind several operations are at work at once. One that is refused stops nothing but itself; one that is refused
because a name is taken gets a second chance at the end, when others may have given it up.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from rollbook.clock import Clock
from rollbook.transfer.directory import NoSuchGroup
from rollbook.transfer.operations import Operation
from rollbook.transfer.state.journal import Journal, Link, Mark
from rollbook.transfer.target import Conflict, Refused, Target
from rollbook.transfer.users import Change, TargetUser, differences, resolves, unmoved

Json = Any
ORDER = (("update", "reactivate"), ("create",), ("deactivate",), ("delete",))
_AT_ONCE = 256
_TAKEN = 409


class Scribe:
    """Writes marks into the journal, many in one transaction: whoever waits, waits for the same sync of the disk."""

    def __init__(self, journal: Journal, run: int) -> None:
        self._journal = journal
        self._run = run
        self._marks: list[Mark] = []
        self._waiting: list[asyncio.Future[None]] = []
        self._task: asyncio.Task[None] | None = None
        self.lock = asyncio.Lock()
        """Held while somebody uses the journal."""

    def note(self, mark: Mark) -> None:
        """Write a mark soon: at the latest with the next one that is waited for."""
        self._marks.append(mark)

    async def written(self, mark: Mark) -> None:
        """Write a mark, and go on once it is on the disk."""
        self._marks.append(mark)
        await self.flush()

    async def flush(self) -> None:
        """Go on once all marks are on the disk."""
        done = asyncio.get_running_loop().create_future()
        self._waiting.append(done)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work())
        await done

    async def _work(self) -> None:
        while self._waiting:
            async with self.lock:
                marks, self._marks = self._marks, []
                waiting, self._waiting = self._waiting, []
                try:
                    await asyncio.to_thread(self._journal.mark, self._run, marks)
                except Exception as error:  # noqa: BLE001 - raised where somebody waits for these marks
                    self._marks[:0] = marks
                    for future in waiting:
                        if not future.done():
                            future.set_exception(error)
                    continue
            for future in waiting:
                if not future.done():
                    future.set_result(None)


@dataclass
class Application:
    """One run at work."""

    target: Target
    journal: Journal
    run: int
    clock: Clock
    again: bool = False
    """The plan is not of this moment: before anything is created, look whether it is there."""
    progress: Callable[[str, int], None] = lambda what, more: None
    failed: int = 0
    _later: list[tuple[int, Operation]] = field(default_factory=list)
    _fatal: BaseException | None = None
    _last_chance: bool = False

    def __post_init__(self) -> None:
        self._scribe = Scribe(self.journal, self.run)
        self._keeps = self.journal.keeps()

    async def finish(self) -> None:
        """Do all that waits. **Raises** what stopped it; the rest then waits for ``resume``."""
        every = tuple(kind for kinds in ORDER for kind in kinds)
        try:
            await self._drain("begun", every)
            for kinds in ORDER:
                await self._drain("planned", kinds)
            self._last_chance = True
            later, self._later = self._later, []
            await self._all(later, again=True)
        finally:
            await self._scribe.flush()

    async def _drain(self, state: str, kinds: tuple[str, ...]) -> None:
        after = 0
        while True:
            async with self._scribe.lock:
                batch = await asyncio.to_thread(self.journal.open, self.run, state, kinds, after, _AT_ONCE)
            if not batch:
                return
            after = batch[-1][0]
            await self._all(batch, again=self.again or state == "begun")

    async def _all(self, operations: Sequence[tuple[int, Operation]], *, again: bool) -> None:
        """Several operations, as many at once as the target takes."""
        coming = iter(operations)

        async def work() -> None:
            for n, operation in coming:
                if self._fatal is not None or self.target.engine.stop.is_set():
                    return
                try:
                    await self._one(n, operation, again=again)
                except Exception as error:  # noqa: BLE001 - raised below, once nobody is at work any more
                    if self._fatal is None:
                        self._fatal = error

        number = self.target.settings.run.concurrency or self.target.can.concurrency
        await asyncio.gather(*(work() for _ in range(min(number, len(operations)))))
        if self._fatal is not None:
            raise self._fatal
        self.target.engine.check_stop()

    async def _one(self, n: int, operation: Operation, *, again: bool) -> None:
        """One operation, from ``begun`` to its end."""
        await self._scribe.written(Mark(n, "begun", self.clock.written()))
        try:
            mark = await self._do(n, operation, again=again)
        except Refused as refused:
            if refused.status == _TAKEN and not self._last_chance and operation.kind != "delete":
                self._later.append((n, operation))
                return
            gone = refused.status in (404, 410) and operation.id
            mark = Mark(n, "failed", self.clock.written(), refused.detail, unlink=operation.id if gone else "")
        except Conflict as conflict:
            mark = Mark(n, "conflict", self.clock.written(), conflict.detail)
        except NoSuchGroup as missing:
            mark = Mark(n, "failed", self.clock.written(), missing.detail)
        if mark.state != "done":
            self.failed += 1
        self._scribe.note(mark)
        self.progress(operation.kind, 1)

    async def _do(self, n: int, operation: Operation, *, again: bool) -> Mark:
        now = self.clock.written
        if operation.kind == "create":
            user = await self.target.create(operation.attributes, again=again)
            left = self._left(operation.attributes, user)
            return Mark(n, "done", now(), _kept(left), user.id, self._link(operation, user), left=left)
        if operation.kind == "delete":
            if again:
                there = await self.target.get(operation.id)
                if there is not None and there.user_name != operation.user_name:
                    raise Conflict("its userName is another one than when the plan was made")
                if there is not None and operation.version and there.version != operation.version:
                    raise Conflict("somebody else has changed this user since the plan was made")
            gone = await self.target.delete(operation.id, operation.version)
            return Mark(n, "done", now(), "" if gone else "it was gone already", operation.id, unlink=operation.id)
        changes: Sequence[Change] = operation.changes
        done_user, version = None, operation.version
        if again:
            there = await self.target.get(operation.id)
            if there is None:
                raise Refused(404, "the user is not there any more")
            separator = self.target.can.name_separator
            changes = [change for change in changes if not resolves(change, there, separator=separator)]
            if moved := [change.path for change in changes if not unmoved(change, there)]:
                raise Conflict(f"somebody else has changed {', '.join(moved)} since the plan was made")
            done_user, version = None if changes else there, there.version
        user = done_user or await self.target.update(operation.id, changes, version)
        link = self._link(operation, user) if operation.key and not operation.leaver else None
        wanted: dict[str, Json] = {}
        for change in operation.changes:
            _put(wanted, change.steps, change.after)
        told = {change.steps for change in operation.changes}
        # What it keeps otherwise may follow what it was told just now.
        for steps, was_wanted, _ in await self._known(operation.id):
            if (known := tuple(orjson.loads(steps))) not in told:
                _put(wanted, known, orjson.loads(was_wanted))
        left = self._left(wanted, user)
        return Mark(
            n,
            "done",
            now(),
            _kept([change for change in left if change.steps in told]),
            operation.id,
            link,
            left=left,
            grace=operation.id if operation.leaver else "",
            no_grace="" if operation.leaver else operation.id,
        )

    def _link(self, operation: Operation, user: TargetUser) -> Link:
        how = "created" if operation.kind == "create" else "matched"
        return Link(user.id, operation.key or None, user.user_name, self.clock.written(), how)

    async def _known(self, id: str) -> set[tuple[bytes, bytes, bytes]]:
        """What the target keeps otherwise of a user, as far as it is known."""
        if not self._keeps:
            return set()
        async with self._scribe.lock:
            return self.journal.kept(id)

    def _left(self, wanted: dict[str, Json] | Any, user: TargetUser) -> tuple[Change, ...]:
        """What the target has made something else of than it was told."""
        return tuple(differences(wanted, user, separator=self.target.can.name_separator, groups=False))


def _kept(left: Sequence[Change]) -> str:
    if not left:
        return ""
    return f"the target keeps {', '.join(change.path for change in left)} otherwise than it was told"


def _put(document: dict[str, Json], steps: Sequence[str], value: Json) -> None:
    *way, last = steps
    for step in way:
        document = document.setdefault(step, {})
    document[last] = value


def outcome(failed: int) -> str:
    """What is written of a run that went to its end."""
    return "some_failed" if failed else "done"
