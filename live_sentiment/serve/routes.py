"""What the server answers: the page, the two streams of messages, the metrics."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from importlib.resources import files

from aiohttp import WSCloseCode, web

from live_sentiment.serve.access import Access
from live_sentiment.serve.connections import Connections
from live_sentiment.serve.hub import Client, Hub
from live_sentiment.serve.messages import Message
from live_sentiment.serve.metrics import CONTENT_TYPE, SessionCollector

ASKING = 8
"""Connections that clients of the two streams leave to who only asks for a page or the metrics."""
STALLED_S = 30.0
"""A client that takes nothing for so long is disconnected."""
FAREWELL_S = 5.0
"""What a client is given to answer a good-bye."""
BEAT_S = 15.0
"""A connection on which nothing is said is tried so often."""
BUFFER_BYTES = 16 * 1024
"""Written ahead for one connection, on top of what the system takes."""
HEARD_BYTES = 4096
"""The longest message taken from a client; none is expected, and what is said is passed over."""

HEADERS = {
    "Server": "live-sentiment",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
"""Nothing but our own files is loaded, nobody embeds the page or learns its address, nothing is kept."""

_OWN = files("live_sentiment.serve") / "page"
UPLOT = files("live_sentiment.report") / "assets" / "vendor"
"""The plotting library of reports."""
PAGE = {
    "/": (_OWN / "index.html", "text/html"),
    "/live.js": (_OWN / "live.js", "text/javascript"),
    "/chart.js": (_OWN / "chart.js", "text/javascript"),
    "/live.css": (_OWN / "live.css", "text/css"),
    "/icon.svg": (_OWN / "icon.svg", "image/svg+xml"),
    "/uPlot.iife.js": (UPLOT / "uPlot.iife.js", "text/javascript"),
    "/uPlot.min.css": (UPLOT / "uPlot.min.css", "text/css"),
}
PUBLIC = PAGE.keys() - {"/"}
"""What the page loads, which is the same for everybody and needs no token."""
ENDLESS = {"/ws", "/events"}
"""Answers that go on as long as the session does."""

_CLOSE_CODES = {
    "end": WSCloseCode.OK,
    "behind": WSCloseCode.TRY_AGAIN_LATER,
    "closing": WSCloseCode.GOING_AWAY,
}


class Routes:
    """The handlers of one server.

    Args:
        hub: tells clients.
        access: decides who is served.
        metrics: of the session.
        hello: makes the first message to a client.
    """

    def __init__(
        self, hub: Hub, access: Access, metrics: SessionCollector, hello: Callable[[], Message]
    ) -> None:
        self._hub, self._access, self._metrics, self._hello = hub, access, metrics, hello
        self.connections: Connections | None = None
        """Told of each request; None: there is no limit to them."""
        # Read once: to answer takes no descriptor but the connection's own.
        self._bodies = {path: file.read_bytes() for path, (file, _) in PAGE.items()}

    def application(self) -> web.Application:
        """Everything put together."""
        application = web.Application(middlewares=[self._guard])
        application.router.add_get("/ws", self._websocket, allow_head=False)
        application.router.add_get("/events", self._events, allow_head=False)
        application.router.add_get("/metrics", self._figures)
        for path in PAGE:
            application.router.add_get(path, self._page)
        application.on_response_prepare.append(_add_headers)
        return application

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if self.connections is not None:
            self.connections.asked(request.transport, endless=request.path in ENDLESS)
        refusal = self._access.refusal(request.headers, request.query, public=request.path in PUBLIC)
        if refusal is not None:
            headers = {"WWW-Authenticate": "Bearer"} if refusal.status == 401 else {}
            return web.Response(status=refusal.status, text=f"{refusal.reason}\n", headers=headers)
        return await handler(request)

    async def _page(self, request: web.Request) -> web.Response:
        _, content_type = PAGE[request.path]
        return web.Response(body=self._bodies[request.path], content_type=content_type, charset="utf-8")

    async def _figures(self, request: web.Request) -> web.Response:
        return web.Response(body=self._metrics.exposition(), headers={"Content-Type": CONTENT_TYPE})

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(
            heartbeat=BEAT_S,
            compress=False,
            max_msg_size=HEARD_BYTES,
            timeout=FAREWELL_S,
            writer_limit=BUFFER_BYTES,
        )
        async with self._joined(request) as client:
            await socket.prepare(request)
            # What a client says is of no interest, but only who listens hears that it is gone.
            listening = asyncio.create_task(_listen(socket))
            telling = asyncio.create_task(_tell(request, socket, client))
            try:
                await asyncio.wait({listening, telling}, return_when=asyncio.FIRST_COMPLETED)
                if client.over:
                    # Our own good-bye has ended the listening; it is said to its end.
                    await asyncio.wait({telling})
            finally:
                listening.cancel()
                telling.cancel()
                await asyncio.gather(listening, telling, return_exceptions=True)
        return socket

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"}
        )
        async with self._joined(request) as client:
            await response.prepare(request)
            with suppress(ConnectionError):
                await _stream(request, response, client)
        return response

    @asynccontextmanager
    async def _joined(self, request: web.Request) -> AsyncIterator[Client]:
        """A client for the time of its connection."""
        if self.connections is not None and self._hub.clients >= max(self.connections.limit - ASKING, 1):
            raise web.HTTPServiceUnavailable(
                text=f"{self._hub.clients} clients are connected, which is all there may be\n"
            )
        if request.transport is not None:
            request.transport.set_write_buffer_limits(high=BUFFER_BYTES)
        client = self._hub.join(self._hello())
        try:
            yield client
        finally:
            self._hub.leave(client)


async def _listen(socket: web.WebSocketResponse) -> None:
    async for _ in socket:
        pass


async def _tell(request: web.Request, socket: web.WebSocketResponse, client: Client) -> None:
    """Send what comes, up to the last message, and close with a code that says why."""
    last = False
    while not last:
        message = await client.next()
        last = message.last
        await _within_reason(request, socket.send_str(message.text))
    reason = str(message.fields.get("reason", "end"))
    await _within_reason(request, socket.close(code=_CLOSE_CODES[reason], message=reason.encode()))


async def _stream(request: web.Request, response: web.StreamResponse, client: Client) -> None:
    """Write what comes, up to the last message; a comment now and then where nothing does."""
    last = False
    while not last:
        try:
            async with asyncio.timeout(BEAT_S):
                message = await client.next()
        except TimeoutError:
            await _within_reason(request, response.write(b":\n\n"))
            continue
        last = message.last
        piece = f"event: {message.type}\ndata: {message.text}\n\n"
        await _within_reason(request, response.write(piece.encode()))


async def _within_reason(request: web.Request, sending: Awaitable[object]) -> None:
    """Send; a client that takes nothing for STALLED_S is disconnected.

    Raises:
        ConnectionError: it is gone, or was disconnected.
    """
    try:
        async with asyncio.timeout(STALLED_S):
            await sending
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
        raise ConnectionAbortedError("the client takes nothing") from None


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
    if not isinstance(response, web.WebSocketResponse):
        # One request a connection: whoever waits between two of them holds a place for nothing.
        response.force_close()
