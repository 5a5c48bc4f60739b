"""The server of live results, on a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import TYPE_CHECKING

from live_sentiment.core.config import ServeConfig
from live_sentiment.core.extras import check_extra
from live_sentiment.runtime.snapshot import Snapshot
from live_sentiment.serve.access import Access
from live_sentiment.serve.hub import Hub
from live_sentiment.serve.listening import is_loopback, listen, reachable
from live_sentiment.serve.messages import hello_message
from live_sentiment.sinks.address import Address

if TYPE_CHECKING:
    from aiohttp import web

FLUSH_S = 3.0
"""What clients are given, when the session is over, to take what still waits for them."""
STOP_S = 10.0
"""What the server is given to end; it holds nobody up after that."""
SHUT_S = 1.0
"""What remains of connections is given so long before they are cut."""
POLL_S = 0.05


class LiveServer:
    """Listens from the start, so that a port in use is known at once, and answers within `serving`.

    Args:
        address: where to listen; at any but a loopback address clients need the token in `url`.
        config: its limits; None is the default.

    Raises:
        UsageError: the libraries of the extra `serve` are missing, or the address cannot be used.
    """

    def __init__(self, address: Address, config: ServeConfig | None = None) -> None:
        check_extra("serve", "--serve")
        self._config = config or ServeConfig()
        self._socket = listen(address)
        self.loopback = is_loopback(self._socket)
        """Whether nobody but this computer can reach it."""
        self._access = Access(loopback=self.loopback, host=address.host)
        self.hub = Hub()
        """The sink that the session is to tell its story."""

    @property
    def url(self) -> str:
        """The address of the page, with the token where one is needed."""
        token = self._access.token
        return f"http://{reachable(self._socket)}/{'' if token is None else f'?token={token}'}"

    def close(self) -> None:
        """Stop listening; for a server that never came to serve."""
        self._socket.close()

    @contextlib.contextmanager
    def serving(self, snapshot: Callable[[], Snapshot]) -> Iterator[None]:
        """Answer while the block runs; behind it clients are told why they are disconnected.

        Args:
            snapshot: the session at this moment; called from the server's thread.
        """
        ready: Future[Callable[[], object]] = Future()
        thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(snapshot, ready)), name="serve", daemon=True
        )
        thread.start()
        stop = ready.result()
        try:
            yield
        finally:
            self.hub.shut()
            stop()
            thread.join(STOP_S)

    async def _serve(self, snapshot: Callable[[], Snapshot], ready: Future[Callable[[], object]]) -> None:
        """Answer until asked to stop; `ready` is given what asks."""
        try:
            runner, accepting = await self._started(snapshot)
        except BaseException as error:
            ready.set_exception(error)
            return
        loop, asked = asyncio.get_running_loop(), asyncio.Event()
        self.hub.attach(loop)
        ready.set_result(lambda: loop.call_soon_threadsafe(asked.set))
        try:
            await asked.wait()
            await self._flush()
        finally:
            self.hub.attach(None)
            accepting.cancel()
            await runner.cleanup()

    async def _started(self, snapshot: Callable[[], Snapshot]) -> tuple[web.AppRunner, asyncio.Task[None]]:
        from aiohttp import web

        from live_sentiment.serve.connections import Connections, affordable
        from live_sentiment.serve.metrics import SessionCollector
        from live_sentiment.serve.routes import Routes

        metrics = SessionCollector(snapshot, self.hub)
        routes = Routes(self.hub, self._access, metrics, lambda: hello_message(snapshot()))
        runner = web.AppRunner(
            routes.application(),
            access_log=None,
            logger=_silent(),
            handler_cancellation=True,
            shutdown_timeout=SHUT_S,
        )
        await runner.setup()
        assert runner.server is not None
        # A socket that is closed is told at once.
        self._socket.getsockname()
        connections = Connections(self._socket, runner.server, affordable(self._config.connections))
        routes.connections = connections
        return runner, asyncio.create_task(connections.accept())

    async def _flush(self) -> None:
        """Wait until every client has taken its last message, but not for the slow ones."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_S):
                while self.hub.clients:
                    await asyncio.sleep(POLL_S)


def _silent() -> logging.Logger:
    """A logger that nobody hears: what aiohttp says of a bad request quotes it, token and all."""
    logger = logging.Logger("live_sentiment.serve")
    logger.addHandler(logging.NullHandler())
    return logger
