"""How much faster one client creates users in bulks than one after the other."""

import json
import statistics
import time
from itertools import count

from bench.people import numbered, user_body, user_document
from bench.subjects import Rollbook

BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
MANY = 1_000
ALONE = 300


def create_in_bulks(house: Rollbook, passes: int) -> dict[str, float]:
    """Users a second of a client that sends 1,000 creations in one request, and of one that waits for each."""
    _, subject = house.tenant("bulks")
    wire, numbers = subject.wire(), count()
    alone, bulks = [], []
    wire.must("POST", "/Users", user_body(numbered(next(numbers))))
    for _ in range(passes):
        begun = time.perf_counter()
        for _ in range(ALONE):
            wire.must("POST", "/Users", user_body(numbered(next(numbers))))
        alone.append(ALONE / (time.perf_counter() - begun))
        body = _bulk([numbered(next(numbers)) for _ in range(MANY)])
        begun = time.perf_counter()
        answered = wire.must("POST", "/Bulk", body)["Operations"]
        bulks.append(MANY / (time.perf_counter() - begun))
        assert [part["status"] for part in answered] == ["201"] * MANY
    wire.close()
    return {"alone": statistics.median(alone), "bulk": statistics.median(bulks)}


def _bulk(numbers: list[str]) -> bytes:
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": number, "data": user_document(number)} for number in numbers
    ]
    return json.dumps({"schemas": [BULK_REQUEST], "Operations": operations}, separators=(",", ":")).encode()
