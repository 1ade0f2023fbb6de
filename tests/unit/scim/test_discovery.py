"""Discovery documents: what is announced is what is served."""

import pytest

from rollbook.scim import urns
from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.discovery import Features, discover, schema_document, service_provider_config
from rollbook.scim.errors import NotFound
from rollbook.scim.limits import Limits
from rollbook.scim.schema import read_schema

BASE = "https://scim.example/scim/v2"
TYPES = standard_types()


def test_the_configuration_announces_the_limits() -> None:
    config = service_provider_config(BASE, Limits(default_page=5, max_page=7, bulk_operations=3, bulk_bytes=9))
    assert config["filter"] == {"supported": True, "maxResults": 7}
    assert config["pagination"] == {
        "cursor": True, "index": True, "defaultPaginationMethod": "index", "defaultPageSize": 5, "maxPageSize": 7,
        "cursorTimeout": 3600,
    }  # fmt: skip
    assert config["bulk"] == {"supported": True, "maxOperations": 3, "maxPayloadSize": 9}
    assert config["changePassword"] == {"supported": False}
    assert [scheme["type"] for scheme in config["authenticationSchemes"]] == ["oauthbearertoken"]
    assert config["meta"]["location"] == f"{BASE}/ServiceProviderConfig"
    assert "documentationUri" not in config


def test_the_configuration_announces_what_is_switched_on() -> None:
    features = Features(cursor=False, bulk=False, documentation="https://d.example")
    config = service_provider_config(BASE, features=features)
    assert config["pagination"]["cursor"] is False
    assert "cursorTimeout" not in config["pagination"]
    assert service_provider_config(BASE, Limits(cursor_seconds=60))["pagination"]["cursorTimeout"] == 60
    assert config["bulk"] == {"supported": False, "maxOperations": 0, "maxPayloadSize": 0}
    assert config["documentationUri"] == "https://d.example"


def test_schemas_are_listed_once_each() -> None:
    listed = discover("Schemas", None, (*TYPES, TYPES[0]), BASE)
    assert [schema["id"] for schema in listed["Resources"]] == [urns.USER, urns.ENTERPRISE_USER, urns.GROUP]
    assert listed["totalResults"] == listed["itemsPerPage"] == 3


def test_a_schema_read_back_is_the_same_schema() -> None:
    for type in TYPES:
        for schema in type.schemas():
            document = schema_document(schema, BASE)
            assert schema_document(read_schema(document), BASE) == document


def test_our_own_characteristics_are_not_announced() -> None:
    assert '"_' not in str(discover("Schemas", None, TYPES, BASE)).replace("'", '"')


def test_an_attribute_has_all_its_characteristics() -> None:
    user = discover("Schemas", urns.USER.upper(), TYPES, BASE)
    name = next(a for a in user["attributes"] if a["name"] == "userName")
    assert name | {"description": ""} == {
        "name": "userName", "type": "string", "multiValued": False, "description": "", "required": True,
        "caseExact": False, "mutability": "readWrite", "returned": "default", "uniqueness": "server",
    }  # fmt: skip
    emails = next(a for a in user["attributes"] if a["name"] == "emails")
    assert "caseExact" not in emails
    assert emails["subAttributes"]
    assert user["meta"] == {"resourceType": "Schema", "location": f"{BASE}/Schemas/{urns.USER}"}


def test_a_resource_type_names_its_extensions() -> None:
    user = discover("ResourceTypes", "user", TYPES, BASE)
    assert user["endpoint"] == "/Users"
    assert user["schemaExtensions"] == [{"schema": urns.ENTERPRISE_USER, "required": False}]
    assert "schemaExtensions" not in discover("ResourceTypes", "Group", TYPES, BASE)


@pytest.mark.parametrize("topic", ["Schemas", "ResourceTypes"])
def test_an_unknown_entry_is_not_found(topic: str) -> None:
    with pytest.raises(NotFound, match="there are"):
        discover(topic, "Locker", TYPES, BASE)
