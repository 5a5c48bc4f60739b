"""Where the server listens: what a user may write, the socket made of it, and the address to open."""

from __future__ import annotations

import errno
import os
import socket
from contextlib import suppress
from ipaddress import ip_address

from live_sentiment.core.errors import UsageError
from live_sentiment.sinks.address import Address

HOST, PORT = "127.0.0.1", 8765
BACKLOG = 128
"""Connections that wait to be accepted."""
SEND_BUFFER_BYTES = 64 * 1024
"""The system keeps about so much for a client that does not read; beyond it, our own bounded queue does.
Left to itself it would take minutes of results, which a slow client would then get minutes late."""

_ELSEWHERE = "192.0.2.1"
"""An address that belongs to nobody (RFC 5737)."""


def parse(text: str) -> Address:
    """Read HOST:PORT, HOST, PORT or [IPv6]:PORT; port 0 is any that is free.

    >>> parse("0.0.0.0:9000"), parse("9000")
    (Address(host='0.0.0.0', port=9000), Address(host='127.0.0.1', port=9000))

    Raises:
        UsageError: it is none of them.
    """
    host, port = _split(text.strip())
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise UsageError(f"{text!r} is no address to serve at; write HOST:PORT, such as {HOST}:{PORT}")
    return Address(host, int(port))


def _split(text: str) -> tuple[str, str]:
    """Host and port as written, or what stands for the one left out; no host where there is neither."""
    if text.startswith("["):
        host, _, behind = text[1:].partition("]")
        return (host if behind[:1] in {"", ":"} else ""), behind[1:] if behind else str(PORT)
    if text.isdigit():
        return HOST, text
    if text.count(":") > 1:
        return text, str(PORT)
    host, colon, port = text.partition(":")
    return (host or HOST) if colon else host, port if colon else str(PORT)


def listen(address: Address) -> socket.socket:
    """A socket that listens at the address.

    Raises:
        UsageError: there is no such host, the port is taken or not permitted; says what to do.
    """
    try:
        family, _, _, _, place = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise UsageError(f"cannot serve at {address}: no host of this name or number is known") from error
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            # A port that was served a moment ago is free again; on Windows this would share it with others.
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Inherited by the connections that are accepted.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        listening.bind(place)
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise UsageError(f"cannot serve at {address}: {_explain(error, address)}") from error
    listening.setblocking(False)
    return listening


def _explain(error: OSError, address: Address) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"the port is in use; choose another one with --serve, such as {_another(address)}"
    if error.errno == errno.EADDRNOTAVAIL:
        return (
            f"this computer has no such address; 0.0.0.0 stands for all that it has, {HOST} for itself only"
        )
    if error.errno == errno.EACCES:
        return f"the port is not permitted; choose one above 1023, such as {Address(address.host, PORT)}"
    return error.strerror or str(error)


def _another(address: Address) -> Address:
    return Address(address.host, address.port + 1 if address.port < 65535 else PORT)


def is_loopback(listening: socket.socket) -> bool:
    """Whether only this computer itself can reach the socket."""
    return ip_address(listening.getsockname()[0].partition("%")[0]).is_loopback


def reachable(listening: socket.socket) -> Address:
    """An address by which it can be reached; where it listens on all of them, the one that others see."""
    host, port = listening.getsockname()[:2]
    if ip_address(host.partition("%")[0]).is_unspecified:
        host = _seen_from_elsewhere() or socket.gethostname()
    return Address(host, port)


def _seen_from_elsewhere() -> str | None:
    # Nothing is sent: a datagram socket only asks the system which of its addresses it would send from.
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.connect((_ELSEWHERE, 9))
        return str(asking.getsockname()[0])
    return None
