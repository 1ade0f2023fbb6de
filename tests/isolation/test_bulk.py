"""Two tenants on one server: no operation of a bulk reaches the other tenant."""

from typing import Any

from tests.support.house import GROUP, PATCH_OP, USER, House, Seat

BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


def send(seat: Seat, *operations: dict[str, Any], base: str | None = None) -> Any:
    return seat.post("/Bulk", {"schemas": [BULK_REQUEST], "Operations": operations}, base=base)


def test_no_operation_of_a_bulk_reaches_another_tenant(house: House) -> None:
    acorn, birch = house.seat("acorn"), house.seat("birch")
    ann = birch.user("ann")
    staff = birch.group("staff", ann["id"])
    rename = {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": "displayName", "value": "taken"}]}
    first = {"schemas": [GROUP], "displayName": "first", "members": [{"value": "bulkId:b"}]}
    second = {"schemas": [GROUP], "displayName": "second", "members": [{"value": "bulkId:a"}, {"value": ann["id"]}]}
    answer = send(
        acorn,
        {"method": "PUT", "path": f"/Users/{ann['id']}", "data": {"schemas": [USER], "userName": "taken"}},
        {"method": "PATCH", "path": f"/Groups/{staff['id']}", "data": rename},
        {"method": "DELETE", "path": f"/Users/{ann['id']}"},
        {"method": "POST", "path": "/Groups", "bulkId": "c", "data": {**second, "members": [{"value": ann["id"]}]}},
        {"method": "POST", "path": "/Groups", "bulkId": "a", "data": first},
        {"method": "POST", "path": "/Groups", "bulkId": "b", "data": second},
        {"method": "POST", "path": "/Users", "bulkId": "d", "data": {"schemas": [USER], "userName": "ann"}},
    )
    parts = answer.json()["Operations"]
    assert [part["status"] for part in parts] == ["404", "404", "404", "400", "409", "400", "201"]
    assert birch.get(f"/Users/{ann['id']}").json()["meta"]["version"] == 'W/"1"'
    assert birch.get(f"/Groups/{staff['id']}").json()["meta"]["version"] == 'W/"1"'
    assert acorn.get("/Groups", count=0).json()["totalResults"] == 0
    assert not [event for event in birch.events() if event.kind == "write:refuse"]


def test_a_bulk_to_anothers_address_is_not_found(house: House) -> None:
    acorn, birch = house.seat("acorn"), house.seat("birch")
    made = {"method": "POST", "path": "/Users", "bulkId": "1", "data": {"schemas": [USER], "userName": "ann"}}
    assert send(acorn, made, base=f"{house.url}/t/{birch.name}/scim/v2").status_code == 404
    assert birch.get("/Users", count=0).json()["totalResults"] == 0


def test_a_path_that_names_another_tenant_is_no_path(house: House) -> None:
    acorn, birch = house.seat("acorn"), house.seat("birch")
    ann = birch.user("ann")
    paths = (f"/t/{birch.name}/scim/v2/Users/{ann['id']}", f"/../../t/{birch.name}/scim/v2/Users/{ann['id']}")
    answer = send(acorn, *({"method": "DELETE", "path": path} for path in paths))
    assert [part["status"] for part in answer.json()["Operations"]] == ["404", "404"]
    assert birch.get(f"/Users/{ann['id']}").status_code == 200
