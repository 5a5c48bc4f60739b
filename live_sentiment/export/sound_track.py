"""The sound of an annotated video: the packets of the source where MP4 takes them, else AAC."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Protocol

import av
import numpy as np
from av.error import FFmpegError

from live_sentiment.export.footage import SoundPacket

COPIED = frozenset({"aac", "mp3", "ac3", "eac3", "alac", "opus", "flac"})
"""Codecs whose packets are kept, bit by bit: those that MP4 holds and that players expect in it."""
AAC_BITS_PER_CHANNEL = 96_000

_AAC_RATES_HZ = frozenset({96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000})
"""ISO/IEC 14496-3, table 1.18."""
_OTHER_RATE_HZ = 48_000
_TOLERANCE_S = Fraction(40, 1000)
"""Timestamps within this of the sample count are jitter, as for the analysis."""
_PIECE_S = Fraction(1)
"""Silence is made in pieces no longer than this."""


class SoundTrack(Protocol):
    """Takes the source's packets, gives those of the copy."""

    def packets(self, sound: SoundPacket) -> Iterator[Any]:
        """The packets to be written for the next one of the source."""
        ...

    def finish(self) -> Iterator[Any]:
        """What is left; the sound is over."""
        ...


def sound_track(container: Any, source: Any, start: Fraction) -> SoundTrack:
    """Declare the track in a container that is open for writing.

    Args:
        container: its header not written yet.
        source: the stream that the packets will come from.
        start: session time that is 0 in the copy.
    """
    # A codec has one canonical name, its decoders several: mp3, mp3float.
    if source.codec_context.codec.canonical_name in COPIED:
        return CopiedSound(container, source, start)
    return EncodedSound(container, source, start)


class CopiedSound:
    """Packets as they are, at their times."""

    def __init__(self, container: Any, source: Any, start: Fraction) -> None:
        self._stream, self._start = container.add_stream_from_template(source), start

    def packets(self, sound: SoundPacket) -> Iterator[Any]:
        """The packet itself."""
        packet, base = sound.packet, sound.packet.time_base
        ticks = round((sound.time - self._start) / base)
        packet.dts = ticks if packet.dts is None else packet.dts + ticks - packet.pts
        packet.pts, packet.stream = ticks, self._stream
        yield packet

    def finish(self) -> Iterator[Any]:
        """Nothing: no packet is held back."""
        return iter(())


class EncodedSound:
    """AAC, each sample at its time: gaps become silence, what comes twice is left out."""

    def __init__(self, container: Any, source: Any, start: Fraction) -> None:
        context = source.codec_context
        self._source, self._start = source, start
        self._rate_hz = context.sample_rate if context.sample_rate in _AAC_RATES_HZ else _OTHER_RATE_HZ
        channels = len(context.layout.channels)
        self._layout = "mono" if channels == 1 else "stereo"
        self._resampler = self._fresh()
        self._stream = container.add_stream("aac", rate=self._rate_hz, layout=self._layout)
        self._stream.codec_context.bit_rate = AAC_BITS_PER_CHANNEL * min(channels, 2)
        self._first: Fraction | None = None
        self._written = 0  # samples handed to the encoder since the first
        self._packet_time = Fraction(0)

    def packets(self, sound: SoundPacket) -> Iterator[Any]:
        """What the encoder gives for it; a packet that cannot be decoded is a gap."""
        try:
            frames = sound.packet.decode()
        except FFmpegError:
            return
        # A decoder may hold frames back: their own timestamps count, and the packet tells what to add.
        shift = sound.time - sound.packet.pts * sound.packet.time_base
        for frame in frames:
            time = sound.time if frame.pts is None else frame.pts * frame.time_base + shift
            yield from self._frame(frame, time)

    def finish(self) -> Iterator[Any]:
        """The rest of the sound."""
        for resampled in self._resampler.resample(None):
            yield from self._encode(resampled.to_ndarray())
        if self._written:
            yield from self._stream.encode(None)

    def _frame(self, frame: Any, time: Fraction) -> Iterator[Any]:
        if self._first is None:
            self._first = time
        due = self._first + Fraction(self._written, self._rate_hz)
        missing = time - due
        if missing < -_TOLERANCE_S:
            return
        if missing > _TOLERANCE_S:
            for resampled in self._resampler.resample(None):
                yield from self._encode(resampled.to_ndarray())
            self._resampler = self._fresh()
            due = self._first + Fraction(self._written, self._rate_hz)
            yield from self._silence(round((time - due) * self._rate_hz))
        frame.pts = None
        for resampled in self._resampler.resample(frame):
            yield from self._encode(resampled.to_ndarray())

    def _silence(self, samples: int) -> Iterator[Any]:
        step = int(_PIECE_S * self._rate_hz)
        channels = 1 if self._layout == "mono" else 2
        for first in range(0, samples, step):
            yield from self._encode(np.zeros((channels, min(step, samples - first)), np.float32))

    def _encode(self, samples: Any) -> Iterator[Any]:
        assert self._first is not None
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout=self._layout)
        frame.sample_rate, frame.time_base = self._rate_hz, Fraction(1, self._rate_hz)
        frame.pts = round((self._first - self._start) * self._rate_hz) + self._written
        self._written += samples.shape[1]
        yield from self._stream.encode(frame)

    def _fresh(self) -> Any:
        return av.AudioResampler(format="fltp", layout=self._layout, rate=self._rate_hz)
