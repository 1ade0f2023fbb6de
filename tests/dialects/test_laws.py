"""Laws that hold for every dialect of the catalogue, whatever its file says."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.support.house import House
from tests.support.server import ROOT
from tests.support.spoken import ALTERED, Spoken, differences

from rollbook.dialects.loading import catalog
from rollbook.dialects.model import Dialect
from rollbook.scim.attributes import Held

DIALECTS = {dialect.name: dialect for dialect in catalog()}
_spoken: dict[tuple[str, str], Spoken] = {}

METHODS = {
    "query": ("GET", "{endpoint}"),
    "search": ("POST", "{endpoint}/.search"),
    "create": ("POST", "{endpoint}"),
    "retrieve": ("GET", "{endpoint}/{id}"),
    "replace": ("PUT", "{endpoint}/{id}"),
    "modify": ("PATCH", "{endpoint}/{id}"),
    "delete": ("DELETE", "{endpoint}/{id}"),
    "members": ("GET", "{endpoint}/{id}/members"),
}


@pytest.fixture(params=DIALECTS)
def spoken(sqlite: House, request: pytest.FixtureRequest) -> Spoken:
    """A tenant for each dialect; tests take resources of their own."""
    name = request.param
    if name not in _spoken:
        _spoken[name] = Spoken.begin(sqlite, DIALECTS[name])
    return _spoken[name]


def _topic(spoken: Spoken, topic: str) -> Any:
    name = spoken.dialect.plan.name(topic)
    if not name:
        return None
    answer = spoken.seat.get(f"/{name}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def _described(spoken: Spoken) -> Iterator[dict[str, Any]]:
    """Every resource type as the house has it and its schemas announce it."""
    found = _topic(spoken, "Schemas")
    assert found["totalResults"] == len(found["Resources"])
    yield from found["Resources"]


def test_every_address_that_discovery_names_is_there(spoken: Spoken) -> None:
    config = _topic(spoken, "ServiceProviderConfig")
    assert config["patch"]["supported"] == spoken.may("modify")
    for topic in ("Schemas", "ResourceTypes"):
        listed = _topic(spoken, topic)
        for entry in listed["Resources"] if listed else ():
            location = entry["meta"]["location"]
            assert location.startswith((spoken.seat.base, spoken.seat.house.url))
            answer = spoken.seat.client.get(location, headers={"authorization": f"Bearer {spoken.seat.token}"})
            assert answer.status_code == 200
            assert answer.json() == entry
    types = _topic(spoken, "ResourceTypes")
    names = {type.name: type.endpoint for type in spoken.dialect.types}
    if types:
        assert {entry["name"]: entry["endpoint"] for entry in types["Resources"]} == names
    for endpoint in names.values():
        assert spoken.seat.get(endpoint).status_code == 200


def test_what_the_configuration_announces_is_so(spoken: Spoken) -> None:
    config = _topic(spoken, "ServiceProviderConfig")
    made = spoken.create(spoken.sample(whole=False))
    path = f"{spoken.type().endpoint}/{made['id']}"

    answer = spoken.listed(filter=f'userName eq "{made["userName"]}"')
    if config["filter"]["supported"]:
        assert [user["id"] for user in answer.json()["Resources"]] == [made["id"]]
        assert config["filter"]["maxResults"] == spoken.dialect.limits.max_page
    else:
        assert answer.status_code == 400, "a filter that is not understood is never ignored"
    assert spoken.listed(sortBy="userName", sortOrder="descending").status_code == 200

    answer = spoken.seat.get(path)
    assert ("etag" in answer.headers) is config["etag"]["supported"]
    if config["etag"]["supported"]:
        tag = answer.headers["etag"]
        assert spoken.seat.call("GET", path, headers={"if-none-match": tag}).status_code == 304
        assert spoken.seat.call("PUT", path, made, headers={"if-match": 'W/"999"'}).status_code == 412

    answer = spoken.seat.post("/Bulk", {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"]})
    assert (answer.status_code in (404, 405, 501)) is not config["bulk"]["supported"]
    pages = config.get("pagination")
    if pages:
        assert pages["index"] is True
        assert (spoken.listed(cursor="").status_code == 200) is pages["cursor"]


def test_each_attribute_that_is_announced_is_served_and_no_other(spoken: Spoken) -> None:
    for schema_type in spoken.dialect.types:
        if not spoken.may("create", schema_type.name):
            continue
        body = spoken.sample(schema_type.name)
        made = spoken.create(body, schema_type.name)
        altered = set(ALTERED.get(spoken.dialect.name, {}))
        missing = {path for path in differences(body, made) if path not in altered}
        assert not missing, f"written, and not answered: {missing}"
        for place in schema_type.places():
            if place.attribute.held is not Held.DOCUMENT or place.attribute.secret:
                continue
            part = spoken.read(made["id"], schema_type.name, attributes=spoken.wire_path(place))
            shown = part.get(spoken.wire_urn(place.extension.id), {}) if place.extension else part
            assert place.attribute.name in shown, spoken.wire_path(place)
        known = {"schemas", "id", "externalId", "meta", *(a.name for a in schema_type.schema.attributes)}
        known |= {spoken.wire_urn(e.schema.id) for e in schema_type.extensions}
        assert set(made) <= known
    announced = {entry["name"] for entry in _described(spoken)}
    assert {type.schema.name if not spoken.old else type.name for type in spoken.dialect.types} <= announced


def test_what_was_created_is_what_is_read_and_what_was_put_again_stays(spoken: Spoken) -> None:
    for type in spoken.dialect.types:
        if not spoken.may("create", type.name):
            continue
        made = spoken.create(spoken.sample(type.name), type.name)
        assert spoken.read(made["id"], type.name) == made
        if spoken.may("replace", type.name):
            answer = spoken.seat.call("PUT", f"{type.endpoint}/{made['id']}", made)
            assert answer.status_code == 200, answer.text
            assert _without_meta(answer.json()) == _without_meta(made)
            assert _without_meta(spoken.read(made["id"], type.name)) == _without_meta(made)


def test_what_is_read_back_otherwise_is_declared(spoken: Spoken) -> None:
    declared = {departure.id for departure in spoken.dialect.departures}
    assert set(ALTERED.get(spoken.dialect.name, {}).values()) <= declared


def _without_meta(resource: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if name != "meta"}


def test_an_operation_that_is_not_listed_is_refused_as_the_table_says(spoken: Spoken) -> None:
    made = spoken.create(spoken.sample(whole=False))
    anywhere = {operation for type in spoken.dialect.types for operation in METHODS if spoken.may(operation, type.name)}
    for type in spoken.dialect.types:
        for operation, (method, path) in METHODS.items():
            if operation == "members" and type.held(Held.MEMBERS) is None:
                continue
            address = path.format(endpoint=type.endpoint, id=made["id"])
            answer = spoken.seat.call(method, address, {} if method in ("POST", "PUT", "PATCH") else None)
            if spoken.may(operation, type.name):
                assert answer.status_code not in (405, 501), (method, address)
                if operation == "delete" and type.name == "User":
                    made = spoken.create(spoken.sample(whole=False))
            elif answer.status_code == 405:
                assert method not in answer.headers["allow"].split(", ")
                assert operation in anywhere or operation in ("search", "members")
            else:
                assert answer.status_code in (404, 501), (method, address, answer.text)
    for address in spoken.dialect.plan.absent:
        assert spoken.seat.get(address).status_code == 501, address
        assert spoken.seat.get(f"{address}/1").status_code == 501, address
    for address, offer in (("/Bulk", "bulk"), ("/Me", "me"), ("/.search", "search"), ("/Changes", "changes")):
        if offer not in spoken.dialect.plan.offers:
            assert spoken.seat.call("POST", address, {}).status_code in (404, 501), address
    there = {type.name for type in spoken.dialect.types}
    for name in {"User", "Group"} - there:
        assert spoken.seat.get(f"/{name}s").status_code in (404, 501)


def test_a_secret_cannot_be_read_back_by_any_road(sqlite: House, spoken: Spoken) -> None:
    name = spoken.dialect.name
    kept = Spoken.begin(sqlite, spoken.dialect, **({} if name == "standard" else {"store_passwords": "on"}))
    secret = "N0body-knows-th1s"
    made = kept.create({**kept.sample(whole=False), "password": secret})
    path = f"{kept.type().endpoint}/{made['id']}"
    answers = [kept.seat.get(path), kept.seat.get(path, attributes="password"), kept.listed(attributes="password")]
    answers.append(kept.set(made["id"], "password", secret + "2"))
    for operator in (f'eq "{secret}"', 'sw "N"', "pr", 'gt "A"'):
        answer = kept.listed(filter=f"password {operator}")
        assert answer.status_code in (400, 403), operator
        answers.append(answer)
    answers.append(kept.listed(sortBy="password"))
    if kept.may("search"):
        answers.append(kept.search(attributes=["password"]))
        refused = kept.search(filter="password pr")
        assert refused.status_code in (400, 403)
        answers.append(refused)
    if kept.may("modify") and not kept.old:
        operation = {"op": "replace", "path": f'emails[value eq "x" and password eq "{secret}"].type', "value": "home"}
        answers.append(kept.seat.call("PATCH", path, {"Operations": [operation]}))
    for answer in answers:
        assert secret not in answer.text
        if answer.status_code < 300:
            assert '"password"' not in answer.text


def test_what_a_dialect_does_not_see_cannot_be_revealed_by_it(spoken: Spoken) -> None:
    user = spoken.standard.user(f"cleo-{spoken.dialect.name}-{id(spoken)}", title="Keeper", nickName="Cle")
    narrow = spoken.type().schema.attribute("nickName") is None
    if not narrow:
        return
    shown = spoken.read(user["id"])
    assert "nickName" not in shown
    assert "Keeper" not in str(shown) or spoken.type().schema.attribute("title")
    assert "nickName" not in spoken.read(user["id"], attributes="nickName")
    answer = spoken.listed(filter='nickName eq "Cle"')
    assert answer.status_code in (400, 403), answer.text
    again = spoken.seat.call("PUT", f"{spoken.type().endpoint}/{user['id']}", shown)
    assert again.status_code == 200, again.text
    assert spoken.standard.get(f"/Users/{user['id']}").json()["nickName"] == "Cle"


def test_a_credential_opens_no_other_dialects_address(spoken: Spoken) -> None:
    for other in DIALECTS.values():
        if other is spoken.dialect:
            continue
        base = f"{spoken.seat.house.url}{other.base}"
        type = other.types[0]
        assert spoken.seat.call("GET", type.endpoint, base=base).status_code == 403, other.name
        below = f"{spoken.seat.house.url}/t/{spoken.seat.name}{other.base}"
        assert spoken.seat.call("POST", type.endpoint, {"userName": "x"}, base=below).status_code == 403, other.name


@pytest.mark.parametrize("name", DIALECTS)
def test_each_departure_says_why_and_has_a_test_of_its_name(name: str) -> None:
    named = _names_of_tests()
    dialect: Dialect = DIALECTS[name]
    lacking = []
    for departure in dialect.departures:
        assert departure.clause.strip()
        assert len(departure.what) > 10, departure.id
        assert len(departure.why) > 10, departure.id
        if _plain(departure.id) not in named:
            lacking.append(departure.id)
    assert not lacking, f"{name}: no test is named after {', '.join(lacking)}"


def _plain(id: str) -> str:
    """``S-P1``, ``s_p01`` and ``sp1`` are one id."""
    return re.sub(r"(?<=[a-z])0+(?=\d)", "", re.sub(r"[^a-z0-9]", "", id.lower()))


def _names_of_tests() -> set[str]:
    names: list[str] = []
    for folder in ("tests/dialects", "tests/rfc/scim11", "tests/identity"):
        for file in (ROOT / folder).rglob("*"):
            if file.suffix == ".http":
                names.append(file.stem)
                names += re.findall(r"^=== (.+)", file.read_text("utf-8"), re.MULTILINE)
            elif file.suffix == ".py":
                names += re.findall(r"^(?:async )?def test_(\w+)", file.read_text("utf-8"), re.MULTILINE)
    found: set[str] = set()
    for name in names:
        parts = [part for part in re.split(r"[^a-z0-9]+", name.lower()) if part]
        found |= {_plain(part) for part in parts} | {_plain(a + b) for a, b in pairwise(parts)}
    return found


def test_there_is_a_file_for_each_dialect() -> None:
    folder: Path = ROOT / "src" / "rollbook" / "dialects" / "catalog"
    assert {file.stem for file in folder.glob("*.toml")} == set(DIALECTS)
