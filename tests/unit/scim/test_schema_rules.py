"""What a schema or a resource type of a tenant may be, and how it is told what is wrong with one."""

from typing import Any

import pytest
from tests.support.devices import BADGE, BADGE_SCHEMA, DEVICE, DEVICE_SCHEMA, DEVICE_TYPE, INDEX, attribute, schema

from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.catalogue import Catalogue, IndexState, compile_types, read_catalogue
from rollbook.scim.judge import InvalidDocument
from rollbook.scim.schema import read_schema
from rollbook.scim.schema_rules import judge_schema
from rollbook.scim.type_rules import judge_catalogue, judge_type, put_type, set_index, settle

AT = "2026-01-31T08:00:00.000Z"
BASE = standard_types()
MANY = [attribute(f"a{number}") for number in range(501)]


def told(document: Any) -> str:
    with pytest.raises(InvalidDocument) as refused:
        judge_schema(document)
    return "\n".join(map(str, refused.value.problems))


def test_a_judged_schema_has_every_characteristic_and_reads_as_it_was_written() -> None:
    judged = judge_schema({**DEVICE_SCHEMA, "meta": {"version": "1"}, "DESCRIPTION": "Things", "schemas": None})
    assert judged["description"] == "Things"
    assert judged["attributes"][0] == {
        "name": "serialNumber",
        "type": "string",
        "multiValued": False,
        "description": "",
        "required": True,
        "caseExact": False,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "server",
    }
    assert judge_schema(judged) == judged
    assert read_schema(judged).attribute("ports") is not None
    assert judge_schema(schema("urn:example:x", attribute("a", "REFERENCE")))["attributes"][0]["caseExact"] is True


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ([], "a schema is a JSON object, and this is a list"),
        ({}, "id: this is missing"),
        ({"nmae": "x"}, "nmae: there is no such key; did you mean name?"),
        ({"zzz": 1}, "zzz: there is no such key; the keys are schemas, id, name"),
        ({"id": "urn:a:b", "ID": "urn:a:c"}, "id: this key stands here twice"),
        ({"schemas": ["urn:x"]}, 'schemas: this has to be a list that holds "urn:ietf:params'),
        ({"id": "urn:ietf:params:scim:schemas:core:2.0:Device"}, "id: urn:ietf:params:scim:… belongs to the standard"),
        ({"id": "http://example.com"}, "id: this is no URN"),
        ({"id": "urn:example:a b"}, "id: this is no URN"),
        ({"id": "urn:example:a'b"}, "id: this is no URN"),
        ({"id": "urn:e:x"}, "id: this is no URN"),
        ({"id": "urn:example:" + "a" * 255}, "id: this has 267 characters; at most 255"),
        ({"name": ""}, "name: this cannot be empty"),
        ({"name": "a\u202eb"}, "name: this holds a character that cannot be seen"),
        ({"attributes": []}, "attributes: a schema has at least one attribute"),
        ({"attributes": {}}, "attributes: this has to be a list, and is an object"),
        ({"attributes": MANY}, "attributes: this has 501 elements; at most 500"),
    ],
)
def test_what_is_wrong_with_a_schema_is_told_with_its_place(wrong: Any, said: str) -> None:
    assert said in told(wrong)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "attributes[0].name: this is missing"),
        ({"name": "9a"}, "attributes[0].name: '9a' is no attribute name; it is a letter"),
        ({"name": "$ref"}, "is no attribute name"),
        ({"name": "a.b"}, "is no attribute name"),
        ({"name": "Meta"}, "Meta belongs to every resource"),
        ({"name": "externalid"}, "externalid belongs to every resource"),
        ({"name": "members"}, "members tells who is in which group"),
        ({"name": "not"}, "not is a word of the filter language"),
        ({"name": "a", "type": "strnig"}, "attributes[0].type: 'strnig' is not possible here; did you mean string?"),
        ({"name": "a", "type": 5}, "attributes[0].type: this has to be a string"),
        ({"name": "a", "required": "yes"}, "attributes[0].required: this has to be true or false, and is a string"),
        ({"name": "a", "mutability": "readOnly"}, "nobody could ever give it a value"),
        ({"name": "a", "mutability": "writeOnly"}, "this server keeps no values that cannot be read back"),
        ({"name": "a", "returned": "never"}, "this server keeps no values that cannot be read back"),
        ({"name": "a", "uniqueness": "global"}, "no server can promise it for the whole world"),
        ({"name": "a", "uniqueness": "server", "multiValued": True}, "only a string or reference with one value"),
        ({"name": "a", "uniqueness": "server", "type": "integer"}, "only a string or reference with one value"),
        ({"name": "a", "type": "binary", "caseExact": False}, "a binary is always compared exactly"),
        ({"name": "a", "canonicalValues": ["x"], "type": "integer"}, "only strings have canonical values"),
        ({"name": "a", "referenceTypes": ["User"]}, "only a reference has them"),
        ({"name": "a", "subAttributes": [{"name": "b"}]}, "only a complex attribute has them"),
        ({"name": "a", "type": "complex"}, "a complex attribute has at least one sub-attribute"),
        (
            {"name": "a", "type": "complex", "subAttributes": [{"name": "b", "type": "complex"}]},
            "attributes[0].subAttributes[0].type: a sub-attribute cannot be complex",
        ),
        (
            {"name": "a", "type": "complex", "subAttributes": [{"name": "b", "uniqueness": "server"}]},
            "attributes[0].subAttributes[0].uniqueness: only a string",
        ),
        (
            {"name": "a", "type": "complex", "subAttributes": [{"name": "b"}, {"name": "B"}]},
            "attributes[0].subAttributes: B stands here twice",
        ),
        ({"name": "a", "_held": "members"}, "attributes[0]._held: there is no such key"),
    ],
)
def test_what_is_wrong_with_an_attribute_is_told_with_its_place(wrong: Any, said: str) -> None:
    assert said in told({"id": "urn:example:x", "name": "X", "attributes": [wrong]})


def test_names_are_told_apart_without_letter_case_and_one_attribute_is_unique() -> None:
    twice = told(schema("urn:example:x", attribute("a"), attribute("A")))
    assert "attributes: A stands here twice" in twice
    unique = [attribute(name, uniqueness="server") for name in ("a", "b")]
    assert "a and b are both unique; one attribute of a type can be" in told(schema("urn:example:x", *unique))


def test_all_problems_are_told_at_once_and_the_answer_shows_three() -> None:
    with pytest.raises(InvalidDocument) as refused:
        judge_schema({"id": "x", "name": 1, "attributes": [{}, {"name": "?"}], "more": 1})
    assert len(refused.value.problems) == 5
    assert refused.value.detail.endswith("There are 2 more problems.")


def catalogue(*types: dict[str, Any], schemas: tuple[dict[str, Any], ...] = (DEVICE_SCHEMA, BADGE_SCHEMA)) -> Catalogue:
    judged = [judge_schema(document) for document in schemas]
    found = Catalogue(schemas={document["id"].lower(): document for document in judged})
    for document in types:
        found = put_type(found, judge_type(document), BASE, AT)
    return found


def refused_catalogue(*types: dict[str, Any], **more: Any) -> str:
    with pytest.raises(InvalidDocument) as refused:
        judge_catalogue(catalogue(*types, **more), BASE, {"Users", "Taken"})
    return "\n".join(map(str, refused.value.problems))


def test_a_catalogue_reads_as_it_was_dumped_and_compiles() -> None:
    kept = catalogue(DEVICE_TYPE, {**DEVICE_TYPE, "name": "Desk", "endpoint": "Desks/"})
    judge_catalogue(kept, BASE)
    assert read_catalogue(0, kept.dump()) == kept
    user, group, device, desk = compile_types(kept, BASE).types
    assert (user, group) == BASE
    assert (device.number, desk.number, desk.endpoint) == (100, 101, "/Desks")
    assert device.key is not None
    assert [schema.id for schema in compile_types(kept, BASE).unused] == [BADGE]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema": "urn:example:nothing"}, "Device.schema: there is no schema 'urn:example:nothing' of your own"),
        ({"schemaExtensions": [{"schema": "urn:example:no"}]}, "Device.schemaExtensions: there is no schema"),
        ({"schemaExtensions": [{"schema": DEVICE}]}, "stands here twice, or is the type's own schema"),
        ({"endpoint": "/users"}, "Device.endpoint: /users is another address of the server"),
        ({"endpoint": "/taken"}, "Device.endpoint: /taken is another address of the server"),
        ({"endpoint": "/docs"}, "is another address"),
        ({INDEX: {"indexPaths": ["colour"]}}, "Device.indexPaths: 'colour' is no path to a string"),
        ({INDEX: {"indexPaths": ["price"]}}, "'price' is no path to a string"),
        ({INDEX: {"indexPaths": ["id"]}}, "'id' is no path to a string"),
        ({INDEX: {"indexPaths": ["SERIALnumber"]}}, "serialNumber is unique, and has an index by that already"),
    ],
)
def test_what_does_not_fit_together_is_told(change: dict[str, Any], said: str) -> None:
    assert said in refused_catalogue({**DEVICE_TYPE, **change})


def test_a_unique_attribute_belongs_into_the_types_own_schema() -> None:
    other = schema("urn:example:other", attribute("code", uniqueness="server"))
    document = {**DEVICE_TYPE, "schemaExtensions": [{"schema": "urn:example:other"}]}
    assert "code of urn:example:other is unique" in refused_catalogue(document, schemas=(DEVICE_SCHEMA, other))


def test_a_urn_that_reads_like_a_path_of_another_schema_is_refused() -> None:
    schemas = (schema("urn:example:x", attribute("y")), schema("urn:example:x:Y", attribute("z")))
    assert "is also the path of an attribute" in refused_catalogue(schemas=schemas)


def test_the_numbers_of_a_tenant_are_bounded() -> None:
    many = tuple(schema(f"urn:example:s{number}", attribute("a")) for number in range(101))
    assert "a tenant can have 100 schemas" in refused_catalogue(schemas=many)
    big = tuple(
        schema(f"urn:example:s{number}", *(attribute(f"a{n}", description="d" * 900) for n in range(300)))
        for number in range(4)
    )
    assert "at most 1048576 bytes" in refused_catalogue(schemas=big)


@pytest.mark.parametrize("name", ["", "9", "a b", "x" * 64, "Me", "error", "Schema", "PatchOp"])
def test_a_type_cannot_have_every_name(name: str) -> None:
    with pytest.raises(InvalidDocument) as refused:
        judge_type({**DEVICE_TYPE, "name": name})
    assert [problem.where for problem in refused.value.problems] == ["name"]


def test_what_of_a_standard_type_is_fixed_stays() -> None:
    for change in ({"endpoint": "/People"}, {"schema": DEVICE}):
        document = {"name": "user", "endpoint": "/Users", "schema": BASE[0].schema.id, **change}
        with pytest.raises(InvalidDocument, match="and stays"):
            catalogue(document)


def test_index_paths_keep_their_numbers_and_are_never_given_one_twice() -> None:
    (own,) = catalogue({**DEVICE_TYPE, INDEX: {"indexPaths": ["model", "tags"]}}).types
    assert [(i.path, i.number, i.state) for i in own.index] == [("model", 0, "ready"), ("tags", 1, "ready")]
    own = set_index(own, ["tags", "owner.value"], "2026-02-01T00:00:00.000Z", empty=False)
    assert [(i.path, i.number, i.state.value) for i in own.index] == [
        ("model", 0, "retiring"),
        ("tags", 1, "ready"),
        ("owner.value", 2, "building"),
    ]
    back = set_index(own, ["model", "tags"], AT, empty=False)
    assert [i.state.value for i in back.index] == ["ready", "ready", "emptying"]
    again = set_index(back, ["owner.value"], AT, empty=False)
    assert [(i.path, i.number) for i in again.index][-2:] == [("owner.value", 2), ("owner.value", 3)]


def test_paths_that_are_not_ready_are_written_and_not_read() -> None:
    kept = catalogue(DEVICE_TYPE)
    own = set_index(kept.types[0], ["model", "assetTag"], AT, empty=False)
    device = compile_types(kept.with_type(own), BASE).types[2]
    assert device.index_paths == ("model", "owner.value", "tags", "assetTag")
    assert device.unready == {"owner.value", "tags", "assetTag"}


def test_own_paths_of_a_standard_type_stay_clear_of_those_to_come() -> None:
    document = {"name": "User", "endpoint": "/Users", "schema": BASE[0].schema.id, INDEX: {"indexPaths": ["title"]}}
    kept = catalogue(document)
    user = compile_types(kept, BASE).types[0]
    assert user.index_paths[:3] == BASE[0].index_paths
    assert user.index_paths.index("title") == 100
    assert user.unready == {"title"}


def test_a_path_that_was_to_go_goes_with_its_attribute() -> None:
    kept = catalogue(DEVICE_TYPE)
    kept = kept.with_type(set_index(kept.types[0], ["model"], AT, empty=False))
    bare = judge_schema({**DEVICE_SCHEMA, "attributes": DEVICE_SCHEMA["attributes"][:2]})
    settled = settle(Catalogue(0, {**kept.schemas, DEVICE.lower(): bare}, kept.types, kept.next_number), BASE, AT)
    assert [i.state for i in settled.types[0].index] == [IndexState.READY, IndexState.EMPTYING, IndexState.EMPTYING]
    judge_catalogue(settled, BASE)
