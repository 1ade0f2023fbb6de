"""The SQL of a filter finds what ``scim.match`` says, in the order of ``scim.sort``, on SQLite and on PostgreSQL."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.support.made import TEXTS, documents, filter_texts, filters, resource_types, sorts
from tests.support.postgres import fresh_database
from tests.support.sql_stage import BASE, PostgresStage, Scene, SQLiteStage, Stage

from rollbook.scim.binding import bind, bind_sort
from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.filter_parser import parse_filter
from rollbook.scim.match import matches
from rollbook.scim.sort import in_order, sort_value
from rollbook.storage.records import Query, Target
from rollbook.storage.sql.compile import compile_query
from rollbook.storage.sql.flavor_postgres import POSTGRES

QUESTIONS = 6
"""Queries asked of one made tenant: making it costs more than asking."""

relaxed = settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=list(HealthCheck),
    # A made schema shrinks for minutes and comes out no clearer; what failed is told whole.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)


@pytest.fixture(scope="module")
def sqlite_stage() -> Stage:
    return SQLiteStage()


@pytest.fixture(scope="module")
def postgres_stage(postgres_admin_url: str) -> Iterator[Stage]:
    with fresh_database(postgres_admin_url) as url:
        stage = PostgresStage(url)
        yield stage
        stage.close()


def holds(stage: Stage, data: st.DataObject) -> None:
    kind = data.draw(resource_types())
    scene = Scene()
    for number in range(1, data.draw(st.integers(2, 6)) + 1):
        scene.add(kind, data.draw(documents(kind)), number)
    with stage.playing(scene):
        for _ in range(QUESTIONS):
            bound = data.draw(filters(kind, scene.whole[kind.number]))
            target = Target(kind, bound, data.draw(sorts(kind)))
            agrees(stage, scene, (target,), descending=data.draw(st.booleans()))


def holds_for_memberships(stage: Stage, data: st.DataObject) -> None:
    """Users 1 to 4, groups 5 to 9, anyone in any group but itself."""
    users, groups = standard_types()
    scene = Scene()
    for number in range(1, data.draw(st.integers(2, 4)) + 1):
        name = f"{data.draw(USER_NAMES)}{number}"
        shown = data.draw(st.none() | TEXTS)
        scene.add(
            users, {"schemas": [users.schema.id], "userName": name, **({"displayName": shown} if shown else {})}, number
        )
    for number in range(5, data.draw(st.integers(5, 9)) + 1):
        scene.add(groups, {"schemas": [groups.schema.id], "displayName": data.draw(TEXTS)}, number)
    everyone = [resource["id"] for kind in (users, groups) for resource in scene.whole[kind.number]]
    edges = {
        group["id"]: data.draw(st.lists(st.sampled_from(everyone), unique=True, max_size=4).map(without(group["id"])))
        for group in scene.whole[groups.number]
    }
    scene.join(users, groups, edges)
    asked = {users: ("groups", "groups", "displayName"), groups: ("members", "members", "displayName")}
    with stage.playing(scene):
        for _ in range(QUESTIONS):
            kinds = data.draw(st.sampled_from(((users,), (groups,), (users, groups))))
            first = data.draw(st.sampled_from(kinds))
            text = data.draw(filter_texts(first, scene.whole[first.number], asked[first], 2))
            by = data.draw(st.sampled_from(SORTS))
            filter = parse_filter(text)
            mixed = len(kinds) > 1 or by is not None
            targets = [
                Target(kind, bind(filter, kind, mixed=mixed), bind_sort(by, kind) if by else None) for kind in kinds
            ]
            agrees(stage, scene, tuple(targets), descending=data.draw(st.booleans()))


USER_NAMES = st.sampled_from(("ann", "Bo", "STRASSE", "straße", "İ", "a%", "a_"))
SORTS: tuple[str | None, ...] = (
    None,
    "displayName",
    "members.display",
    "members.type",
    "groups.value",
    "groups.type",
    "groups.display",
    "members.$ref",
    "groups.$ref",
    "members",
    "id",
    "meta.location",
    "meta.resourceType",
    "userName",
)


def without(id: str) -> Callable[[list[str]], list[str]]:
    return lambda ids: [other for other in ids if other != id]


def agrees(stage: Stage, scene: Scene, targets: tuple[Target, ...], *, descending: bool) -> None:
    """The database finds the same resources as the core, in the same order."""
    is_sorted = any(target.sort for target in targets)
    query = Query(targets, sorted=is_sorted, descending=descending and is_sorted, location_base=BASE)
    found = [
        (sort_value(target.sort, resource) if target.sort else None, resource["id"])
        for target in targets
        for resource in scene.whole[target.type.number]
        if target.filter is None or matches(target.filter, resource)
    ]
    by_id = sorted(found, key=lambda pair: pair[1])
    missing = [id for value, id in by_id if value is None]
    valued = [pair for pair in by_id if pair[0] is not None]
    ordered = [id for _, id in sorted(valued, key=_value, reverse=query.descending)]
    expected = [*missing, *ordered] if query.descending else [*ordered, *missing]
    if len(targets) == 1:
        all_in_order = in_order(targets[0].sort, scene.whole[targets[0].type.number], descending=query.descending)
        assert expected == [resource["id"] for resource in all_in_order if resource["id"] in set(expected)]
    assert stage.ids(scene, query) == expected, told(scene, query)
    assert stage.ids_by_index(scene, query) in (None, expected), told(scene, query)
    assert stage.ids_by_walking(scene, query) == expected, told(scene, query)
    assert stage.ids_by_walking(scene, query, back=True) == expected[::-1], told(scene, query)


def _value(pair: tuple[Any, str]) -> Any:
    return pair[0]


def told(scene: Scene, query: Query) -> str:
    """What was asked of what, for the message of a failing test."""
    fragment = compile_query(query, POSTGRES, tenant="$1", first=2)
    lines = [f"descending: {query.descending}", f"sql: {fragment.where} / {fragment.order}"]
    for target in query.targets:
        lines.append(f"{target.type.name} by {target.sort.name if target.sort else None}; {target.type.index_paths}")
        if target.filter:
            lines += [f"operands: {target.filter.operands!a}", f"filter: {target.filter.shape.node}"]
    return "\n".join([*lines, *(ascii(resource) for resources in scene.whole.values() for resource in resources)])


@relaxed
@given(st.data())
def test_sqlite_finds_what_match_says(sqlite_stage: Stage, data: st.DataObject) -> None:
    holds(sqlite_stage, data)


@relaxed
@given(st.data())
def test_postgres_finds_what_match_says(postgres_stage: Stage, data: st.DataObject) -> None:
    holds(postgres_stage, data)


@relaxed
@given(st.data())
def test_sqlite_knows_memberships_as_match_does(sqlite_stage: Stage, data: st.DataObject) -> None:
    holds_for_memberships(sqlite_stage, data)


@relaxed
@given(st.data())
def test_postgres_knows_memberships_as_match_does(postgres_stage: Stage, data: st.DataObject) -> None:
    holds_for_memberships(postgres_stage, data)
