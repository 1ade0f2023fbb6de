"""The rows on the structure: companies, locations, sections, banks, groups."""

from rollbook.identity.scopes import ACCESS_READ, LOCKERS_MANAGE, SYSTEM_READ, SYSTEM_WRITE
from rollbook.releezme_face import banks, structure
from rollbook.releezme_face.rows import Row
from rollbook.releezme_face.shapes import PREFIX
from rollbook.storage.locker_records import Bank, Location, LockerGroup, Section

READ, WRITE, MANAGE, ASK = SYSTEM_READ, SYSTEM_WRITE, LOCKERS_MANAGE, ACCESS_READ
USER = "externalUserId"

_LOCATION = {"Name": "name", "TimeZoneId": "timeZone"}
_SECTION = {"Name": "name", "LocationId": "locationId"}
_BANK = {
    "Name": "name",
    "Description": "description",
    "DoorNumberPrefix": PREFIX,
    "NumberOrder": "numberOrder",
    "NumberOrderReverse": "numberOrderReverse",
    "RandomAllocation": "randomAllocation",
    "SectionId": "sectionId",
}
_BRICKS = {name: name for name in ("LockerCount", "IsZLocker", "Clockwise", "FirstNumberTop")}
_PIN = {"PinCode": "pin"}

COMPANIES = (
    Row("GET", "companies", structure.companies, READ, "The company of the credential.", "Companies[]"),
    Row(
        "GET",
        "companies/{id}/qr",
        structure.company_qr,
        READ,
        "The QR code of the vendor's app: there is none here.",
        "nothing",
        status=501,
    ),
)
LOCATIONS = (
    Row("GET", "locations", structure.listing(Location), READ, "All locations.", "Locations[]"),
    Row("GET", "locations/{id}", structure.reading(Location), READ, "One location.", "Location"),
    Row(
        "POST",
        "locations",
        structure.creating(Location),
        WRITE,
        "A new location; TimeZoneId is an IANA name, the company's without one.",
        "Location",
        body=_LOCATION,
    ),
    Row(
        "PUT",
        "locations/{id}",
        structure.changing(Location),
        WRITE,
        "Another name or time zone; what is not sent stays.",
        "Location",
        body=_LOCATION,
    ),
    Row(
        "DELETE",
        "locations/{id}",
        structure.deleting(Location),
        WRITE,
        "A location in which nothing is any more.",
        refuses=(400,),
    ),
    Row(
        "GET",
        "locations/{id}/sections",
        structure.listing(Section, Location, "location_id"),
        READ,
        "The sections of a location.",
        "Sections[]",
    ),
)
SECTIONS = (
    Row("GET", "sections", structure.listing(Section), READ, "All sections.", "Sections[]"),
    Row("GET", "sections/{id}", structure.reading(Section), READ, "One section.", "Section"),
    Row(
        "POST",
        "sections",
        structure.creating(Section),
        WRITE,
        "A new section of a location.",
        "Section",
        body=_SECTION,
        refuses=(404,),
    ),
    Row(
        "PUT",
        "sections/{id}",
        structure.changing(Section),
        WRITE,
        "Another name or location; what is not sent stays.",
        "Section",
        body=_SECTION,
    ),
    Row("DELETE", "sections/{id}", structure.deleting(Section), WRITE, "A section in which nothing is any more."),
    Row(
        "GET",
        "sections/{id}/lockerbanks",
        structure.listing(Bank, Section, "section_id"),
        READ,
        "The banks of a section.",
        "LockerBanks[]",
    ),
    Row(
        "GET",
        "sections/{id}/lockerbanklockergroups/allocatable",
        structure.allocatable,
        ASK,
        "The banks of a section with those of their groups of which a user can have a locker now.",
        "LockerBankAndLockerGroups[]",
        query=(USER,),
    ),
)
LOCKER_BANKS = (
    Row("GET", "lockerbanks", structure.listing(Bank), READ, "All locker banks.", "LockerBanks[]"),
    Row(
        "GET",
        "lockerbanks/offline",
        banks.offline(),
        READ,
        "Banks whose controller is not heard of: those whose attribute offlineSince says so; else none.",
        "LockerBanks[]",
    ),
    Row(
        "GET",
        "lockerbanks/pincode/offline",
        banks.offline(has_pin=1),
        READ,
        "Those of them that have PIN codes.",
        "LockerBanks[]",
    ),
    Row("GET", "lockerbanks/{id}", structure.reading(Bank), READ, "One locker bank.", "LockerBank"),
    Row(
        "POST",
        "lockerbanks",
        structure.create_bank,
        WRITE,
        "A new bank of a section, without lockers, and not published.",
        "LockerBank",
        body=_BANK,
        refuses=(404,),
    ),
    Row("DELETE", "lockerbanks/{id}", structure.deleting(Bank), WRITE, "A bank that has no lockers any more."),
    Row("GET", "lockerbanks/{id}/status", banks.status, READ, "How many lockers stand how.", "LockerBankStatus"),
    Row("GET", "lockerbanks/{id}/lockers", banks.lockers(), READ, "The lockers of a bank.", "Lockers[]"),
    Row(
        "GET",
        "lockerbanks/{id}/lockergroups",
        structure.listing(LockerGroup, Bank, "bank_id"),
        READ,
        "The groups that have lockers in a bank.",
        "LockerGroups[]",
    ),
    Row(
        "GET",
        "lockerbanks/{id}/{groupId}/availablelockers",
        banks.available,
        READ,
        "The lockers of a bank and a group that are free now.",
        "Lockers[]",
    ),
    Row("GET", "lockerbanks/{id}/allocations", banks.allocations, READ, "Who holds what in a bank.", "Allocations[]"),
    Row("GET", "lockerbanks/{id}/lockerbricks", banks.bricks, READ, "The bricks of a bank.", "LockerBricks[]"),
    Row(
        "POST",
        "lockerbanks/{id}/{brickCount}",
        banks.add_bricks,
        WRITE,
        "So many new bricks, each with so many new lockers; numbered on from the highest number.",
        "LockerBricks[]",
        body=_BRICKS,
    ),
    Row(
        "DELETE",
        "lockerbanks/{id}/lockerbricks",
        banks.remove_bricks,
        WRITE,
        "Bricks go with their lockers, one or all; none of them while somebody holds one.",
        query=("lockerBrickId",),
    ),
    Row(
        "POST",
        "lockerbanks/{id}/publish",
        structure.changing(Bank, published=True),
        WRITE,
        "The bank's lockers can be had from now on.",
        "LockerBank",
    ),
    Row(
        "POST",
        "lockerbanks/{id}/unpublish",
        structure.changing(Bank, published=False),
        WRITE,
        "And no longer; who holds one still does.",
        "LockerBank",
    ),
    Row(
        "POST",
        "lockerbanks/{id}/autonumber",
        banks.autonumber,
        WRITE,
        "All doors are numbered anew, as they stand.",
        "LockerBank",
        query=("startNumber",),
    ),
    Row(
        "POST",
        "lockerbanks/{id}/redetect",
        banks.redetect,
        MANAGE,
        "The controller is told to look for its doors (an event); a bank without one is refused.",
        status=202,
    ),
    Row(
        "POST",
        "lockerbanks/{id}/pincode",
        banks.pin_setting("bank"),
        MANAGE,
        "Set the master PIN code of a bank. Nothing gives one back.",
        body=_PIN,
    ),
    Row("DELETE", "lockerbanks/{id}/pincode", banks.pin_dropping("bank"), MANAGE, "Take it away."),
    Row(
        "GET",
        "lockerbanks/{id}/pincode/lockers",
        banks.lockers(has_pin=1),
        READ,
        "The lockers of a bank that have a PIN code.",
        "Lockers[]",
    ),
)
LOCKER_GROUPS = (
    Row("GET", "lockergroups", structure.listing(LockerGroup), READ, "All locker groups.", "LockerGroups[]"),
    Row("GET", "lockergroups/{id}", structure.reading(LockerGroup), READ, "One locker group.", "LockerGroup"),
    Row(
        "GET",
        "lockergroups/{id}/lockerbanks",
        structure.listing(Bank, LockerGroup, "group_id"),
        READ,
        "The banks in which a group has lockers.",
        "LockerBanks[]",
    ),
)
