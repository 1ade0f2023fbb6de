"""The System API and OpenID AuthZEN: who may open what, why, and what a change would give and take."""

import json
from typing import Any

import pytest
from tests.lockers.conftest import Company, Desk, new_company
from tests.support.house import House

NOBODY = "0199c1f2-7a5e-7000-8000-000000000009"
MONDAY_MORNING, MONDAY_NIGHT = "2026-11-23T08:00:00+01:00", "2026-11-23T23:30:00+01:00"
BADGES = "urn:ietf:params:scim:schemas:extension:releezme:2.0:User"


def access(company: Company, below: str = "") -> str:
    return f"{company.seat.house.url}{below}/access/v1"


def asked(company: Company, user: str | None = None, door: str | None = None, **more: Any) -> dict[str, Any]:
    return {
        "subject": {"type": "user", "id": user or company.ann},
        "action": {"name": "open"},
        "resource": {"type": "locker", "id": door or company.doors[0]},
        **more,
    }


def decide(company: Company, body: Any, what: str = "evaluation") -> Any:
    answer = company.call("POST", f"/{what}", body, base=access(company))
    assert answer.status_code == 200, answer.text
    return answer.json()


def explain(company: Company, **query: Any) -> Any:
    return company.get("/access/explain", **{"user": company.ann, "locker": company.doors[0], **query})


def test_a_user_may_open_what_his_group_is_linked_to(company: Company) -> None:
    assert decide(company, asked(company)) == {"decision": True}
    refused = decide(company, asked(company, company.cleo))
    assert refused["decision"] is False
    assert refused["context"]["reason_admin"]["code"] == "noLink"
    assert "group" in refused["context"]["reason_user"]["en"]


def groups_named(company: Company, **more: Any) -> tuple[str, list[str], list[str]]:
    """Why not, and between which groups."""
    why = decide(company, asked(company, **more))["context"]
    assert set(why["reason_user"]) == {"code", "en"}
    return why["reason_admin"]["code"], why["reason_admin"]["userGroups"], why["reason_admin"]["lockerGroups"]


def test_a_refusal_names_the_groups_that_are_its_reason(company: Company) -> None:
    assert groups_named(company, user=company.cleo) == ("noLink", [], ["Doors of all"])
    guests = company.seat.group("Guests", company.cleo, company.ann)["id"]
    company.seat.group("Everybody", guests)
    exec_ = company.make("/locker-groups", {"name": "Exec"})["id"]
    company.make(f"/locker-groups/{exec_}/lockers", {"add": [company.doors[0]]})
    both = ["Doors of all", "Exec"]
    assert groups_named(company, user=company.cleo) == ("noLink", ["Everybody", "Guests"], both)
    assert groups_named(company, action={"name": "manage"}) == ("noRight", ["Staff"], ["Doors of all"])
    deny = {"userGroupId": guests, "lockerGroupId": exec_, "effect": "deny"}
    company.make("/links", deny)
    assert groups_named(company) == ("denied", ["Guests"], ["Exec"])
    limit = {"maxLockers": 0, "hours": {"from": "07:00", "until": "19:00"}}
    assert company.call("PATCH", f"/links/{company.link}", limit, match="*").status_code == 200
    door, night, day = company.doors[1], {"time": MONDAY_NIGHT}, {"time": MONDAY_MORNING}
    assert groups_named(company, door=door, context=night) == ("notNow", ["Staff"], ["Doors of all"])
    one_more = {"name": "allocate"}
    assert groups_named(company, door=door, action=one_more, context=day) == ("quota", ["Staff"], ["Doors of all"])
    nobody = decide(company, asked(company, NOBODY))["context"]["reason_admin"]
    assert set(nobody) == {"code", "en"}


@pytest.mark.parametrize(
    ("part", "value", "code"),
    [
        ("subject", {"type": "user", "id": NOBODY}, "noUser"),
        ("subject", {"type": "user", "id": "ann"}, "noUser"),
        ("subject", {"type": "userName", "id": "nobody"}, "noUser"),
        ("subject", {"type": "badge", "id": "none"}, "noUser"),
        ("subject", {"type": "robot", "id": "r2"}, "unknownSubjectType"),
        ("resource", {"type": "locker", "id": NOBODY}, "noLocker"),
        ("resource", {"type": "door", "id": "1"}, "unknownResourceType"),
        ("action", {"name": "paint"}, "unknownAction"),
        ("action", {"name": "openRemote"}, "noRight"),
    ],
)
def test_what_means_nothing_here_is_a_no_with_its_reason(company: Company, part: str, value: Any, code: str) -> None:
    answer = decide(company, asked(company) | {part: value})
    assert (answer["decision"], answer["context"]["reason_admin"]["code"]) == (False, code)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"subject": None}, "/subject"),
        ({"subject": {"type": "user"}}, "/subject/id"),
        ({"action": {}}, "/action/name"),
        ({"resource": "door"}, "/resource"),
        ({"context": {"time": "noon"}}, "/context/time"),
        ({"context": {"time": "2026-11-23T08:00:00"}}, "/context/time"),
    ],
)
def test_what_is_no_question_is_refused_with_its_place(company: Company, change: Any, where: str) -> None:
    body = {name: value for name, value in (asked(company) | change).items() if value is not None}
    answer = company.call("POST", "/evaluation", body, base=access(company))
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == where


def test_hours_are_of_the_lockers_time_zone(company: Company) -> None:
    hours = {"days": ["mon"], "hours": {"from": "07:00", "until": "19:00"}}
    assert company.call("PATCH", f"/links/{company.link}", hours, match="*").status_code == 200
    assert decide(company, asked(company, context={"time": MONDAY_MORNING})) == {"decision": True}
    night = decide(company, asked(company, context={"time": MONDAY_NIGHT}))
    assert night["context"]["reason_admin"]["code"] == "notNow"
    assert [one["reason"] for one in explain(company, at=MONDAY_NIGHT)["conditions"] if not one["met"]] == ["notNow"]


def test_a_terminal_knows_a_badge(company: Company) -> None:
    seat = company.seat
    user = seat.get(f"/Users/{company.ann}").json()
    keeper = seat.speaking("releezme")
    keeper.patch(f"/users/{company.ann}", {"op": "add", "path": f"{BADGES}:badges", "value": [{"value": "0042"}]})
    for kind, id in (("badge", "0042"), ("userName", user["userName"].upper())):
        assert decide(company, asked(company) | {"subject": {"type": kind, "id": id}}) == {"decision": True}
    assert explain(company, user="0042", userBy="badge")["userId"] == company.ann


def test_who_leaves_loses_his_rights_at_once(company: Company) -> None:
    company.seat.patch(f"/Users/{company.ann}", {"op": "replace", "path": "active", "value": False})
    assert decide(company, asked(company))["context"]["reason_admin"]["code"] == "userInactive"
    assert company.items(f"/users/{company.ann}/effective-lockers") == []
    assert company.items(f"/lockers/{company.doors[0]}/effective-users") == [company.bo]


def test_a_locker_that_another_holds_is_his(company: Company) -> None:
    company.make("/assignments", {"userId": company.bo, "lockerId": company.doors[0]})
    assert decide(company, asked(company, company.bo)) == {"decision": True}
    taken = decide(company, asked(company))
    assert taken["context"]["reason_admin"]["code"] == "heldByAnother"
    assert "Somebody" not in taken["context"]["reason_user"]["en"]
    assert company.items(f"/lockers/{company.doors[0]}/effective-users") == [company.bo]
    assert company.doors[0] not in company.items(f"/users/{company.ann}/effective-lockers")


def test_what_is_out_of_service_opens_for_nobody(company: Company) -> None:
    company.make(f"/lockers/{company.doors[0]}/block", {"reason": "jammed"})
    assert decide(company, asked(company))["context"]["reason_admin"]["code"] == "lockerBlocked"
    assert company.call("PATCH", f"/locker-banks/{company.bank}", {"state": "closed"}, match="*").status_code == 200
    closed = decide(company, asked(company, door=company.doors[1]))
    assert closed["context"]["reason_admin"]["code"] == "lockerClosed"


def test_many_are_answered_in_their_order(company: Company) -> None:
    doors = [{"resource": {"type": "locker", "id": door}} for door in (company.doors[0], NOBODY, company.doors[1])]
    body = {key: value for key, value in asked(company).items() if key != "resource"} | {"evaluations": doors}

    def decisions(semantic: str | None) -> list[bool]:
        options = {"options": {"evaluations_semantic": semantic}} if semantic else {}
        return [one["decision"] for one in decide(company, body | options, "evaluations")["evaluations"]]

    assert decisions(None) == decisions("execute_all") == [True, False, True]
    assert decisions("deny_on_first_deny") == [True, False]
    assert decisions("permit_on_first_permit") == [True]
    assert decide(company, asked(company), "evaluations") == {"decision": True}
    wrong = company.call(
        "POST", "/evaluations", body | {"options": {"evaluations_semantic": "maybe"}}, base=access(company)
    )
    assert wrong.status_code == 400


def test_searches_go_page_by_page(company: Company) -> None:
    body = asked(company) | {"resource": {"type": "locker"}}
    whole = decide(company, body, "search/resource")
    assert [one["id"] for one in whole["results"]] == sorted(company.doors)
    assert whole["page"]["next_token"] == ""
    found, token = [], ""
    while True:
        page = decide(company, body | {"page": {"limit": 1, "token": token}}, "search/resource")
        found += [one["id"] for one in page["results"]]
        token = page["page"]["next_token"]
        if not token:
            break
    assert found == sorted(company.doors)
    for wrong in ("%%%", "AAAA", "é", 7):
        refused = company.call("POST", "/search/resource", body | {"page": {"token": wrong}}, base=access(company))
        assert refused.status_code == 400
    users = decide(company, asked(company) | {"subject": {"type": "user"}}, "search/subject")
    assert [one["id"] for one in users["results"]] == sorted([company.ann, company.bo])
    actions = decide(company, {k: v for k, v in asked(company).items() if k != "action"}, "search/action")
    assert "open" in [one["name"] for one in actions["results"]]


def test_an_explanation_names_each_condition(company: Company) -> None:
    good = explain(company)
    assert (good["allowed"], good["reason"]) == (True, None)
    assert all(one["met"] for one in good["conditions"])
    (link,) = good["links"]
    assert (link["linkId"], link["userGroup"], link["lockerGroup"]) == (company.link, "Staff", "Doors of all")
    bad = explain(company, user=company.cleo)
    missing = {one["name"]: one["reason"] for one in bad["conditions"] if not one["met"]}
    assert (bad["allowed"], bad["reason"], missing["groupsMeet"]) == (False, "noLink", "noLink")
    assert all(one["detail"] for one in bad["conditions"] if not one["met"])
    assert (bad["userGroups"], bad["lockerGroups"], bad["links"]) == ([], ["Doors of all"], [])
    nobody = explain(company, user=NOBODY, locker="x-1", lockerBy="externalId")
    assert (nobody["userGroups"], nobody["lockerGroups"]) == ([], [])


def test_a_change_is_seen_before_it_is_made(company: Company) -> None:
    deny = {"userGroupId": company.staff, "lockerGroupId": company.group, "effect": "deny"}
    lost = company.make("/access/diff", {"links": {"put": [deny]}})
    assert (lost["usersLosing"], lost["lost"], lost["gained"]) == (2, 2 * len(company.doors), 0)
    gone = company.make("/access/diff", {"links": {"delete": [company.link]}})
    assert gone == lost
    come = company.make("/access/diff", {"userGroup": {"id": company.staff, "add": [company.cleo]}})
    assert (come["usersGaining"], come["gained"]) == (1, len(company.doors))
    assert come["gainedExample"]["userId"] == company.cleo
    out = company.make("/access/diff", {"lockerGroup": {"id": company.group, "remove": [company.doors[0]]}})
    assert (out["usersLosing"], out["lost"]) == (2, 2)
    assert company.code("POST", "/access/diff", {}) == (400, "invalidBody")
    assert decide(company, asked(company)) == {"decision": True}


def _link(user_group: str, locker_group: str, **more: str) -> dict[str, Any]:
    return {"links": {"put": [{"userGroupId": user_group, "lockerGroupId": locker_group, **more}]}}


@pytest.mark.parametrize(
    ("change", "refusal", "where"),
    [
        ({"links": {"delete": [NOBODY]}}, (404, "notFound"), "/links/delete/0"),
        (_link("{staff}", "{group}", id=NOBODY), (404, "notFound"), "/links/put/0/id"),
        (_link("{ann}", "{group}"), (422, "noParent"), "/links/put/0/userGroupId"),
        (_link("{staff}", NOBODY), (422, "noParent"), "/links/put/0/lockerGroupId"),
        ({"userGroup": {"id": NOBODY, "add": ["{ann}"]}}, (404, "notFound"), "/userGroup/id"),
        ({"userGroup": {"id": "{staff}", "add": ["{ann}", NOBODY]}}, (422, "noMember"), "/userGroup/add/1"),
        ({"userGroup": {"id": "{staff}", "remove": ["{staff}"]}}, (422, "noMember"), "/userGroup/remove/0"),
        ({"lockerGroup": {"id": "{staff}", "add": []}}, (404, "notFound"), "/lockerGroup/id"),
        ({"lockerGroup": {"id": "{group}", "add": [NOBODY]}}, (422, "noLocker"), "/lockerGroup/add/0"),
    ],
)
def test_a_change_of_what_is_not_there_is_refused_and_not_called_nothing(
    company: Company, change: Any, refusal: tuple[int, str], where: str
) -> None:
    said = json.dumps(change)
    for name in ("staff", "group", "ann"):
        said = said.replace(f"{{{name}}}", getattr(company, name))
    body = json.loads(said)
    assert company.code("POST", "/access/diff", body) == refusal
    assert [one["pointer"] for one in company.call("POST", "/access/diff", body).json()["errors"]] == [where]


def test_ids_in_capital_letters_mean_the_same_in_a_question(company: Company) -> None:
    change = {"userGroup": {"id": company.staff.upper(), "add": [company.cleo.upper()]}}
    assert company.make("/access/diff", change)["usersGaining"] == 1


def test_the_name_of_a_request_comes_back(company: Company) -> None:
    def named(name: str, path: str = "/evaluation") -> str:
        headers = {"x-request-id": name}
        return str(
            company.call("POST", path, asked(company), headers=headers, base=access(company)).headers["x-request-id"]
        )

    assert named("bfe9eb29-ab87") == "bfe9eb29-ab87"
    assert named("bfe9eb29-ab87", "/nowhere") == "bfe9eb29-ab87"
    assert named("a b") != "a b"
    assert len(named("x" * 999)) < 999


def test_what_decides_says_where(company: Company) -> None:
    seat = company.seat
    for path, below in (("", ""), (f"/t/{seat.name}", f"/t/{seat.name}")):
        found = seat.client.get(f"{seat.house.url}/.well-known/authzen-configuration{path}")
        assert found.status_code == 200
        told = found.json()
        assert told["policy_decision_point"].endswith(below or str(seat.house.url).rpartition(":")[2])
        assert told["access_evaluation_endpoint"] == told["policy_decision_point"] + "/access/v1/evaluation"
        address = told["search_resource_endpoint"]
        body = asked(company) | {"resource": {"type": "locker"}}
        answer = seat.client.post(address, json=body, headers={"authorization": f"Bearer {seat.token}"})
        assert answer.status_code == 200


def test_tenants_decide_about_their_own(company: Company, house: House) -> None:
    other = new_company(house, doors=1)
    body = asked(company, other.ann, other.doors[0])
    assert decide(company, body)["context"]["reason_admin"]["code"] == "noUser"
    assert company.code("GET", f"/users/{other.ann}/effective-lockers") == (404, "notFound")
    assert company.code("GET", f"/lockers/{other.doors[0]}/effective-users") == (404, "notFound")
    answer = company.call("POST", "/evaluation", asked(company), base=access(company, f"/t/{other.seat.name}"))
    assert answer.status_code == 404
    diff = company.call("POST", "/access/diff", {"lockerGroup": {"id": other.group, "add": other.doors}})
    assert diff.status_code == 404
    assert other.doors[0] not in diff.text


def test_deciding_needs_its_scope(company: Company, house: House) -> None:
    weak = Desk(house.seat("acorn", scopes=("system.read",)))
    assert weak.call("POST", "/evaluation", asked(company), base=access(company)).status_code == 403
    assert weak.code("GET", f"/users/{company.ann}/effective-lockers")[0] == 403
    nobody = company.seat.client.post(f"{company.seat.house.url}/access/v1/evaluation", json=asked(company))
    assert nobody.status_code == 401
