"""What follows when a refresh token is presented: retried answers are given again, stolen tokens end their family.

Every refresh gives a new token, and the old one is *used*. It may come once more all the same: from a client that never
got its answer, or from a thief. While its successor was never presented and the answer is fresh, it is the client's:
the successor that nobody saw is revoked, and another made. Otherwise two parties hold tokens of one login, and which of
them is the thief nobody can tell: the whole family ends.

Source: RFC 9700 §4.14.2 (rotation, replay); FAPI 2.0 Security Profile §5.3.2.1 (a refresh must be repeatable).
"""

from enum import Enum, auto
from typing import NamedTuple

GRACE_SECONDS = 10
"""How long after its use a token may be presented again. Precedent: Hydra's grace period; 10 s covers a client's
time-out and retry, and is too short to be worth much to a thief."""


class Verdict(Enum):
    ROTATE = auto()
    """Unused: a successor is made."""
    REPEAT = auto()
    """Used, but the answer may have been lost: the unseen successor is revoked and another made."""
    REPLAY = auto()
    """Used, and it should not be here: the family ends."""
    REFUSE = auto()
    """Unknown, revoked or expired: nothing changes."""


class Presented(NamedTuple):
    """What is known of a token. Times are written moments; ``successor_used`` tells of the token made in its stead."""

    expires: str
    used: str | None
    revoked: str | None
    successor_used: bool
    family_revoked: str | None
    family_until: str | None


def decide(presented: Presented | None, now: str, grace_since: str) -> Verdict:
    """The verdict on a token at ``now``; ``grace_since`` is ``now`` less the grace.

    A revoked token is a successor that nobody should have seen, or of a family that has ended: refused, no more.
    """
    if presented is None or presented.revoked is not None or presented.family_revoked is not None:
        return Verdict.REFUSE
    if presented.expires <= now or (presented.family_until is not None and presented.family_until <= now):
        return Verdict.REFUSE
    if presented.used is None:
        return Verdict.ROTATE
    if presented.used >= grace_since and not presented.successor_used:
        return Verdict.REPEAT
    return Verdict.REPLAY
