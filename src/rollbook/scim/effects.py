"""What follows from a write beside the write: values that rules leave in ``Asked.effects``, for the edge to act on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Invite:
    """Send the person that a resource stands for a link by which it is activated; older links are good no more."""

    recipient: str
    """An e-mail address."""
    name: str
    """How the resource is called in the letter."""


@dataclass(frozen=True, slots=True)
class Withdraw:
    """A link that was sent is good no more."""
