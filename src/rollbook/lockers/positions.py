"""Places in what happened, as texts: opaque to clients, good for one tenant of one database.

The form is that of the change feed of resources (``scim.feed``).
"""

from rollbook.scim.errors import InvalidValue
from rollbook.scim.feed import check_position
from rollbook.scim.feed import read_position as read_feed_position
from rollbook.scim.feed import write_position as write_feed_position
from rollbook.storage.locker_records import Place


def write_position(place: Place, tenant: str, epoch: str) -> str:
    return write_feed_position(place.place, 0, place.id, tenant, f"lockers {epoch}")


def read_position(text: str, tenant: str, epoch: str) -> Place:
    """**Raises** ``InvalidValue`` for what is no position of this tenant."""
    try:
        number, _, id = read_feed_position(text)
        check_position(text, tenant, f"lockers {epoch}")
    except InvalidValue:
        raise InvalidValue(
            "after: this is no position that was answered here, or a backup has been restored since. Read the lockers"
            " again, and the events from the beginning, without it."
        ) from None
    return Place(number, id)
