"""MQTT against a mosquitto broker of the test's own."""

from __future__ import annotations

import builtins
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from live_sentiment.core.errors import RunError, UsageError
from live_sentiment.core.types import Event, Transcript
from live_sentiment.sinks.address import Address
from live_sentiment.sinks.async_sink import AsyncSink
from live_sentiment.sinks.mqtt import PASSWORD, USERNAME, Broker, MqttTransport, parse_broker
from live_sentiment.timeline.episodes import Episode
from tests.helpers.outlets import WAIT_S, Inbox, free_port, told_and_written
from tests.helpers.story import point, word

# Debian puts it where only root looks.
MOSQUITTO = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin")
needs_broker = pytest.mark.skipif(MOSQUITTO is None, reason="no mosquitto here (Debian package mosquitto)")


class Mosquitto:
    """A broker on the loopback that can be killed and started again on the same port."""

    def __init__(self, folder: Path, settings: str = "allow_anonymous true\n") -> None:
        self.address = Address("127.0.0.1", free_port())
        self._config = folder / "mosquitto.conf"
        self._config.write_text(f"listener {self.address.port} 127.0.0.1\n{settings}")
        self._process: subprocess.Popen[bytes] | None = None
        self._listeners: list[Client] = []

    def start(self) -> None:
        assert MOSQUITTO is not None
        self._process = subprocess.Popen(
            [MOSQUITTO, "-c", self._config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until_s = time.monotonic() + WAIT_S
        while True:
            try:
                socket.create_connection((self.address.host, self.address.port)).close()
                return
            except ConnectionRefusedError:
                assert time.monotonic() < until_s, "mosquitto does not start"

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def listen(self, topic: str = "#", login: tuple[str, str] | None = None) -> Inbox:
        """What is published from now on: (topic, fields, retained)."""
        inbox, ready = Inbox(), Inbox()
        client = Client(CallbackAPIVersion.VERSION2)
        if login:
            client.username_pw_set(*login)
        client.reconnect_delay_set(1, 1)
        client.on_message = lambda c, u, m: inbox.put((m.topic, json.loads(m.payload), m.retain))
        client.on_connect = lambda c, u, f, reason, p: c.subscribe(topic, qos=1)
        client.on_subscribe = lambda c, u, mid, reasons, p: ready.put(reasons)
        client.connect(self.address.host, self.address.port)
        client.loop_start()
        self._listeners.append(client)
        ready.wait_for(bool)
        return inbox

    def close(self) -> None:
        for client in self._listeners:
            client.disconnect()
            client.loop_stop()
        if self._process is not None:
            self.kill()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    made = Mosquitto(tmp_path)
    yield made
    made.close()


def begun(address: Address, topic: str = "lab/room") -> tuple[MqttTransport, Inbox]:
    transport, troubles = MqttTransport(Broker(address, topic)), Inbox()
    transport.begin(lambda: 0.0, troubles.put)
    return transport, troubles


def is_status(wanted: str) -> Any:
    return lambda items: [f for topic, f, _ in items if topic.endswith("/status") and f["status"] == wanted]


@needs_broker
def test_a_subscriber_gets_the_lines_of_the_timeline(broker: Mosquitto, tmp_path: Path) -> None:
    broker.start()
    inbox = broker.listen()
    outlet = AsyncSink(MqttTransport(Broker(broker.address)), "MQTT")
    outlet.begin(lambda: 0.0, lambda kind, message: pytest.fail(message))
    timeline = told_and_written(tmp_path, outlet)
    got = inbox.wait_for(is_status("complete"))

    def of(path: str) -> list[Any]:
        return [fields for topic, fields, _ in got if topic == f"live-sentiment/{path}"]

    assert len(timeline.points) >= 14
    assert of("final") == list(timeline.points)
    assert of("episode") == list(timeline.of("episode"))
    assert of("turning_point") == list(timeline.of("turning_point"))
    assert of("event") == list(timeline.of("event"))
    words = [word for line in timeline.points for word in line["words"]]
    assert of("word") == [{"type": "word", **word} for word in words]
    assert words


@needs_broker
def test_the_last_final_and_the_status_are_retained_for_who_comes_later(broker: Mosquitto) -> None:
    broker.start()
    early = broker.listen()
    transport, _ = begun(broker.address)
    early.wait_for(is_status("online"))
    for tick in (1.0, 2.0):
        transport.point(point(tick))
    transport.point(point(3.0, final=False))
    transport.words(Transcript((), (word("well", 0.5),), 0.0))
    transport.segment(Episode(1.0, 2.5, "joy", 0.75, 0.5, 0.25))
    transport.event(Event(1.5, "gap", "a gap"))
    transport.close(complete=False)
    topics = {topic for topic, _, _ in early.wait_for(is_status("cut-short"))}
    assert topics == {
        f"lab/room/{path}" for path in ("final", "provisional", "partial", "episode", "event", "status")
    }
    late = broker.listen().wait_for(lambda items: len(items) == 2)
    assert {topic: retained for topic, _, retained in late} == {
        "lab/room/final": True,
        "lab/room/status": True,
    }
    assert {f.get("time") or f.get("status") for _, f, _ in late} == {2.0, "cut-short"}


@needs_broker
def test_a_broker_that_goes_away_is_told_once_and_what_is_final_waits_for_it(broker: Mosquitto) -> None:
    broker.start()
    online = broker.listen()
    transport, troubles = begun(broker.address)
    online.wait_for(is_status("online"))
    transport.point(point(1.0))
    online.wait_for(lambda items: any(topic == "lab/room/final" for topic, _, _ in items))
    broker.kill()
    troubles.wait_for(lambda said: said)
    for tick in (2.0, 3.0):
        transport.point(point(tick, final=False))
        transport.point(point(tick))
    broker.start()
    again = broker.listen("lab/room/final")
    again.wait_for(lambda items: any(fields["time"] == 3.0 for _, fields, _ in items))
    transport.close(complete=True)
    (said,) = troubles.items
    assert said.startswith(f"the MQTT broker {broker.address} is lost")
    finals = [f["time"] for topic, f, _ in online.items if topic == "lab/room/final"]
    assert finals[0] == 1.0


@needs_broker
def test_a_broker_may_come_later(broker: Mosquitto) -> None:
    transport, troubles = begun(broker.address)
    transport.point(point(1.0))
    (said,) = troubles.wait_for(lambda said: said)
    assert said == f"the MQTT broker {broker.address} cannot be reached; it is tried again"
    broker.start()
    inbox = broker.listen("lab/room/final")
    ((_, fields, _),) = inbox.wait_for(lambda items: items)
    assert fields["time"] == 1.0
    transport.close(complete=True)
    assert len(troubles.items) == 1


@needs_broker
def test_the_broker_says_it_when_the_connection_dies_and_the_program_when_it_is_back(
    broker: Mosquitto,
) -> None:
    broker.start()
    inbox = broker.listen("lab/room/status")
    transport, _ = begun(broker.address)
    inbox.wait_for(is_status("online"))
    cut = transport._client.socket()
    assert cut is not None
    cut.shutdown(socket.SHUT_RDWR)
    inbox.wait_for(lambda items: [fields["status"] for _, fields, _ in items][-2:] == ["offline", "online"])
    transport.close(complete=True)


@needs_broker
def test_credentials_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    passwords = tmp_path / "passwords"
    passwords.write_text("ann:secret\n")
    passwords.chmod(0o600)
    tool = shutil.which("mosquitto_passwd")
    assert tool is not None
    subprocess.run([tool, "-U", passwords], check=True, capture_output=True)
    user = "" if os.name == "nt" or os.geteuid() else "user root\n"
    broker = Mosquitto(tmp_path, f"allow_anonymous false\npassword_file {passwords}\n{user}")
    broker.start()
    try:
        inbox = broker.listen(login=("ann", "secret"))
        transport, troubles = begun(broker.address)
        (said,) = troubles.wait_for(lambda said: said)
        assert "refuses the connection" in said
        assert USERNAME in said
        transport.close(complete=True)
        monkeypatch.setenv(USERNAME, "ann")
        monkeypatch.setenv(PASSWORD, "secret")
        transport, troubles = begun(broker.address)
        inbox.wait_for(is_status("online"))
        transport.close(complete=True)
        assert not troubles.items
    finally:
        broker.close()


def test_more_than_may_wait_is_a_run_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("live_sentiment.sinks.mqtt.QUEUED", 3)
    transport, _ = begun(Address("127.0.0.1", free_port()))
    for tick in range(3):
        transport.point(point(float(tick)))
    with pytest.raises(RunError, match="takes nothing, and 3 messages wait"):
        transport.point(point(4.0))
    transport.close(complete=True)


def test_a_broker_and_its_topic() -> None:
    assert parse_broker("localhost:1883") == Broker(Address("localhost", 1883), "live-sentiment")
    assert parse_broker("[::1]:1883/lab/room-3") == Broker(Address("::1", 1883), "lab/room-3")


@pytest.mark.parametrize("text", ["localhost:1883/lab/#", "localhost:1883/a//b", "localhost:1883/+", "lab"])
def test_what_is_none(text: str) -> None:
    with pytest.raises(UsageError):
        parse_broker(text)


def test_without_the_library_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any) -> Any:
        if name.startswith("paho"):
            raise ImportError(name)
        return real(name, *args)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match=r"pip install 'live-sentiment\[mqtt\]'"):
        MqttTransport(Broker(Address("127.0.0.1", 1883)))
