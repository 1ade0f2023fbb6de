"""Settings: four sources, one value, and errors that say where to mend what."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.config import ConfigError, DatabaseUrl, Loaded, Settings, load
from rollbook.config.settings import describe

NO_FILE = {"ROLLBOOK_CONFIG": ""}


def loaded(environ: dict[str, str] | None = None, config: Path | None = None, **flags: object) -> Loaded:
    return load(flags, {**({} if config else NO_FILE), **(environ or {})}, config=str(config) if config else None)


def refusal(environ: dict[str, str] | None = None, config: Path | None = None, **flags: object) -> ConfigError:
    with pytest.raises(ConfigError) as refused:
        loaded(environ, config, **flags)
    return refused.value


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "rollbook.toml"


def test_without_any_source_the_numbers_are_the_documented_defaults() -> None:
    settings = loaded().settings
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 8080, 1)
    assert (settings.default_page, settings.max_page, settings.json_depth) == (100, 1000, 32)
    assert (settings.body_bytes, settings.patch_operations, settings.filter_bytes) == (16 * 1024**2, 1000, 8192)
    assert settings.database.engine == "sqlite"
    assert settings.database.path.endswith("rollbook.db")
    assert settings.revocation_seconds <= 5


def test_the_command_line_beats_the_environment_and_that_the_file_and_that_the_defaults(file: Path) -> None:
    file.write_text('port = 1\nworkers = 2\nhost = "h3"\n')
    both = {"ROLLBOOK_PORT": "11", "ROLLBOOK_WORKERS": "12"}
    result = loaded(both, file, port=21)
    assert (result.settings.port, result.settings.workers, result.settings.host) == (21, 12, "h3")
    assert result.settings.max_page == 1000
    assert result.sources == {"port": "--port", "workers": "ROLLBOOK_WORKERS", "host": str(file)}
    assert result.file == str(file)


def test_the_environment_may_name_the_file_and_the_command_line_name_another(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    file.write_text("port = 1")
    other.write_text("port = 2")
    environ = {"ROLLBOOK_CONFIG": str(file)}
    assert load({}, environ).settings.port == 1
    assert load({}, environ, config=str(other)).settings.port == 2


def test_the_file_in_the_folder_of_the_platform_is_read_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert load({}, {}).file == ""
    (tmp_path / "rollbook").mkdir()
    (tmp_path / "rollbook" / "rollbook.toml").write_text("port = 3")
    assert load({}, {}).settings.port == 3


def test_a_named_file_that_is_not_there_stops_the_start(file: Path) -> None:
    refused = refusal(config=file)
    assert (refused.setting, refused.source) == ("config", "--config")
    assert refusal({"ROLLBOOK_CONFIG": str(file)}).source == "ROLLBOOK_CONFIG"


def test_a_file_that_is_no_toml_is_refused_with_the_line(file: Path) -> None:
    file.write_text("port = 8080\nhost 127.0.0.1\n")
    assert "line 2" in refusal(config=file).detail


def test_an_unknown_setting_is_refused_with_its_source_and_the_nearest_known_one(file: Path) -> None:
    file.write_text("prot = 8080")
    refused = refusal(config=file)
    assert (refused.setting, refused.source) == ("prot", str(file))
    assert "the nearest is port" in refused.detail
    refused = refusal({"ROLLBOOK_DATABSE": "sqlite:///x"})
    assert refused.setting == "ROLLBOOK_DATABSE"
    assert "the nearest is ROLLBOOK_DATABASE" in refused.detail


def test_an_environment_variable_in_the_wrong_case_is_refused_not_ignored() -> None:
    assert "the nearest is ROLLBOOK_PORT" in refusal({"ROLLBOOK_port": "1"}).detail


def test_variables_for_tests_are_no_settings() -> None:
    assert loaded({"ROLLBOOK_TEST_POSTGRES": "postgresql://x", "PATH": "/bin"}).sources == {}


def test_everything_that_is_wrong_is_told_at_once(file: Path) -> None:
    file.write_text('max_page = 0\nlog_level = "loud"\ncolour = "red"\n')
    refused = refusal({"ROLLBOOK_PORT": "many"}, file, workers=0)
    told = {(p.setting, p.source) for p in refused.problems}
    assert told == {
        ("max_page", str(file)),
        ("log_level", str(file)),
        ("colour", str(file)),
        ("port", "ROLLBOOK_PORT"),
        ("workers", "--workers"),
    }
    assert "'many' is not right; give a whole number from 0 to 65535" in refused.detail


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "65536"),
        ("port", "-1"),
        ("port", ""),
        ("port", "80.5"),
        ("workers", "0"),
        ("drain_seconds", "nan"),
        ("drain_seconds", "21"),
        ("revocation_seconds", "5.1"),
        ("access_log", "perhaps"),
        ("requests_per_second", "0"),
        ("requests_per_second", "inf"),
        ("public_url", "ftp://acorn.example"),
        ("public_url", "https://"),
        ("public_url", "https://acorn.example/?x=1"),
        ("public_url", "https://ann:pw@acorn.example"),
        ("public_url", "https://acorn.example:99999"),
        ("public_url", "acorn.example"),
        ("trusted_proxies", "10.0.0.0/33"),
        ("trusted_proxies", "10.0.0.1, proxy"),
        ("database", ""),
        ("host", ""),
    ],
)
def test_a_wrong_value_is_refused_with_what_would_be_right(name: str, value: str) -> None:
    (problem,) = refusal({f"ROLLBOOK_{name.upper()}": value}).problems
    assert (problem.setting, problem.source) == (name, f"ROLLBOOK_{name.upper()}")
    assert problem.right.startswith("give ")


def test_a_truth_value_is_no_number(file: Path) -> None:
    file.write_text("workers = true\ndrain_seconds = true\n")
    assert {p.setting for p in refusal(config=file).problems} == {"workers", "drain_seconds"}


def test_a_page_by_default_cannot_be_longer_than_the_longest_page() -> None:
    assert refusal({"ROLLBOOK_MAX_PAGE": "50"}).setting == "max_page"
    assert refusal({"ROLLBOOK_DEFAULT_PAGE": "5000"}).setting == "default_page"


def test_lists_are_commas_in_the_environment_and_lists_in_the_file(file: Path) -> None:
    file.write_text('hosts = ["a.example", "b.example"]')
    assert loaded(config=file).settings.hosts == ("a.example", "b.example")
    settings = loaded({"ROLLBOOK_HOSTS": " a.example ,b.example,", "ROLLBOOK_TRUSTED_PROXIES": "10.0.0.7"}).settings
    assert settings.hosts == ("a.example", "b.example")
    assert settings.trusted_proxies == ("10.0.0.7/32",)


def test_the_hosts_that_may_be_named_follow_from_the_address_when_none_are_set() -> None:
    settings = loaded(public_url="https://Scim.Example:444/base/").settings
    assert settings.origin == "https://Scim.Example:444/base"
    assert settings.allowed_hosts == {"localhost", "127.0.0.1", "[::1]", "scim.example"}
    assert loaded(host="::1", port=81).settings.origin == "http://[::1]:81"
    assert loaded({"ROLLBOOK_HOSTS": "Only.example"}).settings.allowed_hosts == {"only.example"}


@given(
    port=st.integers(0, 65535),
    rate=st.none() | st.floats(0.01, 1e6),
    hosts=st.lists(st.from_regex(r"[a-z]{1,8}\.example", fullmatch=True), max_size=3),
    access_log=st.booleans(),
    password=st.text("ab/@:%#?é", min_size=1, max_size=8),
)
def test_a_child_process_gets_the_same_settings_through_its_environment(
    port: int, rate: float | None, hosts: list[str], access_log: bool, password: str
) -> None:
    from urllib.parse import quote

    settings = loaded(
        port=port,
        requests_per_second=rate if rate is not None else "none",
        hosts=hosts,
        access_log=access_log,
        database=f"postgresql://app:{quote(password, safe='')}@db.example/rollbook",
    ).settings
    assert load({}, settings.environment()).settings == settings


def test_every_setting_says_what_it_is_for_and_what_would_be_right() -> None:
    for name, (why, right) in describe().items():
        assert why.endswith("."), name
        assert right.startswith("give "), name


class TestDatabaseUrl:
    def test_a_relative_path_stands_after_three_slashes_and_an_absolute_after_four(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        assert DatabaseUrl.read("sqlite:///data/a.db").path == str(tmp_path / "data/a.db")
        assert DatabaseUrl.read("sqlite:////var/lib/a.db").path == "/var/lib/a.db"
        assert DatabaseUrl.read("sqlite:////var/lib/a.db").url == "sqlite:////var/lib/a.db"

    def test_a_path_is_taken_as_it_stands(self) -> None:
        assert DatabaseUrl.read("sqlite:////srv/50%20 ann?.db").path == "/srv/50%20 ann?.db"

    def test_the_password_is_in_the_url_and_in_nothing_that_is_shown(self) -> None:
        url = DatabaseUrl.read("postgresql://ann:s%40crEt@db.example:5433/acorn?password=s%40crEt&sslmode=require")
        assert (url.engine, url.host, url.database) == ("postgres", "db.example", "acorn")
        assert "s%40crEt" in url.url
        for shown in (str(url), repr(url), repr(Settings(database=url)), f"{url}"):
            assert "crEt" not in shown
        assert str(url) == "postgresql://ann:***@db.example:5433/acorn?password=***&sslmode=require"

    def test_a_server_may_be_reached_by_its_unix_socket(self) -> None:
        url = DatabaseUrl.read("postgres://app@/acorn?host=/run/postgresql")
        assert url.url == "postgresql://app@/acorn?host=/run/postgresql"

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "acorn.db",
            "mysql://ann:hunter2@db/acorn",
            "sqlite://acorn.db",
            "sqlite:///",
            "sqlite:///:memory:",
            "postgresql://ann:hunter2@db",
            "postgresql://ann:hunter2@db/",
            "postgresql://ann:hunter2@db/a/b",
            "postgresql://ann:hunter2@db:port/acorn",
            "postgresql://ann:hunter2@db:99999/acorn",
            "postgresql://ann:hun#ter2@db/acorn",
            "postgresql://ann:[hunter2@db/acorn",
            "postgresql:///acorn",
        ],
    )
    def test_what_is_no_address_is_refused_without_repeating_it(self, text: str) -> None:
        refused = refusal({"ROLLBOOK_DATABASE": text})
        assert refused.setting == "database"
        assert "hunter2" not in refused.detail
        assert "hunter2" not in repr(refused)
        assert refused.__cause__ is None
        assert refused.__suppress_context__
        assert "sqlite:///relative/path" in refused.detail
