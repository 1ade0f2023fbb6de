"""A plan: the source beside the target, and what has to be done about each user, with its reason.

How the target is walked is in ``walking``.
"""

import asyncio
import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from rollbook.clock import Clock, written
from rollbook.transfer import plan_file
from rollbook.transfer.brakes import holding
from rollbook.transfer.decide import Standing, decide
from rollbook.transfer.operations import Note, Totals
from rollbook.transfer.plan_lines import LAST_WRITE, Made, Plan
from rollbook.transfer.probe import probe
from rollbook.transfer.records import Snapshot
from rollbook.transfer.state.journal import Journal, Link, settled
from rollbook.transfer.state.workspace import Wanted, Workspace, unpacked
from rollbook.transfer.target import Target
from rollbook.transfer.users import Change, name_key
from rollbook.transfer.walking import Progress, Walker, match_value

Json = Any


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
        now = self.clock.now()
        totals = Totals(snapshot.count, snapshot.bad_count, ws.count("there"), managed)
        made = Made(totals, ws)
        known = _Known(journal.graces(), {link.id for link in journal.links() if link.key is None})
        self._decide_entries(snapshot, made, known, written(now))
        self._decide_strangers(snapshot, made, known, now)
        for row in snapshot.bad():
            made.note(Note("bad_row", str(row), row.key))
        for id in gone:
            made.own({"unlink": id})
            made.note(Note("vanished", "ours, and deleted in the target by somebody else", "", id))
        made.flush()
        last = journal.last_done()
        before = last.header["source"]["count"] if last else None
        return Plan(self._header(snapshot, written(now)), totals, holding(totals, settings.brakes, before), ws)

    def _decide_entries(self, snapshot: Snapshot, made: Made, known: "_Known", since: str) -> None:
        """What becomes of everybody in the source."""
        can, policy = self.target.can, self.target.settings.policy
        for entry in snapshot:
            how, trouble, body = self.workspace.met(entry.key)
            if trouble:
                kind, _, text = trouble.partition(": ")
                name = str(entry.attributes.get("userName") or "")
                made.note(Note(kind, f"{entry.origin}: {text}", entry.key, "", name))
                continue
            user = unpacked(body) if body else None
            id = user.id if user is not None else ""
            standing = Standing(
                linked=how == "link", found_by=how or "", in_grace=id in known.graces, adopted=id in known.adopted
            )
            decision = decide(
                entry,
                user,
                policy,
                standing,
                separator=can.name_separator,
                groups=can.memberships != "none",
                settled=_Settled(self.journal, id),
            )
            made.entry(entry, user, decision)
            if decision.kind == "link" and user is not None:
                made.link(Link(user.id, entry.key, user.user_name, since, how or ""))

    def _decide_strangers(self, snapshot: Snapshot, made: Made, known: "_Known", now: datetime) -> None:
        """What becomes of everybody in the target who is nobody in the source."""
        can, policy = self.target.can, self.target.settings.policy
        over = written(now - timedelta(days=policy.grace_days)) if policy.grace_days is not None else ""
        doubt = _doubt(snapshot)
        for body, trouble, key, linked in self.workspace.alone():
            user = unpacked(body)
            if trouble:
                made.note(Note("ambiguous", trouble.partition(": ")[2], "", user.id, user.user_name))
                continue
            if key is not None and snapshot.spoiled(key):
                text = "left alone: its row of the source cannot be read"
                made.note(Note("bad_row", text, key, user.id, user.user_name))
                continue
            began, adopted = known.graces.get(user.id), user.id in known.adopted
            standing = Standing(
                linked=bool(linked) and not adopted,
                adopted=adopted,
                in_grace=began is not None,
                grace_over=began is not None and began <= over,
                doubt=doubt if not linked or snapshot.keyless else "",
            )
            decision = decide(None, user, policy, standing, can_delete=can.delete)
            made.stranger(user, key or "", decision, linked=bool(linked))
            if decision.kind == "nothing" and decision.leaver and began is None:
                made.own({"grace": user.id})
            if decision.kind == "adopt":
                made.link(Link(user.id, None, user.user_name, written(now), "adopted"))

    def _header(self, snapshot: Snapshot, made: str) -> dict[str, Json]:
        settings, base, lines = self.target.settings, self.journal.base(), self.workspace.lines(last=LAST_WRITE)
        return {
            "plan": plan_file.plan_id(self.target.identity, snapshot.hash, base, lines),
            "made": made,
            "target": settings.name,
            "dialect": settings.dialect,
            "base_url": settings.base_url,
            "identity": self.target.identity,
            "config": self.config,
            "policy": policy_digest(settings),
            "source": {
                "hash": snapshot.hash,
                "count": snapshot.count,
                "bad": snapshot.bad_count,
                "taken": snapshot.taken,
            },
            "base": base,
        }


class _Known(NamedTuple):
    """What our state says: leavers in grace and since when, and the ids of those who were adopted."""

    graces: Mapping[str, str]
    adopted: frozenset[str] | set[str]


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
