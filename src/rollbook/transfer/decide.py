"""What is to be done about one user, and why. Values only.

Never guesses: who might be two people is reported, and nothing is done.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from rollbook.transfer.policy import Policy
from rollbook.transfer.records import Entry
from rollbook.transfer.users import Change, TargetUser, differences

Kind = Literal[
    "create",
    "update",
    "reactivate",
    "deactivate",
    "delete",
    "link",
    "adopt",
    "nothing",
    "report",
    "protected",
    "conflict",
]
WRITES: tuple[Kind, ...] = ("update", "reactivate", "create", "deactivate", "delete")
"""Kinds that change the target, in the order in which a run does them: names are given up before they are taken."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision. ``link`` and ``adopt`` write nothing but our own state."""

    kind: Kind
    reason: str
    changes: tuple[Change, ...] = ()
    leaver: bool = False
    """It was ours, and the source has it no more."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What else is known of a user of the target."""

    linked: bool = False
    """Our state says whom of the source this is, or was."""
    found_by: str = ""
    """What has led to it, where it is not linked: externalId, userName, …"""
    adopted: bool = False
    """Ours because the config took in whom nobody knows: the source has not had them yet."""
    grace_over: bool = False
    """It was deactivated as a leaver, and its time is over."""
    in_grace: bool = False
    """We have deactivated it as a leaver."""
    doubt: str = ""
    """Why it might be somebody of the source all the same: then it is not deleted, and left alone where it is not
    ours."""


UNKNOWN = Standing()


def decide(
    entry: Entry | None,
    user: TargetUser | None,
    policy: Policy,
    standing: Standing = UNKNOWN,
    *,
    separator: str = "",
    can_delete: bool = True,
    groups: bool = True,
    settled: Callable[[Change], bool] = lambda change: False,
) -> Decision:
    """What becomes of an entry, of a user of the target, or of both where they are one.

    ``settled`` says of a difference that the target has been told, has taken it, and keeps it so: it is not told again.
    """
    if user is not None and policy.protects(user.user_name, user.group_names):
        return Decision("protected", "protected by the config")
    if entry is not None and policy.protects(str(entry.attributes.get("userName") or "")):
        return Decision("protected", "protected by the config")
    if entry is not None:
        if user is None:
            return Decision("create", "in the source, not in the target")
        changes = tuple(differences(entry.attributes, user, separator=separator, groups=groups))
        wanted = tuple(change for change in changes if change.steps == ("active",) or not settled(change))
        if any(change.steps == ("active",) and change.after is True for change in wanted):
            wanted = changes  # what it would not keep of somebody inactive, it may need now
        return _together(entry, user, policy, standing, wanted, otherwise=len(wanted) < len(changes))
    assert user is not None
    decision = _gone(user, policy, standing)
    if standing.doubt and decision.kind in ("deactivate", "delete"):
        if not decision.leaver:
            return Decision("report", f"not in the source, but {standing.doubt}")
        if decision.kind == "delete":  # what is deactivated can come back
            return replace(_deactivate(user, f"{decision.reason}; not deleted: {standing.doubt}"), leaver=True)
    if decision.kind == "delete" and not can_delete:
        return replace(_deactivate(user, f"{decision.reason}; the target deletes nobody"), leaver=decision.leaver)
    return decision


def _together(
    entry: Entry,
    user: TargetUser,
    policy: Policy,
    standing: Standing,
    changes: tuple[Change, ...],
    *,
    otherwise: bool,
) -> Decision:
    if not standing.linked and not standing.adopted and not policy.take_over:
        return Decision("report", f"found by {standing.found_by}, but not ours, and the config takes nobody over")
    if standing.in_grace and user.active is False and "active" not in entry.attributes:
        changes = (*changes, Change(("active",), False, True))
    if not changes:
        if standing.linked:
            return Decision("nothing", "as far as the target keeps it" if otherwise else "as it is wanted")
        return Decision("link", f"found by {standing.found_by}, as it is wanted")
    paths = ", ".join(change.path for change in changes)
    active = next((change.after for change in changes if change.steps == ("active",)), None)
    if active is False:
        return Decision("deactivate", f"the source says it is not active ({paths})", changes)
    if active is True:
        back = "it has come back to the source" if standing.in_grace else "the source says it is active"
        return Decision("reactivate", f"{back} ({paths})", changes)
    return Decision("update", f"differs in {paths}", changes)


def _gone(user: TargetUser, policy: Policy, standing: Standing) -> Decision:
    marked = bool(policy.mark and user.external_id and user.external_id.startswith(policy.mark))
    if standing.adopted and not marked:
        return Decision("nothing", "adopted, and the source has not had them yet")
    if not standing.linked and not marked:
        return _unknown(user, policy)
    why = "ours, and in the source no more"
    if policy.leavers == "report":
        return Decision("report", why)
    if policy.leavers == "delete":
        return Decision("delete", why, leaver=True)
    if standing.grace_over and policy.grace_days is not None:
        return Decision("delete", f"{why} for {policy.grace_days:g} days", leaver=True)
    return replace(_deactivate(user, why), leaver=True)


def _unknown(user: TargetUser, policy: Policy) -> Decision:
    why = "in the target, and not in the source"
    match policy.unknown:
        case "adopt":
            return Decision("adopt", f"{why}: ours from now on, and left alone until the source has had them")
        case "delete":
            return Decision("delete", why)
        case "deactivate":
            return _deactivate(user, why)
    return Decision("report", why)


def _deactivate(user: TargetUser, why: str) -> Decision:
    if user.active is False:
        return Decision("nothing", f"{why}; it is not active already")
    return Decision("deactivate", why, (Change(("active",), user.active, False),))
