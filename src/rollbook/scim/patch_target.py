"""What the path of a PATCH operation means for one resource type (RFC 7644 §3.5.2, Figure 7)."""

from collections.abc import Iterator
from dataclasses import dataclass

from rollbook.scim.attributes import Attribute
from rollbook.scim.binding import BoundFilter
from rollbook.scim.compiled import kept_on_type
from rollbook.scim.errors import InvalidPath
from rollbook.scim.filter import And, Comparison, Filter, Literal, Node, Operator
from rollbook.scim.limits import STANDARD_LIMITS, Limits
from rollbook.scim.path import bind_path, parse_path
from rollbook.scim.recent import Recent
from rollbook.scim.schema import Place, ResourceType, Schema
from rollbook.scim.tolerances import Tolerances

_KEPT = 256
_LONGEST_KEPT = 128


@dataclass(frozen=True, slots=True)
class Target:
    """A path, bound: a place, elements of it, a part of those; or, without a place, a whole extension or resource."""

    extension: Schema | None = None
    place: Place | None = None
    filter: BoundFilter | None = None
    syntax: Filter | None = None
    """``filter`` as the client wrote it."""
    sub: Attribute | None = None
    """The sub-attribute after the place, or after its brackets."""

    @property
    def name(self) -> str:
        """The path without its filter: for notes, which hold no values."""
        if self.place is None:
            return self.extension.id if self.extension else ""
        return self.place.name + (f".{self.sub.name}" if self.sub and not self.place.sub else "")

    @property
    def has_boolean_text(self) -> bool:
        """Whether the filter says ``"True"`` where it means ``true``."""
        if self.filter is None or self.syntax is None:
            return False
        pairs = zip(self.syntax.literals, self.filter.operands, strict=True)
        return any(isinstance(literal, str) and isinstance(operand, bool) for literal, operand in pairs)


class UnknownTarget(InvalidPath):
    """The path is well-formed, but this type has no such attribute."""


def find_target(type: ResourceType, path: str, tolerances: Tolerances, limits: Limits = STANDARD_LIMITS) -> Target:
    """Bind a path.

    **Raises** ``InvalidPath`` for its form, ``UnknownTarget`` for an attribute that is not there, ``InvalidFilter`` for
    what the brackets ask (a secret, a type that cannot be compared so).
    """
    targets = _targets(type)
    known = targets.get(path)
    if known is not None and known[0] is tolerances:
        return known[1]
    target = _find(type, path, tolerances, limits)
    if target.filter is None and len(path) <= _LONGEST_KEPT:
        targets.put(path, (tolerances, target))
    return target


@kept_on_type
def _targets(type: ResourceType) -> Recent[str, tuple[Tolerances, Target]]:
    """What paths without a filter mean for a type: few are in use, and they hold no values."""
    return Recent(_KEPT)


def _find(type: ResourceType, path: str, tolerances: Tolerances, limits: Limits) -> Target:
    if path.lower() == type.schema.id.lower():
        return Target()
    parsed = parse_path(path, limits=limits)
    try:
        bound = bind_path(parsed, type, boolean_text=tolerances.boolean_text)
    except InvalidPath as error:
        raise UnknownTarget(error.detail) from None
    sub = bound.sub or (bound.place.sub if bound.place else None)
    return Target(bound.extension, bound.place, bound.filter, parsed.filter, sub)


def described(filter: Filter, attribute: Attribute) -> list[tuple[Attribute, Literal]] | None:
    """The element that a filter of ``eq`` and ``and`` describes, as sub-attributes and values; None for others."""
    parts = []
    for comparison in _conjuncts(filter.shape):
        sub = attribute.sub(comparison.path.name) if isinstance(comparison, Comparison) else None
        if sub is None or not isinstance(comparison, Comparison) or comparison.operator is not Operator.EQ:
            return None
        parts.append((sub, filter.literals[comparison.literal]))
    return parts


def _conjuncts(node: Node) -> Iterator[Node]:
    if isinstance(node, And):
        for inner in node.filters:
            yield from _conjuncts(inner)
    else:
        yield node
