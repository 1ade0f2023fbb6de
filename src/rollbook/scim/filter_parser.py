"""Filters and PATCH paths parsed (RFC 7644 §3.4.2.2 and §3.5.2): texts in, syntax trees out.

**Source**: the ABNF of RFC 7644, Figure 1, with errata 7319 (white space after ``not``, here optional) and 7322 (which
corrects 4690: brackets do not nest, everything else does inside of them). Beyond the ABNF, because clients send it:
``emails[type eq "work"].value eq "x"``, which is ``emails[type eq "work" and value eq "x"]``. ``eq null`` is ``not pr``
and ``ne null`` is ``pr``: null and missing are one thing (RFC 7643 §2.5).

A grammar rule stands above the function that parses it. A text whose masked tokens were seen before is not parsed
again: only its literals are read.
"""

import re
from dataclasses import dataclass
from typing import NoReturn

from rollbook.scim import lexer
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
from rollbook.scim.limits import STANDARD_LIMITS, Limits
from rollbook.scim.recent import Recent

_NAME = r"[A-Za-z$][A-Za-z0-9_$-]*"
_URI = r"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9:._~%/!$&*+,;=@?#-]+"
_ATTRIBUTE_PATH = re.compile(rf"(?:({_URI}):)?({_NAME})(?:\.({_NAME}))?")
_SUB_ATTRIBUTE = re.compile(rf"\.({_NAME})")
_BARE_URI = re.compile(_URI)

_UNQUOTED = "externalid"

_ATTRIBUTE = "an attribute such as userName or emails.value"
_VALUE = "a value: a JSON string in double quotes, a number, true, false or null"
_STRING = "a JSON string: closed by a double quote, with the escapes of JSON only, and white space behind it"
_CLOSING = {")": 'a closing ")"', "]": 'a closing "]"'}

_KEPT = 512
_LONGEST_KEPT = 64  # tokens: longer ones are rare, and keeping them would let clients fill the memory
_shapes: Recent[tuple[object, ...], Node] = Recent(_KEPT)
_paths: Recent[tuple[object, ...], tuple[AttributePath, Node | None, str | None]] = Recent(_KEPT)


@dataclass(frozen=True, slots=True, eq=False)
class Grammar:
    """What a version of the protocol has of the language; what it has not is a syntax error in it. One for each
    version: compared by identity, so that asking for a shape that is kept costs nothing more."""

    operators: tuple[str, ...] = tuple(lexer.OPERATORS)
    negation: bool = True
    brackets: bool = True
    null: bool = True

    @property
    def comparing(self) -> str:
        """What is expected behind an attribute."""
        return f"an operator ({', '.join(self.operators)} or pr)"


RFC7644 = Grammar()


def parse_filter(
    text: str,
    *,
    unquoted: bool = False,
    value_path_sub: bool = True,
    limits: Limits = STANDARD_LIMITS,
    grammar: Grammar = RFC7644,
) -> Filter:
    """Parse a filter.

    **Rules**: ``not`` binds closer than ``and``, ``and`` closer than ``or``; names of operators have no case.
    ``unquoted`` admits a word without quotes as the value of ``externalId``, and nowhere else; ``value_path_sub``
    admits ``emails[…].value eq "x"``; a ``grammar`` may have less than the RFC's.
    **Raises** ``InvalidFilter`` with the position (from 1) and what was expected there; no value is repeated in it.

    >>> parse_filter('userName eq "ann"').literals
    ('ann',)
    """
    cut = _cut(text, unquoted, limits, InvalidFilter)
    shape, literals = lexer.masked(cut)
    key = (limits.filter_depth, value_path_sub, grammar, *shape)
    node = _shapes.get(key)
    if node is None:
        node = _Parser(text, shape, limits.filter_depth, InvalidFilter, value_path_sub, grammar).whole_filter()
        if len(shape) <= _LONGEST_KEPT:
            _shapes.put(key, node)
    return Filter(node, _literals(text, shape, literals, InvalidFilter), text)


def parse_path_parts(text: str, *, limits: Limits = STANDARD_LIMITS) -> tuple[AttributePath, Filter | None, str | None]:
    """Parse a PATCH path into its attribute, the filter in its brackets and the sub-attribute behind them.

    **Rules**: a bare schema URI is an attribute path too; the part after its last colon is then its ``name``, and the
    name is empty where that part is none. **Raises** ``InvalidPath`` as ``parse_filter`` does ``InvalidFilter``.
    """
    cut = _cut(text, False, limits, InvalidPath)
    shape, literals = lexer.masked(cut)
    key = (limits.filter_depth, *shape)
    parts = _paths.get(key)
    if parts is None:
        parts = _Parser(text, shape, limits.filter_depth, InvalidPath).whole_path()
        if len(shape) <= _LONGEST_KEPT:
            _paths.put(key, parts)
    attribute, node, sub = parts
    read = _literals(text, shape, literals, InvalidPath)
    return attribute, None if node is None else Filter(node, read, text), sub


def parse_attribute_path(text: str) -> AttributePath | None:
    """An attribute path alone (``sortBy``, ``attributes``), or None where the text is none."""
    match = _ATTRIBUTE_PATH.fullmatch(text)
    return AttributePath(match[1], match[2], match[3]) if match else None


def position(text: str, token: int) -> int:
    """Where a token stands in its text, counted from 1; behind the text where there is no such token."""
    places = lexer.places(text)
    return (places[token] if token < len(places) else len(text)) + 1


_Refusal = type[InvalidFilter] | type[InvalidPath]


def _cut(text: str, unquoted: bool, limits: Limits, refusal: _Refusal) -> list[str]:
    if len(text) > limits.filter_bytes or (
        not text.isascii() and len(text.encode("utf-8", "surrogatepass")) > limits.filter_bytes
    ):
        raise refusal(f"The {_NOUNS[refusal]} is longer than {limits.filter_bytes} bytes.")
    cut = lexer.tokens(text)
    return lexer.quoted(cut, _UNQUOTED) if unquoted else cut


def _literals(text: str, shape: list[str], raw: list[str], refusal: _Refusal) -> tuple[Literal, ...]:
    try:
        return tuple([lexer.literal(token) for token in raw])
    except ValueError:
        pass
    masks = [number for number, token in enumerate(shape) if token in lexer.MASKS]
    for number, token in zip(masks, raw, strict=True):
        try:
            lexer.literal(token)
        except ValueError:
            _refuse(refusal, text, number, f"{_VALUE}; numbers have at most 64 bits, strings no NUL")
    raise AssertionError("unreachable: the same literals were refused before")


def _refuse(refusal: _Refusal, text: str, token: int, expected: str) -> NoReturn:
    raise refusal(f"The {_NOUNS[refusal]} is wrong at position {position(text, token)}: expected {expected}.") from None


_NOUNS: dict[_Refusal, str] = {InvalidFilter: "filter", InvalidPath: "path"}


class _Parser:
    """Recursive descent over masked tokens. The depth is counted, so the stack is bounded."""

    __slots__ = ("at", "depth", "grammar", "greatest_depth", "literals", "refusal", "shape", "text", "value_path_sub")

    def __init__(
        self,
        text: str,
        shape: list[str],
        greatest_depth: int,
        refusal: _Refusal,
        value_path_sub: bool = False,
        grammar: Grammar = RFC7644,
    ) -> None:
        self.text = text
        self.shape = shape
        self.greatest_depth = greatest_depth
        self.refusal = refusal
        self.value_path_sub = value_path_sub
        self.grammar = grammar
        self.at = 0
        self.depth = 0
        self.literals = 0

    def expected(self, what: str) -> NoReturn:
        _refuse(self.refusal, self.text, self.at, what)

    @property
    def here(self) -> str:
        """The token that comes next, or nothing at the end."""
        return self.shape[self.at] if self.at < len(self.shape) else ""

    def took(self, keyword: str) -> bool:
        if self.here.lower() != keyword:
            return False
        self.at += 1
        return True

    def open(self) -> None:
        self.depth += 1
        if self.depth > self.greatest_depth:
            self.expected(f"at most {self.greatest_depth} levels of parentheses and brackets")
        self.at += 1

    def close(self, bracket: str) -> None:
        if self.here != bracket:
            self.expected(f"and, or, or {_CLOSING[bracket]}")
        self.at += 1
        self.depth -= 1

    def whole_filter(self) -> Node:
        node = self.filter(inside=False)
        if self.here:
            self.expected("and, or, or the end of the filter")
        return node

    # PATH = attrPath / valuePath [subAttr]
    def whole_path(self) -> tuple[AttributePath, Node | None, str | None]:
        if len(self.shape) == 1 and _BARE_URI.fullmatch(self.here) and not _ATTRIBUTE_PATH.fullmatch(self.here):
            return AttributePath(self.here, "", None), None, None
        path = self.attribute_path()
        if self.here != "[":
            if self.here:
                self.expected('"[" or the end of the path')
            return path, None, None
        node = self.bracketed(path)
        sub = self.sub_attribute()
        if self.here:
            self.expected("a sub-attribute such as .value, or the end of the path")
        return path, node, sub

    # FILTER = term *( "or" term )                         the ABNF's logExp, with the precedence that the text gives it
    def filter(self, *, inside: bool) -> Node:
        terms = [self.term(inside)]
        while self.took("or"):
            terms.append(self.term(inside))
        return terms[0] if len(terms) == 1 else Or(tuple(terms))

    # term = factor *( "and" factor )
    def term(self, inside: bool) -> Node:
        factors = [self.factor(inside)]
        while self.took("and"):
            factors.append(self.factor(inside))
        return factors[0] if len(factors) == 1 else And(tuple(factors))

    # factor = *1"not" "(" FILTER ")" / attrExp / valuePath
    def factor(self, inside: bool) -> Node:
        negated = self.grammar.negation and self.took("not")
        if self.here == "(":
            self.open()
            node = self.filter(inside=inside)
            self.close(")")
            return Not(node) if negated else node
        if negated:
            self.expected('"(" after not')
        return self.expression(inside)

    # attrExp = attrPath SP "pr" / attrPath SP compareOp SP compValue
    # valuePath = attrPath "[" valFilter "]"              and, beyond the ABNF, [ subAttr SP ( "pr" / compareOp … ) ]
    def expression(self, inside: bool) -> Node:
        path = self.attribute_path()
        if self.here != "[" or not self.grammar.brackets:
            return self.comparison(path)
        if inside:
            self.expected("no brackets inside of brackets")
        node = self.bracketed(path)
        at = self.at
        sub = self.sub_attribute() if self.value_path_sub else None
        if sub is None:
            return ValuePath(path, node)
        more = self.comparison(AttributePath(None, sub, None, at))
        return ValuePath(path, And((*node.filters, more) if isinstance(node, And) else (node, more)))

    def bracketed(self, path: AttributePath) -> Node:
        if path.sub is not None:
            self.expected("no brackets after a sub-attribute")
        self.open()
        node = self.filter(inside=True)
        self.close("]")
        return node

    def comparison(self, path: AttributePath) -> Node:
        if self.took("pr"):
            return Present(path)
        operator = lexer.OPERATORS.get(self.here.lower())
        if operator is None or operator not in self.grammar.operators:
            self.expected(self.grammar.comparing)
        self.at += 1
        if self.grammar.null and self.here.lower() == "null":
            if operator not in (Operator.EQ, Operator.NE):
                self.expected(f"a value other than null after {operator}")
            self.at += 1
            return Not(Present(path)) if operator is Operator.EQ else Present(path)
        if self.here not in lexer.MASKS:
            self.expected(_STRING if self.here == '"' else _VALUE)
        self.at += 1
        self.literals += 1
        return Comparison(path, operator, self.literals - 1)

    # attrPath = [URI ":"] ATTRNAME *1subAttr             the URI ends at the last colon; it may hold colons and dots
    def attribute_path(self) -> AttributePath:
        match = _ATTRIBUTE_PATH.fullmatch(self.here)
        if match is None:
            self.expected(_ATTRIBUTE)
        self.at += 1
        return AttributePath(match[1], match[2], match[3], self.at - 1)

    # subAttr = "." ATTRNAME
    def sub_attribute(self) -> str | None:
        match = _SUB_ATTRIBUTE.fullmatch(self.here)
        if match is None:
            return None
        self.at += 1
        return match[1]
