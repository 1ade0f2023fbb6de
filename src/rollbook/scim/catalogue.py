"""A tenant's catalogue: the schemas and resource types that it has made, and what it has added to the standard's.

A catalogue is a value, kept as one JSON document with a revision; whoever changes it makes a new one. What may stand in
it is judged elsewhere (``schema_rules``, ``type_rules``); ``compile_types`` makes the resource types that are served.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, NamedTuple

import orjson

from rollbook.scim.schema import Extension, ResourceType, Schema, read_schema

Json = Mapping[str, Any]

FIRST_NUMBER = 100
"""Of a tenant's own resource types, and of its index paths on the standard's types: what is below is a release's."""


class IndexState(StrEnum):
    """The life of an index path. Whoever writes a resource writes its rows until the path is ``EMPTYING``.

    ::

        building ──▶ ready ⇄ retiring ──▶ emptying ──▶ (gone)
            └───────────────────────────────▲
    """

    BUILDING = "building"
    """New resources have rows, old ones are getting theirs; no query reads them."""
    READY = "ready"
    RETIRING = "retiring"
    """No query reads them, but those of a worker that has not heard of it; so they are still written."""
    EMPTYING = "emptying"
    """They are being deleted."""


@dataclass(frozen=True, slots=True)
class OwnIndex:
    """One index path: ``number`` is its name in the store, ``since`` the written moment of its last change of state."""

    path: str
    number: int
    state: IndexState
    since: str


class OwnExtension(NamedTuple):
    urn: str
    required: bool


@dataclass(frozen=True, slots=True)
class OwnType:
    """A resource type of the tenant; or one of the standard with what the tenant has added (``number`` says which)."""

    number: int
    name: str
    endpoint: str
    schema: str
    description: str = ""
    extensions: tuple[OwnExtension, ...] = ()
    index: tuple[OwnIndex, ...] = ()
    next_index: int = 0
    keyed: bool = False
    """Whether it has, or once had, a unique attribute; then keys of before may still stand in the store."""

    @property
    def live(self) -> tuple[str, ...]:
        """The index paths that are wanted."""
        return tuple(i.path for i in self.index if i.state in (IndexState.BUILDING, IndexState.READY))


@dataclass(frozen=True, slots=True)
class Catalogue:
    """``schemas`` are judged documents by their URN in lower case; ``revision`` 0 is a tenant without any of this."""

    revision: int = 0
    schemas: Mapping[str, Json] = field(default_factory=dict)
    types: tuple[OwnType, ...] = ()
    next_number: int = FIRST_NUMBER

    def type(self, name: str) -> OwnType | None:
        return next((t for t in self.types if t.name.lower() == name.lower()), None)

    def with_type(self, new: OwnType) -> "Catalogue":
        """The catalogue with one type put in, in place of the one of the same number."""
        kept = [new if t.number == new.number else t for t in self.types]
        return replace(self, types=tuple(kept if new in kept else [*kept, new]))

    def dump(self) -> bytes:
        """The JSON that ``read_catalogue`` reads (all but the revision)."""
        return orjson.dumps(
            {
                "schemas": list(self.schemas.values()),
                "types": [_type_document(t) for t in self.types],
                "nextNumber": self.next_number,
            }
        )


def read_catalogue(revision: int, document: bytes) -> Catalogue:
    """A catalogue as it was dumped. No document is an empty one."""
    if not document:
        return Catalogue(revision)
    kept = orjson.loads(document)
    return Catalogue(
        revision,
        {schema["id"].lower(): schema for schema in kept["schemas"]},
        tuple(map(_read_type, kept["types"])),
        kept["nextNumber"],
    )


class Compiled(NamedTuple):
    """What a tenant is served: its resource types, and its schemas that no type uses yet."""

    types: tuple[ResourceType, ...]
    unused: tuple[Schema, ...]


def compile_types(catalogue: Catalogue, base: Sequence[ResourceType]) -> Compiled:
    """The types of a tenant: those of its dialect (``base``), with what it has added, and then its own.

    A type that the tenant has not touched is the dialect's own object, so what is compiled of it is shared.
    """
    own = {urn: read_schema(document) for urn, document in catalogue.schemas.items()}
    known = {schema.id.lower(): schema for type in base for schema in type.schemas()} | own
    changed = {type.number: type for type in catalogue.types}
    types = [_of_standard(changed[type.number], type, known) if type.number in changed else type for type in base]
    taken = {type.number for type in base}
    for type in catalogue.types:
        if type.number >= FIRST_NUMBER and type.number not in taken:
            paths, unready = _paths(type.index, ())
            types.append(
                ResourceType(
                    type.name,
                    type.endpoint,
                    known[type.schema.lower()],
                    _extensions(type, known),
                    type.description,
                    type.number,
                    paths,
                    unready,
                )
            )
    used = {schema.id.lower() for type in types for schema in type.schemas()}
    return Compiled(tuple(types), tuple(schema for urn, schema in own.items() if urn not in used))


def _of_standard(own: OwnType, base: ResourceType, known: Mapping[str, Schema]) -> ResourceType:
    paths, unready = _paths(own.index, base.index_paths)
    extensions = _extensions(own, known)
    return ResourceType(
        base.name, base.endpoint, base.schema, extensions, base.description, base.number, paths, unready
    )


def _extensions(type: OwnType, known: Mapping[str, Schema]) -> tuple[Extension, ...]:
    return tuple(Extension(known[e.urn.lower()], e.required) for e in type.extensions)


def _paths(index: Iterable[OwnIndex], base: tuple[str, ...]) -> tuple[tuple[str, ...], frozenset[str]]:
    """The index paths by number, and which of them are not read."""
    written = [i for i in index if i.state is not IndexState.EMPTYING]
    paths = list(base)
    for one in written:
        paths += [""] * (one.number + 1 - len(paths))
        paths[one.number] = one.path
    return tuple(paths), frozenset(i.path for i in written if i.state is not IndexState.READY)


def _type_document(type: OwnType) -> dict[str, Any]:
    return {
        "number": type.number,
        "name": type.name,
        "endpoint": type.endpoint,
        "schema": type.schema,
        "description": type.description,
        "extensions": [list(e) for e in type.extensions],
        "index": [[i.path, i.number, i.state, i.since] for i in type.index],
        "nextIndex": type.next_index,
        "keyed": type.keyed,
    }


def _read_type(kept: Json) -> OwnType:
    return OwnType(
        kept["number"],
        kept["name"],
        kept["endpoint"],
        kept["schema"],
        kept["description"],
        tuple(OwnExtension(*e) for e in kept["extensions"]),
        tuple(OwnIndex(path, number, IndexState(state), since) for path, number, state, since in kept["index"]),
        kept["nextIndex"],
        kept["keyed"],
    )
