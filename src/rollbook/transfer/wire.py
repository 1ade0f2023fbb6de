"""SCIM 2.0 as targets speak it, to and from the inner form. ``wire_v1`` is its sister for SCIM 1.1. No IO.

**Source**: RFC 7643 §3, RFC 7644 §3.4.2, §3.5.2, §3.12.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rollbook.transfer.capabilities import Capabilities
from rollbook.transfer.users import Change, Group, TargetUser, empty

Json = Any
Groups = Sequence[Mapping[str, Json]]

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
_NOT_CONTENT = frozenset(("id", "meta", "schemas", "groups"))
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list."""

    users: list[TargetUser]
    total: int | None
    next_cursor: str | None


class Wire:
    """Bodies out, bodies in."""

    def __init__(self, can: Capabilities) -> None:
        self._can = can
        self._inner = {name: urn for urn, name in can.names.items()}

    def user(self, resource: Mapping[str, Json], etag: str | None = None) -> TargetUser:
        """A User that a target answered."""
        document = {}
        for name, value in resource.items():
            if name in _NOT_CONTENT or empty(value):
                continue
            document[self._inner.get(name, name)] = value
        meta = resource.get("meta")
        version = etag or (meta.get("version") if isinstance(meta, dict) else None)
        active = resource.get("active")
        external = resource.get("externalId")
        return TargetUser(
            id=str(resource.get("id", "")),
            user_name=str(resource.get("userName") or ""),
            external_id=str(external) if external else None,
            active=active if isinstance(active, bool) else None,
            version=version if isinstance(version, str) and self._can.etag else None,
            groups=tuple(_groups(resource.get("groups"))),
            document=document,
        )

    def page(self, body: Json) -> Page:
        """A list that a target answered. **Raises** ``ValueError`` where it is none."""
        if not isinstance(body, dict):
            raise ValueError("the answer is no list")
        resources = body.get("Resources", body.get("resources"))
        total = body.get("totalResults")
        if resources is None:
            if total is None:
                raise ValueError("the answer is no list")
            resources = []
        cursor = body.get("nextCursor")
        return Page(
            [self.user(one) for one in resources if isinstance(one, dict)],
            total if isinstance(total, int) else None,
            cursor if isinstance(cursor, str) and cursor else None,
        )

    def body(
        self, attributes: Mapping[str, Json], *, id: str | None = None, groups: Groups | None = None
    ) -> dict[str, Json]:
        """A whole resource, for POST and PUT. ``groups`` are written where memberships are the user's."""
        content = {name: kept for name, value in attributes.items() if not empty(kept := _pruned(value))}
        content.pop("groups", None)
        schemas = [USER, *(name for name in content if name.startswith("urn:"))]
        renamed = {self._can.names.get(name, name): value for name, value in content.items()}
        result: dict[str, Json] = {"schemas": schemas, **renamed}
        if id is not None:
            result["id"] = id
        if groups is not None:
            result["groups"] = list(groups)
        return result

    def patch(self, changes: Iterable[Change]) -> dict[str, Json]:
        """The smallest PATCH that makes the changes."""
        operations = []
        for change in changes:
            if empty(change.after):
                operations.append({"op": "remove", "path": change.path})
            else:
                op = "add" if empty(change.before) and not isinstance(change.after, list) else "replace"
                operations.append({"op": op, "path": change.path, "value": change.after})
        return {"schemas": [PATCH_OP], "Operations": operations}

    def detail(self, body: Json) -> tuple[str, str]:
        """What a refusal says: its sentence, and its scimType."""
        if not isinstance(body, dict):
            return "", ""
        return plain(body.get("detail")), plain(body.get("scimType"))


def plain(value: Json) -> str:
    """A text of a target in one short line: it is shown on terminals."""
    if not isinstance(value, str):
        return ""
    line = " ".join("".join(c if c.isprintable() else " " for c in value).split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _pruned(value: Json) -> Json:
    """Without what is unassigned, at every depth."""
    if isinstance(value, Mapping):
        return {name: kept for name, inner in value.items() if not empty(kept := _pruned(inner))}
    return value


def _groups(values: Json) -> Iterable[Group]:
    """The groups that a user is in itself: those that come by other groups cannot be taken away here."""
    if not isinstance(values, list):
        return
    for value in values:
        if isinstance(value, Mapping) and value.get("value") and value.get("type") != "indirect":
            yield Group(str(value["value"]), str(value.get("display") or ""))
