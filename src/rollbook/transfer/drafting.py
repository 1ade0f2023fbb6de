"""A first config, written for somebody who has a source and a target: commented, and working as it stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

_GUESSES: Mapping[str, tuple[str, ...]] = {
    "userName": ("login", "username", "user", "userid", "account", "samaccountname", "uid", "userprincipalname", "upn"),
    "name.givenName": ("first", "firstname", "givenname", "forename", "vorname", "prenom", "name.givenname"),
    "name.familyName": ("last", "lastname", "familyname", "surname", "sn", "nachname", "nom", "name.familyname"),
    "displayName": ("displayname", "fullname", "cn"),
    "emails": ("mail", "email", "emailaddress", "emails.value"),
    "active": ("active", "enabled", "isactive"),
    "department": ("department", "dept", "division", "abteilung"),
    "title": ("title", "jobtitle", "position"),
    "badges": ("badge", "badgenumber", "badgeno", "card", "cardnumber"),
}
"""What columns are usually called, in small letters without signs."""

_KEPT: Mapping[str, tuple[str, ...]] = {
    "releezme": ("externalId", "userName", "name.givenName", "name.familyName", "emails", "active", "badges"),
    "retailops": ("externalId", "userName", "name.givenName", "name.familyName", "emails", "active"),
    "identify": ("userName", "displayName", "emails", "active"),
}
"""What the products keep of it; others keep everything but badges."""

_OTHERWISE: Mapping[str, Sequence[str]] = {
    "ldap": ("uid", "givenName", "sn", "cn", "mail"),
    "ad": ("sAMAccountName", "givenName", "sn", "displayName", "mail", "enabled"),
    "ldif": ("uid", "givenName", "sn", "cn", "mail"),
    "scim": ("id", "userName", "name.givenName", "name.familyName", "emails.value", "active"),
}
"""Columns of sources that do not say theirs."""
_EXAMPLE = ("id", "login", "first", "last", "mail", "active")

_PLACES: Mapping[str, str] = {
    "ldap": 'url      = "ldaps://ldap.example.org"\nbase     = "ou=people,dc=example,dc=org"\n'
    'bind_dn  = "cn=reader,dc=example,dc=org"\npassword = { env = "LDAP_PASSWORD" }\n',
    "ad": 'url      = "ldaps://dc.example.org"\nbase     = "ou=Staff,dc=example,dc=org"\n'
    'bind_dn  = "reader@example.org"\npassword = { env = "LDAP_PASSWORD" }\n',
    "sql": 'url   = "sqlite:///people.db"          # or postgresql://reader@host/name, with password = { env = "…" }\n'
    'query_file = "people.sql"               # holds one SELECT, whose columns are those of the source\n',
    "scim": 'base_url = "https://directory.example.org/scim/v2"\nversion  = "2.0"\n'
    'token    = { env = "SOURCE_TOKEN" }\n',
}
_CLIENT_AND_USER = """\
token_url     = {token_url}
client_id     = {{ env = "TARGET_CLIENT_ID" }}
client_secret = {{ env = "TARGET_CLIENT_SECRET" }}
username      = {{ env = "TARGET_USERNAME" }}
password      = {{ env = "TARGET_PASSWORD" }}
"""
_SESSION = """\
username = { env = "TARGET_USERNAME" }
password = { env = "TARGET_PASSWORD" }
"""
BASES: Mapping[str, str] = {
    "releezme": "/api",
    "retailops": "/api/externals/v1/scim/v2",
    "identify": "/admin/api/scim/v1",
    "scim11": "/scim/v1",
}
"""Where a product has its users, below its host; others at ``/scim/v2``."""


def usual_base(dialect: str) -> str:
    """The address of a rollbook on this machine that speaks the dialect."""
    return f"http://127.0.0.1:8080{BASES.get(dialect, '/scim/v2')}"


def _login(draft: "Draft") -> str:
    parts = urlsplit(draft.base_url)
    origin = f"{parts.scheme}://{parts.netloc}"
    match draft.dialect:
        case "releezme":
            told = _CLIENT_AND_USER.format(token_url=_quoted(f"{origin}/connect/token"))
            return told + 'scope         = "Vecos.Releezme.Web.SCIM offline_access"\n'
        case "identify":
            told = _CLIENT_AND_USER.format(token_url=_quoted(f"{origin}/runtime/oauth2/token.idp"))
            return told + 'scope         = "identify*scim"\nbare          = true\n'
        case "retailops":
            return _SESSION
    return f"token    = {{ env = {_quoted(draft.variable)} }}\n"


@dataclass(frozen=True, slots=True)
class Draft:
    """What has to be known. ``columns`` are those of the source, where it says them."""

    type: str
    path: str = ""
    key: str = ""
    dialect: str = "standard"
    base_url: str = "http://127.0.0.1:8080/scim/v2"
    variable: str = "TARGET_TOKEN"
    columns: Sequence[str] = ()


def guess_key(columns: Sequence[str]) -> str:
    """The column that most likely tells people apart."""
    usual = ("id", "employeeid", "employeenumber", "personid", "personnelnumber", "key", "uuid", "entryuuid")
    return next(
        (column for name in usual for column in columns if _bare(column) == name), columns[0] if columns else ""
    )


def guess_lines(columns: Sequence[str], key: str, dialect: str = "standard") -> dict[str, str]:
    """Lines of ``[map]`` for columns with usual names, as far as a dialect keeps them."""
    bare = {_bare(column): column for column in reversed(columns)}
    found = {"externalId": _written(key)} if key else {}
    for attribute, names in _GUESSES.items():
        column = next((bare[_bare(name)] for name in names if _bare(name) in bare), None)
        if column is not None:
            found[attribute] = f"lower({_written(column)})" if attribute == "userName" else _written(column)
    if "userName" not in found:
        found["userName"] = found.get("emails", _written(key) if key else "")
    if "displayName" not in found and "name.givenName" in found and "name.familyName" in found:
        found["displayName"] = f"{{{found['name.givenName']}}} {{{found['name.familyName']}}}"
    kept = _KEPT.get(dialect, tuple(name for name in ("externalId", *_GUESSES) if name != "badges"))
    lines = {name: found[name] for name in ("externalId", *_GUESSES) if name in found and name in kept}
    if dialect == "retailops" and "active" in lines:  # who is active is linked to somebody at the login provider
        lines["retailOps.openIDUserID"] = lines["userName"]
    return lines


def write_config(draft: Draft) -> str:
    """The text of the config."""
    columns = draft.columns or _OTHERWISE.get(draft.type, _EXAMPLE)
    key = draft.key or ("" if draft.type in ("ldap", "ad", "ldif") else guess_key(columns))
    lines = guess_lines(columns, key or _usual_key(draft.type), draft.dialect)
    width = max(len(_toml_key(name)) for name in lines)
    mapped = "".join(f"{_toml_key(name):{width}} = {_quoted(value)}\n" for name, value in lines.items())
    place = _PLACES.get(draft.type) or f"path = {_quoted(draft.path or f'people.{draft.type}')}\n"
    named = (
        f"key  = {_quoted(key)}                        # what tells people apart, and never changes\n" if key else ""
    )
    login = _login(draft)
    there = f"# Its columns: {', '.join(columns)}\n" if draft.columns else ""
    return f"""\
# rollbook transfer check       looks at all of this
# rollbook transfer plan        says what would be done
# rollbook transfer sync        does it
# Every key is in docs/reference/transfer-config.md.

[source]
type = {_quoted(draft.type)}
{place}{named}{there}
[target]
dialect  = {_quoted(draft.dialect)}
base_url = {_quoted(draft.base_url)}
# Secrets never stand here: {{ env = "NAME" }}, {{ file = "path" }} or {{ keyring = "service/name" }}.
{login}
[map]
# A column, or an expression: "lower(login)", "{{first}} {{last}}", "between(start, end)", "'the same for all'".
{mapped}
# [[groups]]
# when = "department == 'Engineering'"
# add  = ["Engineers"]

[policy]
unknown = "report"        # users that are not ours: report, adopt, deactivate, delete
leavers = "deactivate"    # ours, and gone from the source: deactivate, delete, report
# protected = ["admin*"]  # nothing is ever done to these

[brakes]
deletes       = {{ share = 0.05, least = 5, most = 500 }}
deactivations = {{ share = 0.05, least = 5, most = 500 }}
"""


def _usual_key(type: str) -> str:
    return {"ad": "objectGUID", "ldap": "entryUUID", "ldif": "entryUUID", "scim": "id"}.get(type, "")


def _bare(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum() or character == ".")


def _written(column: str) -> str:
    """A column in an expression."""
    plain = column.replace("_", "a").replace("-", "a").replace(".", "a")
    return column if plain.isalnum() and not column[0].isdecimal() else f"`{column}`"


def _toml_key(name: str) -> str:
    return f'"{name}"' if "." in name else name


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
