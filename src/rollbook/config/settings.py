"""Every setting, with its default and the reason for it.

A setting has one name everywhere: ``max_page`` in the TOML file, ``ROLLBOOK_MAX_PAGE`` in the environment and, for the
few that the command line has, ``--port`` there. Numbers that clients can meet carry their precedents.
"""

import ipaddress
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from rollbook.config.database_url import RIGHT, DatabaseUrl

PREFIX = "ROLLBOOK_"


def _setting(default: Any, right: str, why: str, **constraints: Any) -> Any:
    return Field(default, description=why, json_schema_extra={"right": right}, **constraints)


def _whole(default: int, low: int, high: int, why: str) -> Any:
    return _setting(default, f"give a whole number from {low} to {high}", why, ge=low, le=high)


def _seconds(default: float, high: float, why: str) -> Any:
    right = f"give seconds, from 0 to {high:g}"
    return _setting(default, right, why, ge=0, le=high, allow_inf_nan=False)


def _no_truth(value: object) -> object:
    """TOML's ``true`` is no number, though Python's is."""
    if isinstance(value, bool):
        raise ValueError("is a truth value")
    return value


def _items(value: object) -> object:
    """An environment variable holds a list as ``a, b, c``."""
    if isinstance(value, str):
        return tuple(item.strip() for item in value.split(",") if item.strip())
    return value


def _maybe(value: object) -> object:
    return None if isinstance(value, str) and value.strip().lower() == "none" else _no_truth(value)


def _address_of_database(value: object) -> object:
    return DatabaseUrl.read(value) if isinstance(value, str) else value


def _public_url(value: object) -> object:
    """An http(s) address without a query, kept without its closing slash; or nothing."""
    if not isinstance(value, str) or not value:
        return value
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is no http or https address")
    if parts.query or parts.fragment or parts.username or not value.isascii() or any(c <= " " for c in value):
        raise ValueError("has more than a scheme, a host and a path")
    _ = parts.port  # raises ValueError where it is no number
    return value.rstrip("/")


def _network(value: object) -> object:
    return str(ipaddress.ip_network(value)) if isinstance(value, str) else value


Whole = Annotated[int, BeforeValidator(_no_truth)]
Seconds = Annotated[float, BeforeValidator(_no_truth)]
Items = Annotated[tuple[str, ...], BeforeValidator(_items)]
Networks = Annotated[tuple[Annotated[str, BeforeValidator(_network)], ...], BeforeValidator(_items)]
Database = Annotated[DatabaseUrl, BeforeValidator(_address_of_database), PlainSerializer(lambda database: database.url)]
PublicUrl = Annotated[str, BeforeValidator(_public_url)]
MaybeRate = Annotated[Annotated[float, Field(gt=0, le=1_000_000)] | None, BeforeValidator(_maybe)]


_SECRETS = ("master_key", "smtp_password")


class Settings(BaseModel):
    """What an operator chose. A value: it never changes, and processes hand it on through ``environment``."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    database: Database = Field(
        default_factory=DatabaseUrl.default,
        description="Where the directory is kept. By default a file in the platform's data folder.",
        json_schema_extra={"right": RIGHT},
    )
    postgres_connections: Whole = _whole(
        8,
        1,
        1000,
        "Connections that one worker keeps to PostgreSQL; beyond four a core they only wait.",
    )

    dialects: str = _setting(
        "",
        "give the path of a folder",
        "A folder of dialect files of your own (`rollbook dialect new`), served beside those that rollbook has.",
    )

    host: str = _setting("127.0.0.1", "give an address or host name to listen on", "Where to listen.", min_length=1)
    port: Whole = _whole(8080, 0, 65535, "The port to listen on.")
    workers: Whole = _whole(1, 1, 256, "Processes that serve. SQLite allows one writer, so more need PostgreSQL.")
    public_url: PublicUrl = _setting(
        "",
        "give https://host/path, without a query",
        "The address under which clients reach this server; locations are built from it. Empty: http://host:port.",
    )
    hosts: Items = _setting(
        (),
        "give a list of host names",
        "Host names that a request may name. Empty: the host of public_url, the one listened on, and loopback names.",
    )
    trusted_proxies: Networks = _setting(
        (),
        "give a list of addresses or networks, such as 10.0.0.0/8",
        "Proxies whose X-Forwarded-For is believed. Empty: none, so the header means nothing.",
    )
    drain_seconds: Seconds = _seconds(
        3, 20, "How long a server that was told to stop still accepts, so that a proxy sees that it is not ready."
    )
    grace_seconds: Seconds = _seconds(20, 300, "How long a server that stops waits for requests in flight.")

    issuer: str = _setting(
        "",
        "give an address or a name (a URI)",
        "The name under which access tokens are issued, and their audience: the entity id. Empty: public_url.",
        max_length=256,
        pattern=r"^([A-Za-z][A-Za-z0-9+.-]*:[!-~]+)?$",
    )
    master_key: str = _setting(
        "",
        "give 32 bytes in base64, as `rollbook keys master` prints them",
        "The key by which the keys that sign tokens are encrypted. Better in a file.",
    )
    master_key_file: str = _setting(
        "",
        "give the path of a file",
        "The file with that key. Empty: for SQLite a file beside the database, made when it is first needed;"
        " PostgreSQL needs one of the two.",
    )

    log_level: Literal["debug", "info", "warning", "error"] = _setting(
        "info", 'give "debug", "info", "warning" or "error"', "What is logged, to standard error, one JSON line each."
    )
    access_log: bool = _setting(False, "give true or false", "Whether each request is logged (never its content).")

    default_page: Whole = _whole(100, 1, 10_000, "Resources in an answer to a query that names no count.")
    max_page: Whole = _whole(1000, 1, 10_000, "The most resources in one answer; a greater count is cut to it.")
    cursor_seconds: Whole = _whole(
        3600, 1, 86_400, "How long a cursor is good for (announced as cursorTimeout; 400 expiredCursor after that)."
    )
    body_bytes: Whole = _whole(16 * 1024**2, 1024, 1024**3, "The longest body of any request but a bulk (413 above).")
    patch_operations: Whole = _whole(1000, 1, 100_000, "The most operations in one PATCH (413 above).")
    bulk_operations: Whole = _whole(10_000, 1, 100_000, "The most operations in one bulk (413 above).")
    bulk_bytes: Whole = _whole(16 * 1024**2, 1024, 1024**3, "The longest body of a bulk (413 above).")
    json_depth: Whole = _whole(32, 4, 200, "How deep a JSON body may nest (400 above).")
    page_bytes: Whole = _whole(
        16 * 1024**2, 65_536, 1024**3, "Where an answer to a query ends: it then holds fewer resources than asked for."
    )
    attribute_values: Whole = _whole(
        10_000, 1, 1_000_000, "The most values of one multi-valued attribute (400 above); members do not count."
    )
    name_length: Whole = _whole(1024, 8, 1024, "The longest userName and externalId, in characters (400 above).")
    filter_bytes: Whole = _whole(8192, 64, 65_536, "The longest filter or path (400 above).")
    filter_depth: Whole = _whole(32, 2, 64, "How deep a filter may nest (400 above); Microsoft's reference has 32.")
    url_bytes: Whole = _whole(8192, 256, 65_536, "The longest URL (414 above); RFC 9110 §4.1 asks for 8,000.")
    header_bytes: Whole = _whole(32_768, 1024, 1024**2, "All headers together (431 above).")
    header_count: Whole = _whole(100, 8, 1000, "The most headers (431 above).")
    tenant_concurrency: Whole = _whole(64, 1, 10_000, "Requests of one tenant at work in one worker; more wait.")
    queue_seconds: Seconds = _seconds(10, 300, "How long a request waits for its turn (503 after that).")
    requests_per_second: MaybeRate = _setting(
        None,
        'give a number above 0, or "none"',
        "Requests a second for each connection of a tenant (429 above). Entra asks for 25 at least; 50 suits a public"
        " service.",
    )
    burst: Whole = _whole(200, 1, 1_000_000, "Requests that may come at once before requests_per_second holds.")
    tenant_requests_per_second: MaybeRate = _setting(
        None,
        'give a number above 0, or "none"',
        "Requests a second for all connections of a tenant together (429 above).",
    )
    tenant_burst: Whole = _whole(
        1000, 1, 1_000_000, "Requests that may come at once before tenant_requests_per_second holds."
    )
    revocation_seconds: Seconds = _seconds(
        2, 5, "How long a worker may remember a token. A revoked token is refused within this time, in every worker."
    )

    smtp_host: str = _setting(
        "", "give a host name", "The mail server that invitations go by. Empty: links are shown to the operator, once."
    )
    smtp_port: Whole = _whole(587, 1, 65535, "Its port: 587 for starttls, 465 for tls.")
    smtp_tls: Literal["starttls", "tls", "none"] = _setting(
        "starttls", 'give "starttls", "tls" or "none"', "How the way to it is encrypted; none is for this machine."
    )
    smtp_user: str = _setting("", "give a name", "The name to log in with there. Empty: none is needed.")
    smtp_password: str = _setting("", "give a password", "Its password. Better in a file.")
    smtp_password_file: str = _setting("", "give the path of a file", "The file with that password.")
    mail_from: str = _setting(
        "rollbook@localhost", "give an e-mail address", "The sender of mails.", pattern=r"^[!-~]+@[A-Za-z0-9.-]+$"
    )
    text_command: str = _setting(
        "",
        "give a command",
        "A program that sends text messages: it gets the number as its last argument, the text on standard input.",
    )
    letter_retry_seconds: Whole = _whole(
        60, 1, 3600, "How long a letter that could not be sent waits for its second try; then twice as long each time."
    )
    jwks_loopback_hosts: Items = _setting(
        (),
        "give a list of host names",
        "Hosts on this machine that keys of outside issuers and clients may be fetched from, to try them out. It means"
        " nothing unless the server listens on loopback alone, public_url and hosts name nothing else, and there is no"
        " proxy.",
    )
    address_failures: Whole = _whole(
        100,
        1,
        1_000_000,
        "Failed logins within an hour from one address before more from there are delayed; those who have logged in"
        " from there before are not. Behind a proxy, set trusted_proxies: else all share its address.",
    )

    def environment(self) -> dict[str, str]:
        """The variables that give a child process these settings and no others.

        **Rules**: every setting is named, and the file is switched off, so that no source is read twice.
        """
        values = {PREFIX + name.upper(): _as_text(value) for name, value in self.model_dump().items()}
        return {**values, PREFIX + "CONFIG": ""}

    def differing(self) -> dict[str, str]:
        """The settings that are not at their default, as texts fit to be shown."""
        plain = Settings(database=self.database)
        names = (name for name in type(self).model_fields if getattr(self, name) != getattr(plain, name))
        shown = {name: "(secret)" if name in _SECRETS else _as_text(getattr(self, name)) for name in names}
        return {"database": str(self.database), **shown}

    @property
    def origin(self) -> str:
        """``public_url``, or the address of the socket when there is none."""
        if self.public_url:
            return self.public_url
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{'127.0.0.1' if host in ('0.0.0.0', '[::]') else host}:{self.port}"  # noqa: S104 - compared

    @property
    def loopback_hosts(self) -> frozenset[str]:
        """``jwks_loopback_hosts``, where nobody else can reach this server: so it cannot be left on in earnest."""
        own = {"localhost", "127.0.0.1", "::1", "[::1]"}
        alone = self.host in own and self.allowed_hosts <= own and not self.trusted_proxies
        alone = alone and urlsplit(self.origin).hostname in own
        return frozenset(name.lower() for name in self.jwks_loopback_hosts) if alone else frozenset()

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """The host names that a request may name, in lower case and without a port."""
        if self.hosts:
            return frozenset(name.lower() for name in self.hosts)
        public = urlsplit(self.origin).hostname or ""
        listening = f"[{self.host}]" if ":" in self.host else self.host
        named = {"localhost", "127.0.0.1", "[::1]", listening.lower(), f"[{public}]" if ":" in public else public}
        return frozenset(named - {""})


def _as_text(value: object) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return str(value).lower()
        case tuple():
            return ", ".join(value)
        case _:
            return str(value)


def describe() -> Mapping[str, tuple[str, str]]:
    """What each setting is for, and what would be right, by name: for messages and for the documents."""
    return {
        name: (field.description or "", _right(field.json_schema_extra))
        for name, field in Settings.model_fields.items()
    }


def _right(extra: object) -> str:
    return str(extra["right"]) if isinstance(extra, dict) else ""
