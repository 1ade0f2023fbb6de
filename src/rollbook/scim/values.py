"""Simple values: what a type admits, the canonical form that is kept and answered, the search form that is compared.

**Source**: RFC 7643 §2.3 (types), §2.2 (caseExact); RFC 7644 §5 (userName). Complex values are not read here: their
parts are. A multi-valued attribute is read element by element.

=========  ==========================================  ==========================================
type       canonical form                              search form
=========  ==========================================  ==========================================
string     as sent                                     folded by ``Attribute.compare``
boolean    ``True``, ``False``                         the same
integer    64 bits; ``1.0`` is 1                       the same
decimal    as sent                                     float
dateTime   UTC, milliseconds, ``Z`` (24 characters)    the same: comparing texts is comparing instants
binary     as sent (base64 or base64url)               the same
reference  as sent                                     folded by ``Attribute.compare``
=========  ==========================================  ==========================================
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import isfinite

from rollbook.scim.attributes import Attribute, Compare, Held, Type
from rollbook.scim.errors import InvalidValue
from rollbook.scim.folding import fold
from rollbook.scim.limits import STANDARD_LIMITS

Simple = str | bool | int | float

NAME_BYTES = 2048
"""Precedent: PostgreSQL refuses rows of a unique index over 2,704 bytes that do not compress."""

_INT64 = 1 << 63
_DATE_TIME = re.compile(
    r"(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}T(?P<hour>[0-9]{2}):[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?"
    r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))?"
)
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]*|[A-Za-z0-9_-]*)(={0,2})")
_INVISIBLE = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # bidirectional controls
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff9-\ufffb\U000e0000-\U000e0fff"  # of no width
    "\u2028\u2029"  # line and paragraph ends
    "\ud800-\udfff"
    "]"
)


def canonical(attribute: Attribute, value: object, where: str) -> Simple:
    """Read one simple value that a client sent, and give it the form that is kept.

    **Rules**: a boolean is ``true`` or ``false`` (texts are coerced before, where a connection tolerates them).
    **Raises** ``InvalidValue`` that names ``where`` (the path as a person writes it).
    """
    return _READERS[attribute.type](attribute, value, where)


def search_value(attribute: Attribute, value: Simple) -> Simple:
    """The compared form of one canonical value."""
    if attribute.type in (Type.STRING, Type.REFERENCE):
        assert isinstance(value, str)
        return fold(attribute.compare, value)
    if attribute.type is Type.DECIMAL:
        return float(value) + 0.0  # -0.0 becomes 0.0: a database may not tell them apart
    return value


def check_user_name(text: str, where: str = "userName") -> None:
    """Refuse a name that a person could not tell from another one by looking, or that no index could hold.

    **Rules**: control, bidirectional, zero-width and line-ending characters are refused, so is a name without any
    visible character. Spaces and emoji are kept: identity providers send them. **Raises** ``InvalidValue``.
    """
    _check_length(text, where, Compare.USER_NAME)
    # Of ASCII, what cannot be seen is what cannot be printed; the search for the rest takes longer than all else here.
    if not (text.isascii() and text.isprintable()) and _INVISIBLE.search(text):
        raise InvalidValue(f"{where} holds a character that cannot be seen (a control, direction or zero-width one).")
    if not text.strip():
        raise InvalidValue(f"{where} has to hold at least one visible character.")


def date_time(text: str) -> str | None:
    """The canonical form of an ``xsd:dateTime``, or None when it is none of the years 0001 to 9999.

    Without a zone it is UTC; what is finer than milliseconds is cut off.

    >>> date_time("2026-01-01T01:00:00+01:00"), date_time("2026-02-30T00:00:00Z")
    ('2026-01-01T00:00:00.000Z', None)
    """
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        return None
    midnight = match["hour"] == "24"  # XML Schema: the end of the day, only as 24:00:00
    try:
        moment = datetime.fromisoformat(text.replace("T24:00:00", "T00:00:00") if midnight else text)
        if midnight:
            if (moment.hour, moment.minute, moment.second, moment.microsecond) != (0, 0, 0, 0):
                return None
            moment += timedelta(days=1)
        utc = moment.astimezone(UTC) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        return None
    return utc.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _check_length(text: str, where: str, compare: Compare) -> None:
    if len(text) > STANDARD_LIMITS.name_length:
        raise InvalidValue(f"{where} is longer than {STANDARD_LIMITS.name_length} characters.")
    if not text.isascii() and len(fold(compare, text).encode("utf-8", "surrogatepass")) > NAME_BYTES:
        raise InvalidValue(f"{where} is longer than {NAME_BYTES} bytes in UTF-8.")


def _string(attribute: Attribute, value: object, where: str) -> Simple:
    if not isinstance(value, str):
        raise InvalidValue(f"{where} has to be a JSON string.")
    if attribute.compare is Compare.USER_NAME:
        check_user_name(value, where)
    elif attribute.held is Held.COMMON and attribute.name == "externalId":
        _check_length(value, where, Compare.EXACT)
    return value


def _boolean(_: Attribute, value: object, where: str) -> Simple:
    if not isinstance(value, bool):
        raise InvalidValue(f"{where} has to be true or false, without quotes.")
    return value


def _integer(_: Attribute, value: object, where: str) -> Simple:
    if isinstance(value, bool) or not isinstance(value, int | float) or (isinstance(value, float) and value % 1):
        raise InvalidValue(f"{where} has to be a whole number.")
    if not -_INT64 <= value < _INT64:
        raise InvalidValue(f"{where} has to fit into 64 bits.")
    return int(value)


def _decimal(_: Attribute, value: object, where: str) -> Simple:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidValue(f"{where} has to be a number.")
    if not (-_INT64 <= value < _INT64 if isinstance(value, int) else isfinite(value)):
        raise InvalidValue(f"{where} has to fit into 64 bits.")
    return value


def _date_time(_: Attribute, value: object, where: str) -> Simple:
    read = date_time(value) if isinstance(value, str) else None
    if read is None:
        raise InvalidValue(f"{where} has to be a dateTime such as 2026-01-31T08:00:00Z.")
    return read


def _binary(_: Attribute, value: object, where: str) -> Simple:
    match = _BASE64.fullmatch(value) if isinstance(value, str) else None
    if match is None or not _whole(len(match[0]), len(match[1])):
        raise InvalidValue(f"{where} has to be base64 (RFC 4648 §4 or §5), without white space.")
    return match[0]


def _whole(length: int, padding: int) -> bool:
    """Whether base64 of that length is whole; its padding may be left out (RFC 7643 §2.3.6)."""
    return length % 4 == 0 if padding else length % 4 != 1


def _complex(_: Attribute, __: object, where: str) -> Simple:
    raise InvalidValue(f"{where} is a complex attribute: its value has to be a JSON object.")


def _reference(_: Attribute, value: object, where: str) -> Simple:
    if not isinstance(value, str):
        raise InvalidValue(f"{where} has to be a URI, as a JSON string.")
    return value


_READERS: dict[Type, Callable[[Attribute, object, str], Simple]] = {
    Type.STRING: _string,
    Type.BOOLEAN: _boolean,
    Type.INTEGER: _integer,
    Type.DECIMAL: _decimal,
    Type.DATE_TIME: _date_time,
    Type.BINARY: _binary,
    Type.REFERENCE: _reference,
    Type.COMPLEX: _complex,
}
