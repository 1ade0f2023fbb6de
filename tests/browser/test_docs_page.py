"""The page about the API in a real browser: it works, and asks nobody but the server that it came from."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from tests.support import browser
from tests.support.browser import Visit
from tests.support.house import Seat

_PATIENCE = 20_000


@pytest.fixture(scope="session")
def chromium() -> None:
    """A browser, or a skip that says why."""
    if reason := browser.install():
        pytest.skip(f"BROWSER TESTS DID NOT RUN: {reason}")


@pytest.fixture
def visit(chromium: None) -> Iterator[Visit]:
    with browser.visiting() as visit:
        yield visit


def test_the_page_is_drawn_takes_a_token_and_sends_a_request(seat: Seat, visit: Visit) -> None:
    seat.user("ann")
    page = visit.page
    page.set_default_timeout(_PATIENCE)
    page.goto(f"{seat.house.url}/t/{seat.name}/docs")
    expect(page.locator(".info .title")).to_contain_text("rollbook", timeout=_PATIENCE)
    expect(page.locator("#operations-User-listUser")).to_be_visible()

    page.locator(".auth-wrapper .authorize").first.click()
    page.locator(".auth-container input").fill(seat.token)
    with page.expect_response(lambda answer: answer.url.endswith("/openapi.json")) as again:
        page.locator(".auth-btn-wrapper .authorize").click()
    assert again.value.status == 200
    assert again.value.request.headers["authorization"] == f"Bearer {seat.token}"
    page.locator(".btn-done").click()
    expect(page.locator(".info .title")).to_contain_text(seat.name)

    operation = page.locator("#operations-User-listUser")
    operation.locator(".opblock-summary-control").click()
    operation.locator(".try-out__btn").click()
    with page.expect_response(lambda answer: "/scim/v2/Users" in answer.url) as answered:
        operation.locator(".execute").click()
    assert answered.value.status == 200
    assert [found["userName"] for found in answered.value.json()["Resources"]] == ["ann"]
    expect(operation.locator(".live-responses-table tr.response .response-col_status").first).to_contain_text("200")

    assert visit.asked
    strangers = [url for url in visit.asked if not url.startswith((f"{seat.house.url}/", "data:", "blob:"))]
    assert strangers == [], "a request left the machine"
    assert visit.complaints == []


def test_a_wrong_token_is_told_and_nothing_of_the_tenant_is_shown(seat: Seat, visit: Visit) -> None:
    page = visit.page
    page.set_default_timeout(_PATIENCE)
    page.goto(f"{seat.house.url}/t/{seat.name}/docs")
    page.locator(".auth-wrapper .authorize").first.click()
    page.locator(".auth-container input").fill("nonsense")
    with page.expect_response(lambda answer: answer.url.endswith("/openapi.json")) as again:
        page.locator(".auth-btn-wrapper .authorize").click()
    assert again.value.status == 401
    expect(page.locator(".loading-container .failed-config, .errors-wrapper").first).to_be_visible()
    expect(page.locator("body")).not_to_contain_text(seat.tenant.id)


@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
def test_r10_p4_a_products_page_shows_the_products_api(seat: Seat, visit: Visit) -> None:
    releezme = seat.speaking("releezme")
    page = visit.page
    page.set_default_timeout(_PATIENCE)
    page.goto(f"{seat.house.url}/swagger/ui/index")
    expect(page.locator(".info .title")).to_contain_text("Releezme", timeout=_PATIENCE)
    expect(page.locator("#operations-Group-deleteGroup")).to_have_count(0)
    page.locator(".auth-wrapper .authorize").first.click()
    page.locator(".auth-container input").fill(releezme.token)
    page.locator(".auth-btn-wrapper .authorize").click()
    page.locator(".btn-done").click()
    operation = page.locator("#operations-User-listUser")
    operation.locator(".opblock-summary-control").click()
    operation.locator(".try-out__btn").click()
    with page.expect_response(lambda answer: "/api/users" in answer.url) as answered:
        operation.locator(".execute").click()
    assert answered.value.status == 200
    assert visit.complaints == []
