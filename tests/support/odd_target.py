"""A target in memory that does as it is told: what it announces, how its filters lie, what it does not know."""

import contextlib
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Json = Any
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


@dataclass
class OddTarget:
    """Users by id. ``filters``: ``right``, ``everybody``, ``nobody``, ``no_or``, ``refused``."""

    announced: Json = None
    filters: str = "right"
    patch: int = 200
    """What a PATCH is answered with."""
    delete: int = 204
    lost: list[int] = field(default_factory=list)
    """Walks (from 1) in which the last user is on no page."""
    users: dict[str, Json] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    next: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    """Status and headers of the next answers; 0 leaves the status as it is."""
    url: str = ""
    _walks: int = 0

    def add(self, **attributes: Any) -> str:
        id = str(len(self.users) + 1)
        self.users[id] = {"id": id, "active": True, **attributes}
        return id

    def named(self, name: str) -> Json:
        """The user of this name, letter case aside."""
        return next(user for user in self.users.values() if user["userName"].lower() == name.lower())

    def answer(self, method: str, path: str, query: dict[str, str], body: Json) -> tuple[int, Json]:
        self.calls.append(f"{method} {path}" + ("?filter" if "filter" in query else ""))
        if path == "/ServiceProviderConfig":
            return (200, self.announced) if self.announced is not None else (404, None)
        id = path.removeprefix("/Users").strip("/")
        if not id:
            return self._made(body) if method == "POST" else (200, self._listed(query))
        if id not in self.users:
            return 404, {"detail": "nobody is there"}
        if method == "PUT":
            self.users[id] = {**body, "id": id}
        elif method == "PATCH":
            if self.patch != 200:
                return self.patch, {"detail": "no PATCH here"}
            self._patched(self.users[id], body)
        elif method == "DELETE":
            if self.delete == 204:
                del self.users[id]
            return self.delete, None
        return 200, self.users[id]

    def _made(self, body: Json) -> tuple[int, Json]:
        if any(user["userName"].lower() == body["userName"].lower() for user in self.users.values()):
            return 409, {"detail": "taken", "scimType": "uniqueness"}
        id = self.add(**body)
        return 201, self.users[id]

    def _listed(self, query: dict[str, str]) -> Json:
        found = list(self.users.values())
        if "filter" in query:
            found = self._filtered(query["filter"], found)
        elif query.get("count") != "5":
            start = int(query.get("startIndex", "1"))
            self._walks += start == 1
            if self._walks in self.lost:
                found = found[:-1]
            found = found[start - 1 : start - 1 + int(query.get("count", "100"))]
        return {"schemas": [LIST], "totalResults": len(found), "Resources": found}

    def _filtered(self, text: str, users: list[Json]) -> list[Json]:
        if self.filters == "everybody":
            return users
        terms = re.findall(r'(\w+) eq "([^"]*)"', text)
        if self.filters == "nobody" or (self.filters == "no_or" and len(terms) > 1):
            return []
        return [u for u in users if any(str(u.get(name, "")).lower() == value.lower() for name, value in terms)]

    def _patched(self, user: Json, body: Json) -> None:
        for operation in body["Operations"]:
            *way, last = operation["path"].split(".")
            place = user
            for step in way:
                place = place.setdefault(step, {})
            place.pop(last, None)
            if operation["op"] != "remove":
                place[last] = operation["value"]


@contextlib.contextmanager
def odd_target(**how: Any) -> Iterator[OddTarget]:
    """Such a target, running."""
    target = OddTarget(**how)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def serve(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            content = self.rfile.read(int(self.headers.get("content-length", "0")))
            target.agents.add(self.headers["user-agent"])
            status, body = target.answer(self.command, parts.path, query, json.loads(content) if content else None)
            sent = json.dumps(body).encode() if body is not None else b""
            other, headers = target.next.pop(0) if target.next else (0, {})
            self.send_response(other or status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-type", "application/scim+json")
            self.send_header("content-length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *_: object) -> None:
            pass

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.serve)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="odd-target")
    thread.start()
    target.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield target
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
