"""Dialect files: what is wrong is told whole, each with its file, its line and the nearest word that is right."""

import tomllib
from typing import Any

import jsonschema_rs
import pytest

from rollbook.dialects.keys import KEYS, Key, editor_schema
from rollbook.dialects.loading import catalog_sources, load
from rollbook.dialects.reader import DialectError, Source, read_all

STANDARD = next(source for source in catalog_sources() if source.name == "standard.toml")
GOOD = """\
name = "shop"
extends = "standard"

[address]
bases = ["/shop/scim"]

[types.User]
attributes = [
  "userName",
  "name.givenName",
]

[[departure]]
id = "S1"
clause = "RFC 7644 §3.2"
what = "There is something else."
why = "The product has it so."
"""


def wrong(text: str, *others: str) -> list[DialectError]:
    """What is told about a file, in its order."""
    told: list[DialectError] = []
    sources = [Source(f"other{n}.toml", other) for n, other in enumerate(others)]
    load([STANDARD, *sources, Source("shop.toml", text)], tell=told.append)
    return sorted(told, key=lambda error: error.line)


def test_a_good_file_has_nothing_wrong() -> None:
    assert wrong(GOOD) == []


def test_everything_that_is_wrong_is_told_at_once() -> None:
    text = GOOD.replace("bases =", "basis =").replace("[types.User]", "[types.User]\nother = 1\noperations = 7")
    told = wrong(text + "\n[page]\nmost = 3\n")
    assert [(e.line, e.key) for e in told] == [
        (5, "address.basis"),
        (8, "types.User.other"),
        (9, "types.User.operations"),
        (21, "page"),
    ]
    assert [e.file for e in told] == ["shop.toml"] * 4
    first, second, third, last = map(str, told)
    assert first == "shop.toml, line 5: address.basis: there is no such key (did you mean bases?)"
    assert "did you mean others?" in second
    assert "a list of texts" in third
    assert "did you mean pages?" in last


WRONG = {
    'name = "Shop"\nextends = "standard"\n': (1, "name", "small letters"),
    'extends = "standard"\n': (0, "name", "needs a name"),
    'name = "shop"\nextends = "standart"\n': (2, "extends", "did you mean standard?"),
    'name = "shop"\nextends = "shop"\n': (2, "extends", "its own parent"),
    'name = "standard"\n': (1, "name", "standard.toml is called 'standard' already"),
    'name = "shop"\n\n[address\n': (3, "", "no TOML"),
    'name = "shop"\ntitle = "two\nlines"\n': (2, "", "no TOML"),
}


@pytest.mark.parametrize("text", WRONG)
def test_a_name_a_parent_and_toml_have_to_be_right(text: str) -> None:
    line, key, said = WRONG[text]
    (told,) = wrong(text)
    assert (told.line, told.key) == (line, key)
    assert said in str(told)


ROLES = '[settings.roles]\ntype = "texts"\nabout = "x"\n'
SCHEMA = 'name = "X"\nattributes = [\n  { name = "a" },\n  { name = "A" },\n]\n'
CHANGED = {
    ('bases = ["/shop/scim"]', 'bases = ["/shop/scim", "shop/"]'): (5, "address.bases", "begin with a slash"),
    ('bases = ["/shop/scim"]', 'bases = ["/scim/v2"]'): (5, "address.bases", "the address of standard already"),
    ('bases = ["/shop/scim"]', 'bases = ["/x"]\nprefixes = ["/p"]'): (6, "address.prefixes", "{tenant}"),
    ('bases = ["/shop/scim"]', 'bases = ["/x"]\nlocation = "/y"'): (6, "address.location", "none of the addresses"),
    ('bases = ["/shop/scim"]', 'bases = ["/x"]\nnames = { Schema = "s" }'): (
        *(6, "address.names.Schema"),
        "did you mean Schemas?",
    ),
    ('"name.givenName"', '"name.given"'): (10, "types.User.attributes", "did you mean name.givenName?"),
    ("[types.User]", "[types.Usr]"): (7, "types.Usr", "did you mean User?"),
    ("[types.User]", '[types.User]\nendpoint = "Users"'): (8, "types.User.endpoint", "a slash and a name"),
    ("[types.User]", '[types.User]\nwithout = ["title"]'): (8, "types.User.without", "not both"),
    ("[types.User]", '[types.User]\nrules = "nothing"'): (8, "types.User.rules", "there is no module"),
    ("[[departure]]", "[types.User.change.emails]\nmost = 1\n[[departure]]"): (
        *(13, "types.User.change.emails"),
        "no attribute 'emails' to change",
    ),
    ("[[departure]]", "[types.User.change.userName]\ncaseExact = true\n[[departure]]"): (
        *(14, "types.User.change.userName.caseExact"),
        "no such key",
    ),
    ("[[departure]]", f'[types.User.change.userName]\ncanonicalFrom = "role"\n{ROLES}[[departure]]'): (
        *(14, "types.User.change.userName.canonicalFrom"),
        "did you mean roles?",
    ),
    ('why = "The product has it so."', ""): (13, "departure", "has to say its why"),
    ("[[departure]]", '[settings.days]\ntype = "number"\nabout = "x"\ndefault = "7"\n[[departure]]'): (
        *(16, "settings.days.default"),
        "a whole number",
    ),
    ("[[departure]]", '[settings.days]\ntype = "number"\nabout = "x"\nunlike = ["day"]\n[[departure]]'): (
        *(16, "settings.days.unlike"),
        "no other setting 'day' of the type number (did you mean days?)",
    ),
    ("[[departure]]", f'[settings.days]\ntype = "texts"\nabout = "x"\nunlike = ["roles"]\n{ROLES}[[departure]]'): (
        *(16, "settings.days.unlike"),
        "roles has the same default",
    ),
    ("[[departure]]", "[pages]\ndefault = 20\nmost = 10\n[[departure]]"): (14, "pages.default", "more than most"),
    ("[[departure]]", "[credentials]\nbearer = false\n[[departure]]"): (13, "credentials", "a way to say who it is"),
    ("[[departure]]", "[form]\netags = false\n[[departure]]"): (13, "form", 'wire = "1.1"'),
    ('name = "shop"', 'name = "shop"\nwire = "1.1"\nform = { etag = false }'): (3, "form.etag", "did you mean etags?"),
    ("[[departure]]", f'[[types.User.extension]]\nid = "x"\n{SCHEMA}[[departure]]'): (
        *(14, "types.User.extension.id"),
        "is a URN",
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGED, ids=lambda change: CHANGED[change][1])
def test_what_may_stand_and_is_wrong_all_the_same_is_told(change: tuple[str, str]) -> None:
    line, key, said = CHANGED[change]
    assert GOOD.count(change[0]) == 1
    told = wrong(GOOD.replace(*change))
    assert (told[0].line, told[0].key) == (line, key), told
    assert said in str(told[0])


def test_a_wrong_value_is_found_in_the_second_of_equal_tables() -> None:
    again = GOOD[GOOD.index("[[departure]]") :]
    told = wrong(GOOD + again.replace('"S1"', '"S2"').replace('why = "The', 'why = 3 # "The'))
    assert [(e.line, e.key) for e in told] == [(22, "departure.why")]
    (told_twice,) = wrong(GOOD + again)
    assert (told_twice.line, told_twice.key) == (19, "departure.id")


def test_two_dialects_may_not_mean_different_things_by_one_schema() -> None:
    schema = '\n[[types.User.extension]]\nid = "urn:x"\nname = "X"\nattributes = [{ name = "a" }]\n'
    other = GOOD.replace('"shop"', '"other"').replace("/shop", "/other") + schema
    assert wrong(GOOD + schema, other) == []
    (told,) = wrong(GOOD + schema.replace('"a"', '"b"'), other)
    assert "other has a schema urn:x already" in str(told)


def test_a_child_says_only_what_is_different() -> None:
    sources = [STANDARD, Source("a.toml", GOOD + "[pages]\ndefault = 5\nmost = 7\n[features]\nsort = false\n")]
    child = 'name = "mall"\nextends = "shop"\n[address]\nbases = ["/mall"]\n[pages]\nmost = 9\n'
    mall = next(d for d in load([*sources, Source("b.toml", child)]) if d.name == "mall")
    assert (mall.base, mall.limits.default_page, mall.limits.max_page) == ("/mall", 5, 9)
    assert not mall.features.sort
    assert mall.features.patch
    assert mall.departures == ()  # they are the parent's, and shown with it
    assert [a.name for a in mall.types[0].schema.attributes] == ["userName", "name"]


def test_without_a_teller_the_first_wrong_thing_is_raised() -> None:
    with pytest.raises(DialectError, match="line 5"):
        read_all([STANDARD, Source("shop.toml", GOOD.replace("bases =", "basis ="))])


def test_every_file_of_the_package_fits_the_schema_for_editors() -> None:
    schema = editor_schema()
    jsonschema_rs.meta.validate(schema)
    judge = jsonschema_rs.Draft202012Validator(schema)
    for source in catalog_sources():
        assert [error.message for error in judge.iter_errors(tomllib.loads(source.text))] == [], source.name
    assert list(judge.iter_errors({"name": "x", "pages": {"more": 1}}))


def test_every_key_says_what_it_is_for() -> None:
    def walk(keys: Any) -> None:
        for name, key in keys.items():
            assert isinstance(key, Key)
            assert key.about.endswith((".", "/Users.", "/scim/v2.")), name
            walk(key.inside or {})

    walk(KEYS)
