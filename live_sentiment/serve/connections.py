"""Accepts connections, never more than so many at a time, and lets none of them wait for ever.

A descriptor that a connection holds is one that the session cannot have for a file or a device. So they are
accepted one by one, as many as leave a reserve to the rest of the process; one more is told so and closed. A
connection carries one request, which must be there in time, and whose answer must be taken in time.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from aiohttp import web

REQUEST_S = 10.0
"""What a client is given to say what it wants, from the moment it connects."""
ANSWER_S = 30.0
"""What it is given to take an answer that has an end."""
RESERVE = 64
"""Descriptors left to the session: its files, devices that come back, programs that it starts."""
AGAIN_S = 0.5
"""Where the system has no descriptor left, it is asked again after so long."""
UNKNOWN_OPEN = 128
"""Descriptors in use where the system does not say."""


class Connections:
    """The connections of one server.

    Args:
        listening: where they come from; not blocking.
        server: answers them.
        limit: how many there may be.
    """

    def __init__(self, listening: socket.socket, server: web.Server, limit: int) -> None:
        self._listening, self._server, self.limit = listening, server, limit
        self._deadlines: WeakKeyDictionary[asyncio.BaseTransport, asyncio.TimerHandle] = WeakKeyDictionary()

    async def accept(self) -> None:
        """Take connections until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = await loop.sock_accept(self._listening)
            except OSError:
                # No descriptor is free, or the client is gone already; others wait where they need none.
                await asyncio.sleep(AGAIN_S)
                continue
            if len(self._server.connections) >= self.limit:
                self._refuse(connection)
                continue
            try:
                transport, _ = await loop.connect_accepted_socket(self._server, connection)
            except OSError:
                connection.close()
            else:
                self._limit_time(transport, REQUEST_S)

    def asked(self, transport: asyncio.BaseTransport | None, *, endless: bool) -> None:
        """The request of a connection is there; an answer without an end sees to its own pace."""
        if transport is not None and (deadline := self._deadlines.pop(transport, None)) is not None:
            deadline.cancel()
            if not endless:
                self._limit_time(transport, ANSWER_S)

    def _limit_time(self, transport: asyncio.BaseTransport, seconds: float) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._deadlines[transport] = asyncio.get_running_loop().call_later(seconds, transport.abort)

    def _refuse(self, connection: socket.socket) -> None:
        text = f"{self.limit} connections are open, which is all there may be\n"
        answer = (
            "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 10\r\n"
            f"Content-Type: text/plain; charset=utf-8\r\nContent-Length: {len(text)}\r\n\r\n{text}"
        )
        with connection, contextlib.suppress(OSError):
            connection.setblocking(False)
            connection.send(answer.encode())
            connection.shutdown(socket.SHUT_WR)
            # What was sent and not read would make the system take the answer back.
            connection.recv(65536)


def affordable(wanted: int) -> int:
    """How many connections there may be: those wanted, or fewer where the process may not open that many."""
    try:
        import resource
    except ImportError:  # Windows, where sockets are no descriptors
        return wanted
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most == resource.RLIM_INFINITY:
        return wanted
    return max(min(wanted, most - _open_descriptors() - RESERVE), 1)


def _open_descriptors() -> int:
    for folder in ("/proc/self/fd", "/dev/fd"):
        with contextlib.suppress(OSError):
            return sum(1 for _ in Path(folder).iterdir())
    return UNKNOWN_OPEN
