"""RFC 6749 §4.3: an API system user's password, for tokens of its tenant (RFC 9700 §2.4: only where allowed)."""

import pytest
from tests.identity.stage import Desk, good, make_desk, make_user, parts_of, refused
from tests.support.house import House, Seat

from rollbook.clock import SYSTEM_CLOCK
from rollbook.identity import clients, system_users
from rollbook.storage.contract import Store
from rollbook.tenancy import lifecycle


def test_a_login_gives_an_hour_and_a_refresh_token(desk: Desk) -> None:
    body = desk.login()
    assert body["expires_in"] == 3600
    assert body["scope"] == "scim.read scim.write"
    assert body["refresh_token"].startswith("rbr_")
    assert desk.reads(body["access_token"]).status_code == 200
    assert [(e.kind, e.actor, e.resource) for e in desk.seat.events()][-1] == (
        "grant:issue",
        f"user:{desk.user.id}",
        desk.id,
    )


def test_the_name_is_the_same_in_any_case(desk: Desk) -> None:
    good(desk.ask("password", username=desk.user.name.upper()))


def test_the_password_is_not(desk: Desk) -> None:
    for wrong in (desk.password.upper(), desk.password + " ", " " + desk.password, desk.password[:-1]):
        refused(desk.ask("password", password=wrong), 400, "invalid_grant")


def test_a_client_that_may_not_refresh_gets_no_refresh_token(seat: Seat) -> None:
    assert "refresh_token" not in make_desk(seat, grants=("password",)).login()


def test_everything_wrong_with_a_login_is_told_in_the_same_words(desk: Desk, seat: Seat, house: House) -> None:
    portal, portal_password = make_user(seat, "portal")
    unset, _ = make_user(seat, with_password=False)
    stranger, stranger_password = make_user(house.seat("birch"))
    disabled, disabled_password = make_user(seat)
    seat.user("ann", password="a password of hers")

    async def disable(store: Store) -> None:
        await system_users.set_status(store, SYSTEM_CLOCK, seat.tenant, disabled.name, "disabled")

    house.with_store(disable)
    logins = [
        (desk.user.name, "wrong"),
        (desk.user.id, desk.password),  # an id is no name
        ("nobody", desk.password),
        ("ann", "a password of hers"),  # a User of SCIM never logs in
        (portal.name, portal_password),
        (unset.name, "x"),
        (stranger.name, stranger_password),  # the client is not let into birch
        (disabled.name, disabled_password),
        (desk.user.name, "x" * 1025),
        (desk.user.name, "\u202e\u0007"),
    ]
    told = {refused(desk.ask("password", username=u, password=p), 400, "invalid_grant") for u, p in logins}
    assert len(told) == 1


def test_a_suspended_tenant_gets_no_tokens(own_desk: Desk) -> None:
    desk, seat = own_desk, own_desk.seat
    refresh = desk.login()["refresh_token"]

    async def suspend(store: Store) -> None:
        await lifecycle.suspend(store, SYSTEM_CLOCK, seat.tenant.id)

    desk.with_identity(suspend)
    refused(desk.ask("password"), 400, "invalid_grant")
    refused(desk.refresh(refresh), 400, "invalid_grant")
    refused(desk.ask("client_credentials"), 400, "unauthorized_client")


def test_one_client_serves_many_tenants_and_keeps_them_apart(own_seat: Seat, house: House) -> None:
    seat = own_seat
    birch = house.seat("birch")
    desk = make_desk(seat, birch)
    other, password = make_user(birch)
    ann, bo = seat.user("ann"), birch.user("bo")
    of_acorn = desk.login()["access_token"]
    of_birch = desk.login(username=other.name, password=password)["access_token"]
    assert desk.reads(of_acorn).json()["Resources"][0]["id"] == ann["id"]
    assert desk.reads(of_birch).json()["Resources"][0]["id"] == bo["id"]
    assert desk.reads(of_acorn, f"/Users/{bo['id']}").status_code == 404
    assert desk.reads(of_acorn, base=f"{house.url}/t/{birch.name}/scim/v2").status_code == 404


def test_the_address_and_the_resource_may_repeat_the_tenant_but_not_name_another(seat: Seat, house: House) -> None:
    birch = house.seat("birch")
    desk = make_desk(seat, birch)
    good(desk.ask("password", f"/t/{seat.name.upper()}/oauth/token", resource=f"{house.url}/t/{seat.name}/scim/v2"))
    refused(desk.ask("password", f"/t/{birch.name}/oauth/token"), 400, "invalid_target")
    refused(desk.ask("password", resource=f"{house.url}/t/{birch.name}"), 400, "invalid_target")


class TestScope:
    """RFC 6749 §3.3."""

    def test_less_may_be_asked(self, desk: Desk) -> None:
        body = desk.login(scope="scim.read")
        assert body["scope"] == "scim.read"
        assert desk.reads(body["access_token"]).status_code == 200

    @pytest.mark.parametrize("scope", ["audit.read", "scim.read audit.read", "x", "SCIM.READ", "scim.read  x", '"'])
    def test_more_or_other_is_refused_as_a_whole(self, desk: Desk, scope: str) -> None:
        refused(desk.ask("password", scope=scope), 400, "invalid_scope")

    def test_products_names_are_understood_and_repeated(self, desk: Desk) -> None:
        body = desk.login(scope="identify*scim")
        assert body["scope"] == "identify*scim"
        assert parts_of(body["access_token"])[1]["scope"] == "scim.read scim.write"
        body = desk.login(scope="Vecos.Releezme.Web.SCIM offline_access")
        assert body["scope"] == "Vecos.Releezme.Web.SCIM offline_access"
        refused(desk.ask("password", scope="Vecos.Releezme.Web.SAPI offline_access"), 400, "invalid_scope")

    def test_offline_access_is_no_right(self, desk: Desk, seat: Seat) -> None:
        assert desk.login(scope="offline_access")["scope"] == "scim.read scim.write offline_access"
        without = make_desk(seat, grants=("password",)).login(scope="scim.read offline_access")
        assert without["scope"] == "scim.read"
        assert "refresh_token" not in without

    def test_a_tenant_may_let_a_client_do_less(self, own_desk: Desk) -> None:
        desk, seat = own_desk, own_desk.seat

        async def less(store: Store) -> None:
            await clients.link(store, SYSTEM_CLOCK, desk.id, seat.tenant, ("scim.read",))

        desk.with_identity(less)
        assert desk.login()["scope"] == "scim.read"
        refused(desk.ask("password", scope="scim.write"), 400, "invalid_scope")
