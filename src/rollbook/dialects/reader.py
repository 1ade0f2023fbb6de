"""Dialect files: TOML with a parent, read into plans. What is wrong is said with file, line and the nearest known word.

A table of the child is laid over the parent's, key by key; lists and single values take the parent's place. What every
key means stands in ``KEYS``, from which the JSON Schema for editors is made, too (``editor_schema``).
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, NamedTuple

from rollbook.dialects.overlay import CHANGES
from rollbook.dialects.plan import OFFERS, OPERATIONS, TOPICS
from rollbook.dialects.toml_lines import line_of
from rollbook.errors import RollbookError

Table = dict[str, Any]


class DialectError(RollbookError):
    """A dialect file that cannot be used: ``file``, ``line`` (1-based, 0 where none can be told) and ``key``."""

    def __init__(self, file: str, line: int, key: str, detail: str, hint: str = "") -> None:
        where = f"{file}, line {line}" if line else file
        super().__init__(f"{where}: {key + ': ' if key else ''}{detail}", hint=hint)
        self.file, self.line, self.key, self.problem = file, line, key, detail


Tell = Callable[[DialectError], None]


def raised(error: DialectError) -> None:
    """What is wrong ends the reading."""
    raise error


class Source(NamedTuple):
    """A dialect file: ``name`` is the file's own, for errors."""

    name: str
    text: str


class Key(NamedTuple):
    """One key: the kind of its value, what it means, and the words that may stand there."""

    kind: str
    """``text``, ``flag``, ``number``, ``texts``, ``table`` (of ``inside``), ``map`` (names to ``inside``), ``list`` (of
    tables of ``inside``), ``any``, ``words`` (a list of ``choices``), ``word`` (one of ``choices``), ``textmap``,
    ``textsmap``."""
    about: str
    choices: tuple[str, ...] = ()
    inside: "Mapping[str, Key] | None" = None


_ATTRIBUTE: dict[str, Key] = {
    "name": Key("text", "The attribute's name."),
    "type": Key(
        "word",
        "Its data type (RFC 7643 §2.3).",
        ("string", "boolean", "decimal", "integer", "dateTime", "binary", "reference", "complex"),
    ),
    "multiValued": Key("flag", "Whether it has a list of values."),
    "description": Key("text", "What it means."),
    "required": Key("flag", "Whether a resource has to have it."),
    "canonicalValues": Key("texts", "The values that are suggested."),
    "caseExact": Key("flag", "Whether letter case counts."),
    "mutability": Key("word", "Who may write it.", ("readOnly", "readWrite", "immutable", "writeOnly")),
    "returned": Key("word", "When it is answered.", ("always", "never", "default", "request")),
    "uniqueness": Key("word", "Whether two resources may share a value.", ("none", "server", "global")),
    "referenceTypes": Key("texts", "What a reference may point at."),
}
_ATTRIBUTE["subAttributes"] = Key("list", "The parts of a complex attribute.", (), dict(_ATTRIBUTE))

_CHANGE = {name: _ATTRIBUTE[name] for name in CHANGES if name in _ATTRIBUTE} | {
    "most": Key("number", "How many values it may have."),
    "canonicalFrom": Key("text", "The tenant's setting that lists its canonical values."),
}

_EXTENSION = {
    "id": Key("text", "The schema's URN."),
    "name": Key("text", "The schema's name."),
    "description": Key("text", "What it is for."),
    "required": Key("flag", "Whether a resource has to have it."),
    "key": Key("text", "The bare key under which it stands on the wire, in place of its URN."),
    "attributes": Key("list", "Its attributes (RFC 7643 §7).", (), _ATTRIBUTE),
}

_TYPE = {
    "endpoint": Key("text", "Where its resources are, below the base: /Users."),
    "operations": Key("words", "What can be done with it; nothing at all: the type is not there.", OPERATIONS),
    "attributes": Key("texts", "The attributes of the standard that it has, as paths; without this: all."),
    "without": Key("texts", "In place of attributes: what it does not have, as paths."),
    "others": Key(
        "word", "What becomes of the other attributes of the standard in what clients send.", ("drop", "refuse")
    ),
    "drop": Key("texts", "Paths of no schema that clients send: dropped and noted in the event, too."),
    "rules": Key("text", "The name of its rules, in rollbook.dialects.hooks."),
    "change": Key("map", "Other characteristics of attributes, by path.", (), _CHANGE),
    "extension": Key("list", "Schemas of its own.", (), _EXTENSION),
}

_SETTING = {
    "type": Key("word", "What its value is.", ("text", "flag", "number", "texts", "tree")),
    "default": Key("any", "The value where the tenant sets none."),
    "about": Key("text", "What it is for."),
    "least": Key("number", "The least number, or the least at the top of a tree; of a text 1: it is not empty."),
    "most": Key("number", "The greatest number, or the most texts, or the most at the top of a tree."),
}

KEYS: Mapping[str, Key] = {
    "name": Key("text", "The dialect's name: what `--dialect` takes."),
    "extends": Key("text", "The dialect that this one differs from."),
    "title": Key("text", "The product, as people call it."),
    "about": Key("text", "One or two sentences on what it is."),
    "wire": Key("word", "The version of SCIM on the wire.", ("2.0", "1.1")),
    "address": Key(
        "table",
        "Where it is served.",
        (),
        {
            "bases": Key("texts", "Addresses below the host, the first one first in documents: /scim/v2."),
            "location": Key("text", "The base in meta.location; without it the first one."),
            "prefixes": Key("texts", "Addresses before a base that name the tenant, beside /t/{tenant}."),
            "any_case": Key("flag", "Whether addresses are the same in any letter case."),
            "query_method": Key("flag", "Whether the method QUERY searches, where GET lists (RFC 10008)."),
            "names": Key("textmap", "What discovery addresses are called; an empty text: it is not there."),
            "absent": Key("texts", "Addresses that this provider lacks as a whole: 501."),
            "docs": Key("texts", "Where the page about the API is, below the host: /api/docs."),
            "openapi": Key("texts", "Where the document behind it is; the page shows the first one."),
        },
    ),
    "offers": Key("words", "What is offered beside the resource types.", OFFERS),
    "features": Key(
        "table",
        "What ServiceProviderConfig announces, and what is so.",
        (),
        {
            "patch": Key("flag", "Changes by PATCH."),
            "filter": Key("flag", "Filters; without: a filter is refused."),
            "sort": Key("flag", "Sorting; without: sortBy is ignored."),
            "etag": Key("flag", "Versions: ETag, If-Match, If-None-Match."),
            "bulk": Key("flag", "Bulk."),
            "cursor": Key("flag", "Pages by cursor (RFC 9865)."),
            "change_password": Key("flag", "Whether clients may change passwords."),
            "details": Key("text", "Tell every detail of schemas and types, and that they date from this moment."),
            "documentation": Key("text", "The address of the product's documentation."),
        },
    ),
    "scheme": Key("list", "authenticationSchemes, as ServiceProviderConfig announces them.", (), None),
    "pages": Key(
        "table",
        "The sizes of pages.",
        (),
        {
            "default": Key("number", "Resources on a page whose size the client does not say."),
            "most": Key("number", "Resources on a page at most."),
        },
    ),
    "credentials": Key(
        "table",
        "How a client shows who it is.",
        (),
        {
            "bearer": Key("flag", "A bearer token in Authorization (RFC 6750)."),
            "bare": Key("flag", "A token in Authorization without the word Bearer."),
            "session_header": Key("text", "The header that carries a session."),
            "realm": Key("text", "The realm of the challenge."),
        },
    ),
    "oauth": Key(
        "table",
        "What the identity server does for its clients.",
        (),
        {
            "scopes": Key("textsmap", "The product's scopes, each with those of rollbook that it opens."),
            "token_address": Key("text", "Where its clients ask for tokens."),
            "access_seconds": Key("number", "How long an access token is good: an hour at most."),
            "refresh_cap_seconds": Key("number", "How long after the login a refresh token is good, however used."),
            "refresh_on_request": Key("flag", "Whether only who asks for offline_access gets a refresh token."),
        },
    ),
    "form": Key("any", "How it speaks the wire of SCIM 1.1 (rollbook.scim.wire.v1_form)."),
    "connection": Key("textmap", "Settings that a new connection gets (`rollbook connection set`)."),
    "types": Key("map", "The resource types, by name.", (), _TYPE),
    "settings": Key("map", "What a tenant may set (`rollbook tenant configure`).", (), _SETTING),
    "departure": Key(
        "list",
        "Each difference from a specification, and each choice where the product's documents are silent.",
        (),
        {
            "id": Key("text", "The number under which it is tested."),
            "clause": Key("text", "The specification and its section."),
            "what": Key("text", "What is different."),
            "why": Key("text", "Why."),
            "choice": Key("flag", "Whether it is our choice, not the product's word."),
        },
    ),
}


@dataclass(frozen=True, slots=True)
class Read:
    """One file, laid over its parents'. ``own`` is what the file itself says."""

    name: str
    extends: str | None
    table: Table
    own: Table
    source: Source

    def wrong(self, path: Sequence[str | int], detail: str) -> DialectError:
        """What is wrong at a place of the file."""
        return wrong(self.source, path, detail)


def read_all(sources: Iterable[Source], tell: Tell = raised) -> tuple[Read, ...]:
    """All files, parents before children.

    **Rules**: ``tell`` is told each thing that is wrong: a file that is no TOML, a key or value that cannot be, a name
    that stands twice, a parent that is not there or is its own child. Where it returns, the file is left out.
    """
    own: dict[str, tuple[Source, Table]] = {}
    broken: set[str] = set()
    for source in sources:
        table, whole = _parse(source, tell)
        name = table.get("name")
        if isinstance(name, str) and name in own:
            tell(wrong(source, ["name"], f"{own[name][0].name} is called {name!r} already"))
        elif not whole:
            broken.add(str(name))
        elif not name:
            tell(DialectError(source.name, 0, "name", "a dialect needs a name"))
        elif not NAME.fullmatch(name):
            tell(wrong(source, ["name"], "a name has from 1 to 63 small letters, digits, - or _, a letter first"))
        else:
            own[name] = (source, table)
    done: dict[str, Read] = {}

    def read(name: str, below: tuple[str, ...]) -> Read | None:
        if name in done or name in broken:
            return done.get(name)
        source, table = own[name]
        parent, base = table.get("extends"), None
        if parent is not None:
            if parent in below or parent == name:
                tell(wrong(source, ["extends"], f"{name} would be its own parent"))
            elif parent in own or parent in broken:
                base = read(parent, (*below, name))
            else:
                tell(wrong(source, ["extends"], f"there is no dialect {parent!r}{_nearest(parent, own)}"))
            if base is None:
                broken.add(name)
                return None
        done[name] = Read(name, parent, _laid(base.table if base else {}, table), table, source)
        return done[name]

    for name in own:
        read(name, ())
    return tuple(done.values())


NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")


_INHERITED_NOT = ("name", "extends", "title", "about", "departure")


def _laid(base: Table, over: Table, *, top: bool = True) -> Table:
    laid = {key: value for key, value in base.items() if not (top and key in _INHERITED_NOT)}
    for key, value in over.items():
        old = laid.get(key)
        laid[key] = _laid(old, value, top=False) if isinstance(old, dict) and isinstance(value, dict) else value
    return laid


def _parse(source: Source, tell: Tell) -> tuple[Table, bool]:
    """What a file says, and whether nothing was wrong with it."""
    try:
        table = tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        tell(no_toml(source, error))
        return {}, False
    found = list(_check(source, [], table, KEYS))
    for one in found:
        tell(one)
    return table, not found


def _check(
    source: Source, path: list[str | int], table: Mapping[str, Any], keys: Mapping[str, Key]
) -> Iterator[DialectError]:
    for name, value in table.items():
        key = keys.get(name)
        if key is None:
            yield wrong(source, [*path, name], f"there is no such key{_nearest(name, keys)}")
        else:
            yield from _check_value(source, [*path, name], value, key)


_KINDS: Mapping[str, tuple[type | tuple[type, ...], str]] = {
    "text": (str, "a text"),
    "word": (str, "a text"),
    "flag": (bool, "true or false"),
    "number": (int, "a whole number"),
    "texts": (list, "a list of texts"),
    "words": (list, "a list of texts"),
    "table": (dict, "a table"),
    "map": (dict, "a table of tables"),
    "textmap": (dict, "a table of texts"),
    "textsmap": (dict, "a table of lists of texts"),
    "list": (list, "a list of tables"),
}


def _check_value(source: Source, path: list[str | int], value: Any, key: Key) -> Iterator[DialectError]:
    if key.kind == "any":
        return
    wanted, words = _KINDS[key.kind]
    inner = value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else []
    right = isinstance(value, wanted) and not (key.kind == "number" and isinstance(value, bool))
    if key.kind in ("texts", "words", "textmap"):
        right = right and all(isinstance(one, str) for one in inner)
    elif key.kind == "textsmap":
        right = right and all(isinstance(one, list) and all(isinstance(t, str) for t in one) for one in inner)
    elif key.kind in ("list", "map"):
        right = right and all(isinstance(one, dict) for one in inner)
    if not right:
        yield wrong(source, path, f"this has to be {words}")
        return
    if key.choices:
        for position, one in enumerate(inner if key.kind == "words" else [value]):
            if one not in key.choices:
                yield wrong(
                    source,
                    [*path, position],
                    f"{one!r} cannot stand here{_nearest(one, key.choices)}: it is one of {', '.join(key.choices)}",
                )
    if key.inside is None:
        return
    if key.kind == "table":
        yield from _check(source, path, value, key.inside)
    elif key.kind == "map":
        for name, one in value.items():
            yield from _check(source, [*path, name], one, key.inside)
    elif key.kind == "list":
        for position, one in enumerate(value):
            yield from _check(source, [*path, position], one, key.inside)


def no_toml(source: Source, error: tomllib.TOMLDecodeError) -> DialectError:
    """A file that cannot be read as TOML."""
    found = re.search(r"at line (\d+)", str(error))
    line = int(found[1]) if found else len(source.text.splitlines())
    return DialectError(source.name, line, "", f"this is no TOML: {error}")


def wrong(source: Source, path: Sequence[str | int], detail: str) -> DialectError:
    """What is wrong at a place of a file."""
    key = ".".join(f'"{part}"' if "." in str(part) else str(part) for part in path if isinstance(part, str))
    return DialectError(source.name, line_of(source.text, path), key, detail)


def _nearest(name: str, names: Iterable[str]) -> str:
    found = get_close_matches(str(name).lower(), list(names), n=1, cutoff=0.5)
    return f" (did you mean {found[0]}?)" if found else ""


def editor_schema() -> Table:
    """The JSON Schema (2020-12) of dialect files, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "rollbook dialect",
        "type": "object",
        "required": ["name"],
        "additionalProperties": False,
        "properties": {name: _property(key) for name, key in KEYS.items()},
    }


def _property(key: Key) -> Table:
    text: Table = {"type": "string"}
    words: Table = {"type": "string", "enum": list(key.choices)} if key.choices else text
    inside: Table = {"type": "object"}
    if key.inside is not None:
        inside |= {"properties": {n: _property(k) for n, k in key.inside.items()}, "additionalProperties": False}
    forms: dict[str, Table] = {
        "text": text,
        "word": words,
        "flag": {"type": "boolean"},
        "number": {"type": "integer"},
        "texts": {"type": "array", "items": text},
        "words": {"type": "array", "items": words},
        "table": inside,
        "map": {"type": "object", "additionalProperties": inside},
        "textmap": {"type": "object", "additionalProperties": text},
        "textsmap": {"type": "object", "additionalProperties": {"type": "array", "items": text}},
        "list": {"type": "array", "items": inside},
        "any": {},
    }
    return {"description": key.about, **forms[key.kind]}


__all__ = [
    "KEYS",
    "NAME",
    "TOPICS",
    "DialectError",
    "Read",
    "Source",
    "Tell",
    "editor_schema",
    "no_toml",
    "raised",
    "read_all",
    "wrong",
]
