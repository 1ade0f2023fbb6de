"""How the server logs: one line of JSON for each record, on stderr, and nothing of anybody's data in it.

**Rules** (CWE-117, CWE-532): a record is one line whatever its values hold (everything outside ASCII and every control
character is escaped); a value is cut at 1 KiB; a value under a name such as ``token``, ``body`` or ``filter`` is not
written. An exception is written as its type and its frames *without its text*: texts of databases and parsers quote the
values that they choke on. Records of libraries (uvicorn, asyncpg, asyncio) take the same road, from level warning up.
"""

import json
import logging
import sys
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, TextIO

import structlog
from structlog.typing import WrappedLogger

from rollbook.clock import SYSTEM_CLOCK, Clock

LONGEST_VALUE = 1024
_MOST_ITEMS = 50
_MOST_FRAMES = 30

_NEVER_WRITTEN = frozenset(
    ("authorization", "body", "cookie", "filter", "password", "path", "query", "secret", "token", "url", "value")
)
_NOT_WRITTEN = "(not logged)"

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}

Record = MutableMapping[str, Any]


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What is logged, as a value that can be handed to a worker."""

    level: str = "info"
    access: bool = False
    """Whether ``web.asgi`` writes a line for each request; read by whoever builds the application."""


def configure(
    settings: LogSettings | None = None, *, stream: TextIO | None = None, clock: Clock = SYSTEM_CLOCK
) -> None:
    """Set the process's logging up: structlog and the standard library's, both to ``stream`` (stderr)."""
    chosen = settings or LogSettings()
    level = _LEVELS[chosen.level]

    def stamped(_logger: WrappedLogger, method: str, record: Record) -> Record:
        return {"at": clock.written(), "level": method, **record}

    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, stamped, _with_frames, _bounded, _as_line],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [_Bridge()]
    root.setLevel(max(level, logging.WARNING))


class _Bridge(logging.Handler):
    """Carries records of the standard library's logging over."""

    def emit(self, record: logging.LogRecord) -> None:
        method = {10: "debug", 20: "info", 30: "warning"}.get(record.levelno, "error")
        log = structlog.get_logger()
        # An exception's text may hold data, and so may arguments; the unformatted message is the library's own words.
        getattr(log, method)(str(record.msg), logger=record.name, exc_info=record.exc_info)


def _with_frames(_logger: WrappedLogger, _method: str, record: Record) -> Record:
    given = record.pop("exc_info", None)
    error = given[1] if isinstance(given, tuple) else sys.exc_info()[1] if given is True else given
    if isinstance(error, BaseException):
        record["exception"] = _told(error)
    return record


def _told(error: BaseException) -> list[dict[str, Any]]:
    chain: list[dict[str, Any]] = []
    seen: BaseException | None = error
    while seen is not None and len(chain) < 5:
        frames = []
        trace = seen.__traceback__
        while trace is not None:
            code = trace.tb_frame.f_code
            frames.append(f"{code.co_filename}:{trace.tb_lineno} {code.co_name}")
            trace = trace.tb_next
        chain.append({"type": f"{type(seen).__module__}.{type(seen).__qualname__}", "frames": frames[-_MOST_FRAMES:]})
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return chain


def _bounded(_logger: WrappedLogger, _method: str, record: Record) -> Record:
    return _short_fields(record, 4)


def _short_fields(fields: Mapping[Any, Any], depth: int) -> dict[str, Any]:
    return {
        str(name)[:64]: _NOT_WRITTEN if str(name).lower() in _NEVER_WRITTEN else _short(value, depth)
        for name, value in islice(fields.items(), _MOST_ITEMS)
    }


def _short(value: object, depth: int) -> object:
    if isinstance(value, str):
        return value if len(value) <= LONGEST_VALUE else value[:LONGEST_VALUE] + "…"
    if value is None or isinstance(value, (bool, float)):
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else _short(hex(value), depth)
    if depth and isinstance(value, dict):
        return _short_fields(value, depth - 1)
    if depth and isinstance(value, (list, tuple, set, frozenset)):
        return [_short(item, depth - 1) for item in islice(value, _MOST_ITEMS)]
    # No repr: what an object says of itself is not ours to publish.
    return f"<{type(value).__name__}>"


def _as_line(_logger: WrappedLogger, _method: str, record: Record) -> str:
    return json.dumps(record, ensure_ascii=True, separators=(",", ":"))
