"""The decision on a refresh token, in all its cases."""

import pytest

from rollbook.oauth.rotation import Presented, Verdict, decide

BEFORE, GRACE, NOW, AFTER = (f"2026-01-31T08:00:{second:02d}.000Z" for second in (0, 5, 10, 20))
FRESH = Presented(AFTER, None, None, False, None, None)


@pytest.mark.parametrize(
    ("presented", "verdict"),
    [
        (None, Verdict.REFUSE),
        (FRESH, Verdict.ROTATE),
        (FRESH._replace(expires=NOW), Verdict.REFUSE),
        (FRESH._replace(revoked=BEFORE), Verdict.REFUSE),
        (FRESH._replace(family_revoked=BEFORE), Verdict.REFUSE),
        (FRESH._replace(family_until=NOW), Verdict.REFUSE),
        (FRESH._replace(family_until=AFTER), Verdict.ROTATE),
        (FRESH._replace(used=GRACE), Verdict.REPEAT),
        (FRESH._replace(used=NOW), Verdict.REPEAT),
        (FRESH._replace(used=BEFORE), Verdict.REPLAY),
        (FRESH._replace(used=GRACE, successor_used=True), Verdict.REPLAY),
        (FRESH._replace(used=BEFORE, expires=NOW), Verdict.REFUSE),
        (FRESH._replace(used=BEFORE, family_revoked=BEFORE), Verdict.REFUSE),
        (FRESH._replace(used=GRACE, revoked=NOW), Verdict.REFUSE),
    ],
)
def test_each_case_has_its_verdict(presented: Presented | None, verdict: Verdict) -> None:
    assert decide(presented, NOW, GRACE) is verdict
