"""Cursors on a server whose settings say how long they are good for."""

from pathlib import Path

from tests.support.house import running_house


def test_a_cursor_that_is_too_old_says_so(tmp_path: Path) -> None:
    settings = {"ROLLBOOK_CURSOR_SECONDS": "1", "ROLLBOOK_MAX_PAGE": "2", "ROLLBOOK_DEFAULT_PAGE": "2"}
    with running_house("sqlite", f"sqlite:///{tmp_path}/rollbook.db", **settings) as house:
        seat = house.seat()
        for name in ("ann", "bo", "cleo"):
            seat.user(name)
        announced = seat.get("/ServiceProviderConfig").json()["pagination"]
        assert (announced["cursorTimeout"], announced["maxPageSize"]) == (1, 2)
        assert seat.get("/Users", cursor="", count=3).json()["scimType"] == "invalidCount"
        cursor = seat.get("/Users", cursor="").json()["nextCursor"]
        while (answer := seat.get("/Users", cursor=cursor)).status_code == 200:
            assert len(answer.json()["Resources"]) == 1
        assert (answer.status_code, answer.json()["scimType"]) == (400, "expiredCursor")
