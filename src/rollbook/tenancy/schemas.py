"""The schemas and resource types of a tenant: added, replaced, removed, each step checked against its data.

::

    document ──judge──▶ catalogue ──questions──▶ counts ──▶ CatalogueChange ──▶ every worker, within some seconds

**What is promised**: a change that data would break is refused with the number of resources. The counting is done
twice: over all resources while everybody works on, and, in the transaction of the change, over those written since the
counting began. From that transaction on the store takes no content that was made by the old schemas (``SchemaChanged``;
the edge computes it again by the new ones). So no worker that has not heard of a change can undo what was checked. The
one exception is a tenant's first catalogue on PostgreSQL: nobody knows of one to be looked at, so for as long as a
credential is remembered a worker may write as if there were none.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from rollbook.clock import Clock, written
from rollbook.events import Event, Kind
from rollbook.ids import ordered_id
from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.catalogue import Catalogue, compile_types, read_catalogue
from rollbook.scim.errors import Conflict, Forbidden, NotFound, Unavailable, Uniqueness
from rollbook.scim.judge import InvalidDocument, Problem, shown
from rollbook.scim.schema_changes import Question, questions
from rollbook.scim.schema_rules import judge_schema
from rollbook.scim.type_rules import judge_catalogue, judge_type, put_type, settle
from rollbook.storage.contract import TenantStore
from rollbook.storage.errors import VersionConflict, WouldBreak
from rollbook.storage.records import CatalogueChange, Query, Target
from rollbook.tenancy.indexes import next_work

SCHEMAS = "Schemas"
TYPES = "ResourceTypes"

OVERLAP = timedelta(minutes=5)
"""How much of what was written before a count is counted again: longer than a request takes, and than the clocks of two
hosts differ."""

_ATTEMPTS = 10
_KINDS = {
    SCHEMAS: (Kind.SCHEMA_CREATED, Kind.SCHEMA_REPLACED, Kind.SCHEMA_DELETED),
    TYPES: (Kind.TYPE_CREATED, Kind.TYPE_REPLACED, Kind.TYPE_DELETED),
}
_NAMES = {SCHEMAS: "Schema", TYPES: "ResourceType"}

Edit = Callable[[Catalogue, str], Catalogue]


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes schemas, for the event."""

    actor: str
    peer: str = ""
    request: str = ""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a change is made with: the tenant's store, a clock, who asks, and the names of addresses that are taken."""

    store: TenantStore
    clock: Clock
    author: Author
    reserved: frozenset[str] = frozenset()


async def load(store: TenantStore) -> Catalogue:
    """The tenant's catalogue as it stands."""
    return read_catalogue(*await store.catalogue())


async def create(desk: Desk, topic: str, document: Any) -> str:
    """A new schema or resource type; its URN or name. **Raises** ``InvalidDocument``, ``Uniqueness``, ``Conflict``."""
    name = _name(topic, document)

    def edit(catalogue: Catalogue, at: str) -> Catalogue:
        if _has(catalogue, topic, name) or _is_standard(topic, name):
            raise Uniqueness(
                f"There is a {_NAMES[topic]} {name} already. Replace it with PUT, or give the new one another name."
            )
        return _put(catalogue, topic, document, at)

    await _change(desk, edit, topic, 0, name)
    return name


async def replace_(desk: Desk, topic: str, name: str, document: Any) -> str:
    """A schema or resource type as the document has it, in place of the one of that name. **Raises** as ``create``, and
    ``NotFound``."""
    wanted = _name(topic, document)
    if wanted.lower() != name.lower():
        key = "id" if topic == SCHEMAS else "name"
        said = f"this is {shown(wanted)}, and the address says {shown(name)}; give both the same."
        raise InvalidDocument([Problem(key, said)])

    def edit(catalogue: Catalogue, at: str) -> Catalogue:
        if not _has(catalogue, topic, name) and not (topic == TYPES and _is_standard(topic, name)):
            raise _not_found(topic, name)
        return _put(catalogue, topic, document, at)

    await _change(desk, edit, topic, 1, name)
    return wanted


async def remove(desk: Desk, topic: str, name: str) -> None:
    """**Raises** ``NotFound``, ``Forbidden`` (it is of the standard), ``Conflict`` (it is in use)."""

    def edit(catalogue: Catalogue, at: str) -> Catalogue:
        if not _has(catalogue, topic, name) or _is_standard(topic, name):
            if _is_standard(topic, name):
                raise Forbidden(f"{shown(name)} is of the standard and cannot be removed.")
            raise _not_found(topic, name)
        if topic == TYPES:
            kept = tuple(t for t in catalogue.types if t.name.lower() != name.lower())
            return replace(catalogue, types=kept)
        urn = name.lower()
        for type in catalogue.types:
            if urn == type.schema.lower() or urn in (e.urn.lower() for e in type.extensions):
                raise Conflict(
                    f"The resource type {type.name} uses this schema. Remove the type first, or take the schema out of"
                    " its schemaExtensions."
                )
        schemas = {key: value for key, value in catalogue.schemas.items() if key != urn}
        return replace(catalogue, schemas=schemas)

    await _change(desk, edit, topic, 2, name)


async def put_all(desk: Desk, documents: Sequence[Any]) -> list[tuple[str, str]]:
    """Several schemas and resource types at once, all or none, each new or in place of the one of its name.

    **Shape**: what they are, as (topic, name). **Raises** ``InvalidDocument`` whose problems' places begin with
    ``[2]`` where there are several documents.
    """
    named, problems = [], []
    for position, document in enumerate(documents):
        topic = topic_of(document)
        try:
            named.append((topic, _name(topic, document)))
        except InvalidDocument as refused:
            problems += [_placed(problem, position, len(documents)) for problem in refused.problems]
    if problems:
        raise InvalidDocument(problems)
    schemas_first = sorted(range(len(documents)), key=lambda position: named[position][0] != SCHEMAS)

    def edit(catalogue: Catalogue, at: str) -> Catalogue:
        for position in schemas_first:
            catalogue = _put(catalogue, named[position][0], documents[position], at)
        return catalogue

    topic = named[0][0] if named else SCHEMAS
    await _change(desk, edit, topic, 1, *(name for _, name in named))
    return named


def topic_of(document: Any) -> str:
    """Whether a document is a schema or a resource type: only the latter has an endpoint or a schema."""
    keys = {key.lower() for key in document} if isinstance(document, dict) else set()
    return TYPES if keys & {"endpoint", "schema", "schemaextensions"} and "attributes" not in keys else SCHEMAS


async def _change(desk: Desk, edit: Edit, topic: str, kind: int, *names: str) -> Catalogue:
    """Edit the catalogue as it stands, and make it the tenant's, unless data would break."""
    base = standard_types()
    for _ in range(_ATTEMPTS):
        before = await load(desk.store)
        at = desk.clock.written()
        after = settle(edit(before, at), base, at)
        judge_catalogue(after, base, desk.reserved)
        if after == before:
            return before
        keyed = frozenset(t.number for t in before.types if t.keyed) | {t.number for t in base if t.key}
        asked = questions(compile_types(before, base).types, compile_types(after, base).types, keyed)
        for question in asked:
            if count := await _count(desk, question):
                raise _breaks(question, count)
        since = written(desk.clock.now() - OVERLAP)
        guards = tuple(_query(question, f'meta.lastModified ge "{since}"') for question in asked)
        event = Event(
            id=ordered_id(),
            at=at,
            kind=_KINDS[topic][kind],
            actor=desk.author.actor,
            peer=desk.author.peer,
            request=desk.author.request,
            resource_type=_NAMES[topic],
            resource=names[0] if names else "",
            attributes=names[1:],
        )
        change = CatalogueChange(before.revision, after.dump(), guards, next_work(after, at), event)
        try:
            await desk.store.change_catalogue(change)
        except VersionConflict:
            continue
        except WouldBreak as broken:
            question = asked[broken.guard]
            raise _breaks(question, max(broken.count, await _count(desk, question))) from broken
        return replace(after, revision=before.revision + 1)
    raise Unavailable("Too many are changing this tenant's schemas at once; nothing was changed. Try again.")


async def _count(desk: Desk, question: Question) -> int:
    return (await desk.store.query(_query(question))).total


def _query(question: Question, also: str = "") -> Query:
    return Query((Target(question.type, question.bound(also)),), limit=0)


def _breaks(question: Question, count: int) -> Conflict:
    resources = f"{count} {'resource' if count == 1 else 'resources'} of type {question.type.name}"
    return Conflict(f"{resources} {question.wrong}. Nothing was changed.")


def _put(catalogue: Catalogue, topic: str, document: Any, at: str) -> Catalogue:
    if topic == TYPES:
        return put_type(catalogue, judge_type(document), standard_types(), at)
    schema = judge_schema(document)
    kept = catalogue.schemas.get(schema["id"].lower())
    if kept is not None:
        schema["id"] = kept["id"]  # data stands under the URN as it was spelled first
    return replace(catalogue, schemas={**catalogue.schemas, schema["id"].lower(): schema})


def _name(topic: str, document: Any) -> str:
    """The URN or name of a document that is right by itself. **Raises** ``InvalidDocument``."""
    if topic == TYPES:
        return judge_type(document).name
    return str(judge_schema(document)["id"])


def _has(catalogue: Catalogue, topic: str, name: str) -> bool:
    return catalogue.type(name) is not None if topic == TYPES else name.lower() in catalogue.schemas


def _is_standard(topic: str, name: str) -> bool:
    types = standard_types()
    known = [t.name for t in types] if topic == TYPES else [s.id for t in types for s in t.schemas()]
    return name.lower() in [one.lower() for one in known]


def _not_found(topic: str, name: str) -> NotFound:
    return NotFound(f"There is no {_NAMES[topic]} {shown(name)} of this tenant's own.")


def _placed(problem: Problem, position: int, count: int) -> Problem:
    if count == 1:
        return problem
    return Problem(f"[{position}].{problem.where}" if problem.where else f"[{position}]", problem.wrong)
