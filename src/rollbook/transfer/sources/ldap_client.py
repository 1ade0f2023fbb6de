"""The one place that speaks LDAP: ldap3, read only (RFC 4511; pages by RFC 2696)."""

import math
import ssl
from collections.abc import Iterator, Sequence

from ldap3 import NO_ATTRIBUTES, SUBTREE, Connection, Server, Tls
from ldap3.core.exceptions import LDAPBindError, LDAPException, LDAPInvalidFilterError, LDAPOperationResult

from rollbook.transfer.errors import SourceFailed
from rollbook.transfer.source_settings import LdapSource
from rollbook.transfer.sources.ldap import Found


def search(settings: LdapSource, base: str, filter: str, attributes: Sequence[str]) -> Iterator[Found]:
    """Search below a name, page by page. **Raises** ``SourceFailed``."""
    try:
        connection = _connected(settings)
    except (LDAPBindError, LDAPOperationResult):
        raise SourceFailed(
            f"{settings.url} refuses the login of {settings.label}", hint="check bind_dn and password"
        ) from None
    except LDAPException as refused:
        raise SourceFailed(f"{settings.url} cannot be reached", hint=type(refused).__name__) from None
    try:
        answers = connection.extend.standard.paged_search(
            base,
            filter,
            SUBTREE,
            attributes=list(attributes) or [NO_ATTRIBUTES],
            paged_size=settings.page_size,
            generator=True,
        )
        for answer in answers:
            if answer.get("type") == "searchResEntry":
                yield Found(answer["dn"], [(name, list(raw)) for name, raw in answer["raw_attributes"].items()])
    except LDAPInvalidFilterError:
        raise SourceFailed(f"the filter of {settings.label} is no LDAP filter", hint="such as (uid=*)") from None
    except LDAPOperationResult as refused:
        detail = str(getattr(refused, "description", "") or type(refused).__name__)
        raise SourceFailed(f"{settings.url} refuses the search", hint=f"{detail}; check base and filter") from None
    except LDAPException as refused:
        raise SourceFailed(f"{settings.url} broke off the search", hint=type(refused).__name__) from None
    finally:
        connection.unbind()


def _connected(settings: LdapSource) -> Connection:
    tls = Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=settings.ca_file or None)
    server = Server(settings.url, tls=tls, connect_timeout=settings.timeout, get_info="NO_INFO")
    connection = Connection(
        server,
        user=settings.bind_dn or None,
        password=settings.password() if settings.password is not None else None,
        read_only=True,
        raise_exceptions=True,
        receive_timeout=math.ceil(settings.timeout),
        auto_range=True,
        check_names=False,
        return_empty_attributes=False,
    )
    try:
        connection.open()
        if settings.start_tls:
            connection.start_tls()
        connection.bind()
    except LDAPException:
        if connection.socket is not None:
            connection.socket.close()
        raise
    return connection
