"""Serves the application on a socket: one function, :func:`serve`.

The port is taken before anything else starts, so that a port in use is said at once. A single worker runs in this
process (``web.worker``), more of them under ``web.supervisor``. Nothing is printed here.
"""

import contextlib
import errno
import socket
from collections.abc import Callable

from rollbook.web import logs
from rollbook.web.limits import Limits
from rollbook.web.supervisor import supervise
from rollbook.web.worker import BACKLOG, AppFactory, ServeError, ServerSettings, run_worker


class PortInUse(ServeError):
    """Somebody else listens there."""


def serve(
    app_factory: str | AppFactory,
    *,
    host: str = "127.0.0.1",
    port: int = 8080,
    workers: int = 1,
    drain_seconds: float = 5.0,
    grace_seconds: float = 20.0,
    limits: Limits | None = None,
    log: logs.LogSettings | None = None,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve until told to stop; returns once everything is closed.

    **Shape**: ``app_factory`` is called once in each worker, without arguments, and returns the ASGI application; with
    more than one worker it is an import string (``"rollbook.app:application"``). Port 0 is any free port.
    ``on_ready`` is called once with the URL, when requests are answered.
    **Rules**: an application that has ``drain()`` is told when draining begins. The whole end takes at most
    ``drain_seconds + grace_seconds`` and a few seconds of clean-up: 30 s with the defaults.
    **Raises**: ``PortInUse``, ``ServeError``; what the application's start raised (one worker).
    """
    settings = ServerSettings(drain_seconds, grace_seconds, limits or Limits(), log)
    listener = bind(host, port)
    url = _url(host, listener)
    ready = (lambda: on_ready(url)) if on_ready is not None else (lambda: None)
    with contextlib.closing(listener):
        if workers > 1:
            if not isinstance(app_factory, str):
                raise ServeError("More than one worker needs the application as an import string.")
            supervise(app_factory, listener, workers, settings, ready)
        else:
            run_worker(app_factory, listener, settings, ready)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket, so that a port in use is known before anything else starts.

    **Raises**: ``PortInUse``, ``ServeError``.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError, OverflowError) as error:
        raise ServeError(
            f"There is no address {host!r} with port {port} on this machine: choose another --host."
        ) from error
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Listening at once, because two servers may bind one port as long as neither listens.
        listener.bind(address)
        listener.listen(BACKLOG)
    except PermissionError as error:
        listener.close()
        raise ServeError(f"Port {port} may not be used by this user: choose one above 1023 with --port.") from error
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(
                f"Port {port} on {host} is in use by another program: stop that one, or choose another with --port."
            ) from error
        raise ServeError(f"The address {host} cannot be listened on: choose another --host.") from error
    listener.setblocking(False)
    return listener


def _url(host: str, listener: socket.socket) -> str:
    name = host or "127.0.0.1"
    # An address that means "all of them" is none that a browser can open.
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(name, name)  # noqa: S104 - read here, not bound
    name = f"[{name}]" if ":" in name else name
    return f"http://{name}:{listener.getsockname()[1]}"
