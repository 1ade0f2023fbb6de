"""PATCH operations on the members of a group: rows, so steps and not values (``protocol.md`` 11, 22, 23)."""

from collections.abc import Mapping, Sequence
from typing import Any

from rollbook.scim.errors import InvalidValue, MutabilityError, NoTarget
from rollbook.scim.filter import Comparison, Filter, Node, Operator, Or
from rollbook.scim.match import matches_element
from rollbook.scim.member_steps import MemberSteps
from rollbook.scim.patch import Merging, Op
from rollbook.scim.patch_target import Target
from rollbook.scim.readers import Slot
from rollbook.scim.reading import Reading
from rollbook.scim.tolerances import note


class NeedsMembers(Exception):
    """A path's filter can only be answered by whoever has the members: load them and apply the PATCH again."""


class NeedsGroups(Exception):
    """The same of whoever has a user's groups."""


class MemberChanges:
    """The operations of one request on members. ``loaded`` are the members as shown, or None while nobody asked."""

    one = "member"
    needs: type[Exception] = NeedsMembers

    def __init__(self, slot: Slot, reading: Reading, loaded: Sequence[Mapping[str, Any]] | None) -> None:
        self.steps = MemberSteps()
        self._slot = slot
        self._reading = reading
        self._loaded = loaded

    def change(self, op: Op, target: Target, value: Any) -> None:
        """**Raises** ``MutabilityError``, ``InvalidValue``, ``NoTarget``; ``NeedsMembers`` where they must be seen."""
        if target.sub is not None:
            raise MutabilityError(
                f"{target.name} cannot change: a {self.one} comes and goes. Remove it and add another."
            )
        if target.filter is not None:
            self._selected(op, target, value)
        elif isinstance(value, Merging):
            for element, gone in value.elements:
                (self.steps.leave if gone else self.steps.come)(self._ids([element]))
        elif op is Op.ADD:
            self.steps.come(self._ids(value if isinstance(value, list) or value is None else [value]))
        elif op is Op.REPLACE:
            ids = self._ids(value)
            self.steps.leave_all()
            self.steps.come(ids)
        elif value is None:
            self.steps.leave_all()
        elif not self._reading.tolerances.remove_by_value:
            raise InvalidValue(
                f'{self._slot.where}: a "remove" takes no value; write {self._slot.where}[value eq "…"] as its path.'
            )
        else:
            self.steps.leave(self._ids(value if isinstance(value, list) else [value]))
            note(self._reading.notes, "remove by value", self._slot.where)

    def _ids(self, value: Any) -> list[str]:
        return [] if value is None else self._slot.read(value, self._reading) or []

    def _selected(self, op: Op, target: Target, value: Any) -> None:
        assert target.syntax is not None
        named = _named(target.syntax, target.syntax.shape)
        if op is Op.REMOVE or (op is Op.REPLACE and value is None):
            self.steps.leave(named if named is not None else self._matching(target))
            self.steps.swept = self.steps.swept or named is None
        elif op is Op.ADD and named is not None and len(named) == 1:
            self._same(named, value)
            self.steps.come(named)
        else:
            matching = self._matching(target)
            if not matching:
                raise NoTarget(
                    f"No {self.one} matches the filter in the path; add {self.one}s with the path {self._slot.where}."
                )
            self._same(matching, value)

    def _same(self, ids: list[str], value: Any) -> None:
        """Refuse a value that would make one member another."""
        if not isinstance(value, Mapping):
            value = value[0] if isinstance(value, list) and len(value) == 1 else value
        if not isinstance(value, Mapping):
            raise InvalidValue(f"{self._slot.where}: the value has to be a JSON object.")
        given = next((item for key, item in value.items() if key.lower() == "value"), None)
        if given is not None and ids != [given]:
            raise MutabilityError(f"{self._slot.where}.value is immutable. Remove the {self.one} and add another.")
        if given is None:
            value = {**value, "value": ids[0]}
        self._slot.read([value], self._reading)

    def _matching(self, target: Target) -> list[str]:
        if self._loaded is None:
            raise self.needs
        assert target.filter is not None
        self._reading.look([*self._loaded, *self.steps.add])
        steps, types = self.steps, self._reading.member_types
        there = [] if steps.clear else [m for m in self._loaded if m["value"] not in steps.remove]
        known = {member["value"] for member in there}
        there += [
            {"value": id, "type": types[id]} if id in types else {"value": id} for id in steps.add if id not in known
        ]
        return [member["value"] for member in there if matches_element(target.filter, member)]


class GroupChanges(MemberChanges):
    """The operations of one request on the groups of a user, where a dialect lets them be written there. ``loaded`` are
    the groups that it is itself a member of."""

    one = "group"
    needs = NeedsGroups

    def change(self, op: Op, target: Target, value: Any) -> None:
        """As of members; nothing where the connection ignores groups."""
        if self._reading.tolerances.ignore_groups:
            note(self._reading.notes, "ignored", self._slot.where)
            return
        super().change(op, target, value)


def _named(filter: Filter, node: Node) -> list[str] | None:
    """The ids in ``value eq "…"`` and in several of those joined by ``or``; None for any other filter."""
    if isinstance(node, Or):
        parts = [_named(filter, inner) for inner in node.filters]
        return None if any(part is None for part in parts) else [id for part in parts for id in part or ()]
    if isinstance(node, Comparison) and node.operator is Operator.EQ and node.path.name.lower() == "value":
        return [str(filter.literals[node.literal])]
    return None
