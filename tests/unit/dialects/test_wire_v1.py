"""Requests of SCIM 1.1 become the operations that requests of 2.0 become."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from rollbook.dialects.decode_v1 import decode, meant
from rollbook.dialects.encode_v1 import encode, encode_refusal
from rollbook.dialects.model import Dialect
from rollbook.dialects.plan import Plan
from rollbook.dialects.routes import Ask
from rollbook.http_message import Request, Response
from rollbook.scim.answer import Locations
from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.errors import (
    BadRequest,
    InvalidFilter,
    InvalidValue,
    MethodNotAllowed,
    NotAcceptable,
    PayloadTooLarge,
    ScimError,
    UnsupportedMediaType,
)
from rollbook.scim.operations import NO_CONDITIONS, Create, Delete, Discover, Modify, Operation, Query, Retrieve
from rollbook.scim.outcomes import Done, NotModified
from rollbook.scim.patch import Op
from rollbook.scim.urns import ENTERPRISE_USER, USER
from rollbook.scim.wire.v1_form import CORE, ENTERPRISE, SCIM11, Form

NAMES = {"ServiceProviderConfig": "ServiceProviderConfigs", "ResourceTypes": ""}
OLD = Dialect("scim11", "/scim/v1", standard_types(), form=SCIM11, plan=Plan(offers=frozenset(("bulk",)), names=NAMES))


def asked(
    method: str,
    path: str,
    body: Any = None,
    *,
    query: str = "",
    dialect: Dialect = OLD,
    notes: list[str] | None = None,
    **headers: str,
) -> Operation:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    content = b"" if body is None else body if isinstance(body, bytes) else orjson.dumps(body)
    if content:
        sent.setdefault("content-type", "application/json")
    request = Request(method, path, query, sent, content)
    assert dialect.form is not None
    route = dialect.routes.find(*meant(request, path, dialect.form))
    return decode(request, route, dialect, [] if notes is None else notes)


def spoken(**form: Any) -> Dialect:
    return replace(OLD, form=Form(**form))


def test_a_creation_has_a_body_in_kept_names() -> None:
    operation = asked("POST", "/Users", {"userName": "ann", ENTERPRISE: {"costCenter": "7"}})
    assert isinstance(operation, Create)
    assert operation.body == {"schemas": [USER], "userName": "ann", ENTERPRISE_USER: {"costCenter": "7"}}


def test_a_patch_has_operations() -> None:
    operation = asked("PATCH", "/Users/42", {"title": "Lead"}, query="attributes=title")
    assert isinstance(operation, Modify)
    assert [(o.op, o.path) for o in operation.operations] == [(Op.ADD, "title")]
    assert operation.whole


def test_a_patch_of_too_many_attributes_is_too_large() -> None:
    gone = {"meta": {"attributes": [f"a{n}" for n in range(1001)]}}
    with pytest.raises(PayloadTooLarge, match="1000"):
        asked("PATCH", "/Users/42", gone)


def test_a_query_has_its_parameters_in_kept_names_and_no_others() -> None:
    query = f"filter={ENTERPRISE}:costCenter%20PR&sortBy={ENTERPRISE}:costCenter&sortOrder=Descending&cursor=x&count=7"
    operation = asked("GET", "/Users", query=f"{query}&excludedAttributes=id&attributes={ENTERPRISE}:manager.managerId")
    assert isinstance(operation, Query)
    found = operation.parameters
    assert found.filter == f"{ENTERPRISE_USER}:costCenter PR"
    assert (found.sort_by, found.descending) == (f"{ENTERPRISE_USER}:costCenter", True)
    assert found.attributes == (f"{ENTERPRISE_USER}:manager.value", "meta")
    assert (found.count, found.cursor, found.excluded) == (7, None, ())


def test_filters_are_declined_where_the_form_has_none() -> None:
    with pytest.raises(InvalidFilter, match="not supported"):
        asked("GET", "/Users", query="filter=title%20pr", dialect=spoken(filters=False))


def test_pages_and_order_are_ignored_where_the_form_has_none() -> None:
    operation = asked("GET", "/Users", query="startIndex=7&sortBy=x", dialect=spoken(paging=False, sorting=False))
    assert isinstance(operation, Query)
    assert (operation.parameters.start_index, operation.parameters.sort_by) == (1, None)


def test_conditions_are_ignored_where_the_form_has_no_etags() -> None:
    operation = asked("GET", "/Users/42", if_none_match='W/"1"', dialect=spoken(etags=False))
    assert isinstance(operation, Retrieve)
    assert operation.conditions is NO_CONDITIONS


def test_discovery_is_asked_for_by_the_topic() -> None:
    operation = asked("GET", "/ServiceProviderConfigs.json")
    assert operation == Discover("ServiceProviderConfig")
    assert asked("GET", f"/Schemas/{CORE}:User") == Discover("Schemas", f"{CORE}:User")
    with pytest.raises(InvalidFilter):
        asked("GET", "/Schemas", query="filter=id%20pr")


def test_a_delete_deletes_where_the_form_knows_no_partial_one() -> None:
    assert isinstance(asked("DELETE", "/Users/42", {"meta": {"attributes": ["title"]}}), Delete)


def test_a_partial_delete_removes_what_it_names_and_nothing_else() -> None:
    partial = spoken(partial_delete=True)
    assert isinstance(asked("DELETE", "/Users/42", dialect=partial), Delete)
    for body, query in (({"meta": {"attributes": ["title"]}}, ""), (None, "attributes=title")):
        operation = asked("DELETE", "/Users/42", body, query=query, dialect=partial)
        assert isinstance(operation, Modify)
        assert [(o.op, o.path) for o in operation.operations] == [(Op.REMOVE, "title")]
        assert operation.whole
    gone = {"emails": [{"value": "a@b", "operation": "delete"}]}
    assert isinstance(asked("DELETE", "/Users/42", gone, dialect=partial), Modify)


@pytest.mark.parametrize("body", [{}, {"title": "Lead"}, {"emails": [{"value": "a@b"}]}])
def test_a_delete_with_other_content_is_refused(body: Any) -> None:
    with pytest.raises(InvalidValue, match="without content"):
        asked("DELETE", "/Users/42", body, dialect=spoken(partial_delete=True))


@pytest.mark.parametrize(
    ("method", "header", "path", "expected"),
    [
        ("POST", "PATCH", "/Users/42", ("PATCH", "/Users/42")),
        ("POST", " delete ", "/Users/42.json", ("DELETE", "/Users/42")),
        ("POST", "POST", "/Users", ("POST", "/Users")),
        ("POST", "", "/Users.json", ("POST", "/Users")),
        ("GET", "DELETE", "/Users/42", ("GET", "/Users/42")),
    ],
)
def test_a_method_can_stand_in_a_header(method: str, header: str, path: str, expected: tuple[str, str]) -> None:
    assert meant(Request(method, path, headers={"x-http-method-override": header}), path, SCIM11) == expected


def test_a_method_that_no_post_can_mean_is_refused() -> None:
    with pytest.raises(BadRequest, match="PATCH, PUT, DELETE"):
        meant(Request("POST", "", headers={"x-http-method-override": "QUERY"}), "/Users", SCIM11)


@pytest.mark.parametrize(
    ("error", "ask"),
    [
        (NotAcceptable, lambda: asked("GET", "/Users", accept="application/xml")),
        (NotAcceptable, lambda: asked("GET", "/Users.xml")),
        (UnsupportedMediaType, lambda: asked("POST", "/Users", b"<User/>", content_type="application/xml")),
    ],
)
def test_xml_is_refused_by_name(error: type[ScimError], ask: Any) -> None:
    with pytest.raises(error, match="XML"):
        ask()


def test_addresses_that_only_2_0_has_are_not_routed() -> None:
    with pytest.raises(MethodNotAllowed):
        OLD.routes.find("POST", "/Schemas")
    assert Ask.DEFINE not in {ask for _, _, ask, _ in OLD.routes.lines()}


PLACES = Locations("https://id.example/scim/v1", standard_types())


def test_what_is_done_without_a_resource_has_its_status() -> None:
    assert encode(Done(), PLACES) == Response(200)
    assert encode(Done(), PLACES, Form(deleted=204)) == Response(204)
    shown = encode(Done(3, standard_types()[0], "42"), PLACES)
    assert (shown.status, dict(shown.headers)) == (
        204, {b"etag": b'W/"3"', b"location": b"https://id.example/scim/v1/Users/42"},
    )  # fmt: skip
    assert encode(NotModified(3), PLACES).status == 304


def test_a_refusal_keeps_its_headers() -> None:
    answer = encode_refusal(MethodNotAllowed("Not here.", headers=(("allow", "GET"),)))
    assert (answer.status, dict(answer.headers)[b"allow"]) == (405, b"GET")
    assert orjson.loads(answer.body) == {"Errors": [{"description": "Not here.", "code": "405"}]}
