"""JSON bodies, read with suspicion (RFC 7159 leaves open what a strict reader must not).

What a body may not hold: other text than one JSON object, nesting deeper than 32, one name twice in an object, numbers
that are no 64-bit integer and no double, NUL in any text, lone surrogates. Names that differ in letter case only are
found by those who know which names they read (``readers``, ``message``): there it costs nothing.

The common body pays for a handful of byte counts; each exact check runs only where a count says it may be needed.
"""

import re
from typing import Any

import orjson

from rollbook.scim.errors import InvalidSyntax, InvalidValue
from rollbook.scim.limits import STANDARD_LIMITS

_DIGITS = bytes(48 if 48 <= byte <= 57 else 32 for byte in range(256))
"""Maps every digit to ``0`` and all else to a space: a long number becomes a fixed text to look for."""
_LONG_NUMBER = b"0" * 19
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
"""A string, or one that does not end, up to the end: so no text is searched for more than once."""
_INTEGER = re.compile(rb"(?<![0-9.eE+-])-?[0-9]{19,}(?![0-9.eE])")
_CONTAINERS = (dict, list)


def read_json(body: bytes, depth: int = STANDARD_LIMITS.json_depth) -> dict[str, Any]:
    """Read a request body that must be one JSON object.

    **Raises**: ``InvalidSyntax`` for what is not JSON, or JSON of a form refused above; ``InvalidValue`` for NUL in a
    string.

    >>> read_json(b'{"userName": "ann"}')
    {'userName': 'ann'}
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidSyntax(_why_not(body, error, depth)) from None
    if type(value) is not dict:
        raise InvalidSyntax("The body must be a JSON object, { … }; it is another JSON value.")
    if b"\\" in body:
        unescaped = body.replace(b"\\\\", b"")  # so that every backslash left begins an escape
        if b"\\u0000" in unescaped:
            raise InvalidValue("The body holds a NUL character (\\u0000) in a string; no value may contain one.")
        quotes = unescaped.count(b'"') - unescaped.count(b'\\"')
    else:
        quotes = body.count(b'"')
    # Every name and every string has two quotes, and a parser drops the earlier of two equal names.
    if quotes != _quotes(value):
        raise InvalidSyntax(f"The name {_repeated(body)} stands twice in one JSON object; give each attribute once.")
    if body.count(b"{") + body.count(b"[") > depth and _deeper_than(value, depth):
        raise InvalidSyntax(f"The body is nested deeper than {depth} levels.")
    if _LONG_NUMBER in body.translate(_DIGITS) and _beyond_64_bits(body):
        raise InvalidSyntax("The body holds an integer that does not fit in 64 bits.")
    return value


def _quotes(value: Any) -> int:
    text = orjson.dumps(value)
    if b"\\" in text:
        text = text.replace(b"\\\\", b"")
        return text.count(b'"') - text.count(b'\\"')
    return text.count(b'"')


def _why_not(body: bytes, error: orjson.JSONDecodeError, depth: int) -> str:
    if not body.strip():
        return "The body is empty; a JSON object was expected."
    if body.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        return "The body begins with a byte order mark; it must be UTF-8 without one."
    if _brackets_before(body, error.pos) > depth:
        return f"The body is nested deeper than {depth} levels."
    try:
        body.decode()
    except UnicodeDecodeError:
        return "The body is not valid UTF-8."
    return f"The body is not valid JSON (line {error.lineno}, column {error.colno})."


def _brackets_before(body: bytes, position: int) -> int:
    """How many brackets are open where a parser stopped."""
    bare = _STRING.sub(b"", body[: position + 1])
    return bare.count(b"{") + bare.count(b"[") - bare.count(b"}") - bare.count(b"]")


def _deeper_than(value: Any, depth: int) -> bool:
    level = [value]
    for _ in range(depth):
        level = [
            child
            for item in level
            for child in (item.values() if type(item) is dict else item)
            if type(child) in _CONTAINERS
        ]
        if not level:
            return False
    return True


def _beyond_64_bits(body: bytes) -> bool:
    bare = _STRING.sub(b'""', body)
    return any(len(found[0]) > 20 or not -(2**63) <= int(found[0]) < 2**63 for found in _INTEGER.finditer(bare))


def _repeated(body: bytes) -> str:
    """The first name that stands twice in one object of a valid JSON text, as JSON and cut to a readable length."""
    open_objects: list[set[str]] = []
    at = 0
    for found in re.finditer(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}]', body, re.DOTALL):
        token = found[0]
        if token == b"{":
            open_objects.append(set())
        elif token == b"}":
            open_objects.pop()
        else:
            at = found.end()
            if body[at : at + 64].lstrip()[:1] == b":" or re.compile(rb"\s*:").match(body, at):
                name = orjson.loads(token)
                if name in open_objects[-1]:
                    return f'"{name[:100]}"'
                open_objects[-1].add(name)
    return "of an attribute"
