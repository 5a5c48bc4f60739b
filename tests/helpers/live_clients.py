"""A server of live results with a made-up session, and clients of it on real sockets."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import aiohttp

from live_sentiment.core.config import ServeConfig
from live_sentiment.runtime.snapshot import LiveHealth, Snapshot
from live_sentiment.serve.hub import Hub
from live_sentiment.serve.listening import parse
from live_sentiment.serve.server import LiveServer

T = TypeVar("T")
PATIENCE_S = 20.0

RUNNING = Snapshot("Cam and Mic", "running", models={"speech": "whisper-tiny.en"}, live=LiveHealth())


class Served:
    """A server that answers."""

    def __init__(self, server: LiveServer) -> None:
        self._server = server
        parts = urlsplit(server.url)
        self.hub: Hub = server.hub
        self.port: int = parts.port or 0
        self.host = f"127.0.0.1:{self.port}"
        self.url = server.url
        self.token = parse_qs(parts.query).get("token", [""])[0]

    def get(
        self, path: str, headers: Mapping[str, str] | None = None
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Status, headers and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request("GET", path, headers=dict(headers or {}))
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    @contextmanager
    def events(self) -> Iterator[Iterator[dict[str, Any]]]:
        """The messages of a client of /events, read with the standard library."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request("GET", "/events")
            response = connection.getresponse()
            assert response.headers["Content-Type"] == "text/event-stream"
            yield sent_events(response)
        finally:
            connection.close()

    @property
    def ws(self) -> str:
        return f"http://{self.host}/ws"


def sent_events(response: http.client.HTTPResponse) -> Iterator[dict[str, Any]]:
    """As a browser reads them: the type of the event is that of the message."""
    kind = ""
    for line in response:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name == "event":
            kind = value
        elif name == "data":
            message = json.loads(value)
            assert message["type"] == kind
            yield message


@contextmanager
def served(
    address: str = "127.0.0.1:0",
    snapshot: Callable[[], Snapshot] = lambda: RUNNING,
    config: ServeConfig | None = None,
) -> Iterator[Served]:
    """A server for the time of a test."""
    server = LiveServer(parse(address), config)
    try:
        with server.serving(snapshot):
            yield Served(server)
    finally:
        server.close()


def run(client: Coroutine[Any, Any, T]) -> T:
    """Run clients to their end; one that waits for ever fails the test."""

    async def in_time() -> T:
        return await asyncio.wait_for(client, PATIENCE_S)

    return asyncio.run(in_time())


async def until(come: Callable[[], object]) -> None:
    """Wait for what another thread does."""
    while not come():
        await asyncio.sleep(0.005)


async def receive(socket: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    """The next message."""
    message: dict[str, Any] = await socket.receive_json()
    return message


async def everything(socket: aiohttp.ClientWebSocketResponse) -> list[dict[str, Any]]:
    """All messages until the server closes."""
    return [json.loads(message.data) async for message in socket]
