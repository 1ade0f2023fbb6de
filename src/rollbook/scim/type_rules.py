"""What a resource type that a tenant makes may be (RFC 7643 §6), and which schemas and types go together.

A type's document is the RFC's, with one extension of ours (``INDEX``): the paths whose values get an index.
The standard's types can be given too: then their extensions and index paths are what is said, and the rest must stay.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from rollbook.scim import urns
from rollbook.scim.catalogue import FIRST_NUMBER, Catalogue, IndexState, OwnExtension, OwnIndex, OwnType, compile_types
from rollbook.scim.judge import Judge, shown
from rollbook.scim.schema import ResourceType
from rollbook.scim.schema_rules import NAME_LENGTH, URN_LENGTH, check_message
from rollbook.scim.search_form import index_place

INDEX = "urn:rollbook:params:scim:schemas:extension:1.0:ResourceType"
"""The extension of ``ResourceType`` that holds ``indexPaths``."""

MOST_SCHEMAS = 100
MOST_TYPES = 50
MOST_INDEXES = 16
MOST_INDEX_NUMBERS = 30_000
CATALOGUE_BYTES = 1024 * 1024
RESERVED_ENDPOINTS = frozenset(
    name.lower()
    for name in (
        *("Users", "Groups", "Me", "Bulk", "Schemas", "ResourceTypes", "ServiceProviderConfig", "Changes", "Events"),
        *("docs", "openapi", "oauth", "oauth2", "authorize", "token", "jwks", "healthz", "readyz", "metrics", "t"),
    )
)
"""What is, or may one day be, another address of the server."""

RESERVED_NAMES = frozenset(
    (
        *("me", "any", "meta", "error", "schema", "resourcetype", "serviceproviderconfig", "member", "changes"),
        *("listresponse", "searchrequest", "patchop", "bulkrequest", "bulkresponse"),
    )
)
"""What the protocol and the document about the API call something else."""

_TYPE_KEYS = ("schemas", "id", "name", "description", "endpoint", "schema", "schemaExtensions", "meta", INDEX)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}")
_ENDPOINT = re.compile(r"/?([A-Za-z][A-Za-z0-9_-]{0,62})/?")


class TypeDocument(NamedTuple):
    """A resource type as somebody wrote it; ``paths`` None says nothing about index paths."""

    name: str
    endpoint: str
    schema: str
    description: str
    extensions: tuple[OwnExtension, ...]
    paths: tuple[str, ...] | None


def judge_type(document: Any) -> TypeDocument:
    """Read a resource type's document. **Raises** ``InvalidDocument`` with all that is wrong about it by itself."""
    judge = Judge()
    fields = judge.fields(document, _TYPE_KEYS, "a resource type")
    check_message(judge, fields, urns.RESOURCE_TYPE)
    name = judge.text(fields, "name", most=NAME_LENGTH)
    if name and not _NAME.fullmatch(name):
        judge.wrong(f"{shown(name)!r} is no name: it is a letter, then up to 62 letters, digits, - or _.", "name")
    elif name.lower() in RESERVED_NAMES:
        judge.wrong(f"{name} is a word of the protocol; choose another name.", "name")
    endpoint = judge.text(fields, "endpoint", most=NAME_LENGTH)
    if endpoint and not (match := _ENDPOINT.fullmatch(endpoint)):
        judge.wrong("an endpoint is a slash, a letter, then up to 62 letters, digits, - or _, as /Devices.", "endpoint")
    elif endpoint and match:
        endpoint = f"/{match[1]}"
    found = TypeDocument(
        name,
        endpoint,
        judge.text(fields, "schema", most=URN_LENGTH),
        judge.text(fields, "description", default=""),
        _extensions(judge, fields),
        _index(judge, fields),
    )
    judge.finish()
    return found


def put_type(catalogue: Catalogue, document: TypeDocument, base: Sequence[ResourceType], at: str) -> Catalogue:
    """The catalogue with a type as the document has it. That it fits to the rest is ``judge_catalogue``'s.

    **Raises** ``InvalidDocument`` where it would change what of a standard type is fixed.
    """
    before = catalogue.type(document.name)
    standard = next((t for t in base if t.name.lower() == document.name.lower()), None)
    own = before
    if own is None and standard is not None:
        _check_fixed(document, standard)
        known = tuple(OwnExtension(e.schema.id, e.required) for e in standard.extensions)
        own = OwnType(
            standard.number, standard.name, standard.endpoint, standard.schema.id, "", known, (), FIRST_NUMBER
        )
    elif own is None:
        own = OwnType(catalogue.next_number, document.name, document.endpoint, document.schema)
        catalogue = replace(catalogue, next_number=catalogue.next_number + 1)
    elif standard is not None:
        _check_fixed(document, standard)
    own = replace(
        own,
        endpoint=standard.endpoint if standard else document.endpoint,
        schema=standard.schema.id if standard else _spelled(catalogue, document.schema),
        description="" if standard else document.description,
        extensions=tuple(OwnExtension(_spelled(catalogue, e.urn, base), e.required) for e in document.extensions),
    )
    catalogue = catalogue.with_type(own)
    if document.paths is not None:
        fixed = set(standard.index_paths) if standard else set()
        spelled = _spelled_paths(catalogue, own, document.paths, base)
        own = set_index(own, [path for path in spelled if path not in fixed], at, empty=before is None and not standard)
    schema = catalogue.schemas.get(own.schema.lower())
    unique = schema is not None and any(a["uniqueness"] != "none" for a in schema["attributes"])
    return catalogue.with_type(replace(own, keyed=own.keyed or unique))


def set_index(type: OwnType, wanted: Collection[str], at: str, *, empty: bool) -> OwnType:
    """The type with other index paths. ``empty``: it has no resources, so that a new path needs no building."""
    index = []
    for one in type.index:
        state = one.state
        if one.path in wanted and state is IndexState.RETIRING:
            state = IndexState.READY  # its rows were written all the time
        elif one.path not in wanted and state is IndexState.READY:
            state = IndexState.RETIRING
        elif one.path not in wanted and state is IndexState.BUILDING:
            state = IndexState.EMPTYING
        index.append(one if state is one.state else replace(one, state=state, since=at))
    there = {i.path for i in index if i.state is not IndexState.EMPTYING}
    next_index = type.next_index
    for path in dict.fromkeys(wanted):
        if path not in there:
            state = IndexState.READY if empty else IndexState.BUILDING
            index.append(OwnIndex(path, next_index, state, at))
            next_index += 1
    return replace(type, index=tuple(index), next_index=next_index)


def settle(catalogue: Catalogue, base: Sequence[ResourceType], at: str) -> Catalogue:
    """The catalogue without index paths that were to go and now lead nowhere (their attribute has gone)."""
    for own in catalogue.types:
        going = [i for i in own.index if i.state is IndexState.RETIRING]
        if going:
            bare = catalogue.with_type(replace(own, index=()))
            type = next(t for t in compile_types(bare, base).types if t.number == own.number)
            lost = [i for i in going if index_place(type, i.path) is None]
            index = tuple(replace(i, state=IndexState.EMPTYING, since=at) if i in lost else i for i in own.index)
            catalogue = catalogue.with_type(replace(own, index=index))
    return catalogue


def judge_catalogue(catalogue: Catalogue, base: Sequence[ResourceType], reserved: Collection[str] = ()) -> None:
    """Whether all of a catalogue fits together. ``reserved`` are names of addresses that are taken, in any case.

    **Raises** ``InvalidDocument``; a problem's place begins with the URN or the name of what it is about.
    """
    judge = Judge()
    if len(catalogue.schemas) > MOST_SCHEMAS:
        judge.wrong(f"a tenant can have {MOST_SCHEMAS} schemas of its own; remove one that is not used.")
    if sum(t.number >= FIRST_NUMBER for t in catalogue.types) > MOST_TYPES:
        judge.wrong(f"a tenant can have {MOST_TYPES} resource types of its own; remove one that is not used.")
    if len(catalogue.dump()) > CATALOGUE_BYTES:
        judge.wrong(f"all schemas and types of a tenant together have at most {CATALOGUE_BYTES} bytes.")
    taken = {name.strip("/").lower() for name in reserved} | RESERVED_ENDPOINTS
    endpoints: set[str] = set()
    for type in catalogue.types:
        with judge.inside(type.name):
            _check_type(judge, catalogue, type, base)
            name = type.endpoint.strip("/").lower()
            if type.number >= FIRST_NUMBER and (name in taken or name in endpoints):
                judge.wrong(f"{type.endpoint} is another address of the server; choose another.", "endpoint")
            endpoints.add(name)
    for urn in catalogue.schemas:
        for other, schema in catalogue.schemas.items():
            if urn.startswith(f"{other}:") and any(urn == f"{other}:{a['name'].lower()}" for a in schema["attributes"]):
                judge.wrong(f"this URN is also the path of an attribute of {schema['id']}; choose another.", urn)
    judge.finish()
    _check_indexes(judge, catalogue, base)
    judge.finish()


def _check_type(judge: Judge, catalogue: Catalogue, type: OwnType, base: Sequence[ResourceType]) -> None:
    extensions = {s.id.lower() for t in base for s in (e.schema for e in t.extensions)} | set(catalogue.schemas)
    if type.number >= FIRST_NUMBER and type.schema.lower() not in catalogue.schemas:
        judge.wrong(
            f"there is no schema {shown(type.schema)!r} of your own; make it first (POST /Schemas, or in the same"
            " file), and check its URN.",
            "schema",
        )
    seen: set[str] = {type.schema.lower()}
    for extension in type.extensions:
        urn = extension.urn.lower()
        if urn not in extensions:
            judge.wrong(
                f"there is no schema {shown(extension.urn)!r}; make it first (POST /Schemas, or in the same file), and"
                " check its URN.",
                "schemaExtensions",
            )
        elif urn in seen:
            judge.wrong(f"{extension.urn} stands here twice, or is the type's own schema.", "schemaExtensions")
        elif unique := [a["name"] for a in _attributes(catalogue, urn) if a["uniqueness"] != "none"]:
            judge.wrong(
                f"{unique[0]} of {extension.urn} is unique, and only an attribute of a type's own schema can be;"
                ' set its uniqueness to "none".',
                "schemaExtensions",
            )
        seen.add(urn)
    if len(type.live) > MOST_INDEXES:
        judge.wrong(f"at most {MOST_INDEXES} index paths are possible.", "indexPaths")
    if type.next_index > MOST_INDEX_NUMBERS:
        judge.wrong("index paths of this type have been added too often; keep those there are.", "indexPaths")


def _check_indexes(judge: Judge, catalogue: Catalogue, base: Sequence[ResourceType]) -> None:
    compiled = {type.number: type for type in compile_types(catalogue, base).types}
    for own in catalogue.types:
        type = compiled[own.number]
        for one in own.index:
            if one.path not in own.live:
                continue
            place = index_place(type, one.path)
            with judge.inside(own.name):
                if place is None:
                    judge.wrong(
                        f"{shown(one.path)!r} is no path to a string, reference or dateTime of this type; name one as"
                        " in a filter (serialNumber, urn:example:2.0:Device:owner.value), or take it out of indexPaths"
                        " first, if its attribute is to go.",
                        "indexPaths",
                    )
                elif place.sub is None and place.extension is None and place.attribute is type.key:
                    judge.wrong(f"{one.path} is unique, and has an index by that already; leave it out.", "indexPaths")


def _check_fixed(document: TypeDocument, standard: ResourceType) -> None:
    judge = Judge()
    with judge.inside(standard.name):
        if document.endpoint.lower() != standard.endpoint.lower():
            judge.wrong(f"the endpoint of {standard.name} is {standard.endpoint}, and stays.", "endpoint")
        if document.schema.lower() != standard.schema.id.lower():
            judge.wrong(f"the schema of {standard.name} is {standard.schema.id}, and stays.", "schema")
    judge.finish()


def _attributes(catalogue: Catalogue, urn: str) -> Sequence[Mapping[str, Any]]:
    return catalogue.schemas[urn]["attributes"] if urn in catalogue.schemas else ()


def _spelled(catalogue: Catalogue, urn: str, base: Sequence[ResourceType] = ()) -> str:
    """A URN in the spelling of its schema."""
    for type in base:
        if (extension := type.extension(urn)) is not None:
            return extension.id
    known = catalogue.schemas.get(urn.lower())
    return known["id"] if known else urn


def _spelled_paths(catalogue: Catalogue, own: OwnType, paths: Sequence[str], base: Sequence[ResourceType]) -> list[str]:
    """Paths in the spelling of the schemas; one that leads nowhere stays as it is, to be told of."""
    try:
        types = compile_types(catalogue.with_type(replace(own, index=())), base).types
    except KeyError:  # it names schemas that are not there, which is told first
        return list(paths)
    type = next(t for t in types if t.number == own.number)
    return [place.name if (place := index_place(type, path)) else path for path in paths]


def _extensions(judge: Judge, fields: Mapping[str, Any]) -> tuple[OwnExtension, ...]:
    def read(item: Any) -> OwnExtension | None:
        inner = judge.fields(item, ("schema", "required"), "an extension of a type")
        urn = judge.text(inner, "schema", most=URN_LENGTH) if isinstance(item, dict) else ""
        return OwnExtension(urn, judge.truth(inner, "required")) if urn else None

    return tuple(judge.items(fields, "schemaExtensions", read, most=MOST_SCHEMAS))


def _index(judge: Judge, fields: Mapping[str, Any]) -> tuple[str, ...] | None:
    if INDEX not in fields:
        return None
    with judge.inside(INDEX):
        inner = judge.fields(fields[INDEX], ("indexPaths", "unfinishedPaths"), "this extension")
        return tuple(judge.texts(inner, "indexPaths", most=100, longest=500))
