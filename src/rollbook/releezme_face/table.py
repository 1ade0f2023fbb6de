"""The table of the API: each address, the operation of ours that it is, the scope that it needs, and what is read.

Source: what public clients of the product call, and what they read of the answers.
"""

from rollbook.releezme_face import locker_table, structure_table
from rollbook.releezme_face.rows import Row

BASE = "/api"
DIALECT = "releezme"
"""Whose connections may call."""

AREAS = {
    "Companies": structure_table.COMPANIES,
    "Locations": structure_table.LOCATIONS,
    "Sections": structure_table.SECTIONS,
    "Locker banks": structure_table.LOCKER_BANKS,
    "Locker groups": structure_table.LOCKER_GROUPS,
    "Lockers": locker_table.LOCKERS,
    "Bookings": locker_table.BOOKINGS,
    "Events": locker_table.EVENTS,
    "PIN codes": locker_table.PIN_CODES,
}
ROWS: tuple[Row, ...] = tuple(row for rows in AREAS.values() for row in rows)
