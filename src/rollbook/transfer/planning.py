"""A plan: the source beside the target, and what has to be done about each user, with its reason.

How the target is walked is in ``walking``.
"""

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import orjson

from rollbook.clock import Clock, written
from rollbook.transfer import plan_file
from rollbook.transfer.brakes import EMPTY, holding
from rollbook.transfer.decide import Decision, Standing, decide
from rollbook.transfer.operations import Note, Operation, Totals
from rollbook.transfer.probe import probe
from rollbook.transfer.records import Entry, Snapshot
from rollbook.transfer.state.journal import Journal, Link, settled
from rollbook.transfer.state.workspace import Wanted, Workspace, unpacked
from rollbook.transfer.target import Target
from rollbook.transfer.users import Change, TargetUser, name_key
from rollbook.transfer.walking import Progress, Walker, match_value

Json = Any
_PLACES = {kind: place for place, kind in enumerate(("update", "reactivate", "create", "deactivate", "delete"))}
_LAST_WRITE, _LINK, _OWN, _NOTE = 4, 5, 6, 7
"""Where lines stand in a plan."""
_TOGETHER = 512


@dataclass
class Plan:
    """What would be done. Its operations and notes are in the workspace."""

    header: dict[str, Json]
    totals: Totals
    held: tuple[str, ...]
    workspace: Workspace = field(repr=False)

    @property
    def id(self) -> str:
        return str(self.header["plan"])

    @property
    def empty_source(self) -> bool:
        return self.held == (EMPTY,)

    def operations(self) -> Iterator[bytes]:
        """The lines that write, in the order in which they are done."""
        return self.workspace.lines(last=_LAST_WRITE)

    def lines(self) -> Iterator[bytes]:
        """All lines, as they stand in a plan file."""
        return self.workspace.lines()

    def notes(self) -> Iterator[bytes]:
        """The lines that tell."""
        return self.workspace.lines(first=_NOTE, last=_NOTE)

    def links(self) -> Iterator[bytes]:
        """Whom users have turned out to be."""
        return self.workspace.lines(first=_LINK, last=_LINK)


@dataclass
class Planner:
    """What a plan is made of."""

    target: Target
    journal: Journal
    workspace: Workspace
    take: Callable[[Callable[[int], None]], Snapshot]
    """Reads the source; called in a thread, with somebody to tell how many rows are read."""
    managed: tuple[str, ...]
    """The paths that the mapping writes."""
    config: str
    """Digest of the config."""
    clock: Clock
    progress: Progress = lambda what, more, total: None

    async def make(self) -> Plan:
        """Read both sides, match them, decide. **Raises** ``TransferError``."""
        walker = Walker(self.target, self.workspace, self.managed, self.progress)
        reading = asyncio.create_task(asyncio.to_thread(self.take, lambda rows: self.progress("reading", rows, None)))
        try:
            await probe(self.target)
            await walker.walk()
        except BaseException:
            await asyncio.wait([reading])
            reading.exception()  # the target's trouble is told, not the source's
            raise
        snapshot = await reading
        ws = self.workspace
        await asyncio.to_thread(self._want, snapshot)
        ws.links((link.id, link.key) for link in self.journal.links())
        ws.match_links()
        managed = ws.count("link")
        gone = await walker.vanished()
        ws.match_rest()
        await walker.confirm(snapshot)
        return await asyncio.to_thread(self._decide, snapshot, gone, managed)

    # the source

    def _want(self, snapshot: Snapshot) -> None:
        match, separator = self.target.settings.policy.match, self.target.can.name_separator

        def wanted() -> Iterator[Wanted]:
            for entry in snapshot:
                attributes = entry.attributes
                name, external = attributes.get("userName"), attributes.get("externalId")
                yield Wanted(
                    entry.key,
                    str(external) if external else None,
                    name_key(str(name), separator) if name else None,
                    match_value(attributes, match) if match else None,
                )

        self.workspace.want(wanted())

    # deciding

    def _decide(self, snapshot: Snapshot, gone: list[str], managed: int) -> Plan:
        ws, journal, settings = self.workspace, self.journal, self.target.settings
        policy, can = settings.policy, self.target.can
        now = self.clock.now()
        graces = journal.graces()
        over = written(now - timedelta(days=policy.grace_days)) if policy.grace_days is not None else ""
        totals = Totals(snapshot.count, snapshot.bad_count, ws.count("there"), managed)
        made = _Made(totals, ws)
        since = written(now)
        adopted = {link.id for link in journal.links() if link.key is None}

        for entry in snapshot:
            how, trouble, body = ws.met(entry.key)
            name = str(entry.attributes.get("userName") or "")
            if trouble:
                kind, _, text = trouble.partition(": ")
                made.note(Note(kind, f"{entry.origin}: {text}", entry.key, "", name))
                continue
            user = unpacked(body) if body else None
            linked = how == "link"
            standing = Standing(
                linked=linked,
                found_by=how or "",
                in_grace=user is not None and user.id in graces,
                adopted=user is not None and user.id in adopted,
            )
            decision = decide(
                entry,
                user,
                policy,
                standing,
                separator=can.name_separator,
                groups=can.memberships != "none",
                settled=_Settled(journal, user.id if user is not None else ""),
            )
            made.entry(entry, user, decision)
            if decision.kind == "link" and user is not None:
                made.link(Link(user.id, entry.key, user.user_name, since, how or ""))
        doubt = _doubt(snapshot)
        for body, trouble, key, linked in ws.alone():
            user = unpacked(body)
            if trouble:
                made.note(Note("ambiguous", trouble.partition(": ")[2], "", user.id, user.user_name))
                continue
            if key is not None and snapshot.spoiled(key):
                text = "left alone: its row of the source cannot be read"
                made.note(Note("bad_row", text, key, user.id, user.user_name))
                continue
            began = graces.get(user.id)
            standing = Standing(
                linked=bool(linked) and user.id not in adopted,
                adopted=user.id in adopted,
                in_grace=began is not None,
                grace_over=began is not None and began <= over,
                doubt=doubt if not linked or snapshot.keyless else "",
            )
            decision = decide(None, user, policy, standing, can_delete=can.delete)
            made.stranger(user, key or "", decision, linked=bool(linked))
            if decision.kind == "nothing" and decision.leaver and began is None:
                made.put(_OWN, {"grace": user.id})
            if decision.kind == "adopt":
                made.link(Link(user.id, None, user.user_name, since, "adopted"))
        for row in snapshot.bad():
            made.note(Note("bad_row", str(row), row.key))
        for id in gone:
            made.put(_OWN, {"unlink": id})
            made.note(Note("vanished", "ours, and deleted in the target by somebody else", "", id))
        made.flush()
        last, base = journal.last_done(), journal.base()
        before = last.header["source"]["count"] if last else None
        source = {
            "hash": snapshot.hash,
            "count": snapshot.count,
            "bad": snapshot.bad_count,
            "taken": snapshot.taken,
        }
        header = {
            "plan": plan_file.plan_id(self.target.identity, snapshot.hash, base, ws.lines(last=_LAST_WRITE)),
            "made": written(now),
            "target": settings.name,
            "dialect": settings.dialect,
            "base_url": settings.base_url,
            "identity": self.target.identity,
            "config": self.config,
            "policy": policy_digest(settings),
            "source": source,
            "base": base,
        }
        return Plan(header, totals, holding(totals, settings.brakes, before), ws)


class _Made:
    """Puts what was decided into the workspace."""

    def __init__(self, totals: Totals, workspace: Workspace) -> None:
        self.totals = totals
        self._workspace = workspace
        self._lines: list[tuple[int, bytes]] = []

    def put(self, place: int, line: Json) -> None:
        """Keep a line of the plan."""
        self._lines.append((place, orjson.dumps(line)))
        if len(self._lines) >= _TOGETHER:
            self.flush()

    def flush(self) -> None:
        """Keep what is at hand."""
        lines, self._lines = self._lines, []
        self._workspace.put(lines)

    def link(self, link: Link) -> None:
        self.put(_LINK, {"link": list(link)})

    def note(self, note: Note) -> None:
        self.totals.notes[note.kind] = self.totals.notes.get(note.kind, 0) + 1
        self.put(_NOTE, note.to_json())

    def entry(self, entry: Entry, user: TargetUser | None, decision: Decision) -> None:
        name = str(entry.attributes.get("userName") or "")
        if decision.kind in ("nothing", "link"):
            self.totals.unchanged += 1
        elif decision.kind in ("protected", "report"):
            kind = "protected" if decision.kind == "protected" else "not_taken_over"
            self.note(Note(kind, f"{entry.origin}: {decision.reason}", entry.key, user.id if user else "", name))
        elif user is None:
            attributes = {n: v for n, v in entry.attributes.items() if v is not None and v != []}
            self._add(Operation("create", entry.key, "", name, decision.reason, entry.origin, attributes=attributes))
        else:
            self._add(
                Operation(
                    decision.kind,
                    entry.key,
                    user.id,
                    user.user_name,
                    decision.reason,
                    entry.origin,
                    user.version,
                    decision.changes,
                )
            )

    def stranger(self, user: TargetUser, key: str, decision: Decision, *, linked: bool) -> None:
        """Somebody who is not in the source."""
        if decision.kind in ("report", "protected", "adopt"):
            kind = {"protected": "protected", "adopt": "adopted"}.get(decision.kind, "leaver" if linked else "unknown")
            self.note(Note(kind, decision.reason, key, user.id, user.user_name))
        elif decision.kind == "nothing":
            self.totals.unchanged += 1
        else:
            before = {"userName": user.user_name, **user.document} if decision.kind == "delete" else {}
            self._add(
                Operation(
                    decision.kind,
                    key,
                    user.id,
                    user.user_name,
                    decision.reason,
                    version=user.version,
                    changes=decision.changes,
                    before=before,
                    leaver=decision.kind == "deactivate" and decision.leaver,
                )
            )

    def _add(self, operation: Operation) -> None:
        totals = self.totals
        setattr(totals, operation.kind, getattr(totals, operation.kind) + 1)
        if operation.kind in ("update", "reactivate"):
            for change in operation.changes:
                totals.changed[change.path] = totals.changed.get(change.path, 0) + 1
        self.put(_PLACES[operation.kind], operation.to_json())


def _doubt(snapshot: Snapshot) -> str:
    bad = snapshot.bad_count
    if not bad:
        return ""
    return f"{bad:,} row{'' if bad == 1 else 's'} of the source cannot be read, and one may be this user"


def policy_digest(settings: Any) -> str:
    """What a plan was made under."""
    return hashlib.sha256(repr((settings.policy, settings.brakes)).encode()).hexdigest()[:16]


class _Settled:
    """Whether the target keeps something otherwise than it was told, and has been told so already."""

    def __init__(self, journal: Journal, id: str) -> None:
        self._journal = journal
        self._id = id
        self._known: set[tuple[bytes, bytes, bytes]] | None = None

    def __call__(self, change: Change) -> bool:
        if self._known is None:
            self._known = self._journal.kept(self._id)
        return bool(self._known) and settled(change) in self._known
