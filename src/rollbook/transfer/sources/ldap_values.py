"""Values of LDAP attributes as text: those that are bytes get the form in which administrators know them.

Microsoft's own attributes: objectGUID (MS-DTYP §2.3.4), objectSid (MS-DTYP §2.4.2.1), userAccountControl (MS-ADTS
§2.2.16: the bit 2 is ACCOUNTDISABLE), and times that count tenths of microseconds from 1601 (MS-DTYP §2.3.3).
"""

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

_DISABLED = 2
_NEVER = ("0", "9223372036854775807")
_FILE_TIMES = frozenset(("accountexpires", "lastlogontimestamp", "lastlogon", "pwdlastset", "badpasswordtime"))


def row_of(dn: str, attributes: Iterable[tuple[str, list[bytes]]]) -> dict[str, Any]:
    """The values of an entry by attribute, in small letters; one text, or a list where there are several."""
    values: dict[str, Any] = {"dn": dn}
    for name, raw in attributes:
        lower = name.lower()
        texts = [text for one in raw if (text := as_text(lower, one))]
        plain, _, option = lower.partition(";")
        if option.startswith("range=") or option == "binary":
            lower = plain
        values[lower] = texts[0] if len(texts) == 1 else texts or ""
    values |= _enabled(values)
    return values


def as_text(attribute: str, value: bytes) -> str:
    """One value of an attribute, whose name is in small letters.

    >>> as_text("objectguid", bytes(range(16)))
    '03020100-0504-0706-0809-0a0b0c0d0e0f'
    """
    if attribute == "objectguid" and len(value) == 16:
        return str(uuid.UUID(bytes_le=value))
    if attribute == "objectsid" and len(value) >= 8:
        return _sid(value)
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        return value.hex()
    return _day(text) if attribute in _FILE_TIMES else text


def _sid(value: bytes) -> str:
    parts = [int.from_bytes(value[at : at + 4], "little") for at in range(8, len(value) - 3, 4)]
    return "-".join(["S", str(value[0]), str(int.from_bytes(value[2:8], "big")), *map(str, parts)])


def _day(text: str) -> str:
    if text in _NEVER or not text.isdecimal():
        return ""
    try:
        return (datetime(1601, 1, 1) + timedelta(microseconds=int(text) // 10)).date().isoformat()  # noqa: DTZ001
    except OverflowError:
        return ""


def _enabled(values: Mapping[str, Any]) -> dict[str, str]:
    control = values.get("useraccountcontrol")
    if not isinstance(control, str) or not control.lstrip("-").isdecimal() or "enabled" in values:
        return {}
    return {"enabled": "false" if int(control) & _DISABLED else "true"}
