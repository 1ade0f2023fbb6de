"""Where values stand in SQL: columns of the row ``r``, keys of its JSON, elements of a list, rows of memberships."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from rollbook.scim.attributes import Held, Type
from rollbook.scim.schema import Place, ResourceType
from rollbook.storage.sql.flavor import Flavor, Keys, Kind, Scalar, kind_of
from rollbook.storage.sql.slots import LOCATION_BASE, Form, Slots

ROOT: Final = "r.search"
TEXT_TYPES: Final = frozenset((Type.STRING, Type.REFERENCE, Type.BINARY, Type.DATE_TIME))
"""The types whose values are texts in search form: only they can be keys and have index rows."""

Predicate = Callable[[Scalar], str]
"""Makes a condition on one value; it may be NULL where the value is."""


@dataclass
class Context:
    """What the parts of one target's condition have in common."""

    flavor: Flavor
    tenant: str
    """The SQL expression of the tenant's id."""
    slots: Slots
    target: int
    type: ResourceType
    long: frozenset[int] = frozenset()
    """The operands that are as long as an index value can be, or longer."""
    alone: bool = True
    """Whether this target is the only one, so that its conditions stand in a plain conjunction."""
    lookups: int = 4
    """How many more index lookups may stand in the conjunction: each is a join to the planner, which tries orders."""
    unique: bool = False
    """Set when unique indexes find the rows, so that no other index should be read for the sake of the order."""
    _aliases: int = field(default=0, init=False)

    def alias(self, letter: str) -> str:
        """A name for a row that no other row in the statement has."""
        self._aliases += 1
        return f"{letter}{self.target}_{self._aliases}"

    def operand(self, position: int, kind: Kind, form: Form | None = None) -> str:
        return self.slots.placeholder(self.target, position, kind, form)

    def location(self, endpoint: str, id: str) -> str:
        """The address of a resource, as text."""
        base = self.slots.placeholder(self.target, LOCATION_BASE, Kind.TEXT)
        return f"({base} || {self.flavor.literal(endpoint + '/')} || {self.flavor.id_text(id)})"

    def index_path(self, place: Place) -> int | None:
        """The number of an indexed path, or None. Only texts have index rows; they are read where they are complete."""
        name = place.name
        if place.leaf.type not in TEXT_TYPES or name not in self.type.index_paths or name in self.type.unready:
            return None
        return self.type.index_paths.index(name)


def column(context: Context, place: Place) -> Scalar | None:
    """The column, or what is made of columns, that holds a place's value; None where the document holds it."""
    attribute, sub = place.attribute, place.sub
    if attribute.held is Held.COMMON:
        return _common(context, (sub or attribute).name)
    if sub is None and is_key(context.type, place):
        return Scalar("r.unique_key", Kind.TEXT, column=True, required=attribute.required)
    return None


def is_key(type: ResourceType, place: Place) -> bool:
    """Whether a place is the unique key of its type, which has a column."""
    return place.extension is None and place.attribute is type.key and place.attribute.type in TEXT_TYPES


def _common(context: Context, name: str) -> Scalar:
    match name:
        case "id":
            return Scalar("r.id", Kind.ID, column=True, required=True)
        case "externalId":
            return Scalar("r.external_id", Kind.TEXT, column=True)
        case "created":
            return Scalar("r.created", Kind.TEXT, column=True, required=True)
        case "lastModified":
            return Scalar("r.last_modified", Kind.TEXT, column=True, required=True)
        case "version":
            return Scalar("('W/\"' || r.version || '\"')", Kind.TEXT, required=True)
        case "location":
            return Scalar(context.location(context.type.endpoint, "r.id"), Kind.TEXT, required=True)
        case "resourceType":
            return Scalar(context.flavor.literal(context.type.name), Kind.TEXT, required=True)
    raise AssertionError(f"no column holds {name}")


class Scope(Protocol):
    """What a path is relative to: the resource, one element of a list, one row of a membership."""

    def any_value(self, place: Place, predicate: Predicate) -> str:
        """Whether the predicate holds for a value at the place."""


@dataclass(frozen=True, slots=True)
class Resource:
    """The whole resource: paths begin at the top."""

    context: Context

    def any_value(self, place: Place, predicate: Predicate) -> str:
        scalar = column(self.context, place)
        if scalar is not None:
            return predicate(scalar)
        keys = place.keys if place.sub is None else place.keys[:-1]
        if not place.attribute.multi_valued:
            return _below(self.context, ROOT, keys, place, predicate)
        alias = self.context.alias("e")
        inner = _below(self.context, self.context.flavor.element(alias), (), place, predicate)
        return _exists(self.context.flavor.elements(ROOT, keys, alias), inner)


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a multi-valued attribute: ``base`` is its JSON value."""

    context: Context
    base: str

    def any_value(self, place: Place, predicate: Predicate) -> str:
        return _below(self.context, self.base, (), place, predicate)


def _below(context: Context, base: str, keys: Keys, place: Place, predicate: Predicate) -> str:
    """Go from the attribute's own value (one element, where it has several) to its sub-attribute's value."""
    flavor = context.flavor
    kind = kind_of(place.leaf.type)
    if place.sub is None:
        return predicate(Scalar(flavor.value(base, keys, kind), kind))
    below = (*keys, place.sub.name)
    if not place.sub.multi_valued:
        return predicate(Scalar(flavor.value(base, below, kind), kind))
    alias = context.alias("e")
    inner = predicate(Scalar(flavor.value(flavor.element(alias), (), kind), kind))
    return _exists(flavor.elements(base, below, alias), inner)


def _exists(source: str, condition: str) -> str:
    return f"EXISTS (SELECT 1 FROM {source} WHERE {condition})"
