"""The verbs, for one target: plan, apply, sync, resume, rebuild the links. Each holds the target's lock as long as it
works."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import apsw
import orjson

from rollbook.clock import SYSTEM_CLOCK, Clock, written
from rollbook.transfer import plan_file
from rollbook.transfer.applying import Application, outcome
from rollbook.transfer.config import Config
from rollbook.transfer.engine import Timing
from rollbook.transfer.errors import Braked, Interrupted, Stale, TransferError
from rollbook.transfer.plan_file import PlanFile
from rollbook.transfer.plan_lines import Plan
from rollbook.transfer.planning import Planner, policy_digest
from rollbook.transfer.probe import probe
from rollbook.transfer.records import Snapshot
from rollbook.transfer.report import parts
from rollbook.transfer.snapshot import take_snapshot
from rollbook.transfer.state.journal import Journal, Link, Lock, RunRow, plan_key
from rollbook.transfer.state.workspace import Workspace
from rollbook.transfer.target import Target
from rollbook.transfer.target_settings import TargetSettings
from rollbook.transfer.walking import Progress

Json = Any
_UNCLEAR = ("ambiguous", "unclear", "duplicate", "taken", "bad_row")
"""Notes about entries that could not be brought in step."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What somebody has said on the command line about a plan."""

    plan: str
    removals: int


@dataclass(frozen=True, slots=True)
class Result:
    """What a run came to."""

    run: int
    plan: str
    counts: Mapping[str, int] = field(default_factory=dict)
    failed: int = 0
    unclear: int = 0
    requests: int = 0
    repeated: int = 0
    parts: Sequence[Mapping[str, Json]] = ()
    """Where it was cut off and went on: what was done in each part."""


@dataclass
class Session:
    """One target of a config, locked."""

    config: Config
    settings: TargetSettings
    clock: Clock = SYSTEM_CLOCK
    timing: Timing | None = None
    progress: Progress = lambda what, more, total: None
    said: Callable[[str], None] = lambda text: None
    finished: Callable[[Result], None] = lambda result: None
    """Told of a run that was cut off, once ``sync`` has finished it."""

    def __post_init__(self) -> None:
        folder, name = self.config.state_folder, self.settings.name
        self._folder = folder
        self._lock = Lock(folder / f"{name}.lock")
        self.journal = Journal(folder / f"{name}.db")
        self.key = plan_key(folder)

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        self.journal.close()
        self._lock.release()

    @asynccontextmanager
    async def _target(self) -> AsyncIterator[Target]:
        async with Target.open(self.settings, clock=self.clock, timing=self.timing) as target:
            with _signals(target.engine.stop):
                yield target

    # plan

    @asynccontextmanager
    async def planned(self) -> AsyncIterator[tuple[Plan, Target]]:
        """A plan, as long as its work files are there."""
        async with self._target() as target:
            with self._work() as (workspace, take):
                planner = Planner(
                    target,
                    self.journal,
                    workspace,
                    take,
                    self.config.managed,
                    self.config.digest,
                    self.clock,
                    self.progress,
                )
                try:
                    plan = await planner.make()
                except Interrupted:
                    raise Interrupted("a signal ended the run before anything was changed") from None
                yield plan, target

    @contextmanager
    def _work(self) -> Iterator[tuple[Workspace, Callable[[Callable[[int], None]], Snapshot]]]:
        name = self.settings.name
        source = self._folder / f"{name}.source.work"
        source.unlink(missing_ok=True)
        workspace = Workspace(self._folder / f"{name}.work")
        connection = apsw.Connection(str(source))
        connection.execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -32000").fetchall()

        def take(progress: Callable[[int], None]) -> Snapshot:
            now = self.clock.now()
            return take_snapshot(
                self.config, connection, today=self.config.day(now), taken=written(now), progress=progress
            )

        try:
            yield workspace, take
        finally:
            workspace.close()
            connection.close()
            source.unlink(missing_ok=True)

    def write_plan(self, plan: Plan, path: Path) -> None:
        """Keep a plan in a file, signed."""
        totals = {**plan.totals.to_json(), "held": list(plan.held)}
        plan_file.write(path, self.key, plan.header, plan.lines(), totals)

    # apply, sync

    async def sync(self, allowed: Allowed | None = None) -> Result:
        """Plan, look at the brakes, do it. A run that was cut off is finished first."""
        await self._finish_first()
        async with self.planned() as (plan, target):
            try:
                self._judge(plan.id, plan.held, plan.totals.removals, allowed, empty=plan.empty_source)
            except Braked:
                self._stopped(plan)
                raise
            unclear = _unclear(plan.totals.notes)
            run = self._begin(plan.id, "sync", plan.header, plan.lines(), plan.totals.to_json(), allowed)
            return await self._do(run, plan.id, target, unclear, again=False)

    async def _finish_first(self) -> None:
        if (row := self.journal.unfinished()) is not None:
            self.said(f"run {row.number} was cut off: it is finished first")
            if (result := await self.resume()) is not None:
                self.finished(result)

    def _stopped(self, plan: Plan) -> None:
        """A run that a brake has stopped is told by the report; otherwise it leaves no trace."""
        now = self.clock.written()
        header = {**plan.header, "totals": plan.totals.to_json(), "held": list(plan.held)}
        run = self.journal.begin(plan.id, "sync", now, header, plan.notes())
        self.journal.end(run, "stopped", now, self.settings.report.keep)

    async def apply(self, file: PlanFile, allowed: Allowed | None = None) -> Result:
        """Do what a plan says. **Raises** ``Stale``, ``Braked``."""
        if (row := self.journal.unfinished()) is not None:
            raise TransferError(
                f"run {row.number} was cut off before its end", hint="`rollbook transfer resume` finishes it first"
            )
        self._refuse_stale(file)
        notes = file.totals.get("notes", {})
        held = tuple(file.totals.get("held", ()))
        removals = int(file.totals.get("deactivate", 0)) + int(file.totals.get("delete", 0))
        empty = not file.totals.get("source")
        self._judge(file.id, held, removals, allowed, empty=empty)
        async with self._target() as target:
            await probe(target)
            if target.identity != file.header["identity"]:
                raise Stale("the target is another one than when the plan was made, or says other things of itself")
            lines = (line for line, _ in file.lines())
            run = self._begin(file.id, "apply", file.header, lines, file.totals, allowed)
            return await self._do(run, file.id, target, _unclear(notes), again=True)

    def _refuse_stale(self, file: PlanFile) -> None:
        header, hint = file.header, "make a new one: `rollbook transfer plan -o FILE`"
        made = datetime.fromisoformat(header["made"])
        hours = self.settings.run.plan_hours
        if self.clock.now() - made > timedelta(hours=hours):
            raise Stale(f"the plan is more than {hours:g} hours old", hint=hint)
        if header["config"] != self.config.digest or header["policy"] != policy_digest(self.settings):
            raise Stale("the config has changed since the plan was made", hint=hint)
        if header["base"] != self.journal.base():
            raise Stale("another run was made since the plan was", hint=hint)
        with self._work() as (_, take):
            if take(lambda rows: None).hash != header["source"]["hash"]:
                raise Stale("the source has changed since the plan was made", hint=hint)

    def _judge(self, plan: str, held: tuple[str, ...], removals: int, allowed: Allowed | None, *, empty: bool) -> None:
        """**Raises** ``Braked`` where a brake holds that nobody has released."""
        if allowed is not None:
            if allowed.plan != plan:
                raise Stale(
                    f"the plan is {plan} now, not {allowed.plan}: something has changed since somebody looked at it",
                    hint="look at the new one: `rollbook transfer plan`",
                )
            if allowed.removals != removals:
                raise Braked(f"plan {plan} deactivates and deletes {removals} users, not {allowed.removals}")
            if self.journal.approved(plan):
                raise Braked(f"plan {plan} was allowed once, and that was used")
        if held and (allowed is None or empty):
            hint = (
                "nothing lets an empty source pass"
                if empty
                else (f"look at the plan; then, once: --allow-deletes {removals} --plan {plan}")
            )
            detail = "stopped by a brake: " + "; ".join(held)
            raise Braked(detail, hint=hint, plan=plan, held=held, removals=removals)

    def _begin(
        self,
        plan: str,
        verb: str,
        header: Mapping[str, Json],
        lines: Iterator[bytes],
        totals: Mapping[str, Json],
        allowed: Allowed | None,
    ) -> int:
        now = self.clock.written()
        said = {**header, "totals": dict(totals)}
        if allowed is not None:
            self.journal.approve(plan, allowed.removals, now)
            said["allowed"] = allowed.removals
        return self.journal.begin(plan, verb, now, said, lines)

    async def _do(self, run: int, plan: str, target: Target, unclear: int, *, again: bool) -> Result:
        total = self.journal.waiting(run)
        self.progress("changing", 0, total)
        work = Application(
            target, self.journal, run, self.clock, again, lambda kind, more: self.progress("changing", more, total)
        )
        await work.finish()
        counts = self.journal.counts(run)
        failed = sum(number for what, number in counts.items() if not what.endswith(" done"))
        self.journal.end(run, outcome(failed), self.clock.written(), self.settings.report.keep)
        row, engine = self.journal.run(run), target.engine
        told = parts(row, counts) if row is not None else ()
        return Result(run, plan, counts, failed, unclear, engine.requests, engine.repeated, told)

    # resume

    async def resume(self) -> Result | None:
        """Finish the run that was cut off; None: there is none. What is older than a plan may be is not begun any more:
        only what was begun is looked at."""
        row = self.journal.unfinished()
        if row is None:
            return None
        unclear = _unclear(row.header.get("totals", {}).get("notes", {}))
        self.journal.resumed(row.number, self.clock.written())
        self._drop_old(row)
        async with self._target() as target:
            await probe(target)
            return await self._do(row.number, row.plan, target, unclear, again=True)

    def _drop_old(self, row: RunRow) -> None:
        made = datetime.fromisoformat(row.header.get("made", row.begun))
        if self.clock.now() - made > timedelta(hours=self.settings.run.plan_hours):
            hours = self.settings.run.plan_hours
            detail = f"not begun: the plan is more than {hours:g} hours old"
            self.journal.close_open(row.number, "skipped", detail, self.clock.written())

    # links

    async def rebuild(self) -> tuple[int, int]:
        """Forget who is who and find it out anew, by externalId, userName and policy.match: who was ours stays ours
        where the config takes nobody over, and who was adopted stays so. How many of the source there are, and how many
        were left without."""
        if (row := self.journal.unfinished()) is not None:
            raise TransferError(f"run {row.number} was cut off", hint="`rollbook transfer resume` finishes it first")
        now = self.clock.written()
        before = {link.id: link for link in self.journal.links()}
        self.journal.unlink(before)
        try:
            async with self.planned() as (plan, _):
                found = {}
                for line in plan.lines():
                    said = orjson.loads(line)
                    if "link" in said:
                        link = Link(*said["link"])
                    elif said.get("key") and said.get("id") and ("kind" in said or _was_ours(said, before)):
                        link = Link(said["id"], said["key"], said["userName"], now, "rebuilt")
                    else:
                        continue
                    if link.key is not None:
                        found[link.id] = link
        except BaseException:
            self.journal.link(before.values())
            raise
        adopted = (link for link in before.values() if link.key is None and link.id not in found)
        self.journal.link([*found.values(), *adopted])
        return len(found), plan.totals.source - len(found)


def _was_ours(said: Mapping[str, Json], before: Mapping[str, Link]) -> bool:
    return said.get("note") == "not_taken_over" and said["id"] in before


def _unclear(notes: Mapping[str, int]) -> int:
    return sum(notes.get(kind, 0) for kind in _UNCLEAR)


@contextmanager
def _signals(stop: asyncio.Event) -> Iterator[None]:
    """SIGTERM and SIGINT end the run after the calls in flight; a second one ends it at once."""
    loop = asyncio.get_running_loop()
    hooked: list[signal.Signals] = []

    def told() -> None:
        stop.set()
        for number in hooked:
            loop.remove_signal_handler(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):  # Windows; not the main thread
            loop.add_signal_handler(number, told)
            hooked.append(number)
    try:
        yield
    finally:
        for number in hooked:
            loop.remove_signal_handler(number)
