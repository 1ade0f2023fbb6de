"""A tenant that is spoken to in SCIM 1.1."""

import pytest
from tests.support.house import Seat


@pytest.fixture
def old(seat: Seat) -> Seat:
    """A new tenant, by a connection of the dialect scim11."""
    return seat.speaking("scim11")
