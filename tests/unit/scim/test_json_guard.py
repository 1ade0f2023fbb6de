"""The JSON guard: what is refused, and with what (security checklist 22 to 28 and 34)."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.scim.errors import InvalidSyntax, InvalidValue
from rollbook.scim.json_guard import read_json


def nested(depth: int) -> bytes:
    return b'{"a":' * (depth - 1) + b"{}" + b"}" * (depth - 1)


def test_22_thirty_two_levels_are_read() -> None:
    assert read_json(nested(32))


@pytest.mark.parametrize(
    "body",
    [nested(33), b'{"a":' + b"[" * 32 + b"]" * 32 + b"}", b'{"a":' + b"[" * 100_000, nested(5000)],
)
def test_22_deeper_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidSyntax, match="deeper than 32"):
        read_json(body)


def test_22_brackets_in_texts_are_no_levels() -> None:
    assert read_json(b'{"a":"' + b"[{" * 100 + b'"}')


def test_22_many_siblings_are_not_deep() -> None:
    assert len(read_json(b'{"a":[' + b",".join([b"{}"] * 1000) + b"]}")["a"]) == 1000


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b'{"a":1,"a":2}', "a"),
        (b'{"a":1,"b":{"c":1,"c":1}}', "c"),
        (b'{"a":1,"\\u0061":2}', "a"),
        (b'{"a":1,"a":2,"b":"\\u0022:"}', "a"),
        (b'{"a":"\\"","a":"\\\\","b":1}', "a"),
        (b'{"a" \n : ":x","a": ":x"}', "a"),
        (b'{"a":[{"b":1},{"b":1,"c":[],"b":{}}]}', "b"),
        (b'{"a' + b" " * 5 + b'":1,"b"' + b" " * 100 + b':1,"b":1}', "b"),
    ],
)
def test_23_a_name_twice_is_refused_by_name(body: bytes, name: str) -> None:
    with pytest.raises(InvalidSyntax, match=f'The name "{name}" stands twice'):
        read_json(body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":{"x":1},"b":{"x":1}}',
        b'{"a":"\\"a\\":","b":"\\\\"}',
        b'{"a" : ":", "b" :\t":"}',
        b'{"\\u0061":"\\u0022","b":"\\/"}',
        '{"ä":"…\\u2028\\u00e4\\ud83d\\ude00","b":"😀"}'.encode(),
    ],
)
def test_23_what_only_looks_repeated_is_read(body: bytes) -> None:
    assert read_json(body) == orjson.loads(body)


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e400", b"1e200000", b"9" * 5000])
def test_24_what_is_no_number_is_refused(number: bytes) -> None:
    with pytest.raises(InvalidSyntax):
        read_json(b'{"a":' + number + b"}")


@pytest.mark.parametrize("number", [2**63, 2**64, -(2**63) - 1, 10**30])
def test_24_integers_beyond_64_bits_are_refused(number: int) -> None:
    with pytest.raises(InvalidSyntax, match="64 bits"):
        read_json(b'{"a":[%d]}' % number)


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63), 1234567890123456789])
def test_24_integers_of_64_bits_are_exact(number: int) -> None:
    assert read_json(b'{"a":%d}' % number) == {"a": number}


def test_24_long_digits_in_texts_and_fractions_are_no_integers() -> None:
    assert read_json(b'{"a":"' + b"7" * 40 + b'","b":0.1234567890123456789012,"c":12345678901234567890e-3}')


@pytest.mark.parametrize(
    "body",
    [
        b"", b"  \n", b"[]", b"[{}]", b"null", b"1", b'"a"', b"true", b"{} {}", b"{}x", b"{/* */}", b"{}//", b"{'a':1}",
        b'{"a":1,}', b'\xef\xbb\xbf{"a":1}', '{"a":1}'.encode("utf-16"), b'{"a":"\xff"}', b'{"a":"\x00"}', b'{"a"',
    ],
)  # fmt: skip
def test_26_what_is_not_one_object_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidSyntax):
        read_json(body)


@pytest.mark.parametrize("body", [b'{"a":"x\\u0000y"}', b'{"a\\u0000":1}', b'{"a":["\\\\\\u0000"]}'])
def test_27_nul_in_a_string_or_name_is_an_invalid_value(body: bytes) -> None:
    with pytest.raises(InvalidValue, match="NUL"):
        read_json(body)


def test_27_an_escaped_backslash_before_u0000_is_no_nul() -> None:
    assert read_json(b'{"a":"\\\\u0000"}') == {"a": "\\u0000"}


@pytest.mark.parametrize("body", [b'{"a":"\\ud800"}', b'{"a":"\\udc00\\ud800"}', b'{"a":"\xed\xa0\x80"}'])
def test_28_lone_surrogates_are_refused(body: bytes) -> None:
    with pytest.raises(InvalidSyntax):
        read_json(body)


def test_a_fault_is_located_and_no_library_text_leaks() -> None:
    with pytest.raises(InvalidSyntax) as refused:
        read_json(b'{"a":1,\n "b":}')
    assert refused.value.detail == "The body is not valid JSON (line 2, column 6)."


@pytest.mark.parametrize("piece", [b'\\"', b"\\\\", b'"', b"a", b'"a\\"', b"[", b"[1,", b'{"a":', b"0"])
def test_a_megabyte_that_is_no_json_is_refused_in_one_pass(piece: bytes) -> None:
    # In more than one pass it would take hours, and the test never end.
    with pytest.raises(InvalidSyntax):
        read_json(b'{"a": "' + piece * (1_000_000 // len(piece)))


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
names = st.text("ab\"\\:, '{}é", max_size=3)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text('ab"\\:', max_size=3), json_values, max_size=5), st.booleans())
def test_every_object_without_faults_is_read_as_it_is(value: dict[str, object], indented: bool) -> None:
    body = orjson.dumps(value, option=orjson.OPT_INDENT_2 if indented else 0)
    assert read_json(body) == value


@given(st.dictionaries(st.text('ab"\\:', max_size=3), json_values, min_size=1, max_size=4), st.data())
def test_every_repeated_name_is_found(value: dict[str, object], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(value)))
    body = orjson.dumps(value)[:-1] + b"," + orjson.dumps(name) + b":" + orjson.dumps(data.draw(json_values)) + b"}"
    with pytest.raises(InvalidSyntax, match="twice"):
        read_json(body)
