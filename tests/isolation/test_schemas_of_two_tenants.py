"""What acorn has made of schemas and types is nothing to birch, who may have made the like, or nothing at all."""

from tests.support.devices import (
    BADGE,
    BADGE_SCHEMA,
    DEVICE,
    DEVICE_TYPE,
    attribute,
    device,
    keeper,
    made,
    numbers,
    schema,
    user_type,
    with_devices,
)
from tests.support.house import USER, House


def test_birch_neither_sees_nor_can_use_what_acorn_has_made(house: House) -> None:
    acorn, birch = with_devices(house), house.seat("birch")
    made(acorn, "/Schemas", BADGE_SCHEMA)
    assert acorn.put("/ResourceTypes/User", user_type(BADGE)).status_code == 200
    box = device(acorn, "X1")
    bare = house.seat("cedar")
    for method, path, body in (
        ("GET", "/Devices", None),
        ("GET", f"/Devices/{box['id']}", None),
        ("POST", "/Devices", {"schemas": [DEVICE], "serialNumber": "X1"}),
        ("PUT", f"/Devices/{box['id']}", {"schemas": [DEVICE], "serialNumber": "X2"}),
        ("DELETE", f"/Devices/{box['id']}", None),
        ("GET", "/ResourceTypes/Device", None),
        ("GET", f"/Schemas/{DEVICE}", None),
        ("GET", f"/Schemas/{BADGE}", None),
    ):
        answer, nobody = birch.call(method, path, body), bare.call(method, path, body)
        assert answer.status_code == 404, (method, path)
        assert answer.text == nobody.text
    assert "Device" not in birch.get("/ResourceTypes").text + birch.get("/Schemas").text
    assert birch.post("/Users", {"schemas": [USER, BADGE], "userName": "ann"}).status_code == 400
    assert birch.get("/Users", filter=f"{BADGE}:number pr").status_code == 400
    assert birch.get("/").json()["totalResults"] == 0
    assert acorn.get(f"/Devices/{box['id']}").json() == box


def test_both_may_have_types_of_one_name_that_are_not_alike(house: House) -> None:
    acorn, birch = with_devices(house), keeper(house)
    made(birch, "/Schemas", schema(DEVICE, attribute("serialNumber", "integer"), attribute("colour")))
    made(birch, "/ResourceTypes", {"name": "Device", "endpoint": "/Devices", "schema": DEVICE})
    device(acorn, "X1")
    made(birch, "/Devices", {"schemas": [DEVICE], "serialNumber": 1, "colour": "red"})
    assert numbers(acorn, 'serialNumber eq "x1"') == ["X1"]
    assert numbers(birch, 'serialNumber eq 1 and colour eq "RED"') == [1]
    assert acorn.get("/Devices", filter='colour eq "red"').status_code == 400
    assert birch.get("/Devices", filter='model eq "Tower"').status_code == 400
    assert birch.put("/ResourceTypes/Device", DEVICE_TYPE).status_code == 400  # birch has no owner to index
    assert birch.delete("/ResourceTypes/Device").status_code == 409
    box = birch.get("/Devices").json()["Resources"][0]
    assert birch.delete(f"/Devices/{box['id']}").status_code == 204
    assert birch.delete("/ResourceTypes/Device").status_code == 204
    assert numbers(acorn, "") == ["X1"]


def test_a_schema_cannot_be_made_for_another_tenant(house: House) -> None:
    acorn, birch = keeper(house), house.seat("birch")
    base = f"{house.url}/t/{birch.name}/scim/v2"
    for method, path in (("POST", "/Schemas"), ("PUT", f"/Schemas/{BADGE}"), ("GET", "/Schemas")):
        assert acorn.call(method, path, BADGE_SCHEMA if method != "GET" else None, base=base).status_code == 404
    assert birch.get("/Schemas").json()["totalResults"] == 3
