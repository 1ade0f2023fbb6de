"""The System API: the audit, page by page, and for whom it is."""

import json

from tests.lockers.conftest import Company, Desk, new_company
from tests.support.command import rollbook
from tests.support.house import House


def test_the_audit_tells_all_that_was_written_and_refused(company: Company) -> None:
    company.make(f"/lockers/{company.doors[0]}/block", None)
    company.call("POST", "/locations", {"name": "Head office"})
    items = company.items("/audit", limit=500)
    kinds = [one["kind"] for one in items]
    assert kinds[0] == "tenant:create"
    assert {"resource:create", "structure:create", "locker:state", "write:refuse"} <= set(kinds)
    assert [one["at"] for one in items] == sorted(one["at"] for one in items)
    blocked = items[kinds.index("locker:state")]
    assert (blocked["resource"], blocked["status"]) == (company.doors[0], 200)
    assert "Head office" not in json.dumps(items)


def test_its_pages_are_the_whole_and_nothing_twice(company: Company) -> None:
    whole = company.items("/audit", limit=500)
    found, cursor = [], None
    while True:
        page = company.get("/audit", limit=3, **({"cursor": cursor} if cursor else {}))
        found += page["items"]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert found == whole
    middle = whole[len(whole) // 2]["at"]
    assert company.items("/audit", limit=500, since=middle) == [one for one in whole if one["at"] >= middle]
    assert company.items("/audit", limit=500, until=middle) == [one for one in whole if one["at"] < middle]
    assert company.code("GET", "/audit", since="yesterday") == (400, "invalidParameter")
    assert company.code("GET", "/audit", cursor="WyJhIl0") == (400, "invalidCursor")


def test_it_is_what_the_command_line_says(company: Company) -> None:
    seat = company.seat
    printed = rollbook("audit", seat.tenant.id, "--json", "--database", seat.house.database)
    assert printed.json() == company.items("/audit", limit=500)


def test_it_needs_its_scope_and_is_of_one_tenant(company: Company, house: House) -> None:
    weak = Desk(house.seat("acorn", scopes=("system.read", "system.write")))
    assert weak.code("GET", "/audit")[0] == 403
    other = new_company(house, doors=1, name="birch")
    ids = {one["id"] for one in company.items("/audit", limit=500)}
    assert ids.isdisjoint(one["id"] for one in other.items("/audit", limit=500))
