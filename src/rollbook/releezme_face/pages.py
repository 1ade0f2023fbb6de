"""The reference of the face, made of its table (``docs/reference/releezme-face.md``)."""

from collections.abc import Iterable, Iterator, Mapping

from rollbook.releezme_face import shapes
from rollbook.releezme_face.calling import LARGEST_PAGE
from rollbook.releezme_face.examples import OBJECTS
from rollbook.releezme_face.rows import COMMON, PAGES, Row
from rollbook.releezme_face.table import AREAS, BASE, DIALECT

_COMMON = ", ".join(map(str, sorted(COMMON)))
_ABOUT = f"""Vecos Releezme has a System API beside its SCIM API. Clients of it find it here, at `{BASE}` (and below
`/t/TENANT{BASE}`), beside the dialect's `{BASE}/users` and `{BASE}/groups`: the same operations on
[lockers](../lockers.md) as [our own System API](system-api.md) has, in the product's names.

- **Credentials**: a token of a connection that speaks `{DIALECT}`. The product's scope `Vecos.Releezme.Web.SAPI` asks
  for all that is needed here; the column *scope* says which of ours each address needs.
- **Addresses** and names of parameters and fields are the same in any letter case; what is not known is passed over.
- **Lists** are `{{"Locations": […], "Paging": {{…}}}}`, in order of the ids. `pageNumber` is from 1, `pageSize`
  {LARGEST_PAGE} where it is not said, and at most. `events` have no pages: ask again after the `Id` of the last.
- **Users** are named by `externalUserId`: the userName of SCIM. Where the product wants its own `UserId`, that is the
  `id` of SCIM.
- **Moments** are UTC, written like `2026-11-23T08:00:00Z`; `11-23-2026 08:00:00` is understood as well.
- **Refusals** are `{{"Message": "…"}}`. What is answered beside a status in the table: {_COMMON}.
  400 is also what the product has no status for: somebody else holds the locker, the user has no right to it.
- **Writes** that have nothing to show answer `{{}}`.
- **A page** to try it out is at `{BASE}/sapi/docs` of your server, its document (OpenAPI 3.1) at
  `{BASE}/sapi/openapi.json`."""

_KEPT = f"""What only the vendor's hardware knows is kept where the operator can see and set it, among the `attributes`
of a thing in our own System API:

| attribute | of | says |
| --- | --- | --- |
| `{shapes.PREFIX}`, `{shapes.DIGITS}`, `numberOrder`, `numberOrderReverse` | locker bank | how its doors are numbered |
| `{shapes.OFFLINE}` | locker bank | that its controller is not heard of: `lockerbanks/offline` lists it |
| `{shapes.LOCK_MODE}` | locker group | `LockMode`, a number; 0 without it |
| `{shapes.BRICK}`, `{shapes.BRICK_NUMBER}`, `{shapes.BRICK_FORM}` | locker | the brick that it came with |"""

_NOTES: Mapping[str, str] = {
    "Locker": f"`LockerGroupId` and `LockerBrickId` are `{shapes.NOBODY}` where there is none.",
    "Allocation": f"`ExpiresDateTimeUtc` is `{shapes.FOR_GOOD}` where it does not expire.",
    "Event": "With `useRawEvents=true` the `EventType` is our own, and `Actor` and `Data` come with it.",
}


def page() -> str:
    """The page."""
    lines = [
        "# The System API of Releezme",
        "",
        "<!-- Made by docs/reference.py: change the code, then run `make reference`. -->",
        "",
        _ABOUT,
        "",
    ]
    for area, rows in AREAS.items():
        lines += [f"## {area}", "", *_table(rows), ""]
    lines += ["## Objects", "", "| object | fields |", "| --- | --- |"]
    for name, fields in OBJECTS.items():
        note = f" {_NOTES[name]}" if name in _NOTES else ""
        lines.append(f"| {name} | {', '.join(f'`{field}`' for field in fields)}.{note} |")
    return "\n".join([*lines, "", "## What is kept as attributes", "", _KEPT, ""])


def _table(rows: Iterable[Row]) -> Iterator[str]:
    yield "| | address | scope | answers | what it does |"
    yield "| --- | --- | --- | --- | --- |"
    for row in rows:
        statuses = ", ".join(str(status) for status in sorted(row.statuses - COMMON))
        address = f"{row.path}{_parameters(row)}"
        yield f"| {row.method} | `{address}` | `{row.scope}` | `{row.answers}` {statuses} | {_told(row)} |"


def _parameters(row: Row) -> str:
    pages = [name for name in PAGES if row.paged and not row.path.startswith("events/") and row.method == "GET"]
    names = [*row.query, *pages]
    return f"?{'&'.join(names)}" if names else ""


def _told(row: Row) -> str:
    body = f" Body: {', '.join(f'`{name}`' for name in row.body)}." if row.body else ""
    return f"{row.about}{body}"
