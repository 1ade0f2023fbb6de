"""The pages with a form, in a real browser: it says of itself where a form comes from, and is believed."""

from collections.abc import Iterator

import pytest
from tests.identity.test_invitations import invited
from tests.support import browser
from tests.support.browser import Visit
from tests.support.house import House


@pytest.fixture
def house(_house_on_sqlite: House) -> House:
    return _house_on_sqlite


@pytest.fixture
def visit() -> Iterator[Visit]:
    if reason := browser.install():
        pytest.skip(f"BROWSER TESTS DID NOT RUN: {reason}")
    with browser.visiting() as visit:
        yield visit


def test_a_password_is_set_by_the_link_of_a_mail(house: House, visit: Visit) -> None:
    page = visit.page
    page.goto(f"{house.url}/account/password?token={invited(house.seat())}")
    for name in ("password", "again"):
        page.fill(f'input[name="{name}"]', "several words to remember")
    with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
        page.click("button")
    assert answered.value.status == 200
    sent = answered.value.request.all_headers()
    assert sent["origin"] == house.url
    assert sent["sec-fetch-site"] == "same-origin"
    assert "token" not in sent.get("referer", "")
    assert visit.complaints == []
