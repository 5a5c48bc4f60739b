"""OSC against python-osc's own server."""

from __future__ import annotations

import builtins
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_server import BlockingOSCUDPServer

from live_sentiment.core.errors import RunError, UsageError
from live_sentiment.core.types import Event, Presence, Transcript
from live_sentiment.sinks.address import Address
from live_sentiment.sinks.async_sink import AsyncSink
from live_sentiment.sinks.osc import OscTransport
from live_sentiment.timeline.episodes import Episode
from live_sentiment.timeline.turning import TurningPoint
from tests.helpers.outlets import Inbox, free_port, told_and_written
from tests.helpers.story import PRESENT, point, word


class Receiver:
    """What an OSC server was sent: (address, arguments), in order."""

    def __init__(self) -> None:
        self.inbox = Inbox()
        dispatcher = Dispatcher()
        dispatcher.set_default_handler(lambda address, *arguments: self.inbox.put((address, arguments)))
        self._server = BlockingOSCUDPServer(("127.0.0.1", 0), dispatcher)
        self.address = Address("127.0.0.1", self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def until_end(self) -> list[tuple[str, tuple[Any, ...]]]:
        return self.inbox.wait_for(lambda items: items and items[-1][0] == "/live-sentiment/end")

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def begun(address: Address) -> OscTransport:
    transport = OscTransport(address)
    transport.begin(lambda: 0.0, pytest.fail)
    return transport


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def test_a_server_gets_the_times_and_values_of_the_timeline(receiver: Receiver, tmp_path: Path) -> None:
    outlet = AsyncSink(OscTransport(receiver.address), "OSC")
    outlet.begin(lambda: 0.0, lambda kind, message: pytest.fail(message))
    timeline = told_and_written(tmp_path, outlet)
    got = receiver.until_end()
    finals = [(address, arguments) for address, arguments in got if "/final/" in address]

    def all_of(path: str) -> list[Any]:
        return [arguments[0] for address, arguments in finals if address == f"/live-sentiment/final/{path}"]

    assert all_of("time") == [line["time"] for line in timeline.points]
    assert len(timeline.points) >= 14
    assert all_of("emotion") == [line["emotion"] for line in timeline.points]
    for name in ("valence", "arousal"):
        assert all_of(name) == pytest.approx([line[name] for line in timeline.points], abs=1e-6)
    for group in ("emotions", "polarity", "confidence"):
        for name in timeline.points[0][group]:
            told = all_of(f"{group}/{name}")
            assert told == pytest.approx([line[group][name] for line in timeline.points], abs=1e-6)
    for modality in ("text", "voice", "vision"):
        told = all_of(f"presence/{modality}")
        assert told == [int(line["presence"][modality]["present"]) for line in timeline.points]
    words = [arguments for address, arguments in got if address == "/live-sentiment/word"]
    written = [word for line in timeline.points for word in line["words"]]
    assert [(text, start, end) for text, start, end, _ in words] == [
        (word["text"], word["start"], word["end"]) for word in written
    ]
    assert words
    assert got[-1] == ("/live-sentiment/end", (1,))


def test_every_address_of_what_is_no_point(receiver: Receiver) -> None:
    transport = begun(receiver.address)
    transport.words(Transcript((), (word("well", 0.5), word("then", 0.9)), 0.0))
    transport.segment(Episode(1.0, 2.5, "joy", 0.75, 0.5, 0.25))
    transport.segment(TurningPoint(3.0, "peak", 0.5, -0.25, ()))
    transport.event(Event(1.2345, "gap", "0.2 s of sound are missing"))
    transport.close(complete=False)
    assert receiver.until_end() == [
        ("/live-sentiment/partial", ("well then",)),
        ("/live-sentiment/episode", (1.0, 2.5, "joy", 0.75, 0.5, 0.25)),
        ("/live-sentiment/turning_point", (3.0, "peak", 0.5)),
        ("/live-sentiment/event", (1.234, "gap", "0.2 s of sound are missing")),
        ("/live-sentiment/end", (0,)),
    ]


def test_provisional_points_have_addresses_of_their_own_and_an_absent_modality_no_share(
    receiver: Receiver,
) -> None:
    transport = begun(receiver.address)
    presence = {**PRESENT, "voice": Presence(False, "no speech")}
    told = point(1.0, presence=presence, final=False)
    del told.affect.shares["voice"]  # type: ignore[attr-defined]
    transport.point(told)
    transport.close(complete=True)
    got = dict(receiver.until_end())
    assert got["/live-sentiment/provisional/shares/vision"] == (0.5,)
    assert "/live-sentiment/provisional/shares/voice" not in got
    assert got["/live-sentiment/provisional/presence/voice"] == (0,)
    assert not [address for address in got if "/final/" in address]


def test_nobody_need_listen() -> None:
    transport = begun(Address("127.0.0.1", free_port(socket.SOCK_DGRAM)))
    for tick in range(10):
        transport.point(point(float(tick)))
    transport.close(complete=True)


def test_what_cannot_be_sent_is_a_run_error(receiver: Receiver) -> None:
    transport = begun(receiver.address)
    with pytest.raises(RunError, match="cannot send to 127"):
        transport.event(Event(0.0, "gap", "x" * 70_000))
    transport.close(complete=False)


def test_a_host_that_is_none_is_named() -> None:
    with pytest.raises(UsageError, match=r"no host 'no-such-host\.invalid'"):
        OscTransport(Address("no-such-host.invalid", 9000))


def test_without_the_library_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any) -> Any:
        if name.startswith("pythonosc"):
            raise ImportError(name)
        return real(name, *args)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match=r"pip install 'live-sentiment\[osc\]'"):
        OscTransport(Address("127.0.0.1", 9000))
