"""What a run has done, for people and programs: as text, JSON and CSV. ``report_page`` is the printable one.

Times are UTC. Redacted, a report tells keys, ids, kinds, paths and reasons, and neither userNames nor values.
"""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TextIO

from rollbook.transfer.operations import Note, Operation
from rollbook.transfer.state.journal import Done, Journal, RunRow
from rollbook.transfer.users import path_of

Json = Any
KINDS = ("create", "update", "reactivate", "deactivate", "delete")
STATES = ("done", "failed", "conflict", "skipped", "begun", "planned")
OUTCOMES = {
    "running": "not finished",
    "done": "done",
    "some_failed": "done, but for some",
    "stopped": "stopped by a brake",
}
_COLUMNS = ("n", "kind", "state", "begun", "ended", "key", "id", "userName", "changes", "reason", "origin", "detail")


@dataclass(frozen=True)
class Report:
    """One run of one target, read from its journal."""

    journal: Journal
    run: RunRow
    redact: bool = False

    def counts(self) -> dict[str, dict[str, int]]:
        """Operations by kind, then by state."""
        return {kind: {} for kind in KINDS} | by_kind(self._counts())

    def _counts(self) -> Mapping[str, int]:
        return self.run.counts or self.journal.counts(self.run.number)

    def head(self) -> dict[str, Json]:
        """What is said of the run as a whole."""
        run, header = self.run, self.run.header
        source = header.get("source", {})
        return {
            "run": run.number,
            "verb": run.verb,
            "plan": run.plan,
            "target": header.get("target"),
            "dialect": header.get("dialect"),
            "base_url": header.get("base_url"),
            "outcome": run.outcome,
            "planned": header.get("made"),
            "begun": run.begun,
            "ended": run.ended,
            "source_taken": source.get("taken"),
            "source_entries": source.get("count"),
            "bad_rows": source.get("bad"),
            "allowed": header.get("allowed"),
            "held": header.get("held", []),
            "totals": header.get("totals", {}),
            "counts": self.counts(),
            "parts": parts(run, self._counts()),
        }

    def operations(self) -> Iterator[dict[str, Json]]:
        """Every operation, in order."""
        for done in self.journal.operations(self.run.number):
            yield self._told(done)

    def notes(self) -> Iterator[dict[str, Json]]:
        """Every note, in order."""
        for note in self.journal.notes(self.run.number):
            said = note.to_json()
            if self.redact:
                said.pop("userName", None)
            yield said

    def _told(self, done: Done) -> dict[str, Json]:
        operation = done.operation
        said: dict[str, Json] = {
            "n": done.n,
            "kind": operation.kind,
            "state": done.state,
            "begun": done.begun,
            "ended": done.ended,
            "key": operation.key,
            "id": done.id or operation.id,
            "userName": operation.user_name,
            "reason": operation.reason,
            "origin": operation.origin,
            "detail": done.detail,
            "changes": changes(operation, redact=self.redact),
        }
        if self.redact:
            del said["userName"]
            said["detail"] = done.detail.partition(":")[0]  # what a target says may name people
        return {name: value for name, value in said.items() if value not in (None, "", [])}

    def write_json(self, file: TextIO) -> None:
        """One object; its operations stand a line each."""
        head = json.dumps(self.head(), ensure_ascii=False)
        file.write(head[:-1])
        for name, rows in (("operations", self.operations()), ("notes", self.notes())):
            file.write(f', "{name}": [')
            said = (json.dumps(row, ensure_ascii=False) for row in rows)
            file.writelines(f"{',' if index else ''}\n{row}" for index, row in enumerate(said))
            file.write("]")
        file.write("}\n")

    def write_csv(self, file: TextIO) -> None:
        """A row for each operation, then one for each note (its kind is the note's, its state ``note``)."""
        writer = csv.writer(file, lineterminator="\r\n")
        columns = [name for name in _COLUMNS if not (self.redact and name == "userName")]
        writer.writerow(columns)
        for row in self.operations():
            row["changes"] = "; ".join(written_change(change) for change in row.get("changes", ()))
            writer.writerow([_harmless(row.get(name, "")) for name in columns])
        for note in self.notes():
            said = {**note, "kind": note["note"], "state": "note", "reason": note.get("text", "")}
            writer.writerow([_harmless(said.get(name, "")) for name in columns])


def by_kind(counts: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """The counts of a journal (``create done``) by kind, then by state."""
    found: dict[str, dict[str, int]] = {}
    for what, number in counts.items():
        kind, state = what.split(" ")
        found.setdefault(kind, {})[state] = number
    return found


def parts(run: RunRow, counts: Mapping[str, int]) -> list[dict[str, Json]]:
    """Of a run that was cut off and went on: its parts, each with what was done in it."""
    return [{"begun": begun, "counts": by_kind(done)} for begun, done in run.parts(counts)]


def counted(counts: Mapping[str, Mapping[str, int]]) -> str:
    """What was done, as a clause: ``4 created, 1 update failed``; ``nothing``."""
    said = [
        f"{counts[kind][state]:,} {done_to(kind) if state == 'done' else f'{kind} {state}'}"
        for kind in KINDS
        for state in STATES
        if counts.get(kind, {}).get(state)
    ]
    return ", ".join(said) or "nothing"


def done_to(kind: str) -> str:
    """What became of somebody: ``created``."""
    return f"{kind}d" if kind.endswith("e") else f"{kind}ed"


def changes(operation: Operation, *, redact: bool = False) -> list[dict[str, Json]]:
    """Before and after of each attribute; a create has no before, a delete no after."""
    if operation.kind == "create":
        pairs = [(path, None, value) for path, value in flat(operation.attributes)]
    elif operation.kind == "delete":
        pairs = [(path, value, None) for path, value in flat(operation.before)]
    else:
        pairs = [(change.path, change.before, change.after) for change in operation.changes]
    if redact:
        return [{"path": path} for path, _, _ in pairs]
    return [{"path": path, "before": before, "after": after} for path, before, after in pairs]


def flat(document: Mapping[str, Json], steps: tuple[str, ...] = ()) -> Iterator[tuple[str, Json]]:
    """The attributes of a document by their paths."""
    for name, value in document.items():
        if isinstance(value, Mapping):
            yield from flat(value, (*steps, name))
        else:
            yield path_of((*steps, name)), value


def written_change(change: Mapping[str, Json]) -> str:
    """One change on one line."""
    if "before" not in change:
        return str(change["path"])
    return f"{change['path']}: {written_value(change['before'])} → {written_value(change['after'])}"


def written_value(value: Json) -> str:
    """A value as a person reads it."""
    if value is None or value == []:
        return "–"
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(one, Mapping) for one in value):
        return ", ".join(str(one.get("display") or one.get("value") or dict(one)) for one in value)
    return json.dumps(value, ensure_ascii=False)


def _harmless(cell: Json) -> Json:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def note_text(note: Note | Mapping[str, Json]) -> str:
    """A note on one line."""
    said = note.to_json() if isinstance(note, Note) else note
    who = " ".join(str(said[name]) for name in ("userName", "id") if said.get(name))
    return f"{said['note'].replace('_', ' ')}: {f'{who}: ' if who else ''}{said.get('text', '')}"
