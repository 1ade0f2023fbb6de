"""Values: what each type admits, and the two forms of what it admits."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.scim.attributes import EXTERNAL_ID, Attribute, Compare, Type
from rollbook.scim.errors import InvalidValue
from rollbook.scim.folding import fold
from rollbook.scim.values import canonical, check_user_name, date_time, search_value

USER_NAME = Attribute("userName", compare=Compare.USER_NAME)


@pytest.mark.parametrize(
    ("type", "given_value", "kept"),
    [
        (Type.STRING, "", ""),
        (Type.STRING, "{0.__class__} ${7*7} %s", "{0.__class__} ${7*7} %s"),
        (Type.BOOLEAN, False, False),
        (Type.INTEGER, 1.0, 1),
        (Type.INTEGER, -(2**63), -(2**63)),
        (Type.DECIMAL, 1, 1),
        (Type.DECIMAL, 2.5, 2.5),
        (Type.DATE_TIME, "2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00.000Z"),
        (Type.BINARY, "-_8", "-_8"),
        (Type.BINARY, "+/8=", "+/8="),
        (Type.REFERENCE, "https://example.com/Ann", "https://example.com/Ann"),
    ],
)
def test_a_value_of_its_type_is_kept_in_canonical_form(type: Type, given_value: Any, kept: Any) -> None:
    read = canonical(Attribute("a", type), given_value, "a")
    assert read == kept
    assert read.__class__ is kept.__class__


WRONG: dict[Type, tuple[Any, ...]] = {
    Type.STRING: (1, True),
    Type.BOOLEAN: ("true", "True", 0, 1, ""),
    Type.INTEGER: ("1", True, 1.5, 2**63, -(2**63) - 1, float("inf"), float("nan")),
    Type.DECIMAL: ("1", True, float("inf"), float("nan"), 2**64, 10**400),
    Type.DATE_TIME: ("", "2026-01-01", 0, "2026-01-01T00:00:00+15:00"),
    Type.BINARY: ("A", "AB=", "A===", "-+AA", "AA\nAA", "ä", "AAAAA"),
    Type.REFERENCE: (1,),
    Type.COMPLEX: ("x",),
}


@pytest.mark.parametrize("type", Type)
def test_a_value_of_another_type_is_refused_and_the_place_is_named(type: Type) -> None:
    for wrong in (None, [], {}, ["x"], *WRONG[type]):
        with pytest.raises(InvalidValue, match=r"emails\.value"):
            canonical(Attribute("value", type), wrong, "emails.value")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2026-01-31T08:00:00Z", "2026-01-31T08:00:00.000Z"),
        ("2026-01-31T08:00:00", "2026-01-31T08:00:00.000Z"),
        ("2026-01-31T08:00:00.0019999Z", "2026-01-31T08:00:00.001Z"),
        ("2026-01-31T08:00:00.5-14:00", "2026-01-31T22:00:00.500Z"),
        ("2026-12-31T24:00:00Z", "2027-01-01T00:00:00.000Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
        ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
        ("0000-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+01:00", None),
        ("9999-12-31T24:00:00Z", None),
        ("10000-01-01T00:00:00Z", None),
        ("-0001-01-01T00:00:00Z", None),
        ("2026-01-31T24:00:01Z", None),
        ("2026-01-31T23:59:60Z", None),
        ("2026-02-29T00:00:00Z", None),
        ("2026-01-31T08:00:00.Z", None),
        ("2026-01-31t08:00:00z", None),
        ("2026-01-31 08:00:00Z", None),
        ("20260131T080000Z", None),
        ("２026-01-31T08:00:00Z", None),
        ("2026-01-31T08:00:00Z\n", None),
    ],
)
def test_date_times_are_instants_in_utc(text: str, read: str | None) -> None:
    assert date_time(text) == read


@pytest.mark.parametrize("name", ["Alice", "ALICE", "Ａｌｉｃｅ", "ａlice"])
def test_35_variants_of_one_user_name_are_one_name(name: str) -> None:
    assert fold(Compare.USER_NAME, name) == "alice"


def test_35_composed_and_decomposed_letters_are_one_name() -> None:
    for compare in (Compare.USER_NAME, Compare.FOLDED):
        assert fold(compare, "Zoë") == fold(compare, "zoe\u0308")
        assert fold(compare, "straße") == fold(compare, "STRASSE")
    assert fold(Compare.EXACT, "Zoë") != fold(Compare.EXACT, "zoe\u0308")


def test_36_names_that_precis_refuses_are_folded_all_the_same() -> None:
    assert fold(Compare.USER_NAME, "Ann ß 😀") == "ann ss 😀"


def test_37_look_alikes_of_another_script_are_other_names() -> None:
    assert fold(Compare.USER_NAME, "аnn") != fold(Compare.USER_NAME, "ann")


@pytest.mark.parametrize("name", ["ann@example.com", "ACORN\\ann", "Ann B", " ann", "😀", "安", "a" * 1024, "ü" * 1024])
def test_36_odd_user_names_are_accepted(name: str) -> None:
    assert canonical(USER_NAME, name, "userName") == name


DECEIVING = [
    "",
    " ",
    "an\x00n",
    "ann\n",
    "a\x85",
    "a\u202enn",
    "a\u200bnn",
    "a\u200dnn",
    "\ufeffann",
    "a\u2028",
    "a\ud800",
    "a" * 1025,
    "😀" * 600,
    "a" * 10**6,
]


@pytest.mark.parametrize("name", DECEIVING, ids=range(len(DECEIVING)))
def test_29_31_36_user_names_that_deceive_or_overflow_are_refused(name: str) -> None:
    with pytest.raises(InvalidValue, match="userName"):
        check_user_name(name)


def test_29_other_strings_keep_such_characters() -> None:
    assert canonical(Attribute("displayName"), "a\u202e\x1b\n", "displayName") == "a\u202e\x1b\n"


@pytest.mark.parametrize("external_id", ["a" * 1025, "😀" * 600])
def test_31_an_external_id_has_a_greatest_length(external_id: str) -> None:
    with pytest.raises(InvalidValue, match="externalId"):
        canonical(EXTERNAL_ID, external_id, "externalId")
    assert canonical(EXTERNAL_ID, "A" * 1024, "externalId") == "A" * 1024


def test_search_values_are_ready_to_be_compared() -> None:
    assert search_value(Attribute("a"), "ÄB") == "äb"
    assert search_value(Attribute("a", compare=Compare.EXACT), "ÄB") == "ÄB"
    assert search_value(Attribute("a", Type.DECIMAL), 1) == 1.0
    assert str(search_value(Attribute("a", Type.DECIMAL), -0.0)) == "0.0"
    assert search_value(Attribute("a", Type.INTEGER), 2**53 + 1) == 2**53 + 1
    assert search_value(Attribute("a", Type.BOOLEAN), True) is True


@given(st.text(), st.sampled_from(Compare))
def test_folding_twice_changes_nothing_more(text: str, compare: Compare) -> None:
    once = fold(compare, text)
    assert fold(compare, once) == once
    assert bool(once) == bool(text)


@given(st.datetimes(timezones=st.none()))
def test_written_date_times_sort_as_the_instants_do(moment: Any) -> None:
    written = date_time(moment.isoformat())
    assert written is not None
    assert len(written) == 24
    assert written == moment.isoformat(timespec="milliseconds") + "Z"
