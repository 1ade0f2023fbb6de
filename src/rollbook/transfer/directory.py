"""The groups of a target, by name and id, and who becomes a member of them."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from rollbook.errors import RollbookError
from rollbook.transfer.capabilities import Capabilities
from rollbook.transfer.engine import Engine
from rollbook.transfer.users import Group
from rollbook.transfer.wire import PATCH_OP
from rollbook.transfer.wire_v1 import CORE

Json = Any


class NoSuchGroup(RollbookError):
    """A group that is wanted is not there, or there are two of that name."""


class Directory:
    """Read once, when the first group is wanted. Groups are never made here."""

    def __init__(self, listed: Callable[[], AsyncIterator[Mapping[str, Json]]], engine: Engine) -> None:
        self._listed = listed
        self._engine = engine
        self._ids: dict[str, list[str]] | None = None
        self._known: set[str] = set()
        self._can = Capabilities()

    def reach(self, can: Capabilities) -> None:
        """How the target is spoken to."""
        self._can = can

    async def ids(self, wanted: Sequence[Mapping[str, Json]]) -> list[str]:
        """The ids of wanted groups, each once. **Raises** ``NoSuchGroup``."""
        found = []
        for one in wanted:
            if "value" in one:
                found.append(str(one["value"]))
                continue
            name = str(one.get("display", ""))
            ids = (await self._names()).get(name.casefold(), [])
            if len(ids) != 1:
                few = "there is no group" if not ids else f"there are {len(ids)} groups"
                raise NoSuchGroup(f"{few} named {name!r} in the target")
            found += ids
        return list(dict.fromkeys(found))

    async def put(self, user: str, there: Sequence[Group], wanted: Sequence[Mapping[str, Json]] | None) -> None:
        """Make a user a member of the wanted groups, and of no other, by changing the groups."""
        ids = set(await self.ids(wanted or ()))
        held = {group.id for group in there}
        for id in sorted(ids - held):
            await self._change(id, user, gone=False)
        for id in sorted(held - ids):
            await self._change(id, user, gone=True)

    async def _change(self, group: str, user: str, *, gone: bool) -> None:
        if self._can.version == "1.1":
            member = {"value": user, "operation": "delete"} if gone else {"value": user}
            body: Json = {"schemas": [CORE], "members": [member]}
        else:
            adding = {"op": "add", "path": "members", "value": [{"value": user}]}
            removing = {"op": "remove", "path": f'members[value eq "{user}"]'}
            body = {"schemas": [PATCH_OP], "Operations": [removing if gone else adding]}
        path = f"{self._can.groups}/{quote(group, safe='')}"
        headers = {"Content-Type": self._can.media_type}
        answer = await self._engine.call("PATCH", path, body, headers=headers, repeat=True)
        if not answer.ok and not (gone and answer.status == 404):
            raise NoSuchGroup(f"the target refuses the membership ({answer.status})")

    async def _names(self) -> dict[str, list[str]]:
        if self._ids is None:
            ids: dict[str, list[str]] = {}
            if self._can.groups:
                async for group in self._listed():
                    ids.setdefault(str(group.get("displayName", "")).casefold(), []).append(str(group.get("id")))
            self._ids = ids
        return self._ids
