"""A media file as a stream of upright frames and 16 kHz sound, each with its session time.

**Zero** of session time is the container's start time, the earliest timestamp of any stream, as players have
it. Within the file times are kept as they are: if the sound begins 120 ms after the picture, so it does here.
With `start_s` the times are still those of the file. The recording of a session keeps the times of the
session: its zero is that of the container, although the first picture may have come later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path

import av

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import AudioBlock, Event
from live_sentiment.sources.media.choosing import NO_CHOICE, Chosen
from live_sentiment.sources.media.container import (
    MediaInfo,
    open_container,
    probe,
    start_time,
    states_its_length,
)
from live_sentiment.sources.media.levels import PeakWatch, full_scale, scaled_event
from live_sentiment.sources.media.ogg_chain import links_of_one_format
from live_sentiment.sources.media.reading import MediaItem, Reading, Selection
from live_sentiment.sources.media.seeking import open_before

__all__ = ["MediaInfo", "MediaItem", "MediaSource", "probe"]


class MediaSource:
    """Decodes one file; iterate as often as wanted, each time from the start.

    Args:
        path: anything that FFmpeg decodes.
        start_s: nothing before this session time; decoding begins at the key frame before it.
        end_s: nothing from this session time on.
        frame_rate_hz: at most so many frames per second, chosen by their time alone; the others are decoded,
            as later ones need them, but never converted. None is all of them.
        longest_px: pictures whose longer side is more are scaled down to it; boxes found in them are to be
            multiplied by `VideoFrame.scale`. None gives them as large as they are shown.
        chosen: which tracks are read; where there are reasons, each is given as an event.
        recording: it was made by a live session and states session times.
        threads: threads of the video decoder.

    Raises:
        UsageError: `start_s` or `end_s` that leave nothing.
    """

    def __init__(
        self,
        path: Path,
        *,
        start_s: float | None = None,
        end_s: float | None = None,
        frame_rate_hz: float | None = None,
        longest_px: int | None = None,
        chosen: Chosen = NO_CHOICE,
        recording: bool = False,
        threads: int = 1,
    ) -> None:
        if start_s is not None and start_s < 0:
            raise UsageError(f"the start cannot be negative: {start_s:g} s")
        if end_s is not None and end_s <= (start_s or 0.0):
            raise UsageError(f"nothing lies between the start {start_s or 0:g} s and the end {end_s:g} s")
        self.path = path
        self.counts: Counter[str] = Counter()
        """Of the last iteration: "frames", "passed over" (frames that `frame_rate_hz` left out),
        "out of order" (frames not later than the one before), "false timestamps" (not believed), "corrupt"
        (unreadable packets and frames)."""
        self._start, self._end = _exact(start_s or 0.0), None if end_s is None else _exact(end_s)
        self._frame_rate_hz, self._longest_px = frame_rate_hz, longest_px
        self._recording, self.chosen = recording, chosen
        self._threads = threads
        self._stretches: list[tuple[int, int]] = []  # of an Ogg file that changes its format

    @cached_property
    def info(self) -> MediaInfo:
        """What the file holds; opens it when first asked for.

        Raises:
            UsageError: the file cannot be read, or ends before `start_s`.
        """
        info = probe(self.path, recording=self._recording, tracks=self.chosen.tracks)
        if info.container == "ogg":
            self._stretches = links_of_one_format(self.path)
            if len(self._stretches) > 1:  # what is stated is that of the last one
                info = replace(info, duration_s=None)
        if states_its_length(info) and info.duration_s is not None and self._start >= info.duration_s:
            raise self._nothing_left(info.duration_s)
        return info

    @cached_property
    def full_scale(self) -> float:
        """What stands for 1 in the samples of the sound, which are divided by it.

        Raises:
            UsageError: the file cannot be read.
        """
        if not (self.info.audio_codec or "").startswith("pcm_f"):
            return 1.0
        span_s = (float(self._start), None if self._end is None else float(self._end))
        return full_scale(self.path, self.chosen.tracks, span_s)

    def __iter__(self) -> Generator[MediaItem, None, None]:
        """Frames, sound and events in the order in which the file holds them; times rise within each kind.

        Events are "track" (which one is read, and why), "level" (sound that was scaled, or is silent), "gap"
        (missing or doubled sound), "corrupt" (unreadable data was passed over; the first time as it happens,
        then in sum at the end), "timestamp" (one that leaps alone was not believed; told likewise),
        "restarted" (timestamps that start over were joined) and "truncated" (the file breaks off; everything
        up to there was given).

        Raises:
            UsageError: as `info`; where the file does not state its length, that it ends before `start_s` is
                found out at its end.
        """
        info = self.info
        self.counts.clear()
        selection = Selection(
            self._start,
            self._end,
            self._frame_rate_hz,
            info.start,
            longest_px=self._longest_px,
            channel=self.chosen.tracks.channel,
            full_scale=self.full_scale,
        )
        yield from (Event(float(self._start), "track", reason) for reason in self.chosen.reasons)
        if self.full_scale != 1:
            yield scaled_event(self.full_scale, float(self._start))
        peak, empty = PeakWatch(), True
        for reading in self._readings(info, selection):
            for item in reading.items():
                empty = empty and isinstance(item, Event)
                if isinstance(item, AudioBlock):
                    peak.take(item)
                yield item
        if empty and 0 < reading.reached_s <= self._start:
            raise self._nothing_left(reading.reached_s)
        yield from peak.finish()

    def _readings(self, info: MediaInfo, selection: Selection) -> Iterator[Reading]:
        """One; several where an Ogg file changes its format, each beginning where the one before ended."""
        if len(self._stretches) < 2:
            with closing(
                open_before(self.path, self._start, info.start, self._threads, self.chosen.tracks)
            ) as container:
                yield Reading(container, info, selection, self.counts)
            return
        reached = Fraction(0)
        for stretch in self._stretches:
            with closing(open_container(self.path, self._threads, self.chosen.tracks, stretch)) as container:
                zero = start_time(container) - reached
                reading = Reading(
                    container, replace(info, start=zero), replace(selection, zero=zero), self.counts
                )
                yield reading
                if reading.reached > self._start:
                    reached = reading.reached
                else:  # what lies before the start is not decoded
                    reached += Fraction(container.duration or 0, av.time_base)
            if self._end is not None and reached >= self._end:
                return

    def _nothing_left(self, length_s: float) -> UsageError:
        return UsageError(
            f"{self.path} lasts {length_s:.1f} s; nothing is left from {float(self._start):g} s on"
        )


def _exact(seconds: float) -> Fraction:
    """The decimal number that was meant: 1.3 s, not the nearest binary fraction a little behind it."""
    return Fraction(seconds).limit_denominator(1_000_000)
