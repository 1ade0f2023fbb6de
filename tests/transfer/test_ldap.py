"""A directory as a source: a real slapd, read in pages."""

import base64
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.slapd import ADMIN, BASE, Slapd, start_slapd

from rollbook.transfer.errors import SourceFailed
from rollbook.transfer.source_settings import LdapSource, LdifSource
from rollbook.transfer.sources.opening import open_source
from rollbook.transfer.sources.rows import Row

GUID = uuid.UUID("03020100-0504-0706-0809-0a0b0c0d0e0f")
HERE = Path()


@pytest.fixture(scope="module")
def slapd() -> Iterator[Slapd]:
    with start_slapd() as server:
        server.person(
            "ann",
            sn="Archer",
            givenName="Änn",
            mail=["ann@acorn.example", "a.archer@acorn.example"],
            employeeNumber="00042",
            objectGUID=GUID.bytes_le,
            userAccountControl=512,
            sAMAccountName="ann",
        )
        server.person("bo", sn="Birch", userAccountControl=514, sAMAccountName="bo")
        for number in range(30):
            server.person(f"extra{number}")
        with server.open() as connection:
            member = f"uid=ann,ou=people,{BASE}"
            connection.add(f"cn=Staff,ou=groups,{BASE}", ["groupOfNames"], {"member": member})
        yield server


def settings(slapd: Slapd, **more: object) -> LdapSource:
    values: dict[str, object] = {"url": slapd.url, "base": f"ou=people,{BASE}", "bind_dn": ADMIN, "page_size": 7}
    return LdapSource(**{**values, "password": lambda: slapd.password, **more})  # type: ignore[arg-type]


def read(source: LdapSource, *wanted: str) -> dict[str, Row]:
    rows = open_source(source, HERE).rows(frozenset({"uid", *wanted}))
    return {row.values["uid"]: row for row in rows}


def test_everybody_is_read_whatever_the_size_of_a_page(slapd: Slapd) -> None:
    people = read(settings(slapd))
    assert len(people) == 32
    assert {"ann", "bo", "extra29"} <= people.keys()


def test_values_are_texts_and_zeros_stay(slapd: Slapd) -> None:
    ann = read(settings(slapd), "givenname", "employeenumber", "mail", "dn", "entryuuid")["ann"].values
    assert ann["givenname"] == "Änn"
    assert ann["employeenumber"] == "00042"
    assert sorted(ann["mail"]) == ["a.archer@acorn.example", "ann@acorn.example"]
    assert ann["dn"] == f"uid=ann,ou=people,{BASE}"
    assert str(uuid.UUID(ann["entryuuid"])) == ann["entryuuid"]


def test_what_active_directory_says_in_bits_is_said_in_words(slapd: Slapd) -> None:
    source = settings(slapd, type="ad", filter="(sAMAccountName=*)")
    people = read(source, "objectguid", "enabled", "memberof")
    assert people["ann"].values["objectguid"] == str(GUID)
    assert (people["ann"].values["enabled"], people["bo"].values["enabled"]) == ("true", "false")
    assert people["ann"].values["memberof"] == f"cn=Staff,ou=groups,{BASE}"
    assert people.keys() == {"ann", "bo"}


@pytest.mark.parametrize("encrypted", ["ldaps", "start_tls"])
def test_an_encrypted_connection_needs_a_certificate_that_is_trusted(slapd: Slapd, encrypted: str) -> None:
    more = {"url": slapd.tls_url} if encrypted == "ldaps" else {"start_tls": True}
    assert "ann" in read(settings(slapd, ca_file=str(slapd.authority), **more))
    with pytest.raises(SourceFailed, match="cannot be reached"):
        read(settings(slapd, **more))


def test_groups_of_groups_are_groups_of_people_where_that_is_asked_for(slapd: Slapd) -> None:
    staff, all_of_us = (f"cn={name},ou=groups,{BASE}" for name in ("Staff", "All"))
    with slapd.open() as connection:
        connection.add(all_of_us, ["groupOfNames"], {"member": [staff, f"uid=bo,ou=people,{BASE}"]})
        connection.modify(staff, {"member": [("MODIFY_ADD", [all_of_us])]})  # in a circle
    people = read(settings(slapd, groups_base=f"ou=groups,{BASE}"), "memberof")
    assert sorted(people["ann"].values["memberof"]) == [all_of_us, staff]
    assert sorted(people["bo"].values["memberof"]) == [all_of_us, staff]
    assert "memberof" not in people["extra1"].values
    assert read(settings(slapd), "memberof")["ann"].values["memberof"] == staff


def test_a_refused_login_is_told(slapd: Slapd) -> None:
    with pytest.raises(SourceFailed, match="refuses the login"):
        read(settings(slapd, password=lambda: "wrong"))


def test_a_wrong_base_and_a_wrong_filter_are_told(slapd: Slapd) -> None:
    with pytest.raises(SourceFailed, match="refuses the search"):
        read(settings(slapd, base="ou=nowhere,dc=acorn,dc=example"))
    with pytest.raises(SourceFailed, match="no LDAP filter"):
        read(settings(slapd, filter="(uid=ann"))


def test_a_server_that_is_not_there_is_told() -> None:
    with pytest.raises(SourceFailed, match="cannot be reached"):
        read(LdapSource(url="ldap://127.0.0.1:9", base=BASE, timeout=2))


LDIF = f"""\
version: 1

# the first
dn: uid=ann,ou=people,{BASE}
uid: ann
cn:: {base64.b64encode("Änn Archer".encode()).decode()}
description: a text that
  is folded
mail: ann@acorn.example
mail: a@acorn.example
objectGUID:: {base64.b64encode(GUID.bytes_le).decode()}

dn: uid=bo,ou=people,{BASE}
changetype: delete

dn: uid=cleo,ou=people,{BASE}
uid: cleo
jpegPhoto:< https://acorn.example/x

uid: nobody
"""


def test_ldif_is_read_as_servers_write_it(tmp_path: Path) -> None:
    (tmp_path / "people.ldif").write_text(LDIF)
    source = open_source(LdifSource(path="people.ldif"), tmp_path)
    rows = list(source.rows(frozenset()))
    assert [(row.line, row.wrong) for row in rows] == [
        (4, ""),
        (13, "is a change, and no entry"),
        (16, "has a value of jpegPhoto that is somewhere else"),
        (20, "has no dn"),
    ]
    ann = rows[0].values
    assert (ann["cn"], ann["description"], ann["mail"]) == (
        "Änn Archer",
        "a text that is folded",
        ["ann@acorn.example", "a@acorn.example"],
    )
    assert ann["objectguid"] == str(GUID)
