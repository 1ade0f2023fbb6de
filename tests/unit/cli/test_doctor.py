"""The judgements of `rollbook doctor` that need no database."""

from datetime import UTC, datetime

import pytest

from rollbook.cli import doctor
from rollbook.cli.output import fail
from rollbook.config import DatabaseUrl, Settings


def test_a_clock_before_this_release_was_written_is_wrong() -> None:
    assert not doctor.clock(datetime(1970, 1, 1, tzinfo=UTC)).ok
    assert "NTP" in doctor.clock(datetime(2000, 1, 1, tzinfo=UTC)).todo
    assert doctor.clock(datetime(2027, 1, 1, tzinfo=UTC)).ok


def test_a_disk_is_judged_where_the_file_will_be_even_before_its_folder_is(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(database=DatabaseUrl.read(f"sqlite:///{tmp_path}/not/there/yet.db"))
    assert doctor.disk(settings).ok
    assert str(tmp_path) in doctor.disk(settings).detail
    monkeypatch.setattr(doctor, "LOW_SPACE", 1 << 62)
    assert "make room" in doctor.disk(settings).todo


def test_a_failure_is_told_on_standard_error_with_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BaseException) as end:
        fail("the barn is shut", "open it", 2)
    assert getattr(end.value, "exit_code", None) == 2
    assert capsys.readouterr() == ("", "rollbook: the barn is shut\n  open it\n")
