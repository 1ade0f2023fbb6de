"""The rows on lockers and whoever holds them: lockers, bookings, events, PIN codes."""

from rollbook.identity.scopes import ACCESS_READ, AUDIT_READ, LOCKERS_MANAGE, SYSTEM_READ
from rollbook.releezme_face import banks, bookings, lockers
from rollbook.releezme_face.rows import Row

READ, MANAGE, ASK, AUDIT = SYSTEM_READ, LOCKERS_MANAGE, ACCESS_READ, AUDIT_READ
USER = "externalUserId"

_BOOKING = {
    "StartDateTimeUtc": "starts",
    "EndDateTimeUtc": "ends",
    "LockerGroupId": "lockerGroupId",
    "LockerBankId": "lockerBankId",
    "LockerId": "lockerId",
    "ExternalUserId": "userId",
}
_PIN = {"PinCode": "pin"}
_TIME = ("startDateTimeUtc", "endDateTimeUtc", "locationId", "sectionId", "lockerBankId", "lockerGroupId", "lockerId")
_LOCKER_EVENTS = ("assignment:", "booking:", "locker:")

LOCKERS = (
    Row("GET", "lockers/allocated", lockers.allocated, READ, "What a user holds.", "Lockers[]", query=(USER,)),
    Row(
        "GET",
        "lockers/canallocate",
        lockers.can_allocate,
        ASK,
        "Whether there is a locker that a user may take now.",
        "true or false",
        query=(USER,),
    ),
    Row(
        "GET",
        "lockers/canallocate/{id}",
        lockers.can_allocate_one,
        ASK,
        "Whether a user may take this one now.",
        "true or false",
        query=(USER,),
    ),
    Row(
        "POST",
        "lockers/{id}/allocate",
        lockers.allocating(),
        MANAGE,
        "A user gets this locker.",
        "Locker",
        query=(USER,),
    ),
    Row(
        "POST",
        "lockers/allocate",
        lockers.allocate_any,
        MANAGE,
        "A user gets a locker of a bank and a group, whichever is free.",
        "Locker",
        query=("lockerBankId", "lockerGroupId", USER),
    ),
    Row(
        "POST",
        "lockers/{id}/allocate/dynamic",
        lockers.allocating(kind="day"),
        MANAGE,
        "A user gets this locker for the day, whatever its kind.",
        "Locker",
        query=(USER,),
    ),
    Row(
        "POST",
        "lockers/{id}/release",
        lockers.release,
        MANAGE,
        "What a user holds of a locker ends; without a user, what its holder does. With it go those who share it.",
        "Locker",
        query=(USER, "ignoreSelfReleaseAllowed"),
    ),
    Row(
        "POST",
        "lockers/{id}/unlock",
        lockers.unlock,
        MANAGE,
        "The locker is opened for a user who holds it: an event tells its controller.",
        "Unlocked",
        query=(USER, "openTime"),
    ),
    Row("POST", "lockers/{id}/block", lockers.block, MANAGE, "Nobody gets the locker; who holds it does.", "Locker"),
    Row("POST", "lockers/{id}/unblock", lockers.unblock, MANAGE, "It can be had again.", "Locker"),
    Row(
        "POST",
        "lockers/{id}/pincode",
        banks.pin_setting("locker"),
        MANAGE,
        "Set the PIN code of a locker. Nothing gives one back.",
        body=_PIN,
    ),
    Row("DELETE", "lockers/{id}/pincode", banks.pin_dropping("locker"), MANAGE, "Take it away."),
    Row(
        "POST",
        "lockers/{id}/pincode/unlock",
        lockers.unlock_with_pin,
        MANAGE,
        "The locker is opened where the PIN code is its own, its holder's, or the bank's master code.",
        "Unlocked",
        query=(USER, "openTime"),
        body=_PIN,
    ),
    Row(
        "POST",
        "lockers/{id}/pincode/unlock/withoutpincode",
        lockers.unlock_without_pin,
        MANAGE,
        "The locker is opened for the operator, whoever holds it.",
        "Unlocked",
        query=(USER, "openTime"),
    ),
    Row(
        "POST",
        "lockers/{id}/share",
        lockers.share,
        MANAGE,
        "A holder lets another user in.",
        "Locker",
        query=(USER, "sharedUserId"),
    ),
    Row(
        "POST",
        "lockers/{id}/share/{userId}",
        lockers.share,
        MANAGE,
        "The same, with the id of the other user.",
        "Locker",
        query=(USER,),
    ),
    Row(
        "POST",
        "lockers/{id}/unshare",
        lockers.unshare,
        MANAGE,
        "A holder lets nobody in any more.",
        "Locker",
        query=(USER,),
    ),
    Row(
        "POST",
        "lockers/{id}/unshare/{userId}",
        lockers.unshare,
        MANAGE,
        "A holder lets this user no longer in.",
        "Locker",
        query=(USER,),
    ),
    Row(
        "GET",
        "lockers/{id}/sharedlockerusers",
        lockers.shared_users,
        READ,
        "With whom a locker is shared.",
        "LockerUsers[]",
    ),
    Row(
        "GET",
        "lockers/{id}/shareablelockerusers",
        lockers.shareable_users,
        READ,
        "Active users with whom a holder could share it, of those in whose names or e-mails a text stands.",
        "LockerUsers[]",
        query=(USER, "searchString"),
    ),
)
BOOKINGS = (
    Row("GET", "bookings", bookings.listed, READ, "A user's bookings that are not over.", "Bookings[]", query=(USER,)),
    Row(
        "GET",
        "bookings/availability",
        bookings.availability,
        ASK,
        "The lockers that a user could book for a time; without one, from now on and for good.",
        "Lockers[]",
        query=(USER, *_TIME),
    ),
    Row(
        "POST",
        "bookings",
        bookings.create,
        MANAGE,
        "A locker is kept for a user: this one, or one of a bank or a group, whichever is free.",
        "Booking",
        body=_BOOKING,
        refuses=(404,),
    ),
    Row("DELETE", "bookings/{id}", bookings.delete, MANAGE, "The booking is cancelled."),
)
EVENTS = tuple(
    Row(
        "GET",
        f"events/{what}/events{more}",
        bookings.following(*kinds),
        AUDIT,
        f"What happened to {about}{' after an event' if more else ', from the beginning'}, in its order.",
        "Events[]",
        query=query,
    )
    for what, kinds, about, query in (
        ("pincode", ("pin:",), "PIN codes", ("useRawEvents",)),
        ("locker", _LOCKER_EVENTS, "lockers", ()),
    )
    for more in ("", "/{afterEventId}")
)
PIN_CODES = (
    Row(
        "PUT",
        "pincodes/{id}/masterpincode",
        banks.pin_setting("bank"),
        MANAGE,
        "Set the master PIN code of the locker bank of this id.",
        body=_PIN,
    ),
    Row(
        "PUT",
        "pincodes/{id}/pincode",
        banks.pin_setting("locker", "user"),
        MANAGE,
        "Set the PIN code of the locker of this id, or of the locker user.",
        body=_PIN,
    ),
)
