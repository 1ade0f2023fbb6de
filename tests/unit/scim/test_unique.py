"""Which values of a resource are unique besides the key of its type."""

import pytest

from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.errors import InvalidValue
from rollbook.scim.limits import STANDARD_LIMITS
from rollbook.scim.schema import Extension, ResourceType, read_schema
from rollbook.scim.search_form import search_form
from rollbook.scim.unique import unique_places, unique_values

URN = "urn:example:2.0:Person"
PERSON = ResourceType(
    "Person",
    "/People",
    read_schema(
        {
            "id": "urn:example:2.0:Base",
            "name": "Base",
            "attributes": [
                {"name": "login", "uniqueness": "server"},
                {"name": "number", "uniqueness": "server"},
                {"name": "plates", "multiValued": True, "uniqueness": "server"},
                {"name": "height", "type": "integer", "uniqueness": "server"},
            ],
        }
    ),
    (
        Extension(
            read_schema(
                {
                    "id": URN,
                    "name": "Person",
                    "attributes": [
                        {"name": "code", "uniqueness": "server", "caseExact": True},
                        {
                            "name": "badges",
                            "type": "complex",
                            "multiValued": True,
                            "subAttributes": [{"name": "value", "uniqueness": "server"}, {"name": "display"}],
                        },
                    ],
                }
            )
        ),
    ),
    number=100,
)


def values(document: dict[str, object]) -> list[tuple[str, str]]:
    return unique_values(PERSON)(search_form(PERSON)(document), STANDARD_LIMITS)


def test_a_type_of_the_standard_has_a_key_and_no_other_unique_attribute() -> None:
    assert [unique_places(type) for type in standard_types()] == [(), ()]


def test_texts_that_are_unique_are_listed_in_search_form_with_their_paths() -> None:
    person = {"login": "ann", "number": "N1", "plates": ["B-1", "b-2"], "height": 3}
    inside = {"code": "Xy", "badges": [{"value": "04A1", "display": "Main"}, {"display": "None"}, {"value": "04b2"}]}
    assert values({**person, URN: inside}) == [
        ("number", "n1"),
        ("plates", "b-1"),
        ("plates", "b-2"),
        (f"{URN}:code", "Xy"),
        (f"{URN}:badges.value", "04a1"),
        (f"{URN}:badges.value", "04b2"),
    ]
    assert values({"login": "ann"}) == []


@pytest.mark.parametrize("plates", [["b-1", "B-1"], ["x" * 1025], ["ü" * 1024 + "x" * 4]])
def test_a_value_twice_and_one_that_is_too_long_are_refused(plates: list[str]) -> None:
    with pytest.raises(InvalidValue, match="plates has to be unique"):
        values({"plates": plates})
