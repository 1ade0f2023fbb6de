"""The tables ``[policy]``, ``[brakes]``, ``[run]`` and ``[report]`` of a transfer's config: what may happen to the
users of a target, and how much of it in one run.

The names of the fields are those of the file's keys; what stands below a field is its help.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from rollbook.scim.attributes import Compare
from rollbook.scim.folding import fold


@dataclass(frozen=True, slots=True)
class Limit:
    """How many at most: ``share`` of the users that are managed, but never fewer than ``least`` nor more than
    ``most``. In a file: ``{ share = 0.05, least = 5, most = 500 }``, or a number alone for exactly so many.

    >>> [Limit(0.05, least=5, most=500).of(managed) for managed in (20, 1_000, 100_000)]
    [5, 50, 500]
    """

    share: float
    least: int = 0
    most: int | None = None

    @classmethod
    def exactly(cls, number: int) -> "Limit":
        """So many, however many users are managed."""
        return cls(0.0, number, number)

    @classmethod
    def from_toml(cls, value: object) -> "Limit":
        """What a config says. **Raises** ``ValueError`` with a sentence."""
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return cls.exactly(value)
        if not isinstance(value, dict) or not value or value.keys() - {"share", "least", "most"}:
            raise ValueError("give a number, or a table such as { share = 0.05, least = 5, most = 500 }")
        share, least, most = value.get("share", 0.0), value.get("least", 0), value.get("most")
        counts = [least] if most is None else [least, most]
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            raise ValueError("share is a number from 0 to 1: 0.05 is 5 %")
        if any(isinstance(count, bool) or not isinstance(count, int) or count < 0 for count in counts):
            raise ValueError("least and most are whole numbers")
        return cls(float(share), least, most)

    def of(self, managed: int) -> int:
        """The number for so many managed users."""
        allowed = max(int(self.share * managed), self.least)
        return allowed if self.most is None else min(allowed, self.most)

    def __str__(self) -> str:
        if self.share == 0:
            return f"{self.least:,}"
        most = "" if self.most is None else f", at most {self.most:,}"
        return f"{self.share:.0%} of the managed users, at least {self.least:,}{most}"


@dataclass(frozen=True, slots=True)
class Policy:
    """``[policy]``: whom a run may touch, and what becomes of unknown users and leavers."""

    match: str | None = None
    """A mapped attribute (`emails`, `urn:…:User:employeeNumber`) that tells users apart, where link, externalId and
    userName find nobody."""
    unknown: Literal["report", "adopt", "deactivate", "delete"] = "report"
    """Users of the target that are not ours and not in the source. `adopt`: they count as ours from now on: they
    are reported no more, and are changed once the source has them, even without `take_over`. Only after that they may
    be leavers."""
    leavers: Literal["deactivate", "delete", "report"] = "deactivate"
    """Users that are ours and in the source no more."""
    grace_days: float | None = None
    """With `leavers = "deactivate"`: so many days later a leaver is deleted, unless it came back. Else never."""
    mark: str | None = None
    """Ours is also whoever has an externalId that begins so, linked or not."""
    take_over: bool = True
    """Whether a user of the target that is found by externalId, userName or `match` becomes ours and is changed; else
    it is reported."""
    protected: tuple[str, ...] = ()
    """userNames that nothing is ever done to, letter case aside; `*` and `?` stand for any letters and one."""
    protected_groups: tuple[str, ...] = ()
    """Groups, by display name or id, whose members nothing is ever done to."""

    def protects(self, user_name: str, groups: tuple[str, ...] = ()) -> bool:
        """Whether this user must not be touched."""
        if self.protected:
            name = folded_name(user_name)
            if any(fnmatchcase(name, folded_name(pattern)) for pattern in self.protected):
                return True
        if not self.protected_groups:
            return False
        held = {group.casefold() for group in groups}
        return any(group.casefold() in held for group in self.protected_groups)


@dataclass(frozen=True, slots=True)
class Brakes:
    """``[brakes]``: what stops a run before it begins, because nobody means so much of it."""

    deletes: Limit = Limit(0.05, least=5, most=500)
    """Users deleted in one run."""
    deactivations: Limit = Limit(0.05, least=5, most=500)
    """Users deactivated in one run."""
    creates: Limit = Limit(0.5, least=100)
    """Users created in one run, where there are managed users already: the first run creates as many as there are."""
    changes: Limit = Limit(0.6, least=20)
    """Users in whom one and the same attribute changes in one run: a column that has slipped changes it in all."""
    shrink: float = 0.2
    """The share of entries that the source may have lost since the last run that was done; one or two count only where
    they are half of it. An empty source always stops."""


@dataclass(frozen=True, slots=True)
class Run:
    """``[run]``: how a run goes about it."""

    concurrency: int | None = None
    """Requests at once. Else as the target's preset says (4)."""
    rate: float | None = None
    """Requests a second at most. Else as the target's preset says."""
    timeout: float = 30.0
    """Seconds that one answer may take."""
    patience: float = 300.0
    """Seconds that all attempts of one request may take together."""
    page_size: int | None = None
    """Users on a page. Else as many as the target says."""
    plan_hours: float = 24.0
    """How old a plan may be when it is applied."""


@dataclass(frozen=True, slots=True)
class Report:
    """``[report]``: what is told of a run."""

    redact: bool = False
    """Leave out userNames and values: reports then tell keys, ids, kinds and reasons."""
    keep: int = 100
    """Runs whose operations are remembered; of older ones only the totals are."""


def folded_name(text: str) -> str:
    """A userName as it is compared."""
    return fold(Compare.USER_NAME, text)
