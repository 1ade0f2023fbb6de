"""What Retail Ops tells about itself, without a session. The numbers are those of the dialect."""

import re
from urllib.parse import urljoin

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from tests.dialects.retailops_stage import BASE, MEMBERS, refused, shop, till
from tests.support.house import USER, House, Seat

from rollbook.dialects.hooks.retailops import URN

LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
DOCS = "http://retail-operations-doc.enterprise.by.me/docs/SMOL-OC/"
TOPICS = ("ServiceProviderConfig", "Schemas", "ResourceTypes", f"Schemas/{USER}", "ResourceTypes/User")
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture
def house(_house_on_sqlite: House) -> House:
    return _house_on_sqlite


@pytest.fixture
def seat(house: House) -> Seat:
    return shop(house)


@pytest.mark.parametrize("prefix", ["", "/ProdClients/ANY/RESTWS", "/t/any"])
def test_s1_s_p4_the_product_is_at_its_own_addresses(house: House, prefix: str) -> None:
    answer = house.client.get(f"{house.url}{prefix}{BASE}/ResourceTypes/User")
    assert answer.status_code == 200
    location = answer.json()["meta"]["location"]
    assert location == f"{house.url}{prefix}{BASE}/ResourceTypes/User"
    assert house.client.get(location).json() == answer.json()


@pytest.mark.parametrize("topic", TOPICS)
def test_s3_discovery_needs_no_session(house: House, topic: str) -> None:
    answer = house.client.get(f"{house.url}{BASE}/{topic}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/scim+json")
    assert house.client.get(f"{house.url}{BASE}/{topic}/").json() == answer.json()


def test_s4_s_p8_s15_the_configuration_is_the_products_value_for_value(house: House) -> None:
    assert house.client.get(f"{house.url}{BASE}/ServiceProviderConfig").json() == {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "documentationUri": DOCS,
        "patch": {"supported": False},
        "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": False, "maxResults": 0},
        "changePassword": {"supported": False},
        "sort": {"supported": False},
        "etag": {"supported": True},
        "authenticationSchemes": [
            {
                "type": "customheader",
                "name": "Custom Header X-PHP-SESSID",
                "description": "Pass your external api session in the X-PHP-SESSID header, like our other api",
                "documentationUri": f"{DOCS}api/usage/",
            }
        ],
        "pagination": {
            "cursor": False,
            "index": True,
            "defaultPaginationMethod": "index",
            "defaultPageSize": 10,
            "maxPageSize": 50,
        },
    }


@pytest.mark.parametrize("topic", ["Schemas", "ResourceTypes"])
def test_s2_s11_lists_have_the_envelope_and_their_entries_are_dated(house: House, topic: str) -> None:
    body = house.client.get(f"{house.url}{BASE}/{topic}").json()
    count = len(body["Resources"])
    assert {name: value for name, value in body.items() if name != "Resources"} == {
        "schemas": [LIST],
        "totalResults": count,
        "itemsPerPage": count,
        "startIndex": 1,
    }
    for entry in body["Resources"]:
        assert set(entry["meta"]) == {"resourceType", "created", "lastModified", "location", "version"}
        assert DATE.fullmatch(entry["meta"]["created"])
        assert DATE.fullmatch(entry["meta"]["lastModified"])
        assert entry["meta"]["version"].startswith('W/"')


def test_s5_s10_the_schemas_tell_every_characteristic_of_every_attribute(house: House) -> None:
    core, own = house.client.get(f"{house.url}{BASE}/Schemas").json()["Resources"]
    assert (core["id"], own["id"]) == (USER, URN)
    names = {
        "name", "type", "description", "multiValued", "required", "mutability", "returned", "uniqueness", "caseExact",
        "canonicalValues", "subAttributes",
    }  # fmt: skip
    for attribute in (*core["attributes"], *own["attributes"]):
        for one in (attribute, *attribute["subAttributes"]):
            assert set(one) == names
            assert one["description"]
    assert {attribute["name"] for attribute in own["attributes"]} == MEMBERS
    assert {attribute["name"] for attribute in core["attributes"]} == {
        "userName", "name", "emails", "preferredLanguage", "active"
    }  # fmt: skip


def test_s6_v1_v16_one_resource_type_is_no_list_and_names_the_extension(house: House) -> None:
    (listed,) = house.client.get(f"{house.url}{BASE}/ResourceTypes").json()["Resources"]
    one = house.client.get(f"{house.url}{BASE}/ResourceTypes/User").json()
    assert one == listed
    assert (one["id"], one["name"], one["endpoint"], one["schema"]) == ("User", "User", "/Users", USER)
    assert one["schemaExtensions"] == [{"schema": URN, "required": False}]
    schema = house.client.get(f"{house.url}{BASE}/Schemas/{URN}").json()
    assert schema["id"] == URN
    refused(house.client.get(f"{house.url}{BASE}/ResourceTypes/Group"), 404)


def test_v3_a_caller_with_a_session_sees_the_values_of_the_tenant(house: House) -> None:
    seat = shop(house, roles=["Director", "Seller"], stores=["S1"], domains=["EU"])

    def values(answer: dict[str, list[dict[str, list[dict[str, list[str]]]]]]) -> dict[str, list[str]]:
        attributes = answer["Resources"][1]["attributes"]
        return {str(one["name"]): one["canonicalValues"] for one in attributes if one["canonicalValues"]}

    assert values(seat.get("/Schemas").json()) == {
        "role": ["Director", "Seller"], "storeCodeList": ["S1"], "domain": ["EU"]
    }  # fmt: skip
    assert values(house.client.get(f"{house.url}{BASE}/Schemas").json()) == {}


def test_v3_a_session_of_the_product_sees_them_too(house: House) -> None:
    own = till(house)
    answer = own.asks(own.session(), path="/Schemas")
    assert answer.status_code == 200


def test_v18_without_openid_users_are_closed_and_discovery_is_not(house: House) -> None:
    seat = shop(house, openid=False)
    for topic in TOPICS:
        assert seat.get(f"/{topic}").status_code == 200
    unknown = "/Users/42d7cfdf-73a0-45e0-b796-234a88625f87"
    for answer in (seat.get("/Users"), seat.get(unknown), seat.post("/Users", {}), seat.put(unknown, {})):
        refused(answer, 403)
    refused(seat.post("/Users/.search/", {}), 403)


def test_s_p4_the_api_is_described_as_it_is(house: House, seat: Seat) -> None:
    answer = house.client.get(f"{house.url}/api/externals/v1/openapi.json")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    made = answer.json()
    OpenAPIV31SpecValidator(made).validate()
    assert made["components"]["securitySchemes"]["session"]["name"] == "x-php-sessid"
    names = [one["$ref"].rpartition("/")[2] for one in made["paths"]["/Users"]["get"]["parameters"]]
    assert names == ["startIndex", "count", "attributes", "excludedAttributes"]
    for kind in ("User", "User.sent"):
        properties = made["components"]["schemas"][kind]["properties"]
        assert set(properties["retailOps"]["properties"]) == MEMBERS
        assert URN not in properties
    example = made["paths"]["/Users"]["post"]["requestBody"]["content"]["application/scim+json"]["example"]
    assert seat.post("/Users", example).status_code == 201
    search = made["paths"]["/Users/.search"]["post"]["requestBody"]["content"]["application/scim+json"]["example"]
    assert seat.post("/Users/.search", search).status_code == 200
    page = house.client.get(f"{house.url}/api/externals/v1/docs")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")


@pytest.mark.parametrize("path", ["/swagger/", "/api/externals/v1/docs"])
def test_s_p4_the_api_is_shown_below_the_tenants_address(house: House, seat: Seat, path: str) -> None:
    own = f"{house.url}/ProdClients/{seat.name}/RESTWS"
    shown = house.client.get(own + path)
    assert (shown.status_code, shown.headers["content-type"]) == (200, "text/html; charset=utf-8")
    links = dict.fromkeys(re.findall(r'(?:href|src|data-document)="([^"]+)"', shown.text))
    assert any(link.endswith("openapi.json") for link in links), shown.text
    for link in filter(lambda link: not link.startswith("data:"), links):
        there = urljoin(own + path, link)
        assert house.client.get(there).status_code == 200, there
    made = house.client.get(f"{own}/api/externals/v1/openapi.json").json()
    base = urljoin(f"{own}/api/externals/v1/openapi.json", made["servers"][0]["url"])
    assert base == f"{own}/api/externals/v1/scim/v2"
    assert house.client.get(f"{house.url}/ProdClients/RESTWS{path}").status_code == 404
    assert house.client.get(f"{own}/docs").status_code == 404
