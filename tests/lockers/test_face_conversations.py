"""What clients of the product send to its System API, as recorded conversations; and that every row of the table has
one."""

import re
from collections.abc import Mapping
from pathlib import Path

import jsonschema_rs
import pytest
from openapi_spec_validator import validate
from tests.lockers.face_stage import Product, product
from tests.support.house import House

from rollbook.releezme_face import openapi
from rollbook.releezme_face.rows import COMMON, Router, Row
from rollbook.releezme_face.table import ROWS
from rollbook.testing.conversations import Answer, hold, read_conversation

FILES = sorted((Path(__file__).parent / "conversations").glob("*.http"))
ROUTER = Router(ROWS)
DOCUMENT = openapi.document("..")


def names_of(stage: Product, text: str) -> dict[str, str]:
    """What stands for ``@name@`` in a file; for one that needs them there are a bank with a controller, and a lost
    one."""
    desk = stage.desk
    more = {}
    for name, says in (("wired", {"controller": "box 7"}), ("lost", {"attributes": {"offlineSince": "yesterday"}})):
        if f"@{name}@" in text:
            body = {"sectionId": desk.section, "name": name.title(), **says}
            more[name] = desk.make("/locker-banks", body)["id"]
    doors = {f"door{n}": id for n, id in enumerate(desk.doors, 1)}
    there = ("location", "section", "bank", "group", "ann", "bo", "cleo")
    return {"company": desk.seat.name, **doors, **more, **{name: getattr(desk, name) for name in there}}


def asking(stage: Product, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
    if method == "GET" and target.startswith("/pincodes/"):
        return Answer(200, {}, b"{}")  # nothing is read there, before a change or after
    sent = {"authorization": f"Bearer {stage.seat.token}", **headers, "content-type": "application/json"}
    answer = stage.seat.client.request(method, stage.seat.base + target, content=body, headers=sent)
    row = ROUTER.find(method, target.partition("?")[0]).row
    if row is not None and answer.status_code < 400:
        jsonschema_rs.validate({**openapi.answer(row), "components": DOCUMENT["components"]}, answer.json())
    return Answer(answer.status_code, dict(answer.headers), answer.content)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_conversation_goes_as_recorded(house: House, file: Path) -> None:
    stage = product(house)
    text = file.read_text("utf-8")
    names = names_of(stage, text)
    held = read_conversation(re.sub(r"@(\w+)@", lambda found: names[found[1]], text))
    hold(held, lambda method, target, headers, body: asking(stage, method, target, headers, body))


def recorded() -> list[tuple[Row | None, int]]:
    """Every exchange: the row that it is for, and the status."""
    found = []
    for file in FILES:
        for step in read_conversation(file.read_text("utf-8")).steps:
            path = re.sub(r"@\w+@|\$\{\w+\}", "id", step.target.partition("?")[0])
            found.append((ROUTER.find(step.method, path).row, step.status))
    return found


def test_every_row_of_the_table_has_a_recorded_exchange() -> None:
    done = {(row.method, row.path) for row, status in recorded() if row is not None and status == row.status}
    assert {(row.method, row.path) for row in ROWS} - done == set()


def test_no_row_answers_what_it_does_not_say() -> None:
    for row, status in recorded():
        if row is not None:
            assert status in row.statuses - COMMON, (row.method, row.path, status)


def test_no_two_rows_have_one_address() -> None:
    assert len({(row.method, re.sub(r"\{\w+\}", "{}", row.path)) for row in ROWS}) == len(ROWS)


def test_the_document_is_one_of_openapi_and_has_every_row() -> None:
    validate(DOCUMENT)
    there = {(method.upper(), path[1:]) for path, operations in DOCUMENT["paths"].items() for method in operations}
    assert there == {(row.method, row.path) for row in ROWS}


def test_the_page_and_its_document_are_open_to_everybody(house: House) -> None:
    for before in ("", "/t/anybody"):
        page = house.client.get(f"{house.url}{before}/api/sapi/docs")
        assert page.status_code == 200
        assert b"openapi.json" in page.content
        made = house.client.get(f"{house.url}{before}/api/sapi/openapi.json")
        assert made.json()["paths"].keys() == DOCUMENT["paths"].keys()
