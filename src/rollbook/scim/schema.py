"""Schemas and resource types as data (RFC 7643 §6, §7): built once, looked up without case, never interpreted again.

What compiles a resource type into functions lives with those functions (``validate``, ``projection``, ``search_form``);
here is only what they ask: which attribute does a name mean, and where does its value stand in a document.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rollbook.scim.attributes import (
    COMMON,
    Attribute,
    Compare,
    Held,
    Mutability,
    Returned,
    Type,
    Uniqueness,
)
from rollbook.scim.rules import Rules


@dataclass(frozen=True, slots=True, eq=False)
class Schema:
    """A named list of attributes."""

    id: str
    name: str
    description: str
    attributes: tuple[Attribute, ...]
    _by_name: dict[str, Attribute] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._by_name.update({attribute.name.lower(): attribute for attribute in self.attributes})

    def attribute(self, name: str) -> Attribute | None:
        """The attribute of that name, in any letter case."""
        return self._by_name.get(name.lower())


@dataclass(frozen=True, slots=True)
class Extension:
    schema: Schema
    required: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where an attribute stands in a resource: what a bound path points at.

    **Shape**: ``keys`` are the keys from the top of the canonical document down, in the schema's spelling:
    ``("userName",)``, ``("name", "givenName")``, ``("urn:…:User", "manager", "value")``. ``sub`` is the last attribute
    where the path goes into a complex one. ``extension`` is the schema whose URN is the first key, or None.
    """

    attribute: Attribute
    sub: Attribute | None
    extension: Schema | None

    @property
    def leaf(self) -> Attribute:
        return self.sub or self.attribute

    @property
    def keys(self) -> tuple[str, ...]:
        head = (self.extension.id,) if self.extension else ()
        return (*head, self.attribute.name, *((self.sub.name,) if self.sub else ()))

    @property
    def name(self) -> str:
        """The path as a person writes it: ``emails.value``, ``urn:…:User:manager.value``."""
        head = f"{self.extension.id}:" if self.extension else ""
        return head + self.attribute.name + (f".{self.sub.name}" if self.sub else "")


@dataclass(frozen=True, slots=True, eq=False)
class ResourceType:
    """One kind of resource: a core schema, its extensions, and where it is served.

    ``number`` is its name in the store (1 User, 2 Group, tenants' own from 100). Compared by identity.
    """

    name: str
    endpoint: str
    schema: Schema
    extensions: tuple[Extension, ...] = ()
    description: str = ""
    number: int = 0
    index_paths: tuple[str, ...] = ()
    """The paths whose values get rows of their own in the store, for equality, prefix and order. The position in this
    tuple is the path's number in the store: append, never reorder. ``""`` is a number that is not in use."""
    unready: frozenset[str] = frozenset()
    """Those of ``index_paths`` that are written and not read: their rows are being built, or about to go."""
    kept: "ResourceType | None" = None
    """The type as the store keeps it, where this is a narrower view of it (``views``); None: it is kept as it is."""
    rules: Rules | None = None
    """What a dialect does with these resources beyond data."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What the tenant has set for the dialect: what ``rules`` go by."""
    dropped: frozenset[str] = frozenset()
    """What clients send and this type has no place for: paths in lower case (``title``, ``name.formatted``, a URN).
    It is dropped and noted, whatever the tolerances say of unknown attributes."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Bare keys under which extensions stand on the wire, each with the extension's URN."""
    made: dict[Any, Any] = field(init=False, repr=False, default_factory=dict)
    """What has been compiled of this type, by whoever compiles it (``scim.compiled``); it goes when the type goes."""
    _extensions: dict[str, Schema] = field(init=False, repr=False, default_factory=dict)
    _top: dict[str, Attribute] = field(init=False, repr=False, default_factory=dict)
    _held: dict[Held, Attribute] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._held.update({attribute.held: attribute for attribute in reversed(self.schema.attributes)})
        self._extensions.update({e.schema.id.lower(): e.schema for e in self.extensions})
        self._top.update({attribute.name.lower(): attribute for attribute in (*COMMON, *self.schema.attributes)})

    def extension(self, urn: str) -> Schema | None:
        """The extension of that URN, in any letter case."""
        return self._extensions.get(urn.lower())

    def top(self, name: str) -> Attribute | None:
        """A common attribute or one of the core schema, by its name in any letter case."""
        return self._top.get(name.lower())

    def unaliased(self, path: str) -> str:
        """A client's path with the URN of an extension in place of its bare key: ``retailOps.role``."""
        head, dot, rest = path.partition(".")
        for key, urn in self.aliases.items():
            if key.lower() == head.lower():
                return f"{urn}:{rest}" if dot else urn
        return path

    @property
    def whole(self) -> "ResourceType":
        """The type as the store keeps it."""
        return self.kept or self

    def drops(self, path: str) -> bool:
        """Whether a path that this type does not have is dropped (``dropped``), be it of a part of what is."""
        lower = path.lower()
        if lower in self.dropped or lower.partition("[")[0] in self.dropped:
            return True
        if lower.startswith("urn:"):
            return any(lower.startswith(f"{urn}:") for urn in self.dropped if urn.startswith("urn:"))
        return lower.partition(".")[0].partition("[")[0] in self.dropped

    def schemas(self) -> Iterator[Schema]:
        yield self.schema
        yield from (e.schema for e in self.extensions)

    def places(self) -> Iterator[Place]:
        """Every top-level attribute of the core schema and of the extensions (not the common ones)."""
        for attribute in self.schema.attributes:
            yield Place(attribute, None, None)
        for e in self.extensions:
            for attribute in e.schema.attributes:
                yield Place(attribute, None, e.schema)

    def place(self, urn: str | None, name: str, sub: str | None) -> Place | None:
        """The place that a path names, or None when this type has no such attribute.

        ``urn`` is the schema prefix without its closing colon, as written by the client, or None. The core schema's own
        URN may stand before any core or common attribute.
        """
        extension = None
        if urn is not None and urn.lower() != self.schema.id.lower():
            extension = self.extension(urn)
            if extension is None:
                return None
        attribute = extension.attribute(name) if extension else self.top(name)
        if attribute is None:
            return None
        if sub is None:
            return Place(attribute, None, extension)
        inner = attribute.sub(sub)
        return Place(attribute, inner, extension) if inner else None

    @property
    def key(self) -> Attribute | None:
        """The attribute whose value is unique in the tenant and has a column of its own (User: ``userName``)."""
        for attribute in self.schema.attributes:
            if attribute.uniqueness is not Uniqueness.NONE and not attribute.multi_valued:
                return attribute
        return None

    def held(self, held: Held) -> Attribute | None:
        """The attribute whose values live in rows of that kind, if this type has one."""
        return self._held.get(held)


def read_schema(document: Mapping[str, Any]) -> Schema:
    """Make a Schema of its JSON form (RFC 7643 §7). Keys that begin with ``_`` are our own: ``_compare``, ``_held``."""
    attributes = tuple(read_attribute(a) for a in document["attributes"])
    return Schema(document["id"], document["name"], document.get("description", ""), attributes)


def read_attribute(document: Mapping[str, Any]) -> Attribute:
    """Make an Attribute of its JSON form; what is missing takes the default of RFC 7643 §2.2."""
    case_exact = bool(document.get("caseExact", False))
    type_ = Type(document.get("type", "string"))
    if type_ in (Type.BINARY, Type.REFERENCE):  # RFC 7643 §2.3.6, §2.3.7
        case_exact = True
    default = Compare.EXACT if case_exact else Compare.FOLDED
    return Attribute(
        name=document["name"],
        type=type_,
        multi_valued=bool(document.get("multiValued", False)),
        description=document.get("description", ""),
        required=bool(document.get("required", False)),
        canonical_values=tuple(document.get("canonicalValues", ())),
        case_exact=case_exact,
        mutability=Mutability(document.get("mutability", "readWrite")),
        returned=Returned(document.get("returned", "default")),
        uniqueness=Uniqueness(document.get("uniqueness", "none")),
        reference_types=tuple(document.get("referenceTypes", ())),
        sub_attributes=tuple(read_attribute(s) for s in document.get("subAttributes", ())),
        compare=Compare(document.get("_compare", default)),
        held=Held(document.get("_held", Held.DOCUMENT)),
    )
