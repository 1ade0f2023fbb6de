"""Where a target is and how its client logs in: what a config says of one target, as values.

A secret is a function that reads it when it is needed, so that it is in no value that could be printed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from rollbook.transfer.policy import Brakes, Policy, Report, Run

Secret = Callable[[], str]

LoginKind = Literal["none", "bearer", "bare", "basic", "password", "client_credentials", "session"]


@dataclass(frozen=True, slots=True)
class Login:
    """What a client shows a target.

    ========================  ======================================================================================
    ``bearer``                ``Authorization: Bearer`` and ``token``
    ``bare``                  ``Authorization:`` and ``token`` alone
    ``basic``                 ``username`` and ``password`` with every request
    ``password``              a token from ``token_url`` for client and user, refreshed (RFC 6749 §4.3, §6)
    ``client_credentials``    a token from ``token_url`` for the client (RFC 6749 §4.4)
    ``session``               a session of Retail Ops in a header of its own: ``username`` and ``password``, made by
                              ``POST /session``; or, with ``auth_key``, by connectAutoWithAuthToken
    ========================  ======================================================================================
    """

    kind: LoginKind = "none"
    token: Secret | None = field(default=None, repr=False)
    token_url: str = ""
    client_id: str = ""
    client_secret: Secret | None = field(default=None, repr=False)
    username: str = ""
    password: Secret | None = field(default=None, repr=False)
    scope: str = ""
    bare: bool = False
    """Send the token that was given without ``Bearer`` before it."""
    session_url: str = ""
    """Where a session is made; relative to the target's origin. Empty: the product's own address."""
    auth_key: Secret | None = field(default=None, repr=False)
    """32 bytes in hex or base64: the vendor's key for authToken."""
    auth_iv: Secret | None = field(default=None, repr=False)
    """16 bytes in hex or base64."""


@dataclass(frozen=True, slots=True)
class TargetSettings:
    """One target of a config."""

    name: str
    """Names its state, its report and its line in the output; letters, digits, ``-`` and ``_``."""
    dialect: str
    """What it speaks, and what it can."""
    base_url: str
    """Where it is: `https://host/scim/v2`."""
    login: Login = field(default_factory=Login)
    policy: Policy = field(default_factory=Policy)
    brakes: Brakes = field(default_factory=Brakes)
    run: Run = field(default_factory=Run)
    report: Report = field(default_factory=Report)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Sent with every request beside our own."""
    ca_file: str = ""
    """PEM file of the authorities that are trusted; empty: the system's."""
