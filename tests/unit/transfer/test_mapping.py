"""The language of ``[map]``, and what becomes of a row."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.transfer.mapping.compiling import any_column, columns_of, compile_tree
from rollbook.transfer.mapping.errors import BadExpression, BadValue
from rollbook.transfer.mapping.functions import FUNCTIONS
from rollbook.transfer.mapping.mapper import GroupRule, Mapper, MapTables, Wrong, columns_read, compile_mapping
from rollbook.transfer.mapping.syntax import parse
from rollbook.transfer.mapping.values import Surroundings

ROW: dict[str, Any] = {
    "id": "00042",
    "login": "  Ann  ",
    "first": "Ännë",
    "last": "O'Brien",
    "mail": "Ann@Acorn.Example",
    "empty": "",
    "list": ["b", "", "a"],
    "one": ["x"],
    "dept": "hr",
    "start": "2026-01-31",
    "end": "2026-12-31T23:59:00Z",
    "german": "1.9.2026",
    "yes": "Ja",
    "First Name": "Ann",
    "emp-no": "7",
    "dn": r"CN=Staff\, all,OU=Groups,DC=acorn",
}
TABLES: Mapping[str, Mapping[str, str | tuple[str, ...]]] = {
    "sites": {"HR": "Leeds", "it": "Graz", "": "none"},
    "groups": {"hr": ("Staff", "HR")},
}
AT = Surroundings(date(2026, 11, 22), TABLES)


def value(text: str, row: Mapping[str, Any] = ROW) -> Any:
    known = sorted(ROW)
    return compile_tree(parse(text), lambda name: name if name in ROW else None, known, AT)(row)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("id", "00042"),
        ("lower(trim(login))", "ann"),
        ("{first} {last}", "Ännë O'Brien"),
        ("{lower(trim(login))}.{last}@acorn.example", "ann.O'Brien@acorn.example"),
        ("lower('{trim(login)}.{last}')", "ann.o'brien"),
        ("'{{x}} {id}'", "{x} 00042"),
        ("Dr. {last}", "Dr. O'Brien"),
        ("plain(first)", "Anne"),
        ("'staff'", "staff"),
        ('"it is ""so"""', 'it is "so"'),
        ("`First Name`", "Ann"),
        ("{`First Name`}!", "Ann!"),
        ("emp-no", "7"),
        ("pad(emp-no, 4)", "0007"),
        ("pad(emp-no, 3, 'x')", "xx7"),
        ("left(id, 2)", "00"),
        ("right(id, 2)", "42"),
        ("default(empty, one, 'y')", ["x"]),
        ("lookup(dept, 'sites')", "Leeds"),
        ("lookup(first, 'sites', '?')", "?"),
        ("lookup(empty, 'sites')", "none"),
        ("lookup(dept, 'groups')", ["Staff", "HR"]),
        ("regex(mail, '@(.*)')", "Acorn.Example"),
        ("regex(mail, '[0-9]{4}')", ""),
        (r"regex(id, '^0+', '')", "42"),
        (r"regex(mail, '(.*)@(.*)', '\2/\1')", "Acorn.Example/Ann"),
        ("part_of_dn(dn, 'cn')", "Staff, all"),
        ("part_of_dn(dn, 'OU')", "Groups"),
        ("join(first, list, '-')", "Ännë-b-a"),
        ("split('a; b;;c', ';')", ["a", "b", "c"]),
        ("list(dept, list, dept)", ["hr", "b", "a"]),
        ("first(list)", "b"),
        ("upper(list)", ["B", "A"]),
        ("if(dept == 'hr', 'A', 'B')", "A"),
        ("if(given(empty), 'A')", ""),
        ("dept == 'hr' and not given(empty)", True),
        ("dept != 'hr' or given(empty)", False),
        ("not (dept == 'x')", True),
        ("list == 'a'", True),
        ("in(dept, 'it', 'hr')", True),
        ("contains(mail, '@ACORN')", True),
        ("starts(id, '00')", True),
        ("ends(id, '00')", False),
        ("matches(id, '[0-9]+')", True),
        ("yes(yes)", True),
        ("between(start, end)", True),
        ("between(end, start)", False),
        ("between(empty, empty)", True),
        ("since(german, 'DD.MM.YYYY')", True),
        ("since(empty)", False),
        ("until(start)", False),
        ("until(plus(start, 300))", True),
        ("date(german, 'DD.MM.YYYY')", "2026-09-01"),
        ("today()", "2026-11-22"),
    ],
)
def test_an_expression_means(text: str, expected: object) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "detail", "position", "right"),
    [
        ("", "it is empty", 1, "name a column"),
        ("logn", "there is no column logn", 1, "login"),
        ("lowr(login)", "there is no function lowr", 1, "lower(x)"),
        ("lower(login", "a ) is missing", 12, "close it"),
        ("lower(login))", "nothing can stand here", 13, "{…}"),
        ("lower(,)", "a column, a text or a function is missing", 7, ""),
        ("lower()", "lower takes 1 argument, and has 0", 1, "lower(x)"),
        ("pad(id, dept)", "a text in quotes or a number", 9, "pad(x, 8, '0')"),
        ("pad(id, 'x')", "a whole number below 10,000", 10, "pad"),
        ("regex(id, '(')", "no regular expression", 12, "regex"),
        (r"regex(id, 'x', '\2')", "does not fit the pattern", 12, "regex"),
        ("lookup(id, 'site')", "there is no table site", 13, "sites"),
        ("between(start, end, 'D.M.Y')", "no form of a day", 22, "between"),
        ("'open", "' is not closed", 1, "…"),
        ("{login", "a { is not closed", 1, "}"),
        ("x } {login}", "a } closes nothing", 3, "}}"),
        ("{logn} x", "there is no column logn", 2, "login"),
        ("'{logn}'", "there is no column logn", 3, "login"),
        ("login ; dept", "; means nothing here", 7, ""),
        ("split(list, '')", "nothing to split by", 14, "split"),
        ("(" * 60 + "id" + ")" * 60, "nested deeper", 51, "take it apart"),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_what_would_be_right(
    text: str, detail: str, position: int, right: str
) -> None:
    with pytest.raises(BadExpression) as refused:
        value(text)
    assert detail in refused.value.detail
    assert refused.value.position == position
    assert right in refused.value.right


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("yes(dept)", "neither yes nor no"),
        ("{list}", "several values"),
        ("date(dept)", "no day written YYYY-MM-DD"),
        ("between(german, end)", "no day"),
    ],
)
def test_a_value_that_cannot_be_used_is_a_bad_one(text: str, detail: str) -> None:
    with pytest.raises(BadValue, match=detail) as refused:
        value(text)
    assert "hr" not in refused.value.detail


def test_every_function_does_as_its_example_says() -> None:
    for function in FUNCTIONS.values():
        columns = {"x": "start", "y": "id", "condition": "yes", "table": "sites"}
        if "DD.MM.YYYY" in function.call:
            columns |= {"x": "german", "start": "german", "end": "german"}
        if function.name == "yes":
            columns |= {"x": "yes"}
        pieces = re.split(r"\b", function.call)
        value("".join(columns.get(piece, piece) for piece in pieces))


def test_the_columns_of_an_expression_are_known() -> None:
    found = columns_of(parse("lookup(dept, '{id}', '{lower(login)} {`First Name`}') == join(first, '{last}')"))
    assert [column.name for column in found] == ["dept", "login", "First Name", "first"]
    assert columns_read(MapTables({"userName": "login", "emails": ["mail", "a"]}, (GroupRule(("{x}",), "y"),))) == {
        "login": "map.userName",
        "mail": "map.emails",
        "a": "map.emails",
        "y": "groups.0.when",
        "x": "groups.0.add",
    }


@given(st.text(max_size=40))
def test_any_text_is_an_expression_or_told_with_a_place_in_it(text: str) -> None:
    wrong = refusal(text)
    assert wrong is None or (wrong.right and 1 <= wrong.position <= len(text) + 1)


def refusal(text: str) -> BadExpression | None:
    try:
        compile_tree(parse(text), any_column, (), AT)
    except BadExpression as refused:
        return refused
    return None


PIECES = st.sampled_from(
    [
        *"(){}',`\"=! ",
        "==",
        "id",
        "lower(",
        "'x'",
        "and",
        "or",
        "not ",
        "{id}",
        "list",
        "lookup(id, 'sites')",
        "1",
        "{{",
    ]
)


@given(st.lists(PIECES, max_size=12).map("".join))
def test_what_compiles_gives_a_value_or_a_bad_one(text: str) -> None:
    if refusal(text) is not None:
        return
    closure = compile_tree(parse(text), any_column, (), AT)
    try:
        found = closure(ROW)
    except BadValue:
        return
    assert isinstance(found, str | bool | Sequence)


@given(st.text(st.characters(codec="utf-8"), max_size=20))
def test_a_constant_in_quotes_is_that_constant(text: str) -> None:
    written = text.replace("'", "''").replace("{", "{{").replace("}", "}}")
    assert value(f"'{written}'") == text


def compiled(lines: Mapping[str, Any], *rules: GroupRule) -> tuple[Mapper, list[Wrong]]:
    mapping = MapTables({"userName": "login", **lines}, rules)
    return compile_mapping(mapping, lambda name: name if name in ROW else None, sorted(ROW), AT)


def mapped(lines: Mapping[str, Any], *rules: GroupRule, row: Mapping[str, Any] = ROW) -> dict[str, Any]:
    mapper, wrong = compiled(lines, *rules)
    assert not wrong
    found = mapper(row)
    found.pop("userName")
    return found


def test_a_text_becomes_one_primary_work_address() -> None:
    assert mapped({"emails": "lower(mail)"}) == {
        "emails": [{"type": "work", "primary": True, "value": "ann@acorn.example"}]
    }
    assert mapped({"emails": "empty"}) == {"emails": []}
    assert mapped({"emails": "list"}) == {
        "emails": [{"type": "work", "primary": True, "value": "b"}, {"type": "other", "value": "a"}]
    }


def test_lists_are_made_of_several_columns_tables_and_selectors() -> None:
    assert mapped({"emails": ["mail", {"value": "dept", "type": "home"}]})["emails"] == [
        {"type": "work", "primary": True, "value": "Ann@Acorn.Example"},
        {"type": "home", "value": "hr"},
    ]
    assert mapped({'phoneNumbers[type eq "mobile"].value': "id", 'phoneNumbers[type eq "mobile"].display': "dept"}) == {
        "phoneNumbers": [{"type": "mobile", "value": "00042", "display": "hr"}]
    }
    assert mapped({"addresses.locality": "dept", "addresses.country": "empty"}) == {
        "addresses": [{"type": "work", "primary": True, "locality": "hr"}]
    }
    assert mapped({"roles": "list(dept, id)"}) == {"roles": [{"value": "hr"}, {"value": "00042"}]}


def test_what_is_said_of_a_value_is_said_of_each_where_it_is_a_list() -> None:
    found = mapped({"roles": {"value": "list", "display": "dept", "type": "site"}})["roles"]
    assert found == [{"type": "site", "value": "b", "display": "hr"}, {"type": "site", "value": "a", "display": "hr"}]


def test_badges_keep_their_zeros_and_stand_under_their_schema() -> None:
    urn = "urn:ietf:params:scim:schemas:extension:releezme:2.0:User"
    assert mapped({"badges": [{"value": "id", "display": "'Main'"}, "emp-no", "empty", "id"]}) == {
        urn: {"badges": [{"value": "00042", "display": "Main"}, {"value": "7"}]}
    }


def test_extensions_are_found_by_name_by_urn_and_by_what_the_products_call_them() -> None:
    urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    assert mapped({"department": "dept", f"{urn}:employeeNumber": "id", "manager.value": "empty"}) == {
        urn: {"department": "hr", "employeeNumber": "00042", "manager": {"value": None}}
    }
    retail = "urn:ietf:params:scim:schemas:extension:retailops:2.0:User"
    assert mapped({"retailOps.storeCodeList": "list", "retailOps.sendInviteLink": "yes"}) == {
        retail: {"storeCodeList": ["b", "a"], "sendInviteLink": True}
    }
    assert mapped({"urn:example:User:floor": "id"}) == {"urn:example:User": {"floor": "00042"}}


def test_what_is_mapped_and_empty_is_wanted_empty() -> None:
    assert mapped({"title": "empty", "name.givenName": "empty", "name.familyName": "last"}) == {
        "title": None,
        "name": {"givenName": None, "familyName": "O'Brien"},
    }


def test_constants_stand_without_an_expression() -> None:
    assert mapped({"active": True, "title": "'Guest'"}) == {"active": True, "title": "Guest"}


def test_groups_come_from_the_map_and_from_rules() -> None:
    rules = (
        GroupRule(("Staff", "Site {lookup(dept, 'sites')}", "{empty}"), "given(id)"),
        GroupRule(("Never",), "id == 'x'"),
    )
    assert mapped({"groups": "lookup(dept, 'groups')"}, *rules)["groups"] == [
        {"display": "Staff"},
        {"display": "HR"},
        {"display": "Site Leeds"},
    ]
    assert mapped({"groups.value": "id"}) == {"groups": [{"value": "00042"}]}


def test_nobody_without_a_name_and_nobody_active_by_a_guess() -> None:
    mapper, _ = compiled({"active": "empty"})
    with pytest.raises(BadValue, match="active is empty; write default"):
        mapper(ROW)
    with pytest.raises(BadValue, match="userName is empty"):
        mapper({**ROW, "login": ""})
    with pytest.raises(BadValue, match="active is neither yes nor no"):
        compiled({"active": "dept"})[0](ROW)


@pytest.mark.parametrize(
    ("lines", "key", "detail", "right"),
    [
        ({"usrName": "id"}, "map.usrName", "no attribute of a user", "userName"),
        ({"name": "id"}, "map.name", "has parts", "name.givenName"),
        ({"name.first": "id"}, "map.name.first", "has no part first", "name"),
        ({"emails.valu": "id"}, "map.emails.valu", "has no part valu", "emails.value"),
        ({"id": "id"}, "map.id", "the target's own", "take the line away"),
        ({"a b": "id"}, "map.a b", "no name of an attribute", "emails"),
        ({"badges": {"valu": "id"}}, "map.badges", "has no part valu", "value"),
        ({"title": "Employee"}, "map.title", "no column Employee", "'Employee'"),
        ({'emails[kind eq "x"].value': "id"}, 'map.emails[kind eq "x"].value', "told apart by kind", "type"),
    ],
)
def test_lines_that_lead_nowhere_are_told(lines: Mapping[str, Any], key: str, detail: str, right: str) -> None:
    (wrong,) = compiled(lines)[1]
    assert wrong.key == key
    assert detail in wrong.detail
    assert right in wrong.right


def test_managed_paths_are_attributes_and_whole_lists() -> None:
    lines = {"name.givenName": "first", 'emails[type eq "home"].value': "mail", "department": "dept"}
    assert compiled(lines, GroupRule(("x",)))[0].managed == (
        "userName",
        "name.givenName",
        "emails",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
        "groups",
    )
