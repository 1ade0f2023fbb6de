"""What may stand in a dialect file: each key with the kind of its value and what it means.

``reader`` checks files against it, and the JSON Schema for editors is made of it (``editor_schema``).
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from rollbook.dialects.overlay import CHANGES
from rollbook.dialects.plan import OFFERS, OPERATIONS

Table = dict[str, Any]


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
    "unlike": Key("texts", "Other settings whose values it cannot have."),
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
