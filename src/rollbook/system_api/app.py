"""The System API as an ASGI application: its routes, its refusals, its document (OpenAPI 3.1)."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi import Response as Answer
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.routing import Match

from rollbook import __version__
from rollbook.http_message import Response
from rollbook.lockers.forms import pointer, sentence
from rollbook.lockers.pins import Pins
from rollbook.lockers.work import Malformed
from rollbook.scim.errors import ScimError
from rollbook.storage.errors import StoreError
from rollbook.system_api import (
    access_routes,
    assignment_routes,
    audit_routes,
    batch_routes,
    company_routes,
    file_routes,
    people_routes,
    pin_routes,
    problems,
    structure_routes,
    view_routes,
)
from rollbook.system_api.calling import Caller
from rollbook.system_api.people import People
from rollbook.system_api.problems import Problem, Refusal

ABOUT = """Lockers: what stands where, who may use what, who holds what. Beside the SCIM API, on the same tokens.

- **Lists** have `items` and `nextCursor`, which is the `cursor` of the next page.
- **Writes** of a thing that is there need `If-Match` with the ETag that was read: 428 without, 412 if it has changed.
- **`Idempotency-Key`**, with every POST that does something: sent again within a day, its answer is repeated
  (`Idempotent-Replayed: true`) and nothing is done twice. Another request with that key is refused (422 `keyReused`).
- **`dryRun=true`**: all is tried, the answer says what would be (`Dry-Run: true`), nothing is changed.
- **Refusals** are problem details (RFC 9457) with a `code` for programs.
"""


def make_app(people: People, pins: Pins) -> FastAPI:
    """The application. Who calls stands in the state of each request (``calling``)."""
    app = FastAPI(
        title="rollbook System API",
        version=__version__,
        description=ABOUT,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        dependencies=[Depends(_only_known)],
    )
    app.state.served = []

    def include(router: APIRouter) -> None:
        app.include_router(router)
        app.state.served += [route for route in router.routes if isinstance(route, APIRoute)]

    for room in structure_routes.ROOMS:
        include(structure_routes.routes(room))
    for router in (
        assignment_routes.router,
        assignment_routes.bookings,
        company_routes.router,
        view_routes.router,
        audit_routes.router,
    ):
        include(router)
    include(people_routes.routes(people))
    include(file_routes.routes(people))
    include(pin_routes.routes(pins))
    for router in batch_routes.ALL:
        include(router)
    for router in (access_routes.router, access_routes.evaluating):
        include(router)
    handlers: dict[Any, Callable[[Request, Any], Any]] = {
        RequestValidationError: _not_understood,
        HTTPException: _not_there,
        **dict.fromkeys((Refusal, Malformed, ScimError, StoreError), _refused),
    }
    for error, handler in handlers.items():
        app.add_exception_handler(error, handler)
    return app


async def _only_known(request: Request) -> None:
    """A parameter that a route does not have is refused: whoever asks for a rehearsal must not get the real thing.
    **Raises** ``Refusal``."""
    if not request.query_params:
        return
    for route in served(request.app):
        if route.matches(request.scope)[0] is Match.FULL:
            known = {one.alias: one.field_info.annotation for one in route.dependant.query_params}
            if any(isinstance(kind, type) and issubclass(kind, BaseModel) for kind in known.values()):
                return  # a model knows for itself what it does not know
            for name in request.query_params.keys() - known.keys():
                shown = name[:32] if name.isidentifier() else "one of them"
                detail = f"This address has no such parameter: {shown}."
                raise Refusal(400, "invalidParameter", detail, [(shown, "This is not known here.")])


def served(app: FastAPI) -> list[APIRoute]:
    """The routes of the application, one by one."""
    found: list[APIRoute] = app.state.served
    return found


async def _refused(request: Request, error: Exception) -> Answer:
    return _said(request, error)


async def _not_understood(request: Request, error: RequestValidationError) -> Answer:
    found = []
    for one in error.errors():
        place, *rest = one["loc"]
        where = pointer(tuple(rest)) if place == "body" else str(rest[0] if rest else place)
        found.append((where, sentence(one)))
    shown = ", ".join(dict.fromkeys(at or "the body" for at, _ in found[:3]))
    in_body = any(one["loc"][0] == "body" for one in error.errors())
    code = "invalidBody" if in_body else "invalidParameter"
    return _said(request, Refusal(400, code, f"This is not understood: look at {shown}.", found))


async def _not_there(request: Request, error: HTTPException) -> Answer:
    if error.status_code == 405:
        headers = (("allow", ", ".join(_allowed(request))),)
        return _said(request, Refusal(405, "methodNotAllowed", "This method is not served here.", headers=headers))
    return _said(request, Refusal(404, "notFound", "There is nothing at this address."))


def _allowed(request: Request) -> list[str]:
    """What is served at an address: each method is a route of its own."""
    found: set[str] = set()
    for route in served(request.app):
        if route.matches(request.scope)[0] is not Match.NONE:
            found |= route.methods or set()
    return sorted(found | {"HEAD"} if "GET" in found else found)


def _said(request: Request, error: Exception) -> Answer:
    caller: Caller = request.state.caller
    made = problems.response(error, caller.raw.id)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in made.headers}
    return Answer(made.body, made.status, headers)


def refusal(error: Exception, trace: str) -> Response:
    """A refusal before the application is asked. **Raises** the error itself where it is a bug."""
    return problems.response(error, trace)


def document(app: FastAPI, server: str) -> dict[str, Any]:
    """The OpenAPI document; ``server`` is where the API is, seen from the document."""
    made: dict[str, Any] = get_openapi(
        title=app.title,
        version=app.version,
        openapi_version="3.1.0",
        description=app.description,
        routes=app.routes,
        servers=[{"url": server}],
    )
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    schemas |= _problem_schemas()
    schemas["StructureFile"] = file_routes.StructureFile.model_json_schema()
    for operations in made["paths"].values():
        for operation in operations.values():
            operation.get("responses", {}).pop("422", None)
    scheme = {"type": "http", "scheme": "bearer", "description": "A token of a tenant."}
    made["components"]["securitySchemes"] = {"token": scheme}
    made["security"] = [{"token": []}]
    return made


def _problem_schemas() -> dict[str, Any]:
    schema = Problem.model_json_schema(by_alias=True, ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs", {}), "Problem": schema}
