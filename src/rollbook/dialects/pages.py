"""The page about one dialect, as Markdown: ``docs/reference/dialects/`` is made of these."""

from collections.abc import Iterable, Iterator, Sequence

from rollbook.dialects.differences import FEATURES, characteristics
from rollbook.dialects.model import Dialect
from rollbook.dialects.plan import Departure
from rollbook.dialects.routes import Ask
from rollbook.scim.schema import ResourceType
from rollbook.scim.wire.v1_form import Form
from rollbook.scim.wire.v1_names import names

NOTE = "<!-- Made by `rollbook dialect doc`: change the dialect file, then run `make reference`. -->"


def page(dialect: Dialect) -> str:
    """Everything that a dialect file says, and what follows from it."""
    lines = [f"# {dialect.title} (`{dialect.name}`)", "", NOTE, "", dialect.about, ""]
    lines += _where(dialect)
    lines += _who(dialect)
    lines += ["## What can be asked", ""]
    lines += _table(("method", "address", "for"), _routes(dialect))
    if dialect.plan.absent:
        lines += [f"Not there at all (501): {_code(dialect.plan.absent)}.", ""]
    for type in dialect.types:
        lines += _attributes(type, dialect.form)
    if dialect.settings:
        lines += [
            "## What a tenant may set",
            "",
            f"`rollbook tenant configure TENANT FILE.toml`, table `[{dialect.name}]`.",
            "",
        ]
        rows = [(f"`{s.name}`", s.type, f"`{_default(s.default)}`", s.about) for s in dialect.settings]
        lines += _table(("setting", "is", "default", "for"), rows)
    said = [one for one in dialect.departures if not one.choice]
    chosen = [one for one in dialect.departures if one.choice]
    if said:
        lines += ["## Where it departs from the specification", ""]
        lines += _departures(said)
    if chosen:
        lines += ["## What we chose where the product's documents are silent", ""]
        lines += _departures(chosen)
    return "\n".join(lines)


def index(dialects: Iterable[Dialect]) -> str:
    """The page that lists them."""
    rows = [
        (f"[`{one.name}`]({one.name}.md)", one.title, "1.1" if one.form else "2.0", _code(one.bases), one.about)
        for one in dialects
    ]
    head = [
        "# Dialects",
        "",
        NOTE,
        "",
        "What each is, in its own page; what a dialect is: [dialects](../../dialects.md).",
        "",
    ]
    return "\n".join([*head, *_table(("dialect", "product", "wire", "address", "what it is"), rows)])


def _where(dialect: Dialect) -> list[str]:
    wire = "SCIM 1.1" if dialect.form else "SCIM 2.0"
    parent = f" It says how it differs from [`{dialect.parent}`]({dialect.parent}.md)." if dialect.parent else ""
    lines = [f"It speaks {wire}, at {_code(dialect.bases)} below the host, or below `/t/TENANT`.{parent}", ""]
    if dialect.prefixes:
        shown = [prefix.replace("{tenant}", "TENANT") for prefix in dialect.prefixes]
        lines += [f"Also below {_code(shown)}.", ""]
    if dialect.location and dialect.location != dialect.base:
        lines += [f"`meta.location` begins with `{dialect.location}`.", ""]
    if dialect.plan.any_case:
        lines += ["Addresses are the same in any letter case.", ""]
    features = [name.replace("_", " ") for name in FEATURES if getattr(dialect.features, name)]
    lacks = [name.replace("_", " ") for name in FEATURES if not getattr(dialect.features, name)]
    lines += [f"It announces: {', '.join(features) or 'nothing'}; it lacks: {', '.join(lacks) or 'nothing'}.", ""]
    most, default = dialect.limits.max_page, dialect.limits.default_page
    if dialect.form is None or dialect.form.paging:
        lines += [f"A page has {default} resources by default, {most} at most.", ""]
    else:
        lines += ["A list has no pages: it has all resources.", ""]
    return lines


def _who(dialect: Dialect) -> list[str]:
    held, oauth = dialect.credentials, dialect.oauth
    ways = []
    if held.session_header:
        ways.append(f"a session in the header `{held.session_header.upper()}`")
    if held.bearer:
        ways.append("a bearer token in `Authorization`" + (", with or without the word Bearer" if held.bare else ""))
    lines = ["## Who may ask", "", f"A client shows {' or '.join(ways)}.", ""]
    if oauth.token_address:
        lines += [f"Tokens are given at `{oauth.token_address}`.", ""]
    if oauth.scopes:
        rows = [(f"`{name}`", _code(ours)) for name, ours in oauth.scopes.items()]
        lines += _table(("scope of the product", "opens"), rows)
    if oauth.access_seconds:
        lines += [f"An access token is good for {oauth.access_seconds} seconds.", ""]
    if oauth.refresh_cap_seconds:
        lines += [f"A refresh token is good for {oauth.refresh_cap_seconds // 86400} days from the login.", ""]
    return lines


_MEANT = {
    Ask.CREATE: "a new one",
    Ask.RETRIEVE: "one",
    Ask.QUERY: "a list",
    Ask.SEARCH: "a search",
    Ask.REPLACE: "all of one anew",
    Ask.MODIFY: "a part of one anew",
    Ask.DELETE: "one goes",
    Ask.BULK: "many operations",
    Ask.DISCOVER: "discovery",
    Ask.DEFINE: "a schema or type of the tenant's own",
    Ask.WITHDRAW: "a schema or type goes",
    Ask.MEMBERS: "the members of a group, page by page",
    Ask.CHANGES: "what has changed",
}


def _routes(dialect: Dialect) -> Iterator[tuple[str, str, str]]:
    for template, method, ask, _ in dialect.routes.lines():
        if template == "/Me":
            yield method, f"`{template}`", "the user behind the credential"
        elif ask in _MEANT:
            yield method, f"`{template}`", _MEANT[ask]


def _attributes(type: ResourceType, form: Form | None) -> list[str]:
    lines = [f"## {type.name}", ""]
    called = names(type, form) if form else None
    for schema in type.schemas():
        key = next((key for key, urn in type.aliases.items() if urn == schema.id), "")
        extension = None if schema is type.schema else schema
        urn = called.urns[schema.id] if called else schema.id
        lines += [f"Schema `{urn}`" + (f", under the key `{key}`:" if key else ":"), ""]
        rows = []
        for attribute in schema.attributes:
            rows.append((f"`{attribute.name}`", characteristics(attribute), attribute.description))
            rows += [
                (
                    f"`{attribute.name}.{called.wire_name(extension, attribute, sub) if called else sub.name}`",
                    characteristics(sub),
                    sub.description,
                )
                for sub in attribute.sub_attributes
                if form is None or sub.name not in form.hidden
            ]
        lines += _table(("attribute", "is", "what it means"), rows)
    return lines


def _departures(departures: Iterable[Departure]) -> list[str]:
    return _table(("", "clause", "what", "why"), [(one.id, one.clause, one.what, one.why) for one in departures])


def _default(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if value not in ("", (), [], {}) else " "


def _code(values: Iterable[str]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    made = [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows]
    return [f"| {' | '.join(headings)} |", f"|{' --- |' * len(headings)}", *made, ""]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
