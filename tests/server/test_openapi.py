"""The OpenAPI document and the page that shows it (``protocol`` 36)."""

from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from tests.support.command import rollbook
from tests.support.devices import BADGE, BADGE_SCHEMA, made, user_type, with_devices
from tests.support.house import ENTERPRISE, USER, House, Seat

from rollbook.dialects.model import standard
from rollbook.dialects.openapi import document
from rollbook.dialects.openapi_kinds import KINDS
from rollbook.dialects.routes import Ask

OPEN = {"authorization": ""}


def _document(seat: Seat, path: str = "/openapi.json", **options: Any) -> Any:
    answer = seat.call("GET", path, base=f"{seat.house.url}/t/{seat.name}", **options)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json"), answer.text
    return answer.json()


def test_36_the_document_is_valid_openapi_3_1(seat: Seat) -> None:
    made = _document(seat)
    assert made["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(made).validate()


def test_36_every_route_that_is_served_is_in_the_document_and_nothing_else() -> None:
    dialect = standard()
    lines = [(t, m, ask) for t, m, ask, _ in dialect.routes.lines()]
    served = {(template, method.lower()) for template, method, ask in lines if ask is not Ask.ABSENT}
    paths = document(dialect, "https://scim.acorn.example")["paths"]
    told = {(template, name) for template, item in paths.items() for name in item if name != "parameters"}
    assert told == served
    names = [operation["operationId"] for item in paths.values() for m, operation in item.items() if m != "parameters"]
    assert len(names) == len(set(names))
    assert {ask for _, _, ask in lines} - {Ask.ABSENT} <= KINDS.keys(), "every kind of operation is described"


def test_36_what_the_schemas_say_stands_in_the_document(seat: Seat) -> None:
    schemas = _document(seat)["components"]["schemas"]
    user, sent = schemas["User"], schemas["User.sent"]
    assert sent["required"] == ["schemas", "userName"]
    assert "password" not in user["properties"]
    assert sent["properties"]["password"]["writeOnly"] is True
    assert user["properties"]["groups"]["readOnly"] is True
    assert "groups" not in sent["properties"]
    mails = user["properties"]["emails"]
    assert (mails["type"], mails["items"]["type"]) == ("array", "object")
    assert "work" in mails["items"]["properties"]["type"]["examples"]
    assert user["properties"][ENTERPRISE]["properties"]["manager"]["type"] == "object"
    for path in ("/Users", "/Users/{id}"):
        for operation in (o for name, o in _document(seat)["paths"][path].items() if name != "parameters"):
            assert {"400", "401", "403", "404", "406", "414", "429", "431", "500", "503"} <= operation[
                "responses"
            ].keys()


def test_36_the_examples_of_the_document_are_accepted_as_they_stand(seat: Seat) -> None:
    paths = _document(seat)["paths"]
    for path in ("/Users", "/Groups"):
        example = paths[path]["post"]["requestBody"]["content"]["application/scim+json"]["example"]
        assert seat.post(path, example).status_code == 201
    examples = paths["/Users/{id}"]["patch"]["requestBody"]["content"]["application/scim+json"]["examples"]
    ann = seat.get("/Users", filter='userName eq "ann"').json()["Resources"][0]
    for example in examples.values():
        assert seat.call("PATCH", f"/Users/{ann['id']}", example["value"]).status_code == 200


def test_36_without_a_credential_it_is_the_catalogue_and_says_nothing_of_tenants(seat: Seat) -> None:
    mine = _document(seat, headers=OPEN)
    nobodys = seat.call("GET", "/openapi.json", base=f"{seat.house.url}/t/nobody", headers=OPEN).json()
    assert mine == nobodys == seat.call("GET", "/openapi.json", base=seat.house.url, headers=OPEN).json()
    assert seat.name not in str(mine)
    assert seat.name in _document(seat)["info"]["title"]


def test_36_a_credential_that_is_wrong_or_anothers_opens_nothing(seat: Seat) -> None:
    birch = seat.house.seat("birch")
    base = f"{seat.house.url}/t/{seat.name}"
    foreign = birch.call("GET", "/openapi.json", base=base)
    assert (foreign.status_code, foreign.json()["status"]) == (404, "404")
    wrong = seat.call("GET", "/openapi.json", base=base, headers={"authorization": "Bearer nonsense"})
    assert (wrong.status_code, "www-authenticate" in wrong.headers) == (401, True)


def test_36_a_connections_limits_are_in_its_document(seat: Seat) -> None:
    count = seat.by("small", max_page="7")
    assert "more than 7 is cut" in _document(count)["components"]["parameters"]["count"]["description"]


@pytest.mark.parametrize(
    "path", ["/docs", "/docs/docs.js", "/docs/docs.css", "/docs/swagger-ui-bundle.js", "/openapi.json"]
)
def test_36_pages_are_kept_by_their_etag_and_answer_head(seat: Seat, path: str) -> None:
    url = seat.house.url + path
    got = seat.house.client.get(url)
    assert got.status_code == 200
    head = seat.house.client.head(url)
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(got.content)))
    assert seat.house.client.get(url, headers={"if-none-match": got.headers["etag"]}).status_code == 304
    refused = seat.house.client.post(url, content=b"{}")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "path", ["/docs/", "/docs/x.js", "/t/acorn/docs/docs.js", "/t//docs", "/docs/docs.html", "/doc"]
)
def test_36_nothing_else_is_there(seat: Seat, path: str) -> None:
    assert seat.house.client.get(seat.house.url + path).status_code in (400, 404)


def test_36_the_page_may_load_nothing_from_elsewhere(seat: Seat) -> None:
    page = seat.house.client.get(f"{seat.house.url}/t/{seat.name}/docs")
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; ")
    assert "unsafe" not in policy
    assert "http" not in page.text.replace('http-equiv="', "")
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "no-referrer"


def test_36_the_command_prints_a_tenants_document(seat: Seat, tmp_path: Any) -> None:
    told = rollbook("openapi", seat.name, "--database", seat.house.database)
    made = told.json()
    OpenAPIV31SpecValidator(made).validate()
    assert made["servers"] == [{"url": f"http://127.0.0.1:8080/t/{seat.name}/scim/v2"}]
    assert made["components"]["schemas"].keys() == _document(seat)["components"]["schemas"].keys()
    file = tmp_path / "openapi.json"
    written = rollbook("openapi", seat.name, "-o", str(file), "--database", seat.house.database)
    assert (written.code, written.out) == (0, "")
    assert file.read_text("utf-8") == told.out
    assert rollbook("openapi", "nobody", "--database", seat.house.database).code == 1


def test_36_every_answer_of_the_cast_fits_its_schema(seat: Seat) -> None:
    user = _document(seat)["components"]["schemas"]["User"]
    ann = seat.user("ann", **{ENTERPRISE: {"employeeNumber": "007"}})
    seat.group("Foresters", ann["id"])
    shown = seat.get(f"/Users/{ann['id']}").json()
    assert shown.keys() <= user["properties"].keys()
    assert shown["schemas"] == [USER, ENTERPRISE]


def test_36_what_a_tenant_added_is_in_its_document_at_once_and_in_no_other(house: House) -> None:
    acorn, birch = with_devices(house), house.seat("birch")
    document = _document(acorn)
    OpenAPIV31SpecValidator(document).validate()
    assert {"/Devices", "/Devices/{id}", "/Devices/.search"} <= document["paths"].keys()
    sent = document["components"]["schemas"]["Device.sent"]
    assert sent["required"] == ["schemas", "serialNumber"]
    assert sent["properties"]["ports"]["maxContains"] == 1, "one primary port"
    made(acorn, "/Schemas", BADGE_SCHEMA)
    assert acorn.put("/ResourceTypes/User", user_type(BADGE)).status_code == 200
    assert BADGE in _document(acorn)["components"]["schemas"]["User"]["properties"]
    printed = rollbook("openapi", acorn.name, "--database", house.database).json()
    assert printed["paths"].keys() == document["paths"].keys()
    for stranger in (_document(birch), _document(acorn, headers=OPEN)):
        assert "Device" not in str(stranger)
        assert BADGE not in str(stranger)
