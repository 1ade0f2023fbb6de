"""What a plan says, as lines in a work file: operations in the order in which they are done, then links, then notes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from rollbook.transfer.brakes import EMPTY
from rollbook.transfer.decide import Decision
from rollbook.transfer.operations import Note, Operation, Totals
from rollbook.transfer.records import Entry
from rollbook.transfer.state.journal import Link
from rollbook.transfer.state.workspace import Workspace
from rollbook.transfer.users import TargetUser

Json = Any
_PLACES = {kind: place for place, kind in enumerate(("update", "reactivate", "create", "deactivate", "delete"))}
LAST_WRITE, _LINK, _OWN, _NOTE = 4, 5, 6, 7
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
        return self.workspace.lines(last=LAST_WRITE)

    def lines(self) -> Iterator[bytes]:
        """All lines, as they stand in a plan file."""
        return self.workspace.lines()

    def notes(self) -> Iterator[bytes]:
        """The lines that tell."""
        return self.workspace.lines(first=_NOTE, last=_NOTE)

    def links(self) -> Iterator[bytes]:
        """Whom users have turned out to be."""
        return self.workspace.lines(first=_LINK, last=_LINK)


class Made:
    """Puts what was decided into the workspace."""

    def __init__(self, totals: Totals, workspace: Workspace) -> None:
        self.totals = totals
        self._workspace = workspace
        self._lines: list[tuple[int, bytes]] = []

    def own(self, line: Json) -> None:
        """Keep a line that changes our own state."""
        self._put(_OWN, line)

    def _put(self, place: int, line: Json) -> None:
        self._lines.append((place, orjson.dumps(line)))
        if len(self._lines) >= _TOGETHER:
            self.flush()

    def flush(self) -> None:
        """Keep what is at hand."""
        lines, self._lines = self._lines, []
        self._workspace.put(lines)

    def link(self, link: Link) -> None:
        """Keep who is who."""
        self._put(_LINK, {"link": list(link)})

    def note(self, note: Note) -> None:
        """Keep what should be known."""
        self.totals.notes[note.kind] = self.totals.notes.get(note.kind, 0) + 1
        self._put(_NOTE, note.to_json())

    def entry(self, entry: Entry, user: TargetUser | None, decision: Decision) -> None:
        """Somebody of the source."""
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
        self._put(_PLACES[operation.kind], operation.to_json())
