"""RFC 6749 §4.4 and RFC 8707: a client speaks for itself, in a tenant that it is let into and that is told."""

import pytest
from tests.identity.stage import Desk, good, make_desk, parts_of, refused
from tests.support.house import House, Seat


def test_the_only_tenant_need_not_be_named(desk: Desk) -> None:
    body = good(desk.ask("client_credentials"))
    assert "refresh_token" not in body
    claims = parts_of(body["access_token"])[1]
    assert (claims["sub"], claims["client_id"], claims["tenant"]) == (desk.id, desk.id, desk.seat.tenant.id)
    assert desk.reads(body["access_token"]).status_code == 200


def test_of_several_tenants_one_has_to_be_named(seat: Seat, house: House) -> None:
    birch = house.seat("birch")
    desk = make_desk(seat, birch)
    refused(desk.ask("client_credentials"), 400, "invalid_target")
    refused(desk.ask("client_credentials", resource=house.url), 400, "invalid_target")
    for asked in (birch.name, birch.name.upper(), birch.tenant.id):
        body = good(desk.ask("client_credentials", resource=f"{house.url}/t/{asked}"))
        assert parts_of(body["access_token"])[1]["tenant"] == birch.tenant.id
    body = good(desk.ask("client_credentials", f"/t/{seat.name}/oauth/token"))
    assert parts_of(body["access_token"])[1]["tenant"] == seat.tenant.id


@pytest.mark.parametrize(
    "resource",
    [
        "nothing",
        "/t/{there}",
        "https://elsewhere.example/t/{there}",
        "{url}/t/{there}#x",
        "{url}/t/nobody",
        "{url}/t/",
        "http://[",
    ],
)
def test_a_resource_that_is_none_of_the_clients_is_an_invalid_target(desk: Desk, resource: str) -> None:
    named = resource.format(url=desk.house.url, there=desk.seat.name)
    refused(desk.ask("client_credentials", resource=named), 400, "invalid_target")


def test_a_tenant_that_did_not_let_the_client_in_gives_nothing(desk: Desk, house: House) -> None:
    told = {
        refused(desk.ask("client_credentials", resource=f"{house.url}/t/{name}"), 400, "invalid_target")
        for name in (house.seat("birch").name, "nobody")
    }
    assert len(told) == 1


def test_several_resources_are_an_invalid_target(desk: Desk) -> None:
    form = [("grant_type", "client_credentials"), ("resource", desk.house.url), ("resource", desk.house.url)]
    refused(desk.post("/oauth/token", form), 400, "invalid_target")


def test_a_client_without_a_tenant_gets_nothing(seat: Seat) -> None:
    from rollbook.clock import SYSTEM_CLOCK
    from rollbook.identity import clients

    desk = make_desk(seat)
    token = good(desk.ask("client_credentials"))["access_token"]
    assert desk.reads(token).status_code == 200
    desk.with_identity(lambda store: clients.unlink(store, SYSTEM_CLOCK, desk.id, seat.tenant))
    refused(desk.ask("client_credentials"), 400, "invalid_target")
    refused(desk.ask("client_credentials", resource=f"{desk.house.url}/t/{seat.name}"), 400, "invalid_target")
