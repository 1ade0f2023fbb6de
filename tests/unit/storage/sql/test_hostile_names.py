"""Names that tenants give to schemas and attributes are texts to SQL, whatever stands in them, on both databases."""

import contextlib
from collections.abc import Iterator

import pytest
from tests.support.postgres import fresh_database
from tests.support.sql_stage import PostgresStage, Scene, SQLiteStage, Stage

from rollbook.scim.attributes import Attribute, Type
from rollbook.scim.binding import BoundComparison, BoundElement, BoundFilter, BoundNode, BoundPresent, BoundShape
from rollbook.scim.filter import Operator
from rollbook.scim.schema import Extension, Place, ResourceType, Schema
from rollbook.storage.records import Query, Target

HOSTILE = (
    *("it's", "''", "';--", '"', '\\"', "\\", "\\'", "$1", "?1", "%s", "{0}", "a.b", "$.a", "[0]", "a[0]", "->", "#-1"),
    *("é", "😀", "\n", "\t", "/* */", "'||(SELECT 1)||'", "\\u0041", "E'\\''", "$$", "{}", "0", ""),
)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    if request.param == "sqlite":
        yield SQLiteStage()
        return
    with contextlib.ExitStack() as stack:
        on_server = PostgresStage(stack.enter_context(fresh_database(request.getfixturevalue("postgres_admin_url"))))
        stack.callback(on_server.close)
        yield on_server


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_finds_its_value_and_nothing_else(stage: Stage, name: str) -> None:
    sub = Attribute(name + "s")
    simple, single = Attribute(name), Attribute(name + "c", Type.COMPLEX, sub_attributes=(sub,))
    several = Attribute(name + "m", Type.COMPLEX, multi_valued=True, sub_attributes=(sub,))
    schema = Schema("urn:example:" + name, "Made", "", (simple, single, several))
    kind = ResourceType("Thing" + name, "/Things" + name, schema, (Extension(schema),), number=100)
    scene = Scene()
    held = {simple.name: "Ann", single.name: {sub.name: "Ann"}, several.name: [{sub.name: "Bo"}, {sub.name: "Ann"}]}
    scene.add(kind, {"schemas": [schema.id], **held}, 1)
    scene.add(kind, {"schemas": [schema.id], schema.id: held}, 2)
    scene.add(kind, {"schemas": [schema.id]}, 3)
    with stage.playing(scene):
        for number, extension in ((1, None), (2, schema)):
            places = (Place(simple, None, extension), Place(single, sub, extension), Place(several, sub, extension))
            for place in places:
                equal = BoundComparison(place, Operator.EQ, 0)
                nodes: tuple[BoundNode, ...] = (equal, BoundPresent(place))
                if place.sub:
                    nodes += (BoundElement(Place(place.attribute, None, extension), equal),)
                for node in nodes:
                    bound = BoundFilter(BoundShape(kind, node, ()), ("ann",))
                    query = Query((Target(kind, bound, place),), sorted=True)
                    assert stage.ids(scene, query) == [f"00000000-0000-4000-8000-{number:012d}"]
        location = Query((Target(kind, None, kind.place(None, "meta", "location")),), sorted=True)
        assert len(stage.ids(scene, location)) == 3
