"""What the face of the product's System API lets in and refuses, and what it makes of our lockers (P6 to P10, U12, U13,
U15)."""

import threading
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.lockers.face_stage import Product, product, speaking, told
from tests.support.house import House

from rollbook.clock import SYSTEM_CLOCK
from rollbook.ids import new_id
from rollbook.releezme_face.rows import Router, Row
from rollbook.releezme_face.table import ROWS
from rollbook.tenancy import lifecycle

FIRSTS = {row.path.partition("/")[0] for row in ROWS}


@pytest.fixture
def acorn(house: House) -> Product:
    return product(house)


@pytest.fixture(scope="module")
def birch(_house_on_sqlite: House) -> Product:
    return product(_house_on_sqlite, "birch")


# -- who calls ---------------------------------------------------------------------------------------------------------


def test_u12_without_a_good_credential_every_address_is_401_with_a_message(birch: Product) -> None:
    for row in ROWS:
        path = "/" + row.path.replace("{", "").replace("}", "")
        for authorization in ("Bearer none", "Basic YTpi", ""):
            answer = birch.call(row.method, path, headers={"authorization": authorization})
            assert answer.status_code == 401, row.path
            assert answer.headers["www-authenticate"].startswith("Bearer ")
            told(answer)


def test_p7_a_suspended_company_is_403(acorn: Product) -> None:
    assert acorn.call("GET", "/locations").status_code == 200

    async def suspend(store: Any) -> None:
        await lifecycle.suspend(store, SYSTEM_CLOCK, acorn.seat.tenant.name)

    acorn.seat.house.with_store(suspend)
    fresh = Product(speaking(acorn.seat), acorn.desk)
    assert "suspended" in fresh.refused(403, "GET", "/locations")


def test_a_credential_of_another_dialects_connection_is_403(birch: Product) -> None:
    answer = birch.desk.seat.call("GET", "/locations", base=birch.seat.base)
    assert answer.status_code == 403
    assert "releezme" in told(answer)


def test_a_token_opens_what_its_scopes_say_and_is_told_the_products_name(birch: Product) -> None:
    reads = Product(speaking(birch.seat, "system.read"), birch.desk)
    assert reads.call("GET", "/locations").status_code == 200
    for method, path in (
        ("POST", "/locations"),
        ("POST", f"/lockers/{new_id()}/block"),
        ("GET", "/events/locker/events"),
    ):
        answer = reads.call(method, path, {} if method == "POST" else None)
        assert answer.status_code == 403
        assert "Vecos.Releezme.Web.SAPI" in told(answer)
        assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]
    scim = Product(birch.seat.speaking("releezme"), birch.desk)
    assert scim.call("GET", "/locations").status_code == 403
    assert scim.call("GET", "/users").status_code == 200


def test_the_dialects_own_addresses_stay_its_own(birch: Product) -> None:
    for path in ("/users", "/Groups", "/serviceProviderConfig", "/schemas", "/resourcetypes"):
        answer = birch.call("GET", path)
        assert answer.headers["content-type"].startswith("application/scim+json"), path
        assert answer.status_code == 200
    assert birch.call("GET", "/elsewhere").json()["schemas"]
    assert birch.call("GET", "/v1/locations", base=birch.seat.base).json()["items"]


def test_addresses_and_parameters_are_the_same_in_any_letter_case(birch: Product) -> None:
    url = birch.seat.house.url
    for base in ("/api", "/API", f"/t/{birch.seat.name}/Api"):
        for path in ("/lockerbanks", "/LockerBanks", "/LOCKERBANKS/"):
            page = birch.get(path, base=f"{url}{base}", PageSize=1)["Paging"]
            assert (page["PageSize"], page["TotalItemCount"]) == (1, 1)
    assert birch.call("HEAD", "/locations").status_code == 200


def test_every_refusal_of_the_edge_is_a_message_too(birch: Product) -> None:
    assert birch.refused(405, "PUT", "/locations", {})
    assert birch.refused(404, "GET", "/locations/x/y/z")
    assert birch.refused(400, "POST", "/locations", b"{")
    assert birch.refused(400, "POST", "/locations", b"[]")
    assert birch.refused(415, "POST", "/locations", b"<a/>", headers={"content-type": "application/xml"})
    assert birch.refused(400, "GET", f"/locations?{'&'.join(['a=1'] * 200)}")


# -- what it makes of our lockers --------------------------------------------------------------------------------------


def test_u15_who_is_not_active_may_take_nothing(acorn: Product) -> None:
    assert acorn.get("/lockers/canallocate", externalUserId="ann") is True
    acorn.desk.seat.patch(f"/Users/{acorn.desk.ann}", {"op": "replace", "path": "active", "value": False})
    assert acorn.get("/lockers/canallocate", externalUserId="ann") is False
    door = acorn.desk.doors[0]
    assert acorn.get(f"/lockers/canallocate/{door}", externalUserId="ann") is False
    assert "not active" in acorn.refused(400, "POST", f"/lockers/{door}/allocate", externalUserId="ann")


def test_u13_a_user_who_is_deleted_holds_nothing_any_more(acorn: Product) -> None:
    door = acorn.desk.doors[0]
    acorn.post(f"/lockers/{door}/allocate", externalUserId="ann")
    assert acorn.call("DELETE", f"/users/{acorn.desk.ann}").status_code == 204
    assert acorn.get(f"/lockerbanks/{acorn.desk.bank}/allocations")["Allocations"] == []
    *_, last = acorn.get("/events/locker/events")["Events"]
    assert (last["EventType"], last["LockerId"], last["UserId"]) == ("AssignmentEnd", door, acorn.desk.ann)


def test_p8_a_user_is_named_as_scim_names_him_and_shown_as_the_product_does(acorn: Product) -> None:
    body = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "jdoe@acorn.example",
        "name": {"givenName": "Jane", "familyName": "Doe"},
        "emails": [{"value": "jane@acorn.example", "type": "work"}],
    }
    made = acorn.seat.call("POST", "/users", body, headers={"content-type": "application/scim+json"}).json()
    door = acorn.desk.doors[0]
    acorn.post(f"/lockers/{door}/allocate", externalUserId="ann")
    for said in ("JANE@", "doe", "jdoe@"):
        found = acorn.get(f"/lockers/{door}/shareablelockerusers", externalUserId="ann", searchString=said)
        assert found["LockerUsers"] == [
            {
                "Id": made["id"],
                "FirstName": "Jane",
                "LastName": "Doe",
                "EmailAddress": "jane@acorn.example",
                "ExternalUserId": "jdoe@acorn.example",
            }
        ]
    everybody = acorn.get(f"/lockers/{door}/shareablelockerusers", externalUserId="ann")
    assert [one["ExternalUserId"] for one in everybody["LockerUsers"]] == ["bo", "cleo", "jdoe@acorn.example"]


def test_of_two_clients_who_want_the_last_locker_one_gets_it(acorn: Product) -> None:
    bank, group = acorn.desk.bank, acorn.desk.group
    for door in acorn.desk.doors[1:]:
        acorn.post(f"/lockers/{door}/block")
    answers: list[int] = []

    def ask(user: str) -> None:
        wish = {"lockerBankId": bank, "lockerGroupId": group, "externalUserId": user}
        answers.append(acorn.call("POST", "/lockers/allocate", **wish).status_code)

    threads = [threading.Thread(target=ask, args=(user,)) for user in ("ann", "bo") * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(answers) == {200: 1, 400: 7}
    assert acorn.get(f"/lockerbanks/{bank}/allocations")["Paging"]["TotalItemCount"] == 1


def test_bricks_that_come_at_once_while_doors_are_numbered_leave_each_door_its_number(acorn: Product) -> None:
    bank = acorn.post("/lockerbanks", {"Name": "B", "SectionId": acorn.desk.section})["Id"]
    answers: list[tuple[str, int]] = []

    def ask(path: str, body: Any = None) -> None:
        answers.append((path, acorn.call("POST", f"/lockerbanks/{bank}/{path}", body).status_code))

    asked = [("2", {"LockerCount": 3}), ("autonumber?startNumber=50", None), ("publish", None)] * 4
    threads = [threading.Thread(target=ask, args=one) for one in asked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {status for path, status in answers if path == "publish"} == {200}
    assert {status for _, status in answers} <= {200, 400}  # 400: the numbers that one wanted were taken meanwhile
    numbers = [one["FullDoorNumber"] for one in acorn.get(f"/lockerbanks/{bank}/lockers")["Lockers"]]
    assert len(set(numbers)) == len(numbers) == 6 * answers.count(("2", 200))
    assert all(len(number) < 9 for number in numbers)


def test_numbers_on_doors_keep_their_zeros_prefix_and_all(acorn: Product) -> None:
    desk = acorn.desk
    for number in ("A-07", "Exec", "3B"):
        desk.make("/lockers", {"lockerBankId": desk.bank, "number": number})
    shown = {one["FullDoorNumber"]: one for one in acorn.get(f"/lockerbanks/{desk.bank}/lockers")["Lockers"]}
    parts = ("DoorNumberPrefix", "DoorNumber", "NumberOfDigitsForDoorNumber")
    assert {number: tuple(shown[number][part] for part in parts) for number in ("001", "A-07", "Exec", "3B")} == {
        "001": ("", 1, 3),
        "A-07": ("A-", 7, 2),
        "Exec": ("Exec", 0, 0),
        "3B": ("3B", 0, 0),
    }


def test_a_locker_that_its_holder_may_not_release_needs_the_word(acorn: Product) -> None:
    desk = acorn.desk
    made = desk.make("/lockers", {"lockerBankId": desk.bank, "number": "9", "selfRelease": False})["id"]
    desk.make("/assignments", {"lockerId": made, "userId": desk.ann, "force": True})
    assert "ignoreSelfReleaseAllowed" in acorn.refused(400, "POST", f"/lockers/{made}/release", externalUserId="ann")
    acorn.post(f"/lockers/{made}/release", externalUserId="ann", ignoreSelfReleaseAllowed="true")


def test_a_brick_that_somebody_holds_a_locker_of_stays_whole(acorn: Product) -> None:
    desk = acorn.desk
    bank = acorn.post("/lockerbanks", {"Name": "B", "SectionId": desk.section})["Id"]
    (brick,) = acorn.post(f"/lockerbanks/{bank}/1", {"LockerCount": 2})["LockerBricks"]
    acorn.post(f"/lockerbanks/{bank}/publish")
    door, _ = (one["Id"] for one in acorn.get(f"/lockerbanks/{bank}/lockers")["Lockers"])
    desk.make("/assignments", {"lockerId": door, "userId": desk.ann, "force": True})
    assert "assignments" in acorn.refused(400, "DELETE", f"/lockerbanks/{bank}/lockerbricks")
    assert acorn.get(f"/lockerbanks/{bank}/lockerbricks")["LockerBricks"] == [brick]
    assert acorn.get(f"/lockerbanks/{bank}/lockers")["Paging"]["TotalItemCount"] == 2


def test_doors_are_numbered_the_other_way_round_where_the_bank_says_so(acorn: Product) -> None:
    body = {"Name": "B", "SectionId": acorn.desk.section, "NumberOrderReverse": True, "DoorNumberPrefix": "B"}
    bank = acorn.post("/lockerbanks", body)["Id"]
    acorn.post(f"/lockerbanks/{bank}/1", {"LockerCount": 3})
    acorn.post(f"/lockerbanks/{bank}/autonumber")
    shown = acorn.get(f"/lockerbanks/{bank}/lockers")["Lockers"]
    by_place = sorted(shown, key=lambda one: one["SequenceNumber"])
    assert [one["FullDoorNumber"] for one in by_place] == ["B003", "B002", "B001"]


def test_a_bank_that_says_nothing_keeps_the_prefix_and_the_digits_of_its_doors(acorn: Product) -> None:
    desk = acorn.desk
    bank = desk.make("/locker-banks", {"sectionId": desk.section, "name": "C"})["id"]
    for n in (7, 9):
        desk.make("/lockers", {"lockerBankId": bank, "number": f"C-{n:04d}", "position": n})
    acorn.post(f"/lockerbanks/{bank}/autonumber")
    acorn.post(f"/lockerbanks/{bank}/1", {"LockerCount": 1})
    shown = acorn.get(f"/lockerbanks/{bank}/lockers")["Lockers"]
    assert [one["FullDoorNumber"] for one in shown] == ["C-0001", "C-0002", "C-0003"]


def test_a_pin_code_is_never_read_and_not_guessed(acorn: Product) -> None:
    door = acorn.desk.doors[0]
    acorn.post(f"/lockers/{door}/pincode", {"PinCode": "86421357"})
    for n in range(5):
        acorn.refused(400, "POST", f"/lockers/{door}/pincode/unlock", {"PinCode": f"000{n}"})
    assert "wait" in acorn.refused(400, "POST", f"/lockers/{door}/pincode/unlock", {"PinCode": "86421357"})
    events = acorn.get("/events/pincode/events", useRawEvents="true")
    assert "86421357" not in str(events) + str(acorn.seat.events())


# -- the table ---------------------------------------------------------------------------------------------------------


def test_an_address_finds_its_row_whatever_stands_in_it() -> None:
    router = Router(ROWS)
    assert router.firsts == {first.lower() for first in FIRSTS}  # and no more of the dialect's addresses
    for row in ROWS:
        filled = row.path.replace("{brickCount}", "7").replace("{", "").replace("}", "")
        assert router.find(row.method, f"/{filled.upper()}/").row is row


JUNK = st.sampled_from(["", "x", "0", "-1", "1e9", "true", "null", "%00", "ä", "'", new_id(), "ann", "9" * 30, "☃"])
VALUES = st.one_of(JUNK, st.integers(), st.none(), st.booleans(), st.lists(st.integers(), max_size=2), st.just({}))


@st.composite
def nonsense(draw: st.DrawFn) -> tuple[Row, str, dict[str, str], Any]:
    """A row, asked for what it is not meant for."""
    row = draw(st.sampled_from(ROWS))
    path = "/".join(
        draw(st.sampled_from([new_id(), "x", "7", "%20", "☃"])) if part.startswith("{") else part
        for part in row.path.split("/")
    )
    names = [*row.query, "pageNumber", "pageSize", "externalUserId"]
    query = draw(st.dictionaries(st.sampled_from(names), JUNK, max_size=3))
    body = draw(st.dictionaries(st.sampled_from([*row.body, "Name"]), VALUES, max_size=4))
    return row, path, query, body if row.method in ("POST", "PUT") else None


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=nonsense())
def test_no_row_answers_what_it_does_not_say_whatever_it_is_asked(
    birch: Product, asked: tuple[Row, str, dict[str, str], Any]
) -> None:
    row, path, query, body = asked
    answer = birch.call(row.method, f"/{path}", body, **query)
    assert answer.status_code in row.statuses - {500}, (row.method, path, query, body, answer.text)
    if answer.status_code >= 400:
        told(answer)


def test_control_characters_are_no_values_of_parameters(acorn: Product) -> None:
    door = acorn.desk.doors[0]
    for method, path, name in (
        ("GET", "/lockers/allocated", "externalUserId"),
        ("GET", "/bookings", "externalUserId"),
        ("GET", f"/lockers/{door}/shareablelockerusers", "searchString"),
        ("POST", f"/lockers/{door}/allocate", "externalUserId"),
        ("POST", f"/lockers/{door}/share", "sharedUserId"),
        ("GET", "/events/locker/events", "useRawEvents"),
    ):
        for value in ("\0", "a\0b", "a\nb"):
            assert name in acorn.refused(400, method, path, **{name: value})
    assert acorn.call("GET", f"/events/locker/events/{new_id()}%00").status_code in (400, 404)
