"""Secrets of a config: never in its text, but where the text says: the environment, a file, the platform's keyring."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rollbook.config.problems import Problem
from rollbook.transfer.errors import WrongConfig

Secret = Callable[[], str]
RIGHT = 'give { env = "NAME" }, { file = "path" } or { keyring = "service/name" }'
KINDS = ("env", "file", "keyring")
INSTALL = "pip install 'rollbook[transfer]'"


_CARRIERS = ("authorization", "proxy-authorization", "cookie", "x-api-key", "api-key", "x-php-sessid", "x-auth-token")
"""Headers whose values are secrets."""


def in_the_text(table: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Secrets that stand in the text of a table where nothing says that they are: passwords in addresses, headers that
    log in. Each with the way to it, what it is, and what would be right."""
    for key, value in table.items():
        if isinstance(value, str) and _holds_password(value):
            right = "give the password apart, or the whole address as " + RIGHT.removeprefix("give ")
            yield (key,), "has a password in it, and a secret must not stand in the text", right
    headers = table.get("headers")
    for name, value in headers.items() if isinstance(headers, Mapping) else ():
        if isinstance(value, str) and name.lower() in _CARRIERS:
            yield ("headers", name), "stands in the text, and a secret must not", RIGHT


def _holds_password(text: str) -> bool:
    try:
        return "://" in text and bool(urlsplit(text).password)
    except ValueError:
        return False


class Kept:
    """A secret and where it is kept. Calling it reads it; nothing prints it."""

    def __init__(self, kind: str, name: str, at: tuple[str, str], environ: Mapping[str, str], folder: Path) -> None:
        self._kind, self._name, self._at, self._environ, self._folder = kind, name, at, environ, folder

    def __repr__(self) -> str:
        return f"{self._kind}:{self._name}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Kept) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))

    def __call__(self) -> str:
        """The secret itself. **Raises** ``WrongConfig`` where there is none."""
        value = {"env": self._of_environment, "file": self._of_file, "keyring": self._of_keyring}[self._kind]()
        if not value:
            raise self._wrong(f"{self._kind} {self._name} is empty", "put the secret there")
        return value

    def _wrong(self, detail: str, right: str) -> WrongConfig:
        return WrongConfig([Problem(*self._at, detail, right)])

    def _of_environment(self) -> str:
        if self._name not in self._environ:
            raise self._wrong(f"the environment has no {self._name}", f"export {self._name} before the command")
        return self._environ[self._name].strip()

    def _of_file(self) -> str:
        path = self._folder / Path(self._name).expanduser()
        try:
            return path.read_text("utf-8-sig").strip()
        except (OSError, UnicodeDecodeError):
            raise self._wrong(f"the file {path} cannot be read", "make it, readable for whoever runs this") from None

    def _of_keyring(self) -> str:
        try:
            import keyring
            from keyring.errors import KeyringError
        except ImportError:
            raise self._wrong("the package keyring is missing", INSTALL) from None
        service, _, name = self._name.partition("/")
        try:
            value = keyring.get_password(service, name)
        except KeyringError:
            raise self._wrong("the keyring cannot be opened", "unlock it, or take env or file") from None
        if value is None:
            raise self._wrong(f"the keyring has no {self._name}", f"`keyring set {service} {name}` puts it there")
        return value
