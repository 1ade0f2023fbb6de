"""The OpenAPI document of a tenant that is spoken to in SCIM 1.1 tells what is served there."""

from typing import Any

import httpx2
import jsonschema_rs
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from tests.rfc.scim11.people import ANN, CORE, ENTERPRISE, described, made
from tests.support.house import Seat

from rollbook.dialects.loading import catalog
from rollbook.dialects.openapi import document

DIALECT = next(one for one in catalog() if one.name == "scim11")


@pytest.fixture
def old(seat: Seat) -> Seat:
    return seat.speaking("scim11")


def told(seat: Seat) -> Any:
    answer = seat.call("GET", "/openapi.json", base=seat.house.url)
    assert answer.status_code == 200
    return answer.json()


def holds(document: Any, name: str, value: Any) -> None:
    """Whether a value is as one of the document's schemas says."""
    root = {**document["components"]["schemas"][name], "components": document["components"]}
    jsonschema_rs.validator_for(root).validate(value)


def test_the_document_is_valid_and_lists_every_route() -> None:
    made = document(DIALECT, "https://id.example")
    OpenAPIV31SpecValidator(made).validate()
    served = {(template, method.lower()) for template, method, _, _ in DIALECT.routes.lines()}
    assert served == {(path, name) for path, item in made["paths"].items() for name in item if name != "parameters"}
    operations = [one for item in made["paths"].values() for name, one in item.items() if name != "parameters"]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)


def test_what_is_answered_is_as_the_document_says(old: Seat) -> None:
    says = told(old)
    assert "2.0" not in str(says["components"]["schemas"])
    ann = made(old, **ANN)
    staff = made(old, displayName="Staff", members=[{"value": ann["id"]}])
    holds(says, "User", old.get(f"/Users/{ann['id']}").json())
    holds(says, "Group", staff)
    holds(says, "User.list", old.get("/Users").json())
    holds(says, "ServiceProviderConfig", old.get("/ServiceProviderConfigs").json())
    holds(says, "Schema.list", old.get("/Schemas").json())
    refused = old.get("/Users/nobody")
    described(refused, 404)
    holds(says, "Error", refused.json())
    bulk = old.post("/Bulk", {"schemas": [CORE], "Operations": [{"method": "DELETE", "path": f"/Users/{ann['id']}"}]})
    holds(says, "BulkResponse", bulk.json())


def test_what_is_sent_is_as_the_document_says(old: Seat) -> None:
    says = told(old)
    holds(says, "User.sent", {**ANN, "emails": ["ann@acorn.example"]})
    holds(says, "User.part", {"meta": {"attributes": ["title"]}, "emails": [{"value": "a@b", "operation": "delete"}],
                              ENTERPRISE: {"manager": {"managerId": "7"}}})  # fmt: skip
    holds(says, "Group.part", {"members": [{"value": "42", "operation": "delete"}]})
    with pytest.raises(jsonschema_rs.ValidationError):
        holds(says, "User.sent", {"title": "Guide"})


def test_the_examples_of_the_document_are_accepted_as_they_stand(old: Seat) -> None:
    paths = told(old)["paths"]
    ids = {}
    for path in ("/Users", "/Groups"):
        answer = old.post(path, example(paths[path]["post"]))
        assert answer.status_code == 201, answer.text
        ids[path] = answer.json()["id"]
    for path, id in ids.items():
        answer = old.call("PATCH", f"{path}/{id}", example(paths[f"{path}/{{id}}"]["patch"]))
        assert (answer.status_code, answer.json()["displayName"]) == (200, "Ann Birch")
        assert old.delete(f"{path}/{id}").status_code == 200
    parts = old.post("/Bulk", example(paths["/Bulk"]["post"])).json()["Operations"]
    assert [part["status"]["code"] for part in parts] == ["201"]


def example(operation: Any) -> Any:
    return operation["requestBody"]["content"]["application/json"]["example"]


def test_the_document_of_2_0_is_still_the_one_without_a_credential(old: Seat) -> None:
    assert "/ResourceTypes" in httpx2.get(f"{old.house.url}/openapi.json").json()["paths"]
