"""What a tenant may set, and what it is told where it sets something else."""

import pytest

from rollbook.dialects.configuration import DEPTH, read_configuration
from rollbook.dialects.loading import catalog
from rollbook.dialects.reader import Source

WRONG = {
    '[retailops]\nroles = "Seller"\n': "line 2: retailops.roles: this has to be a list of texts",
    '[retailops]\nroles = [\n  "a",\n  3,\n]\n': "line 4: retailops.roles: this has to be a text",
    '[retailops]\nroles = ["a", "a"]\n': "line 2: retailops.roles: 'a' stands here twice",
    '[retailops]\nrols = ["a"]\n': "line 2: retailops.rols: there is no such setting (did you mean roles?)",
    "[retailops]\nsession_idle_minutes = 0\n": "line 2: retailops.session_idle_minutes: this has to be from 1 to 1440",
    "[retailops]\nsession_idle_minutes = 1.5\n": "retailops.session_idle_minutes: this has to be a whole number",
    '[retailops]\nopenid = "yes"\n': "line 2: retailops.openid: this has to be true or false",
    "[releezme]\n": "line 1: releezme: the tenant does not speak releezme: it speaks identify, retailops, standard",
    "[retailop]\n": "line 1: retailop: there is no such dialect (did you mean retailops?)",
    "retailops = 3\n": "line 1: retailops: this has to be a table",
    "[standard]\nx = 1\n": "line 2: standard.x: there is no such setting: nothing can be set",
    "[identify]\nseparator = 3\n": "line 2: identify.separator: this has to be a text",
    "[identify]\nseparator = ''\n": "line 2: identify.separator: this cannot be empty",
    "[identify]\norganizations = { A = {}, B = {} }\n": "identify.organizations: this may have 1 at the top, and has 2",
    "[identify]\norganizations = {}\n": "identify.organizations: this has to have 1 at the top at least, and has 0",
    '[identify]\norganizations = { Root = { A = "x" } }\n': "identify.organizations.Root.A: this has to be a table",
    "[identify]\norganizations = " + "{ a = " * DEPTH + "{}" + " }" * DEPTH + "\n": "this is deeper than",
    f"[identify]\nseparator = '{'x' * 5000}'\n": "line 2: identify.separator: this has more than 4096 characters",
    f"[retailops]\nroles = {[str(n) for n in range(1001)]}\n": "there may be 1000 at most, and these are 1001",
    "[retailops\n": "line 1: this is no TOML",
}


@pytest.mark.parametrize("text", WRONG, ids=lambda text: WRONG[text])
def test_what_is_wrong_is_told_with_its_line(text: str) -> None:
    _, wrong = read_configuration(Source("acorn.toml", text), catalog(), {"standard", "retailops", "identify"})
    assert len(wrong) == 1
    assert WRONG[text] in str(wrong[0])


def test_what_is_right_is_given_back_as_it_stands() -> None:
    text = """
    [retailops]
    roles = ["Seller"]
    openid = false
    [identify]
    organizations = { Root = { Sales = {} } }
    """
    settings, wrong = read_configuration(Source("acorn.toml", text), catalog(), {"retailops", "identify"})
    assert wrong == []
    assert settings == {
        "retailops": {"roles": ["Seller"], "openid": False},
        "identify": {"organizations": {"Root": {"Sales": {}}}},
    }
