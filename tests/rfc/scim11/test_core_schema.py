"""Core schema 1.1: values (§3.2), the resources (§5, §6, §8), what the provider can do (§9), schemas (§10)."""

import httpx2
from tests.rfc.scim11.people import CORE, ENTERPRISE, described, made, patched
from tests.support.devices import BADGE, BADGE_SCHEMA, keeper, user_type
from tests.support.devices import made as defined
from tests.support.house import House, Seat


def test_3_2_a_list_of_values_can_be_plain(old: Seat) -> None:
    ann = made(old, userName="ann", emails=["ann@acorn.example", {"value": "ann@home.example", "operation": None}])
    assert ann["emails"] == [{"value": "ann@acorn.example"}, {"value": "ann@home.example"}]


def test_3_2_at_most_one_value_is_primary(old: Seat) -> None:
    emails = [{"value": f"{name}@acorn.example", "primary": True} for name in ("ann", "bo")]
    assert "primary" in described(old.post("/Users", {"userName": "ann", "emails": emails}), 400)


def test_5_1_schemas_may_be_left_out(old: Seat) -> None:
    assert old.post("/Users", {"userName": "ann"}).json()["schemas"] == [CORE]
    bo = old.post("/Users", {"userName": "bo", ENTERPRISE: {"costCenter": "7"}}).json()
    assert bo["schemas"] == [CORE, ENTERPRISE]


def test_5_every_attribute_of_a_user_comes_back(old: Seat) -> None:
    given = {
        "externalId": "hr-1", "userName": "ann", "displayName": "Ann Oak", "nickName": "Annie",
        "name": {"formatted": "Dr. Ann M. Oak II", "familyName": "Oak", "givenName": "Ann", "middleName": "M.",
                 "honorificPrefix": "Dr.", "honorificSuffix": "II"},
        "profileUrl": "https://acorn.example/ann", "title": "Guide", "userType": "Employee",
        "preferredLanguage": "en_US", "locale": "en_US", "timezone": "America/Denver", "active": True,
        "emails": [{"value": "ann@acorn.example", "type": "work", "primary": True}],
        "phoneNumbers": [{"value": "555-555-8377", "type": "work"}],
        "ims": [{"value": "ann", "type": "xmpp"}],
        "photos": [{"value": "https://acorn.example/ann.jpg", "type": "photo"}],
        "addresses": [{"type": "work", "streetAddress": "Oak Lane 1", "locality": "Leaf", "region": "CO",
                       "postalCode": "80000", "country": "US", "formatted": "Oak Lane 1, Leaf", "primary": True}],
        "entitlements": [{"value": "parking"}], "roles": [{"value": "guide"}],
        "x509Certificates": [{"value": "TUlJRFF6Q0M="}],
        ENTERPRISE: {"employeeNumber": "701", "costCenter": "7", "organization": "Acorn", "division": "Trees",
                     "department": "Oaks", "manager": {"managerId": "26118915"}},
    }  # fmt: skip
    assert given.items() <= made(old, **given).items()


def test_8_a_group_has_its_members_and_a_user_its_groups(old: Seat) -> None:
    ann = made(old, userName="ann", displayName="Ann Oak")
    staff = made(old, displayName="Staff", members=[{"value": ann["id"], "display": "ignored"}])
    everybody = made(old, displayName="Everybody", members=[{"value": staff["id"]}])
    assert staff["members"] == [{"value": ann["id"], "type": "User", "display": "Ann Oak"}]
    groups = sorted(old.get(f"/Users/{ann['id']}").json()["groups"], key=lambda group: str(group["type"]))
    assert groups == [
        {"value": staff["id"], "display": "Staff", "type": "direct"},
        {"value": everybody["id"], "display": "Everybody", "type": "indirect"},
    ]
    found = old.get("/Groups", filter=f'members.value eq "{ann["id"]}"').json()["Resources"]
    assert [group["displayName"] for group in found] == ["Staff"]


def test_9_the_configuration_needs_no_credential_and_says_what_is_so(old: Seat) -> None:
    with_credential = old.get("/ServiceProviderConfigs")
    config = httpx2.get(f"{old.base}/ServiceProviderConfigs").json()
    assert config == with_credential.json()
    features = ("patch", "bulk", "filter", "sort", "etag")
    assert all(config[name]["supported"] for name in features)
    assert not any(config[name]["supported"] for name in ("changePassword", "xmlDataFormat"))
    assert {"name", "description", "specUrl", "type", "primary"} == config["authenticationSchemes"][0].keys()
    assert old.get("/Users", count=config["filter"]["maxResults"] + 1).status_code == 200


def test_10_schemas_have_the_form_of_1_1(old: Seat) -> None:
    listed = old.get("/Schemas").json()
    assert [schema["id"] for schema in listed["Resources"]] == [f"{CORE}:User", f"{CORE}:Group"]
    user = old.get(f"/Schemas/{CORE}:User").json()
    assert user == listed["Resources"][0]
    named = {attribute["name"]: attribute for attribute in user["attributes"]}
    assert named["groups"]["readOnly"] is True
    assert named["manager"]["schema"] == ENTERPRISE
    assert named["emails"]["multiValuedAttributeChildName"] == "email"
    described(old.get("/Schemas", filter='id eq "x"'), 400)
    described(old.get("/Schemas/urn:example"), 404)
    described(old.post("/Schemas", {}), 405)


def test_10_every_attribute_that_is_announced_can_be_asked_for(old: Seat) -> None:
    for schema in old.get("/Schemas").json()["Resources"]:
        for attribute in schema["attributes"]:
            path = attribute["name"] if attribute["schema"] == CORE else f"{attribute['schema']}:{attribute['name']}"
            for sub in attribute.get("subAttributes", ()):
                if attribute["name"] != "meta" or sub["name"] != "attributes":
                    assert old.get(schema["endpoint"], filter=f"{path}.{sub['name']} pr").status_code == 200, sub
            if attribute["name"] != "password":
                assert old.get(schema["endpoint"], filter=f"{path} pr").status_code == 200, path


def test_an_extension_of_the_tenants_own_is_served_under_its_urn(house: House) -> None:
    acorn = keeper(house)
    defined(acorn, "/Schemas", BADGE_SCHEMA)
    assert acorn.put("/ResourceTypes/User", user_type(BADGE)).status_code == 200
    old = acorn.speaking("scim11")
    ann = made(old, userName="ann", **{BADGE: {"number": "B-7", "colour": "red"}})
    assert (ann["schemas"], ann[BADGE]) == ([CORE, BADGE], {"number": "B-7", "colour": "red"})
    now = patched(old, ann, {"meta": {"attributes": [f"{BADGE}:colour"]}, BADGE: {"level": 3}}).json()
    assert now[BADGE] == {"number": "B-7", "level": 3}
    found = old.get("/Users", filter=f'{BADGE}:number eq "B-7"', attributes=f"{BADGE}:level").json()["Resources"]
    assert [user[BADGE] for user in found] == [{"level": 3}]
    schema = old.get(f"/Schemas/{CORE}:User").json()
    assert {a["name"] for a in schema["attributes"] if a["schema"] == BADGE} == {"number", "level", "colour"}
