"""MQTT, for home and building automation and message buses; docs/outlets.md has the topics.

The connection has a thread of its own, which comes back by itself whenever the broker does. Meanwhile what is
final waits here, up to QUEUED messages; what is provisional is let go.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from live_sentiment.core.errors import RunError, UsageError
from live_sentiment.core.types import Event, TimelinePoint, Transcript
from live_sentiment.sinks.address import Address, parse_address
from live_sentiment.sinks.fields import event_fields, point_fields, segment_fields, word_fields
from live_sentiment.timeline.timeline import Segment

if TYPE_CHECKING:
    from paho.mqtt.client import Client, MQTTMessageInfo

TOPIC = "live-sentiment"
USERNAME, PASSWORD = "LIVE_SENTIMENT_MQTT_USERNAME", "LIVE_SENTIMENT_MQTT_PASSWORD"
"""Environment variables; a command line would show them to every user of the machine."""
QUEUED = 1024
"""Messages that may wait for the broker."""
PROVISIONALS = 8
"""Provisional ones that may wait for a broker that takes its time; of those the library knows no bound."""
RETRY_S = (1, 30)
"""From the first to the slowest attempt to connect again."""
CONNECT_S = 5.0
CLOSE_S = 2.0
"""What the broker is given to acknowledge the last messages."""

Status = Literal["online", "offline", "complete", "cut-short"]


@dataclass(frozen=True, slots=True)
class Broker:
    """Where to publish, and under which topic."""

    address: Address
    topic: str = TOPIC


def parse_broker(text: str) -> Broker:
    """Read HOST:PORT[/TOPIC]; a topic may have several levels.

    >>> parse_broker("localhost:1883/lab/room-3").topic
    'lab/room-3'

    Raises:
        UsageError: it is none, or the topic holds a wildcard or an empty level.
    """
    where, _, topic = text.partition("/")
    if topic and (not all(topic.split("/")) or re.search(r"[+#\x00]", topic)):
        raise UsageError(f"{topic!r} is no topic to publish to: no +, no #, no empty level")
    return Broker(parse_address(where), topic or TOPIC)


class MqttTransport:
    """Publishes JSON, as the timeline file has it.

    Args:
        broker: need not be there yet.

    Raises:
        UsageError: paho-mqtt is missing.
        RunError: (from the methods of a sink) too much waits for the broker; this message is lost.
    """

    def __init__(self, broker: Broker) -> None:
        try:
            from paho.mqtt.client import Client
            from paho.mqtt.enums import CallbackAPIVersion
        except ImportError as error:
            raise UsageError("MQTT needs paho-mqtt 2: pip install 'live-sentiment[mqtt]'") from error
        self._broker = broker
        self._client: Client = Client(CallbackAPIVersion.VERSION2)
        if username := os.environ.get(USERNAME):
            self._client.username_pw_set(username, os.environ.get(PASSWORD))
        self._client.max_queued_messages_set(QUEUED)
        self._client.reconnect_delay_set(*RETRY_S)
        self._client.connect_timeout = CONNECT_S
        # The broker says so itself when this program is killed.
        self._client.will_set(f"{broker.topic}/status", _status("offline"), qos=1, retain=True)
        self._client.on_connect = self._on_connect
        self._client.on_connect_fail = self._on_connect_fail
        self._client.on_disconnect = self._on_disconnect
        self._trouble: Callable[[str], None] = lambda message: None
        self._troubled = False
        self._unwritten: deque[MQTTMessageInfo] = deque()

    def begin(self, now_s: Callable[[], float], trouble: Callable[[str], None]) -> None:
        """Connect, on the connection's own thread."""
        self._trouble = trouble
        self._client.connect_async(self._broker.address.host, self._broker.address.port)
        self._client.loop_start()

    def point(self, point: TimelinePoint) -> None:
        """A tick, under `final`, retained, or `provisional`."""
        if point.final:
            self._publish("final", point_fields(point), retain=True)
        else:
            self._publish_lightly("provisional", point_fields(point))

    def segment(self, segment: Segment) -> None:
        """An episode or a turning point, under the name of its type."""
        fields = segment_fields(segment)
        self._publish(fields["type"], fields)

    def event(self, event: Event) -> None:
        """Something that happened in the session."""
        self._publish("event", event_fields(event))

    def words(self, transcript: Transcript) -> None:
        """Each newly committed word, and the guess behind them."""
        for word in transcript.committed:
            self._publish("word", {"type": "word", **word_fields(word)})
        partial = [word_fields(word) for word in transcript.partial]
        self._publish_lightly("partial", {"type": "partial", "words": partial})

    def close(self, *, complete: bool) -> None:
        """Say that nothing more will come, and disconnect once the broker has acknowledged everything."""
        ended: Status = "complete" if complete else "cut-short"
        if self._client.is_connected():
            status = self._client.publish(f"{self._broker.topic}/status", _status(ended), qos=1, retain=True)
            # Messages are acknowledged in their order; one that is not stays unsent, for all its waiting.
            with contextlib.suppress(RuntimeError, ValueError):
                status.wait_for_publish(CLOSE_S)
        self._client.disconnect()
        self._client.loop_stop()

    def _publish(self, path: str, fields: dict[str, Any], *, retain: bool = False) -> None:
        from paho.mqtt.enums import MQTTErrorCode

        sent = self._client.publish(f"{self._broker.topic}/{path}", _json(fields), qos=1, retain=retain)
        if sent.rc is MQTTErrorCode.MQTT_ERR_QUEUE_SIZE:
            raise RunError(f"{self._broker.address} takes nothing, and {QUEUED} messages wait; more are lost")

    def _publish_lightly(self, path: str, fields: dict[str, Any]) -> None:
        while self._unwritten and self._unwritten[0].is_published():
            self._unwritten.popleft()
        if self._client.is_connected() and len(self._unwritten) < PROVISIONALS:
            self._unwritten.append(self._client.publish(f"{self._broker.topic}/{path}", _json(fields)))

    # On the connection's own thread, from here on.

    def _on_connect(self, client: Client, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self._say(f"refuses the connection: {reason}; set {USERNAME} and {PASSWORD}")
            return
        self._troubled = False
        self._unwritten.clear()
        client.publish(f"{self._broker.topic}/status", _status("online"), qos=1, retain=True)

    def _on_connect_fail(self, client: Client, userdata: Any) -> None:
        self._say("cannot be reached; it is tried again")

    def _on_disconnect(self, client: Client, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self._say(f"is lost ({reason}); it is tried again")

    def _say(self, what: str) -> None:
        # Once for each time that the broker is away, however often it is tried meanwhile.
        if not self._troubled:
            self._troubled = True
            self._trouble(f"the MQTT broker {self._broker.address} {what}")


def _json(fields: dict[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def _status(status: Status) -> str:
    return _json({"type": "status", "status": status})
