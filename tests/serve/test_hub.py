"""Between the threads: the analysis is never held up, and what it tells arrives."""

from __future__ import annotations

import asyncio
import threading

from live_sentiment.core.types import Transcript
from live_sentiment.serve.hub import Hub
from live_sentiment.serve.messages import hello_message
from live_sentiment.serve.outbox import LASTING, PASSING
from tests.helpers.live_clients import RUNNING, run
from tests.helpers.story import point


def test_without_a_server_or_clients_it_takes_everything_and_stays_small() -> None:
    hub = Hub()
    for tick in range(10_000):
        hub.point(point(tick * 0.25, final=tick % 2 == 0))
        hub.words(Transcript((), (), tick * 0.25))
    hub.close(complete=True)
    assert hub.points == {"final": 5000, "provisional": 5000}
    assert hub.clients == 0


def test_a_loop_that_is_held_up_holds_up_nobody_and_is_rung_once() -> None:
    """The analysis tells far more than may wait, while the server's thread does not run at all."""

    async def held_up() -> tuple[int, list[str]]:
        hub, loop = Hub(), asyncio.get_running_loop()
        hub.attach(loop)
        client = hub.join(hello_message(RUNNING))
        rings = 0
        call = loop.call_soon_threadsafe

        def counted(*arguments):  # type: ignore[no-untyped-def]
            nonlocal rings
            rings += 1
            return call(*arguments)

        loop.call_soon_threadsafe = counted  # type: ignore[method-assign]

        def analysis() -> None:
            for tick in range(2 * LASTING):
                hub.point(point(tick * 0.25, final=False))
                if tick < LASTING // 2:
                    hub.point(point(tick * 0.25))

        telling = threading.Thread(target=analysis)
        telling.start()
        # Joined on the loop's own thread, which does nothing meanwhile.
        telling.join()
        hub.close(complete=True)
        kinds = []
        while not client.over:
            message = await client.next()
            kinds.append("provisional" if message.passing else message.type)
        hub.leave(client)
        hub.attach(None)
        assert hub.lost == 2 * LASTING - PASSING
        return rings, kinds

    rings, kinds = run(held_up())
    assert rings == 1
    assert kinds.count("point") == LASTING // 2
    assert kinds.count("provisional") == PASSING
    assert kinds.count("lost") == 1
    assert kinds[-1] == "end"


def test_the_end_is_told_once_and_also_to_who_comes_behind_it() -> None:
    async def late() -> list[str]:
        hub = Hub()
        hub.point(point(1.0))
        hub.close(complete=True)
        hub.shut()
        client = hub.join(hello_message(RUNNING))
        kinds = []
        while not client.over:
            kinds.append((await client.next()).type)
        return kinds

    assert run(late()) == ["hello", "point", "end"]
