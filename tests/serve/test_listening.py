"""Addresses to serve at: what may be written, and what is said where it cannot be."""

from __future__ import annotations

import errno
import socket

import pytest

from live_sentiment.core.errors import UsageError
from live_sentiment.serve.listening import is_loopback, listen, parse, reachable
from live_sentiment.sinks.address import Address


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:9000", ("127.0.0.1", 9000)),
        ("9000", ("127.0.0.1", 9000)),
        (":9000", ("127.0.0.1", 9000)),
        ("0.0.0.0", ("0.0.0.0", 8765)),
        (" studio.local:0 ", ("studio.local", 0)),
        ("[::1]:9000", ("::1", 9000)),
        ("[::]", ("::", 8765)),
        ("::1", ("::1", 8765)),
    ],
)
def test_host_and_port_may_each_be_left_out(text: str, expected: tuple[str, int]) -> None:
    assert parse(text) == Address(*expected)


@pytest.mark.parametrize("text", ["", "host:", "host:http", "host:70000", "[::1]9000", "127.0.0.1:-1", "a:٣"])
def test_what_is_no_address_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(
        UsageError, match=r"no address to serve at; write HOST:PORT, such as 127\.0\.0\.1:8765"
    ):
        parse(text)


def test_a_port_in_use_is_told_with_another_to_choose() -> None:
    with listen(parse("0")) as first:
        port = first.getsockname()[1]
        with pytest.raises(
            UsageError, match=rf"the port is in use; .*--serve, such as 127\.0\.0\.1:{port + 1}$"
        ):
            listen(parse(str(port)))


def test_an_address_of_another_computer_is_told_from_one_that_nobody_knows() -> None:
    with pytest.raises(UsageError, match=r"192\.0\.2\.7:8765: this computer has no such address"):
        listen(parse("192.0.2.7"))
    with pytest.raises(UsageError, match=r"no host of this name"):
        listen(parse("nobody.invalid:80"))


@pytest.mark.parametrize(
    ("number", "says"),
    [(errno.EACCES, "choose one above 1023, such as 127.0.0.1:8765"), (errno.ENOBUFS, "buffer")],
)
def test_other_refusals_of_the_system_are_told(
    number: int, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Refusing(socket.socket):
        def bind(self, address: object) -> None:
            raise OSError(number, "No buffer space available")

    monkeypatch.setattr(socket, "socket", Refusing)
    with pytest.raises(UsageError, match=says):
        listen(parse("80"))


def test_whether_others_reach_it_is_known_from_the_socket() -> None:
    for text, loopback in (("localhost:0", True), ("127.0.0.1:0", True), ("0.0.0.0:0", False)):
        with listen(parse(text)) as listening:
            assert is_loopback(listening) == loopback
            assert reachable(listening).port == listening.getsockname()[1]
            assert reachable(listening).host != "0.0.0.0"
