"""The config: the smallest works as it stands, and everything that is wrong is told at once, with its line."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from rollbook.transfer.config import Config, read_config
from rollbook.transfer.errors import WRONG_CONFIG, WrongConfig
from rollbook.transfer.policy import Limit
from rollbook.transfer.source_settings import CsvSource, ScimSource
from rollbook.transfer.toml_lines import Lines

SMALLEST = """\
[source]
type = "csv"
path = "people.csv"
key  = "id"
[target]
dialect  = "standard"
base_url = "http://127.0.0.1:8080/scim/v2"
token    = { env = "TARGET_TOKEN" }          # releezme: token_url, client_id, … in the same way
[map]
externalId        = "id"
userName          = "lower(login)"
"name.givenName"  = "first"
emails            = "mail"                    # a text becomes one primary work address
active            = "active"
"""


def read(tmp_path: Path, text: str, environ: Mapping[str, str] | None = None) -> Config:
    path = tmp_path / "transfer.toml"
    path.write_text(text, "utf-8")
    return read_config(path, environ or {})


def problems(tmp_path: Path, text: str, environ: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(WrongConfig) as refused:
        read(tmp_path, text, environ)
    assert refused.value.exit_code == WRONG_CONFIG
    return [str(problem) for problem in refused.value.problems]


def test_the_smallest_config_works_as_it_stands(tmp_path: Path) -> None:
    config = read(tmp_path, SMALLEST)
    assert config.sources == (CsvSource(key="id", path="people.csv"),)
    (target,) = config.targets
    assert (target.name, target.dialect, target.login.kind) == ("default", "standard", "bearer")
    assert config.managed == ("externalId", "userName", "name.givenName", "emails", "active")
    assert config.state_folder == tmp_path / "transfer.state"


def test_no_secret_is_read_before_it_is_needed_and_none_is_shown(tmp_path: Path) -> None:
    config = read(tmp_path, SMALLEST, {"TARGET_TOKEN": "hush"})
    token = config.targets[0].login.token
    assert token is not None
    assert token() == "hush"
    assert "hush" not in repr(config)
    missing = read(tmp_path, SMALLEST).targets[0].login.token
    assert missing is not None
    with pytest.raises(
        WrongConfig, match=r"target.token \(transfer.toml line 8\): the environment has no TARGET_TOKEN"
    ):
        missing()


def test_secrets_are_read_from_files_and_the_keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("from a file\n")
    token = read(tmp_path, SMALLEST.replace('env = "TARGET_TOKEN"', 'file = "token"')).targets[0].login.token
    assert token is not None
    assert token() == "from a file"
    monkeypatch.setattr("keyring.get_password", lambda service, name: f"{service} of {name}")
    token = read(tmp_path, SMALLEST.replace('env = "TARGET_TOKEN"', 'keyring = "scim/acorn"')).targets[0].login.token
    assert token is not None
    assert token() == "scim of acorn"


def test_a_secret_in_the_text_is_refused_with_the_way_out(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, SMALLEST.replace('{ env = "TARGET_TOKEN" }', '"abcdef"'))
    assert "target.token (transfer.toml line 8): stands in the text" in problem
    assert '{ env = "NAME" }' in problem
    assert "abcdef" not in problem


def test_secrets_are_found_where_nobody_says_that_they_are(tmp_path: Path) -> None:
    for wrong, key in (
        (SMALLEST.replace("http://", "http://api:abcdef@"), "target.base_url (transfer.toml line 7)"),
        (
            SMALLEST.replace("[map]", 'headers = { Cookie = "abcdef" }\n[map]'),
            "target.headers.Cookie (transfer.toml line 9)",
        ),
        (
            SMALLEST.replace('"csv"', '"sql"').replace('path = "people.csv"', 'url = "postgresql://a:abcdef@h/d"'),
            "source.url (transfer.toml line 3)",
        ),
    ):
        (problem,) = problems(tmp_path, wrong)
        assert problem.startswith(f"{key}: ")
        assert '{ env = "NAME" }' in problem
        assert "abcdef" not in problem
    kept = SMALLEST.replace("[map]", 'headers = { Cookie = { env = "C" } }\n[map]')
    assert read(tmp_path, kept, {"C": "hush"}).targets[0].headers == {"Cookie": "hush"}


@pytest.mark.parametrize(
    ("wrong", "right", "told"),
    [
        ("path =", "pth =", "source.pth (transfer.toml line 3): there is no such key; the nearest is path"),
        ('"csv"', '"cvs"', "source.type (transfer.toml line 2): 'cvs' is no kind of source; give \"csv\""),
        ('key  = "id"', "key  = 3", "source.key (transfer.toml line 4): 3 is not right; give a text"),
        ('key  = "id"', "", "source.key (transfer.toml line 1): is missing"),
        ("[target]", "[taget]", "taget (transfer.toml line 5): there is no such key; the nearest is target"),
        ('"standard"', '"standart"', "target.dialect (transfer.toml line 6): 'standart' is no dialect"),
        ("http:", "ftp:", "target.base_url (transfer.toml line 7): is no http or https address"),
        (
            "emails ",
            "Username",
            "map.Username (transfer.toml line 13): is userName once more; take one of the two away",
        ),
        ("8080", "99999", "target.base_url (transfer.toml line 7): is no http or https address"),
        ("127.0.0.1", "[::1", "target.base_url (transfer.toml line 7): is no http or https address"),
        ("token  ", "tokn", "target.tokn (transfer.toml line 8): there is no such key; the nearest is token"),
        ("lower(login)", "lowr(login)", "map.userName (transfer.toml line 11): there is no function lowr"),
        ("emails ", "emials", "map.emials (transfer.toml line 13): is no attribute of a user; the nearest is emails"),
        ('"lower(login)"', "[]", "map.userName (transfer.toml line 11)"),
        ('userName          = "lower(login)"', "", "map.userName (transfer.toml line 9): is missing"),
        ('"active"', "2026-01-01", "map.active (transfer.toml line 14): is neither an expression nor a constant"),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_what_would_be_right(
    tmp_path: Path, wrong: str, right: str, told: str
) -> None:
    assert any(told in problem for problem in problems(tmp_path, SMALLEST.replace(wrong, right, 1)))


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    text = SMALLEST.replace("path =", "pth =").replace("emails ", "emials").replace("http:", "ftp:")
    assert len(problems(tmp_path, text)) == 4  # path is missing, too


def test_what_is_no_toml_is_told_with_its_line(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, SMALLEST.replace('"id"\n[target]', '"id\n[target]'))
    assert "line 4" in problem
    with pytest.raises(WrongConfig, match="there is no such file"):
        read_config(tmp_path / "nowhere.toml", {})


SEVERAL = """\
state = "kept"
[[source]]
name = "hr"
type = "csv"
path = "hr.csv"
key  = "id"
[[source]]
name = "badges"
type = "scim"
base_url = "https://badges.example/scim"
password = { env = "B" }
username = "reader"
several = true
[[target]]
name = "acorn"
dialect = "releezme"
base_url = "https://lockers.example/api"
token_url = "https://lockers.example/connect/token"
client_id = { env = "CLIENT" }
client_secret = { env = "SECRET" }
username = "api@acorn.example"
password = { env = "PASSWORD" }
[target.brakes]
deletes = 3
[[target]]
name = "birch"
dialect = "retailops"
base_url = "https://shops.example/scim/v2"
username = "api"
password = { env = "PASSWORD" }
[target.policy]
leavers = "delete"
[policy]
unknown = "adopt"
protected = "admin*"
[brakes]
deletes = { share = 0.1, least = 2 }
creates = 0.5
[map]
userName = "hr.login"
name.givenName = "first"
badges = ["badges.number"]
[map."urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]
department = "lookup(dept, 'names')"
[lookup.names]
HR = "People"
groups = ["a", "b"]
[[groups]]
when = "dept == 'HR'"
add = ["Staff"]
"""


def test_several_sources_and_targets_each_have_their_own(tmp_path: Path) -> None:
    config = read(tmp_path, SEVERAL, {"CLIENT": "42d7"})
    hr, badges = config.sources
    assert isinstance(badges, ScimSource)
    assert (hr.name, badges.several, badges.key) == ("hr", True, "id")
    acorn, birch = config.targets
    assert (acorn.login.kind, acorn.login.client_id, birch.login.kind) == ("password", "42d7", "session")
    assert (acorn.brakes.deletes, birch.brakes.deletes) == (Limit.exactly(3), Limit(0.1, least=2))
    assert (acorn.brakes.creates, acorn.policy.unknown, birch.policy.leavers) == (Limit(0.5), "adopt", "delete")
    assert acorn.policy.protected == ("admin*",)
    assert config.state_folder == tmp_path / "kept"
    assert config.managed == (
        "userName",
        "name.givenName",
        "urn:ietf:params:scim:schemas:extension:releezme:2.0:User:badges",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
        "groups",
    )


def test_names_are_needed_where_there_are_several_and_are_nobody_elses(tmp_path: Path) -> None:
    assert "is missing, and there are several" in problems(tmp_path, SEVERAL.replace('name = "badges"\n', ""), ENV)[0]
    assert "another source's" in problems(tmp_path, SEVERAL.replace('name = "badges"', 'name = "hr"'), ENV)[0]
    assert "two targets are called acorn" in problems(tmp_path, SEVERAL.replace('"birch"', '"acorn"'), ENV)[0]
    assert (
        "target.2.name (transfer.toml line 25): is missing"
        in problems(tmp_path, SEVERAL.replace('name = "birch"\n', ""), ENV)[0]
    )


ENV = {"CLIENT": "x"}


def test_a_source_of_people_has_one_row_for_each(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, SMALLEST.replace('key  = "id"', 'key  = "id"\nseveral = true'))
    assert "source.several (transfer.toml line 5): is for sources that add to people" in problem


def test_a_login_lacks_nothing(tmp_path: Path) -> None:
    told = problems(
        tmp_path, SEVERAL.replace('username = "api@acorn.example"\npassword = { env = "PASSWORD" }', ""), {}
    )
    assert any("the environment has no CLIENT" in one for one in told)
    text = SEVERAL.replace('client_secret = { env = "SECRET" }\n', "").replace('username = "api@acorn.example"\n', "")
    assert any(
        "target.1.client_secret" in one and "is missing for this login" in one for one in problems(tmp_path, text, ENV)
    )


def test_the_digest_is_of_sources_and_map(tmp_path: Path) -> None:
    digest = read(tmp_path, SMALLEST).digest
    assert read(tmp_path, SMALLEST.replace("8080", "9090")).digest == digest
    assert read(tmp_path, SMALLEST.replace('"first"', '"last"')).digest != digest


def test_a_day_begins_where_the_config_says(tmp_path: Path) -> None:
    late = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
    assert read(tmp_path, SMALLEST).day(late) == late.astimezone().date()
    assert read(tmp_path, f'timezone = "UTC"\n{SMALLEST}').day(late) == date(2026, 3, 2)
    assert read(tmp_path, f'timezone = "Europe/Amsterdam"\n{SMALLEST}').day(late) == date(2026, 3, 3)
    (problem,) = problems(tmp_path, f'timezone = "Europe/Amsterdm"\n{SMALLEST}')
    assert "timezone (transfer.toml line 1): 'Europe/Amsterdm' is no time zone" in problem


def test_lines_are_found_whatever_stands_between() -> None:
    lines = Lines(
        'a = """\n[x]\nb = 1\n"""\n\n[[t]]\n# c = 1\nc = [\n  "[y]",\n]\n"d.e" = { f = 1 }\n[t.u]\n[[t]]\ng . h = 1\n'
    )
    assert lines.of("a") == 1
    assert lines.of("t", 0) == 6
    assert lines.of("t", 0, "c") == 8
    assert lines.of("t", 0, "d.e", "f") == 11
    assert lines.of("t", 0, "u") == 12
    assert lines.of("t", 1, "g", "h") == 14
    assert lines.of("nowhere") == 1
