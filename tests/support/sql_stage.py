"""Both databases with nothing but the tables, to hold compiled SQL against what the core says."""

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import apsw
import asyncpg
import orjson

from rollbook.ids import new_id
from rollbook.scim.attributes import Compare
from rollbook.scim.folding import fold
from rollbook.scim.schema import ResourceType
from rollbook.scim.search_form import index_rows, search_form
from rollbook.storage.migrations import migrations
from rollbook.storage.records import INDEX_VALUE_LIMIT, Edge, Query, Step
from rollbook.storage.sql.compile import compile_query, index_page, index_sort
from rollbook.storage.sql.flavor import Flavor
from rollbook.storage.sql.flavor_postgres import POSTGRES
from rollbook.storage.sql.flavor_sqlite import SQLITE
from rollbook.storage.sql.keyset import walk_phases

BASE = "https://acorn.example/scim/v2"
Row = tuple[Any, ...]

RESOURCE = "INSERT INTO resource VALUES ({})"
MEMBER = "INSERT INTO member VALUES ({})"
INDEX = "INSERT INTO attribute_index VALUES ({})"


@dataclass
class Scene:
    """Resources of one tenant: whole ones, as the core sees them, and the rows that a store would hold."""

    tenant: str = field(default_factory=new_id)
    whole: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    resources: list[Row] = field(default_factory=list)
    members: list[Row] = field(default_factory=list)
    index: list[Row] = field(default_factory=list)
    displays: dict[str, str | None] = field(default_factory=dict)

    def add(self, kind: ResourceType, document: Mapping[str, Any], number: int) -> None:
        """Add a resource whose id and times are told by its number; one whose key is taken is left out."""
        id = f"00000000-0000-4000-8000-{number:012d}"
        made = f"2026-01-31T08:00:{number % 60:02d}.000Z"
        changed = f"2026-01-31T09:00:{number * 7 % 5:02d}.000Z"
        version = number * 3 % 4 + 1
        search = search_form(kind)(document)
        key = search.get(kind.key.name) if kind.key else None
        if key is not None and any(row[1] == kind.number and row[4] == key for row in self.resources):
            return
        external = document.get("externalId")
        if external is not None and any(row[1] == kind.number and row[5] == external for row in self.resources):
            document = {name: value for name, value in document.items() if name != "externalId"}
            external = None
        meta = {
            "resourceType": kind.name,
            "created": made,
            "lastModified": changed,
            "location": f"{BASE}{kind.endpoint}/{id}",
            "version": f'W/"{version}"',
        }
        self.whole.setdefault(kind.number, []).append({**document, "id": id, "meta": meta})
        display = self.displays[id] = document.get("displayName", document.get(kind.key.name) if kind.key else None)
        display_key = fold(Compare.FOLDED, display) if isinstance(display, str) else None
        texts = (orjson.dumps(document).decode(), orjson.dumps(search).decode())
        row = (self.tenant, kind.number, id, self.tenant, key, external, display, display_key, version, made, changed)
        self.resources.append((*row, *texts))
        for path, value, ordinal in index_rows(kind, INDEX_VALUE_LIMIT)(search):
            if kind.index_paths[path] in kind.unready and number % 2:
                continue  # the index is being built, and has not come to this one
            self.index.append((self.tenant, kind.number, path, value, id, ordinal))

    def join(self, users: ResourceType, groups: ResourceType, edges: Mapping[str, Sequence[str]]) -> None:
        """Put resources into groups (the members' ids by the group's), and tell the whole resources of it."""
        types = {resource["id"]: kind for kind in (users, groups) for resource in self.whole.get(kind.number, ())}
        for kind in (users, groups):
            for resource in self.whole.get(kind.number, ()):
                id = resource["id"]
                members = [self._shown(member, types[member], type=types[member].name) for member in edges.get(id, ())]
                if kind is groups and members:
                    resource["members"] = sorted(members, key=lambda member: member["value"])
                direct = {group for group, inside in edges.items() if id in inside}
                above = _above(direct, edges)
                if kind is users and above:
                    resource["groups"] = [
                        self._shown(group, groups, type="direct" if group in direct else "indirect")
                        for group in sorted(above)
                    ]
        self.members += [
            (self.tenant, group, member, types[member].number) for group, inside in edges.items() for member in inside
        ]

    def _shown(self, id: str, kind: ResourceType, *, type: str) -> dict[str, Any]:
        display = self.displays[id]
        shown = {"value": id, "$ref": f"{BASE}{kind.endpoint}/{id}", "type": type}
        return shown if display is None else {**shown, "display": display}


def _above(direct: set[str], edges: Mapping[str, Sequence[str]]) -> set[str]:
    found: set[str] = set()
    todo = list(direct)
    while todo:
        group = todo.pop()
        if group not in found:
            found.add(group)
            todo += [other for other, inside in edges.items() if group in inside]
    return found


class Stage(Protocol):
    """One database. What is put on it in a ``with`` block is gone after it."""

    def playing(self, scene: Scene) -> contextlib.AbstractContextManager[None]: ...

    def ids(self, scene: Scene, query: Query) -> list[str]:
        """The ids that a query finds, in order."""

    def ids_by_index(self, scene: Scene, query: Query) -> list[str] | None:
        """The same by the index's order, or None where the query has no such order."""

    def ids_by_walking(self, scene: Scene, query: Query, *, back: bool = False) -> list[str]:
        """The same, one row after another, each found by the edge of the one before."""


class SQLiteStage:
    flavor: Flavor = SQLITE

    def __init__(self) -> None:
        self._connection = apsw.Connection(":memory:")
        for migration in migrations("sqlite"):
            self._connection.execute(migration.sql)

    @contextlib.contextmanager
    def playing(self, scene: Scene) -> Iterator[None]:
        self._connection.execute("BEGIN")
        try:
            marks = ", ".join("?" * 12)
            self._connection.executemany(RESOURCE.format(marks + ", jsonb(?)"), scene.resources)
            self._connection.executemany(MEMBER.format("?, ?, ?, ?"), scene.members)
            self._connection.executemany(INDEX.format("?, ?, ?, ?, ?, ?"), scene.index)
            yield
        finally:
            self._connection.execute("ROLLBACK")

    def _run(self, sql: str, params: Sequence[Any]) -> list[str]:
        return [row[0] for row in self._connection.execute(sql, params)]

    def ids_by_walking(self, scene: Scene, query: Query, *, back: bool = False) -> list[str]:
        def rows(sql: str, params: Sequence[Any]) -> list[Row]:
            return self._connection.execute(sql, params).fetchall()

        return walked(query, self.flavor, "?1", scene.tenant, rows, back=back)

    def ids(self, scene: Scene, query: Query) -> list[str]:
        return self._run(*page(query, self.flavor, "?1", scene.tenant))

    def ids_by_index(self, scene: Scene, query: Query) -> list[str] | None:
        statements = phases(query, self.flavor, "?1", scene.tenant)
        return None if statements is None else [id for statement in statements for id in self._run(*statement)]


class PostgresStage:
    """One connection as a role that row-level security binds, in an event loop of its own."""

    flavor: Flavor = POSTGRES

    def __init__(self, url: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._connection = self._wait(asyncpg.connect(url))
        for migration in migrations("postgres"):
            self._wait(self._connection.execute(migration.sql))

    def close(self) -> None:
        self._wait(self._connection.close())
        self._loop.close()

    def _wait(self, work: Any) -> Any:
        return self._loop.run_until_complete(work)

    @contextlib.contextmanager
    def playing(self, scene: Scene) -> Iterator[None]:
        self._wait(self._connection.execute("BEGIN"))
        try:
            self._wait(self._connection.execute("SELECT set_config('app.tenant', $1, true)", scene.tenant))
            for statement, rows in ((RESOURCE, scene.resources), (MEMBER, scene.members), (INDEX, scene.index)):
                if rows:
                    marks = ", ".join(f"${number}" for number in range(1, len(rows[0]) + 1))
                    self._wait(self._connection.executemany(statement.format(marks), rows))
            yield
        finally:
            self._wait(self._connection.execute("ROLLBACK"))

    def _run(self, sql: str, params: Sequence[Any]) -> list[str]:
        return [str(row[0]) for row in self._wait(self._connection.fetch(sql, *params))]

    def ids_by_walking(self, scene: Scene, query: Query, *, back: bool = False) -> list[str]:
        def rows(sql: str, params: Sequence[Any]) -> list[Row]:
            return [tuple(row) for row in self._wait(self._connection.fetch(sql, *params))]

        return walked(query, self.flavor, "$1::uuid", scene.tenant, rows, back=back)

    def ids(self, scene: Scene, query: Query) -> list[str]:
        return self._run(*page(query, self.flavor, "$1::uuid", scene.tenant))

    def ids_by_index(self, scene: Scene, query: Query) -> list[str] | None:
        statements = phases(query, self.flavor, "$1::uuid", scene.tenant)
        return None if statements is None else [id for statement in statements for id in self._run(*statement)]


def page(query: Query, flavor: Flavor, tenant: str, id: str) -> tuple[str, list[Any]]:
    fragment = compile_query(query, flavor, tenant=tenant, first=2)
    sql = f"SELECT r.id FROM resource r WHERE r.tenant_id = {tenant} AND {fragment.where} ORDER BY {fragment.order}"
    return sql, [id, *fragment.params, *fragment.order_params]


def phases(query: Query, flavor: Flavor, tenant: str, id: str) -> list[tuple[str, list[Any]]] | None:
    by_index = index_sort(query, flavor, tenant=tenant, first=2)
    if by_index is None:
        alone = index_page(query, flavor, tenant=tenant, first=2)
        if alone is None:
            return None
        phase, params = alone
        where = f"r.tenant_id = {tenant} AND {phase.where}"
        return [(f"SELECT r.id FROM {phase.source} WHERE {where} ORDER BY {phase.order}", [id, *params])]
    return [
        (
            f"SELECT r.id FROM {phase.source} WHERE r.tenant_id = {tenant} AND {phase.where} ORDER BY {phase.order}",
            [id, *by_index.params],
        )
        for phase in by_index.phases
    ]


def walked(
    query: Query,
    flavor: Flavor,
    tenant: str,
    id: str,
    run: Callable[[str, Sequence[Any]], list[Row]],
    *,
    back: bool,
) -> list[str]:
    """The ids that steps of one row find, in the order of the steps."""
    found: list[str] = []
    edge = None
    while len(found) < 100:
        for phase in walk_phases(query, Step(edge, back), flavor, tenant=tenant, first=2):
            sql = (
                f"SELECT {', '.join(('r.id', *phase.keys))} FROM {phase.source} WHERE r.tenant_id = {tenant}"
                f" AND {phase.where} ORDER BY {phase.order} LIMIT 1"
            )
            if rows := run(sql, [id, *phase.params]):
                break
        else:
            return found
        edge = Edge(tuple(rows[0][1:]), str(rows[0][0]))
        found.append(edge.id)
    raise AssertionError("the walk does not end")


def shown(document: Mapping[str, Any]) -> str:
    """A document for a failing test's message."""
    return json.dumps(document, ensure_ascii=True)
