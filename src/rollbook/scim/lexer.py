"""Filters and paths cut into tokens, and the literals among them read (RFC 7644 §3.4.2.2; RFC 8259 for literals).

There are four kinds of token, told apart by their first character: a string (``"``), a bracket (``()[]``), a word
(attribute paths, operators, numbers, ``true``, ``false``, ``null``), and a stray double quote, which begins no string,
with the word that it stands behind: whatever holds one is refused, and no text is searched twice for its end.
Every character of a text but white space is in some token, so nothing is ever skipped unseen.

*Masking* replaces literals by a sign for their kind. Filters that differ in their literals only have one masked form.
"""

import json
import re
from math import isinf

from rollbook.scim.filter import Literal, Operator

# No word holds a double quote, so no word a client writes is taken for a mask.
STRING = '""'
NUMBER = '"#'
BOOLEAN = '"?'
MASKS = frozenset((STRING, NUMBER, BOOLEAN))

OPERATORS = {operator.value: operator for operator in Operator}
BOOLEANS = {"true": True, "false": False}

# A string ends before white space, a bracket or the end, a word never before a string: neither can hide in the other.
_TOKEN = re.compile(
    r'"[^"\\\x00-\x1f\ud800-\udfff]*+(?:\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})[^"\\\x00-\x1f\ud800-\udfff]*+)*+"'
    r"(?=[ \t\r\n()\[\]]|\Z)"
    r"|[()\[\]]"
    r'|[^ \t\r\n()\[\]"]++(?!")'
    r'|[^ \t\r\n()\[\]"]*+"'
)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_NOT_IN_TEXT = re.compile("[\x00\ud800-\udfff]")
_LONGEST_INTEGER = 20  # characters of the smallest 64-bit integer

tokens = _TOKEN.findall
"""The tokens of a text, in order."""


def places(text: str) -> list[int]:
    """Where each token of ``tokens(text)`` begins (0-based)."""
    return [match.start() for match in _TOKEN.finditer(text)]


def masked(cut: list[str]) -> tuple[list[str], list[str]]:
    """The masked tokens, and the literals that were masked, in order. ``null`` is none: it makes another shape."""
    shape: list[str] = []
    literals: list[str] = []
    before = ""
    for token in cut:
        first = token[0]
        if first == '"' and len(token) > 1:
            shape.append(STRING)
        elif first in "-0123456789":
            shape.append(NUMBER)
        elif first in "tTfF" and token.lower() in BOOLEANS and before.lower() in OPERATORS:
            shape.append(BOOLEAN)
        else:
            shape.append(token)
            before = token
            continue
        literals.append(token)
        before = ""
    return shape, literals


def literal(token: str) -> Literal:
    """Read a masked token. **Raises** ``ValueError`` where it is no JSON value, or one that no attribute can hold."""
    if token[0] == '"':
        if "\\" not in token:
            return token[1:-1]
        text: str = json.loads(token)
        if _NOT_IN_TEXT.search(text):
            raise ValueError("a character that cannot be stored")
        return text
    if token.lower() in BOOLEANS:
        return BOOLEANS[token.lower()]
    number = _NUMBER.fullmatch(token)
    if number is None:
        raise ValueError("not a number")
    if number[1] or number[2]:
        decimal = float(token)
        if isinf(decimal):
            raise ValueError("a number too large")
        return decimal
    if len(token) > _LONGEST_INTEGER:
        raise ValueError("a number too large")
    return int(token)


def quoted(cut: list[str], name: str) -> list[str]:
    """Write unquoted values of one attribute as strings (``externalId eq ann``, as a provider's manual shows).

    Any word after ``name`` and an operator is meant as text; so is a number. ``true``, ``false`` and ``null`` are not.
    """
    changed = cut
    for position in range(2, len(cut)):
        word = cut[position]
        if (
            '"' not in word
            and word not in "()[]"
            and cut[position - 1].lower() in OPERATORS
            and cut[position - 2].lower().rpartition(":")[2] == name
            and word.lower() not in ("true", "false", "null")
        ):
            changed = [*changed[:position], json.dumps(word, ensure_ascii=False), *changed[position + 1 :]]
    return changed
