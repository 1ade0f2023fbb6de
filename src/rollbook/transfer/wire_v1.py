"""SCIM 1.1 as targets speak it, to and from the inner form. No IO.

**Source**: SCIM 1.1 core schema §5 to §7, protocol §3.2.2, §3.3.2 (a PATCH is a partial resource), §3.9.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from rollbook.transfer.users import Change, TargetUser, empty, path_of
from rollbook.transfer.wire import Groups, Wire, plain

Json = Any

CORE = "urn:scim:schemas:core:1.0"
_OUTWARD = {"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": "urn:scim:schemas:extension:enterprise:1.0"}
_INWARD = {old: new for new, old in _OUTWARD.items()}
_ENTERPRISE = next(iter(_OUTWARD))


class WireV1(Wire):
    """Bodies out, bodies in."""

    def user(self, resource: Mapping[str, Json], etag: str | None = None) -> TargetUser:
        """A User that a target answered."""
        return super().user({_INWARD.get(name, name): _inward(name, value) for name, value in resource.items()}, etag)

    def body(
        self, attributes: Mapping[str, Json], *, id: str | None = None, groups: Groups | None = None
    ) -> dict[str, Json]:
        """A whole resource, for POST and PUT."""
        made = super().body(attributes, id=id, groups=groups)
        made.pop("schemas")
        content = {_OUTWARD.get(name, name): _outward(name, value) for name, value in made.items()}
        return {"schemas": [CORE, *(name for name in content if name.startswith("urn:"))], **content}

    def patch(self, changes: Iterable[Change]) -> dict[str, Json]:
        """A partial resource; what it removes or replaces as a whole is named in ``meta.attributes``."""
        partial: dict[str, Json] = {}
        removed = []
        for change in changes:
            steps = (_OUTWARD.get(change.steps[0], change.steps[0]), *change.steps[1:])
            if change.steps[0] == _ENTERPRISE and change.steps[1:] == ("manager", "value"):
                steps = (*steps[:-1], "managerId")
            if empty(change.after) or isinstance(change.after, list):
                removed.append(path_of(steps))
            if not empty(change.after):
                place = partial
                for step in steps[:-1]:
                    place = place.setdefault(step, {})
                place[steps[-1]] = change.after
        body = {"schemas": [CORE, *(name for name in partial if name.startswith("urn:"))], **partial}
        if removed:
            body["meta"] = {"attributes": removed}
        return body

    def detail(self, body: Json) -> tuple[str, str]:
        """What a refusal says."""
        errors = body.get("Errors", body.get("errors")) if isinstance(body, dict) else None
        if isinstance(errors, list) and errors and isinstance(errors[0], dict):
            return plain(errors[0].get("description")), ""
        return super().detail(body)


def _inward(name: str, value: Json) -> Json:
    if name in _INWARD and isinstance(value, Mapping) and isinstance(manager := value.get("manager"), Mapping):
        renamed = {"value" if key == "managerId" else key: inner for key, inner in manager.items()}
        return {**value, "manager": renamed}
    if isinstance(value, list) and value and name != "schemas" and not any(isinstance(e, Mapping) for e in value):
        return [{"value": element} for element in value]  # "emails": ["a@b"] is allowed there
    return value


def _outward(name: str, value: Json) -> Json:
    if name in _OUTWARD and isinstance(value, Mapping) and isinstance(manager := value.get("manager"), Mapping):
        renamed = {"managerId" if key == "value" else key: inner for key, inner in manager.items()}
        return {**value, "manager": renamed}
    return value
