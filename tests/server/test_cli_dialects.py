"""``rollbook dialect`` and dialects from outside the package, as an operator uses them."""

import json
import tomllib
from pathlib import Path

import httpx2
import pytest
from tests.support.command import ROLLBOOK, environment, rollbook
from tests.support.server import running_server

SHOP_URN = "urn:example:shop:2.0:User"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a dialect that was begun by the command."""
    made = tmp_path_factory.mktemp("dialects")
    told = rollbook("dialect", "new", "shop", "--folder", str(made))
    assert told.code == 0, told.err
    return made


def test_the_list_tells_wire_parent_and_addresses() -> None:
    found = {row["name"]: row for row in rollbook("dialect", "list", "--json").json()}
    assert set(found) >= {"standard", "scim11", "releezme", "retailops", "identify"}
    assert found["standard"] == {
        "name": "standard",
        "title": "SCIM 2.0",
        "extends": None,
        "wire": "2.0",
        "addresses": ["/scim/v2"],
        "departures": 0,
    }
    assert found["identify"]["wire"] == "1.1"
    assert rollbook("dialect", "list").rows()[0][0] == "standard"


def test_a_new_dialect_passes_the_check_and_says_where_editors_find_its_keys(folder: Path) -> None:
    told = rollbook("dialect", "check", str(folder / "shop.toml"))
    assert (told.code, told.err) == (0, "Dialect shop is right.\n")
    text = (folder / "shop.toml").read_text("utf-8")
    assert text.startswith("#:schema ./dialect.schema.json\n")
    assert tomllib.loads(text)["extends"] == "standard"
    assert json.loads((folder / "dialect.schema.json").read_text("utf-8"))["title"] == "rollbook dialect"
    assert rollbook("dialect", "new", "shop", "--folder", str(folder)).code == 1, "nothing is written over"
    assert rollbook("dialect", "new", "releezme", "--folder", str(folder)).code == 1
    assert rollbook("dialect", "new", "../shop", "--folder", str(folder)).code == 2


def test_the_check_tells_everything_with_file_line_and_nearest_key(folder: Path, tmp_path: Path) -> None:
    text = (folder / "shop.toml").read_text("utf-8")
    bad = tmp_path / "bad.toml"
    bad.write_text(text.replace("most = 100", "mst = 100").replace("others =", "others = 3 #"), "utf-8")
    told = rollbook("dialect", "check", str(bad))
    assert told.code == 1
    lines = told.err.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(f"{bad}, line {_line(bad, 'mst = 100')}: pages.mst: ")
    assert lines[0].endswith("(did you mean most?)")
    assert lines[1].startswith(f"{bad}, line {_line(bad, 'others =')}: types.User.others: ")
    refused = rollbook("dialect", "check", str(bad), "--json")
    assert refused.code == 1
    assert json.loads(refused.out)[0] == {
        "file": str(bad),
        "line": _line(bad, "mst = 100"),
        "key": "pages.mst",
        "detail": "there is no such key (did you mean most?)",
    }
    assert rollbook("dialect", "check", str(tmp_path / "none.toml")).code == 1


def _line(file: Path, beginning: str) -> int:
    return next(n for n, line in enumerate(file.read_text("utf-8").splitlines(), 1) if line.startswith(beginning))


def test_the_diff_prints_each_departure_with_its_clause_and_why() -> None:
    found = rollbook("dialect", "diff", "releezme", "--json").json()
    assert found["other"] == "standard"
    told = rollbook("dialect", "diff", "releezme")
    assert told.code == 0
    for departure in found["departures"]:
        assert f"{departure['id']}  {departure['clause']}" in told.out
        assert departure["what"] in told.out
        assert departure["why"] in told.out
    data = {one["what"]: (one["here"], one["there"]) for one in found["differences"]}
    assert data["Group operations"] == (
        "query, search, retrieve",
        "query, search, create, retrieve, replace, modify, delete, members",
    )
    assert data["User nickName"] == ("", "string")
    assert "User nickName" not in {
        w["what"] for w in rollbook("dialect", "diff", "scim11", "--json").json()["differences"]
    }
    told = rollbook("dialect", "diff", "relezme")
    assert told.code == 2
    assert "did you mean releezme?" in told.err


def test_the_page_goes_into_a_folder_or_to_standard_output(tmp_path: Path) -> None:
    printed = rollbook("dialect", "doc", "retailops", "--folder", "-")
    told = rollbook("dialect", "doc", "--all", "--folder", str(tmp_path / "pages"))
    assert told.code == 0
    assert (tmp_path / "pages" / "retailops.md").read_text("utf-8") == printed.out
    assert "(identify.md)" in (tmp_path / "pages" / "README.md").read_text("utf-8")
    assert rollbook("dialect", "doc").code == 2


def test_a_dialect_of_a_folder_is_served(folder: Path, tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'shop.db'}"
    made = rollbook("tenant", "create", "acorn", "--dialect", "shop", "--dialects", str(folder), "--database", database)
    assert made.code == 0, made.err
    token = rollbook("token", "create", "acorn", "--json", "--database", database).json()["token"]
    command = [ROLLBOOK, "serve", "--port", "{port}", "--database", database]
    env = {name: value for name, value in environment().items() if name.startswith("ROLLBOOK_")}
    with running_server(command, env={**env, "ROLLBOOK_DIALECTS": str(folder)}, path="/readyz") as server:
        base = f"{server.url}/shop/scim"
        headers = {"authorization": f"Bearer {token}", "content-type": "application/scim+json"}
        body = {"schemas": [SHOP_URN], "userName": "ann", "title": "Lead", SHOP_URN: {"shelf": "B7"}}
        body["schemas"] = ["urn:ietf:params:scim:schemas:core:2.0:User", SHOP_URN]
        answer = httpx2.post(f"{base}/Users", json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        assert answer.json()[SHOP_URN] == {"shelf": "B7"}
        assert "title" not in answer.json()
        found = httpx2.get(f"{base}/Users", params={"filter": f'{SHOP_URN}:shelf eq "b7"'}, headers=headers)
        assert found.json()["totalResults"] == 1
        assert httpx2.get(f"{server.url}/scim/v2/Users", headers=headers).status_code == 403
        assert httpx2.delete(f"{base}/Groups/1", headers=headers).status_code == 405
        types = httpx2.get(f"{base}/ResourceTypes").json()["Resources"]
        assert [one["name"] for one in types] == ["User", "Group"]
    exported = tmp_path / "acorn.jsonl"
    told = rollbook(*("--dialects", str(folder), "export", "acorn", "-o", str(exported), "--database", database))
    assert told.code == 0, told.err
    assert "B7" in exported.read_text("utf-8")


def test_a_broken_file_stops_the_start_with_file_and_line(folder: Path, tmp_path: Path) -> None:
    bad = tmp_path / "dialects" / "bad.toml"
    bad.parent.mkdir()
    bad.write_text((folder / "shop.toml").read_text("utf-8").replace("most = 100", "mst = 100"), "utf-8")
    for words in (["serve", "--port", "0"], ["demo", "--port", "0"], ["tenant", "create", "acorn"]):
        told = rollbook(*("--dialects", str(bad.parent), *words, "--database", f"sqlite:///{tmp_path / 'none.db'}"))
        assert told.code == 1, words
        assert f"{bad}, line {_line(bad, 'mst = 100')}: pages.mst" in told.err
    assert not (tmp_path / "none.db").exists()
    found = rollbook(
        "--dialects", str(bad.parent), "doctor", "--json", "--database", f"sqlite:///{tmp_path / 'none.db'}"
    )
    (finding,) = [one for one in json.loads(found.out) if one["check"] == "dialects"]
    assert (finding["ok"], found.code) == (False, 1)
    assert "pages.mst" in finding["detail"]
    told = rollbook("--dialects", str(tmp_path / "nowhere"), "dialect", "list")
    assert told.code == 2
    assert "there is no folder" in told.err


def test_an_installed_package_brings_dialects(folder: Path, tmp_path: Path) -> None:
    package = tmp_path / "site"
    info = package / "shop_dialect-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shop-dialect\nVersion: 1.0\n", "utf-8")
    (info / "entry_points.txt").write_text("[rollbook.dialects]\nshop = shop_dialect:FILE\n", "utf-8")
    (package / "shop_dialect.py").write_text(
        f"from pathlib import Path\nFILE = Path({str(folder / 'shop.toml')!r})\n", "utf-8"
    )
    told = rollbook("dialect", "list", "--json", PYTHONPATH=str(package))
    assert "shop" in {row["name"] for row in told.json()}
    (package / "shop_dialect.py").write_text("raise RuntimeError('no')\n", "utf-8")
    told = rollbook("dialect", "list", PYTHONPATH=str(package))
    assert told.code == 2
    assert "shop_dialect:FILE (rollbook.dialects: shop)" in told.err


def test_files_that_an_editor_has_begun_with_a_byte_order_mark_are_read(folder: Path, tmp_path: Path) -> None:
    marked = tmp_path / "shop.toml"
    marked.write_bytes(b"\xef\xbb\xbf" + (folder / "shop.toml").read_bytes())
    assert rollbook("dialect", "check", str(marked)).err == "Dialect shop is right.\n"
    settings = tmp_path / "rollbook.toml"
    settings.write_bytes(f"\ufeffdialects = '{tmp_path}/more'\n".encode())
    (tmp_path / "more").mkdir()
    marked.rename(tmp_path / "more" / "shop.toml")
    database = f"sqlite:///{tmp_path}/x.db"
    told = rollbook("tenant", "create", "acorn", "--dialect", "shop", "--config", str(settings), "--database", database)
    assert told.code == 0, told.err
    asked = tmp_path / "acorn.toml"
    asked.write_bytes(b"\xef\xbb\xbf[shop]\n")
    command = ("tenant", "configure", "acorn", str(asked), "--config", str(settings), "--database", database)
    assert rollbook(*command).err == "Nothing is different.\n"
