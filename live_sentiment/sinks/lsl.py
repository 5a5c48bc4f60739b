"""Lab Streaming Layer, for recorders of EEG, eye tracking and the like; docs/outlets.md has the channels.

A sample's time is that of the moment it speaks of, on LSL's own clock: session time + session zero, where
session zero on LSL's clock is measured once, when the session begins, and stands in the streams' description.
"""

from __future__ import annotations

import json
import math
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from live_sentiment import __version__
from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import Event, TimelinePoint, Transcript
from live_sentiment.sinks.channels import CHANNELS, channel_values
from live_sentiment.sinks.fields import event_fields, segment_fields, word_fields
from live_sentiment.timeline.episodes import Episode
from live_sentiment.timeline.timeline import Segment

if TYPE_CHECKING:
    import pylsl

NAME = "live-sentiment"
FINAL, PROVISIONAL, MARKERS = "Affect", "AffectProvisional", "Markers"
"""Types of the three streams."""
_SETTINGS, _USUAL = "LSLAPICFG", ("lsl_api.cfg", "~/lsl_api/lsl_api.cfg", "/etc/lsl_api/lsl_api.cfg")
"""Where liblsl finds the user's settings: the file that a variable names, or else one of these."""
LINGER_S = 0.5
"""An outlet that vanishes takes along what its inlets have not fetched."""


class LslTransport:
    """Three streams: final points, provisional points, and markers for words, events and segments.

    Args:
        name: of the streams; "-provisional" and "-markers" are appended for the second and third.
        hop_s: distance of the points.

    Raises:
        UsageError: pylsl, or the library that it stands on, is missing.
    """

    def __init__(self, name: str, hop_s: float) -> None:
        self._lsl = _load()
        self._name, self._hop_s = name, hop_s
        self._streams: dict[str, pylsl.StreamOutlet] = {}
        self._zero_s = 0.0

    def begin(self, now_s: Callable[[], float], trouble: Callable[[str], None]) -> None:
        """Measure session zero on LSL's clock and show the streams."""
        before_s, session_s, after_s = self._lsl.local_clock(), now_s(), self._lsl.local_clock()
        self._zero_s = (before_s + after_s) / 2 - session_s
        self._streams = {
            FINAL: self._numbers(self._name, FINAL),
            PROVISIONAL: self._numbers(f"{self._name}-provisional", PROVISIONAL),
            MARKERS: self._markers(f"{self._name}-markers"),
        }

    def point(self, point: TimelinePoint) -> None:
        """A sample of the final or the provisional stream; NaN where a modality is absent."""
        sample = [math.nan if value is None else value for value in channel_values(point)]
        self._push(FINAL if point.final else PROVISIONAL, sample, point.time_s)

    def segment(self, segment: Segment) -> None:
        """A marker at the beginning of an episode, or at a turning point."""
        at_s = segment.start_s if isinstance(segment, Episode) else segment.time_s
        self._mark(segment_fields(segment), at_s)

    def event(self, event: Event) -> None:
        """A marker."""
        self._mark(event_fields(event), event.time_s)

    def words(self, transcript: Transcript) -> None:
        """A marker at the beginning of each newly committed word."""
        for word in transcript.committed:
            self._mark({"type": "word", **word_fields(word)}, word.start_s)

    def close(self, *, complete: bool) -> None:
        """Take the streams down, once whoever listens has had a moment to fetch the last of them."""
        if any(stream.have_consumers() for stream in self._streams.values()):
            threading.Event().wait(LINGER_S)
        self._streams = {}

    def _mark(self, fields: dict[str, Any], at_s: float) -> None:
        self._push(MARKERS, [json.dumps(fields, ensure_ascii=False)], at_s)

    def _push(self, stream: str, sample: list[Any], at_s: float) -> None:
        self._streams[stream].push_sample(sample, self._zero_s + at_s)

    def _numbers(self, name: str, kind: str) -> pylsl.StreamOutlet:
        lsl = self._lsl
        info = lsl.StreamInfo(
            name, kind, len(CHANNELS), 1 / self._hop_s, lsl.cf_float32, f"live-sentiment:{name}"
        )
        channels = info.desc().append_child("channels")
        for channel in CHANNELS:
            entry = channels.append_child("channel")
            entry.append_child_value("label", channel.label)
            entry.append_child_value("unit", channel.unit)
            entry.append_child_value("type", kind)
        return self._shown(info)

    def _markers(self, name: str) -> pylsl.StreamOutlet:
        lsl = self._lsl
        return self._shown(
            lsl.StreamInfo(name, MARKERS, 1, lsl.IRREGULAR_RATE, lsl.cf_string, f"live-sentiment:{name}")
        )

    def _shown(self, info: pylsl.StreamInfo) -> pylsl.StreamOutlet:
        session = info.desc().append_child("session")
        session.append_child_value("zero", f"{self._zero_s:.6f}")
        acquisition = info.desc().append_child("acquisition")
        acquisition.append_child_value("manufacturer", "live-sentiment")
        acquisition.append_child_value("version", __version__)
        return self._lsl.StreamOutlet(info)


def _load() -> Any:
    try:
        import pylsl
    except ImportError as error:
        raise UsageError("LSL needs pylsl: pip install 'live-sentiment[lsl]'") from error
    except RuntimeError as error:
        raise UsageError(f"pylsl finds no liblsl on this system; install it: {error}") from error
    if not any(path and Path(path).expanduser().is_file() for path in (os.environ.get(_SETTINGS), *_USUAL)):
        # Its log would be written across the dashboard.
        pylsl.set_config_content("[log]\nlevel = -2\n")
    return pylsl
