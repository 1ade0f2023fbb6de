"""Identify over HTTP: addresses, credentials, methods, statuses and lists (W1 to W3, W10, W11, X1 to X8, X17, X19)."""

import json
from typing import Any

import pytest
from tests.dialects.identify_stage import (
    CORE,
    LOCATION,
    OWN,
    ROLE,
    SERVICE,
    Desk,
    claim,
    claims,
    configure,
    desk,
    read,
    refused,
)
from tests.identity.stage import FORM, make_desk, parts_of
from tests.identity.stage import Desk as Client
from tests.support.house import USER as USER_2
from tests.support.house import House, Seat

from rollbook.storage.contract import Store
from rollbook.tenancy import connections

BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


# -- W1, W2, X1, X17: what there is ------------------------------------------------------------------------------------


def test_w1_x17_there_are_users_and_nothing_else(identify: Desk) -> None:
    schemas = identify.get("/Schemas")
    assert [schema["name"] for schema in schemas["Resources"]] == ["User"]
    assert identify.get(f"/Schemas/{CORE}:User")["endpoint"] == "/Users"
    for method, path in (("GET", "/Groups"), ("POST", "/Groups"), ("DELETE", "/Groups/42"), ("POST", "/Bulk")):
        refused(identify.call(method, path, {} if method == "POST" else None), 501)
    for path in ("/ResourceTypes", "/Me", "/ServiceProviderConfig", "/Users/.search/x", "/users"):
        refused(identify.call("GET", path), 404)


def test_x17_discovery_says_what_is_so(identify: Desk) -> None:
    config = identify.get("/ServiceProviderConfigs")
    supported = {
        name: value["supported"] for name, value in config.items() if isinstance(value, dict) and "supported" in value
    }
    assert supported == {
        "patch": True,
        "changePassword": True,
        **dict.fromkeys(("bulk", "filter", "sort", "etag", "xmlDataFormat"), False),
    }
    assert [scheme["type"] for scheme in config["authenticationSchemes"]] == ["oauthbearertoken"]
    assert config["meta"] == {"location": f"{identify.house.url}{LOCATION}/ServiceProviderConfigs"}
    open = identify.house.client.get(f"{identify.seat.base}/ServiceProviderConfigs")
    assert open.json() == config
    attributes = {a["name"]: a for a in identify.get("/Schemas")["Resources"][0]["attributes"]}
    assert {name for name, a in attributes.items() if a["schema"] == OWN} == {
        "Claims",
        "ActivationCode",
        "forceResetPasswordAfterFirstTimeLogin",
    }
    assert [sub["name"] for sub in attributes["Claims"]["subAttributes"]] == ["type", "value", "primary", "display"]
    assert not {"title", "name", "phoneNumbers", "department"} & attributes.keys()


def test_x17_a_connection_that_keeps_no_passwords_announces_none(sqlite: House) -> None:
    seat = sqlite.seat("acorn").speaking("identify")
    assert read(seat.get("/ServiceProviderConfigs"))["changePassword"] == {"supported": False}


def test_w2_x1_both_addresses_serve_the_same_and_a_location_leads_somewhere(identify: Desk) -> None:
    answer = identify.call("POST", "/Users", {"userName": identify.name()})
    user = read(answer)
    url = identify.house.url
    assert answer.headers["location"] == user["meta"]["location"] == f"{url}{LOCATION}/Users/{user['id']}"
    below = f"/t/{identify.seat.name}"
    for base in (SERVICE, LOCATION, below + SERVICE, below + LOCATION):
        found = identify.house.client.get(
            f"{url}{base}/Users/{user['id']}", headers={"authorization": f"Bearer {identify.seat.token}"}
        )
        assert found.json() | {"meta": None} == user | {"meta": None}
        location = found.json()["meta"]["location"]
        assert location == f"{url}{below if base.startswith('/t/') else ''}{LOCATION}/Users/{user['id']}"


def test_w2_the_media_type_is_json(identify: Desk) -> None:
    refused(identify.call("POST", "/Users", b"<User/>", type="application/xml"), 415)
    refused(identify.call("GET", "/Users", accept="application/xml"), 406)
    assert identify.call("GET", "/Users", accept="*/*").headers["content-type"] == "application/json"


# -- W3, X8, W-P6, W-P7, W-P8: credentials -----------------------------------------------------------------------------


def client_of(seat: Seat, **more: Any) -> Client:
    """A client that works in a tenant through the connection that speaks Identify."""

    async def find(store: Store) -> str:
        return (await connections.find(store, seat.tenant, "identify")).id

    return make_desk(seat, connections={seat.tenant.id: seat.house.with_store(find)}, **more)


@pytest.fixture(scope="module")
def client(identify: Desk) -> Client:
    return client_of(identify.seat)


TOKEN = "/runtime/oauth2/token.idp"


def test_w3_w_p6_w_p7_a_token_of_the_products_address_and_scope_opens_users(client: Client) -> None:
    form = {
        "grant_type": "password",
        "scope": "identify*scim",
        "client_id": client.id,
        "client_secret": client.secret,
        "username": client.user.name,
        "password": client.password,
    }
    for path in (TOKEN, f"/t/{client.seat.name}{TOKEN}"):
        answer = client.post(path, form, basic=False, type=FORM)
        assert answer.status_code == 200, answer.text
        assert {"access_token", "expires_in"} <= answer.json().keys()
        assert answer.json()["scope"] == "identify*scim"
        assert client.reads(answer.json()["access_token"]).status_code == 200


def test_w3_the_scope_is_told_by_its_name_where_none_is_asked(client: Client) -> None:
    assert client.ask("password", TOKEN).json()["scope"] == "identify*scim"


def test_w3_the_scope_is_asked_for_by_its_name(client: Client) -> None:
    for wrong in ("Identify*scim", "identify*", "identify.scim"):
        assert client.ask("password", TOKEN, scope=wrong).json()["error"] == "invalid_scope"


def test_w3_without_the_scope_the_answer_is_403(sqlite: House) -> None:
    seat = desk(sqlite).seat
    other = client_of(seat, scopes=("schemas.write",))
    answer = other.reads(other.login()["access_token"])
    assert "identify*scim" in refused(answer, 403) + answer.headers["www-authenticate"]
    assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]
    reader = client_of(seat, scopes=("scim.read",))
    token = reader.login()["access_token"]
    assert reader.reads(token).status_code == 200
    headers = {"authorization": f"Bearer {token}"}
    refused(seat.call("POST", "/Users", {"userName": "ann"}, headers=headers), 403)
    assert seat.call("QUERY", "/Users", {}, headers=headers).status_code == 200
    assert seat.call("POST", "/Users", {}, headers={**headers, "x-http-method-override": "QUERY"}).status_code == 200
    refused(seat.call("POST", "/Users/x", headers={**headers, "x-http-method-override": "DELETE"}), 403)
    assert reader.ask("password", TOKEN, scope="identify*scim").json()["error"] == "invalid_scope"


def test_w3_the_audience_of_a_token_is_the_entity_id_of_the_tenant(sqlite: House) -> None:
    plain, named = desk(sqlite), desk(sqlite, entity_id="https://identify.acorn.test/runtime/")
    assert audience(client_of(plain.seat).login()["access_token"]) == sqlite.url
    client = client_of(named.seat)
    token = client.login()["access_token"]
    assert audience(token) == "https://identify.acorn.test/runtime/"
    assert client.reads(token).status_code == 200


def test_w3_a_token_for_another_audience_is_401(sqlite: House) -> None:
    there = desk(sqlite)
    client = client_of(there.seat)
    before = client.login()["access_token"]
    configure(there.seat, entity_id="urn:acorn:identify")
    answer = client.reads(before)
    refused(answer, 401)
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert client.reads(client.login()["access_token"]).status_code == 200
    told = client.post("/oauth/introspect", {"token": before}).json()
    assert told.get("active") is not True


def audience(token: str) -> Any:
    return parts_of(token)[1]["aud"]


def test_x8_w_p8_a_bare_token_is_taken_here_and_nowhere_else(identify: Desk, client: Client) -> None:
    token = client.login()["access_token"]
    for credential in (token, identify.seat.token, f"Bearer {token}", f"bearer  {token}"):
        read(identify.call("GET", "/Users?attributes=userName", authorization=credential))
        read(identify.call("POST", "/Users", {"userName": identify.name()}, authorization=credential))
    standard = identify.seat.speaking("standard")
    assert standard.call("GET", "/Users", headers={"authorization": standard.token}).status_code == 401
    assert standard.call("GET", "/Users").status_code == 200


@pytest.mark.parametrize("credential", [None, "", "x", "Basic YTpi", "Bearer", "Bearer x", "Token x"])
def test_x8_without_a_good_token_the_answer_is_401_with_a_challenge(identify: Desk, credential: str | None) -> None:
    headers = {"authorization": credential} if credential is not None else {}
    for method in ("GET", "POST", "QUERY"):
        answer = identify.house.client.request(
            method, f"{identify.seat.base}/Users", headers=headers, content=None if method == "GET" else b"{}"
        )
        refused(answer, 401)
        assert answer.headers["www-authenticate"].startswith("Bearer ")


# -- W10, X2, X3, X4: methods and statuses -----------------------------------------------------------------------------


def test_w10_x2_everything_that_works_is_200(identify: Desk) -> None:
    answer = identify.call("POST", "/Users", {"userName": identify.name()})
    assert answer.status_code == 200
    user = read(answer)
    assert answer.headers["location"] == user["meta"]["location"]
    path = f"/Users/{user['id']}"
    for method, body in (("GET", None), ("PUT", {**user, "displayName": "x"}), ("PATCH", {"displayName": "y"})):
        assert read(identify.call(method, path, body))["id"] == user["id"]
    gone = identify.call("DELETE", path)
    assert (gone.status_code, gone.content) == (200, b"")
    refused(identify.call("GET", path), 404)
    identify.user(user["userName"])


def test_x2_a_tenant_may_have_201(sqlite: House) -> None:
    there = desk(sqlite, strict_scim11=True)
    answer = there.call("POST", "/Users", {"userName": "ann"})
    assert answer.status_code == 201
    assert answer.headers["location"] == answer.json()["meta"]["location"]
    assert there.call("PUT", f"/Users/{answer.json()['id']}", answer.json()).status_code == 200


def test_x3_x19_what_goes_wrong_has_the_status_of_the_specification(identify: Desk) -> None:
    absent = "/Users/01a202b7-291b-7000-a1ce-33925fd0584f"
    for method, body in (("GET", None), ("PUT", {"userName": "x"}), ("PATCH", {"displayName": "x"}), ("DELETE", None)):
        refused(identify.call(method, absent, body), 404)
    refused(identify.call("GET", "/Nothing"), 404)
    name = identify.user()["userName"]
    refused(identify.call("POST", "/Users", {"userName": name}), 409)
    for odd in (b"{", b"[]", b"", b'{"userName": 42}', b'{"userName": "a", "userName": "b"}'):
        refused(identify.call("POST", "/Users", odd), 400)
    answer = identify.call("PUT", "/Users", {"userName": "x"})
    refused(answer, 405)
    assert answer.headers["allow"] == "GET, HEAD, QUERY, POST, OPTIONS"


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("?attributes=emails", None),
        (f"?attributes=emails,{OWN}.Claims.display", None),
        ("", {"meta": {"attributes": ["emails"]}}),
        ("", {"schemas": [CORE], "meta": {"attributes": ["EMAILS"]}}),
        ("?ATTRIBUTES=Emails", None),
        ("?attributes=emails", {"meta": {"attributes": ["emails"]}}),
        ("?attributes=title,emails", None),
        ("?attributes=emails", {"meta": {"attributes": ["password"]}}),
        ("", {"emails": [{"value": "a@x", "operation": "delete"}]}),
        (
            "",
            {
                OWN: {
                    "Claims": [
                        claim(
                            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
                            "a@x",
                            operation="delete",
                        )
                    ]
                }
            },
        ),
    ],
)
def test_x4_a_delete_that_names_something_removes_that_and_never_the_user(
    identify: Desk, query: str, body: dict[str, Any] | None
) -> None:
    user = identify.user(displayName="Ann", emails=[{"value": "a@x"}], **{OWN: {"Claims": [claim(ROLE, "boss")]}})
    left = read(identify.call("DELETE", f"/Users/{user['id']}{query}", body))
    assert left == identify.get(f"/Users/{user['id']}")
    assert "emails" not in left
    assert (left["displayName"], left["userName"]) == ("Ann", user["userName"])
    assert (ROLE, "boss", False) in claims(left)


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("", {}),
        ("", {"displayName": "x"}),
        ("", {"meta": {}}),
        ("", {"meta": {"attributes": []}}),
        ("", {"meta": {"attributes": ["emails"]}, "displayName": "x"}),
        ("", {"emails": [{"value": "a@x"}]}),
        ("", {"meta": {"attributes": ["userName"]}}),
        ("", b"not json"),
        ("", b"[]"),
        ("?attributes=userName", None),
        ("?attributes=", None),
        ("?excludedAttributes=emails", None),
        ("?attributes=emails", {"displayName": "x"}),
    ],
)
def test_x4_a_delete_with_other_content_is_refused_and_the_user_stays(identify: Desk, query: str, body: Any) -> None:
    user = identify.user(emails=[{"value": "a@x"}])
    refused(identify.call("DELETE", f"/Users/{user['id']}{query}", body), 400)
    assert identify.get(f"/Users/{user['id']}") == user


@pytest.mark.parametrize("type", ["text/plain", "application/xml", "application/x-www-form-urlencoded"])
def test_x4_a_delete_with_content_of_another_type_is_refused_likewise(identify: Desk, type: str) -> None:
    user = identify.user(emails=[{"value": "a@x"}])
    refused(identify.call("DELETE", f"/Users/{user['id']}", b"attributes=emails", type=type), 400)
    assert identify.get(f"/Users/{user['id']}") == user


def test_x4_a_delete_by_override_keeps_to_the_same(identify: Desk) -> None:
    user = identify.user(emails=[{"value": "a@x"}])
    path = f"/Users/{user['id']}"
    left = read(identify.call("POST", path, {"meta": {"attributes": ["emails"]}}, x_http_method_override="DELETE"))
    assert "emails" not in left
    assert identify.call("POST", path, x_http_method_override="DELETE").status_code == 200
    refused(identify.call("GET", path), 404)


def test_x4_a_delete_of_what_is_not_there_is_404_whatever_it_names(identify: Desk) -> None:
    absent = "/Users/01a202b7-291b-7000-a1ce-33925fd0584f"
    refused(identify.call("DELETE", absent, {"meta": {"attributes": ["emails"]}}), 404)
    refused(identify.call("DELETE", f"{absent}?attributes=emails"), 404)


# -- W10, W11, X5, X6, X7: lists ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def three(sqlite: House) -> Desk:
    """A tenant of three users."""
    there = desk(sqlite)
    for name in ("ann", "bo", "cleo"):
        there.user(name, displayName=name.title())
    return there


def names(body: dict[str, Any]) -> list[str]:
    return [resource["userName"] for resource in body["Resources"]]


ASKED: list[tuple[str, str, Any, dict[str, str]]] = [
    ("GET", "/Users?attributes=userName,active", None, {}),
    ("QUERY", "/Users", {"attributes": "userName,active"}, {}),
    ("QUERY", "/Users", {"attributes": ["userName", "active"]}, {}),
    ("QUERY", "/Users", b"attributes=userName%2Cactive", {"type": FORM}),
    ("QUERY", "/Users?attributes=userName,active", {}, {}),
    ("POST", "/Users", {"attributes": "userName,active"}, {"x_http_method_override": "QUERY"}),
    ("POST", "/Users", b"attributes=userName,active", {"x_http_method_override": "query", "type": FORM}),
]


@pytest.mark.parametrize(("method", "path", "body", "headers"), ASKED)
def test_x5_w10_users_with_some_attributes_are_asked_for_in_three_ways(
    three: Desk, method: str, path: str, body: Any, headers: dict[str, str]
) -> None:
    answer = read(three.call(method, path, body, **headers))
    assert sorted(names(answer)) == ["ann", "bo", "cleo"]
    for resource in answer["Resources"]:
        assert resource.keys() - {"schemas", "meta"} == {"id", "userName", "active"}


def test_x5_without_attributes_users_are_whole(three: Desk) -> None:
    whole = three.get("/Users")
    for body, kind in (({}, "application/json"), ({"attributes": ""}, "application/json"), (b"attributes=", FORM)):
        assert read(three.call("QUERY", "/Users", body, type=kind)) == whole
    assert three.get("/Users?attributes=") == whole
    assert {len(resource) for resource in whole["Resources"]} == {9}


def test_x5_w_p10_a_query_says_what_it_is_sent_as(three: Desk) -> None:
    refused(three.call("QUERY", "/Users", {"attributes": "userName"}, type=""), 400)
    answer = three.call("QUERY", "/Users", b"attributes: userName", type="text/yaml")
    refused(answer, 415)
    accepted = "application/json, application/x-www-form-urlencoded"
    assert answer.headers["accept-query"] == accepted
    for method in ("OPTIONS", "GET", "HEAD"):
        assert three.call(method, "/Users").headers["accept-query"] == accepted
    assert "QUERY" in three.call("OPTIONS", "/Users").headers["allow"].split(", ")
    assert "accept-query" not in three.call("OPTIONS", "/ServiceProviderConfigs").headers
    refused(three.call("QUERY", "/Users/42", {}), 405)
    refused(three.call("QUERY", "/Users", b"{"), 400)


def test_x5_a_query_changes_nothing_and_leaves_no_event(three: Desk) -> None:
    before = len(three.seat.events())
    read(three.call("POST", "/Users", {"attributes": "userName"}, x_http_method_override="QUERY"))
    refused(three.call("POST", "/Users", {"filter": "x"}, x_http_method_override="QUERY"), 400)
    refused(three.call("QUERY", "/Users", b"{"), 400)
    assert len(three.seat.events()) == before


def test_x5_elsewhere_there_is_no_query(three: Desk) -> None:
    standard = three.seat.speaking("standard")
    answer = standard.call("QUERY", "/Users", {})
    assert answer.status_code == 405
    assert "QUERY" not in answer.headers["allow"]
    assert "accept-query" not in answer.headers
    scim11 = three.seat.speaking("scim11")
    assert scim11.call("QUERY", "/Users", {}).status_code == 405
    assert scim11.call("POST", "/Users", {}, headers={"x-http-method-override": "QUERY"}).status_code == 400


@pytest.mark.parametrize("text", ['userName eq "ann"', "rubbish", ""])
def test_w11_x6_a_filter_is_refused_and_never_ignored(three: Desk, text: str) -> None:
    assert "filter" in refused(three.call("GET", f"/Users?filter={text}"), 400).lower()
    refused(three.call("QUERY", "/Users", {"filter": text}), 400)


def test_w11_x6_pages_are_not_known_and_all_users_come(three: Desk) -> None:
    whole = three.get("/Users")
    assert whole.keys() == {"totalResults", "itemsPerPage", "startIndex", "schemas", "Resources"}
    assert (whole["totalResults"], whole["itemsPerPage"], whole["startIndex"]) == (3, 3, 1)
    assert whole["schemas"] == [CORE]
    for query in (
        "startIndex=2",
        "count=1",
        "startIndex=-1&count=0",
        "startIndex=x&count=y",
        "sortBy=userName",
        "cursor=",
    ):
        assert three.get(f"/Users?{query}") == whole


def test_x6_a_long_list_comes_whole_and_piece_by_piece(house: House) -> None:
    there = desk(house)
    count = 450
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": str(n), "data": {"schemas": [USER_2], "userName": f"ann{n}"}}
        for n in range(count)
    ]
    made = there.seat.speaking("standard").post("/Bulk", {"schemas": [BULK], "Operations": operations})
    assert {part["status"] for part in made.json()["Operations"]} == {"201"}
    with there.house.client.stream(
        "GET", f"{there.seat.base}/Users", headers={"authorization": f"Bearer {there.seat.token}"}
    ) as answer:
        assert answer.headers["transfer-encoding"] == "chunked"
        pieces = list(answer.iter_raw())
    body = json.loads(b"".join(pieces))
    assert (body["totalResults"], body["itemsPerPage"], body["startIndex"]) == (count, count, 1)
    assert body["schemas"] == [CORE]
    assert sorted(names(body)) == sorted(f"ann{n}" for n in range(count))
    one = there.get(f"/Users/{body['Resources'][-1]['id']}")
    assert body["Resources"][-1] == one
    some = read(there.call("QUERY", "/Users", {"attributes": "userName"}))
    assert sorted(names(some)) == sorted(names(body))
    assert there.call("HEAD", "/Users").status_code == 200


def test_x7_the_key_of_a_list_is_resources(three: Desk) -> None:
    assert "Resources" in three.get("/Users")


# -- W-P9: tenants that have filters -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def filtering(sqlite: House) -> Desk:
    there = desk(sqlite, filter_enabled=True)
    for name in ("ann", "bo", "cleo"):
        there.user(name, active=name != "bo", displayName=name.title(), emails=[{"value": f"{name}@x"}])
    return there


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        ('userName eq "ann" and active eq "true"', ["ann"]),
        ('userName eq "bo" and active eq "true"', []),
        ('username EQ "ANN"', ["ann"]),
        ("active eq false", ["bo"]),
        ('externalId eq "cleo"', ["cleo"]),
        ('emails.value eq "bo@x" or displayName sw "Cl"', ["bo", "cleo"]),
        ('urn:scim:schemas:core:1.0:userName eq "ann"', ["ann"]),
    ],
)
def test_w_p9_x6_a_tenant_may_have_filters(filtering: Desk, filter: str, found: list[str]) -> None:
    query = f"filter={filter}&sortOrder=Ascending&sortBy=userName&attributes=userName,{OWN}"
    body = filtering.get(f"/Users?{query}")
    assert names(body) == found
    for resource in body["Resources"]:
        assert resource[OWN]["Claims"]
        assert "displayName" not in resource
    assert filtering.get("/ServiceProviderConfigs")["filter"]["supported"] is True


def test_w_p9_a_look_up_as_the_known_client_sends_it(filtering: Desk) -> None:
    query = f'filter=userName eq "ann" and active eq "true"&sortOrder=Ascending&attributes={OWN}'
    (found,) = filtering.get(f"/Users?{query}")["Resources"]
    assert found[OWN]["Claims"]
    assert "userName" not in found


def test_w_p9_sorting_is_by_what_is_kept(filtering: Desk) -> None:
    assert names(filtering.get("/Users?sortBy=externalId&sortOrder=descending")) == ["cleo", "bo", "ann"]
    assert names(filtering.get("/Users?sortBy=username&sortOrder=ASCENDING")) == ["ann", "bo", "cleo"]


@pytest.mark.parametrize(
    "filter",
    [
        f'{OWN}:Claims.value eq "x"',
        f'{OWN}.ActivationCode eq "x"',
        'claims.type eq "x"',
        'urn:scim:schemas:extension:enterprise:1.0:organization eq "Root"',
        'title eq "x"',
        'userName ne "x"',
        "userName eq",
    ],
)
def test_w_p9_what_cannot_be_searched_is_refused(filtering: Desk, filter: str) -> None:
    refused(filtering.call("GET", f"/Users?filter={filter}"), 400)


def test_w_p9_a_query_may_have_a_filter_too(filtering: Desk) -> None:
    body = {"filter": 'userName eq "ann"', "attributes": "userName"}
    assert names(read(filtering.call("QUERY", "/Users", body))) == ["ann"]


# -- W-P4, W-P5: later versions ----------------------------------------------------------------------------------------


def test_w_p4_w_p5_addresses_and_messages_of_later_versions_are_not_here(identify: Desk) -> None:
    user = identify.user()
    operations = {"schemas": [CORE], "Operations": [{"op": "replace", "path": "displayName", "value": "x"}]}
    refused(identify.call("PATCH", f"/Users/{user['id']}", operations), 400)
    refused(identify.call("PATCH", f"/Users/{user['id']}", b'[{"Op": "replace", "Path": "", "value": {}}]'), 400)
    assert identify.get(f"/Users/{user['id']}") == user
    refused(identify.call("POST", "/Users/.search", {"Attributes": "claims"}), 405)


# -- two tenants -------------------------------------------------------------------------------------------------------


def test_a_tenant_sees_nothing_of_another(house: House) -> None:
    acorn, birch = desk(house), desk(house)
    user = acorn.user("ann", emails=[{"value": "a@x"}])
    path = f"/Users/{user['id']}"
    partial = {"meta": {"attributes": ["emails"]}}
    for method, body in (
        ("GET", None),
        ("PUT", {"userName": "bo"}),
        ("PATCH", partial),
        ("DELETE", partial),
        ("DELETE", None),
    ):
        refused(birch.call(method, path, body), 404)
        if method != "GET":
            refused(birch.call("POST", path, body, x_http_method_override=method), 404)
    refused(birch.call("DELETE", f"{path}?attributes=emails"), 404)
    assert birch.get("/Users")["Resources"] == []
    assert read(birch.call("QUERY", "/Users", {}))["totalResults"] == 0
    for base in (SERVICE, LOCATION):
        address = f"{house.url}/t/{acorn.seat.name}{base}/Users"
        headers = {"authorization": birch.seat.token}
        refused(house.client.get(address, headers=headers), 404)
        refused(house.client.request("QUERY", address, headers=headers), 404)
    birch.user("ann")
    assert acorn.get(path) == user
