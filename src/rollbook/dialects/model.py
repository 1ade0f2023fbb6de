"""What a dialect is: data, with the RFC's value for everything (``STANDARD``).

The axes on which products differ are the fields here; what is not data yet (another wire version, sessions, hooks) has
its place in this class when a dialect needs it.
"""

from dataclasses import dataclass, field, replace

from rollbook.dialects.routes import RouteTable
from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.limits import STANDARD_LIMITS, Limits
from rollbook.scim.presets import STANDARD_TERMS, Terms
from rollbook.scim.schema import ResourceType
from rollbook.scim.tolerances import Tolerances


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
    routes: RouteTable = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "routes", RouteTable(self.types))

    @property
    def tolerances(self) -> Tolerances:
        """What is accepted beyond the RFCs."""
        return self.terms.tolerances

    def under(self, terms: Terms) -> "Dialect":
        """The same, as it is spoken by a connection with these terms."""
        return self if terms is self.terms else replace(self, terms=terms, limits=terms.limits(self.limits))


def standard(limits: Limits = STANDARD_LIMITS) -> Dialect:
    """The dialect of RFC 7643 and RFC 7644."""
    return Dialect("standard", "/scim/v2", standard_types(), limits=limits)


@dataclass(frozen=True, slots=True)
class Address:
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
    for dialect in dialects:
        fits = below.startswith(dialect.base) and below[len(dialect.base) : len(dialect.base) + 1] in ("", "/")
        if fits and (best is None or len(dialect.base) > len(best.base)):
            best = dialect
    return Address(best, tenant, below[len(best.base) :]) if best else None
