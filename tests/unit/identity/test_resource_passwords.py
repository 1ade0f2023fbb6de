import asyncio

import pytest
from argon2 import PasswordHasher

from rollbook.identity.passwords import Passwords
from rollbook.identity.resource_passwords import ResourcePasswords
from rollbook.provisioning.passwords import OneByOne
from rollbook.scim.errors import InvalidValue, Unavailable

pytestmark = pytest.mark.anyio


async def test_a_password_is_hashed_in_the_form_in_which_logins_compare() -> None:
    hash = await ResourcePasswords(Passwords()).hash("e\u0301tude\u2003Larch")  # composed, and with a plain space
    assert hash.startswith("$argon2id$")
    assert PasswordHasher().verify(hash, "\u00e9tude Larch")


@pytest.mark.parametrize("password", ["", "x" * 1025, "\u00e9" * 513, "a\u0000b", "\ud800"])
async def test_what_is_no_password_is_refused_before_it_is_hashed(password: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        await ResourcePasswords(Passwords(slots=1, waiting=-1)).hash(password)
    assert not password or password not in refused.value.detail


async def test_one_is_hashed_at_a_time_and_who_finds_no_place_comes_back() -> None:
    passwords = ResourcePasswords(Passwords(), waiting=1)
    outcomes = await asyncio.gather(*(passwords.hash("Larch-Beech-Rowan") for _ in range(4)), return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, Unavailable)]
    assert [type(outcome) for outcome in outcomes] == [str, str, Unavailable, Unavailable]
    assert all(dict(error.headers)["retry-after"] == "2" for error in refused)
    assert await passwords.hash("Larch-Beech-Rowan") != outcomes[0]


async def test_where_logins_take_all_places_passwords_are_told_to_come_back() -> None:
    with pytest.raises(Unavailable):
        await ResourcePasswords(Passwords(slots=1, waiting=-1)).hash("Larch-Beech-Rowan")


async def test_operations_of_one_bulk_wait_for_each_other_and_none_is_sent_away() -> None:
    hasher = OneByOne(ResourcePasswords(Passwords(), waiting=0))
    hashes = await asyncio.gather(*(hasher.hash(f"Larch-{n}") for n in range(5)))
    assert len(set(hashes)) == 5
