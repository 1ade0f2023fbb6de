"""Starting and stopping: ports, signals, the drain window, workers (F12 and F13 of the fault matrix)."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.support.server import ROOT, RunningServer, free_port, read_line, running_server

ECHO = "tests.support.echo_app:application"


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def serving(workers: int = 1, **options: Any) -> Any:
    return running_server(ECHO, options={"workers": workers, "drain_seconds": 0, **options})


def not_ready(server: RunningServer) -> bool:
    """Whether ``/readyz`` says 503 before a second has passed (with many workers: whichever answers)."""
    for _ in range(100):
        if server.raw(get("/readyz")).status == 503:
            return True
        time.sleep(0.01)
    return False


def refuses_connections(server: RunningServer) -> bool:
    for _ in range(200):
        try:
            server.connect(timeout=1).socket.close()
        except ConnectionRefusedError:
            return True
        except OSError:
            pass
        time.sleep(0.01)
    return False


BOTH = pytest.mark.parametrize("workers", [1, 2])


@BOTH
def test_f12_sigterm_ends_with_0_and_without_a_traceback(workers: int) -> None:
    with serving(workers) as server:
        server.signal()
        assert server.wait() == 0
        assert "Traceback" not in server.log()
        assert '"level":"error"' not in server.log()


@BOTH
def test_f12_ctrl_c_ends_with_0_and_without_a_traceback(workers: int) -> None:
    with serving(workers, drain_seconds=30) as server:
        server.signal(signal.SIGINT)
        assert server.wait(10) == 0
        assert "Traceback" not in server.log()


@BOTH
def test_f12_requests_in_flight_finish(workers: int) -> None:
    with serving(workers) as server, server.connect() as connection:
        connection.send(get("/slow/1"))
        with server.connect() as other:
            other.send(get("/slow/0.1"))
            assert other.answer().status == 200
        server.signal()
        answer = connection.answer()
        assert answer.status == 200
        assert answer.headers["connection"] == "close"
        assert connection.closed()
        assert server.wait() == 0


@BOTH
def test_f12_readiness_fails_first_and_new_connections_are_served_in_the_drain_window(workers: int) -> None:
    with serving(workers, drain_seconds=30) as server, server.connect() as kept:
        kept.send(get("/echo"))
        assert "connection" not in kept.answer().headers
        server.signal()
        assert not_ready(server)
        answer = server.raw(get("/echo"))
        assert answer.status == 200
        assert answer.headers["connection"] == "close"
        assert server.raw(get("/healthz")).status == 200
        kept.send(get("/echo"))
        answer = kept.answer()
        assert answer.status == 200
        assert answer.headers["connection"] == "close"


@BOTH
def test_f12_the_window_ends_by_itself(workers: int) -> None:
    with serving(workers, drain_seconds=0.5) as server:
        server.signal()
        assert server.wait(10) == 0


@BOTH
def test_f12_a_second_signal_ends_the_window_and_still_finishes_requests(workers: int) -> None:
    with serving(workers, drain_seconds=30) as server, server.connect() as connection:
        connection.send(get("/slow/1.5"))
        server.signal()
        assert not_ready(server)
        server.signal()
        assert refuses_connections(server)
        assert connection.answer().status == 200
        assert server.wait(10) == 0


@BOTH
def test_f12_a_third_signal_ends_requests_too_and_they_are_told(workers: int) -> None:
    with serving(workers, drain_seconds=30) as server, server.connect() as connection:
        connection.send(get("/slow/60"))
        server.signal()
        assert not_ready(server)
        server.signal()
        assert refuses_connections(server)
        server.signal()
        assert connection.answer().status == 503
        assert server.wait(10) == 0
        assert "Traceback" not in server.log()


@BOTH
def test_f12_the_grace_ends_by_itself(workers: int) -> None:
    with serving(workers, grace_seconds=0.3) as server, server.connect() as connection:
        connection.send(get("/slow/60"))
        with server.connect() as other:
            other.send(get("/slow/0.1"))
            assert other.answer().status == 200
        server.signal()
        assert connection.answer().status == 503
        assert server.wait(10) == 0


@BOTH
def test_f12_clients_that_hold_connections_open_do_not_hold_the_server(workers: int) -> None:
    with serving(workers) as server, server.connect() as idle, server.connect() as half, server.connect():
        idle.send(get("/echo"))
        assert idle.answer().status == 200
        half.send(b"GET /ech")
        server.signal()
        assert server.wait(10) == 0


@BOTH
def test_f12_no_request_is_lost_while_clients_come_and_go(workers: int) -> None:
    """Clients that look at readiness, as a proxy does, lose nothing."""
    with serving(workers, drain_seconds=2) as server, ThreadPoolExecutor(4) as pool:

        def work(_: int) -> tuple[int, int]:
            asked = answered = 0
            while True:
                try:
                    if server.raw(get("/readyz")).status != 200:
                        return asked, answered
                    asked += 1
                    answered += server.raw(get("/slow/0.01")).status == 200
                except OSError as error:
                    raise AssertionError("a request was lost") from error

        workers_at_it = [pool.submit(work, number) for number in range(4)]
        while server.raw(get("/readyz")).status != 200:
            time.sleep(0.01)
        server.signal()
        for one in workers_at_it:
            asked, answered = one.result(timeout=30)
            assert asked == answered
        assert server.wait(10) == 0


# -- starting ----------------------------------------------------------------------------------------------------------


def start(*, broken: bool = False, **options: Any) -> "subprocess.CompletedProcess[str]":
    given = json.dumps({"app_factory": ECHO, **options})
    return subprocess.run(
        [sys.executable, "-m", "tests.support.serve_app", given],
        cwd=ROOT,
        env={**os.environ, "ECHO": json.dumps({"broken": broken})},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@BOTH
def test_a_port_in_use_is_said_before_anything_else_starts(workers: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = start(port=port, workers=workers, broken=True)
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr.startswith(f"refused: Port {port} on 127.0.0.1 is in use")
    assert "--port" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_address_of_another_machine_is_refused_with_a_sentence() -> None:
    ended = start(host="192.0.2.1", port=0)
    assert ended.returncode == 1
    assert "192.0.2.1" in ended.stderr
    assert "Traceback" not in ended.stderr


@BOTH
def test_an_application_that_cannot_start_ends_the_server(workers: int) -> None:
    ended = start(port=free_port(), workers=workers, broken=True)
    assert ended.returncode == 1
    assert "ready" not in ended.stdout


@BOTH
def test_port_0_is_any_free_port_and_is_told(workers: int) -> None:
    given = json.dumps({"app_factory": ECHO, "port": 0, "workers": workers, "drain_seconds": 0})
    command = [sys.executable, "-m", "tests.support.serve_app", given]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        try:
            word, url = read_line(process.stdout).decode().split()
            assert word == "ready"
            port = int(url.rsplit(":", 1)[1])
            assert port
            with socket.create_connection(("127.0.0.1", port), 5) as connection:
                connection.sendall(get("/healthz"))
                assert connection.recv(100).startswith(b"HTTP/1.1 200")
        finally:
            process.terminate()
        assert process.wait(10) == 0


# -- workers -----------------------------------------------------------------------------------------------------------


def pids(server: RunningServer, wanted: int) -> set[int]:
    """The workers that answer, once there are so many of them."""
    found: set[int] = set()
    end = time.monotonic() + 20
    while len(found) < wanted and time.monotonic() < end:
        # Slow requests at the same time, so that the kernel hands connections to every worker.
        connections = [server.connect() for _ in range(8)]
        for connection in connections:
            connection.send(get("/pid"))
        found |= {connection.answer().json() for connection in connections}
        for connection in connections:
            connection.socket.close()
    return found


def gone(pid: int) -> bool:
    for _ in range(1000):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.01)
    return False


def test_f13_a_killed_worker_is_started_again_and_the_others_serve() -> None:
    with serving(2) as server:
        before = pids(server, 2)
        assert len(before) == 2
        victim, other = before
        os.kill(victim, signal.SIGKILL)
        assert server.raw(get("/pid")).status == 200
        after: set[int] = set()
        end = time.monotonic() + 20
        while len(after - {victim}) < 2 and time.monotonic() < end:
            after |= pids(server, 1)
        assert other in after
        assert len(after - {victim}) == 2


def test_f13_a_worker_told_to_stop_drains_and_is_replaced() -> None:
    with serving(2, drain_seconds=0.2) as server:
        victim, other = pids(server, 2)
        os.kill(victim, signal.SIGTERM)
        assert gone(victim)
        after: set[int] = set()
        end = time.monotonic() + 20
        while len(after) < 2 and time.monotonic() < end:
            after |= pids(server, 1)
        assert victim not in after
        assert other in after


def test_f13_workers_end_when_their_parent_is_killed() -> None:
    with serving(2) as server:
        workers = pids(server, 2)
        server.signal(signal.SIGKILL)
        server.wait()
        assert all(gone(pid) for pid in workers)
