"""A real SMTP server for the tests (aiosmtpd), which keeps what it takes, or refuses it."""

import contextlib
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword


@dataclass
class MailBox:
    """What came in. ``refusal`` is what every recipient is answered, while it is set."""

    port: int = 0
    got: list[EmailMessage] = field(default_factory=list)
    refusal: str = ""
    refused: int = 0
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if self.refusal:
            self.refused += 1
            return self.refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        letter = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.got.append(letter)
        return "250 taken"

    def login(self, server: Any, session: Any, envelope: Any, mechanism: str, data: LoginPassword) -> AuthResult:
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"right")

    def letter_to(self, address: str, count: int = 1) -> EmailMessage:
        """The last letter to an address, once there are so many."""
        until(lambda: len([letter for letter in self.got if letter["To"] == address]) >= count)
        return [letter for letter in self.got if letter["To"] == address][-1]


def until(true: Any, seconds: float = 20.0) -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


@contextlib.contextmanager
def mail_server(*, tls: ssl.SSLContext | None = None, needs_login: bool = False) -> Iterator[MailBox]:
    """``tls``: it offers STARTTLS, and takes nothing without."""
    box = MailBox()
    options: dict[str, Any] = {"tls_context": tls, "require_starttls": tls is not None}
    if needs_login:
        options |= {"authenticator": box.login, "auth_required": True, "auth_require_tls": tls is not None}
    with socket.create_server(("127.0.0.1", 0)) as found:
        box.port = found.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=box.port, **options)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()
