"""A house's dialects, made of their files: all together, since each is a view of what is kept for all of them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from importlib.resources import files
from typing import Any

from rollbook.dialects.checks import problems
from rollbook.dialects.model import Dialect
from rollbook.dialects.overlay import overlaid, own_extensions
from rollbook.dialects.plan import OPERATIONS, Credentials, Departure, OAuth, Plan, Setting, TypePlan
from rollbook.dialects.reader import DialectError, Read, Source, Tell, raised, read_all
from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.discovery import STANDARD_FEATURES, Features
from rollbook.scim.limits import STANDARD_LIMITS, Limits
from rollbook.scim.schema import Extension, ResourceType
from rollbook.scim.wire.v1_form import Form


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
    default, about, unlike = said.get("default", empty[kind]), said.get("about", ""), tuple(said.get("unlike", ()))
    return Setting(name, kind, default, about, said.get("least"), said.get("most"), unlike)


def _departure(said: Mapping[str, Any]) -> Departure:
    return Departure(said["id"], said["clause"], said["what"], said["why"], said.get("choice", False))
