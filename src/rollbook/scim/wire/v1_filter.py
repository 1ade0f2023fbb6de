"""Filters of SCIM 1.1 (§3.2.2.1), written again as filters in kept names.

The parser is the one of RFC 7644, held to the grammar of 1.1; only the names in a text change: those of attributes, and
the URNs that are compared with ``schemas``. So a filter of 1.1 means what the same filter means everywhere.
"""

import orjson

from rollbook.scim import lexer
from rollbook.scim.errors import InvalidFilter
from rollbook.scim.filter_parser import Grammar, parse_filter
from rollbook.scim.limits import STANDARD_LIMITS, Limits
from rollbook.scim.wire.v1_names import Names

GRAMMAR = Grammar(("eq", "co", "sw", "gt", "ge", "lt", "le"), negation=False, brackets=False, null=False)
"""Names of operators have no case; ``and`` binds closer than ``or``."""

_JOINING = frozenset(("and", "or"))


def kept_filter(text: str, names: Names, limits: Limits = STANDARD_LIMITS) -> str:
    """A filter in kept names. **Raises** ``InvalidFilter`` for what 1.1 does not have, with the operators that it has.

    >>> from rollbook.scim.catalog_reader import standard_types
    >>> from rollbook.scim.wire.v1_form import SCIM11
    >>> from rollbook.scim.wire.v1_names import names
    >>> kept_filter('urn:scim:schemas:core:1.0:userName EQ "ann"', names(standard_types()[0], SCIM11))
    'userName EQ "ann"'
    """
    if len(text.encode("utf-8", "surrogatepass")) > limits.filter_bytes:
        raise InvalidFilter(f"The filter is longer than {limits.filter_bytes} bytes.")
    lower = text.lower()
    if names.plain and "urn:" not in lower and "schemas" not in lower:
        parse_filter(text, limits=limits, grammar=GRAMMAR)
        return text
    cut = lexer.tokens(text)
    kept = list(cut)
    for at, token in enumerate(cut[:-1]):
        following = cut[at + 1].lower()
        if token[0] != '"' and token.lower() not in _JOINING and (following in lexer.OPERATORS or following == "pr"):
            kept[at] = names.search_path(token)
            if at + 2 < len(cut) and kept[at].lower().rpartition(":")[2] == "schemas":
                kept[at + 2] = _urn(cut[at + 2], names)
    if kept != cut:
        text = " ".join(kept)
    parse_filter(text, limits=limits, grammar=GRAMMAR)
    return text


def _urn(token: str, names: Names) -> str:
    """The literal of a URN on the wire, as the literal of the kept one; every other token as it is."""
    if token[0] != '"' or len(token) < 2:
        return token
    try:
        urn = names.schema(str(lexer.literal(token)))
    except ValueError:
        return token
    return token if urn is None else orjson.dumps(urn).decode()
