"""Releezme's addresses, discovery, pages, onboarding and audit (R5, R6, R10, R24, R25, P1, P4, U1, U5 to U7, U13)."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from tests.support.command import rollbook
from tests.support.house import USER, House, Seat, running_house
from tests.support.mail import mail_server
from tests.support.refusals import until

RELEEZME = "urn:ietf:params:scim:schemas:extension:releezme:2.0:User"


@pytest.fixture
def plain(sqlite: House) -> Seat:
    return sqlite.seat("acorn")


@pytest.fixture
def seat(plain: Seat) -> Seat:
    return plain.speaking("releezme")


def test_r5_u7_addresses_are_the_same_in_any_letter_case(seat: Seat, plain: Seat) -> None:
    made = seat.post("/Users", {"schemas": [USER], "userName": "ann"})
    user = made.json()
    staff = plain.group("Staff")
    assert made.headers["location"] == user["meta"]["location"] == f"{seat.house.url}/api/users/{user['id']}"
    for path in (f"/api/users/{user['id']}", f"/API/USERS/{user['id']}", f"/Api/Users/{user['id']}/"):
        answer = seat.call("GET", path, base=seat.house.url)
        assert (answer.status_code, answer.json()) == (200, user)
    for path in ("/api/Groups", "/API/groups"):
        (group,) = seat.call("GET", path, base=seat.house.url).json()["Resources"]
        assert group["meta"]["location"] == f"{seat.house.url}/api/groups/{staff['id']}"
    below = seat.call("GET", f"/t/{seat.name}/api/USERS/{user['id']}", base=seat.house.url)
    assert below.json()["meta"]["location"] == f"{seat.house.url}/t/{seat.name}/api/users/{user['id']}"
    assert seat.call("GET", "/api/user", base=seat.house.url).status_code == 404


def test_r5_ids_are_guids(seat: Seat) -> None:
    from uuid import UUID

    made = seat.post("/users", {"schemas": [USER], "userName": "ann"}).json()
    assert str(UUID(made["id"])) == made["id"]


def test_r6_u7_discovery_is_told_in_lower_case(seat: Seat) -> None:
    for path in ("/serviceproviderconfig", "/ServiceProviderConfig", "/SERVICEPROVIDERCONFIG"):
        told = seat.get(path).json()
        assert told["meta"]["location"] == f"{seat.base}/serviceproviderconfig"
        assert told["documentationUri"] == f"{seat.house.url}/api/docs"
    for topic, wanted in (("schemas", 3), ("resourcetypes", 2)):
        listed = seat.get(f"/{topic}").json()
        assert listed["totalResults"] == wanted
        for one in listed["Resources"]:
            assert one["meta"]["location"].startswith(f"{seat.base}/{topic}/")
            assert seat.call("GET", one["meta"]["location"], base="").json() == one
    open_ = seat.get("/schemas", headers={"authorization": ""})
    assert open_.status_code == 200


def test_r6_what_discovery_announces_is_so(seat: Seat) -> None:
    config = seat.get("/serviceproviderconfig").json()
    assert seat.post("/Bulk", {}).status_code == 501
    assert not config["bulk"]["supported"]
    for kind in seat.get("/resourcetypes").json()["Resources"]:
        assert seat.get(kind["endpoint"]).status_code == 200


def test_r10_p4_the_api_is_shown_at_the_products_own_addresses(seat: Seat) -> None:
    house = seat.house
    for page, document in (
        ("/api/docs", "openapi.json"),
        ("/swagger/ui/index", "../../api/openapi.json"),
        ("/Swagger/UI/Index", "../../api/openapi.json"),
        (f"/t/{seat.name}/api/docs", "openapi.json"),
    ):
        shown = house.client.get(house.url + page)
        assert (shown.status_code, shown.headers["content-type"]) == (200, "text/html; charset=utf-8"), page
        assert f'data-document="{document}"' in shown.text
        script = shown.text.partition('<script src="')[2].partition('"')[0]
        assert house.client.get(str(httpx2.URL(house.url + page).join(script))).status_code == 200


@pytest.mark.parametrize("path", ["/api/openapi.json", "/swagger/docs/v1"])
def test_r10_p4_the_document_is_of_what_is_served(seat: Seat, path: str) -> None:
    house = seat.house
    told = house.client.get(house.url + path)
    assert (told.status_code, told.headers["content-type"]) == (200, "application/json")
    document: dict[str, Any] = told.json()
    OpenAPIV31SpecValidator(document).validate()
    paths = document["paths"]
    assert paths["/users/{id}"].keys() >= {"get", "put", "patch", "delete"}
    assert paths["/groups/{id}"].keys() & {"get", "put", "patch", "delete"} == {"get"}
    assert "post" not in paths["/groups"]
    assert {"/serviceproviderconfig", "/schemas/{id}", "/resourcetypes"} <= paths.keys()
    base = httpx2.URL(house.url + path).join(document["servers"][0]["url"])
    assert str(base).rstrip("/") == f"{house.url}/api"
    user = document["components"]["schemas"]["User"]["properties"]
    assert user[RELEEZME]["properties"]["badges"]["items"]["properties"].keys() == {"value", "display"}
    assert "groups" in document["components"]["schemas"]["User.sent"]["properties"]
    assert "members" not in document["components"]["schemas"]["Group"]["properties"]
    own = seat.call("GET", path, base=house.url)
    assert (own.status_code, own.json()["paths"].keys()) == (200, paths.keys())
    assert house.client.post(house.url + path).status_code == 405


def test_p4_a_credential_of_another_dialect_is_not_shown_this_one(plain: Seat) -> None:
    assert plain.call("GET", "/api/openapi.json", base=plain.house.url).status_code == 403


def test_u6_pages_have_100_and_200_at_most(seat: Seat, plain: Seat) -> None:
    people = [
        {"method": "POST", "path": "/Users", "bulkId": f"b{n}", "data": {"schemas": [USER], "userName": f"user{n:03}"}}
        for n in range(205)
    ]
    schemas = ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"]
    assert plain.post("/Bulk", {"schemas": schemas, "Operations": people}).status_code == 200
    for query, count in (
        ({}, 100),
        ({"count": 200}, 200),
        ({"count": 1000}, 200),
        ({"count": 7}, 7),
        ({"count": 0}, 0),
    ):
        page = seat.get("/users", **query).json()
        assert (page["totalResults"], page["itemsPerPage"], len(page.get("Resources", []))) == (205, count, count)
    last = seat.get("/users", startIndex=201, count=200).json()
    assert (last["startIndex"], last["itemsPerPage"]) == (201, 5)
    searched = seat.post("/users/.search", {"schemas": [], "filter": 'userName sw "user00"', "count": 3})
    assert searched.status_code == 400
    found = seat.post(
        "/users/.search",
        {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": 'userName sw "user00"'},
    )
    assert found.json()["totalResults"] == 10


def test_u13_a_deleted_user_is_gone_from_everywhere(seat: Seat, plain: Seat) -> None:
    staff = plain.group("Staff")
    badge = {RELEEZME: {"badges": [{"value": "04A1"}]}}
    body = {"schemas": [USER], "userName": "ann", "groups": [{"value": staff["id"]}], **badge}
    ann = seat.post("/users", body).json()
    assert seat.delete(f"/users/{ann['id']}").status_code == 204
    assert seat.delete(f"/users/{ann['id']}").status_code == 404
    assert seat.get("/users", filter='userName eq "ann"').json()["totalResults"] == 0
    assert "members" not in plain.get(f"/Groups/{staff['id']}").json()
    again = seat.post("/users", body)
    assert again.status_code == 201
    assert again.json()["id"] != ann["id"]


def test_u1_a_badge_is_unique_in_the_company_and_not_beyond(seat: Seat, sqlite: House) -> None:
    body = {"schemas": [USER], "userName": "ann", RELEEZME: {"badges": [{"value": "04A1"}]}}
    assert seat.post("/users", body).status_code == 201
    taken = seat.post("/users", {**body, "userName": "bo"})
    assert (taken.status_code, taken.json()["scimType"]) == (409, "uniqueness")
    assert "badges.value" in taken.json()["detail"]
    assert "04A1" not in taken.json()["detail"]
    assert sqlite.seat("birch").speaking("releezme").post("/users", body).status_code == 201


def test_r25_what_was_done_in_a_time_can_be_read(seat: Seat) -> None:
    first = seat.post("/users", {"schemas": [USER], "userName": "ann"}).json()
    at = first["meta"]["created"]
    second = seat.post("/users", {"schemas": [USER], "userName": "bo"}).json()
    until_ = seat.patch(f"/users/{second['id']}", {"op": "replace", "path": "active", "value": False}).json()
    last = until_["meta"]["lastModified"]

    def audit(*arguments: str) -> list[tuple[str, str]]:
        told = rollbook("audit", seat.name, *arguments, "--json", ROLLBOOK_DATABASE=seat.house.database).json()
        return [(event["kind"], event["resource"]) for event in told if event["kind"].startswith("resource:")]

    whole = [("resource:create", first["id"]), ("resource:create", second["id"]), ("resource:modify", second["id"])]
    assert audit() == whole
    assert audit("--since", at) == whole
    assert audit("--until", at) == []
    assert audit("--since", last)[-1:] == whole[-1:]


@pytest.fixture(scope="module")
def posting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Any, dict[str, str], Path]]:
    """A house that sends letters, where they go, its settings, and the text messages."""
    folder = tmp_path_factory.mktemp("letters")
    texts, program = folder / "texts", folder / "text.py"
    program.write_text(f"import sys\nopen({str(texts)!r}, 'a').write(sys.argv[1] + ' ' + sys.stdin.read() + '\\n')\n")
    with mail_server() as box:
        settings = {
            "ROLLBOOK_HOSTS": "127.0.0.1,identity.acorn.example,scim.acorn.example",
            "ROLLBOOK_SMTP_HOST": "127.0.0.1",
            "ROLLBOOK_SMTP_PORT": str(box.port),
            "ROLLBOOK_SMTP_TLS": "none",
            "ROLLBOOK_MAIL_FROM": "house@rollbook.example",
            "ROLLBOOK_LETTER_RETRY_SECONDS": "1",
            "ROLLBOOK_TEXT_COMMAND": f"{sys.executable} {program}",
        }
        with running_house("sqlite", f"sqlite:///{folder}/rollbook.db", **settings) as house:
            yield house, box, {**settings, "ROLLBOOK_PORT": str(house.server.port)}, texts


def test_r24_a_company_gets_its_letters(posting: tuple[House, Any, dict[str, str], Path]) -> None:
    """The API system user gets a mail to set its password, the client's id goes by mail, its secret by text."""
    house, box, settings, texts = posting

    def run(*arguments: str) -> Any:
        return rollbook(*arguments, **{"ROLLBOOK_DATABASE": house.database, **settings})  # type: ignore[arg-type]

    assert run("tenant", "create", "acorn", "--dialect", "releezme").code == 0
    assert run("user", "create", "acorn", "scim@acorn.example", "--kind", "api").code == 0
    assert run("user", "invite", "acorn", "scim@acorn.example", "--email", "scim@acorn.example").code == 0
    grants = ("--grant", "password", "--grant", "refresh_token")
    post = ("--mail-id-to", "it@acorn.example", "--text-secret-to", "+31201234567")
    made = run("client", "create", "HR sync", "--tenant", "acorn", *grants, *post, "--json").json()
    assert made.keys() == {"client_id"}
    invitation = box.letter_to("scim@acorn.example").get_content()
    token = invitation.partition("token=")[2].split()[0]
    form = {"token": token, "password": "correct horse battery", "again": "correct horse battery"}
    kept = house.client.post(f"{house.url}/account/password", data=form, headers={"origin": house.url})
    assert kept.status_code == 200, kept.text
    mail = box.letter_to("it@acorn.example").get_content()
    assert made["client_id"] in mail
    assert "/connect/token" in mail
    until(lambda: texts.exists() and "rbs_" in texts.read_text())
    secret = texts.read_text().split()[-1]
    login = {"grant_type": "password", "username": "scim@acorn.example", "password": "correct horse battery"}
    scope = {"scope": "Vecos.Releezme.Web.SCIM offline_access"}
    answer = house.client.post(f"{house.url}/connect/token", data=login | scope, auth=(made["client_id"], secret))
    assert answer.status_code == 200, answer.text
    bearer = {"authorization": f"Bearer {answer.json()['access_token']}"}
    assert house.client.get(f"{house.url}/api/users", headers=bearer).json()["totalResults"] == 0


def test_p1_tokens_and_scim_can_be_asked_for_at_hosts_of_their_own(
    posting: tuple[House, Any, dict[str, str], Path],
) -> None:
    house = posting[0]
    form = {"grant_type": "password", "client_id": "x", "client_secret": "y", "username": "z", "password": "z"}
    token = house.client.post(f"{house.url}/connect/token", data=form, headers={"host": "identity.acorn.example"})
    assert (token.status_code, token.json()["error"]) == (401, "invalid_client")
    seat = house.seat("birch").speaking("releezme")
    assert seat.get("/users", headers={"host": "scim.acorn.example"}).status_code == 200
    assert seat.get("/users", headers={"host": "elsewhere.example"}).status_code == 400
