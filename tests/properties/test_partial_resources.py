"""A partial resource of SCIM 1.1, lowered and applied, comes to what §3.3.2 says of it.

The other side is a merge written down from the draft's sentences alone: on plain dicts, value by value, without paths
and operations. Values, types and flags come from small alphabets, so that they meet.
"""

from collections import Counter
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.errors import InvalidValue
from rollbook.scim.patch_apply import apply_patch
from rollbook.scim.tolerances import STANDARD
from rollbook.scim.urns import ENTERPRISE_USER, USER
from rollbook.scim.wire.v1_form import ENTERPRISE, SCIM11
from rollbook.scim.wire.v1_lower import lower
from rollbook.scim.wire.v1_names import names

PEOPLE = standard_types()[0]
LISTS = ("emails", "addresses")
Document = dict[str, Any]


class TwoPrimaries(Exception):
    """The request makes two values primary."""


def reference(document: Document, part: Document) -> Document:
    """§3.3.2 in plain words: first all that is named goes, then all that is given is merged."""
    found = deepcopy(document)
    gone = part.get("meta", {}).get("attributes", [])
    for name in gone:
        holder, key = found, name
        if name.startswith(f"{ENTERPRISE}:"):
            holder, key = found.get(ENTERPRISE_USER, {}), name.removeprefix(f"{ENTERPRISE}:")
        first, _, second = key.partition(".")
        if first in LISTS and second:
            left = [{k: v for k, v in item.items() if k != second} for item in holder.get(first, [])]
            holder[first] = [item for item in left if item]
        elif second:
            holder.get(first, {}).pop({"managerId": "value"}.get(second, second), None)
        else:
            holder.pop(first, None)
    for key, value in part.items():
        if key == "title":
            found[key] = value
        elif key == "name":
            found[key] = {**found.get(key, {}), **value}
        elif key == ENTERPRISE:
            inside = found.setdefault(ENTERPRISE_USER, {})
            for name, item in value.items():
                if name == "manager":
                    inside[name] = {**inside.get(name, {}), "value": item["managerId"]}
                else:
                    inside[name] = item
        elif key in LISTS and key in gone:
            found[key] = [item for item in value if item.get("operation") != "delete"]
            if sum(item.get("primary", False) for item in found[key]) > 1:
                raise TwoPrimaries
        elif key in LISTS:
            found[key] = merged(found.get(key, []), value)
    return tidy(found)


def merged(there: list[Document], given: list[Document]) -> list[Document]:
    """The values that are there afterwards. None marks the place of one that went."""
    places: list[Document | None] = [dict(item) for item in there]
    often = Counter(folded(item["value"]) for item in given if "value" in item)
    for item in given:
        said = {name: value for name, value in item.items() if name != "operation"}
        same = [
            at
            for at, old in enumerate(places)
            if old is not None and "value" in said and folded(old.get("value")) == folded(said["value"])
        ]
        if "value" not in said or len(same) > 1 or often[folded(said["value"])] > 1:
            hits = [at for at, old in enumerate(places) if old is not None and covers(old, said)]
            if item.get("operation") == "delete":
                for at in hits:
                    places[at] = None
            elif not hits:
                places.append(said)
        elif item.get("operation") == "delete":
            for at in same:
                places[at] = None
        elif same:
            places[same[0]] = {**(places[same[0]] or {}), **said}
        else:
            places.append(said)
    was = [item.get("primary", False) for item in there] + [False] * (len(places) - len(there))
    new = {at for at, item in enumerate(places) if item and item.get("primary") and not was[at]}
    if len(new) > 1:
        raise TwoPrimaries
    if new:
        for at, old in enumerate(places):
            if old and old.get("primary") and at not in new:
                old["primary"] = False
    return [item for item in places if item is not None]


def folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def covers(old: Document, said: Document) -> bool:
    return all(name in old and folded(old[name]) == folded(value) for name, value in said.items())


def tidy(document: Document) -> Document:
    """Without what is unassigned, and with the schemas that are in use."""
    for key in ("name", *LISTS, ENTERPRISE_USER):
        if key == ENTERPRISE_USER and document.get(key, {}).get("manager") == {}:
            del document[key]["manager"]
        if key in document and not document[key]:
            del document[key]
    document["schemas"] = [USER, *([ENTERPRISE_USER] if ENTERPRISE_USER in document else [])]
    return document


texts = st.sampled_from(["a", "A", "b", "c"])
kinds = st.sampled_from(["work", "home"])


def some(**values: Any) -> st.SearchStrategy[Document]:
    """An object with at least one of these."""
    return st.fixed_dictionaries({}, optional=values).filter(bool)


def email(**more: Any) -> st.SearchStrategy[Document]:
    return st.fixed_dictionaries({"value": texts}, optional={"type": kinds, "primary": st.just(True), **more})


def one_primary(emails: list[Document]) -> bool:
    return [item.get("primary") for item in emails].count(True) < 2


deletion: Any = {"operation": st.just("delete")}
addresses = some(type=kinds, locality=texts)
documents = st.fixed_dictionaries(
    {"userName": st.just("ann")},
    optional={
        "title": texts,
        "name": some(formatted=texts, givenName=texts),
        "emails": st.lists(email(), min_size=1, max_size=4).filter(one_primary),
        "addresses": st.lists(addresses, min_size=1, max_size=3),
        ENTERPRISE_USER: some(costCenter=texts, manager=some(value=texts)),
    },
).map(tidy)
paths = st.sampled_from(
    [
        "title", "name", "name.formatted", "emails", "emails.type", "addresses", "addresses.locality",
        f"{ENTERPRISE}:costCenter", f"{ENTERPRISE}:manager", f"{ENTERPRISE}:manager.managerId",
    ]
)  # fmt: skip
partial = st.fixed_dictionaries(
    {},
    optional={
        "meta": st.fixed_dictionaries({"attributes": st.lists(paths, unique=True, max_size=3)}),
        "title": texts,
        "name": some(formatted=texts, givenName=texts),
        "emails": st.lists(email(**deletion), min_size=1, max_size=4),
        "addresses": st.lists(
            st.one_of(addresses, addresses.map(lambda a: {**a, "operation": "delete"})), min_size=1, max_size=3
        ),
        ENTERPRISE: some(costCenter=texts, manager=st.fixed_dictionaries({"managerId": texts})),
    },
)


@given(documents, partial)
@example({"schemas": [USER], "userName": "ann"}, {"emails": [{"value": "a", "operation": "delete"}]})
def test_lowering_and_applying_is_the_merge_of_the_draft(document: Document, part: Document) -> None:
    before = deepcopy(document)
    operations = lower(names(PEOPLE, SCIM11).resource(deepcopy(part), partial=True), PEOPLE, STANDARD, [])
    try:
        expected = reference(document, part)
    except TwoPrimaries:
        with pytest.raises(InvalidValue, match="primary"):
            apply_patch(PEOPLE, document, operations, STANDARD, [], own="42")
        return
    found = apply_patch(PEOPLE, document, operations, STANDARD, [], own="42")
    assert found.document == expected
    assert document == before
