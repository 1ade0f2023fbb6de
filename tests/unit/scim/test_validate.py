"""Whole resources read from bodies (protocol 1, 4, 5, 7, 8, 9, 20; security checklist 25, 32, 33, 54, 55)."""

from typing import Any

import pytest

from rollbook.scim import urns
from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.errors import InvalidSyntax, InvalidValue, MutabilityError, ScimError
from rollbook.scim.schema import Extension, ResourceType, read_schema
from rollbook.scim.tolerances import STANDARD, STRICT, Tolerances
from rollbook.scim.validate import Draft, validator

USER, GROUP = standard_types()
ENTERPRISE = urns.ENTERPRISE_USER
DROPPING = Tolerances(unknown="drop", derive_schemas=True)


def user(tolerances: Tolerances = STANDARD, notes: list[str] | None = None, /, **body: Any) -> dict[str, Any]:
    sent = {"schemas": [urns.USER], "userName": "ann", **body}
    return validator(USER).read(sent, tolerances, [] if notes is None else notes).document


def group(tolerances: Tolerances = STANDARD, **body: Any) -> Draft:
    return validator(GROUP).read({"schemas": [urns.GROUP], "displayName": "Staff", **body}, tolerances, [])


def refusal_of(body: dict[str, Any]) -> ScimError | None:
    try:
        user(**body)
    except ScimError as error:
        return error
    return None


LOCKER = ResourceType(
    name="Locker",
    endpoint="/Lockers",
    schema=read_schema(
        {
            "id": "urn:x:Locker",
            "name": "Locker",
            "attributes": [
                {"name": "label", "required": True, "mutability": "immutable"},
                {"name": "serial", "mutability": "readOnly"},
                {"name": "size", "type": "integer"},
                {"name": "weight", "type": "decimal"},
                {"name": "made", "type": "dateTime"},
                {"name": "photo", "type": "binary"},
                {"name": "tags", "multiValued": True},
                {"name": "open", "type": "boolean"},
                {
                    "name": "place",
                    "type": "complex",
                    "subAttributes": [
                        {"name": "floor", "required": True, "mutability": "immutable"},
                        {"name": "room"},
                        {"name": "doors", "type": "integer", "multiValued": True},
                    ],
                },
                {
                    "name": "keys",
                    "type": "complex",
                    "multiValued": True,
                    "subAttributes": [{"name": "number", "required": True}, {"name": "primary", "type": "boolean"}],
                },
            ],
        }
    ),
    extensions=(
        Extension(
            read_schema(
                {
                    "id": "urn:x:Owner",
                    "name": "Owner",
                    "attributes": [{"name": "who", "required": True}, {"name": "note"}],
                }
            ),
            required=True,
        ),
    ),
)


def locker(**body: Any) -> dict[str, Any]:
    sent = {"schemas": ["urn:x:Locker"], "label": "L", "urn:x:Owner": {"who": "ann"}, **body}
    return validator(LOCKER).read(sent, STANDARD, []).document


def test_a_document_has_schemas_first_then_external_id_and_the_schema_spelling() -> None:
    document = user(**{"NAME": {"GIVENNAME": "Ann"}, "externalid": "e", ENTERPRISE.upper(): {"department": "D"}})
    assert list(document)[:2] == ["schemas", "externalId"]
    assert document == {
        "schemas": [urns.USER, ENTERPRISE], "externalId": "e", "userName": "ann", "name": {"givenName": "Ann"},
        "active": True, ENTERPRISE: {"department": "D"},
    }  # fmt: skip


@pytest.mark.parametrize("empty", [None, [], {}])
def test_4_unassigned_is_one_thing(empty: Any) -> None:
    bare = {"schemas": [urns.USER], "userName": "ann", "active": True}
    assert user(emails=empty) == bare
    if empty != []:
        assert user(name=empty, **{ENTERPRISE: empty}) == bare
    assert user(name={"givenName": None}, emails=[None, {}, {"value": None}], **{ENTERPRISE: {"manager": {}}}) == bare


def test_5_what_a_client_may_not_set_is_ignored() -> None:
    document = user(
        id="1", meta={"version": 7}, groups=[{"value": "g"}],
        **{ENTERPRISE: {"manager": {"value": "2", "displayName": "Bo"}}},
    )  # fmt: skip
    assert not {"id", "meta", "groups"} & set(document)
    assert document[ENTERPRISE] == {"manager": {"value": "2"}}


def test_8_schemas_lists_exactly_those_in_use() -> None:
    assert user(schemas=[urns.USER, ENTERPRISE])["schemas"] == [urns.USER]
    assert user(schemas=[urns.USER, urns.USER.upper()], **{ENTERPRISE: {"costCenter": "1"}})["schemas"] == [
        urns.USER,
        ENTERPRISE,
    ]


@pytest.mark.parametrize(
    ("schemas", "named"),
    [(None, urns.USER), ([], urns.USER), ("x", urns.USER), ([1], "URN"), ([ENTERPRISE], urns.USER),
     ([urns.USER, "urn:x:other"], "urn:x:other"), ([urns.GROUP], urns.GROUP)],
)  # fmt: skip
def test_8_schemas_missing_empty_or_unknown_are_refused_by_name(schemas: Any, named: str) -> None:
    with pytest.raises(InvalidSyntax) as refused:
        user(schemas=schemas)
    assert named in refused.value.detail


def test_8_a_preset_may_derive_schemas_and_drop_the_unknown() -> None:
    notes: list[str] = []
    body = {"schemas": ["urn:scim:schemas:core:1.0"], "userName": "ann", "shoe": 1, "name": {"nick": "x"}}
    document = validator(USER).read(body, DROPPING, notes).document
    assert document == {"schemas": [urns.USER], "userName": "ann", "active": True}
    assert notes == [
        "unknown schema: urn:scim:schemas:core:1.0", "schemas: derived", "unknown attribute: shoe",
        "unknown attribute: name.nick",
    ]  # fmt: skip
    assert validator(USER).read({"userName": "ann"}, DROPPING, []).document["schemas"] == [urns.USER]


@pytest.mark.parametrize(
    ("body", "name"),
    [({"shoeSize": 1}, "shoeSize"), ({"name": {"nick": "x"}}, "name.nick"), ({"emails": [{"a": 1}]}, "emails.a"),
     ({ENTERPRISE: {"x": 1}}, f"{ENTERPRISE}:x"), ({"__class__": 1}, "__class__"), ({"department": "D"}, "department"),
     ({ENTERPRISE: {"userName": "x"}}, f"{ENTERPRISE}:userName"), ({"x" * 9999: 1}, "x" * 100)],
)  # fmt: skip
def test_33_an_unknown_attribute_is_refused_by_name(body: dict[str, Any], name: str) -> None:
    with pytest.raises(InvalidSyntax) as refused:
        user(**body)
    assert name in refused.value.detail
    assert len(refused.value.detail) < 300


@pytest.mark.parametrize(
    "body",
    [{"USERNAME": "bo"}, {"name": {"givenName": "a", "GivenName": "b"}}, {"emails": [{"value": "a", "VALUE": "b"}]},
     {"nickname": "a", "NICKNAME": "b"}, {ENTERPRISE: {}, ENTERPRISE.upper(): {}}, {"Schemas": [urns.USER]}],
)  # fmt: skip
def test_23_names_that_differ_in_case_only_are_refused(body: dict[str, Any]) -> None:
    with pytest.raises(InvalidSyntax, match="twice"):
        user(**body)


@pytest.mark.parametrize("name", [None, "", " ", [], {}])
def test_what_is_required_has_to_have_a_value(name: Any) -> None:
    with pytest.raises(InvalidValue, match="userName"):
        user(userName=name)
    with pytest.raises(InvalidValue, match="displayName"):
        group(displayName=name if name != " " else "")


@pytest.mark.parametrize(
    "value", [0, 1.5, True, "deep", {"a": {"b": []}}, [[["x"]]], [1], {"value": 1}, [{"value": []}]]
)
def test_32_wrong_types_are_refused_everywhere_with_our_own_words(value: Any) -> None:
    for place in USER.places():
        attribute = place.attribute
        body = {attribute.name: value} if place.extension is None else {ENTERPRISE: {attribute.name: value}}
        refusal = refusal_of(body)
        assert refusal is None or (refusal.status == 400 and attribute.name in refusal.detail)


@pytest.mark.parametrize(
    ("body", "path"),
    [({"nickName": 1}, "nickName"), ({"name": "x"}, "name"), ({"name": {"givenName": []}}, "name.givenName"),
     ({"emails": [{"value": 1}]}, "emails.value"), ({"emails": ["x"]}, "emails"), ({"emails": "x"}, "emails"),
     ({"active": 1}, "active"), ({"active": "yes"}, "active"), ({ENTERPRISE: "x"}, ENTERPRISE),
     ({ENTERPRISE: {"manager": 1}}, "manager"), ({"externalId": 5}, "externalId"), ({"profileUrl": 1}, "profileUrl"),
     ({"x509Certificates": [{"value": "!"}]}, "x509Certificates.value")],
)  # fmt: skip
def test_32_a_wrong_type_is_refused_by_its_path(body: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        user(**body)
    assert path in refused.value.detail


@pytest.mark.parametrize(
    ("text", "value"), [("True", True), ("false", False), ("FALSE", False), ("1", True), ("0", False)]
)
def test_25_boolean_texts_are_read_and_noted_and_refused_in_strict(text: str, value: bool) -> None:
    notes: list[str] = []
    assert user(STANDARD, notes, active=text)["active"] is value
    assert notes == ["boolean text: active"]
    with pytest.raises(InvalidValue):
        user(STRICT, active=text)


def test_a_manager_as_text_is_an_object_and_an_empty_one_is_none() -> None:
    assert user(**{ENTERPRISE: {"manager": "2"}})[ENTERPRISE] == {"manager": {"value": "2"}}
    assert ENTERPRISE not in user(**{ENTERPRISE: {"manager": ""}})
    with pytest.raises(InvalidValue):
        user(STRICT, **{ENTERPRISE: {"manager": "2"}})


def test_one_value_for_a_list_is_tolerated() -> None:
    notes: list[str] = []
    assert user(STANDARD, notes, emails={"value": "a@acorn.example"})["emails"] == [{"value": "a@acorn.example"}]
    assert notes == ["one value for a list: emails"]
    with pytest.raises(InvalidValue):
        user(STRICT, emails={"value": "a"})


def test_a_password_is_dropped_and_noted_and_refused_in_strict() -> None:
    notes: list[str] = []
    assert "password" not in user(STANDARD, notes, password="secret")
    assert notes == ["dropped: password"]
    with pytest.raises(InvalidValue, match="password is not stored"):
        user(STRICT, password="secret")


def test_7_two_primary_values_are_refused_and_a_false_one_is_kept() -> None:
    two = [{"value": "a", "primary": True}, {"value": "b", "primary": True}]
    with pytest.raises(InvalidValue, match="emails: only one"):
        user(emails=two)
    one = [{"value": "a", "primary": True}, {"value": "b", "primary": False}]
    assert user(emails=one)["emails"] == one


def test_9_active_is_true_unless_said_otherwise() -> None:
    assert user()["active"] is True
    assert user(active=False)["active"] is False
    assert user(active=None)["active"] is True
    assert "active" not in group().document


def test_31_names_have_a_length() -> None:
    assert user(userName="a" * 1024, externalId="b" * 1024)
    for body in ({"userName": "a" * 1025}, {"externalId": "b" * 1025}, {"externalId": "é" * 1024 + "é"}):
        with pytest.raises(InvalidValue, match="longer"):
            user(**body)


def test_an_empty_external_id_is_none() -> None:
    notes: list[str] = []
    assert "externalId" not in user(STANDARD, notes, externalId="")
    assert notes == ["empty: externalId"]


@pytest.mark.parametrize("text", ["{0.__class__}", "${7*7}", "%s", "<script>", "a\u202eb", "\u2028", "x" * 1_000_000])
def test_24_29_texts_are_kept_as_they_are(text: str) -> None:
    assert user(nickName=text)["nickName"] == text


def test_members_are_ids_in_order_each_once() -> None:
    draft = group(
        members=[
            {"value": "b", "$ref": None, "display": "Bo", "type": "User"},
            {"value": "a"},
            {"VALUE": "b", "Type": "User"},
            None,
            {},
        ]
    )
    assert draft.members == ["b", "a"]
    assert draft.member_types == {"b": "User"}
    assert draft.document == {"schemas": [urns.GROUP], "displayName": "Staff"}
    assert group().members is None
    assert group(members=[]).members is None
    assert group(members={"value": "a"}).members == ["a"]


@pytest.mark.parametrize(
    "members",
    ["a", ["a"], [{}], [{"value": None}], [{"value": ""}], [{"value": 1}], [{"display": "x"}], [[]], 1,
     [{"value": "a", "type": 1}]],
)  # fmt: skip
def test_malformed_members_are_invalid_values(members: Any) -> None:
    with pytest.raises(InvalidValue, match="members"):
        group(members=members)


@pytest.mark.parametrize("member", [{"value": "a", "x": 1}, {"value": "a", "VALUE": "b"}])
def test_members_with_unknown_or_repeated_names_are_refused(member: Any) -> None:
    with pytest.raises(InvalidSyntax):
        group(members=[member])


def test_every_type_is_read() -> None:
    document = locker(
        size=3, weight=1.5, made="2026-01-01T01:00:00+01:00", photo="TQ==", tags=["a", None, "b"], open="true",
        place={"floor": "1", "doors": [1, 2]}, keys=[{"number": "1"}, {"number": "2", "primary": True}],
    )  # fmt: skip
    assert document["made"] == "2026-01-01T00:00:00.000Z"
    assert document["tags"] == ["a", "b"]
    assert document["place"] == {"floor": "1", "doors": [1, 2]}
    assert document["schemas"] == ["urn:x:Locker", "urn:x:Owner"]


@pytest.mark.parametrize(
    ("body", "path"),
    [({"label": None}, "label"), ({"place": {"room": "1"}}, "place.floor"),
     ({"keys": [{"primary": True}]}, "keys.number"),
     ({"urn:x:Owner": None}, "urn:x:Owner"), ({"urn:x:Owner": {"note": "x"}}, "urn:x:Owner:who"),
     ({"size": 2**63}, "size"), ({"size": 1.5}, "size"), ({"tags": [{}]}, "tags"), ({"made": "today"}, "made")],
)  # fmt: skip
def test_required_parts_and_extensions_are_refused_by_their_path(body: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        locker(**body)
    assert path in refused.value.detail


def replaced(current: dict[str, Any], type: ResourceType = USER, **body: Any) -> dict[str, Any]:
    sent = {"schemas": [type.schema.id], **({"userName": "ann"} if type is USER else {}), **body}
    return validator(type).replace(current, sent, STANDARD, []).document


def test_20_a_put_clears_what_it_omits_and_keeps_active() -> None:
    current = user(active=False, nickName="Annie", externalId="e", **{ENTERPRISE: {"department": "D"}})
    assert replaced(current) == {"schemas": [urns.USER], "userName": "ann", "active": False}
    assert replaced(current, active=None)["active"] is False
    assert replaced(current, active=True)["active"] is True
    assert "active" not in replaced({"schemas": [urns.USER], "userName": "ann"})


def test_55_a_put_keeps_what_is_immutable_and_what_the_server_set() -> None:
    current = locker(place={"floor": "1", "room": "2"}) | {"serial": "S"}
    body = {"label": "L", "urn:x:Owner": {"who": "bo"}}
    document = replaced(current, LOCKER, **body, serial="forged", place={"floor": "1", "room": "3"})
    assert document["serial"] == "S"
    assert document["place"] == {"floor": "1", "room": "3"}
    assert replaced(current, LOCKER, **{**body, "label": None})["label"] == "L"
    with pytest.raises(MutabilityError, match="label is immutable"):
        replaced(current, LOCKER, **{**body, "label": "M"})
    with pytest.raises(MutabilityError, match=r"place\.floor"):
        replaced(current, LOCKER, **body, place={"floor": "2"})


def test_a_put_leaves_the_current_document_alone() -> None:
    current = locker(place={"floor": "1"})
    before = repr(current)
    replaced(current, LOCKER, label="L", **{"urn:x:Owner": {"who": "bo"}}, place={"floor": "1", "room": "9"})
    assert repr(current) == before
