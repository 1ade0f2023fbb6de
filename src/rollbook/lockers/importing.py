"""A structure from a file: what is not there is made, what is there by its name gets what the file says of it, and what
the file does not name stays. All of it or nothing."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from rollbook.events import Kind
from rollbook.ids import ordered_id
from rollbook.lockers import forms
from rollbook.lockers.entries import MEMBER, Entry
from rollbook.lockers.structure import NAMES, every, time_zone
from rollbook.lockers.work import LockerWork, Malformed
from rollbook.scim.attributes import Compare
from rollbook.scim.folding import fold
from rollbook.storage.errors import Rehearsed
from rollbook.storage.locker_records import PLAIN, Bank, Link, Location, Locker, LockerGroup, Manner, Section, Thing

MOST = 100_000
"""Things in one import: some seconds of one transaction."""
_PROBLEMS = 100

GroupOf = Callable[[str], Awaitable[str | None]]
"""The id of the user group of a name."""

_PARENTS = {Section: "location", Bank: "section", Locker: "locker bank"}
_BY = {Section: "location_id", Bank: "section_id", Locker: "locker_bank_id"}


@dataclass(slots=True)
class Report:
    """How many of each kind came, changed, or were so already; ``grouped`` are lockers that came into groups."""

    created: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)
    unchanged: Counter[str] = field(default_factory=Counter)
    grouped: int = 0
    rehearsed: bool = False

    def shown(self) -> dict[str, Any]:
        return {
            "created": dict(self.created),
            "changed": dict(self.changed),
            "unchanged": dict(self.unchanged),
            "grouped": self.grouped,
            "dryRun": self.rehearsed,
        }


async def import_entries(
    work: LockerWork, entries: Iterable[Entry], group_of: GroupOf, manner: Manner = PLAIN
) -> Report:
    """**Raises** ``Malformed`` (with every problem that was found, a hundred at most), ``LockerRefused``, and by its
    manner what ``LockerStore`` raises; what is rehearsed is returned."""
    if manner.once is not None:
        await work.store.look(manner.once)
    plan = Plan(await _there(work), await time_zone(work))
    problems: list[tuple[str, str]] = []
    for count, entry in enumerate(entries):
        if count >= MOST:
            raise Malformed(f"These are more than {MOST} things: import them in several files.")
        try:
            await plan.take(work, entry, group_of)
        except Malformed as error:
            problems += [(f"{entry.where}{at}", why) for at, why in error.problems or ((("", error.detail)),)]
            if len(problems) >= _PROBLEMS:
                break
    if problems:
        at, why = problems[0]
        raise Malformed(f"Nothing was imported. {at}: {why}", tuple(problems[:_PROBLEMS]))
    plan.count()
    act = work.act(Kind.STRUCTURE_IMPORTED, "Structure", "", 200)
    plan.report.rehearsed = manner.rehearse
    once = manner.once
    if plan.things or plan.members:
        if once is not None:
            manner = Manner(replace(once, answer=lambda _: once.answer(plan.report)))
        with suppress(Rehearsed):
            await work.store.bring(list(plan.things.values()), act, manner, plan.members)
    elif once is not None:
        await work.store.keep(once, plan.report)
    return plan.report


class Plan:
    """What an import comes to. ``there`` is what there is, by kind, parent and folded name; ``zone`` the time zone of
    new locations that say none."""

    def __init__(self, there: dict[tuple[Any, ...], Thing], zone: str) -> None:
        self._there = there
        self._zone = zone
        self._doors = Counter(key[1] for key in there if key[0] is Locker)
        self._known: dict[str, set[str]] = {}
        self._links: Counter[tuple[str, str, str]] = Counter()
        self._before: dict[str, Thing | None] = {}
        self.things: dict[str, Thing] = {}
        self.members: dict[str, list[str]] = {}
        self.report = Report()

    async def take(self, work: LockerWork, entry: Entry, group_of: GroupOf) -> None:
        if entry.kind is MEMBER:
            await self._member(work, entry)
        elif entry.kind is Link:
            await self._link(entry, group_of)
        else:
            self._thing(entry)

    def _thing(self, entry: Entry) -> None:
        kind = entry.kind
        given = dict(entry.fields)
        parent = ""
        if kind in _PARENTS:
            parent = self._parent(kind, entry.path[:-1])
            given[_camel(_BY[kind])] = parent
        given["number" if kind is Locker else "name"] = entry.path[-1]
        key = (kind, parent, _folded(entry.path[-1]))
        if kind is Locker and key not in self._there:
            self._doors[parent] += 1
            given.setdefault("position", self._doors[parent])
        self._put(kind, key, given)

    async def _link(self, entry: Entry, group_of: GroupOf) -> None:
        user_group = await group_of(entry.path[0])
        if user_group is None:
            detail = "One user group has to have this name; there is none, or there are several."
            raise Malformed(detail, (("/userGroup", detail),))
        locker_group = self._there.get((LockerGroup, "", _folded(entry.path[1])))
        if locker_group is None:
            raise Malformed(
                "There is no locker group of this name.", (("/lockerGroup", "There is none of this name."),)
            )
        given = {**entry.fields, "userGroupId": user_group, "lockerGroupId": locker_group.id}
        ends = (user_group, locker_group.id, entry.fields.get("effect", "allow"))
        self._links[ends] += 1
        self._put(Link, (Link, *ends, self._links[ends]), given)

    async def _member(self, work: LockerWork, entry: Entry) -> None:
        group = self._there.get((LockerGroup, "", _folded(entry.path[0])))
        assert group is not None
        bank = self._parent(Locker, entry.path[1:-1])
        locker = self._there.get((Locker, bank, _folded(entry.path[-1])))
        if locker is None:
            raise Malformed(f"There is no door {entry.path[-1][:32]} in this bank.")
        if group.id not in self._known:
            self._known[group.id] = set()
            if group.version:
                async for id in group_lockers(work, group.id):
                    self._known[group.id].add(id)
        if locker.id not in self._known[group.id]:
            self._known[group.id].add(locker.id)
            self.members.setdefault(group.id, []).append(locker.id)
            self.report.grouped += 1

    def _parent(self, kind: Any, path: tuple[str, ...]) -> str:
        """The id of the thing of that path. **Raises** ``Malformed``."""
        found = ""
        for level, name in zip((Location, Section, Bank), path, strict=False):
            thing = self._there.get((level, found, _folded(name)))
            if thing is None:
                raise Malformed(f"There is no {_PARENTS[kind]} of this name.")
            found = thing.id
        return found

    def _put(self, kind: type[Thing], key: tuple[Any, ...], given: dict[str, Any]) -> None:
        before = self._there.get(key)
        if before is None:
            if kind is Location:
                given.setdefault("timeZone", self._zone)
            form = forms.read(forms.FORMS[kind], given)
            made = replace(forms.record(kind, form, ordered_id()), version=0)
            self._there[key] = self.things[made.id] = made
            self._before[made.id] = None
            return
        form = forms.read(forms.FORMS[kind], forms.merged(forms.form_of(before), given))
        after = forms.record(kind, form, before.id, before)
        self._before.setdefault(before.id, before)
        if after != before:
            self._there[key] = self.things[before.id] = after

    def count(self) -> None:
        """Say in the report what becomes of each thing, however often a file names it; what is as it was goes away."""
        for id, before in self._before.items():
            if before is None:
                self.report.created[NAMES[type(self.things[id])]] += 1
            elif self.things.get(id, before) != before:
                self.report.changed[NAMES[type(before)]] += 1
            else:
                self.things.pop(id, None)
                self.report.unchanged[NAMES[type(before)]] += 1


async def _there(work: LockerWork) -> dict[tuple[Any, ...], Thing]:
    there: dict[tuple[Any, ...], Thing] = {}
    async for location in every(work, Location):
        there[Location, "", _folded(location.name)] = location
    async for section in every(work, Section):
        there[Section, section.location_id, _folded(section.name)] = section
    async for bank in every(work, Bank):
        there[Bank, bank.section_id, _folded(bank.name)] = bank
    async for locker in every(work, Locker):
        there[Locker, locker.bank_id, _folded(locker.number)] = locker
    async for group in every(work, LockerGroup):
        there[LockerGroup, "", _folded(group.name)] = group
    # Links have no names: the first of a file between two groups is the first that is there, and so on.
    links: Counter[tuple[str, str, str]] = Counter()
    async for link in every(work, Link):
        ends = (link.user_group_id, link.locker_group_id, link.effect)
        links[ends] += 1
        there[(Link, *ends, links[ends])] = link
    return there


async def group_lockers(work: LockerWork, group_id: str) -> Any:
    """The ids of a group's lockers, page by page."""
    after = ""
    while True:
        page = await work.store.locker_ids(group_id, after, 500)
        for id in page:
            yield id
        if len(page) < 500:
            return
        after = page[-1]


def _folded(text: str) -> str:
    return fold(Compare.FOLDED, text)


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)


def lines(problems: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Problems as lines for people."""
    for at, why in problems:
        yield f"{at}: {why}" if at else why
