"""Files as sources: CSV, spreadsheets, JSON. What is a text stays one, and a bad row stops nothing but itself."""

import csv as csv_module
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.sheets import Cell, write_ods, write_xlsx

from rollbook.transfer.errors import SourceFailed
from rollbook.transfer.source_settings import CsvSource, JsonSource, LdapSource, SheetSource, SourceSettings
from rollbook.transfer.sources import json_file
from rollbook.transfer.sources.opening import open_source
from rollbook.transfer.sources.rows import Row


def read(source: SourceSettings, folder: Path, *wanted: str) -> list[Row]:
    opened = open_source(source, folder)
    return list(opened.rows(frozenset(wanted or opened.columns() or ())))


def csv(folder: Path, content: bytes, **more: Any) -> list[Row]:
    (folder / "people.csv").write_bytes(content)
    return read(CsvSource(key="id", path="people.csv", **more), folder)


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [("utf-8", b""), ("utf-8", b"\xef\xbb\xbf"), ("cp1252", b""), ("utf-16", b""), ("utf-16-le", b"")],
)
def test_the_encoding_is_told_by_the_file(tmp_path: Path, encoding: str, mark: bytes) -> None:
    rows = csv(tmp_path, mark + "id;name\r\n1;Jürgen €\r\n".encode(encoding))
    assert [row.values for row in rows] == [{"id": "1", "name": "Jürgen €"}]


def test_a_declared_encoding_is_believed(tmp_path: Path) -> None:
    rows = csv(tmp_path, "id,name\n1,Łukasz\n".encode("cp1250"), encoding="cp1250")
    assert rows[0].values["name"] == "Łukasz"
    with pytest.raises(SourceFailed, match="no encoding"):
        csv(tmp_path, b"id\n1\n", encoding="utf-99")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_told_by_the_heading(tmp_path: Path, delimiter: str) -> None:
    rows = csv(tmp_path, f'id{delimiter}"na{delimiter}me"\n007{delimiter}Bo\n'.encode())
    assert rows[0].values["id"] == "007"


def test_bad_rows_are_named_by_their_line_and_stop_nothing_else(tmp_path: Path) -> None:
    rows = csv(
        tmp_path,
        b'id,name,mail\n1,Ann,a\n\n2,Bo\n3,"Cl\neo",c\n4,\xff\xfe,d\n5,"open,e\n6,Fay,f,g\n7,Gus,"say ""hi"""\n',
    )
    assert [(row.line, row.values.get("id"), row.wrong) for row in rows] == [
        (2, "1", ""),
        (4, "2", "has 2 cells, and the heading 3"),
        (5, "3", ""),
        (7, "4", ""),
        (8, "5", "has 2 cells, and the heading 3"),
        (9, "6", "has 4 cells, and the heading 3"),
        (10, "7", ""),
    ]
    assert rows[2].values["name"] == "Cl\neo"
    assert rows[-1].values["mail"] == 'say "hi"'


def test_a_row_that_is_not_utf8_among_others_that_are(tmp_path: Path) -> None:
    rows = csv(tmp_path, "id,name\n1,Jürgen\n2,X\n".encode().replace(b"X", b"J\xfcrgen"))
    assert [(row.values["id"], row.wrong) for row in rows] == [("1", ""), ("2", "is not written in utf-8")]


def test_one_stray_quote_does_not_swallow_a_file(tmp_path: Path) -> None:
    lines = [f"{number},Name{number}" for number in range(3000)]
    lines[100] = '100,"open'
    rows = csv(tmp_path, "\n".join(["id,name", *lines]).encode())
    assert len(rows) == 3000
    assert [row.line for row in rows if row.wrong] == [102]


def test_a_file_without_a_heading_gets_one(tmp_path: Path) -> None:
    rows = csv(tmp_path, b"1,ann\n2,bo\n", header_line=0, columns=("id", "login"))
    assert [row.values["login"] for row in rows] == ["ann", "bo"]
    rows = csv(tmp_path, b"Export of 1 March\n\nid,login\n1,ann\n", header_line=3)
    assert [(row.line, row.values["login"]) for row in rows] == [(4, "ann")]


def test_a_file_that_is_not_there_or_empty_stops(tmp_path: Path) -> None:
    with pytest.raises(SourceFailed, match="cannot be read"):
        read(CsvSource(key="id", path="nowhere.csv"), tmp_path)
    with pytest.raises(SourceFailed, match="is empty"):
        csv(tmp_path, b"")


def test_a_column_that_stands_twice_stops_only_where_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("id,name,name\n1,a,b\n")
    source = CsvSource(key="id", path="people.csv")
    assert len(read(source, tmp_path, "id")) == 1
    with pytest.raises(SourceFailed, match="name twice"):
        read(source, tmp_path, "name")


PEOPLE: Sequence[Sequence[Cell]] = [
    ["id", "name", "badge", "floor", "note"],
    ["0001", "Änn", (42, "00000000"), 3, ""],
    ["0002", "Bo", "00012345", 2.5, "x"],
]


def test_xlsx_keeps_what_cells_show(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "people.xlsx", PEOPLE)
    rows = read(SheetSource(key="id", path="people.xlsx"), tmp_path)
    assert [(row.line, *row.values.values()) for row in rows] == [
        (2, "0001", "Änn", "00000042", "3", ""),
        (3, "0002", "Bo", "00012345", "2.5", "x"),
    ]


def test_ods_keeps_what_cells_show(tmp_path: Path) -> None:
    shown = [[(42, "00000042") if isinstance(cell, tuple) else cell for cell in row] for row in PEOPLE]
    write_ods(tmp_path / "people.ods", shown)
    rows = read(SheetSource(type="ods", key="id", path="people.ods"), tmp_path)
    assert [row.values["badge"] for row in rows] == ["00000042", "00012345"]
    assert [row.values["floor"] for row in rows] == ["3", "2.5"]


def test_a_sheet_that_is_not_there_is_told_with_the_nearest(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "people.xlsx", PEOPLE)
    with pytest.raises(SourceFailed, match="no sheet 'Peple'") as failed:
        read(SheetSource(key="id", path="people.xlsx", sheet="Peple"), tmp_path)
    assert "People" in failed.value.hint
    (tmp_path / "no.xlsx").write_text("no spreadsheet")
    with pytest.raises(SourceFailed, match=r"no xlsx that can be read"):
        read(SheetSource(key="id", path="no.xlsx"), tmp_path)


def test_json_lines_stay_texts_and_get_names_with_dots(tmp_path: Path) -> None:
    lines = [
        '{"id": 1.50, "n": 123456789012345678901, "name": {"first": "Änn"}, "mails": [{"value": "a"}, {"value": "b"}]}',
        '{"id": "007", "tags": ["x", null, "y"], "active": true, "none": null}',
        "{nonsense",
        "[1]",
    ]
    (tmp_path / "people.jsonl").write_text("\n".join(lines))
    rows = read(JsonSource(key="id", path="people.jsonl"), tmp_path)
    assert rows[0].values == {
        "id": "1.50",
        "n": "123456789012345678901",
        "name.first": "Änn",
        "mails.0.value": "a",
        "mails.1.value": "b",
        "mails.value": ["a", "b"],
    }
    assert rows[1].values == {"id": "007", "tags": ["x", "y"], "active": "true", "none": ""}
    assert [(row.line, row.wrong) for row in rows[2:]] == [(3, "is no JSON"), (4, "is no JSON object")]


TEXTS = st.text(st.characters(codec="utf-8"), max_size=6) | st.sampled_from(['"', "\\", "{", "}", "[", "]", ",", "\n"])
VALUES = st.recursive(
    TEXTS | st.booleans() | st.none(), lambda v: st.lists(v) | st.dictionaries(TEXTS, v), max_leaves=8
)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.dictionaries(TEXTS, VALUES, max_size=4), max_size=8), st.booleans(), st.integers(1, 40))
def test_an_array_is_cut_into_its_objects_wherever_blocks_end(
    tmp_path_factory: pytest.TempPathFactory, objects: list[Any], inner: bool, block: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "array.json"
    whole = {"meta": {"items": [{"no": 1}]}, "items": objects, "x": [{}]} if inner else objects
    path.write_text(json.dumps(whole, indent=1, ensure_ascii=False), "utf-8", newline="\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_file, "_BLOCK", block)
        source = JsonSource(type="json", key="id", path=str(path), items="items" if inner else "")
        rows = read(source, path.parent)
    assert [row.values for row in rows] == [json_file.flat(json.loads(json.dumps(one))) for one in objects]
    assert all(not row.wrong for row in rows)


@pytest.mark.parametrize("block", [3, 1 << 16])
def test_what_is_no_object_in_an_array_is_named(tmp_path: Path, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_file, "_BLOCK", block)
    text = '[{"id": "1"}, 3,\n"x, y", [{"id": "no"}],\n-1.5e3\n, null, {"id": "2", "a": [1, {"b": 2}]}]'
    (tmp_path / "people.json").write_text(text)
    rows = read(JsonSource(type="json", key="id", path="people.json"), tmp_path)
    assert [row.values["id"] for row in rows if not row.wrong] == ["1", "2"]
    assert sorted({row.line for row in rows if row.wrong}) == [1, 2, 3, 4]
    assert all(row.wrong.startswith("is no JSON") for row in rows if row.wrong)


def test_an_array_that_is_none_stops(tmp_path: Path) -> None:
    for text, match in (("{}", "does not hold an array"), ('[{"a": 1', "ends within"), ("", "does not hold")):
        (tmp_path / "people.json").write_text(text)
        with pytest.raises(SourceFailed, match=match):
            read(JsonSource(type="json", key="id", path="people.json"), tmp_path)


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=8), st.sampled_from(",;\t|"), st.sampled_from(["\n", "\r\n"]))
def test_what_a_program_writes_is_what_is_read(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str]], delimiter: str, end: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "written.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv_module.writer(file, delimiter=delimiter, lineterminator=end, quoting=csv_module.QUOTE_ALL)
        writer.writerows([("id", "na me", "x"), *rows])
    found = read(CsvSource(key="id", path=str(path)), path.parent)
    assert [tuple(row.values.values()) for row in found] == rows
    assert not any(row.wrong for row in found)


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=60))
def test_any_bytes_are_rows_good_or_bad(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(b"id,name\n" + content)
    lines = [row.line for row in read(CsvSource(key="id", path=str(path)), path.parent)]
    assert lines == sorted(set(lines))


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("python_calamine", SheetSource(key="id", path="people.xlsx")),
        ("ldap3", LdapSource(url="ldap://127.0.0.1:9", base="dc=x")),
    ],
)
def test_a_library_that_is_missing_is_told_with_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, module: str, source: SourceSettings
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    for room in ("sheet", "ldap_client"):
        monkeypatch.delitem(sys.modules, f"rollbook.transfer.sources.{room}", raising=False)
    with pytest.raises(SourceFailed, match=f"needs {module.replace('_', '-')}") as failed:
        open_source(source, Path())
    assert failed.value.hint == "pip install 'rollbook[transfer]'"
