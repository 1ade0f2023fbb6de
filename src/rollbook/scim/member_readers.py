"""What a client sends for members of a group, and for the groups of a member, where a dialect lets it: ids.

Both live in rows, so nothing of them comes into a document; what the server knows better is ignored.
"""

from collections.abc import Mapping
from typing import Any

from rollbook.scim.errors import InvalidSyntax, InvalidValue
from rollbook.scim.reading import Read, Reading, refuse_unknown
from rollbook.scim.tolerances import note

A_LIST = "a list of JSON objects"


def read_members(where: str) -> Read:
    """Reads members as ids, in order and each once; what the server knows better (display, $ref) is ignored."""
    known = {"value", "$ref", "type", "display"}

    def read(value: Any, reading: Reading) -> Any:
        if type(value) is dict:
            if not reading.tolerances.lone_value:
                raise InvalidValue(f"{where} has to be {A_LIST}.")
            value = [value]
        if type(value) is not list:
            raise InvalidValue(f"{where} has to be {A_LIST}.")
        ids: dict[str, None] = {}
        empty = False
        for item in value:
            if item is None:
                continue
            if item == {}:  # unassigned beside members, but no way to name none
                empty = True
                continue
            if type(item) is not dict:
                raise InvalidValue(f'{where} has to be {A_LIST}, each with the member\'s id as "value".')
            id = item.get("value")
            kind = item.get("type")
            if not item.keys() <= known:
                id, kind = _spelled_otherwise(item, where, known, reading)
            if type(id) is not str or not id:
                raise InvalidValue(f'{where}: each member needs its id as a string in "value".')
            ids[id] = None
            if kind is not None:
                if type(kind) is not str:
                    raise InvalidValue(f"{where}.type has to be a JSON string.")
                reading.member_types[id] = kind
        if empty and not ids:
            raise InvalidValue(f'{where}: each member needs its id as a string in "value".')
        return list(ids) or None

    return read


def read_groups(where: str) -> Read:
    """Reads groups as ids, in order and each once. What a client read of the groups that a user is in through others
    (``type`` indirect) and sends back says nothing about its own."""
    known = {"value", "$ref", "type", "display"}

    def read(value: Any, reading: Reading) -> Any:
        if reading.tolerances.ignore_groups:
            note(reading.notes, "ignored", where)
            return None
        if type(value) is dict and reading.tolerances.lone_value:
            value = [value]
        if type(value) is not list:
            raise InvalidValue(f"{where} has to be {A_LIST}.")
        ids: dict[str, None] = {}
        for item in value:
            if item is None:
                continue
            if type(item) is not dict:
                raise InvalidValue(f'{where} has to be {A_LIST}, each with the group\'s id as "value".')
            id, kind = item.get("value"), item.get("type")
            if not item.keys() <= known:
                id, kind = _spelled_otherwise(item, where, known, reading)
            if type(kind) is str and kind.lower() == "indirect":
                note(reading.notes, "indirect", where)
                continue
            if type(id) is not str or not id:
                raise InvalidValue(f'{where}: each group needs its id as a string in "value".')
            ids[id] = None
        return list(ids) or None

    return read


def _spelled_otherwise(item: Mapping[str, Any], where: str, known: set[str], reading: Reading) -> tuple[Any, Any]:
    found: dict[str, Any] = {}
    for key, value in item.items():
        lower = key.lower()
        if lower not in known:
            refuse_unknown(f"{where}.{key}", reading)
        elif lower in found:
            raise InvalidSyntax(f'The attribute "{where}.{lower}" stands twice, in different spellings; give it once.')
        else:
            found[lower] = value
    return found.get("value"), found.get("type")
