"""What a dialect is: data, with the RFC's value for everything (``STANDARD``).

A house's dialects are made together (``load``), because they share what is kept: each resource type is kept with the
extensions of all of them, and each dialect sees its part (``overlay``). A dialect of a request is the house's own, as
its tenant has it (``of_tenant``: the tenant's catalogue; ``configured``: its settings), under the terms of its
connection (``under``).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

from rollbook.dialects.checks import problems
from rollbook.dialects.overlay import Extensions, configured, overlaid, own_extensions, viewed, widened
from rollbook.dialects.plan import OPERATIONS, Credentials, Departure, OAuth, Plan, Setting, TypePlan
from rollbook.dialects.reader import DialectError, Read, Source, Tell, raised, read_all
from rollbook.dialects.routes import EVERYTHING, RouteTable
from rollbook.scim.attributes import Attribute, Held
from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.discovery import STANDARD_FEATURES, Features
from rollbook.scim.limits import STANDARD_LIMITS, Limits
from rollbook.scim.presets import STANDARD_TERMS, Terms
from rollbook.scim.schema import Extension, ResourceType, Schema
from rollbook.scim.tolerances import Tolerances
from rollbook.scim.wire.v1_form import Form

NO_EXTENSIONS: Extensions = {}


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


def catalog_sources() -> tuple[Source, ...]:
    """The dialect files of this package."""
    folder = files("rollbook.dialects") / "catalog"
    found = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return tuple(Source(name, (folder / name).read_text("utf-8")) for name in found)


def load(sources: Iterable[Source], limits: Limits = STANDARD_LIMITS, tell: Tell = raised) -> tuple[Dialect, ...]:
    """The dialects of a house, the standard first.

    **Rules**: ``tell`` is told each thing that is wrong, as a ``DialectError``; where it returns, the file is left out.
    """
    made = []
    for read in read_all(sources, tell):
        wrong = list(problems(read))
        for problem in wrong:
            tell(problem)
        if not wrong:
            made.append((read, _read(read, limits)))
    types = standard_types()
    house = {name: tuple(found) for name, found in _extensions(made, tell).items() if found}
    taken: dict[str, str] = {}
    dialects = []
    for read, dialect in made:
        wrong = []
        for position, base in enumerate(dialect.bases):
            other = taken.setdefault(base.lower(), dialect.name)
            if other != dialect.name:
                wrong.append(read.wrong(("address", "bases", position), f"{base} is the address of {other} already"))
        wrong += _wrong_views(read, dialect, types)
        for problem in wrong:
            tell(problem)
        if not wrong:
            wide = replace(dialect, extensions=house)
            dialects.append(replace(wide, types=wide.seen(types)))
    return tuple(sorted(dialects, key=lambda d: d.name != "standard"))


def _wrong_views(read: Read, dialect: Dialect, types: Iterable[ResourceType]) -> list[DialectError]:
    found: list[DialectError] = []
    for type in types:
        if plan := (dialect.views or {}).get(type.name):
            overlaid(plan, type, type, lambda error: found.append(read.wrong(error.path, str(error))))
    return found


def _extensions(made: Iterable[tuple[Read, Dialect]], tell: Tell) -> dict[str, list[Extension]]:
    """The extensions of all dialects, by resource type, each schema once."""
    found: dict[str, list[Extension]] = {}
    first: dict[tuple[str, str], tuple[str, Any]] = {}
    for read, dialect in made:
        for plan in (dialect.views or {}).values():
            for position, extension in enumerate(own_extensions(plan)):
                urn = extension.schema.id
                document = {**plan.extensions[position], "required": False, "key": ""}
                owner, known = first.setdefault((plan.name, urn.lower()), (dialect.name, document))
                if known is document:
                    found.setdefault(plan.name, []).append(extension)
                elif known != document:
                    where = ("types", plan.name, "extension", position)
                    tell(read.wrong(where, f"{owner} has a schema {urn} already, and it says something else"))
    return found


@lru_cache(8)
def catalog(limits: Limits = STANDARD_LIMITS) -> tuple[Dialect, ...]:
    """The dialects of this package."""
    return load(catalog_sources(), limits)


def _read(read: Read, limits: Limits) -> Dialect:
    table = read.table
    address, pages = table.get("address", {}), table.get("pages", {})
    views = {name: _type_plan(name, plan) for name, plan in table.get("types", {}).items() if plan.get("operations")}
    bases = tuple(address.get("bases", ()))
    features, limits = _features(read, pages), _limits(pages, limits)
    is_standard = read.name == "standard"
    plan = Plan(
        operations=None if is_standard else {name: frozenset(one.operations) for name, one in views.items()},
        offers=frozenset(table.get("offers", ())),
        absent=tuple(address.get("absent", ())),
        names=address.get("names", {}),
        any_case=address.get("any_case", False),
        query_method=address.get("query_method", False),
    )
    return Dialect(
        name=read.name,
        base=bases[0],
        types=(),
        limits=limits,
        form=_form(read) if table.get("wire") == "1.1" else None,
        title=table.get("title", read.name),
        about=table.get("about", ""),
        parent=read.extends,
        bases=bases,
        location=address.get("location", ""),
        prefixes=tuple(address.get("prefixes", ())),
        docs=tuple(address.get("docs", ())),
        openapi=tuple(address.get("openapi", ())),
        plan=plan,
        features=features,
        credentials=_credentials(table.get("credentials", {})),
        oauth=_oauth(table.get("oauth", {})),
        settings=tuple(_setting(name, one) for name, one in table.get("settings", {}).items()),
        connection=table.get("connection", {}),
        departures=tuple(_departure(one) for one in table.get("departure", ())),
        views=None if is_standard else views,
        max_page=pages.get("most"),
        default_page=pages.get("default"),
    )


def _type_plan(name: str, plan: Mapping[str, Any]) -> TypePlan:
    wanted = plan.get("attributes")
    return TypePlan(
        name,
        plan.get("endpoint", ""),
        tuple(plan.get("operations", OPERATIONS)),
        None if wanted is None else tuple(wanted),
        tuple(plan.get("without", ())),
        plan.get("others", "refuse"),
        plan.get("change", {}),
        tuple(plan.get("extension", ())),
        plan.get("rules", ""),
        tuple(plan.get("drop", ())),
    )


def _features(read: Read, pages: Mapping[str, Any]) -> Features:
    said = dict(read.table.get("features", {}))
    documentation = said.pop("documentation", None)
    schemes = tuple(read.table.get("scheme", ())) or STANDARD_FEATURES.authentication
    made = replace(STANDARD_FEATURES, **said, authentication=schemes)
    return replace(made, documentation=documentation) if documentation else made


def _limits(pages: Mapping[str, Any], limits: Limits) -> Limits:
    most = min(pages.get("most", limits.max_page), limits.max_page)
    return replace(limits, max_page=most, default_page=min(pages.get("default", limits.default_page), most))


def _credentials(said: Mapping[str, Any]) -> Credentials:
    return replace(Credentials(**said), session_header=said.get("session_header", "").lower())


def _oauth(said: Mapping[str, Any]) -> OAuth:
    scopes = {name: tuple(ours) for name, ours in said.get("scopes", {}).items()}
    return OAuth(**{**said, "scopes": scopes})


def _form(read: Read) -> Form:
    said = read.table.get("form", {})
    made: dict[str, Any] = {}
    for name, value in said.items():
        default = getattr(_PLAIN_FORM, name)
        if isinstance(value, list):
            value = type(default)(value)
        elif isinstance(value, dict):
            value = {key: tuple(one) if isinstance(one, list) else one for key, one in value.items()}
        made[name] = value
    return Form(**made)


_PLAIN_FORM = Form()


def _setting(name: str, said: Mapping[str, Any]) -> Setting:
    kind = said.get("type", "text")
    empty: dict[str, Any] = {"text": "", "flag": False, "number": 0, "texts": (), "tree": {}}
    return Setting(
        name, kind, said.get("default", empty[kind]), said.get("about", ""), said.get("least"), said.get("most")
    )


def _departure(said: Mapping[str, Any]) -> Departure:
    return Departure(said["id"], said["clause"], said["what"], said["why"], said.get("choice", False))


class Address(NamedTuple):
    """What a path says before its route: the dialect, the tenant that it names (or None), and the rest.

    ``before`` is what stands before the base, with ``{tenant}``; ``base`` is the base that was asked.
    """

    dialect: Dialect
    tenant: str | None
    rest: str
    before: str = ""
    base: str = ""


class _Place(NamedTuple):
    base: str
    dialect: Dialect


_KEPT = 1000
"""Addresses without their last part that are remembered: for each tenant that addresses name, some endpoints."""


class _Map:
    """Where the dialects of a house are: made once, asked with every request."""

    def __init__(self, dialects: Sequence[Dialect]) -> None:
        self._exact: dict[str, list[_Place]] = {}
        self._folded: dict[str, list[_Place]] = {}
        self._before: dict[str, list[tuple[str, str, Dialect]]] = {}
        for dialect in dialects:
            places = self._folded if dialect.plan.any_case else self._exact
            for base in dialect.bases:
                written = base.lower() if dialect.plan.any_case else base
                places.setdefault(written.split("/")[1], []).append(_Place(written, dialect))
            for prefix in dialect.prefixes:
                head, _, tail = prefix.partition("{tenant}")
                self._before.setdefault(head.strip("/"), []).append((prefix, tail, dialect))
        for table in (self._exact, self._folded):
            for found in table.values():
                found.sort(key=lambda place: -len(place.base))

        self._bases = tuple(base.lower() for dialect in dialects for base in dialect.bases)
        self._known: dict[str, Address] = {}

    def find(self, path: str) -> Address | None:
        head, _, last = path.rpartition("/")
        known = self._known.get(head)
        if known is not None:
            dialect, tenant, rest, before, base = known
            return Address(dialect, tenant, f"{rest}/{last}", before, base)
        found = self._find(path)
        if found is not None and len(self._known) < _KEPT and self._ends_before(found, head):
            self._known[head] = found._replace(rest=found.rest[: len(found.rest) - len(last) - 1])
        return found

    def _ends_before(self, found: Address, head: str) -> bool:
        """Whether all that is below ``head`` is at the same base."""
        below = head.removeprefix(found.before.format(tenant=found.tenant) if found.tenant else "").lower()
        return below.startswith(found.base.lower()) and not any(base.startswith(f"{below}/") for base in self._bases)

    def _find(self, path: str) -> Address | None:
        first = path[1:].partition("/")[0]
        if first == "t":
            tenant, slash, below = path[3:].partition("/")
            if not tenant:
                return None
            found = self._at(slash + below)
            return found and Address(found[0], tenant, found[1], "/t/{tenant}", found[2])
        for before, tail, dialect in self._before.get(first, ()):
            tenant, slash, below = path[len(first) + 2 :].partition("/")
            below = slash + below
            if tenant and below.startswith(tail):
                found = self._at(below[len(tail) :])
                if found and found[0] is dialect:
                    return Address(dialect, tenant, found[1], before, found[2])
        found = self._at(path)
        return found and Address(found[0], None, found[1], "", found[2])

    def _at(self, path: str) -> tuple[Dialect, str, str] | None:
        first = path[1:].partition("/")[0]
        best: _Place | None = None
        for base, dialect in self._exact.get(first, ()):
            if path.startswith(base) and path[len(base) : len(base) + 1] in ("", "/"):
                best = _Place(base, dialect)
                break
        if self._folded and (places := self._folded.get(first.lower())):
            lower = path.lower()
            for base, dialect in places:
                longer = best is None or len(base) > len(best.base)
                if longer and lower.startswith(base) and lower[len(base) : len(base) + 1] in ("", "/"):
                    best = _Place(base, dialect)
                    break
        return best and (best.dialect, path[len(best.base) :], best.base)


_map = lru_cache(16)(_Map)


def find_address(dialects: tuple[Dialect, ...], path: str) -> Address | None:
    """The dialect that answers at a path; the longest base that fits wins. None: nobody does.

    >>> find_address((standard(),), "/t/acorn/scim/v2/Users").tenant
    'acorn'
    """
    return _map(dialects).find(path)
