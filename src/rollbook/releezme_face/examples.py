"""One of each object of the API, with nothing in it: what the reference and the document are made of.

``None`` stands for a text that may be missing.
"""

from collections.abc import Mapping
from typing import Any

from rollbook.releezme_face import shapes
from rollbook.releezme_face.calling import Page
from rollbook.releezme_face.shapes import Held, shape
from rollbook.releezme_face.users import shown as shown_user
from rollbook.storage.locker_records import (
    Assignment,
    Bank,
    Booking,
    Location,
    Locker,
    LockerEvent,
    LockerGroup,
    Section,
)

_NOBODY = shapes.Doors({}, {}, {})
_BANK = Bank(id="", section_id="", name="")
_HELD = Assignment(id="", locker_id="", user_id="", started="")
_BOOKING = Booking(id="", locker_id="", user_id="", starts="", ends="")
_BANK_SHOWN, _GROUP_SHOWN = shape(shapes.BANK, _BANK), shape(shapes.GROUP, LockerGroup(id="", name=""))

OBJECTS: Mapping[str, Mapping[str, Any]] = {
    "Company": {"Id": "", "Name": ""},
    "Location": shape(shapes.LOCATION, Location(id="", name="")),
    "Section": shape(shapes.SECTION, Section(id="", location_id="", name="")),
    "LockerBank": _BANK_SHOWN,
    "LockerGroup": _GROUP_SHOWN,
    "LockerBankAndLockerGroup": {"LockerBank": _BANK_SHOWN, "LockerGroup": _GROUP_SHOWN},
    "LockerBankStatus": {**shapes.status(_BANK, ()), "StatusPerLockerGroup": [shapes.NO_LOCKERS]},
    "StatusPerLockerGroup": shapes.NO_LOCKERS,
    "LockerBrick": {
        "Id": "",
        "LockerBankId": "",
        "SequenceNumber": 0,
        "LockerCount": 0,
        "IsZLocker": False,
        "Clockwise": False,
        "FirstNumberTop": False,
    },
    "Locker": _NOBODY.shown(Locker(id="", bank_id="", number="")),
    "Allocation": shape(shapes.ALLOCATION, Held(_HELD, self_release=True)),
    "Unlocked": {"LockerId": "", "OpenTime": 0},
    "LockerUser": {**shown_user("", {}), "ExternalUserId": ""},
    "Booking": shapes.booking(_BOOKING, _NOBODY),
    "Event": shape(shapes.EVENT, LockerEvent("", "", "", "", "", "")),
    "Paging": Page(1, 1).shown(0),
}
ITEMS: Mapping[str, str] = {
    "Companies": "Company",
    "Locations": "Location",
    "Sections": "Section",
    "LockerBanks": "LockerBank",
    "LockerGroups": "LockerGroup",
    "LockerBankAndLockerGroups": "LockerBankAndLockerGroup",
    "LockerBricks": "LockerBrick",
    "Lockers": "Locker",
    "Allocations": "Allocation",
    "LockerUsers": "LockerUser",
    "Bookings": "Booking",
    "Events": "Event",
}
"""What is in the lists."""
