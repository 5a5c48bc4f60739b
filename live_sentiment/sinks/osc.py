"""Open Sound Control over UDP, for Max, TouchDesigner and the like; docs/outlets.md has the addresses."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence

from live_sentiment.core.errors import RunError, UsageError
from live_sentiment.core.types import MODALITIES, Event, TimelinePoint, Transcript
from live_sentiment.sinks.address import Address
from live_sentiment.sinks.channels import CHANNELS, channel_values
from live_sentiment.sinks.fields import rounded, seconds
from live_sentiment.timeline.episodes import Episode
from live_sentiment.timeline.timeline import Segment

PREFIX = "/live-sentiment"

_Arguments = Sequence[tuple[str, float | int | str]]
"""Each with its OSC type tag: f float32, d float64, i int32, s string."""


class OscTransport:
    """Sends each point as one bundle, everything else as one message.

    Args:
        address: of the receiver; it need not listen yet, nor at all.

    Raises:
        UsageError: python-osc is missing, or there is no such host.
        RunError: (from the methods of a sink) the system refused to send.
    """

    def __init__(self, address: Address) -> None:
        try:
            import pythonosc  # noqa: F401  (to miss it now, not once the session runs)
        except ImportError as error:
            raise UsageError("OSC needs python-osc: pip install 'live-sentiment[osc]'") from error
        self._address = address
        try:
            found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_DGRAM)
        except OSError as error:
            raise UsageError(f"OSC: there is no host {address.host!r}: {error.strerror}") from error
        # Of a name that stands for both, most receivers listen to the older kind.
        entry = min(found, key=lambda entry: entry[0] != socket.AF_INET)
        self._family, self._target = entry[0], entry[4]
        self._socket: socket.socket | None = None

    def begin(self, now_s: Callable[[], float], trouble: Callable[[str], None]) -> None:
        """Take a socket; OSC knows no connection, and session time stands in each bundle."""
        self._socket = socket.socket(self._family, socket.SOCK_DGRAM)

    def point(self, point: TimelinePoint) -> None:
        """A bundle of all its numbers, under `final` or `provisional`."""
        kind = "final" if point.final else "provisional"
        messages: list[tuple[str, _Arguments]] = [
            ("time", [("d", seconds(point.time_s))]),
            ("emotion", [("s", point.emotion)]),
        ]
        messages += [
            (channel.label, [("f", value)])
            for channel, value in zip(CHANNELS, channel_values(point), strict=True)
            if value is not None
        ]
        messages += [
            (f"presence/{modality}", [("i", int(point.presence[modality].present))])
            for modality in MODALITIES
        ]
        self._send(*((f"{kind}/{path}", arguments) for path, arguments in messages))

    def segment(self, segment: Segment) -> None:
        """An episode or a turning point."""
        if isinstance(segment, Episode):
            arguments: _Arguments = [
                ("d", seconds(segment.start_s)),
                ("d", seconds(segment.end_s)),
                ("s", segment.emotion),
                *(("f", rounded(v)) for v in (segment.confidence, segment.valence, segment.arousal)),
            ]
            self._send(("episode", arguments))
        else:
            self._send(
                (
                    "turning_point",
                    [("d", seconds(segment.time_s)), ("s", segment.kind), ("f", rounded(segment.valence))],
                )
            )

    def event(self, event: Event) -> None:
        """Something that happened in the session."""
        self._send(("event", [("d", seconds(event.time_s)), ("s", event.kind), ("s", event.message)]))

    def words(self, transcript: Transcript) -> None:
        """Each newly committed word, and the guess behind them."""
        for word in transcript.committed:
            self._send(
                (
                    "word",
                    [
                        ("s", word.text),
                        ("d", seconds(word.start_s)),
                        ("d", seconds(word.end_s)),
                        ("f", rounded(word.probability)),
                    ],
                )
            )
        self._send(("partial", [("s", " ".join(word.text for word in transcript.partial))]))

    def close(self, *, complete: bool) -> None:
        """Say that nothing more will come."""
        self._send(("end", [("i", int(complete))]))
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _send(self, *messages: tuple[str, _Arguments]) -> None:
        from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
        from pythonosc.osc_message_builder import OscMessageBuilder

        built = []
        for path, arguments in messages:
            builder = OscMessageBuilder(f"{PREFIX}/{path}")
            for tag, value in arguments:
                builder.add_arg(value, tag)
            built.append(builder.build())
        bundle = OscBundleBuilder(IMMEDIATELY)
        for message in built:
            bundle.add_content(message)
        if self._socket is None:
            return
        try:
            self._socket.sendto((built[0] if len(built) == 1 else bundle.build()).dgram, self._target)
        except OSError as error:
            raise RunError(f"cannot send to {self._address}: {error.strerror or error}") from error
