"""What is compiled of a resource type is made once, and goes when the type goes."""

import gc
import weakref

from tests.support.devices import DEVICE_SCHEMA, DEVICE_TYPE

from rollbook.provisioning.filing import filing
from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.catalogue import Catalogue, compile_types
from rollbook.scim.schema import ResourceType
from rollbook.scim.schema_rules import judge_schema
from rollbook.scim.search_form import search_form
from rollbook.scim.type_rules import judge_type, put_type
from rollbook.scim.validate import validator

BASE = standard_types()


def device() -> ResourceType:
    """A tenant's type, compiled anew."""
    schema = judge_schema(DEVICE_SCHEMA)
    catalogue = Catalogue(schemas={schema["id"].lower(): schema})
    catalogue = put_type(catalogue, judge_type(DEVICE_TYPE), BASE, "2026-01-31T08:00:00.000Z")
    return compile_types(catalogue, BASE).types[-1]


def test_a_type_is_compiled_once() -> None:
    one, other = device(), device()
    assert validator(one) is validator(one)
    assert search_form(one) is search_form(one)
    assert filing(one) is not filing(other)


def test_what_is_compiled_goes_with_its_type() -> None:
    kept = []
    for _ in range(50):
        type = device()
        filing(type)
        validator(type)
        kept.append(weakref.ref(search_form(type)))
    del type
    gc.collect()
    assert [reference for reference in kept if reference() is not None] == []


def test_types_that_a_tenant_has_not_touched_are_everybodys() -> None:
    assert compile_types(Catalogue(revision=7), BASE).types == BASE
