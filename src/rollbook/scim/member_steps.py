"""What a PATCH does to the members of a group, gathered over its operations without knowing who is in it."""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class MemberSteps:
    """First all go if ``clear``; then ``remove`` go; then ``add`` come. No id is in both.

    >>> steps = MemberSteps()
    >>> steps.come(["a", "b"])
    >>> steps.leave(["a"])
    >>> list(steps.remove), list(steps.add)
    (['a'], ['b'])
    """

    clear: bool = False
    remove: dict[str, None] = field(default_factory=dict)
    add: dict[str, None] = field(default_factory=dict)
    swept: bool = False
    """Whether some of ``remove`` were found by a filter that does not name them."""

    @property
    def touched(self) -> bool:
        """Whether anything is to be done: operations that name no member do nothing."""
        return self.clear or bool(self.remove) or bool(self.add)

    def come(self, ids: Iterable[str]) -> None:
        for id in ids:
            self.remove.pop(id, None)
            self.add[id] = None

    def leave(self, ids: Iterable[str]) -> None:
        for id in ids:
            self.add.pop(id, None)
            if not self.clear:
                self.remove[id] = None

    def leave_all(self) -> None:
        self.clear = True
        self.remove.clear()
        self.add.clear()
