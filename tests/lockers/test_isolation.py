"""Two tenants over every route of the System API: what is another's is not there, in the words for what is nowhere."""

import json
from typing import Any

from tests.lockers.conftest import Company, new_company
from tests.support.house import House

NOWHERE = "0199c1f2-7a5e-7000-8000-000000000009"
BODIES: dict[str, Any] = {
    "AllocateForm": {"userId": "{ann}", "lockerId": "{door}"},
    "TransferForm": {"userId": "{bo}"},
    "ShareForm": {"userId": "{bo}"},
    "UnshareForm": {"userId": "{bo}"},
    "BookForm": {"userId": "{ann}", "starts": "2099-01-01T08:00:00Z", "ends": "2099-01-01T09:00:00Z"},
    "PinForm": {"pin": "1234"},
    "CheckForm": {"pin": "1234"},
}


def ids_of(company: Company) -> dict[str, str]:
    """An id for each kind of thing, by the first part of its paths."""
    held = company.make("/assignments", {"userId": company.ann, "lockerId": company.doors[0]})
    booked = company.make(
        "/bookings", {"userId": company.ann, "starts": "2099-01-01T08:00:00Z", "ends": "2099-01-01T09:00:00Z"}
    )
    return {
        "locations": company.location,
        "sections": company.section,
        "locker-banks": company.bank,
        "lockers": company.doors[0],
        "locker-groups": company.group,
        "links": company.link,
        "assignments": held["id"],
        "bookings": booked["id"],
        "users": company.ann,
        "user-groups": company.staff,
    }


def test_no_route_reaches_another_tenant(house: House) -> None:
    acorn, birch = new_company(house), new_company(house, name="birch")
    theirs = ids_of(acorn)
    before = acorn.call("GET", "/structure/export").text, acorn.items("/assignments"), len(acorn.kinds())
    document = acorn.seat.client.get(f"{acorn.base}/openapi.json").json()
    asked = 0
    for path, operations in document["paths"].items():
        kind = path.strip("/").partition("/")[0]
        if "{id}" not in path or kind not in theirs:
            continue
        for method in operations:
            body = _body(operations[method], birch, acorn)
            answers = []
            for id in (theirs[kind], NOWHERE):
                answer = birch.call(method.upper(), path.replace("{id}", id), body, match="*")
                assert answer.status_code >= 400, f"{method} {path}"
                answers.append((answer.status_code, {**answer.json(), "traceId": ""}))
            assert answers[0] == answers[1], f"{method} {path}"
            asked += 1
    assert asked >= 40
    assert before == (acorn.call("GET", "/structure/export").text, acorn.items("/assignments"), len(acorn.kinds()))


def test_ids_of_another_tenant_mean_nothing_in_bodies_and_queries(house: House) -> None:
    acorn, birch = new_company(house), new_company(house, name="birch")
    for path, body in (
        ("/sections", {"locationId": acorn.location, "name": "S"}),
        ("/locker-banks", {"sectionId": acorn.section, "name": "S"}),
        ("/lockers", {"lockerBankId": acorn.bank, "number": "7"}),
        ("/links", {"userGroupId": acorn.staff, "lockerGroupId": birch.group}),
        ("/links", {"userGroupId": birch.staff, "lockerGroupId": acorn.group}),
        ("/assignments", {"userId": acorn.ann, "lockerId": birch.doors[0]}),
        ("/assignments", {"userId": birch.ann, "lockerId": acorn.doors[0]}),
        ("/assignments", {"userId": birch.ann, "lockerBankId": acorn.bank}),
        (f"/locker-groups/{birch.group}/lockers", {"add": [acorn.doors[0]]}),
        (f"/user-groups/{birch.staff}/members", {"add": [acorn.ann]}),
        (f"/lockers/{birch.doors[0]}/unlock", {"userId": acorn.ann}),
    ):
        assert birch.call("POST", path, body).status_code >= 400, path
    for path, query in (
        ("/lockers", {"lockerBankId": acorn.bank}),
        ("/lockers", {"lockerGroupId": acorn.group}),
        ("/assignments", {"userId": acorn.ann}),
        ("/bookings", {"lockerId": acorn.doors[0]}),
        ("/availability", {"lockerBankId": acorn.bank}),
        ("/events", {"lockerId": acorn.doors[0]}),
    ):
        assert birch.items(path, **query) == []
    for path in ("/locations", "/lockers", "/users", "/user-groups", "/links"):
        ours = json.dumps(birch.items(path))
        for id in (acorn.location, acorn.doors[0], acorn.ann, acorn.staff, acorn.link):
            assert id not in ours


def _body(operation: dict[str, Any], ours: Company, theirs: Company) -> Any:
    content = operation.get("requestBody", {}).get("content", {})
    if not content:
        return None
    schema = next(iter(content.values()))["schema"].get("$ref", "").rpartition("/")[2]
    filled = json.dumps(BODIES.get(schema, {}))
    for name in ("ann", "bo"):
        filled = filled.replace(f"{{{name}}}", getattr(ours, name))
    return json.loads(filled.replace("{door}", theirs.doors[0]))
