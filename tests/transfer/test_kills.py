"""kill -9 at fifty points: before a request, between request and answer, after an answer. Then ``resume``."""

import random
from collections import Counter

from tests.support.command import Told
from tests.support.fault_proxy import Fault, FaultProxy, Kills, Seen, Where, fault_proxy
from tests.support.house import Seat
from tests.support.transfer_hand import Child
from tests.support.transfer_stage import Stage, differing, people, person

KILLS = 50
SEED = 20261122
_WRITES = ("resource:create", "resource:replace", "resource:modify", "resource:delete")


def writes(seat: Seat) -> Counter[str]:
    """What was done to whom, and how often."""
    return Counter(f"{event.kind.value} {event.resource}" for event in seat.events() if event.kind.value in _WRITES)


class Killer:
    """Kills the command that is at work, at a request that chance has chosen."""

    def __init__(self, proxy: FaultProxy, chance: random.Random) -> None:
        self._proxy = proxy
        self._chance = chance
        self._child: Child | None = None
        self._at = 0
        self._where = Where.BEFORE
        self.kills = 0
        self.where: Counter[Where] = Counter()
        proxy.plan = self._plan

    def watch(self, child: Child) -> Told:
        """Let a command run to its end, whichever it is."""
        self._child = child
        told = child.wait()
        self._child = None
        assert told.code in (0, -9), told.err
        if told.code == -9:
            self.kills += 1
            self.where[self._where] += 1
        return told

    def aim(self, first: int, last: int) -> None:
        """Choose the point: from the first of these requests to the last."""
        self._at = len(self._proxy.seen) + self._chance.randint(first, last)
        self._where = self._chance.choice(list(Where))

    def _plan(self, seen: Seen) -> Fault | None:
        if seen.number != self._at:
            return None
        return Kills(lambda: self._child.pid if self._child is not None else 0, self._where)


def test_every_operation_takes_effect_once_however_often_the_run_is_killed(stage: Stage, acorn: Seat) -> None:
    chance = random.Random(SEED)
    stage.tables = (
        '[policy]\nleavers = "delete"\n[brakes]\ndeletes = 1000\nchanges = 1000\nshrink = 1.0\n[run]\nconcurrency = 3\n'
    )
    stage.rows = people(12)
    fresh = 100
    with fault_proxy(acorn.base) as proxy:
        stage.base_url = proxy.url
        killer, before = Killer(proxy, chance), writes(acorn)
        while killer.kills < KILLS:
            old = {}
            if before:
                old = {row["id"]: dict(row) for row in stage.rows}
                leavers = chance.sample(range(len(stage.rows)), 3)
                stage.rows = [row for at, row in enumerate(stage.rows) if at not in leavers]
                for row in chance.sample(stage.rows, 4):
                    row["first"] = f"Cleo{chance.randint(0, 999)}"
                stage.rows += [person(fresh := fresh + 1) for _ in range(3)]
            verb = "sync"
            while True:
                killer.aim(*(1, 24) if verb == "sync" else (4, 18))
                told = killer.watch(stage.start(verb))
                if told.code == 0 and "nothing to resume" not in told.err:
                    break
                verb = "sync" if told.code == 0 else "resume"
            assert differing(acorn, stage.rows) == []
            now = writes(acorn)
            _once(now - before, old, stage.rows)
            before = now
        assert min(killer.where[where] for where in Where) > 5, killer.where


def _once(done: Counter[str], old: dict[str, dict[str, str]], rows: list[dict[str, str]]) -> None:
    new = {row["id"]: row for row in rows}
    assert set(done.values()) <= {1}, done
    kinds = Counter(what.split()[0] for what in done)
    changed = sum(old[id] != new[id] for id in old.keys() & new.keys())
    right = {"create": len(new.keys() - old.keys()), "modify": changed, "delete": len(old.keys() - new.keys())}
    assert {kind: kinds[f"resource:{kind}"] for kind in right} == right
