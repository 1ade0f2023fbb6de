"""Filters as syntax trees (RFC 7644 §3.4.2.2): what a client wrote, before any schema has judged it.

A tree holds no values: a comparison says *which* literal it compares with, by its position in ``Filter.literals``. So
two filters that differ in their literals only have one tree, the *shape*, and whatever is made of a shape (its binding,
its SQL) is made once. The parser is in ``filter_parser``, the meaning in ``match``.
"""

from dataclasses import dataclass, field
from enum import StrEnum

Literal = str | bool | int | float | None
"""A JSON scalar as it stood in the filter (``compValue``)."""


class Operator(StrEnum):
    EQ = "eq"
    NE = "ne"
    CO = "co"
    SW = "sw"
    EW = "ew"
    GT = "gt"
    GE = "ge"
    LT = "lt"
    LE = "le"


@dataclass(frozen=True, slots=True)
class AttributePath:
    """``[urn:]name[.sub]`` as the client spelled it; ``urn`` without its closing colon."""

    urn: str | None
    name: str
    sub: str | None
    at: int = field(default=0, compare=False)
    """The number of its token in ``Filter.text`` (``lexer.places`` says where that is), for error messages."""


@dataclass(frozen=True, slots=True)
class Present:
    path: AttributePath


@dataclass(frozen=True, slots=True)
class Comparison:
    path: AttributePath
    operator: Operator
    literal: int
    """Position in ``Filter.literals``."""


@dataclass(frozen=True, slots=True)
class ValuePath:
    """``path[filter]``: one element has to satisfy the whole filter. The paths inside are relative to the element."""

    path: AttributePath
    filter: "Node"


@dataclass(frozen=True, slots=True)
class Not:
    filter: "Node"


@dataclass(frozen=True, slots=True)
class And:
    filters: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Or:
    filters: tuple["Node", ...]


Node = Present | Comparison | ValuePath | Not | And | Or


@dataclass(frozen=True, slots=True)
class Filter:
    """A parsed filter: its shape and the values in it, in the order written.

    ``text`` is what was parsed, for the positions in error messages; no log and no answer shows it.
    """

    shape: Node
    literals: tuple[Literal, ...]
    text: str = field(default="", compare=False, repr=False)
