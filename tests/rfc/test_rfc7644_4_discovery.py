"""RFC 7644 §4: service provider configuration endpoints; the documents are those of RFC 7643 §5 to §7."""

import pytest
from tests.support.house import ENTERPRISE, GROUP, USER, Seat

LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


def test_the_configuration_says_what_is_supported(seat: Seat) -> None:
    config = seat.get("/ServiceProviderConfig").json()
    assert config["schemas"] == ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"]
    offered = {name: config[name]["supported"] for name in ("patch", "bulk", "filter", "sort", "etag")}
    assert offered == dict.fromkeys(offered, True)
    assert not config["changePassword"]["supported"]
    assert config["filter"]["maxResults"] == 1000
    (scheme,) = config["authenticationSchemes"]
    assert scheme["type"] == "oauthbearertoken"
    assert config["meta"]["resourceType"] == "ServiceProviderConfig"
    assert config["meta"]["location"] == f"{seat.base}/ServiceProviderConfig"


def test_the_resource_types_are_a_list_of_user_and_group(seat: Seat) -> None:
    body = seat.get("/ResourceTypes").json()
    assert (body["schemas"], body["totalResults"]) == ([LIST], 2)
    user, group = body["Resources"]
    assert (user["id"], user["name"], user["endpoint"], user["schema"]) == ("User", "User", "/Users", USER)
    assert user["schemaExtensions"] == [{"schema": ENTERPRISE, "required": False}]
    assert (group["name"], group["endpoint"], group["schema"]) == ("Group", "/Groups", GROUP)
    for one in (user, group):
        assert seat.get(f"/ResourceTypes/{one['name']}").json() == one
        assert one["meta"]["location"] == f"{seat.base}/ResourceTypes/{one['name']}"


def test_the_schemas_are_those_in_use(seat: Seat) -> None:
    body = seat.get("/Schemas").json()
    found = {s["id"]: s for s in body["Resources"]}
    assert found.keys() == {USER, GROUP, ENTERPRISE}
    for urn, schema in found.items():
        assert seat.get(f"/Schemas/{urn}").json() == schema
        assert schema["meta"]["location"] == f"{seat.base}/Schemas/{urn}"
    attributes = {a["name"]: a for a in found[USER]["attributes"]}
    assert (attributes["userName"]["required"], attributes["userName"]["uniqueness"]) == (True, "server")
    assert (attributes["password"]["mutability"], attributes["password"]["returned"]) == ("writeOnly", "never")
    assert {s["name"] for s in attributes["name"]["subAttributes"]} >= {"familyName", "givenName", "formatted"}


@pytest.mark.parametrize("path", ["/ServiceProviderConfig", "/ResourceTypes", "/Schemas"])
def test_a_filter_is_refused_with_403_and_a_write_with_405_or_for_want_of_a_scope(seat: Seat, path: str) -> None:
    assert seat.get(path, filter='name eq "User"').status_code == 403
    for method in ("PUT", "PATCH", "DELETE"):
        assert seat.call(method, path, {}).status_code == 405
    assert seat.call("POST", path, {}).status_code == (405 if path == "/ServiceProviderConfig" else 403)


def test_what_is_not_there_is_404(seat: Seat) -> None:
    assert seat.get("/Schemas/urn:nothing").status_code == 404
    assert seat.get("/ResourceTypes/Nothing").status_code == 404


def test_discovery_needs_no_credential(seat: Seat) -> None:
    for path in ("/ServiceProviderConfig", "/ResourceTypes", "/Schemas", f"/Schemas/{USER}"):
        assert seat.get(path, headers={"authorization": ""}).status_code == 200
