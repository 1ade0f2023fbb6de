"""Discovery documents of SCIM 1.1."""

import pytest

from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.errors import NotFound
from rollbook.scim.wire.v1_discovery import discover
from rollbook.scim.wire.v1_form import CORE, ENTERPRISE, Form

BASE = "https://id.example/scim/v1"


def test_the_configuration_announces_no_xml() -> None:
    config = discover("ServiceProviderConfig", None, standard_types(), BASE)
    assert config["schemas"] == [CORE]
    assert config["xmlDataFormat"] == {"supported": False}
    assert config["meta"] == {"location": f"{BASE}/ServiceProviderConfigs"}
    assert "pagination" not in config
    assert "specUrl" in config["authenticationSchemes"][0]


def test_the_configuration_says_what_the_form_lacks() -> None:
    form = Form(etags=False, filters=False, sorting=False)
    config = discover("ServiceProviderConfig", None, standard_types(), BASE, form=form)
    assert (config["etag"], config["sort"], config["filter"]) == (
        {"supported": False}, {"supported": False}, {"supported": False, "maxResults": 0},
    )  # fmt: skip


def test_the_schema_of_a_resource_has_the_attributes_of_its_extensions() -> None:
    user = discover("Schemas", f"{CORE}:user", standard_types(), BASE)
    assert (user["id"], user["schema"], user["endpoint"]) == (f"{CORE}:User", CORE, "/Users")
    named = {attribute["name"]: attribute for attribute in user["attributes"]}
    assert named["id"]["readOnly"] is True
    assert named["userName"]["required"] is True
    assert named["emails"]["multiValuedAttributeChildName"] == "email"
    assert named["addresses"]["multiValuedAttributeChildName"] == "address"
    assert named["costCenter"]["schema"] == ENTERPRISE
    assert [sub["name"] for sub in named["manager"]["subAttributes"]] == ["managerId", "displayName"]
    assert "$ref" not in [sub["name"] for sub in named["groups"]["subAttributes"]]
    assert "mutability" not in named["userName"]


def test_all_schemas_are_a_list() -> None:
    found = discover("Schemas", None, standard_types(), BASE)
    assert found["totalResults"] == 2
    assert [schema["id"] for schema in found["Resources"]] == [f"{CORE}:User", f"{CORE}:Group"]


def test_an_unknown_schema_is_not_found() -> None:
    with pytest.raises(NotFound, match=r"core:1\.0:User"):
        discover("Schemas", "urn:example:hr", standard_types(), BASE)
