"""What a GET costs with a token of our own identity server (a JWT), against one with a static token, in turns."""

import base64
import http.client
import json
from collections.abc import Callable
from dataclasses import replace

from bench.load import Work
from bench.measure import CannotMeasure, interleave
from bench.subjects import Rollbook, Subject, command


def compare(
    house: Rollbook, subject: Subject, tenant: str, passes: int, seconds: float, tell: Callable[[str], None]
) -> dict[str, float]:
    """CPU of the server (and its database) for one GET in µs, with each kind of token."""
    work = subject.requests()["get"]
    kinds = {"static": work, "jwt": _with_jwt(house, tenant, work)}
    cells = {kind: subject.cell(f"get, {kind} token", kinds[kind]) for kind in kinds}
    interleave(list(cells.values()), passes, seconds, 1, tell)
    found = {}
    for kind, cell in cells.items():
        cost = cell.summary()["cpu_us"]
        if cell.errors or not isinstance(cost, float):
            raise CannotMeasure(f"{cell.name}: {cell.errors} requests were refused")
        found[kind] = cost
    return found


def _with_jwt(house: Rollbook, tenant: str, work: Work) -> Work:
    arguments = ("--grant", "client_credentials", "--json", "--database", house.database)
    client = command("client", "create", "bench", "--tenant", tenant, *arguments)
    basic = base64.b64encode(f"{client['client_id']}:{client['client_secret']}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"}
    connection = http.client.HTTPConnection("127.0.0.1", house.server.port, timeout=30)
    connection.request("POST", "/oauth/token", "grant_type=client_credentials", headers)
    answer = connection.getresponse()
    body = json.loads(answer.read())
    connection.close()
    if answer.status != 200:
        raise CannotMeasure(f"the token endpoint answered {answer.status}")
    return replace(work, headers={**work.headers, "Authorization": f"Bearer {body['access_token']}"})
