"""A real LDAP server for the tests: Debian's slapd, as an unprivileged process on loopback, in a folder of its own.

It knows the attributes of Active Directory that matter (objectGUID, userAccountControl), and keeps memberOf.
"""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from ldap3 import Connection, Server
from tests.support.certificates import Authority

_SLAPD = Path("/usr/sbin/slapd")
_SCHEMAS = Path("/etc/ldap/schema")
_PATIENCE = 200
BASE = "dc=acorn,dc=example"
ADMIN = f"cn=admin,{BASE}"
_CONFIG = """\
include {schemas}/core.schema
include {schemas}/cosine.schema
include {schemas}/inetorgperson.schema
attributetype ( 1.2.840.113556.1.4.2 NAME 'objectGUID' SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl' SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.221 NAME 'sAMAccountName' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
objectclass ( 1.2.840.113556.1.5.9 NAME 'adUser' AUXILIARY MAY ( objectGUID $ userAccountControl $ sAMAccountName ) )
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
pidfile {folder}/slapd.pid
sizelimit unlimited
TLSCertificateFile {folder}/certificates/127.0.0.1.pem
TLSCertificateKeyFile {folder}/certificates/127.0.0.1.pem
TLSCACertificateFile {folder}/certificates/authority.pem
database mdb
suffix "{base}"
rootdn "{admin}"
rootpw {password}
directory {folder}/data
maxsize 268435456
dbnosync
access to * by anonymous auth by * none
overlay memberof
"""


@dataclass(frozen=True)
class Slapd:
    """A server that runs."""

    url: str
    tls_url: str
    password: str
    authority: Path
    """The certificate of whoever has signed the server's."""

    @contextlib.contextmanager
    def open(self) -> Iterator[Connection]:
        """A connection of its administrator."""
        connection = Connection(Server(self.url, get_info="NO_INFO"), ADMIN, self.password, auto_bind=True)
        try:
            yield connection
        finally:
            connection.unbind()

    def person(self, uid: str, **attributes: object) -> None:
        """Add a person."""
        whole = {"cn": uid, "sn": uid.title(), **attributes}
        with self.open() as connection:
            dn = f"uid={uid},ou=people,{BASE}"
            assert connection.add(dn, ["inetOrgPerson", "adUser"], whole), connection.result


@contextlib.contextmanager
def start_slapd() -> Iterator[Slapd]:
    """A server with empty ``ou=people`` and ``ou=groups``. Skips the test where slapd is not installed."""
    if not _SLAPD.is_file():
        pytest.skip("slapd is not installed (apt-get install slapd)")
    password = os.urandom(9).hex()
    folder = Path(tempfile.mkdtemp(prefix="rollbook-slapd-"))
    user = pwd.getpwnam("nobody").pw_name if os.geteuid() == 0 else None
    (folder / "data").mkdir()
    (folder / "certificates").mkdir()
    authority = Authority(folder / "certificates")
    authority.server("127.0.0.1")
    config = folder / "slapd.conf"
    config.write_text(_CONFIG.format(schemas=_SCHEMAS, folder=folder, base=BASE, admin=ADMIN, password=password))
    if user is not None:
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, user)
    url, tls_url = (f"{scheme}://127.0.0.1:{_free_port()}" for scheme in ("ldap", "ldaps"))
    command = [str(_SLAPD), "-f", str(config), "-h", f"{url}/ {tls_url}/", "-d", "0"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, user=user, cwd=folder)
    try:
        slapd = Slapd(url, tls_url, password, authority.file)
        _wait(slapd, process, folder / "log")
        _fill(slapd)
        yield slapd
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(slapd: Slapd, process: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(_PATIENCE):
        if process.poll() is not None:
            raise RuntimeError(f"slapd ended: {log.read_text()}")
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", int(slapd.url.rpartition(":")[2]))) == 0:
                return
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.05)
    raise RuntimeError("slapd does not answer")


def _fill(slapd: Slapd) -> None:
    with slapd.open() as connection:
        connection.add(BASE, ["dcObject", "organization"], {"o": "Acorn"})
        for unit in ("people", "groups"):
            connection.add(f"ou={unit},{BASE}", ["organizationalUnit"])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
