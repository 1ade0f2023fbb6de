"""From a dialect's plan of a resource type to the type: a view of what the store keeps (``scim.views``).

The kept types are the tenant's (or the standard's), widened by the extensions of every dialect of the house; each
dialect sees its part of them, with characteristics of its own.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from importlib import import_module
from typing import Any

from rollbook.dialects.plan import TypePlan
from rollbook.errors import RollbookError
from rollbook.scim.attributes import Attribute, Mutability, Returned
from rollbook.scim.rules import Rules
from rollbook.scim.schema import Extension, ResourceType, Schema, read_schema
from rollbook.scim.views import dropped_paths


class InvalidPlan(RollbookError):
    """A plan names what is not there: ``path`` is where in the file."""

    def __init__(self, path: tuple[str | int, ...], detail: str) -> None:
        super().__init__(detail)
        self.path = path


Tell = Callable[[InvalidPlan], None]


def raised(error: InvalidPlan) -> None:
    """What is wrong with a plan ends the reading of it."""
    raise error


Extensions = Mapping[str, Sequence[Extension]]
"""The extensions of all dialects of a house, by the name of the resource type."""


def own_extensions(plan: TypePlan) -> tuple[Extension, ...]:
    """The extensions that a dialect adds to a type."""
    return tuple(Extension(read_schema(document), bool(document.get("required"))) for document in plan.extensions)


def widened(types: Iterable[ResourceType], extensions: Extensions) -> tuple[ResourceType, ...]:
    """The types as a house keeps them. One that no dialect adds to stays the same object."""
    wide = []
    for type in types:
        there = {e.schema.id.lower() for e in type.extensions}
        more = [Extension(e.schema) for e in extensions.get(type.name, ()) if e.schema.id.lower() not in there]
        wide.append(replace(type, extensions=(*type.extensions, *more)) if more else type)
    return tuple(wide)


def viewed(type: ResourceType, kept: ResourceType) -> ResourceType:
    """A type of the standard dialect, seen beside the extensions of others."""
    return type if type is kept else replace(type, kept=kept)


def overlaid(plan: TypePlan, parent: ResourceType, kept: ResourceType, tell: Tell = raised) -> ResourceType:
    """The type as a dialect sees it. ``parent`` is the standard's; ``tell`` is told each thing that is wrong."""
    own = own_extensions(plan)
    made = {e.schema.id.lower() for e in own}
    wanted = _wanted(plan, parent, tell)
    changes: _Changes = {path.lower(): (path, change) for path, change in plan.change.items()}
    core = _schema(
        parent.schema, None if wanted is None else wanted.get("", {}), changes, "", ("types", plan.name, "change")
    )
    extensions = []
    for e in parent.extensions:
        urn = e.schema.id.lower()
        if urn in made or (wanted is not None and urn not in wanted):
            continue
        inside = _schema(
            e.schema, None if wanted is None else wanted[urn], changes, f"{urn}:", ("types", plan.name, "change")
        )
        extensions.append(Extension(inside, e.required))
    for e in own:
        urn = e.schema.id.lower()
        extensions.append(
            Extension(_schema(e.schema, None, changes, f"{urn}:", ("types", plan.name, "change")), e.required)
        )
    seen = [core, *(e.schema for e in extensions)]
    for path, _ in changes.values():
        near = _nearest(path, (name for schema in seen for name in _paths(schema, schema is core)))
        tell(InvalidPlan(("types", plan.name, "change", path), f"there is no attribute {path!r} to change{near}"))
    view = replace(
        parent,
        endpoint=plan.endpoint or parent.endpoint,
        schema=core,
        extensions=tuple(extensions),
        kept=kept,
        rules=_rules(plan, tell),
        aliases={d["key"]: str(d["id"]) for d in plan.extensions if d.get("key")},
    )
    dropped = frozenset(dropped_paths(parent, view)) if plan.others == "drop" else frozenset()
    dropped |= {path.lower() for path in plan.drop}
    return replace(view, dropped=dropped)


_Where = tuple[str | int, ...]
_Wanted = dict[str, dict[str, set[str] | None]]
_Changes = dict[str, tuple[str, Mapping[str, Any]]]


def _wanted(plan: TypePlan, parent: ResourceType, tell: Tell) -> _Wanted | None:
    """By schema (``""`` the core, else a URN in lower case): the attributes, each with its sub-attributes or None for
    all. None: everything that the parent has."""
    if plan.attributes is None:
        return _all_but(plan, parent, tell) if plan.without else None
    found: _Wanted = {"": {}}
    for path in plan.attributes or ():
        extension = parent.extension(path)
        if extension is not None:
            found.setdefault(path.lower(), {}).update({a.name.lower(): None for a in extension.attributes})
            continue
        urn, _, name = path.rpartition(":")
        head, _, sub = name.partition(".")
        place = parent.place(urn or None, head, sub or None)
        if place is None:
            tell(_unknown("attributes", path, plan, parent))
            continue
        level = found.setdefault(urn.lower(), {})
        if not sub:
            level[head.lower()] = None
        elif (subs := level.setdefault(head.lower(), set())) is not None:
            subs.add(sub.lower())
    return found


def _unknown(key: str, path: str, plan: TypePlan, parent: ResourceType) -> InvalidPlan:
    near = _nearest(path, (name for schema in parent.schemas() for name in _paths(schema, schema is parent.schema)))
    position = (plan.attributes or plan.without).index(path)
    where = ("types", plan.name, key, position)
    return InvalidPlan(where, f"there is no attribute {path!r} in a {plan.name}{near}")


def _paths(schema: Schema, core: bool) -> Iterator[str]:
    prefix = "" if core else f"{schema.id}:"
    for attribute in schema.attributes:
        yield prefix + attribute.name
        yield from (f"{prefix}{attribute.name}.{sub.name}" for sub in attribute.sub_attributes)


def _nearest(path: str, paths: Iterable[str]) -> str:
    found = get_close_matches(path, list(paths), n=1, cutoff=0.5)
    return f" (did you mean {found[0]}?)" if found else ""


def _all_but(plan: TypePlan, parent: ResourceType, tell: Tell) -> _Wanted:
    found: _Wanted = {"": {attribute.name.lower(): None for attribute in parent.schema.attributes}}
    for e in parent.extensions:
        found[e.schema.id.lower()] = {attribute.name.lower(): None for attribute in e.schema.attributes}
    for path in plan.without:
        urn, _, name = path.rpartition(":")
        head, _, sub = name.partition(".")
        place = parent.place(urn or None, head, sub or None)
        if place is None:
            tell(_unknown("without", path, plan, parent))
            continue
        level = found[urn.lower()]
        if not sub:
            del level[head.lower()]
            continue
        subs = level[head.lower()] or {inner.name.lower() for inner in place.attribute.sub_attributes}
        level[head.lower()] = subs - {sub.lower()}
    return found


def _schema(
    schema: Schema,
    wanted: dict[str, set[str] | None] | None,
    changes: _Changes,
    prefix: str,
    where: _Where,
) -> Schema:
    attributes = []
    for attribute in schema.attributes:
        name = attribute.name.lower()
        if wanted is not None and name not in wanted:
            continue
        subs = None if wanted is None else wanted[name]
        kept = []
        for sub in attribute.sub_attributes:
            if subs is None or sub.name.lower() in subs:
                change = changes.pop(f"{prefix}{name}.{sub.name.lower()}", None)
                kept.append(_changed(sub, change, where) if change else sub)
        same = len(kept) == len(attribute.sub_attributes) and all(
            a is b for a, b in zip(kept, attribute.sub_attributes, strict=True)
        )
        seen = attribute if same else replace(attribute, sub_attributes=tuple(kept))
        change = changes.pop(f"{prefix}{name}", None)
        attributes.append(_changed(seen, change, where) if change else seen)
    if len(attributes) == len(schema.attributes) and all(
        a is b for a, b in zip(attributes, schema.attributes, strict=True)
    ):
        return schema
    return replace(schema, attributes=tuple(attributes))


CHANGES: Mapping[str, str] = {
    "mutability": "mutability",
    "returned": "returned",
    "required": "required",
    "canonicalValues": "canonical_values",
    "description": "description",
    "most": "most",
}
"""The characteristics that a dialect may change, with the fields of ``Attribute``. How values are compared and whether
they are unique is not among them: they are kept, compared and held unique once, for all dialects."""


def _changed(attribute: Attribute, change: tuple[str, Mapping[str, Any]], where: _Where) -> Attribute:
    path, wanted = change
    fields: dict[str, Any] = {}
    for name, value in wanted.items():
        if name == "canonicalFrom":  # filled in by the tenant's settings (``configured``)
            continue
        try:
            match name:
                case "mutability":
                    value = Mutability(value)
                case "returned":
                    value = Returned(value)
                case "canonicalValues":
                    value = tuple(value)
        except ValueError as error:
            raise InvalidPlan((*where, path, name), str(error)) from None
        fields[CHANGES[name]] = value
    return replace(attribute, **fields)


def configured(type: ResourceType, plan: TypePlan, settings: Mapping[str, Any]) -> ResourceType:
    """The type as a tenant with these settings has it: its rules go by them, and lists of values are the tenant's."""
    lists: _Changes = {path.lower(): (path, {"canonicalValues": settings[source]}) for path, source in _lists(plan)}
    core = _schema(type.schema, None, lists, "", ())
    extensions = tuple(
        replace(e, schema=_schema(e.schema, None, lists, f"{e.schema.id.lower()}:", ())) for e in type.extensions
    )
    return replace(type, settings=settings, schema=core, extensions=extensions)


def _lists(plan: TypePlan) -> Iterable[tuple[str, str]]:
    for path, change in plan.change.items():
        if "canonicalFrom" in change:
            yield path, str(change["canonicalFrom"])


def _rules(plan: TypePlan, tell: Tell) -> Rules | None:
    """The rules that a plan names: a module of ``dialects.hooks``, or (with a dot) of whoever brings the dialect."""
    if not plan.rules:
        return None
    try:
        found: Rules = import_module(plan.rules if "." in plan.rules else f"rollbook.dialects.hooks.{plan.rules}").RULES
    except (ImportError, AttributeError, ValueError):
        tell(InvalidPlan(("types", plan.name, "rules"), f"there is no module {plan.rules!r} with RULES"))
        return None
    return found
