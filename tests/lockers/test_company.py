"""The System API: the company, and what its locations have of it."""

from tests.lockers.conftest import Company, Desk, new_company
from tests.support.house import House


def test_a_company_says_what_it_is(desk: Desk) -> None:
    first = desk.call("GET", "/company")
    assert first.headers["etag"] == '"0"'
    assert {name: first.json()[name] for name in ("name", "status", "externalId", "timeZone", "language")} == {
        "name": desk.seat.name,
        "status": "active",
        "externalId": None,
        "timeZone": "UTC",
        "language": "en",
    }
    own = {"externalId": "C-1", "timeZone": "Europe/Amsterdam", "language": "nl", "attributes": {"crm": "42"}}
    changed = desk.call("PATCH", "/company", own, match='"0"')
    assert (changed.status_code, changed.headers["etag"]) == (200, '"1"')
    assert {**changed.json(), **own} == changed.json() == desk.get("/company")
    assert desk.call("GET", "/company", headers={"if-none-match": '"1"'}).status_code == 304
    less = desk.call("PATCH", "/company", {"externalId": None, "attributes": {"crm": None}}, match='"1"').json()
    assert (less["externalId"], less["attributes"], less["language"], less["version"]) == (None, {}, "nl", 2)
    assert desk.kinds() == ["company:create", "company:change"]


def test_a_change_of_the_company_is_held_to_its_form(desk: Desk) -> None:
    assert desk.code("PATCH", "/company", {"language": "nl"}) == (428, "preconditionRequired")
    assert desk.code("PATCH", "/company", {"language": "nl"}, match='"3"') == (412, "preconditionFailed")
    for wrong in ({"language": "not a tag"}, {"timeZone": "Moon/Base"}, {"name": "Other"}, {"externalId": ""}):
        assert desk.code("PATCH", "/company", wrong, match="*") == (400, "invalidBody")
    rehearsed = desk.call("PATCH", "/company", {"language": "nl"}, match="*", dryRun="true")
    assert (rehearsed.json()["language"], rehearsed.headers["dry-run"]) == ("nl", "true")
    assert (desk.get("/company")["language"], desk.kinds()) == ("en", [])


def test_a_location_has_the_companys_time_zone_where_it_says_none(desk: Desk) -> None:
    assert desk.make("/locations", {"name": "Old"})["timeZone"] == "UTC"
    desk.call("PATCH", "/company", {"timeZone": "Europe/Amsterdam"}, match="*")
    made = desk.make("/locations", {"name": "New"})
    assert made["timeZone"] == "Europe/Amsterdam"
    there = f"/locations/{made['id']}"
    assert desk.call("PATCH", there, {"timeZone": "Asia/Tokyo"}, match="*").json()["timeZone"] == "Asia/Tokyo"
    assert desk.call("PATCH", there, {"timeZone": None}, match="*").json()["timeZone"] == "Europe/Amsterdam"
    table = b"location,section,lockerBank,number\nTable,G,A,1\nOld,G,A,1\n"
    desk.call("POST", "/structure/import", table, headers={"content-type": "text/csv"})
    zones = {one["name"]: one["timeZone"] for one in desk.items("/locations")}
    assert zones == {"Old": "UTC", "New": "Europe/Amsterdam", "Table": "Europe/Amsterdam"}
    assert desk.code("POST", "/locations", {"name": "X", "timeZone": None}) == (400, "invalidBody")


def test_companies_keep_to_themselves(company: Company, house: House) -> None:
    other = new_company(house, doors=1)
    company.call("PATCH", "/company", {"externalId": "C-1"}, match="*")
    assert other.get("/company")["externalId"] is None
    assert other.call("PATCH", "/company", {"externalId": "C-1"}, match='"0"').status_code == 200
    weak = Desk(house.seat("acorn", scopes=("system.read",)))
    assert weak.code("PATCH", "/company", {"language": "nl"}, match="*")[0] == 403
