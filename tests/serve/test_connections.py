"""Connections on real sockets: so many at a time, none for ever, and descriptors left to the session."""

from __future__ import annotations

import contextlib
import resource
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from live_sentiment.core.config import ServeConfig
from live_sentiment.serve import connections
from live_sentiment.serve.connections import RESERVE, affordable
from tests.helpers.live_clients import PATIENCE_S, Served, run, served, until


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)


def all_of(connection: socket.socket) -> bytes:
    """What it says until it closes, whichever way it does."""
    said = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(65536):
            said += piece
    return said


def test_one_connection_too_many_is_told_so_and_the_next_is_served_again() -> None:
    with served(config=ServeConfig(connections=3)) as live, ExitStack() as open_ones:
        held = [open_ones.enter_context(connect(live.port)) for _ in range(3)]
        with connect(live.port) as refused:
            answer = all_of(refused)
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"3 connections are open" in answer
        held[0].close()
        run(until(lambda: live.get("/metrics")[0] == 200))


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "])
def test_who_does_not_ask_in_time_is_disconnected(said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "REQUEST_S", 0.1)
    with served() as live, connect(live.port) as slow:
        slow.sendall(said)
        assert all_of(slow) == b""


def test_a_connection_carries_one_request(live: Served) -> None:
    with connect(live.port) as client:
        client.sendall(f"GET /live.css HTTP/1.1\r\nHost: {live.host}\r\n\r\n".encode())
        assert all_of(client).startswith(b"HTTP/1.1 200 ")


def test_a_body_that_never_comes_holds_no_connection(live: Served) -> None:
    with connect(live.port) as client:
        asks = f"POST /metrics HTTP/1.1\r\nHost: {live.host}\r\nContent-Length: 1000000000\r\n\r\n"
        client.sendall(asks.encode())
        assert all_of(client).startswith(b"HTTP/1.1 405 ")


def test_fewer_connections_where_the_system_allows_few_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "_open_descriptors", lambda: 100)
    monkeypatch.setattr(resource, "getrlimit", lambda which: (256, 4096))
    assert affordable(64) == 64
    assert affordable(1000) == 256 - 100 - RESERVE
    monkeypatch.setattr(resource, "getrlimit", lambda which: (128, 4096))
    assert affordable(64) == 1


SESSION = """
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[2]),) * 2)
sys.path.insert(0, sys.argv[3])
from tests.helpers.live_clients import served
from live_sentiment.core.config import ServeConfig
from live_sentiment.recording.session_file import SessionFile, SessionRecord, local_now
folder = Path(sys.argv[1])
file = SessionFile(folder)
with served(config=ServeConfig(connections=int(sys.argv[4]))) as live:
    print(live.port, flush=True)
    for line in sys.stdin:
        file.write(SessionRecord(started=local_now(), state="recording", duration_s=float(line)))
        opened = [open(folder / f"{number}", "wb") for number in range(40)]
        for one in opened:
            one.close()
        print(live.get("/metrics")[0] if line.startswith("9") else "written", flush=True)
"""
"""A session that writes its record, and opens forty files, whenever it is asked to."""


@contextlib.contextmanager
def session(folder: Path, descriptors: int, wanted: int) -> Iterator[tuple[subprocess.Popen[str], int]]:
    arguments = [str(folder), str(descriptors), str(Path(__file__).parents[2]), str(wanted)]
    with subprocess.Popen(
        [sys.executable, "-c", SESSION, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield process, int(process.stdout.readline())


@pytest.mark.parametrize("wanted", [64, 1000])
def test_a_crowd_of_half_open_connections_leaves_the_session_its_descriptors(
    tmp_path: Path, wanted: int
) -> None:
    with session(tmp_path, 256, wanted) as (process, port), ExitStack() as crowd:
        assert process.stdin is not None
        assert process.stdout is not None
        refused = 0
        for number in range(400):
            one = crowd.enter_context(connect(port))
            if number >= wanted or number % 50 == 0:
                process.stdin.write(f"{number % 9}\n")
                process.stdin.flush()
                assert process.stdout.readline() == "written\n"
            if number >= 256:
                refused += all_of(one).startswith(b"HTTP/1.1 503 ")
        assert refused == 400 - 256
        crowd.close()
        process.stdin.write("9\n")
        process.stdin.flush()
        assert process.stdout.readline() in {"200\n", "503\n"}
        process.stdin.close()
        assert process.wait(PATIENCE_S) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_a_system_without_a_free_descriptor_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The accepting goes on behind an error of the system, whatever it was."""
    monkeypatch.setattr(connections, "AGAIN_S", 0.0)
    accept, left = socket.socket.accept, iter(range(3))

    def failing(listening: socket.socket) -> object:
        if next(left, None) is not None:
            raise OSError(24, "Too many open files")
        return accept(listening)

    monkeypatch.setattr(socket.socket, "accept", failing)
    with served() as live:
        assert live.get("/metrics")[0] == 200
