"""A user of a target as the transfer sees it, and how two of them differ. Values only.

Whatever a target speaks, users are compared in the inner form: SCIM 2.0's names and nesting (``records.Entry``).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rollbook.transfer.policy import folded_name

Json = Any


@dataclass(frozen=True, slots=True)
class Group:
    """A group that a user is in, as the user's own resource says it."""

    id: str
    display: str


@dataclass(frozen=True, slots=True)
class TargetUser:
    """A user that is in the target. ``document`` has no ``id``, ``meta``, ``schemas`` and ``groups``."""

    id: str
    user_name: str
    external_id: str | None
    active: bool | None
    version: str | None
    groups: tuple[Group, ...] = ()
    document: Mapping[str, Json] = field(default_factory=dict)

    @property
    def group_names(self) -> tuple[str, ...]:
        """Displays and ids: by either a person may mean a group."""
        return tuple(text for group in self.groups for text in (group.display, group.id) if text)


@dataclass(frozen=True, slots=True)
class Change:
    """One attribute that is to change. ``steps`` lead to it: ``("name", "givenName")``, ``(URN, "badges")``."""

    steps: tuple[str, ...]
    before: Json
    after: Json

    @property
    def path(self) -> str:
        """As SCIM writes it."""
        return path_of(self.steps)


def path_of(steps: Sequence[str]) -> str:
    """Steps as one path.

    >>> path_of(("name", "givenName")), path_of(("urn:example:User", "manager", "value"))
    ('name.givenName', 'urn:example:User:manager.value')
    """
    first, rest = steps[0], steps[1:]
    if ":" not in first or not rest:
        return ".".join(steps)
    return f"{first}:{'.'.join(rest)}"


def differences(
    wanted: Mapping[str, Json], user: TargetUser, *, separator: str = "", groups: bool = True
) -> tuple[Change, ...]:
    """What has to change in a user so that it is as wanted. What nobody wants anything of is not looked at."""
    changes: list[Change] = []
    for name, value in wanted.items():
        if name == "groups":
            if groups and (change := _group_change(value or (), user.groups)):
                changes.append(change)
        elif name == "userName":
            asked = value.split(separator, 1)[-1] if separator and isinstance(value, str) else value
            if not _same(asked, user.user_name):
                changes.append(Change(("userName",), user.user_name, value))
        else:
            _compare((name,), value, _find(user.document, name), changes)
    return tuple(changes)


def resolves(change: Change, user: TargetUser, *, separator: str = "") -> bool:
    """Whether the user is already as the change would make it."""
    return not differences(_nested(change.steps, change.after), user, separator=separator)


def unmoved(change: Change, user: TargetUser) -> bool:
    """Whether the user is still as it was when the change was planned."""
    if change.steps == ("groups",):
        return True
    return not differences(_nested(change.steps, change.before), user)


def applied(document: Mapping[str, Json], changes: Iterable[Change]) -> dict[str, Json]:
    """The document with the changes made; ``groups`` are not its affair."""
    result: dict[str, Json] = {name: _copied(value) for name, value in document.items()}
    for change in changes:
        if change.steps == ("groups",):
            continue
        *way, last = change.steps
        place = result
        for step in way:
            inner = place.get(step)
            if not isinstance(inner, dict):
                inner = place[step] = {}
            place = inner
        if empty(change.after):
            place.pop(last, None)
        else:
            place[last] = change.after
    return {name: value for name, value in result.items() if not empty(value)}


def empty(value: Json) -> bool:
    """``null``, ``[]`` and a missing attribute are one thing (RFC 7643 §2.5)."""
    return value is None or (isinstance(value, list | tuple | dict) and not value)


def _copied(value: Json) -> Json:
    if isinstance(value, Mapping):
        return {name: _copied(inner) for name, inner in value.items()}
    return value


def _nested(steps: Sequence[str], value: Json) -> dict[str, Json]:
    for step in reversed(steps):
        value = {step: value}
    assert isinstance(value, dict)
    return value


def _find(document: Json, name: str) -> Json:
    """An attribute by its name, letter case aside."""
    if not isinstance(document, Mapping):
        return None
    if name in document:
        return document[name]
    folded = name.lower()
    return next((value for key, value in document.items() if key.lower() == folded), None)


def _compare(steps: tuple[str, ...], wanted: Json, there: Json, changes: list[Change]) -> None:
    if isinstance(wanted, Mapping):
        for name, value in wanted.items():
            _compare((*steps, name), value, _find(there, name), changes)
        return
    if isinstance(wanted, list | tuple) or isinstance(there, list):
        if _elements(wanted) != _elements(there, _names(wanted)):
            changes.append(Change(steps, there, None if empty(wanted) else wanted))
        return
    if empty(wanted):
        if not empty(there):
            changes.append(Change(steps, there, None))
    elif not _same(wanted, there):
        changes.append(Change(steps, there, wanted))


def _same(wanted: Json, there: Json) -> bool:
    """Values of two types are the same where their texts are: a source knows texts only."""
    if wanted == there and isinstance(wanted, bool) == isinstance(there, bool):
        return True
    if empty(wanted) or empty(there):
        return empty(wanted) and empty(there)
    if isinstance(wanted, str) and isinstance(there, str):
        if len(wanted) >= 19 and wanted[10:11] == "T" == there[10:11]:
            return _moment(wanted) == _moment(there) is not None
        return False
    return str(wanted).lower() == str(there).lower()


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _names(wanted: Json) -> frozenset[str] | None:
    """The sub-attributes that anybody wants something of."""
    if not isinstance(wanted, list | tuple) or not wanted or not all(isinstance(e, Mapping) for e in wanted):
        return None
    return frozenset(name for element in wanted for name in element)


def _elements(values: Json, names: frozenset[str] | None = None) -> list[str]:
    """The elements of a multi-valued attribute in a form that can be compared, whatever their order is."""
    if empty(values):
        return []
    if not isinstance(values, list | tuple):
        values = [values]
    return sorted(_element(element, names) for element in values)


def _element(element: Json, names: frozenset[str] | None) -> str:
    if not isinstance(element, Mapping):
        return repr(("value", str(element)))
    parts = []
    for name, value in element.items():
        if value in (None, False, "") or name.startswith("$") or (names is not None and name not in names):
            continue
        text = str(value)
        parts.append((name, text.lower() if name == "type" or isinstance(value, bool) else text))
    return repr(sorted(parts))


def _group_change(wanted: Sequence[Mapping[str, Json]], there: Sequence[Group]) -> Change | None:
    by_id, by_name = {g.id: g for g in there}, {g.display.casefold(): g for g in there if g.display}
    met, missing = set(), False
    for one in wanted:
        found = by_id.get(str(one["value"])) if "value" in one else by_name.get(str(one.get("display", "")).casefold())
        if found is None:
            missing = True
        else:
            met.add(found.id)
    if not missing and len(met) == len(by_id):
        return None
    before = sorted(g.display or g.id for g in there)
    return Change(("groups",), before, [dict(one) for one in wanted])


def name_key(user_name: str, separator: str = "") -> str:
    """A userName as it is matched."""
    return folded_name(user_name.split(separator, 1)[-1] if separator else user_name)
