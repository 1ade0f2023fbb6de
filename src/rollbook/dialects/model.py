"""What a dialect is: data, with the RFC's value for everything (``STANDARD``).

The axes on which products differ are the fields here; what is not data yet (another wire version, sessions, hooks) has
its place in this class when a dialect needs it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from rollbook.dialects.routes import RouteTable
from rollbook.scim.attributes import Attribute, Held
from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.limits import STANDARD_LIMITS, Limits
from rollbook.scim.presets import STANDARD_TERMS, Terms
from rollbook.scim.schema import ResourceType, Schema
from rollbook.scim.tolerances import Tolerances
from rollbook.scim.wire.v1_form import Form


@dataclass(frozen=True, slots=True, eq=False)
class Dialect:
    """One product's way of speaking SCIM.

    ``base`` is where it is served, below the host or below ``/t/{tenant}``, without a closing slash. ``terms`` are a
    connection's (``under``).
    """

    name: str
    base: str
    types: tuple[ResourceType, ...]
    terms: Terms = STANDARD_TERMS
    limits: Limits = STANDARD_LIMITS
    revision: int = 0
    """Of the tenant's catalogue, where this is a tenant's own (``of_tenant``)."""
    unused: tuple[Schema, ...] = ()
    """The tenant's schemas that no type uses."""
    form: Form | None = None
    """How it speaks the wire of SCIM 1.1; None: it speaks 2.0."""
    routes: RouteTable = field(init=False)
    member_types: tuple[ResourceType, ...] = field(init=False)
    """The types whose resources can be in a group: those that the schema of its members names."""
    strangers: Mapping[int, str] = field(init=False)
    """The names of the other types, by number."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "routes", RouteTable(self.types))
        named = {name for type in self.types if (held := type.held(Held.MEMBERS)) for name in _referred(held)}
        object.__setattr__(self, "member_types", tuple(type for type in self.types if type.name in named))
        object.__setattr__(self, "strangers", {t.number: t.name for t in self.types if t.name not in named})

    @property
    def tolerances(self) -> Tolerances:
        """What is accepted beyond the RFCs."""
        return self.terms.tolerances

    def under(self, terms: Terms) -> "Dialect":
        """The same, as it is spoken by a connection with these terms."""
        return self if terms is self.terms else replace(self, terms=terms, limits=terms.limits(self.limits))

    def of_tenant(self, types: tuple[ResourceType, ...], unused: tuple[Schema, ...], revision: int) -> "Dialect":
        """The same, with the types that a tenant has."""
        return replace(self, types=types, unused=unused, revision=revision)


def _referred(members: Attribute) -> tuple[str, ...]:
    reference = members.sub("$ref")
    return reference.reference_types if reference else ()


def standard(limits: Limits = STANDARD_LIMITS) -> Dialect:
    """The dialect of RFC 7643 and RFC 7644."""
    return Dialect("standard", "/scim/v2", standard_types(), limits=limits)


class Address(NamedTuple):
    """What a path says before its route: the dialect, the tenant that it names (or None), and the rest."""

    dialect: Dialect
    tenant: str | None
    rest: str


def find_address(dialects: tuple[Dialect, ...], path: str) -> Address | None:
    """The dialect that answers at a path; the longest base that fits wins. None: nobody does.

    >>> find_address((standard(),), "/t/acorn/scim/v2/Users").tenant
    'acorn'
    """
    tenant = None
    below = path
    if path.startswith("/t/"):
        tenant, slash, below = path[3:].partition("/")
        below = slash + below
        if not tenant:
            return None
    best: Dialect | None = None
    length = -1
    for dialect in dialects:
        base = dialect.base
        if len(base) > length and below.startswith(base) and below[len(base) : len(base) + 1] in ("", "/"):
            best, length = dialect, len(base)
    return Address(best, tenant, below[length:]) if best else None
