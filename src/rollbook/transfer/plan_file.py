"""A plan in a file: JSON lines that a person may read and nobody may change.

The first line says what the plan was made of and for, then come operations and notes, one a line, then the totals with
the brakes; the last line is a signature over all before it (HMAC-SHA-256, the key is beside the state). The plan's id
is made of what it does, not of when it was made: the same differences make the same plan.
"""

import hashlib
import hmac
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import orjson

from rollbook.transfer.errors import Tampered

Json = Any
FORM = 1
_CHANGED = "the plan file is not as it was written"
_HINT = "make a new one: `rollbook transfer plan -o FILE`"


@dataclass(frozen=True, slots=True)
class PlanFile:
    """A plan that was read and whose signature is right."""

    header: Mapping[str, Json]
    totals: Mapping[str, Json]
    path: Path
    content: bytes
    """A digest of what was signed."""

    @property
    def id(self) -> str:
        return str(self.header["plan"])

    def lines(self) -> Iterator[tuple[bytes, Mapping[str, Json]]]:
        """Operations and notes: each as it stands there, and read. **Raises** ``Tampered`` at the end, where somebody
        has changed the file since it was read."""
        digest = hashlib.sha256()
        with self.path.open("rb") as file:
            for number, line in enumerate(file):
                digest.update(line)
                said = orjson.loads(line) if number else {"form": FORM}
                if "totals" in said:
                    break
                if number:
                    yield line.rstrip(b"\n"), said
        if digest.digest() != self.content:
            raise Tampered(_CHANGED, hint=_HINT)

    def operations(self) -> Iterator[bytes]:
        """The lines that write."""
        yield from (line for line, said in self.lines() if "note" not in said)

    def notes(self) -> Iterator[bytes]:
        """The lines that tell."""
        yield from (line for line, said in self.lines() if "note" in said)


def plan_id(target: str, source: str, base: int, operations: Iterable[bytes]) -> str:
    """What a plan is called: 16 hex digits of what it does, to whom, from which source, after which run."""
    digest = hashlib.sha256(f"{target}\0{source}\0{base}\0".encode())
    for line in operations:
        digest.update(line + b"\n")
    return digest.hexdigest()[:16]


def write(
    path: Path, key: bytes, header: Mapping[str, Json], lines: Iterable[bytes], totals: Mapping[str, Json]
) -> None:
    """Write a plan, whole or not at all. What is there and is no file (a pipe, a device) is written to as it is."""
    path = path.resolve()
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            _put(file, key, header, lines, totals)
        return
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        _put(file, key, header, lines, totals)
    temporary.replace(path)


def _put(
    file: IO[bytes], key: bytes, header: Mapping[str, Json], lines: Iterable[bytes], totals: Mapping[str, Json]
) -> None:
    signer = hmac.new(key, digestmod=hashlib.sha256)

    def put(line: bytes) -> None:
        signer.update(line + b"\n")
        file.write(line + b"\n")

    put(orjson.dumps({"form": FORM, **header}))
    for line in lines:
        put(line)
    put(orjson.dumps({"totals": dict(totals)}))
    file.write(orjson.dumps({"signature": signer.hexdigest()}) + b"\n")


def read(path: Path, key: bytes) -> PlanFile:
    """Read a plan. **Raises** ``Tampered`` where it was edited, cut off, or signed elsewhere."""
    signer, digest = hmac.new(key, digestmod=hashlib.sha256), hashlib.sha256()
    header: Mapping[str, Json] | None = None
    before: bytes | None = None
    last: bytes | None = None
    try:
        with path.open("rb") as file:
            for line in file:
                if last is not None:
                    signer.update(last)
                    digest.update(last)
                before, last = last, line
                if header is None:
                    header = orjson.loads(line)
        signature = orjson.loads(last or b"")["signature"]
        totals = orjson.loads(before or b"")["totals"]
        right = isinstance(signature, str) and hmac.compare_digest(signature.encode(), signer.hexdigest().encode())
        if not right or header is None or header["form"] != FORM:
            raise Tampered(_CHANGED, hint=_HINT)
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        raise Tampered(f"{path.name} is no plan, or not a whole one", hint=_HINT) from None
    except OSError:
        raise Tampered(f"{path.name} cannot be read", hint=_HINT) from None
    return PlanFile(header, totals, path, digest.digest())
