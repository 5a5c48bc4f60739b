"""How large the numbers of a file's sound are: full scale is 1, and not every program knows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from live_sentiment.core.types import AudioBlock, Event, FloatArray
from live_sentiment.sources.media.container import audio_stream, open_container
from live_sentiment.sources.media.excerpts import decoded, listen_each_s, listening_places
from live_sentiment.sources.media.sound import planes
from live_sentiment.sources.media.track_choice import TrackChoice

HEADROOM = 4.0
"""Floating-point sound may go beyond full scale by so much (12 dB) and be meant so."""
INTEGER_SCALES = (2.0**15, 2.0**23, 2.0**31)
"""Full scale of 16, 24 and 32 bits: what is written as it was read from integers lies below one of them."""
_SMALLEST_INTEGERS = 128.0
_NO_SOUND = 1e10
USUAL = 0.999
"""The part of the samples that decides: one that is damaged does not."""
QUIET = 10 ** (-54 / 20)
"""A sound whose largest sample is less is too quiet to hear speech in it with any certainty."""


def full_scale(path: Path, tracks: TrackChoice, span_s: tuple[float, float | None]) -> float:
    """What stands for 1 in the floating-point sound of a file.

    Some seconds at three places are looked at. The full scale is that of the integers which the samples may
    be, or else the next power of two.

    Raises:
        UsageError: as `open_container`.
    """
    with open_container(path, tracks=tracks) as container:
        track = audio_stream(container)
        if track is None:
            return 1.0
        places = [*listening_places(container, span_s)]
        each_s = listen_each_s(places)
        pieces: list[FloatArray] = []
        for place in places:
            seconds = 0.0
            for _, frame in decoded(container, [track], place):
                pieces.append(planes(frame)[0].ravel())
                seconds += frame.samples / frame.sample_rate
                if seconds >= each_s:
                    break
    return usual_scale(np.concatenate([np.zeros(0, np.float32), *pieces]))


def usual_scale(samples: FloatArray) -> float:
    """The full scale of samples of any shape, as most of them have it."""
    sizes = np.abs(samples)
    sizes = sizes[(sizes > 0) & (sizes < _NO_SOUND)]
    return scale_of(float(np.quantile(sizes, USUAL))) if sizes.size else 1.0


def scale_of(usual_peak: float) -> float:
    """The full scale of samples that usually stay below so much."""
    if usual_peak <= HEADROOM:
        return 1.0
    if usual_peak <= _SMALLEST_INTEGERS:
        return float(2.0 ** math.ceil(math.log2(usual_peak)))
    return next((scale for scale in INTEGER_SCALES if usual_peak <= scale), 1.0)


def scaled_event(scale: float, start_s: float) -> Event:
    """What is told of sound that was scaled."""
    message = (
        f"the sound has samples of up to ±{scale:.0f} in floating point, where ±1 is meant: "
        f"they were divided by {scale:.0f}"
    )
    return Event(start_s, "level", message)


class PeakWatch:
    """Tells at the end of the sound if there was nothing to be heard in it."""

    def __init__(self) -> None:
        self._peak = 0.0
        self._end_s: float | None = None

    def take(self, block: AudioBlock) -> None:
        """The next block."""
        if len(block.samples):
            self._peak = max(self._peak, float(np.abs(block.samples).max()))
            self._end_s = block.end_s

    def finish(self) -> Iterator[Event]:
        """At most one event."""
        if self._end_s is None or self._peak >= QUIET:
            return
        if self._peak == 0:
            message = "the sound is digital silence throughout: nothing can be heard in it"
        else:
            peak_db = 20 * math.log10(self._peak)
            message = (
                f"the sound is so quiet (peak {peak_db:.0f} dB of full scale) that speech may go unheard"
            )
        yield Event(self._end_s, "level", message)
