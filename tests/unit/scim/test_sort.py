"""The order that sortBy means."""

from typing import Any

from rollbook.scim import urns
from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.schema import Place
from rollbook.scim.sort import in_order, sort_value

USER, _ = standard_types()


def place(name: str, sub: str | None = None, urn: str | None = None) -> Place:
    found = USER.place(urn, name, sub)
    assert found is not None
    return found


def ids(resources: list[Any]) -> str:
    return "".join(resource["id"] for resource in resources)


def test_the_primary_value_sorts_else_the_first() -> None:
    first = {"emails": [{"value": "Z@x"}, {"value": "A@x"}]}
    primary = {"emails": [{"value": "Z@x"}, {"value": "A@x", "primary": True}]}
    hollow = {"emails": [{"type": "work", "primary": True}, {"type": "home"}, {"value": "B@x"}]}
    emails = place("emails", "value")
    assert [sort_value(emails, r) for r in (first, primary, hollow, {})] == ["z@x", "a@x", "b@x", None]


def test_values_are_found_in_extensions_and_meta() -> None:
    resource = {urns.ENTERPRISE_USER: {"manager": {"value": "M-1"}}, "meta": {"created": "2026-01-01T00:00:00.000Z"}}
    assert sort_value(place("manager", "value", urns.ENTERPRISE_USER), resource) == "M-1"
    assert sort_value(place("meta", "created"), resource) == "2026-01-01T00:00:00.000Z"
    assert sort_value(place("department", None, urns.ENTERPRISE_USER), {}) is None


def test_missing_values_are_last_ascending_and_first_descending_and_ties_are_by_id() -> None:
    people = [{"id": "4"}, {"id": "3", "title": "B"}, {"id": "2", "title": "b"}, {"id": "5", "title": "a"}, {"id": "1"}]
    title = place("title")
    assert ids(in_order(title, people)) == "52314"
    assert ids(in_order(title, people, descending=True)) == "14235"
    assert ids(in_order(None, people, descending=True)) == "12345"


def test_texts_sort_by_code_point_of_their_folded_form() -> None:
    people = [{"id": str(n), "title": t} for n, t in enumerate(["\U00010000", "\uffee", "Zoe", "ann", "Ärger"])]
    assert ids(in_order(place("title"), people)) == "32410"
