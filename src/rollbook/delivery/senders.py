"""How letters go: mail by SMTP, text messages by a program of the operator's.

Each sender takes one letter and returns when it is on its way, or raises ``NotSent``. What others said is put into our
own words; passwords and contents stand in no error.
"""

import asyncio
import contextlib
import shlex
import smtplib
import socket
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import Protocol

from rollbook.clock import Clock
from rollbook.identity.letters import Message

_PATIENCE = 20.0
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class NotSent(Exception):
    """``reason`` is for the operator. ``for_good``: trying again would not help."""

    def __init__(self, reason: str, *, for_good: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.for_good = for_good


class Sender(Protocol):
    async def send(self, recipient: str, message: Message) -> None:
        """**Raises** ``NotSent``."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """``tls`` is ``starttls``, ``tls`` (from the first byte) or ``none``. ``sender`` is the address in From."""

    host: str
    port: int
    tls: str
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)
    password_file: str = ""

    def secret(self) -> str:
        """**Raises** ``NotSent``."""
        if not self.password_file:
            return self.password
        try:
            return Path(self.password_file).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise NotSent("the file of the mail server's password cannot be read") from None


class Mail:
    """By SMTP (RFC 5321), one connection a letter: there are few. Certificates are checked."""

    def __init__(self, server: MailServer, clock: Clock) -> None:
        self._server = server
        self._clock = clock

    async def send(self, recipient: str, message: Message) -> None:
        letter = EmailMessage()
        letter["From"] = self._server.sender
        letter["To"] = recipient
        letter["Subject"] = message.subject
        letter["Date"] = format_datetime(self._clock.now())
        letter["Message-ID"] = make_msgid(domain=self._server.sender.rpartition("@")[2].strip("> ") or None)
        letter["Auto-Submitted"] = "auto-generated"  # RFC 3834 §5: nobody's holiday notice answers it
        # Left as it is, a link stays in one piece: an encoding would break its line.
        letter.set_content(message.text, cte="7bit" if message.text.isascii() else None)
        await asyncio.to_thread(self._send, letter)

    def _send(self, letter: EmailMessage) -> None:
        server = self._server
        if server.user and server.tls == "none" and server.host not in _LOOPBACK:
            raise NotSent("smtp_tls is none: the password is not sent to another host in the clear")
        try:
            with self._connect() as link:
                if server.tls == "starttls":
                    link.starttls(context=ssl.create_default_context())
                if server.user:
                    link.login(server.user, server.secret())
                link.send_message(letter)
        except smtplib.SMTPRecipientsRefused as refused:
            code = next(iter(refused.recipients.values()), (0, b""))[0]
            raise NotSent(f"the mail server does not take the recipient ({code})", for_good=code >= 500) from None
        except smtplib.SMTPAuthenticationError as refused:
            raise NotSent(f"the mail server does not take smtp_user and its password ({refused.smtp_code})") from None
        except smtplib.SMTPNotSupportedError:
            raise NotSent("the mail server does not know STARTTLS or a way to log in: look at smtp_tls") from None
        except smtplib.SMTPResponseException as refused:
            raise NotSent(f"the mail server refuses ({refused.smtp_code})") from None
        except smtplib.SMTPException as refused:
            raise NotSent(f"the mail server does not do as it should ({type(refused).__name__})") from None
        except ssl.SSLError:
            raise NotSent("the mail server's certificate or TLS is not right: look at smtp_tls and smtp_port") from None
        except TimeoutError:
            raise NotSent("the mail server does not answer") from None
        except (socket.gaierror, OSError):
            raise NotSent("the mail server cannot be reached: look at smtp_host and smtp_port") from None

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        if server.tls == "tls":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(server.host, server.port, timeout=_PATIENCE, context=context)
        return smtplib.SMTP(server.host, server.port, timeout=_PATIENCE)


class TextProgram:
    """A program that sends a text message: it gets the number as its last argument and the text on standard input."""

    def __init__(self, command: str) -> None:
        self._command = shlex.split(command)

    async def send(self, recipient: str, message: Message) -> None:
        try:
            running = await asyncio.create_subprocess_exec(
                *self._command,
                recipient,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except OSError:
            raise NotSent("the program of text_command cannot be started") from None
        try:
            async with asyncio.timeout(_PATIENCE):
                await running.communicate(message.text.encode())
        except TimeoutError:
            raise NotSent("the program of text_command does not end") from None
        finally:
            if running.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    running.kill()
                await running.wait()
        if running.returncode:
            raise NotSent(f"the program of text_command ended with {running.returncode}")
