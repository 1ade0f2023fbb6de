"""Invitations of Retail Ops: the mail, the page behind its link, and what becomes of the user (V6, S-P6, S-P7)."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.dialects.retailops_stage import made, openid, person, put, refused, shop
from tests.support.house import House, Seat, running_house
from tests.support.mail import mail_server

from rollbook.clock import SYSTEM_CLOCK
from rollbook.dialects.hooks.retailops import URN
from rollbook.identity import activations, letters
from rollbook.identity.master_key import MasterKey, new_master_key
from rollbook.identity.token_text import ACTIVATION, digest_of
from rollbook.ids import random_bytes
from rollbook.storage.contract import Store
from rollbook.storage.entrance_records import Letter
from rollbook.storage.session_records import Activation
from rollbook.tenancy import lifecycle

LINK = re.compile(r"(http://\S+/account/activate)\?token=(rbv_\w+)")
WATCHED = re.compile(r"<script|\son\w+=|style=|https?://", re.IGNORECASE)
PENDING = {"active": False, "sendInviteLink": True, "openIDUserID": None}


MASTER = new_master_key()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One that sends no mails: letters wait, and are read where they wait."""
    folder = tmp_path_factory.mktemp("activations")
    env = {"ROLLBOOK_MASTER_KEY": MASTER, "ROLLBOOK_ACCESS_LOG": "1"}
    with running_house("sqlite", f"sqlite:///{folder}/rollbook.db", **env) as house:
        yield house


@pytest.fixture
def seat(house: House) -> Seat:
    return shop(house)


class Guest:
    """An invited user, with a mailbox of its own."""

    def __init__(self, seat: Seat, **more: Any) -> None:
        self.seat = seat
        self.address = f"ann-{random_bytes(4).hex()}@acorn.example"
        emails = [{"value": "old@acorn.example"}, {"value": self.address, "type": "Work", "primary": True}]
        self.user = made(seat, self.address, emails=emails, sendInviteLink=True, **more)

    def letters(self) -> list[Letter]:
        """What was written to the user, oldest first."""
        found: list[Letter] = self.seat.house.with_store(lambda store: store.entrance.letters(self.seat.tenant.id))
        return [letter for letter in found if letter.recipient == self.address]

    def token(self) -> str:
        """Of the link in the one letter that waits."""
        (letter,) = [letter for letter in self.letters() if letter.state == "waiting"]
        return token_of(letters.read(letter, MasterKey(MASTER)).text)

    def now(self) -> dict[str, Any]:
        found: dict[str, Any] = self.seat.get(f"/Users/{self.user['id']}").json()
        return found

    def state(self) -> dict[str, Any]:
        now = self.now()
        return {name: now.get(name, now["retailOps"].get(name)) for name in PENDING}


def token_of(text: str) -> str:
    """Of the link in a letter."""
    found = LINK.search(text)
    assert found is not None
    return found[2]


@pytest.fixture
def guest(seat: Seat) -> Guest:
    return Guest(seat)


def show(house: House, token: str) -> httpx2.Response:
    return house.client.get(f"{house.url}/account/activate", params={"token": token})


def accept(house: House, token: str, user: str | None = None, **headers: str) -> httpx2.Response:
    form = {"token": token, **({} if user is None else {"openid": user})}
    sent = {"origin": house.url, **headers}
    return house.client.post(f"{house.url}/account/activate", data=form, headers={k: v for k, v in sent.items() if v})


def test_v6_a_mail_brings_the_link(tmp_path: Path) -> None:
    with mail_server() as box:
        settings = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(box.port), "SMTP_TLS": "none"}
        env = {f"ROLLBOOK_{name}": value for name, value in settings.items()}
        with running_house("sqlite", f"sqlite:///{tmp_path}/rollbook.db", **env) as house:
            guest = Guest(shop(house))
            letter = box.letter_to(guest.address)
            assert guest.address in letter["Subject"]
            assert guest.seat.tenant.name in letter.get_content()
            assert accept(house, token_of(letter.get_content()), openid()).status_code == 200
            assert guest.state()["active"] is True


def test_v6_s_p6_a_link_links_and_activates(house: House, guest: Guest) -> None:
    assert guest.state() == PENDING
    token = guest.token()
    page = show(house, token)
    assert page.status_code == 200
    assert guest.address in page.text
    assert not WATCHED.search(page.text)
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "strict-origin"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert guest.state() == PENDING
    user = openid()
    assert accept(house, token, user).status_code == 200
    assert guest.state() == {"active": True, "sendInviteLink": False, "openIDUserID": user}
    version = guest.now()["meta"]["version"]
    for answer in (show(house, token), accept(house, token, openid())):
        assert answer.status_code == 404
    assert guest.now()["meta"]["version"] == version
    kinds = [event.kind.value for event in guest.seat.events()]
    assert {"resource:invite", "resource:modify"} <= set(kinds)
    assert guest.seat.events()[-1].actor == f"invited:{guest.user['id']}"


def test_v6_the_last_link_alone_counts(house: House, guest: Guest) -> None:
    first = guest.token()
    again = put(guest.seat, guest.user, sendInviteLink=True)
    assert again.status_code == 200
    second = guest.token()
    assert first != second
    assert show(house, first).status_code == 404
    assert accept(house, first, openid()).status_code == 404
    assert guest.state() == PENDING
    assert accept(house, second, openid()).status_code == 200


def test_v6_a_pending_user_is_changed_without_another_mail(house: House, guest: Guest) -> None:
    token = guest.token()
    changed = put(guest.seat, guest.user, preferredLanguage="fr", sendInviteLink=None, active=None)
    assert changed.json()["preferredLanguage"] == "fr"
    assert guest.state() == PENDING
    assert accept(house, token, openid()).status_code == 200
    assert len(guest.letters()) == 1


@pytest.mark.parametrize("how", ["deactivated", "withdrawn", "activated directly", "link is a week old"])
def test_v6_a_link_ends(house: House, guest: Guest, how: str) -> None:
    token = guest.token()
    match how:
        case "deactivated":
            assert put(guest.seat, guest.user, sendInviteLink=None).status_code == 200
        case "withdrawn":
            assert put(guest.seat, guest.user, sendInviteLink=False, active=None).status_code == 200
        case "activated directly":
            answer = put(guest.seat, guest.user, active=True, sendInviteLink=False, openIDUserID=openid())
            assert answer.json()["active"] is True
        case _:
            guest.seat.house.with_store(lambda store: _aged(store, guest, token))
    before = guest.state()
    for answer in (show(house, token), accept(house, token, openid())):
        assert answer.status_code == 404
    assert guest.state() == before


async def _aged(store: Store, guest: Guest, token: str) -> None:
    """The link, as if it had been sent a week ago."""
    digest = digest_of(token, ACTIVATION)
    assert digest is not None
    found = await store.sessions.find_activation(digest)
    assert found is not None
    lasts = (SYSTEM_CLOCK.now() + activations.LASTS).isoformat()[:13]
    assert found.expires[:13] <= lasts
    at = SYSTEM_CLOCK.written()
    await store.sessions.invite(Activation(found.tenant, found.type, found.resource, digest, at, at), None, ())


def test_v6_a_link_ends_with_its_user_and_its_tenant(house: House, seat: Seat) -> None:
    guest, other = Guest(seat), Guest(seat)
    tokens = [guest.token(), other.token()]
    plain = seat.by("plain")
    assert replaced_base(plain).delete(f"/Users/{guest.user['id']}").status_code == 204
    assert show(house, tokens[0]).status_code == 404
    assert show(house, tokens[1]).status_code == 200
    seat.house.with_store(lambda store: lifecycle.suspend(store, SYSTEM_CLOCK, seat.tenant.name))
    assert accept(house, tokens[1], openid()).status_code == 404


def replaced_base(seat: Seat) -> Seat:
    """The same seat at the standard's address."""
    return replace(seat, below="/scim/v2")


def test_v7_an_openid_user_who_is_linked_already_is_refused_and_the_link_stays_good(house: House, guest: Guest) -> None:
    taken = openid()
    made(guest.seat, "bo", active=True, openIDUserID=taken)
    token = guest.token()
    answer = accept(house, token, taken)
    assert answer.status_code == 409
    assert 'role="alert"' in answer.text
    assert guest.state() == PENDING
    assert accept(house, token, "").status_code == 400
    assert accept(house, token, "x" * 2000).status_code == 400
    assert accept(house, token, openid()).status_code == 200


@pytest.mark.parametrize("way", ["userName", "externalId", "email"])
def test_v6_a_tenant_may_say_who_an_invited_user_is(house: House, way: str) -> None:
    seat = shop(house, activation_openid_user=way)
    guest = Guest(seat, externalId=openid())
    token = guest.token()
    assert 'name="openid"' not in show(house, token).text
    assert accept(house, token, "somebody else").status_code == 200
    expected = guest.user["externalId"] if way == "externalId" else guest.address
    assert guest.state()["openIDUserID"] == expected


@pytest.mark.parametrize(
    "headers", [{"origin": ""}, {"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}]
)
def test_v6_a_form_from_elsewhere_is_refused(house: House, guest: Guest, headers: dict[str, str]) -> None:
    token = guest.token()
    assert accept(house, token, openid(), **headers).status_code == 403
    assert guest.state() == PENDING


@pytest.mark.parametrize("token", ["", "rbv_", "rbi_" + "0" * 49, "x" * 5000, "<script>"])
def test_v6_what_is_no_link_says_so(house: House, token: str) -> None:
    for answer in (show(house, token), accept(house, token, openid())):
        assert answer.status_code == 404
        assert "<script>" not in answer.text


def test_v6_hostile_names_are_shown_as_they_are(house: House, seat: Seat) -> None:
    guest = Guest(seat, userName="<script>alert(1)</script>")
    page = show(house, guest.token())
    assert "<script>" not in page.text
    assert "&lt;script&gt;" in page.text


def test_v6_who_has_no_address_cannot_be_invited(seat: Seat) -> None:
    for emails in ([], [{"value": "nowhere"}], [{"value": "ann@acorn.example\nBcc: all@acorn.example"}]):
        refused(seat.post("/Users", person(sendInviteLink=True, emails=emails)), 400, "invalidValue")
    refused(seat.post("/Users", person(sendInviteLink=True, active=True, openIDUserID=openid())), 400, "invalidValue")
    assert seat.get("/Users").json()["totalResults"] == 0


def test_v6_an_active_user_who_is_invited_is_linked_anew(house: House, seat: Seat) -> None:
    guest = Guest(seat)
    assert accept(house, guest.token(), openid()).status_code == 200
    again = put(seat, guest.now(), active=None, sendInviteLink=True)
    assert again.status_code == 200
    assert guest.state() == PENDING
    user = openid()
    assert accept(house, guest.token(), user).status_code == 200
    assert guest.state()["openIDUserID"] == user


def test_v6_no_secret_is_kept_shown_or_logged(house: House, guest: Guest) -> None:
    token = guest.token()
    show(house, token)
    assert token not in house.server.log()
    assert token not in repr(guest.now())

    async def everything(store: Store) -> str:
        stored = await store.tenant(guest.seat.tenant.id).get(1, guest.user["id"])
        letters = await store.entrance.letters(guest.seat.tenant.id)
        return f"{stored} {letters}"

    kept = house.with_store(everything)
    assert token not in kept
    assert URN in kept


def test_v6_only_one_of_two_who_come_at_once_is_linked(house: House, guest: Guest) -> None:
    token = guest.token()
    users = [openid() for _ in range(6)]

    def come(user: str) -> int:
        with httpx2.Client() as client:
            form = {"token": token, "openid": user}
            return client.post(f"{house.url}/account/activate", data=form, headers={"origin": house.url}).status_code

    with ThreadPoolExecutor(6) as pool:
        codes = sorted(pool.map(come, users))
    assert codes == [200, *[404] * 5]
    assert guest.state()["openIDUserID"] in users


def test_v6_where_no_letter_can_be_sealed_the_write_stands_and_the_client_is_told(
    postgres_url: str,
) -> None:
    with running_house("postgres", postgres_url) as house:  # which has no master key
        seat = shop(house)
        refused(seat.post("/Users", person(sendInviteLink=True, emails=[{"value": "ann@acorn.example"}])), 503)
        (user,) = seat.get("/Users").json()["Resources"]
        assert user["retailOps"]["sendInviteLink"] is True
        refused(put(seat, user, sendInviteLink=True), 503)


def test_v6_it_is_the_same_on_postgresql(postgres_url: str) -> None:
    with running_house("postgres", postgres_url, ROLLBOOK_MASTER_KEY=MASTER) as house:
        guest = Guest(shop(house))
        token, user = guest.token(), openid()
        made(guest.seat, "bo", active=True, openIDUserID=user)
        assert accept(house, token, user).status_code == 409
        assert accept(house, token, openid()).status_code == 200
        assert accept(house, token, openid()).status_code == 404
        assert guest.state()["active"] is True
