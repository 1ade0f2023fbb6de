"""What a question about a change names has to be there: it is refused what the change itself would be.

Nothing that a question names by mistake is to be answered with "nothing would change".
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rollbook.storage.contract import TenantStore
from rollbook.storage.locker_records import LockerGroup
from rollbook.system_api.people import GROUP_NUMBER, USER_NUMBER
from rollbook.system_api.problems import Refusal

Places = Mapping[str, Sequence[str]]
"""Ids, each with the JSON pointers where it stands."""


def places(named: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Of pairs of a pointer and an id."""
    found: dict[str, list[str]] = {}
    for pointer, id in named:
        found.setdefault(id.lower(), []).append(pointer)
    return found


def listed(pointer: str, ids: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each id of a list, with its pointer."""
    for number, id in enumerate(ids):
        yield f"{pointer}/{number}", id


async def be_users(store: TenantStore, named: Places) -> None:
    """**Raises** ``Refusal`` (422)."""
    types = await store.types_of(list(named))
    _refuse(named, {id for id, type in types.items() if type == USER_NUMBER}, 422, "noMember", "user")


async def be_user_groups(store: TenantStore, named: Places, *, of_link: bool = False) -> None:
    """**Raises** ``Refusal``: 404, and 422 for those of a link."""
    types = await store.types_of(list(named))
    there = {id for id, type in types.items() if type == GROUP_NUMBER}
    _refuse(named, there, *_status(of_link=of_link), "user group")


async def be_locker_groups(store: TenantStore, named: Places, *, of_link: bool = False) -> None:
    """**Raises** ``Refusal``: 404, and 422 for those of a link."""
    there = {id for id in named if await store.lockers.find(LockerGroup, id) is not None}
    _refuse(named, there, *_status(of_link=of_link), "locker group")


async def be_lockers(store: TenantStore, named: Places) -> None:
    """**Raises** ``Refusal`` (422)."""
    _refuse(named, await store.lockers.access.groups_of_lockers(list(named)), 422, "noLocker", "locker")


async def be_links(store: TenantStore, named: Places) -> None:
    """**Raises** ``Refusal`` (404)."""
    there = {link.id for link in await store.lockers.access.links()} if named else set()
    _refuse(named, there, *_status(of_link=False), "link")


def _status(*, of_link: bool) -> tuple[int, str]:
    return (422, "noParent") if of_link else (404, "notFound")


def _refuse(named: Places, there: Any, status: int, code: str, what: str) -> None:
    missing = [pointer for id, pointers in named.items() if id not in there for pointer in pointers]
    if missing:
        detail = f"There is no {what} with the id at {missing[0]}; nothing was computed."
        raise Refusal(status, code, detail, [(pointer, f"There is no such {what}.") for pointer in missing])
