"""Laws of views: whatever a dialect sees of a resource, what it cannot see it can neither show nor take away."""

from collections.abc import Mapping
from typing import Any

import orjson
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.support.made import documents, resource_types

from rollbook.dialects.overlay import overlaid
from rollbook.dialects.plan import TypePlan
from rollbook.scim.schema import ResourceType
from rollbook.scim.views import merged, seen, sight

Draw = st.DrawFn
Document = dict[str, Any]


@st.composite
def views(draw: Draw, kept: ResourceType) -> ResourceType:
    """A view of a type: some of its attributes, some of their sub-attributes, some of the values, some never shown."""
    paths: list[str] = []
    change: dict[str, dict[str, Any]] = {}
    for schema in kept.schemas():
        prefix = "" if schema is kept.schema else f"{schema.id}:"
        for attribute in schema.attributes:
            wanted = draw(st.integers(0, 3))
            if wanted == 0 and not attribute.required:
                continue
            path = f"{prefix}{attribute.name}"
            if wanted == 1 and attribute.complex:
                subs = draw(st.lists(st.sampled_from(attribute.sub_attributes), min_size=1, unique=True))
                paths += [f"{path}.{sub.name}" for sub in subs]
            else:
                paths.append(path)
            if attribute.multi_valued and draw(st.integers(0, 2)) == 0:
                change[path] = {"most": draw(st.integers(1, 2))}
            if draw(st.integers(0, 5)) == 0:
                change.setdefault(path, {})["returned"] = "never"
    return overlaid(TypePlan("Thing", attributes=tuple(paths), change=change), kept, kept)


@st.composite
def cases(draw: Draw) -> tuple[ResourceType, Document, Document]:
    """A view, what is kept, and what a client of the view wants to be there."""
    kept = draw(resource_types())
    view = draw(views(kept))
    before = _as_kept(draw(documents(kept)))
    return view, before, seen(view, _as_kept(draw(documents(kept))))


def _as_kept(document: Document) -> Document:
    """The same as the validator leaves it: nothing empty, and one primary value in a list at most."""
    for name, value in list(document.items()):
        if isinstance(value, dict):
            _as_kept(value)
        elif isinstance(value, list):
            value[:] = [element for element in value if element != {}]
            primary = False
            for element in value:
                if isinstance(element, dict) and element.get("primary") is True:
                    element["primary"] = not primary
                    primary = True
        if value in ({}, []):
            del document[name]
    schemas = document.get("schemas")
    if schemas:
        schemas[1:] = [urn for urn in schemas[1:] if urn in document]
    return document


def hidden(view: ResourceType, document: Mapping[str, Any]) -> Document:
    """What a view lacks of a document, found out by its schemas alone: whole attributes, and parts of single ones."""
    assert view.kept is not None
    found: Document = {}
    for schema in view.kept.schemas():
        core = schema is view.kept.schema
        inside = view.schema if core else view.extension(schema.id)
        holder = document if core else document.get(schema.id, {})
        for attribute in schema.attributes:
            if attribute.name not in holder:
                continue
            value, shown = holder[attribute.name], inside.attribute(attribute.name) if inside else None
            path = (schema.id, attribute.name)
            if shown is None or shown.secret:
                found["/".join(path)] = value
            elif attribute.complex and not attribute.multi_valued:
                found.update({"/".join((*path, name)): part for name, part in value.items() if shown.sub(name) is None})
    return found


@settings(deadline=None, max_examples=100)
@given(cases())
def test_writing_what_was_read_changes_nothing(case: tuple[ResourceType, Document, Document]) -> None:
    view, before, _ = case
    assert merged(view, before, seen(view, before)) == before


@settings(deadline=None, max_examples=100)
@given(cases())
def test_a_put_through_a_view_leaves_what_the_view_lacks(case: tuple[ResourceType, Document, Document]) -> None:
    view, before, wanted = case
    after = merged(view, before, wanted)
    assert hidden(view, after) == hidden(view, before)
    assert after["schemas"] == [s.id for s in view.whole.schemas() if s is view.whole.schema or s.id in after]


@settings(deadline=None, max_examples=100)
@given(cases())
def test_what_was_put_is_what_is_seen(case: tuple[ResourceType, Document, Document]) -> None:
    view, before, wanted = case
    for place in view.places():
        # Of a list that is cut off, what was behind moves up into the places that are left free.
        holder = wanted.get(place.extension.id, {}) if place.extension else wanted
        assume(place.attribute.most is None or len(holder.get(place.attribute.name, ())) == place.attribute.most)
    assert seen(view, merged(view, before, wanted)) == wanted


@settings(deadline=None, max_examples=100)
@given(cases())
def test_a_new_resource_is_kept_as_it_was_sent(case: tuple[ResourceType, Document, Document]) -> None:
    view, _, wanted = case
    assert merged(view, None, wanted) == wanted
    assert seen(view, merged(view, None, wanted)) == wanted


@settings(deadline=None, max_examples=100)
@given(cases())
def test_an_answer_shows_nothing_that_the_view_lacks_or_never_returns(
    case: tuple[ResourceType, Document, Document],
) -> None:
    view, before, _ = case
    whole = {"schemas": before["schemas"], "id": "1", **before, "meta": {"version": 'W/"1"'}}
    shown = sight(view).shown(whole)
    assert shown["id"] == "1"
    assert shown["meta"] == {"version": 'W/"1"'}
    urns = {e.schema.id for e in view.extensions}
    assert shown["schemas"] == [view.schema.id, *(urn for urn in before["schemas"] if urn in urns and urn in shown)]
    for name, value in shown.items():
        if name in ("schemas", "id", "meta", "externalId"):
            continue
        schema = view.extension(name)
        holder, own = (value, schema) if schema else ({name: value}, view.schema)
        for inner, held in holder.items():
            attribute = own.attribute(inner)
            assert attribute is not None
            assert not attribute.secret
            assert attribute.most is None or len(held) <= attribute.most
            for element in held if isinstance(held, list) else [held]:
                if isinstance(element, dict):
                    assert {*element} <= {sub.name for sub in attribute.sub_attributes}


@settings(deadline=None, max_examples=100)
@given(cases())
def test_a_document_is_answered_as_it_is_where_nothing_of_it_is_hidden(
    case: tuple[ResourceType, Document, Document],
) -> None:
    view, before, wanted = case
    for document in (before, merged(view, None, wanted)):
        stored = orjson.dumps({"schemas": document["schemas"], **document})
        for _ in range(2):  # heads are remembered
            assert sight(view).is_whole(stored) == (sight(view).shown(dict(document)) == document)
