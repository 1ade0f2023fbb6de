"""What a change of a link or a group would give and take, before anybody makes it.

Only links decide here: not who holds what, nor what is out of service, which changes by the hour. Nothing is looked at
user by user: users who are in the same linked groups get the same, and so do lockers; so it is counted by crowds of
users and rows of lockers (``storage.access_contract``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rollbook.lockers import judging
from rollbook.lockers.access import Action
from rollbook.storage.access_contract import AccessStore
from rollbook.storage.locker_records import ALLOW, DENY, Link


@dataclass(slots=True)
class Preview:
    """``gaining`` and ``losing`` are users with at least one locker more or less; ``gained`` and ``lost`` are pairs of
    a user and a locker, with an example of each."""

    gaining: int = 0
    losing: int = 0
    gained: int = 0
    lost: int = 0
    gained_example: tuple[str, str] | None = None
    lost_example: tuple[str, str] | None = None


class _Users(NamedTuple):
    before: frozenset[str]
    after: frozenset[str]
    number: int
    example: str


class _Lockers(NamedTuple):
    before: frozenset[str]
    after: frozenset[str]
    time_zone: str
    number: int
    example: str


async def of_links(access: AccessStore, action: Action, at: str, put: Sequence[Link], gone: Sequence[str]) -> Preview:
    """Links that are made or changed (``put``, by their ids) and deleted."""
    before = await access.links()
    changed = {link.id for link in put} | set(gone)
    after = [link for link in before if link.id not in changed] + list(put)
    touched = [*put, *(link for link in before if link.id in changed)]
    users = await _crowds(access, [*before, *put], {link.user_group_id for link in touched})
    lockers = await _rows(access, [*before, *put], {link.locker_group_id for link in touched})
    return _preview(users, lockers, _Rule(before, action, at), _Rule(after, action, at))


async def of_user_group(
    access: AccessStore, action: Action, at: str, group: str, add: Sequence[str], remove: Sequence[str]
) -> Preview:
    """Users come into a user group, and go."""
    links = await access.links()
    roots = sorted({link.user_group_id for link in links})
    direct = await access.groups_of_users([*add, *remove])
    above = await access.above(sorted({group}.union(*direct.values())), roots)
    coming, going = set(add), set(remove)
    users = []
    for user, groups in direct.items():
        then = (groups | {group} if user in coming else groups) - ({group} if user in going else set())
        users.append(_Users(_above(above, groups), _above(above, then), 1, user))
    meant = above.get(group, frozenset())
    touched = {link.locker_group_id for link in links if link.user_group_id in meant}
    rule = _Rule(links, action, at)
    return _preview(users, await _rows(access, links, touched), rule, rule)


async def of_locker_group(
    access: AccessStore, action: Action, at: str, group: str, add: Sequence[str], remove: Sequence[str]
) -> Preview:
    """Lockers come into a locker group, and go."""
    links = await access.links()
    coming, going = set(add), set(remove)
    lockers = []
    for locker, (groups, zone) in (await access.groups_of_lockers([*add, *remove])).items():
        then = (groups | {group} if locker in coming else groups) - ({group} if locker in going else set())
        lockers.append(_Lockers(groups, then, zone, 1, locker))
    touched = {link.user_group_id for link in links if link.locker_group_id == group}
    rule = _Rule(links, action, at)
    return _preview(await _crowds(access, links, touched), lockers, rule, rule)


async def _crowds(access: AccessStore, links: Sequence[Link], touched: set[str]) -> list[_Users]:
    roots = sorted({link.user_group_id for link in links})
    below = await access.groups_below(sorted(touched))
    return [_Users(groups, groups, users, one) for groups, users, one in await access.crowds(roots, below)]


async def _rows(access: AccessStore, links: Sequence[Link], touched: set[str]) -> list[_Lockers]:
    groups = sorted({link.locker_group_id for link in links})
    found = await access.rows(groups, sorted(touched))
    return [_Lockers(inside, inside, zone, lockers, one) for inside, zone, lockers, one in found]


def _above(above: Mapping[str, frozenset[str]], groups: frozenset[str]) -> frozenset[str]:
    return frozenset().union(*(above.get(group, frozenset()) for group in groups))


class _Rule:
    """What some links come to for an action, at a moment."""

    def __init__(self, links: Sequence[Link], action: Action, at: str) -> None:
        self._links = [link for link in links if link.rights & action.right]
        self._at = at
        self._holding: dict[str, dict[tuple[str, str], set[str]]] = {}
        self._known: dict[tuple[frozenset[str], frozenset[str], str], bool] = {}

    def allows(self, users: frozenset[str], lockers: frozenset[str], time_zone: str) -> bool:
        """Whether who is in these user groups may do it with what is in these locker groups."""
        key = (users, lockers, time_zone)
        found = self._known.get(key)
        if found is None:
            links = self._now(time_zone)
            effects = set().union(*(links.get((user, locker), ()) for user in users for locker in lockers))
            found = self._known[key] = ALLOW in effects and DENY not in effects
        return found

    def _now(self, time_zone: str) -> dict[tuple[str, str], set[str]]:
        found = self._holding.get(time_zone)
        if found is None:
            found = self._holding[time_zone] = {}
            for link in self._links:
                if judging.holds(link, time_zone, self._at):
                    found.setdefault((link.user_group_id, link.locker_group_id), set()).add(link.effect)
        return found


def _preview(users: Sequence[_Users], lockers: Sequence[_Lockers], before: _Rule, after: _Rule) -> Preview:
    seen = Preview()
    for crowd in users:
        gained = lost = 0
        for row in lockers:
            was = before.allows(crowd.before, row.before, row.time_zone)
            now = after.allows(crowd.after, row.after, row.time_zone)
            if now and not was:
                gained += row.number
                seen.gained_example = seen.gained_example or (crowd.example, row.example)
            elif was and not now:
                lost += row.number
                seen.lost_example = seen.lost_example or (crowd.example, row.example)
        seen.gained += gained * crowd.number
        seen.lost += lost * crowd.number
        seen.gaining += crowd.number if gained else 0
        seen.losing += crowd.number if lost else 0
    return seen
