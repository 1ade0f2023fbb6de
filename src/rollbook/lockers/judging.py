"""Whether a user may do something with a locker, by the links where they meet: the meaning, in plain Python.

::

    no link ............................................ noLink
    a link that denies the right, and holds now ........ denied
    no link that allows it ............................. noRight
    one, and none of them holds now .................... notNow
    of those that hold now, each one's lockers are used  quota     (only where he gets another locker)
    else ............................................... None: he may
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from rollbook.storage.locker_contract import Ground
from rollbook.storage.locker_records import ALLOW, DENY, Link, Right

NO_LINK, DENIED, NO_RIGHT, NOT_NOW, QUOTA = "noLink", "denied", "noRight", "notNow", "quota"

WHY = {
    NO_LINK: "No user group of this user is linked to a locker group of this locker.",
    DENIED: "A link denies this to a user group of this user.",
    NO_RIGHT: "The user's groups are linked to this locker, but not with this right.",
    NOT_NOW: "The user's groups have this right at another time, not at this one.",
    QUOTA: "This user holds as many lockers of this group as he may.",
}
"""What the codes mean, as sentences."""


def may(grounds: Sequence[Ground], right: Right, at: str, *, another: bool = False) -> str | None:
    """None where the user may, else the code of what is missing. ``another``: he is to get one more locker."""
    if not grounds:
        return NO_LINK
    meant = [ground for ground in grounds if ground.link.rights & right]
    if any(ground.link.effect == DENY and holds(ground.link, ground.time_zone, at) for ground in meant):
        return DENIED
    allowing = [ground for ground in meant if ground.link.effect == ALLOW]
    if not allowing:
        return NO_RIGHT
    now = [ground for ground in allowing if holds(ground.link, ground.time_zone, at)]
    if not now:
        return NOT_NOW
    if another and all(
        ground.link.max_lockers is not None and ground.held >= ground.link.max_lockers for ground in now
    ):
        return QUOTA
    return None


def holds(link: Link, time_zone: str, at: str) -> bool:
    """Whether a link holds at a written moment: its validity, and its days and hours in the locker's time zone.

    **Rules**: an end of the hours that is not after their beginning is on the next day, and the day is the one on which
    they began.
    """
    if (link.valid_from is not None and at < link.valid_from) or (
        link.valid_until is not None and at >= link.valid_until
    ):
        return False
    local = datetime.fromisoformat(at).astimezone(_zone(time_zone))
    minute, day = local.hour * 60 + local.minute, local.weekday()
    today = link.days >> day & 1
    if link.from_minute < link.until_minute:
        return bool(today) and link.from_minute <= minute < link.until_minute
    yesterday = link.days >> (day - 1) % 7 & 1
    return (bool(today) and minute >= link.from_minute) or (bool(yesterday) and minute < link.until_minute)


@lru_cache(256)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
