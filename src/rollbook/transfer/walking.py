"""Walking the target: everybody into the workspace, and being sure of whoever seems to be missing.

The target is walked once. It is walked again where somebody would be created and no filter that was tried can say that
nobody of that name is there: pages lose rows while others delete. Whoever our state knows and no page had is asked for
by id.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from rollbook.transfer.records import Entry, Snapshot
from rollbook.transfer.state.workspace import Workspace, packed
from rollbook.transfer.target import Refused, Target
from rollbook.transfer.users import TargetUser, name_key
from rollbook.transfer.wire import Page

Progress = Callable[[str, int, int | None], None]
"""What is being done, how many more are done, of how many (None: nobody knows)."""

WALKS = 4
BY_FILTER = 2_000
"""Newcomers that are asked for one by one; more are cheaper to look for in another walk."""
_ACTIVE_NAMES = frozenset(("active", "username", "externalid"))


class Walker:
    """Brings a target's users into a workspace. ``managed`` are the paths that the mapping writes."""

    def __init__(self, target: Target, workspace: Workspace, managed: tuple[str, ...], progress: Progress) -> None:
        self._target = target
        self._workspace = workspace
        self._managed = managed
        self._progress = progress

    async def walk(self) -> None:
        """The first walk. **Raises** ``TransferError``."""
        await self._calmly(1)

    async def _calmly(self, walk: int) -> int:
        """Walk until nothing has moved meanwhile. The number of the walk that counts."""
        for number in range(walk, walk + WALKS):
            if await self._walk(number):
                break
        self._workspace.forget_but(number)
        return number

    async def _walk(self, number: int) -> bool:
        """All pages into the workspace. Whether the target stood still."""
        totals: set[int] = set()
        seen = again = 0
        async for page in _ahead(self._target.pages()):
            if page.total is not None:
                totals.add(page.total)
            again += await asyncio.to_thread(self._keep, number, page.users)
            seen += len(page.users)
            self._progress("walking", len(page.users), page.total)
        told = max(totals, default=None)
        return len(totals) <= 1 and again == 0 and (told is None or told == seen)

    def _keep(self, walk: int, users: list[TargetUser]) -> int:
        match, separator, names = self._target.settings.policy.match, self._target.can.name_separator, self._names
        return self._workspace.saw(
            walk,
            (
                (
                    user,
                    name_key(user.user_name, separator),
                    match and match_value(user.document, match),
                    packed(user, names),
                )
                for user in users
                if user.id
            ),
        )

    @property
    def _names(self) -> frozenset[str]:
        """The top names of what is compared."""
        match = self._target.settings.policy.match
        paths = (*self._managed, match) if match else self._managed
        return frozenset(top_of(path).lower() for path in paths) | _ACTIVE_NAMES

    async def vanished(self) -> list[str]:
        """Ask for whoever is linked and was on no page. The ids of those that are gone."""
        gone: list[str] = []
        missing = iter(list(self._workspace.vanished()))
        found: list[TargetUser] = []

        async def ask() -> None:
            for id, _ in missing:
                user = await self._target.get(id)
                if user is None:
                    gone.append(id)
                    self._workspace.unlink(id)
                else:
                    found.append(user)

        async with asyncio.TaskGroup() as group:
            for _ in range(self._target.settings.run.concurrency or self._target.can.concurrency):
                group.create_task(ask())
        if found:
            self._keep(0, found)
            self._workspace.rematch_links()
        return sorted(gone)

    async def confirm(self, snapshot: Snapshot) -> None:
        """Before somebody is created, be sure that nobody is there who was only missed."""
        ws, can = self._workspace, self._target.can
        newcomers = ws.count("wanted", "there IS NULL AND trouble IS NULL")
        if not newcomers:
            return
        if can.filter and can.proven and newcomers <= BY_FILTER:
            found: list[TargetUser] = []
            unknown: list[tuple[str, str]] = []
            keys = list(ws.newcomers())
            for at in range(0, len(keys), 8):
                entries = [entry for key in keys[at : at + 8] if (entry := snapshot.get(key)) is not None]
                found += await self._searched(entries, unknown)
                self._progress("confirming", len(entries), newcomers)
            if found:
                self._keep(0, found)
                ws.rematch_all()
            for key, refused in unknown:
                ws.settle(key, f"unclear: the target cannot say whether it is there: {refused}")
            return
        first = before = ws.seen()
        for walk in range(1, WALKS + 1):
            await self._calmly(walk * 10)
            after = ws.seen()
            if after == before:
                break
            before = after
        if before == first:
            return
        ws.rematch_all()

    async def _searched(self, entries: list[Entry], unknown: list[tuple[str, str]]) -> list[TargetUser]:
        """Whoever is there of some entries. A question that is refused is asked of each alone; ``unknown`` gathers whom
        nothing can be found out of, with the reason."""
        try:
            return [user for users in await self._target.search([e.attributes for e in entries]) for user in users]
        except Refused as refused:
            if len(entries) == 1:
                unknown.append((entries[0].key, refused.detail))
                return []
        return [user for entry in entries for user in await self._searched([entry], unknown)]


async def _ahead(pages: AsyncIterator[Page]) -> AsyncIterator[Page]:
    """Pages, the next one asked for while this one is dealt with."""
    coming = asyncio.ensure_future(anext(pages, None))
    try:
        while (page := await coming) is not None:
            coming = asyncio.ensure_future(anext(pages, None))
            yield page
    finally:
        if not coming.done():
            coming.cancel()
            await asyncio.wait([coming])


def top_of(path: str) -> str:
    """The first step of a path: a schema's URN, or an attribute."""
    return path.rpartition(":")[0] if path.startswith("urn:") else path.partition(".")[0]


def match_value(document: Any, path: str) -> str | None:
    """The value by which ``policy.match`` finds somebody: of several the primary one, else the first; folded."""
    steps = [top_of(path), *path.removeprefix(top_of(path)).lstrip(":.").split(".")] if path else []
    value: Any = document
    for step in (step for step in steps if step):
        value = value.get(step) if isinstance(value, dict) else None
    if isinstance(value, list):
        primary = next((v for v in value if isinstance(v, dict) and v.get("primary")), value[0] if value else None)
        value = primary.get("value") if isinstance(primary, dict) else primary
    if isinstance(value, dict):
        value = value.get("value")
    return str(value).casefold() if value not in (None, "") else None
