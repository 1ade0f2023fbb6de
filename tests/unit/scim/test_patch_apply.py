"""PATCH applied (protocol 5, 7, 22; security checklist 54 to 59, V23)."""

from dataclasses import replace as replace_terms
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.scim import urns
from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.errors import (
    InvalidFilter,
    InvalidPath,
    InvalidSyntax,
    InvalidValue,
    MutabilityError,
    NoTarget,
    PayloadTooLarge,
    ScimError,
)
from rollbook.scim.patch import read_patch
from rollbook.scim.patch_apply import Patched, apply_patch
from rollbook.scim.schema import Extension, ResourceType, read_schema
from rollbook.scim.tolerances import STANDARD, STRICT, Tolerances

USER, GROUP = standard_types()
ENTERPRISE = urns.ENTERPRISE_USER
UPSERT = Tolerances(upsert_on_replace=True)
WORK = {"value": "ann@work.example", "type": "work", "primary": True}
HOME = {"value": "ann@home.example", "type": "home"}


def ann(**more: Any) -> dict[str, Any]:
    extra = [ENTERPRISE] if ENTERPRISE in more else []
    return {"schemas": [urns.USER, *extra], "userName": "ann", "active": True, **more}


def patched(
    document: dict[str, Any],
    *operations: dict[str, Any],
    tolerances: Tolerances = STANDARD,
    notes: list[str] | None = None,
    type: ResourceType = USER,
) -> Patched:
    message = read_patch({"schemas": [urns.PATCH_OP], "Operations": list(operations)})
    before = repr(document)
    try:
        return apply_patch(type, document, message, tolerances, [] if notes is None else notes, own="1")
    finally:
        assert repr(document) == before, "the document given stays as it is"


def add(value: Any, path: str | None = None) -> dict[str, Any]:
    return {"op": "add", "value": value, **({"path": path} if path else {})}


def replace(value: Any, path: str | None = None) -> dict[str, Any]:
    return {"op": "replace", "value": value, **({"path": path} if path else {})}


def remove(path: str | None = None, **value: Any) -> dict[str, Any]:
    return {"op": "remove", **({"path": path} if path else {}), **value}


@pytest.mark.parametrize("op", [add, replace])
@pytest.mark.parametrize("path", ["nickName", "NICKNAME", f"{urns.USER}:nickname", None])
def test_a_simple_attribute_is_set(op: Any, path: str | None) -> None:
    value = "Annie" if path else {"NickName": "Annie"}
    assert patched(ann(nickName="A"), op(value, path)).document == ann(nickName="Annie")
    assert patched(ann(), op(value, path)).document == ann(nickName="Annie")


def test_external_id_is_set_and_stands_after_schemas() -> None:
    document = patched(ann(), add("e1", "externalId")).document
    assert list(document)[:2] == ["schemas", "externalId"]
    assert "externalId" not in patched(document, remove("externalid")).document


@pytest.mark.parametrize("op", [add, replace])
def test_a_complex_attribute_is_merged(op: Any) -> None:
    before = ann(name={"givenName": "Ann", "familyName": "Berg"})
    after = ann(name={"givenName": "Anna", "familyName": "Berg"})
    assert patched(before, op({"GivenName": "Anna"}, "name")).document == after
    assert patched(before, op({"name": {"givenName": "Anna"}})).document == after
    assert patched(before, op("Anna", "name.givenName")).document == after
    assert patched(ann(), op("Ann", "name.givenName")).document == ann(name={"givenName": "Ann"})


def test_null_removes_in_a_replace_and_does_nothing_in_an_add() -> None:
    before = ann(nickName="A", name={"givenName": "Ann", "familyName": "Berg"})
    assert patched(before, replace(None, "nickName")).document == ann(name=before["name"])
    assert patched(before, replace({"nickName": None, "name": {"givenName": None}})).document == ann(
        name={"familyName": "Berg"}
    )
    assert not patched(before, add(None, "nickName"), add({"name": {"givenName": None}})).changed


def test_add_appends_what_is_not_there_yet() -> None:
    before = ann(emails=[WORK])
    assert patched(before, add([WORK, HOME], "emails")).document["emails"] == [WORK, HOME]
    assert patched(before, add(HOME, "emails")).document["emails"] == [WORK, HOME]
    assert patched(before, add({"emails": [HOME]})).document["emails"] == [WORK, HOME]
    assert not patched(before, add([WORK], "emails"), add(WORK, "emails"), add([], "emails")).changed


def test_replace_of_a_list_replaces_it_whole() -> None:
    assert patched(ann(emails=[WORK]), replace([HOME], "emails")).document["emails"] == [HOME]
    empty: tuple[Any, ...] = ([], None)
    for nothing in empty:
        assert "emails" not in patched(ann(emails=[WORK]), replace(nothing, "emails")).document
    assert patched(ann(emails=[WORK]), replace(HOME, "emails")).document["emails"] == [HOME]
    with pytest.raises(InvalidValue):
        patched(ann(emails=[WORK]), replace(HOME, "emails"), tolerances=STRICT)


def test_remove_takes_attributes_sub_attributes_and_chosen_values() -> None:
    before = ann(name={"givenName": "Ann"}, emails=[WORK, HOME])
    assert patched(before, remove("name.givenName"), remove("emails")).document == ann()
    assert patched(before, remove('emails[type eq "WORK"]')).document["emails"] == [HOME]
    assert "emails" not in patched(before, remove("emails[value pr]")).document
    assert patched(before, remove('emails[type eq "work"].primary')).document["emails"][0] == {
        "value": WORK["value"],
        "type": "work",
    }
    assert patched(before, remove("emails.type")).document["emails"][1] == {"value": HOME["value"]}
    assert not patched(before, remove("nickName"), remove('emails[type eq "other"]'), remove("photos.value")).changed


def test_remove_without_a_path_has_no_target() -> None:
    with pytest.raises(NoTarget):
        patched(ann(), remove())


def test_remove_with_a_value_takes_those_values() -> None:
    notes: list[str] = []
    before = ann(emails=[WORK, HOME])
    after = patched(before, remove("emails", value=[{"value": WORK["value"]}]), notes=notes)
    assert after.document["emails"] == [HOME]
    assert notes == ["remove by value: emails"]
    assert not patched(before, remove("emails", value=[])).changed
    with pytest.raises(InvalidValue):
        patched(before, remove("emails", value=[WORK]), tolerances=STRICT)


def test_60_fifty_thousand_values_come_and_go_in_one_pass() -> None:
    # Compared each with each they would take hours, and the test never end.
    many = [{"value": f"{number}@work.example", "type": "work"} for number in range(50_000)]
    document = patched(ann(), add(many, "emails")).document
    assert document["emails"] == many
    assert not patched(document, add(many, "emails")).changed
    assert patched(document, remove("emails", value=many[1:])).document["emails"] == many[:1]
    assert "emails" not in patched(document, remove("emails", value=[{"value": e["value"]} for e in many])).document


def test_58_many_operations_on_a_long_list_are_refused_and_one_is_always_done() -> None:
    document = ann(emails=[{"value": f"{number}@work.example"} for number in range(400)])
    few = [replace("w", f'emails[value eq "{number}@work.example"].type') for number in range(1000)]
    assert patched(document, *few[:400]).changed
    long = patched(ann(), add([{"value": str(number)} for number in range(100_000)], "emails")).document
    assert patched(long, *[add({"value": f"new {number}"}, "emails") for number in range(5)]).changed
    with pytest.raises(PayloadTooLarge, match="send fewer"):
        patched(long, *[replace("w", f'emails[value eq "{number}"].type') for number in range(7)])
    with pytest.raises(PayloadTooLarge):
        patched(ann(), add({f'emails[type eq "{number}"].value': "a" for number in range(21_000)}))


@pytest.mark.parametrize("op", [add, replace])
def test_a_value_path_changes_the_elements_that_match(op: Any) -> None:
    before = ann(emails=[WORK, HOME])
    assert patched(before, op("new@work.example", 'emails[type eq "work"].value')).document["emails"] == [
        WORK | {"value": "new@work.example"},
        HOME,
    ]
    assert patched(before, op({"display": "D"}, "emails[value pr]")).document["emails"] == [
        WORK | {"display": "D"},
        HOME | {"display": "D"},
    ]


def test_an_add_through_a_filter_that_matches_nothing_creates_what_it_describes() -> None:
    made = patched(ann(), add("a@x.example", 'emails[type eq "work" and primary eq "True"].value'))
    assert made.document["emails"] == [{"type": "work", "primary": True, "value": "a@x.example"}]
    assert patched(ann(), add({"locality": "Oslo"}, 'addresses[type eq "work"]')).document["addresses"] == [
        {"type": "work", "locality": "Oslo"}
    ]
    again = patched(made.document, add("a@x.example", 'emails[type eq "work"].value'))
    assert not again.changed


@pytest.mark.parametrize(
    "path", ['emails[type ne "work"].value', 'emails[type eq "a" or type eq "b"].value', "emails[not (value pr)].value"]
)
def test_an_add_through_a_filter_that_describes_nothing_has_no_target(path: str) -> None:
    with pytest.raises(NoTarget):
        patched(ann(), add("x", path))


def test_a_replace_through_a_filter_that_matches_nothing_has_no_target_or_creates() -> None:
    with pytest.raises(NoTarget):
        patched(ann(emails=[HOME]), replace("x", 'emails[type eq "work"].value'))
    notes: list[str] = []
    made = patched(ann(), replace("x", 'emails[type eq "work"].value'), tolerances=UPSERT, notes=notes)
    assert made.document["emails"] == [{"type": "work", "value": "x"}]
    assert notes == ["created on replace: emails"]


def test_7_setting_a_primary_value_clears_the_others() -> None:
    before = ann(emails=[WORK, HOME])
    for operation in (
        add(HOME | {"value": "b", "primary": True}, "emails"),
        replace(True, 'emails[type eq "home"].primary'),
        add({"primary": "True"}, 'emails[type eq "home"]'),
    ):
        emails = patched(before, operation).document["emails"]
        assert [email.get("primary") for email in emails if email.get("primary")] == [True]
        assert emails[0]["primary"] is False


def test_7_two_primary_values_in_one_request_are_refused() -> None:
    before = ann(emails=[WORK, HOME, {"value": "c"}])
    for operations in (
        [add([{"value": "x", "primary": True}, {"value": "y", "primary": True}], "emails")],
        [replace(True, 'emails[type eq "home"].primary'), replace(True, 'emails[value eq "c"].primary')],
        [replace(True, "emails.primary")],
    ):
        with pytest.raises(InvalidValue, match="primary"):
            patched(before, *operations)
    assert not patched(before, replace(True, 'emails[type eq "work"].primary'), add(WORK, "emails")).changed


def test_extensions_are_set_whole_in_part_and_removed() -> None:
    made = patched(ann(), add("42", f"{ENTERPRISE}:employeeNumber")).document
    assert made == ann(**{ENTERPRISE: {"employeeNumber": "42"}})
    made = patched(made, add({"department": "D"}, ENTERPRISE.upper())).document
    assert made[ENTERPRISE] == {"employeeNumber": "42", "department": "D"}
    made = patched(made, replace({ENTERPRISE: {"department": "E", "employeeNumber": None}})).document
    assert made == ann(**{ENTERPRISE: {"department": "E"}})
    for gone in (
        remove(ENTERPRISE),
        remove(f"{ENTERPRISE}:department"),
        replace({ENTERPRISE: None}),
        replace(None, ENTERPRISE),
    ):
        assert patched(made, gone).document == ann()


def test_a_manager_as_text_is_an_object_and_an_empty_one_removes() -> None:
    path = f"{ENTERPRISE}:manager"
    made = patched(ann(), add("2", path)).document
    assert made[ENTERPRISE] == {"manager": {"value": "2"}}
    assert patched(made, replace("", path)).document == ann()
    assert (
        patched(made, {"op": "add", "path": f"{path}.value", "value": "3"}).document[ENTERPRISE]["manager"]["value"]
        == "3"
    )
    with pytest.raises(InvalidValue):
        patched(ann(), add("2", path), tolerances=STRICT)


def test_keys_that_are_paths_are_read_in_values_without_a_path() -> None:
    notes: list[str] = []
    value = {
        "displayName": "B",
        "name.givenName": "K",
        f"{ENTERPRISE}:employeeNumber": "A",
        'emails[type eq "work"].value': "n@x.example",
        ENTERPRISE: {"manager.value": "7"},
    }
    made = patched(ann(emails=[WORK]), replace(value), notes=notes).document
    assert made == ann(
        displayName="B",
        name={"givenName": "K"},
        emails=[WORK | {"value": "n@x.example"}],
        **{ENTERPRISE: {"employeeNumber": "A", "manager": {"value": "7"}}},
    )
    assert notes == [
        "dotted key: name.givenName",
        f"path as a key: {ENTERPRISE}:employeeNumber",
        "path as a key: emails.value",
        f"dotted key: {ENTERPRISE}:manager.value",
    ]
    for key, item in value.items():
        if key != "displayName":
            with pytest.raises(InvalidSyntax):
                patched(ann(emails=[WORK]), replace({key: item}), tolerances=STRICT)


def test_adding_a_value_that_is_there_in_another_case_changes_nothing() -> None:
    before = ann(emails=[{"value": "ann@acorn.example", "type": "work"}])
    other = [{"value": "Ann@Acorn.example", "type": "Work"}, {"type": "WORK", "value": "ANN@acorn.example"}]
    assert not patched(before, add(other, "emails")).changed
    assert patched(before, add([{"value": "ann@acorn.example"}], "emails")).changed


def test_an_extension_may_carry_its_own_schemas_as_scim2_models_sends_it() -> None:
    value = {"schemas": [ENTERPRISE], "department": "Sales"}
    notes: list[str] = []
    for operation in (add(value, ENTERPRISE), replace({ENTERPRISE: value})):
        assert patched(ann(), operation, notes=notes).document == ann(**{ENTERPRISE: {"department": "Sales"}})
    assert notes == [f"own identity: {ENTERPRISE}:schemas"]
    with pytest.raises(InvalidSyntax, match="no schema"):
        patched(ann(), add({**value, "schemas": ["urn:x"]}, ENTERPRISE))
    with pytest.raises(InvalidSyntax, match="no attribute"):
        patched(ann(), add(value, ENTERPRISE), tolerances=STRICT)


def test_the_own_identity_may_be_repeated_without_a_path() -> None:
    notes: list[str] = []
    value = {"id": "1", "schemas": [urns.USER, ENTERPRISE], "meta": {"version": "x"}, "displayName": "A"}
    assert patched(ann(), replace(value), notes=notes).document == ann(displayName="A")
    assert notes == ["own identity: id", "own identity: schemas", "own identity: meta"]
    with pytest.raises(MutabilityError):
        patched(ann(), replace({"id": "2"}))
    with pytest.raises(InvalidSyntax, match="urn:x"):
        patched(ann(), replace({"schemas": ["urn:x"]}))
    with pytest.raises(MutabilityError):
        patched(ann(), replace({"id": "1"}), tolerances=STRICT)


@pytest.mark.parametrize(
    "path",
    [
        "id",
        "meta",
        "meta.version",
        "groups",
        "groups.value",
        'groups[value eq "g"]',
        f"{ENTERPRISE}:manager.displayName",
    ],
)
def test_5_what_is_read_only_is_refused(path: str) -> None:
    for operation in (add("x", path), replace("x", path), remove(path)):
        with pytest.raises(MutabilityError, match="readOnly"):
            patched(ann(), operation)
    with pytest.raises(MutabilityError):
        patched(ann(), replace({"groups": [{"value": "g"}]}))


def test_5_read_only_parts_of_a_value_are_ignored() -> None:
    made = patched(ann(), add({"value": "2", "displayName": "Bo"}, f"{ENTERPRISE}:manager"))
    assert made.document[ENTERPRISE] == {"manager": {"value": "2"}}


def test_what_is_required_is_replaced_but_never_removed() -> None:
    assert patched(ann(), replace("bo", "userName")).document["userName"] == "bo"
    for operation in (remove("userName"), replace(None, "userName"), replace({"userName": None})):
        with pytest.raises(MutabilityError, match="userName is required"):
            patched(ann(), operation)
    with pytest.raises(InvalidValue):
        patched(ann(), replace("", "userName"))
    with pytest.raises(MutabilityError):
        patched(ann(), remove("schemas"))
    with pytest.raises(MutabilityError):
        patched(ann(), remove(urns.USER))


def test_a_password_is_dropped_and_noted_and_refused_in_strict() -> None:
    notes: list[str] = []
    for operation in (replace("secret", "password"), replace({"password": "secret"}), remove("password")):
        assert not patched(ann(), operation, notes=notes).changed
    assert notes == ["dropped: password"]
    with pytest.raises(InvalidValue):
        patched(ann(), replace("secret", "password"), tolerances=STRICT)
    with pytest.raises((InvalidPath, InvalidFilter)):
        patched(ann(), replace("secret", 'password[value eq "x"]'))


def test_boolean_texts_are_read_and_noted() -> None:
    notes: list[str] = []
    assert (
        patched(ann(), {"op": "Replace", "path": "active", "value": "False"}, notes=notes).document["active"] is False
    )
    assert notes == ["boolean text: active"]
    with pytest.raises(InvalidValue):
        patched(ann(), replace("False", "active"), tolerances=STRICT)


@pytest.mark.parametrize(
    "name",
    [
        "__class__",
        "__proto__",
        "toString",
        "constructor",
        "_id",
        "tenant_id",
        "name.__class__",
        "emails.x",
        "urn:x:y:a",
        ENTERPRISE + ":x",
        "userName.x",
        'emails[type eq "work"].x',
        "name[",
        'emails[type eq "x"));--"].value',
        "a b",
    ],
)
def test_v23_what_no_schema_has_is_refused(name: str) -> None:
    for operation in (add("x", name), replace("x", name), remove(name)):
        with pytest.raises((InvalidPath, InvalidFilter)):
            patched(ann(), operation)
    with pytest.raises(ScimError):
        patched(ann(), replace({name: "x"}))


def test_unknown_attributes_are_dropped_and_noted_where_that_is_tolerated() -> None:
    notes: list[str] = []
    dropping = Tolerances(unknown="drop")
    made = patched(
        ann(),
        replace("1", 'shoes[size eq "secret"].a'),
        replace({"hat": 1, "nickName": "A", "a[": 1}),
        tolerances=dropping,
        notes=notes,
    )
    assert made.document == ann(nickName="A")
    assert notes == ["unknown attribute: shoes", "unknown attribute: hat", "unknown attribute: a"]


@pytest.mark.parametrize(
    "operation",
    [
        replace(1, "nickName"),
        replace("x"),
        replace([]),
        replace("x", "name"),
        replace("x", "emails"),
        add(["x"], "emails"),
        replace({"x": 1}, "name"),
        replace(None),
        add([1], 'emails[type eq "work"]'),
        replace({"nickName": "a", "NICKNAME": "b"}),
        replace({"givenName": "a", "GIVENNAME": "b"}, "name"),
        replace("x", ENTERPRISE),
        replace({"userName": "x"}, ENTERPRISE),
    ],
)
def test_malformed_values_are_refused(operation: dict[str, Any]) -> None:
    with pytest.raises((InvalidValue, InvalidSyntax)):
        patched(ann(emails=[WORK]), operation)


def test_57_the_last_operation_fails_and_nothing_has_happened() -> None:
    before = ann(emails=[WORK], **{ENTERPRISE: {"department": "D"}})
    with pytest.raises(MutabilityError):
        patched(
            before,
            add(HOME, "emails"),
            remove(ENTERPRISE),
            replace("x", "name.givenName"),
            replace("no", f"{ENTERPRISE}:department"),
            remove("userName"),
        )


def test_nothing_changed_is_the_same_document() -> None:
    before = ann(name={"givenName": "Ann", "familyName": "Berg"}, emails=[WORK])
    after = patched(
        before, replace({"name": {"familyName": "Berg", "givenName": "Ann"}, "active": True, "emails": [WORK]})
    )
    assert not after.changed
    assert after.document is before
    back = patched(before, replace("x", "nickName"), remove("nickName"))
    assert not back.changed


LOCKER = ResourceType(
    name="Locker",
    endpoint="/Lockers",
    schema=read_schema(
        {
            "id": "urn:x:Locker",
            "name": "Locker",
            "attributes": [
                {"name": "label", "mutability": "immutable"},
                {"name": "tags", "multiValued": True},
                {
                    "name": "place",
                    "type": "complex",
                    "subAttributes": [
                        {"name": "floor", "mutability": "immutable"},
                        {"name": "room", "required": True},
                        {"name": "doors", "type": "integer", "multiValued": True},
                    ],
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
BOX: dict[str, Any] = {
    "schemas": ["urn:x:Locker", "urn:x:Owner"],
    "place": {"room": "1", "doors": [1, 2]},
    "tags": ["a"],
    "urn:x:Owner": {"who": "ann"},
}


def test_55_an_immutable_value_is_set_once() -> None:
    labelled = patched(BOX, add("L", "label"), add("1", "place.floor"), type=LOCKER).document
    assert not patched(labelled, replace("L", "label"), replace({"floor": "1"}, "place"), type=LOCKER).changed
    for operation in (
        replace("M", "label"),
        remove("label"),
        replace("2", "place.floor"),
        add({"floor": "2"}, "place"),
    ):
        with pytest.raises(MutabilityError, match="immutable"):
            patched(labelled, operation, type=LOCKER)


def test_values_in_values_and_simple_lists_are_changed() -> None:
    made = patched(BOX, add([2, 3], "place.doors"), add("b", "tags"), add(["a"], "tags"), type=LOCKER).document
    assert made["place"]["doors"] == [1, 2, 3]
    assert made["tags"] == ["a", "b"]
    assert patched(made, remove('tags[value eq "A"]'), type=LOCKER).document["tags"] == ["b"]
    assert patched(made, replace("c", 'tags[value eq "a"]'), type=LOCKER).document["tags"] == ["c", "b"]
    assert patched(made, replace("2", 'place[room eq "1"].room'), type=LOCKER).document["place"]["room"] == "2"
    with pytest.raises(NoTarget):
        patched(made, add("2", 'place[room eq "9"].room'), type=LOCKER)


def test_required_parts_and_extensions_stay() -> None:
    for operation in (remove("place.room"), remove("urn:x:Owner"), remove("urn:x:Owner:who")):
        with pytest.raises(MutabilityError, match="required"):
            patched(BOX, operation, type=LOCKER)
    with pytest.raises(InvalidValue, match="room is required"):
        patched(BOX, remove("place"), add([4], "place.doors"), type=LOCKER)


paths = st.sampled_from(
    [
        "userName",
        "name",
        "name.givenName",
        "emails",
        "emails.value",
        'emails[type eq "work"]',
        'emails[type eq "x"].value',
        "active",
        ENTERPRISE,
        f"{ENTERPRISE}:manager",
        "roles[primary eq true].value",
        "x",
        "password",
        "id",
        "schemas",
        "members",
        "photos[",
        None,
    ]
)
leaves: st.SearchStrategy[Any] = st.sampled_from([None, "", "x", "True", 1, 1.5, True, [], {}, "urn:x"])
names = st.sampled_from(
    ["value", "type", "primary", "givenName", "emails", "userName", "id", "name.familyName", ENTERPRISE, "manager"]
)
values = st.recursive(leaves, lambda v: st.lists(v, max_size=3) | st.dictionaries(names, v, max_size=3), max_leaves=8)
operations = st.lists(
    st.builds(
        lambda op, path, value: {"op": op, "path": path, "value": value},
        st.sampled_from(["add", "remove", "replace"]),
        paths,
        values,
    ),
    min_size=1,
    max_size=5,
)


@given(operations, st.sampled_from([STANDARD, STRICT, UPSERT, Tolerances(unknown="drop")]))
def test_whatever_is_asked_the_outcome_is_ours(operations: list[dict[str, Any]], tolerances: Tolerances) -> None:
    before = ann(emails=[WORK, HOME], name={"givenName": "Ann"}, **{ENTERPRISE: {"manager": {"value": "2"}}})
    try:
        after = patched(before, *operations, tolerances=tolerances)
    except ScimError:
        return
    assert after.changed == (after.document != before)
    assert after.document["userName"]
    assert after.document["schemas"] == [urns.USER, *([ENTERPRISE] if ENTERPRISE in after.document else [])]
    again = patched(after.document, replace({k: v for k, v in after.document.items() if k != "schemas"}))
    assert not again.changed, "a canonical document is its own canonical form"


OLD_ENTERPRISE = "urn:scim:schemas:extension:enterprise:1.0"


@pytest.mark.parametrize(
    ("operation", "old"),
    [
        (add("42", f"{OLD_ENTERPRISE}:employeeNumber"), OLD_ENTERPRISE),
        (add({"employeeNumber": "42"}, OLD_ENTERPRISE.upper()), OLD_ENTERPRISE.upper()),
        (add({OLD_ENTERPRISE: {"employeeNumber": "42"}}), OLD_ENTERPRISE),
        (add({f"{OLD_ENTERPRISE}:employeeNumber": "42"}), OLD_ENTERPRISE),
        (add("Sower", "urn:scim:schemas:core:2.0:User:title"), "urn:scim:schemas:core:2.0:User"),
        (add("Sower", "urn:scim:schemas:core:1.0:title"), "urn:scim:schemas:core:1.0"),
    ],
)
def test_a_patch_may_call_schemas_by_their_old_names_where_that_is_tolerated(
    operation: dict[str, Any], old: str
) -> None:
    notes: list[str] = []
    tolerances = replace_terms(STANDARD, old_names=True, unknown="drop")
    after = patched(ann(), operation, tolerances=tolerances, notes=notes).document
    assert after.get("title") == "Sower" or after[urns.ENTERPRISE_USER] == {"employeeNumber": "42"}
    assert f"old name: {old}" in notes
    assert not any(said.startswith("unknown") for said in notes)


@pytest.mark.parametrize(
    "key", ["name.givenName", 'emails[type eq "work"].value', f"{urns.ENTERPRISE_USER}:department"]
)
def test_a_path_where_an_attribute_belongs_is_refused_for_what_it_is(key: str) -> None:
    with pytest.raises(InvalidSyntax, match=r'"path" of an operation of its own'):
        patched(ann(), add({key: "x"}), tolerances=STRICT)
