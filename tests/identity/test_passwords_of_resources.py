"""A User's password is stored where the connection says so, and opens no door of this house."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.identity.stage import good, make_desk, refused
from tests.support.house import USER, House, Seat

from rollbook.storage.contract import Store

OF_A_RESOURCE = "Larch-Beech-Rowan-1"


def _passwords_in(seat: Seat) -> dict[str, str | None]:
    async def read(store: Store) -> dict[str, str | None]:
        return {user.name: user.password for user in await store.identity.users(seat.tenant.id)}

    found: dict[str, str | None] = seat.house.with_store(read)
    return found


def test_protocol_33_a_users_password_is_no_login(house: House) -> None:
    seat = house.seat("acorn", store_passwords="on")
    desk = make_desk(seat)
    ann = seat.user("ann", password=OF_A_RESOURCE)
    for name in ("ann", ann["id"], desk.user.name):
        refused(desk.ask("password", username=name, password=OF_A_RESOURCE), 400, "invalid_grant")


def test_protocol_33_a_user_with_the_name_of_a_system_user_changes_nothing_for_it(house: House) -> None:
    seat = house.seat("acorn", store_passwords="on")
    desk = make_desk(seat)
    before = _passwords_in(seat)
    twin = seat.user(desk.user.name, password=OF_A_RESOURCE)
    path = f"/Users/{twin['id']}"
    writes: tuple[Callable[[], Any], ...] = (
        lambda: seat.put(path, {"schemas": [USER], "userName": desk.user.name, "password": OF_A_RESOURCE}),
        lambda: seat.patch(path, {"op": "remove", "path": "password"}),
        lambda: seat.patch(f"/Users/{desk.user.id}", {"op": "replace", "path": "password", "value": OF_A_RESOURCE}),
        lambda: seat.put(f"/Users/{desk.user.id}", {"schemas": [USER], "userName": "x", "password": OF_A_RESOURCE}),
        lambda: seat.delete(path),
    )
    for write in writes:
        assert write().status_code in (200, 204, 404)
        refused(desk.ask("password", password=OF_A_RESOURCE), 400, "invalid_grant")
    assert _passwords_in(seat) == before
    good(desk.ask("password"))


def test_protocol_33_no_statement_of_logins_names_the_table_of_resources_passwords() -> None:
    import rollbook.storage.sql as sql

    folder = Path(sql.__path__[0])
    for file in folder.glob("*.py"):
        text = " ".join(file.read_text("utf-8").split())
        assert not any(f"{verb} password " in text for verb in ("FROM", "JOIN", "INTO")), file.name
