"""In which order the operations of a bulk are done.

In their own, but for those that name what is created further down: these are done as soon as it is there. Creations
that name each other in a circle (RFC 7644 §3.7.1: Group A holds B, B holds A) are done together, when the last of them
is reached.
"""

from collections.abc import Iterator, Mapping, Sequence
from heapq import heappop, heappush
from typing import NamedTuple

from rollbook.scim.bulk import Part


class Step(NamedTuple):
    """Parts that are done at once: one, or those of a circle. ``own``: they name themselves, so that their ids have to
    be chosen before they are read."""

    parts: tuple[Part, ...]
    own: bool


def order(parts: Sequence[Part]) -> Iterator[Step]:
    """The steps of a bulk. Every part is in one of them."""
    creations = {part.bulk_id: part.number for part in parts if part.method == "POST" and part.bulk_id is not None}
    needs = {
        part.number: [creations[name] for name in part.references if name in creations]
        for part in parts
        if part.references
    }
    circles = _circles(parts, needs)
    waiting: dict[int, set[int]] = {}
    wanted_by: dict[int, list[int]] = {}
    done: set[int] = set()
    reached = [0] * len(parts)
    for part in parts:
        circle = circles.get(part.number, (part.number,))
        reached[circle[0]] += 1
        if reached[circle[0]] < len(circle):
            continue
        ready: list[int] = []
        missing = {circles.get(n, (n,))[0] for member in circle for n in needs.get(member, ())} - done - {circle[0]}
        if missing:
            waiting[circle[0]] = missing
            for need in missing:
                wanted_by.setdefault(need, []).append(circle[0])
        else:
            heappush(ready, circle[0])
        while ready:
            first = heappop(ready)
            members = circles.get(first, (first,))
            yield Step(tuple(parts[n] for n in members), len(members) > 1 or first in needs.get(first, ()))
            done.add(first)
            for waiter in wanted_by.pop(first, ()):
                waiting[waiter].discard(first)
                if not waiting[waiter]:
                    del waiting[waiter]
                    heappush(ready, waiter)


def _circles(parts: Sequence[Part], needs: Mapping[int, Sequence[int]]) -> dict[int, tuple[int, ...]]:
    """The parts of each circle, by each of them, in order: strongly connected components of more than one part.

    Without a reference to something further down there is none, which most bulks are told from at once.
    """
    creating = {number for number in needs if parts[number].method == "POST"}
    if not any(need > number for number in creating for need in needs[number]):
        return {}
    circles: dict[int, tuple[int, ...]] = {}
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    standing: set[int] = set()
    for root in sorted(creating):
        if root in index:
            continue
        walk = [(root, iter(needs[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        standing.add(root)
        while walk:
            node, ahead = walk[-1]
            for next in ahead:
                if next not in creating:
                    continue  # names nothing, so no circle goes through it
                if next not in index:
                    index[next] = low[next] = len(index)
                    stack.append(next)
                    standing.add(next)
                    walk.append((next, iter(needs[next])))
                    break
                if next in standing:
                    low[node] = min(low[node], index[next])
            else:
                walk.pop()
                if walk:
                    low[walk[-1][0]] = min(low[walk[-1][0]], low[node])
                if low[node] == index[node]:
                    members = []
                    while True:
                        member = stack.pop()
                        standing.discard(member)
                        members.append(member)
                        if member == node:
                            break
                    if len(members) > 1:
                        circle = tuple(sorted(members))
                        circles.update(dict.fromkeys(circle, circle))
    return circles
