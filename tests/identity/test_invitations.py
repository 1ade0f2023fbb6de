"""Invitations: the link, the page behind it, the mail that brings it, and what becomes of mail that cannot be sent."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.identity.stage import make_desk, refused
from tests.support.certificates import Authority
from tests.support.command import rollbook
from tests.support.house import House, Seat, running_house
from tests.support.mail import MailBox, mail_server, until
from tests.support.postgres import fresh_database

from rollbook.clock import SYSTEM_CLOCK
from rollbook.identity import invitations, system_users
from rollbook.identity.master_key import new_master_key
from rollbook.identity.token_text import INVITATION, write_token
from rollbook.storage.contract import Store

GOOD = "several words to remember"
FORM = {"content-type": "application/x-www-form-urlencoded"}
WATCHED = re.compile(r"<script|\son\w+=|style=|https?://", re.IGNORECASE)


class Stage:
    """A house with its mail server, and the settings that the command line needs to speak of both."""

    def __init__(self, house: House, box: MailBox, settings: dict[str, str], texts: Path) -> None:
        self.house, self.box, self.settings, self.texts = house, box, settings, texts

    def run(self, *arguments: str) -> Any:
        return rollbook(*arguments, "--database", self.house.database, **self.settings)  # type: ignore[arg-type]

    def mails(self) -> dict[str, dict[str, Any]]:
        return {row["recipient"]: row for row in self.run("mail", "list", "--json").json()}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def _stage(engine: str, url: str, authority: Authority, folder: Path, workers: int) -> Iterator[Stage]:
    texts = folder / "texts"
    program = folder / "text.py"
    program.write_text(f"import sys\nopen({str(texts)!r}, 'a').write(sys.argv[1] + ' ' + sys.stdin.read() + '\\n')\n")
    key = folder / "master.key"
    key.write_text(new_master_key())
    key.chmod(0o600)
    password = folder / "smtp"
    password.write_text("right\n")
    with mail_server(tls=authority.server("127.0.0.1"), needs_login=True) as box:
        settings = {
            "ROLLBOOK_MASTER_KEY_FILE": str(key),
            "ROLLBOOK_SMTP_HOST": "127.0.0.1",
            "ROLLBOOK_SMTP_PORT": str(box.port),
            "ROLLBOOK_SMTP_USER": "house",
            "ROLLBOOK_SMTP_PASSWORD_FILE": str(password),
            "ROLLBOOK_MAIL_FROM": "house@rollbook.example",
            "ROLLBOOK_LETTER_RETRY_SECONDS": "1",
            "ROLLBOOK_TEXT_COMMAND": f"{sys.executable} {program}",
            "SSL_CERT_FILE": str(authority.file),
        }
        with running_house(engine, url, ROLLBOOK_WORKERS=str(workers), **settings) as house:
            yield Stage(house, box, {**settings, "ROLLBOOK_PORT": str(house.server.port)}, texts)


@pytest.fixture(scope="module")
def on_sqlite(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("mail")
    yield from _stage("sqlite", f"sqlite:///{folder}/rollbook.db", authority, folder, 1)


@pytest.fixture(scope="module")
def on_postgres(
    authority: Authority, tmp_path_factory: pytest.TempPathFactory, postgres_admin_url: str
) -> Iterator[Stage]:
    with fresh_database(postgres_admin_url) as url:
        yield from _stage("postgres", url, authority, tmp_path_factory.mktemp("mail"), 2)


@pytest.fixture(params=["sqlite", "postgres"])
def stage(request: pytest.FixtureRequest) -> Stage:
    found: Stage = request.getfixturevalue(f"on_{request.param}")
    return found


@pytest.fixture
def seat(stage: Stage) -> Seat:
    return stage.house.seat()


def invited(seat: Seat, name: str = "robot", **more: Any) -> str:
    """An invitation whose link is shown; the token in it."""

    async def work(store: Store) -> invitations.Sent:
        return await invitations.invite(
            store, SYSTEM_CLOCK, seat.tenant, f"{name}@{seat.name}", base=seat.house.url, mail=None, **more
        )

    sent: invitations.Sent = seat.house.with_store(work)
    assert sent.link is not None
    return sent.link.partition("token=")[2]


def show(house: House, token: str) -> httpx2.Response:
    return house.client.get(f"{house.url}/account/password", params={"token": token})


def send(house: House, token: str, password: str = GOOD, again: str | None = None, **headers: str) -> httpx2.Response:
    form = {"token": token, "password": password, "again": password if again is None else again}
    sent = {"origin": house.url, **FORM, **headers}
    return house.client.post(f"{house.url}/account/password", data=form, headers={k: v for k, v in sent.items() if v})


def test_a_mail_brings_a_link_by_which_the_password_is_set(stage: Stage, seat: Seat) -> None:
    name, address = f"sync@{seat.name}", f"it@{seat.name}.example"
    told = stage.run("user", "invite", seat.name, name, "--email", address)
    assert (told.code, told.out) == (0, ""), told.err
    letter = stage.box.letter_to(address)
    assert letter["From"] == "house@rollbook.example"
    text = letter.get_content()
    assert name in text
    link = re.search(r"http://\S+/account/password\?token=rbi_\w+", text)
    assert link is not None
    assert link[0] in letter.get_payload(), "whatever reads the letter finds the link in one piece"
    assert stage.box.logins[-1] == (b"house", b"right")
    page = httpx2.get(link[0])
    assert page.status_code == 200
    assert name in page.text
    token = link[0].partition("token=")[2]
    assert send(stage.house, token).status_code == 200
    until(lambda: stage.mails()[address]["state"] == "sent")
    rows = stage.run("user", "list", seat.name, "--json").json()
    assert [(row["name"], row["password"], row["mail"]) for row in rows] == [(name, "set", "sent")]
    desk = make_desk(seat)
    assert desk.ask("password", username=name, password=GOOD).status_code == 200
    assert desk.ask("password", username=name, password=GOOD + "!").status_code == 400


def test_a_link_is_good_for_one_use(stage: Stage, seat: Seat) -> None:
    token = invited(seat)
    for _ in range(3):
        assert show(stage.house, token).status_code == 200  # mail programs look at links
    assert send(stage.house, token).status_code == 200
    for answer in (show(stage.house, token), send(stage.house, token, GOOD + " again")):
        assert answer.status_code == 404
        assert "not valid" in answer.text


def test_every_link_that_does_not_work_is_told_in_the_same_words(stage: Stage, seat: Seat) -> None:
    used, older, disabled, gone = invited(seat, "used"), invited(seat, "newer"), invited(seat, "off"), None
    send(stage.house, used)
    invited(seat, "newer")
    other = stage.house.seat("birch")
    gone = invited(other)
    expired = invited(seat, "late", lasts=SYSTEM_CLOCK.now() - SYSTEM_CLOCK.now())

    async def end(store: Store) -> None:
        await system_users.set_status(store, SYSTEM_CLOCK, seat.tenant, f"off@{seat.name}", "disabled")
        await store.delete_tenant(other.tenant.id, SYSTEM_CLOCK.written(), _event())

    stage.house.with_store(end)
    unknown = write_token(bytes(range(32)), INVITATION)
    tokens = [
        used,
        older,
        disabled,
        gone,
        expired,
        unknown,
        "",
        "rbi_x",
        "<b>",
        "x" * 5000,
        unknown.replace("rbi", "rbr"),
    ]
    answers = [ask(stage.house, token) for token in tokens for ask in (show, send)]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1


def _event() -> Any:
    from rollbook.events import Event, Kind
    from rollbook.ids import ordered_id

    return Event(ordered_id(), SYSTEM_CLOCK.written(), Kind.TENANT_DELETED, "operator")


@pytest.mark.parametrize(
    ("password", "again", "told"),
    [
        ("short", None, "at least 12 characters"),
        (GOOD, GOOD + "x", "not the same"),
        ("aaaaaaaaaaaaaaaa", None, "too easy"),
        ("", None, "at most"),
        ("long " * 300, None, "at most"),
    ],
)
def test_a_password_that_will_not_do_leaves_the_link_good(
    on_sqlite: Stage, password: str, again: str | None, told: str
) -> None:
    house = on_sqlite.house
    token = invited(house.seat())
    answer = send(house, token, password, again)
    assert answer.status_code == 400
    assert told in answer.text
    assert password == "" or password not in answer.text
    assert send(house, token).status_code == 200


def test_the_name_is_no_password(on_sqlite: Stage) -> None:
    seat = on_sqlite.house.seat()
    token = invited(seat, "a-robot-with-a-name")
    assert send(seat.house, token, "A-Robot-With-A-Name").status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"origin": "null", "sec-fetch-site": "same-origin"},
        {"origin": "", "sec-fetch-site": "cross-site", "referer": "HERE/account/password"},
        {"origin": "https://evil.example", "referer": "HERE/account/password"},
        {"origin": "", "referer": "https://evil.example/HERE"},
        {"origin": "", "referer": "HERE.evil.example/"},
        {"origin": "", "referer": "http://[HERE"},
        {"origin": "", "referer": "/account/password"},
    ],
)
def test_a_form_from_elsewhere_is_refused(on_sqlite: Stage, headers: dict[str, str]) -> None:
    house = on_sqlite.house
    token = invited(house.seat())
    here = {name: value.replace("HERE", house.url) for name, value in headers.items()}
    assert send(house, token, **here).status_code == 403
    assert send(house, token).status_code == 200


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "same-origin"}, {"referer": "HERE/"}, {"referer": "HERE/x?y"}])
def test_a_browser_that_sends_no_origin_may_say_it_otherwise(on_sqlite: Stage, headers: dict[str, str]) -> None:
    house = on_sqlite.house
    here = {name: value.replace("HERE", house.url) for name, value in headers.items()}
    assert send(house, invited(house.seat()), origin="", **here).status_code == 200


def test_the_page_runs_nothing_and_tells_nobody(on_sqlite: Stage) -> None:
    house = on_sqlite.house
    hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&amp;$name${token}"
    token = invited(house.seat(), hostile)
    for answer in (show(house, token), send(house, token, "short")):
        assert "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#x27;&gt;&lt;img" in answer.text
        assert "&amp;amp;$name${token}" in answer.text
        plain = answer.text.replace("&lt;script&gt;", "").replace("onerror=alert(2)", "")
        assert not WATCHED.search(plain)
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "script-src" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["referrer-policy"] == "strict-origin"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
    style = house.client.get(f"{house.url}/account/password.css")
    assert (style.status_code, style.headers["content-type"]) == (200, "text/css")
    assert house.client.put(f"{house.url}/account/password").status_code == 405
    assert house.client.options(f"{house.url}/account/password").status_code == 204
    assert house.client.head(f"{house.url}/account/password", params={"token": token}).status_code == 200
    bad = house.client.post(f"{house.url}/account/password", content=b"{}", headers={"origin": house.url})
    assert bad.status_code == 400
    assert token not in house.server.log()


def test_a_new_password_ends_what_was_issued(stage: Stage, seat: Seat) -> None:
    desk = make_desk(seat)
    before = desk.login()

    async def again(store: Store) -> str:
        sent = await invitations.invite(
            store, SYSTEM_CLOCK, seat.tenant, desk.user.name, base=stage.house.url, mail=None
        )
        return (sent.link or "").partition("token=")[2]

    token = stage.house.with_store(again)
    assert desk.ask("password").status_code == 200  # until the link is used
    assert send(stage.house, token).status_code == 200
    refused(desk.ask("password"), 400, "invalid_grant")
    refused(desk.refresh(before["refresh_token"]), 400, "invalid_grant")
    kinds = [(event.kind, event.actor) for event in seat.events()]
    assert ("system-user:invite", "operator") in kinds
    assert ("system-user:password", f"user:{desk.user.id}") in kinds


def test_a_mail_that_is_not_taken_now_is_sent_later(stage: Stage, seat: Seat) -> None:
    address = f"late@{seat.name}.example"
    stage.box.refusal = "451 later"
    try:
        assert stage.run("user", "invite", seat.name, "late", "--email", address).code == 0
        until(lambda: stage.box.refused >= 1)
        until(lambda: stage.mails()[address]["reason"] != "")
        row = stage.mails()[address]
        assert (row["state"], row["reason"]) == ("waiting", "the mail server does not take the recipient (451)")
    finally:
        stage.box.refusal = ""
    stage.box.letter_to(address)
    until(lambda: stage.mails()[address]["state"] == "sent")


def test_a_mail_that_nobody_takes_has_failed_and_can_be_tried_again(stage: Stage, seat: Seat) -> None:
    address = f"nobody@{seat.name}.example"
    stage.box.refusal = "550 nobody here"
    try:
        assert stage.run("user", "invite", seat.name, "nobody", "--email", address).code == 0
        until(lambda: stage.mails()[address]["state"] == "failed")
    finally:
        stage.box.refusal = ""
    assert stage.run("user", "list", seat.name, "--json").json()[0]["mail"] == "failed"
    assert "could not be sent" in stage.run("doctor").out + stage.run("doctor").err
    assert stage.run("mail", "retry", stage.mails()[address]["id"]).code == 0
    stage.box.letter_to(address)
    until(lambda: stage.mails()[address]["state"] == "sent")
    assert stage.run("mail", "retry", stage.mails()[address]["id"]).code == 1


def test_each_mail_is_sent_once(stage: Stage, seat: Seat) -> None:
    addresses = [f"many-{number}@{seat.name}.example" for number in range(6)]

    async def work(store: Store) -> None:
        from rollbook.identity.master_key import MasterKey

        master = MasterKey(file=stage.settings["ROLLBOOK_MASTER_KEY_FILE"])
        for address in addresses:
            await invitations.invite(
                store, SYSTEM_CLOCK, seat.tenant, address, email=address, base=stage.house.url, mail=master
            )

    stage.house.with_store(work)
    for address in addresses:
        stage.box.letter_to(address)
    until(lambda: {stage.mails()[address]["state"] for address in addresses} == {"sent"})
    assert [len([m for m in stage.box.got if m["To"] == address]) for address in addresses] == [1] * 6


def test_the_id_of_a_client_goes_by_mail_and_its_secret_by_text(stage: Stage, seat: Seat) -> None:
    address = f"client@{seat.name}.example"
    arguments = ("--mail-id-to", address, "--text-secret-to", "+31 20 123 4567", "--json")
    told = stage.run("client", "create", "HR sync", "--tenant", seat.name, *arguments)
    made = told.json()
    assert set(made) == {"client_id"}
    until(lambda: stage.texts.exists() and "rbs_" in stage.texts.read_text())
    number, _, text = stage.texts.read_text().strip().splitlines()[-1].partition(" ")
    assert number == "+31201234567"
    secret = text.removeprefix("Client secret: ")
    mail = stage.box.letter_to(address).get_content()
    assert made["client_id"] in mail
    assert secret not in mail
    form = {"grant_type": "client_credentials"}
    answer = httpx2.post(f"{stage.house.url}/oauth/token", data=form, auth=(made["client_id"], secret))
    assert answer.status_code == 200
    assert secret not in stage.house.server.log() + told.err


def test_without_mail_the_link_is_printed_once(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/rollbook.db"
    rollbook("tenant", "create", "acorn", "--database", database)
    url: dict[str, Any] = {"ROLLBOOK_PUBLIC_URL": "https://scim.acorn.example"}
    told = rollbook("user", "invite", "acorn", "robot", "--email", "it@acorn.example", "--database", database, **url)
    assert re.fullmatch(r"https://scim\.acorn\.example/account/password\?token=rbi_\w{49}\n", told.out)
    token = told.out.strip().partition("token=")[2]
    assert token.encode() not in b"".join(p.read_bytes() for p in tmp_path.iterdir())
    assert rollbook("user", "list", "acorn", "--database", database).rows()[0][4:5] == ["none"]
    assert rollbook("user", "invite", "acorn", "x", "--email", "no address", "--database", database).code == 2
    assert rollbook("user", "invite", "acorn", "x", "--kind", "admin", "--database", database).code == 2
    rollbook("user", "disable", "acorn", "robot", "--database", database)
    assert rollbook("user", "invite", "acorn", "robot", "--database", database).code == 1
    sent = rollbook("client", "create", "x", "--tenant", "acorn", "--mail-id-to", "a@b.example", "--database", database)
    assert sent.code == 1
    texted = rollbook("client", "create", "x", "--tenant", "acorn", "--text-secret-to", "+3120", "--database", database)
    assert texted.code in (1, 2)
