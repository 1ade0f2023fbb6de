"""Laws of the meaning of filters, whatever the filter and the resource."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rollbook.scim.binding import bind
from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.filter_parser import parse_filter
from rollbook.scim.match import matches
from rollbook.scim.search_form import search_form

USER, _ = standard_types()

TEXTS = st.sampled_from(["", "a", "A", "ab", "ä", "Ä", "ß", "ss", "%", "_", "\U00010000", "\uffee"])
ELEMENTS = st.fixed_dictionaries({}, optional={"value": TEXTS, "type": TEXTS, "primary": st.booleans()})
RESOURCES = st.fixed_dictionaries(
    {"userName": TEXTS.filter(bool)},
    optional={
        "title": TEXTS,
        "active": st.booleans(),
        "name": st.fixed_dictionaries({}, optional={"givenName": TEXTS, "familyName": TEXTS}),
        "emails": st.lists(ELEMENTS, max_size=3),
    },
)
TEXT_PATHS = st.sampled_from(["userName", "title", "name.givenName", "emails", "emails.type"])
TEXT_OPERATORS = st.sampled_from(["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"])
LEAVES = (
    st.builds('{} {} "{}"'.format, TEXT_PATHS, TEXT_OPERATORS, TEXTS)
    | st.builds("{} pr".format, TEXT_PATHS | st.sampled_from(["active", "name"]))
    | st.builds("active {} {}".format, st.sampled_from(["eq", "ne"]), st.sampled_from(["true", "false"]))
)
INSIDE = st.builds('{} {} "{}"'.format, st.sampled_from(["value", "type"]), TEXT_OPERATORS, TEXTS)
FILTERS = st.recursive(
    LEAVES | st.builds("emails[{}]".format, INSIDE | st.builds("not ({}) or {}".format, INSIDE, INSIDE)),
    lambda f: st.builds("not ({})".format, f) | st.builds("({}) {} ({})".format, f, st.sampled_from(["and", "or"]), f),
    max_leaves=4,
)


def holds(text: str, resource: dict[str, Any]) -> bool:
    return matches(bind(parse_filter(text), USER), resource)


@settings(deadline=None)
@given(FILTERS, FILTERS, RESOURCES)
def test_not_and_or_are_those_of_logic(a: str, b: str, resource: dict[str, Any]) -> None:
    left, right = holds(a, resource), holds(b, resource)
    assert holds(f"not ({a})", resource) is not left
    assert holds(f"({a}) and ({b})", resource) is (left and right)
    assert holds(f"({a}) or ({b})", resource) is (left or right)
    assert holds(f"not (({a}) and ({b}))", resource) is holds(f"not ({a}) or not ({b})", resource)
    assert holds(f"not (({a}) or ({b}))", resource) is holds(f"not ({a}) and not ({b})", resource)


@settings(deadline=None)
@given(TEXT_PATHS, TEXTS, RESOURCES)
def test_comparisons_agree_with_each_other(path: str, text: str, resource: dict[str, Any]) -> None:
    def has(operator: str) -> bool:
        return holds(f'{path} {operator} "{text}"', resource)

    assert has("ge") is (has("gt") or has("eq"))
    assert has("le") is (has("lt") or has("eq"))
    assert has("ne") is (has("gt") or has("lt"))
    assert not has("eq") or (has("sw") and has("ew"))
    assert not (has("sw") or has("ew")) or has("co")
    assert holds(f"{path} eq null", resource) is not holds(f"{path} pr", resource)


@settings(deadline=None)
@given(FILTERS, RESOURCES)
def test_a_document_and_its_search_form_match_alike(text: str, resource: dict[str, Any]) -> None:
    assert holds(text, search_form(USER)(resource)) is holds(text, resource)


@settings(deadline=None)
@given(INSIDE, INSIDE, RESOURCES)
def test_brackets_ask_for_one_element(a: str, b: str, resource: dict[str, Any]) -> None:
    one_by_one = [{**resource, "emails": [element]} for element in resource.get("emails", ())]
    for text in (f"emails[{a} and {b}]", f"emails[{a} or not ({b})]"):
        assert holds(text, resource) is any(holds(text, single) for single in one_by_one)
