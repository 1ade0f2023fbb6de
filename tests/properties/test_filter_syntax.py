"""Printing a filter and parsing it again gives the same filter; whatever else is parsed is a filter or refused."""

import json
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from rollbook.scim.errors import InvalidFilter, InvalidPath
from rollbook.scim.filter import (
    And,
    AttributePath,
    Comparison,
    Filter,
    Literal,
    Node,
    Not,
    Operator,
    Or,
    Present,
    ValuePath,
)
from rollbook.scim.filter_parser import parse_filter, parse_path_parts

NAMES = st.from_regex(r"[A-Za-z$][A-Za-z0-9_$-]{0,8}", fullmatch=True).filter(lambda name: name.lower() != "not")
URNS = st.none() | st.from_regex(r"urn:[a-z0-9:.]{1,20}", fullmatch=True)
LITERALS: st.SearchStrategy[Literal] = (
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
)
PATHS = st.builds(AttributePath, URNS, NAMES, st.none() | NAMES)
LEAVES = st.builds(Present, PATHS) | st.builds(Comparison, PATHS, st.sampled_from(Operator), st.just(0))


def joined(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(inner, min_size=2, max_size=4).map(tuple)
    return st.builds(And, several) | st.builds(Or, several) | st.builds(Not, inner)


INSIDE: st.SearchStrategy[Node] = st.recursive(LEAVES, joined, max_leaves=5)
VALUE_PATHS = st.builds(ValuePath, st.builds(AttributePath, URNS, NAMES, st.none()), INSIDE)
NODES: st.SearchStrategy[Node] = st.recursive(LEAVES | VALUE_PATHS, joined, max_leaves=8)


def numbered(node: Node, counter: list[int]) -> Node:
    """The node with its literals numbered in the order in which they will be printed."""
    match node:
        case Comparison(path, operator, _):
            counter[0] += 1
            return Comparison(path, operator, counter[0] - 1)
        case ValuePath(path, inner):
            return ValuePath(path, numbered(inner, counter))
        case Not(inner):
            return Not(numbered(inner, counter))
        case And(filters):
            return And(tuple(numbered(f, counter) for f in filters))
        case Or(filters):
            return Or(tuple(numbered(f, counter) for f in filters))
    return node


def printed_path(path: AttributePath) -> str:
    return (f"{path.urn}:" if path.urn else "") + path.name + (f".{path.sub}" if path.sub else "")


def printed(node: Node, literals: tuple[Literal, ...]) -> str:
    def nested(inner: Node, *kinds: type) -> str:
        return f"({printed(inner, literals)})" if isinstance(inner, kinds) else printed(inner, literals)

    match node:
        case Present(path):
            return f"{printed_path(path)} pr"
        case Comparison(path, operator, literal):
            return f"{printed_path(path)} {operator} {json.dumps(literals[literal], ensure_ascii=False)}"
        case ValuePath(path, inner):
            return f"{printed_path(path)}[{printed(inner, literals)}]"
        case Not(inner):
            return f"not ({printed(inner, literals)})"
        case And(filters):
            return " and ".join(nested(f, And, Or) for f in filters)
        case Or(filters):
            return " or ".join(nested(f, Or) for f in filters)


@st.composite
def filters(draw: st.DrawFn) -> Filter:
    counter = [0]
    shape = numbered(draw(NODES), counter)
    return Filter(shape, tuple(draw(st.lists(LITERALS, min_size=counter[0], max_size=counter[0]))))


@settings(deadline=None, max_examples=300)
@given(filters())
def test_parsing_what_was_printed_gives_the_same_filter(original: Filter) -> None:
    assert parse_filter(printed(original.shape, original.literals)) == original


FRAGMENTS = st.sampled_from(
    [
        "userName",
        "emails",
        ".value",
        "urn:a:b:",
        " ",
        " eq ",
        " pr",
        " and ",
        " or ",
        "not ",
        "(",
        ")",
        "[",
        "]",
        '"',
        '"x"',
        "\\",
        "\\u12",
        "1",
        "-",
        "true",
        "null",
        "'",
        "\x00",
        "\ud800",
        "ä",
        "\xa0",
    ]
)


@settings(deadline=None, max_examples=500)
@given(st.lists(FRAGMENTS, max_size=30).map("".join) | st.text())
def test_109_any_text_is_a_filter_and_a_path_or_is_refused_as_such(text: str) -> None:
    for unquoted in (False, True):
        try:
            parsed = parse_filter(text, unquoted=unquoted)
        except InvalidFilter:
            continue
        assert parse_filter(printed(parsed.shape, parsed.literals)) == parsed
    with suppress(InvalidPath):
        parse_path_parts(text)
