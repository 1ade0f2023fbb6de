"""Every how-to works when it is pasted, block after block, into one shell."""

from pathlib import Path

import pytest
from tests.support.page import blocks, run_page
from tests.support.server import ROOT

PAGES = {page.stem: page for page in sorted((ROOT / "docs" / "howto").glob("*.md")) if blocks(page)}

SAYS = {
    "add-a-dialect": (
        "Dialect toolshed is right.",
        "T1  RFC 7643 §3.3",
        "T3  RFC 7643 §4.1.2  (our choice)",
        "slip.toml, line 14: pages.mots: there is no such key (did you mean most?)\nit ended with 1",
        '"toolshed":{"shelf":"B7","badge":"04A1","tools":["saw","plane"]}',
        '"totalResults":1',
        "DELETE ends with 501",
        '"endpoint":"/people"',
        "toolshed.tools is set.",
        'tools = ["saw", "plane", "drill"]',
    ),
    "bulk": (
        "POST archers 201",
        "POST coaches 201",
        "POST bo 201",
        "PATCH - 200",
        "POST other 409 Another User",
        "DELETE - 409 A bulkId",
    ),
    "page-through-resources": (
        "page: ann cleo\npage: bo eve\npage: dan\n",
        '"nextCursor"',
        '"totalResults":5',
        '"display":"Archer"',
        '"totalResults":1',
    ),
    "read-the-api": ("3.1.0 / ", " /Users/{id} "),
    "follow-changes": ('"kind":"created"', '"kind":"deleted"', '"more":false', '"kind": "deleted"'),
    "own-schemas": (
        "type Device is there.",
        '"serialNumber":"X1","model":"Tower","price":899.5',
        '"totalResults":1',
        '"number":"B-7"',
        "1 resource of type User have a value of urn:example:acorn:2.0:Badge:number, which would be lost",
    ),
    "oauth": (
        '"token_type":"Bearer","expires_in":3600,"scope":"scim.read"}',
        '"totalResults":0',
        '"refresh_token":"rbr_',
        '{"active":true',
        "RS256",
    ),
    "system-users": ("<title>Set a password</title>", "<h1>The password is set</h1>", "sync@acorn.example"),
    "external-issuer": ("https://login.acorn.example", '"audience": "8adf8e6e-67b2-4cf2-a259-e3dc5476c621"'),
    "speak-scim-1.1": (
        '"xmlDataFormat":{"supported":false}',
        '"emails":[{"value":"ann@home.example","type":"home"}]',
        '"title":"Lead"',
        '"totalResults":1,"itemsPerPage":1',
        '"bulkId":"staff","version":"W/\\"1\\"","status":{"code":"201"}',
    ),
    "releezme": (
        '"userName":"jdoe@example.com"',
        '"display":"Second floor"',
        '{"value":"04A1B2C3","display":"Main card"}',
        '"totalResults":1',
        "Second floor\t0",
    ),
    "identify": (
        '{"type":"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn","primary":true,"value":"ann"}',
        '{"type":"urn:acorn:role","value":"keeper","primary":false}',
        '"organization":"Sales/North"',
        '"totalResults":1',
        "deleted with 200",
    ),
    "retail-ops": (
        '"errorCode":0',
        '"header":"X-PHP-SESSID","expiresIn":1800',
        "ended with 204",
        '"openIDUserID":"auth0|ann"',
        '"totalResults":1',
        '"active":false',
    ),
    "transfer": (
        "people.csv line 5: has 2 cells, and the heading 9",
        "people: 3",
        "lets us in, SCIM 2.0",
        "decision: create: in the source, not in the target",
        "3 created",
        '"decision": "nothing"',
        '"badges": [{"value": "00012345"}, {"value": "00077777"}]',
        "Archer → Archer-Ito",
        "ours, and in the source no more",
        "1 created, 1 updated, 0 reactivated, 1 deactivated",
        "stopped by a brake: the source has shrunk from 3 entries to 1",
        "0 created, 0 updated, 0 reactivated, 1 deactivated, 0 deleted",
        "there is nothing to resume",
        "The report of run",
    ),
    "lockers": (
        "Locker\t120\t0\t0",
        "Nothing was changed (--dry-run).",
        '"status":"assigned"',
        '"code":"noLink"',
        '{"decision":true}',
        '"openSeconds":8',
        '"kind":"locker:unlock"',
        '"userName":"ann"',
        '"reason":"released"',
        "The structure of acorn is in lockers.json.",
    ),
    "export-and-import": ("2 created", "Exported 2 User", '"written": true', "line 3: The line is not valid JSON"),
}
"""What must be seen among what a page prints."""


@pytest.mark.parametrize("name", PAGES)
def test_a_howto_does_what_it_says(name: str, tmp_path: Path) -> None:
    printed = run_page(PAGES[name], tmp_path)
    for fragment in SAYS.get(name, ()):
        assert fragment in printed, printed


def test_what_is_expected_of_pages_is_of_pages_that_exist() -> None:
    assert set(SAYS) <= set(PAGES)
