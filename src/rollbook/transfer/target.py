"""One target: its users walked, found, created, changed, deleted, whatever it speaks.

Every write ends known: done, done before, or refused with a reason. A POST that got no answer is looked up before it
is sent again; a write that was overtaken (412) is looked at before it is made again.
"""

import hashlib
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import orjson

from rollbook.clock import SYSTEM_CLOCK, Clock
from rollbook.errors import RollbookError
from rollbook.transfer.capabilities import PRESETS, Capabilities
from rollbook.transfer.directory import Directory
from rollbook.transfer.engine import Answer, Engine, Timing, Unsure
from rollbook.transfer.errors import LoginRefused, TransferError, Unreachable
from rollbook.transfer.records import Entry
from rollbook.transfer.target_settings import TargetSettings
from rollbook.transfer.users import Change, TargetUser, applied, differences, name_key, resolves, unmoved
from rollbook.transfer.wire import SEARCH, Page, Wire, plain
from rollbook.transfer.wire_v1 import WireV1

Json = Any
_NO_PATCH = (405, 501)
_OVERTAKEN = 4
_LOST = 4
"""How often one write is begun anew."""
_TERMS = 2_000
"""Characters of one filter: in an address each may need three bytes, and one that is no ASCII more."""


class Refused(RollbookError):
    """The target refuses one request; others may go well."""

    def __init__(self, status: int, detail: str, kind: str = "") -> None:
        super().__init__(f"{status}: {detail}" if status and detail else detail or f"{status}")
        self.status = status
        self.kind = kind


class Conflict(RollbookError):
    """A user has changed since the plan was made, in what the plan would change."""


class Target:
    """The users of one target. ``can`` is as the preset says until ``probe`` has looked."""

    def __init__(self, settings: TargetSettings, can: Capabilities, engine: Engine) -> None:
        self.settings = settings
        self.engine = engine
        self.directory = Directory(self._listed_groups, engine)
        self._use(can)

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        settings: TargetSettings,
        capabilities: Capabilities | None = None,
        clock: Clock = SYSTEM_CLOCK,
        timing: Timing | None = None,
    ) -> AsyncIterator["Target"]:
        """A target, ready to be asked. **Raises** ``TransferError`` for a preset that there is not."""
        preset = PRESETS.get(settings.dialect)
        if preset is None:
            raise TransferError(f"dialect: there is no {settings.dialect!r}: choose of {', '.join(PRESETS)}")
        async with Engine(settings, preset, timing or Timing(clock)) as engine:
            yield cls(settings, capabilities or preset, engine)

    def _use(self, can: Capabilities) -> None:
        page = self.settings.run.page_size
        self.can = replace(can, page=min(page, can.page)) if page else can
        self.wire: Wire = WireV1(self.can) if can.version == "1.1" else Wire(self.can)
        self.directory.reach(self.can)

    def learned(self, can: Capabilities) -> None:
        """Go on with what was found out."""
        self._use(can)

    @property
    def identity(self) -> str:
        """What tells this target from others: where it is, who asks, and what it says of itself."""
        login = self.settings.login
        parts = [self.settings.dialect, self.settings.base_url.rstrip("/"), login.username, login.client_id]
        return hashlib.sha256("\0".join([*parts, *self.can.announced]).encode()).hexdigest()

    async def pages(self) -> AsyncIterator[Page]:
        """All users, a page at a time; ``total`` is what the target said on that page."""
        can = self.can
        start, cursor = 1, ""
        while True:
            page = await self._page(start, cursor)
            yield page
            if can.paging == "none" or not page.users:
                return
            if can.paging == "cursor":
                if page.next_cursor is None:
                    return
                cursor = page.next_cursor
                continue
            start += len(page.users)
            if page.total is not None and start > page.total:
                return

    async def some(self) -> list[TargetUser]:
        """A few users, to try things with."""
        return (await self._page(1, "", 5)).users

    async def _page(self, start: int, cursor: str, count: int | None = None) -> Page:
        can = self.can
        count = count or can.page
        if can.search:
            asked = {"schemas": [SEARCH], "startIndex": start, "count": count}
            answer = await self._call("POST", can.search, asked, repeat=True)
        else:
            query: dict[str, str | int] = {}
            if can.paging == "index":
                query = {"startIndex": start, "count": count}
            elif can.paging == "cursor":
                query = {"cursor": cursor, "count": count}
            answer = await self._call("GET", can.users, query=query)
        if answer.status == 403:
            raise LoginRefused("the target lets us in, but not to its users (403): which rights has the login?")
        if not answer.ok:
            raise Unreachable(f"the target has no list of users to show ({answer.status}): is base_url right?")
        return self._read(answer)

    async def get(self, id: str) -> TargetUser | None:
        """A user by its id; None: it is not there."""
        answer = await self._call("GET", f"{self.can.users}/{_segment(id)}")
        if answer.status in (404, 410):
            return None
        return self._user(self._good(answer))

    async def find(self, entry: Entry) -> list[TargetUser]:
        """Who may be meant by an entry: by externalId, by userName; in a target without filters, by looking at all."""
        return (await self.search([entry.attributes]))[0]

    async def search(self, wanted: Sequence[Mapping[str, Json]]) -> list[list[TargetUser]]:
        """For each of several wanted users, who has its externalId or its userName now."""
        can = self.can
        if not can.filter:
            everybody = [user async for page in self.pages() for user in page.users]
            return [[user for user in everybody if self.means(one, user)] for one in wanted]
        found: dict[str, TargetUser] = {}
        terms = [term for one in wanted for term in self._terms(one)]
        for some in _batches(terms, 16 if can.filter_or else 1):
            query: dict[str, str | int] = {"filter": " or ".join(some)}
            answer = await self._call("GET", can.users, query=query)
            if answer.status == 404:
                continue  # some say so of an empty list
            for user in self._read(self._good(answer)).users:
                found[user.id] = user
        return [[user for user in found.values() if self.means(one, user)] for one in wanted]

    def means(self, wanted: Mapping[str, Json], user: TargetUser) -> bool:
        """Whether this user has the externalId or the userName that is wanted."""
        external, separator = wanted.get("externalId"), self.can.name_separator
        if external and user.external_id == external:
            return True
        return name_key(str(wanted.get("userName") or ""), separator) == name_key(user.user_name, separator)

    def _terms(self, wanted: Mapping[str, Json]) -> list[str]:
        terms = [f"userName eq {_quoted(wanted['userName'])}"] if wanted.get("userName") else []
        if self.can.filter_external and wanted.get("externalId"):
            terms.append(f"externalId eq {_quoted(wanted['externalId'])}")
        return terms

    async def create(self, attributes: Mapping[str, Json], *, again: bool = False) -> TargetUser:
        """Make a user. ``again``: it may have been made before, by somebody who could not tell.

        **Raises** ``Refused``, also where the name is taken by somebody else.
        """
        groups = attributes.get("groups")
        on_user = self.can.memberships == "user" and groups
        ids = [{"value": id} for id in await self.directory.ids(groups)] if on_user and groups else None
        body = self.wire.body(attributes, groups=ids)
        attempt = 0
        while True:
            if again and (made := await self._made(attributes)):
                return made
            attempt += 1
            try:
                answer = await self._call("POST", self.can.users, body)
            except Unsure as unsure:
                if attempt >= _LOST:
                    raise Refused(0, f"{unsure.detail}, {attempt} times") from None
                again = True
                continue
            break
        if answer.status == 409 and (again or answer.attempts > 1) and (made := await self._made(attributes)):
            return made
        user = self._user(self._good(answer)) if self._good(answer).body else None
        if user is None or not user.id:
            user = await self._by_location(answer, attributes)
        if groups and self.can.memberships == "group":
            await self.directory.put(user.id, (), groups)
        return user

    async def _made(self, attributes: Mapping[str, Json]) -> TargetUser | None:
        """The user that an earlier attempt has made, if it did."""
        for user in (await self.search([attributes]))[0]:
            if not differences(attributes, user, separator=self.can.name_separator, groups=False):
                if (groups := attributes.get("groups")) and self.can.memberships == "group":
                    await self.directory.put(user.id, user.groups, groups)
                return user
        return None

    async def _by_location(self, answer: Answer, attributes: Mapping[str, Json]) -> TargetUser:
        place = answer.headers.get("location", "").rstrip("/").rpartition("/")[2]
        found = await self.get(place) if place else await self._made(attributes)
        if found is None:
            raise Refused(answer.status, "it was created, they say, but cannot be found")
        return found

    async def update(self, id: str, changes: Sequence[Change], version: str | None) -> TargetUser:
        """Make changes in a user, and nothing else. The user as it is then.

        **Raises** ``Conflict`` where somebody else has changed the same in the meantime; ``Refused``.
        """
        own = [change for change in changes if change.steps != ("groups",) or self.can.memberships == "user"]
        user = await self._updated(id, own, version) if own else None
        for change in changes:
            if change.steps == ("groups",) and self.can.memberships == "group":
                there = user or await self._there(id)
                await self.directory.put(id, there.groups, change.after)
        return user or await self._there(id)

    async def _updated(self, id: str, changes: Sequence[Change], version: str | None) -> TargetUser:
        path = f"{self.can.users}/{_segment(id)}"
        left, current = list(changes), None
        for _ in range(_OVERTAKEN):
            headers = {"If-Match": version} if version and self.can.etag else {}
            if self.can.patch:
                body = self.wire.patch([await self._outward(change) for change in left])
                answer = await self._call("PATCH", path, body, headers=headers, repeat=True)
            else:
                current = current or await self._there(id)
                headers = {"If-Match": current.version} if current.version else {}
                answer = await self._call("PUT", path, self._whole(id, current, left), headers=headers, repeat=True)
            if answer.ok:
                return self._user(answer) if answer.body else await self._there(id)
            if self.can.patch and answer.status in _NO_PATCH:
                self.learned(replace(self.can, patch=False))
                continue
            repeated = answer.attempts > 1 and answer.status in (400, 409)
            if answer.status != 412 and not repeated:
                self._good(answer)
            current = await self._there(id)
            version = current.version
            separator = self.can.name_separator
            left = [change for change in left if not resolves(change, current, separator=separator)]
            if not left:
                return current
            if answer.status != 412:
                self._good(answer)
            if moved := [change.path for change in left if not unmoved(change, current)]:
                raise Conflict(f"somebody else has changed {', '.join(moved)} since the plan was made")
        raise Conflict("somebody else keeps changing this user")

    def _whole(self, id: str, current: TargetUser, changes: Sequence[Change]) -> dict[str, Json]:
        """The user with the changes made, for a PUT."""
        return self.wire.body(applied(current.document, changes), id=id)

    async def _outward(self, change: Change) -> Change:
        """Groups by their ids, where they are written on the user."""
        if change.steps != ("groups",):
            return change
        return replace(change, after=[{"value": id} for id in await self.directory.ids(change.after or ())])

    async def _there(self, id: str) -> TargetUser:
        found = await self.get(id)
        if found is None:
            raise Refused(404, "the user is not there any more")
        return found

    async def delete(self, id: str, version: str | None) -> bool:
        """Delete a user. False: it was gone already. **Raises** ``Conflict``, ``Refused``."""
        headers = {"If-Match": version} if version and self.can.etag else {}
        answer = await self._call("DELETE", f"{self.can.users}/{_segment(id)}", headers=headers, repeat=True)
        if answer.status in (404, 410):
            return False
        if answer.status == 412:
            raise Conflict("somebody else has changed this user since the plan was made")
        self._good(answer)
        return True

    async def schemas(self) -> list[dict[str, Json]]:
        """What the target says of its schemas; nothing where it says nothing."""
        path = self.can.discovery[1]
        if not path:
            return []
        answer = await self._call("GET", path)
        if not answer.ok or not isinstance(answer.body, dict):
            return []
        return _listed(answer.body)

    async def _listed_groups(self) -> AsyncIterator[Mapping[str, Json]]:
        """All groups, without their members."""
        start = 1
        while True:
            query: dict[str, str | int] = {"startIndex": start, "count": min(self.can.page, 200)}
            if self.can.version == "2.0":
                query["excludedAttributes"] = "members"
            body = self._good(await self._call("GET", self.can.groups, query=query)).body
            listed = _listed(body)
            for one in listed:
                yield one
            start += len(listed)
            total = body.get("totalResults") if isinstance(body, dict) else None
            if not listed or self.can.paging == "none" or (isinstance(total, int) and start > total):
                return

    async def _call(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        query: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        repeat: bool | None = None,
    ) -> Answer:
        sent = dict(headers or {})
        if body is not None:
            sent["Content-Type"] = self.can.media_type
        may = method == "GET" if repeat is None else repeat
        return await self.engine.call(method, path, body, query=query, headers=sent, repeat=may)

    def _read(self, answer: Answer) -> Page:
        try:
            return self.wire.page(answer.body)
        except ValueError:
            raise TransferError("the target answered something that is no list of users: is base_url right?") from None

    def _user(self, answer: Answer) -> TargetUser:
        body: Iterable[Any] = answer.body if isinstance(answer.body, dict) else {}
        assert isinstance(body, dict)
        return self.wire.user(body, answer.headers.get("etag"))

    def _good(self, answer: Answer) -> Answer:
        """The answer, where it is a good one. **Raises** ``Refused``."""
        if answer.ok:
            return answer
        detail, kind = self.wire.detail(answer.body)
        raise Refused(answer.status, plain(detail), kind)


def _batches(terms: Sequence[str], most: int) -> Iterator[list[str]]:
    """Terms that fit into one address, a few at once: many servers take lines of 8,000 bytes at most."""
    some: list[str] = []
    for term in terms:
        if some and (len(some) == most or sum(map(len, some)) + len(term) > _TERMS):
            yield some
            some = []
        some.append(term)
    if some:
        yield some


def _quoted(value: Json) -> str:
    return orjson.dumps(str(value)).decode()


def _listed(body: Json) -> list[dict[str, Json]]:
    found = body.get("Resources", body.get("resources")) if isinstance(body, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _segment(id: str) -> str:
    return quote(id, safe="")
