"""What a dialect is: data, with the RFC's value for everything (``STANDARD``).

A house's dialects are made together (``load``), because they share what is kept: each resource type is kept with the
extensions of all of them, and each dialect sees its part (``overlay``). A dialect of a request is the house's own, as
its tenant has it (``of_tenant``: the tenant's catalogue; ``configured``: its settings), under the terms of its
connection (``under``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from rollbook.dialects.overlay import Extensions, configured, overlaid, viewed, widened
from rollbook.dialects.plan import Credentials, Departure, OAuth, Plan, Setting, TypePlan
from rollbook.dialects.routes import EVERYTHING, RouteTable
from rollbook.scim.attributes import Attribute, Held
from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.discovery import STANDARD_FEATURES, Features
from rollbook.scim.limits import STANDARD_LIMITS, Limits
from rollbook.scim.presets import STANDARD_TERMS, Terms
from rollbook.scim.schema import ResourceType, Schema
from rollbook.scim.tolerances import Tolerances
from rollbook.scim.wire.v1_form import Form


@dataclass(frozen=True, slots=True, eq=False)
class Dialect:
    """One product's way of speaking SCIM.

    ``base`` is where it is served, below the host or below what names the tenant, without a closing slash; ``terms``
    are a connection's (``under``).
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
    title: str = ""
    about: str = ""
    parent: str | None = None
    bases: tuple[str, ...] = ()
    """All addresses where it is served; none said: ``base``."""
    location: str = ""
    """The base in ``meta.location``; none said: the one that was asked."""
    docs: tuple[str, ...] = ()
    """Where the page about the API is, beside the house's own."""
    openapi: tuple[str, ...] = ()
    """Where the document behind it is."""
    prefixes: tuple[str, ...] = ()
    """Addresses before a base that name the tenant, with ``{tenant}``, beside ``/t/{tenant}``."""
    plan: Plan = EVERYTHING
    features: Features = STANDARD_FEATURES
    credentials: Credentials = field(default_factory=Credentials)
    oauth: OAuth = field(default_factory=OAuth)
    settings: tuple[Setting, ...] = ()
    """What a tenant may set."""
    connection: Mapping[str, str] = field(default_factory=dict)
    """The settings that a new connection gets, as an operator writes them."""
    departures: tuple[Departure, ...] = ()
    views: Mapping[str, TypePlan] | None = None
    """How it sees the standard's types, by name; None: as they are."""
    extensions: Extensions = field(default_factory=dict)
    """Of all dialects of the house: what is kept beside what this one sees."""
    max_page: int | None = None
    default_page: int | None = None
    routes: RouteTable = field(init=False)
    member_types: tuple[ResourceType, ...] = field(init=False)
    """The types whose resources can be in a group: those that the schema of its members names."""
    strangers: Mapping[int, str] = field(init=False)
    """The names of the other types, by number."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "routes", RouteTable(self.types, self.plan))
        named = {name for type in self.types if (held := type.held(Held.MEMBERS)) for name in _referred(held)}
        object.__setattr__(self, "member_types", tuple(type for type in self.types if type.name in named))
        object.__setattr__(self, "strangers", {t.number: t.name for t in self.types if named and t.name not in named})
        if not self.bases:
            object.__setattr__(self, "bases", (self.base,))

    @property
    def tolerances(self) -> Tolerances:
        """What is accepted beyond the RFCs."""
        return self.terms.tolerances

    def under(self, terms: Terms) -> "Dialect":
        """The same, as it is spoken by a connection with these terms."""
        return self if terms is self.terms else replace(self, terms=terms, limits=terms.limits(self.limits))

    def of_tenant(self, types: tuple[ResourceType, ...], unused: tuple[Schema, ...], revision: int) -> "Dialect":
        """The same, with the types that a tenant has: ``types`` are the standard dialect's, with the tenant's own."""
        return replace(self, types=self.seen(types), unused=unused if self.views is None else (), revision=revision)

    def configured(self, settings: Mapping[str, Any]) -> "Dialect":
        """The same, as a tenant with these settings has it."""
        if not self.settings or self.views is None:
            return self
        whole = self.set_by(settings)
        form = self.form.switched(whole) if self.form is not None else None
        return replace(self, form=form, types=tuple(configured(t, self.views[t.name], whole) for t in self.types))

    def set_by(self, settings: Mapping[str, Any]) -> Mapping[str, Any]:
        """All settings: the tenant's, and the defaults of what it has not set."""
        return {one.name: settings.get(one.name, one.default) for one in self.settings}

    def kept(self) -> "Dialect":
        """The dialect that sees everything that is kept: for exports, imports and the operator."""
        return replace(self, types=tuple(type.whole for type in self.types))

    def seen(self, types: tuple[ResourceType, ...]) -> tuple[ResourceType, ...]:
        """The standard's types, perhaps with a tenant's own, as this dialect sees them."""
        kept = widened(types, self.extensions)
        pairs = list(zip(types, kept, strict=True))
        if self.views is None:
            return tuple(viewed(type, wide) for type, wide in pairs)
        return tuple(overlaid(self.views[type.name], type, wide) for type, wide in pairs if type.name in self.views)


def _referred(members: Attribute) -> tuple[str, ...]:
    reference = members.sub("$ref")
    return reference.reference_types if reference else ()


def standard(limits: Limits = STANDARD_LIMITS) -> Dialect:
    """The dialect of RFC 7643 and RFC 7644, in a house that speaks no other."""
    return Dialect("standard", "/scim/v2", standard_types(), limits=limits)
