"""The message of a bulk (RFC 7644 §3.7): many operations in one request, found in the body's bytes one by one.

The body is never read as a whole: where an operation begins and ends is seen from its brackets, and each is read twice,
once to know what it refers to and once when its turn comes. So a bulk takes little more memory than its bytes.

What is wrong with one operation is that operation's error; where the message itself is no message, nothing is done.
What refers to what is in ``bulk_references``, in which order operations are done in ``bulk_order``; how they are done
is not known here.
"""

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import orjson

from rollbook.scim import urns
from rollbook.scim.bulk_references import references
from rollbook.scim.errors import InvalidPath, InvalidSyntax, InvalidValue, PayloadTooLarge, ScimError
from rollbook.scim.json_guard import read_json
from rollbook.scim.limits import STANDARD_LIMITS, Limits
from rollbook.scim.page import require_message
from rollbook.scim.schema import ResourceType
from rollbook.scim.tolerances import shortened

METHODS = ("POST", "PUT", "PATCH", "DELETE")
LARGEST_ID = 1024
"""Characters of a bulkId."""

_BRACKET = re.compile(
    rb'[^"{}\[\]]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"{}\[\]]*+)*+[{}\[\]]',
    re.DOTALL,
)
"""Up to the next bracket that stands in no string."""
_MESSAGE = ("schemas", "failonerrors", "operations")
_FIELDS = ("method", "bulkid", "path", "version", "data")


@dataclass(frozen=True, slots=True)
class Part:
    """One operation of a bulk, as far as it is known before its turn. ``number`` counts from 0.

    ``references`` are the bulkIds that it names, in values and in its path; ``error`` is what is wrong with its form.
    """

    number: int
    start: int
    end: int
    method: str = ""
    bulk_id: str | None = None
    path: str = ""
    references: tuple[str, ...] = ()
    error: ScimError | None = None


class Whole(NamedTuple):
    """What a part holds, read again when its turn has come."""

    version: str | None
    data: Any


class Spot(NamedTuple):
    """What the path of a part is about; ``id`` is empty for a POST."""

    type: ResourceType
    id: str


def require_bulk_request(schemas: Any) -> None:
    """**Raises** ``InvalidSyntax`` where ``schemas`` does not name the message of RFC 7644 §3.7."""
    require_message(schemas, urns.BULK_REQUEST, "BulkRequest")


class Message:
    """One bulk request's body. ``parts`` has to be read to its end before anything is done."""

    def __init__(
        self,
        body: bytes,
        limits: Limits = STANDARD_LIMITS,
        check_schemas: Callable[[Any], None] = require_bulk_request,
    ) -> None:
        """``check_schemas`` is handed the message's ``schemas``, and raises where they are another message's."""
        self.body = body
        self._check_schemas = check_schemas
        self.fail_on_errors: int | None = None
        self._limits = limits

    def parts(self) -> Iterator[Part]:
        """The operations, in order.

        **Raises**: ``InvalidSyntax`` where the body is no bulk, or one bulkId stands twice; ``InvalidValue`` for
        ``failOnErrors``; ``PayloadTooLarge`` for too many operations. Nothing may be done then.
        """
        known: set[str] = set()
        number = 0
        for number, (start, end) in enumerate(self._spans(), 1):
            if number > self._limits.bulk_operations:
                raise PayloadTooLarge(
                    f"A bulk may hold {self._limits.bulk_operations} operations (maxOperations); this one has more."
                )
            part = self._part(number - 1, start, end)
            if part.bulk_id is not None:
                if part.bulk_id in known:
                    raise InvalidSyntax(
                        f"operation {number}: another operation of this bulk has this bulkId too; give each its own."
                    )
                known.add(part.bulk_id)
            yield part
        if not number:
            raise InvalidSyntax('A bulk needs "Operations", a list with at least one operation.')

    def whole(self, part: Part) -> Whole:
        """The rest of a part that has no error."""
        fields = _fields(orjson.loads(self.body[part.start : part.end]), part.number + 1)
        return Whole(fields.get("version"), fields.get("data"))

    def _spans(self) -> Iterator[tuple[int, int]]:
        """Where each operation stands in the body."""
        body, depth, at = self.body, 0, 0
        opened = last = first = -1  # where the list of operations begins, its last operation ended, one begins
        closed = -1
        while found := _BRACKET.match(body, at):
            here = found.end() - 1
            if body[here] in b"{[":
                depth += 1
                if depth == 2 and opened < 0 and body[here] == 0x5B and _name_before(body, at, here) == "operations":
                    opened = last = here + 1
                elif depth == 3 and opened >= 0 and closed < 0:
                    if body[here] != 0x7B or body[last:here].strip() != (b"," if last > opened else b""):
                        raise self._malformed()
                    first = here
            else:
                if opened >= 0 and closed < 0:
                    if depth == 3:
                        last = here + 1
                        yield first, last
                    elif depth == 2:
                        if body[last:here].strip():
                            raise self._malformed()
                        closed = here
                depth -= 1
            at = found.end()
        self._head(body if closed < 0 else body[:opened] + body[closed:])
        if opened >= 0 > closed:
            raise self._malformed()

    def _head(self, body: bytes) -> None:
        """The message without its operations."""
        try:
            message = _named(
                read_json(body, self._limits.json_depth), ("schemas", "failonerrors", "operations"), "the message"
            )
        except InvalidSyntax:
            read_json(self.body)  # says the same of the whole body, whose lines the client can count
            raise
        self._check_schemas(message.get("schemas"))
        limit = message.get("failonerrors")
        if limit is not None and (type(limit) is not int or limit < 1):
            raise InvalidValue("failOnErrors has to be a whole number, 1 or more; leave it out to go on after errors.")
        self.fail_on_errors = limit

    def _malformed(self) -> ScimError:
        try:
            read_json(self.body)
        except ScimError as error:
            return error
        return InvalidSyntax('Each of the "Operations" has to be a JSON object.')

    def _part(self, number: int, start: int, end: int) -> Part:
        raw = self.body[start:end]
        try:
            item = read_json(raw, self._limits.json_depth + 1)
        except ScimError as wrong:
            try:
                item = orjson.loads(raw)
            except orjson.JSONDecodeError:
                raise self._malformed() from None
            return _wrong(number, start, end, item, _placed(number, wrong))
        try:
            fields = _fields(item, number + 1)
            method, path = _method(fields, number + 1), _path(fields, number + 1)
            bulk_id = _bulk_id(fields, method, number + 1)
            version = fields.get("version")
            if version is not None and not isinstance(version, str):
                raise InvalidValue(f'operation {number + 1}: "version" has to be a string, an ETag such as W/"3".')
            if method != "DELETE" and not isinstance(fields.get("data"), dict):
                raise InvalidSyntax(f'operation {number + 1}: {method} needs "data", a JSON object.')
            if end - start > self._limits.body_bytes:
                raise PayloadTooLarge(f"operation {number + 1} is larger than {self._limits.body_bytes} bytes.")
        except ScimError as wrong:
            return _wrong(number, start, end, item, wrong)
        named: tuple[str, ...] = ()
        if b"bulkId:" in raw or b"\\u" in raw or "%" in path:
            named = references(path, fields.get("data") if method != "DELETE" else None, patch=method == "PATCH")
        return Part(number, start, end, method, bulk_id, path, named)


class PartReader(Protocol):
    """How a dialect reads the parts of a bulk: by the very roads of requests that come alone."""

    def find(self, method: str, path: str) -> Spot:
        """What a path is about. **Raises** ``NotFound``, ``MethodNotAllowed``, ``NotImplementedHere``,
        ``InvalidPath`` for an address that takes no part in bulks."""

    def read(self, method: str, path: str, whole: Whole, notes: list[str]) -> Any:
        """The operation that a part asks for, its references filled in. **Raises** ``ScimError``."""


def _name_before(body: bytes, start: int, end: int) -> str:
    """The name whose value begins at ``end``, in lower case; ``""`` where there is none that is simply written."""
    before = body[start:end].rstrip()
    if not before.endswith(b":"):
        return ""
    before = before[:-1].rstrip()
    try:
        name = orjson.loads(before[before.rindex(b'"', 0, -1) :])
    except ValueError:
        return ""
    return name.lower() if isinstance(name, str) else ""


def _named(item: Mapping[str, Any], names: tuple[str, ...], where: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in item.items():
        lower = key.lower()
        if lower in names:
            if lower in found:
                raise InvalidSyntax(f'In {where}, "{lower}" stands twice, in different spellings; give it once.')
            found[lower] = value
    return found


def _fields(item: Mapping[str, Any], number: int) -> dict[str, Any]:
    return _named(item, _FIELDS, f"operation {number}")


def _method(fields: Mapping[str, Any], number: int) -> str:
    method = fields.get("method")
    if isinstance(method, str) and method.upper() in METHODS:
        return method.upper()
    raise InvalidSyntax(f'operation {number}: "method" has to be POST, PUT, PATCH or DELETE.')


def _path(fields: Mapping[str, Any], number: int) -> str:
    path = fields.get("path")
    if not isinstance(path, str) or not path.strip("/"):
        raise InvalidSyntax(f'operation {number}: "path" has to name an endpoint or a resource, such as /Users.')
    if not path.isascii() or not path.isprintable() or " " in path:
        raise InvalidPath(f'operation {number}: "path" has characters that no address has; percent-encode them.')
    return path


def _bulk_id(fields: Mapping[str, Any], method: str, number: int) -> str | None:
    bulk_id = fields.get("bulkid")
    if bulk_id is None and method != "POST":
        return None
    if bulk_id is None:
        raise InvalidSyntax(f'operation {number}: a POST needs a "bulkId" of its own.')
    if not isinstance(bulk_id, str) or not bulk_id or len(bulk_id) > LARGEST_ID:
        raise InvalidSyntax(f'operation {number}: "bulkId" has to be a string of 1 to {LARGEST_ID} characters.')
    return bulk_id


def _wrong(number: int, start: int, end: int, item: Mapping[str, Any], error: ScimError) -> Part:
    """A part that cannot be done, with what the answer can repeat of it."""
    error.__traceback__ = error.__context__ = None  # they hold on to the whole part
    known = {key.lower(): value for key, value in item.items() if isinstance(value, str)}
    method, bulk_id = known.get("method", "").upper(), known.get("bulkid")
    path = ""
    with contextlib.suppress(ScimError):
        path = _path(known, number + 1)
    return Part(
        number,
        start,
        end,
        method if method in METHODS else shortened(known.get("method", "")),
        bulk_id if bulk_id and len(bulk_id) <= LARGEST_ID else None,
        path,
        error=error,
    )


def _placed(number: int, error: ScimError) -> ScimError:
    return type(error)(f"operation {number + 1}: {error.detail}")
