"""A request as an operation sees it: ids of the address, parameters, fields of the body, whose they are.

Names of parameters and fields are the same in any letter case, and what is not known is passed over: so it is where the
product is served, and its clients send more than is read.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from rollbook.clock import Clock, written
from rollbook.events import Kind
from rollbook.http_message import Request
from rollbook.lockers.deciding import Inquiry
from rollbook.lockers.pins import Pins
from rollbook.lockers.structure import found
from rollbook.lockers.work import LockerWork
from rollbook.releezme_face.refusing import Refused, wrong
from rollbook.releezme_face.rows import Row
from rollbook.releezme_face.users import Users
from rollbook.storage.contract import TenantStore
from rollbook.storage.errors import VersionConflict
from rollbook.storage.locker_contract import K, LockerStore
from rollbook.storage.locker_records import Act
from rollbook.storage.records import Tenant

R = TypeVar("R")

LARGEST_PAGE = 200
_LAST_PAGE = 10_000_000
_AGAIN = 5
_ISO = re.compile(r"\d{4}-\d\d-\d\d.*")
_AMERICAN = ("%m-%d-%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S")
"""How one of the product's clients writes a moment."""


class Page(NamedTuple):
    """A page that was asked for; ``number`` is from 1."""

    number: int
    size: int

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size

    def shown(self, total: int) -> dict[str, Any]:
        """``Paging`` of an answer."""
        count = -(-total // self.size)
        there = self.offset < total
        return {
            "FirstItemOnPage": self.offset + 1 if there else 0,
            "HasNextPage": self.number < count,
            "HasPreviousPage": self.number > 1,
            "IsFirstPage": self.number == 1,
            "IsLastPage": self.number >= count,
            "LastItemOnPage": min(self.offset + self.size, total) if there else 0,
            "PageCount": count,
            "PageNumber": self.number,
            "PageSize": self.size,
            "TotalItemCount": total,
        }


@dataclass(frozen=True, slots=True)
class Call:
    """``query`` and ``body`` have names in lower case."""

    row: Row
    request: Request
    tenant: Tenant
    store: TenantStore
    clock: Clock
    actor: str
    pins: Pins
    users: Users
    ids: Mapping[str, str]
    query: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def work(self) -> LockerWork:
        return LockerWork(self.store.lockers, self.clock, self.actor, self.request.peer, self.request.id)

    @property
    def lockers(self) -> LockerStore:
        return self.store.lockers

    @property
    def inquiry(self) -> Inquiry:
        return Inquiry(self.store.lockers, self.clock)

    @property
    def at(self) -> str:
        return self.clock.written()

    @property
    def id(self) -> str:
        return self.ids["id"]

    def act(self, kind: Kind, what: str, id: str) -> Act:
        return self.work.act(kind, what, id, 200)

    async def found(self, kind: type[K], id: str | None = None) -> K:
        """The thing that the address names. **Raises** ``NotFound``."""
        return await found(self.work, kind, self.id if id is None else id)

    async def over(self, change: Callable[[], Awaitable[R]]) -> R:
        """Do what is to be done whatever the version, though somebody else may change the same."""
        for _ in range(_AGAIN - 1):
            try:
                return await change()
            except VersionConflict:
                continue
        return await change()

    # -- parameters ----------------------------------------------------------------------------------------------------

    def text(self, name: str) -> str | None:
        return self.query.get(name.lower()) or None

    def flag(self, name: str) -> bool:
        """False where it is not there. **Raises** ``Refused``."""
        said = (self.text(name) or "false").lower()
        if said not in ("true", "false"):
            raise wrong(f"{name} has to be true or false.")
        return said == "true"

    def number(self, name: str, least: int, most: int) -> int | None:
        """**Raises** ``Refused``."""
        said = self.text(name)
        return None if said is None else whole(name, said, least, most)

    def guid(self, name: str) -> str | None:
        """**Raises** ``Refused``."""
        said = self.text(name)
        if said is None:
            return None
        id = as_id(said)
        if id is None:
            raise wrong(f"{name} has to be an id (a GUID).")
        return id

    def moment(self, name: str) -> str | None:
        """**Raises** ``Refused``."""
        said = self.text(name)
        return None if said is None else moment(name, said)

    @property
    def page(self) -> Page:
        """**Raises** ``Refused``."""
        number = self.number("pageNumber", 1, _LAST_PAGE)
        size = self.number("pageSize", 1, _LAST_PAGE)
        return Page(number or 1, min(size or LARGEST_PAGE, LARGEST_PAGE))

    async def named(self, name: str = "externalUserId") -> str | None:
        """The id of the user whom a parameter names (or a field of that name); None where it is not there. **Raises**
        ``Refused`` (404) where nobody is called so."""
        said = self.text(name) or self.body.get(name.lower())
        if not said:
            return None
        return await self.called(name, said)

    async def user(self, name: str = "externalUserId") -> str:
        """As ``named``, and it has to be there."""
        found = await self.named(name)
        if found is None:
            raise wrong(f"{name} is needed: the userName of a locker user.")
        return found

    async def called(self, name: str, said: Any, *, id_first: bool = False) -> str:
        """The id of a user by his userName, or his id. **Raises** ``Refused``."""
        if not isinstance(said, str):
            raise wrong(f"{name} has to be a text.")
        own = as_id(said)
        if own is not None and id_first and await self.lockers.is_active(own) is not None:
            return own
        user = await self.inquiry.user("userName", said)
        if user is None and own is not None and await self.lockers.is_active(own) is not None:
            user = own
        if user is None:
            raise Refused(404, f"There is no locker user with this {name}.")
        return user

    # -- the body ------------------------------------------------------------------------------------------------------

    def said(self, **more: Any) -> dict[str, Any]:
        """The fields of the body that are known, by our names; one that is null is not there."""
        given = {ours: self.body.get(name.lower()) for name, ours in self.row.body.items()}
        return {name: value for name, value in given.items() if value is not None} | more

    def needed(self, name: str) -> Any:
        """A field of the body. **Raises** ``Refused``."""
        value = self.body.get(name.lower())
        if value is None:
            raise wrong(f"{name} is needed in the body.")
        return value

    # -- answers -------------------------------------------------------------------------------------------------------

    def listed(self, items: Sequence[Any], total: int, page: Page) -> dict[str, Any]:
        """A list as it is answered, under the key of the row."""
        return {self.row.answers.removesuffix("[]"): list(items), "Paging": page.shown(total)}

    def cut(self, items: Sequence[R]) -> tuple[Sequence[R], Page]:
        """The part of a whole list that was asked for."""
        page = self.page
        return items[page.offset : page.offset + page.size], page


def whole(name: str, said: str, least: int, most: int) -> int:
    """A whole number. **Raises** ``Refused``."""
    if not re.fullmatch(r"-?[0-9]{1,12}", said) or not least <= int(said) <= most:
        raise wrong(f"{name} has to be a whole number from {least} to {most}.")
    return int(said)


def as_id(text: str) -> str | None:
    """An id as it is kept; None where it is none.

    >>> as_id("42D7CFDF-73a0-45e0-b796-234a88625f87"), as_id("42")
    ('42d7cfdf-73a0-45e0-b796-234a88625f87', None)
    """
    try:
        return str(UUID(text)) if len(text) in (32, 36, 38) else None
    except ValueError:
        return None


def moment(name: str, said: Any) -> str:
    """A moment as it is kept; without an offset it is UTC, as its name says. **Raises** ``Refused``.

    >>> moment("StartDateTimeUtc", "11-23-2026 08:00:00"), moment("StartDateTimeUtc", "2026-11-23T09:00:00+01:00")
    ('2026-11-23T08:00:00.000Z', '2026-11-23T08:00:00.000Z')
    """
    if isinstance(said, str):
        try:
            read = datetime.fromisoformat(said) if _ISO.fullmatch(said) else _american(said)
            return written(read if read.tzinfo else read.replace(tzinfo=UTC))
        except (ValueError, OverflowError):
            pass
    raise wrong(f"{name} has to be a moment in UTC, written like 2026-11-23T08:00:00Z.")


def _american(said: str) -> datetime:
    for form in _AMERICAN:
        try:
            return datetime.strptime(said, form)  # noqa: DTZ007 (the caller says that it is UTC)
        except ValueError:
            continue
    raise ValueError(said)
