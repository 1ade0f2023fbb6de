"""What a plan is made of: operations that write, notes that tell. Values, and their form in JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rollbook.transfer.users import Change

Json = Any


@dataclass(frozen=True, slots=True)
class Operation:
    """One write. ``changes`` say what it was before and will be after; a create has ``attributes`` instead."""

    kind: str
    key: str
    """The source's; empty for users that the source does not know."""
    id: str
    """The target's; empty before it is created."""
    user_name: str
    reason: str
    origin: str = ""
    version: str | None = None
    changes: tuple[Change, ...] = ()
    attributes: Mapping[str, Json] = field(default_factory=dict)
    before: Mapping[str, Json] = field(default_factory=dict)
    """Who it is that will be deleted."""
    leaver: bool = False
    """A deactivation by which a grace begins."""

    def to_json(self) -> dict[str, Json]:
        """As it stands in plans and journals."""
        said: dict[str, Json] = {"kind": self.kind, "key": self.key, "id": self.id, "userName": self.user_name}
        said["reason"] = self.reason
        if self.origin:
            said["origin"] = self.origin
        if self.version:
            said["version"] = self.version
        if self.changes:
            said["changes"] = [{"path": list(c.steps), "before": c.before, "after": c.after} for c in self.changes]
        if self.attributes:
            said["after"] = dict(self.attributes)
        if self.before:
            said["before"] = dict(self.before)
        if self.leaver:
            said["leaver"] = True
        return said

    @classmethod
    def from_json(cls, said: Mapping[str, Json]) -> "Operation":
        """As it was written."""
        return cls(
            kind=said["kind"],
            key=said["key"],
            id=said["id"],
            user_name=said["userName"],
            reason=said["reason"],
            origin=said.get("origin", ""),
            version=said.get("version"),
            changes=tuple(Change(tuple(c["path"]), c["before"], c["after"]) for c in said.get("changes", ())),
            attributes=said.get("after", {}),
            before=said.get("before", {}),
            leaver=said.get("leaver", False),
        )


@dataclass(frozen=True, slots=True)
class Note:
    """Something that a person should know and that nothing is done about.

    **Shape**: ``kind`` is ``unknown``, ``leaver``, ``ambiguous``, ``unclear``, ``duplicate``, ``taken``, ``protected``,
    ``bad_row``, ``adopted``, ``linked``, ``vanished``, ``not_taken_over``.
    """

    kind: str
    text: str
    key: str = ""
    id: str = ""
    user_name: str = ""

    def to_json(self) -> dict[str, Json]:
        said = {"note": self.kind, "text": self.text, "key": self.key, "id": self.id, "userName": self.user_name}
        return {name: value for name, value in said.items() if value}

    @classmethod
    def from_json(cls, said: Mapping[str, Json]) -> "Note":
        return cls(
            said["note"], said.get("text", ""), said.get("key", ""), said.get("id", ""), said.get("userName", "")
        )


@dataclass(slots=True)
class Totals:
    """How much of what there is in a plan."""

    source: int = 0
    bad_rows: int = 0
    target: int = 0
    managed: int = 0
    unchanged: int = 0
    create: int = 0
    update: int = 0
    reactivate: int = 0
    deactivate: int = 0
    delete: int = 0
    notes: dict[str, int] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    """Users by the path of an attribute that changes in them."""

    @property
    def writes(self) -> int:
        """Operations."""
        return self.create + self.update + self.reactivate + self.deactivate + self.delete

    @property
    def removals(self) -> int:
        """Users that are deactivated or deleted: the number that ``--allow-deletes`` has to say."""
        return self.deactivate + self.delete

    def to_json(self) -> dict[str, Json]:
        return {name: getattr(self, name) for name in self.__slots__}
