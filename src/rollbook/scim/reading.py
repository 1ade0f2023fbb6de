"""One request being read: what it is allowed, and what came to light beside its values. Who reads is ``readers``."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rollbook.scim.errors import InvalidSyntax, PayloadTooLarge
from rollbook.scim.tolerances import Tolerances, note, shortened

PATCH_VALUES = 500_000
"""How many values the operations of one PATCH may go through. Precedent: that is a second, in which nobody else is
served; 1,000 operations on lists of 400 values stay below it."""
_PATH_VALUES = 25
"""Reading and binding one path takes as long as going through so many values."""


@dataclass(slots=True)
class Reading:
    """One request being read: what it is allowed, and what came to light beside its values."""

    tolerances: Tolerances
    notes: list[str]
    member_types: dict[str, str] = field(default_factory=dict)
    """What the client says that members are, by id."""
    schemas: bool = False
    """Whether ``schemas`` was there."""
    looked: int = 0
    """How many values the operations of a PATCH have gone through."""
    drops: Callable[[str], bool] | None = None
    """Whether an unknown attribute is one that the type drops (``ResourceType.drops``)."""
    keeps_password: bool = False
    """Whether a password is to be kept; else it is dropped or refused, as the tolerances say."""
    password: str | None = field(default=None, repr=False)
    """The password that was there to be kept; empty where the one that there is goes."""

    def look(self, values: Any) -> None:
        """Count the values that one more operation goes through, and the reading of its path as some of them.

        **Raises** ``PayloadTooLarge`` where those before it came to more than ``PATCH_VALUES``: one is always done.
        """
        if self.looked > PATCH_VALUES:
            raise PayloadTooLarge(
                f"The operations of this PATCH go through more than {PATCH_VALUES} values; send fewer at once."
            )
        self.looked += _PATH_VALUES + (len(values) if isinstance(values, list) else 0)


Read = Callable[[Any, Reading], Any]
"""Reads one value that a client sent."""


def refuse_unknown(name: str, reading: Reading) -> None:
    """Refuse an unknown attribute by its name, or note that it is dropped."""
    if reading.drops is not None and reading.drops(name):
        note(reading.notes, "dropped", name)
        return
    if reading.tolerances.unknown == "refuse":
        raise InvalidSyntax(f'There is no attribute "{shortened(name)}"; use the names that /Schemas lists.')
    note(reading.notes, "unknown attribute", name)
