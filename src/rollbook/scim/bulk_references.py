"""References between the operations of a bulk: ``bulkId:x`` stands for a resource that another one creates.

**Source**: RFC 7644 §3.7.1, §3.7.2. A reference may stand wherever a string may: ``bulkId:x`` as a value (a member's,
a manager's, any other), as the last segment of a ``$ref``, as a segment of the operation's own path, and as a value in
the filter of a PATCH path (``members[value eq "bulkId:x"]``). ``$ref`` becomes an address, all else an id.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

import orjson

PREFIX = "bulkId:"
_IN_FILTER = re.compile(r'"bulkId:[^"\\]*(?:\\.[^"\\]*)*"')

Fill = Callable[[str, bool], str]
"""From a bulkId to what takes its place: an address where asked for one, else an id."""


class Made(NamedTuple):
    """A resource that a bulk has created, or will have: what stands for it in others."""

    id: str
    location: str


def references(path: str, data: Any, *, patch: bool) -> tuple[str, ...]:
    """The bulkIds that an operation names, each once.

    >>> references("/Groups", {"members": [{"value": "bulkId:ann"}, {"value": "bulkId:bo"}]}, patch=False)
    ('ann', 'bo')
    """
    named: dict[str, None] = {}

    def note(name: str, address: bool) -> str:
        named[name] = None
        return PREFIX + name

    fill_path(path, note)
    _filled(data, note, patch=patch)
    return tuple(named)


def fill(data: Any, made: Mapping[str, Made], *, patch: bool) -> Any:
    """The data with its references filled in; what it holds may be changed in place. **Raises** ``KeyError``."""
    return _filled(data, lambda name, address: made[name].location if address else made[name].id, patch=patch)


def fill_path(path: str, name: Fill) -> str:
    """The path of an operation with its references filled in.

    >>> fill_path("/Users/bulkId:ann?attributes=userName", lambda name, address: "42")
    '/Users/42?attributes=userName'
    """
    if PREFIX not in path and "%" not in path:
        return path
    route, mark, query = path.partition("?")
    segments = [
        name(text[len(PREFIX) :], False) if (text := unquote(segment)).startswith(PREFIX) else segment
        for segment in route.split("/")
    ]
    return "/".join(segments) + mark + query


def _filled(data: Any, fill: Fill, *, patch: bool) -> Any:
    if patch and isinstance(data, dict):
        for key, operations in data.items():
            if key.lower() == "operations" and isinstance(operations, list):
                for operation in operations:
                    _fill_patch_path(operation, fill)
    return _value(data, "", fill)


def _value(value: Any, key: str, fill: Fill) -> Any:
    if type(value) is str:
        return _text(value, key, fill) if PREFIX in value else value
    if type(value) is dict:
        for name, item in value.items():
            value[name] = _value(item, name, fill)
    elif type(value) is list:
        for place, item in enumerate(value):
            value[place] = _value(item, key, fill)
    return value


def _text(text: str, key: str, fill: Fill) -> str:
    address = key.lower() == "$ref"
    if text.startswith(PREFIX):
        return fill(text[len(PREFIX) :], address)
    if address:
        before, found, name = text.rpartition(f"/{PREFIX}")
        if found:
            return f"{before}/{fill(name, False)}"
    return text


def _fill_patch_path(operation: Any, fill: Fill) -> None:
    for key, path in operation.items() if isinstance(operation, dict) else ():
        if key.lower() == "path" and isinstance(path, str) and PREFIX in path:
            operation[key] = _IN_FILTER.sub(lambda found: _literal(found[0], fill), path)


def _literal(text: str, fill: Fill) -> str:
    try:
        name = orjson.loads(text)[len(PREFIX) :]
    except orjson.JSONDecodeError:
        return text
    return orjson.dumps(fill(name, False)).decode()
