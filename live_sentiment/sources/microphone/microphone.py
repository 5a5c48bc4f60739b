"""The microphone of a live session: placed on session time, and taken back when it was lost.

**Who owns which thread.** `start` begins one thread, "microphone". It alone talks to the listener, so that
all it says is in order of time, and it alone decides: it empties the ring that PortAudio's callback fills,
about once per block, places the sound, declares the microphone lost, lets time pass meanwhile, and tries
again. PortAudio has a thread of its own for each open stream; of this program it runs `SampleRing.write` and
nothing else. Every call into PortAudio that may block, once the session runs, is an `AbandonableCall` on a
thread of its own: closing a dead stream, looking for devices anew, opening. There is one at a time; while it
hangs, the microphone thread goes on letting time pass.

**Who stops it.** `stop` asks the microphone thread to end. It gives out what it has, has the stream closed,
and ends within a second even if PortAudio hangs: then the call is left behind as a daemon, closes what it
may still open, and does not hold up the end of the program.

**What happens when it throws.** The callback only copies. An exception in an errand is another failed try.
One in the microphone thread itself counts as a loss of the microphone and is followed by another try.

**What counts as lost.** A stream that PortAudio has given up, and one whose callback was not called for
`lost_after_s`. Only the microphone of the same name and host API is taken back, never another one.
"""

from __future__ import annotations

import contextlib
import math
import threading
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from typing import Any

from live_sentiment.core.clock import Clock
from live_sentiment.core.config import MicrophoneConfig
from live_sentiment.core.types import Event
from live_sentiment.sources.abandonable_call import AbandonableCall
from live_sentiment.sources.capture import CapturedSound, CaptureListener, DeviceHealth, DeviceState
from live_sentiment.sources.microphone.backend import MicrophoneInfo, SoundBackend
from live_sentiment.sources.microphone.errors import silence_message
from live_sentiment.sources.microphone.input_stream import InputStream
from live_sentiment.sources.microphone.listing import same_microphone
from live_sentiment.sources.microphone.loudness import SilenceWatch, level_dbfs
from live_sentiment.sources.microphone.portaudio import PortAudio
from live_sentiment.sources.microphone.timestamp_alignment import Gap, TimestampAlignment

FIRST_SOUND_S = 3.0
"""A stream that was just opened may take so long to its first sound: some sound servers begin slowly."""
BOUND_EVERY_S = 0.25
"""While it is lost, time passes in steps of this."""
BOUND_BEHIND_S = 0.25
"""Time passes this far behind the clock: sound that comes now was made a little earlier."""
TRY_EVERY_S = 1.0
"""Between one try to take it back and the next; the first comes at once."""
CLOSE_S = 0.5
"""What PortAudio is given at the end to close the stream."""
_STOPPED_S = 0.5
"""Sleep longer than asked for by this: the process was stopped, and so were the callbacks."""

_CAUSES = {
    "overflow": "the system had no room for it (input overflow)",
    "overrun": "this program was too slow to fetch it",
    "unexplained": "the microphone does not say why",
}


class Microphone:
    """A `CaptureDevice` over anything that gives sound.

    Args:
        info: which microphone; see `choose_microphone`.
        config: what is asked of it, and how long it may be silent.
        clock: stamps the sound.
        backend: None is PortAudio.
    """

    def __init__(
        self,
        info: MicrophoneInfo,
        config: MicrophoneConfig,
        clock: Clock,
        backend: SoundBackend | None = None,
    ) -> None:
        self._info, self._config, self._clock = info, config, clock
        self._backend: SoundBackend = backend or PortAudio()
        self._listener: CaptureListener
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._line: InputStream | None = None
        self._placement: TimestampAlignment | None = None
        self._errand: AbandonableCall[InputStream | None] | None = None
        self._state: DeviceState = "opening"
        self._zero_s = 0.0
        self._reached = Fraction(0)
        """Session time up to which everything was told, sound and bounds."""
        self._lost_at = Fraction(0)
        self._dead: InputStream | None = None
        self._next_try_s = 0.0
        self._dropped: Counter[str] = Counter()
        self._gaps, self._gap_s = 0, 0.0
        self._level_dbfs: float | None = None
        self._silence = SilenceWatch()

    def open(self) -> None:
        """Open it; what it hears before `start` is not used.

        Raises:
            UsageError: it is not there, busy or not permitted; says what to do.
        """
        self._line = InputStream(self._backend, self._info, self._config, self._clock)

    def start(self, listener: CaptureListener, zero_s: float) -> None:
        """Hand sound to the listener, from a thread of the microphone's own."""
        self._listener, self._zero_s = listener, zero_s
        if self._line is not None:
            self._take(self._line)
        self._thread = threading.Thread(target=self._run, name="microphone", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end."""
        self._stopping.set()
        if self._thread is None:
            self._close()

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait until the listener will hear no more. Returns whether it has come to that."""
        if self._thread is None:
            return True
        return self._clock.join(self._thread, timeout_s)

    def health(self) -> DeviceHealth:
        """State, level, drift, what was lost and the gaps, the present one included."""
        state, placement = self._state, self._placement
        gaps, gap_s = self._gaps, self._gap_s
        if state == "lost":
            gaps, gap_s = gaps + 1, gap_s + max(self._session_s() - float(self._lost_at), 0.0)
        line = self._line
        return DeviceHealth(
            "microphone",
            self._info.name,
            state,
            rate_hz=self._info.rate_hz,
            channels=self._info.recorded_channels,
            level_dbfs=self._level_dbfs if state == "running" else None,
            drift_ppm=placement.drift_ppm if placement else None,
            delay_s=line.stream.latency_s if line else 0.0,
            dropped=dict(self._dropped),
            gaps=gaps,
            gap_s=gap_s,
        )

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                try:
                    self._step()
                except BaseException as error:  # a loss of this microphone, not of the session
                    self._lose(f"microphone failed ({error!r})")
                    self._clock.sleep(BOUND_EVERY_S, self._stopping)
            with contextlib.suppress(Exception):  # it ends anyway
                if self._line is not None:
                    self._fetch(self._line)
                    self._tell_rest()
        finally:
            self._close()

    def _step(self) -> None:
        if self._line is not None:
            self._hear(self._line)
        else:
            self._retake()

    def _take(self, line: InputStream) -> None:
        """From now on, what this stream gives is told."""
        stream = line.stream
        self._placement = TimestampAlignment(
            stream.rate_hz, stream.channels, stream.latency_s, self._zero_s, self._reached
        )
        line.since_s = self._clock.now_s()
        line.wanted = True
        self._line = line

    def _hear(self, line: InputStream) -> None:
        """Wait for about a block, and tell what has come."""
        before_s = self._clock.now_s()
        if self._clock.sleep(self._config.block_s, self._stopping):
            return
        now_s = self._clock.now_s()
        if now_s - before_s > self._config.block_s + _STOPPED_S:
            line.since_s = now_s
        active = line.stream.active
        self._fetch(line)
        heard_s = line.ring.heard_s
        patience_s = FIRST_SOUND_S if heard_s is None else self._config.lost_after_s
        silent_s = now_s - max(line.since_s, heard_s or line.since_s)
        if not active or silent_s >= patience_s:
            self._tell_rest()
            self._lose("microphone lost")
        elif heard_s is None and self._state == "lost":
            self._pass_time()

    def _fetch(self, line: InputStream) -> None:
        assert self._placement is not None
        while (note := line.ring.take()) is not None:
            for item in self._placement.add(note, line.ring.read(note.frames)):
                self._tell(item)

    def _tell_rest(self) -> None:
        assert self._placement is not None
        for item in self._placement.flush():
            self._tell(item)

    def _tell(self, item: CapturedSound | Gap) -> None:
        if isinstance(item, Gap):
            self._tell_gap(item)
            return
        if self._state == "lost":
            self._count_gap(float(item.start - self._lost_at))
            self._listener.back("microphone", float(item.start))
        self._state = "running"
        self._reached = item.end
        self._level_dbfs = level_dbfs(item)
        self._listener.sound(item)
        if self._silence(item):
            self._listener.event(
                Event(float(item.end), "silent-microphone", silence_message(self._info.name))
            )

    def _tell_gap(self, gap: Gap) -> None:
        self._count_gap(gap.length_s)
        self._dropped[gap.cause] += round(gap.length_s * self._info.rate_hz)
        self._reached = gap.end
        message = f"{gap.length_s:.3f} s of sound are missing: {_CAUSES[gap.cause]}"
        self._listener.event(Event(float(gap.start), "gap", message))

    def _count_gap(self, length_s: float) -> None:
        self._gaps, self._gap_s = self._gaps + 1, self._gap_s + length_s

    def _lose(self, reason: str) -> None:
        """The present stream is done with; say so, unless that is known."""
        if self._line is not None:
            self._dead, self._line = self._line, None
        self._placement = None
        if self._state != "lost":
            self._state, self._lost_at = "lost", self._reached
            self._next_try_s = self._clock.now_s()
            self._listener.lost("microphone", float(self._lost_at), reason)

    def _retake(self) -> None:
        """Let time pass, and see whether the microphone is there again."""
        if self._errand is None and self._clock.now_s() >= self._next_try_s:
            dead, self._dead = self._dead, None
            self._errand = AbandonableCall(lambda: self._try(dead), undo=_close_line)
        self._clock.sleep(self._config.block_s, self._stopping)
        self._pass_time()
        if self._errand is None or not self._errand.done.is_set():
            return
        errand, self._errand = self._errand, None
        self._next_try_s = self._clock.now_s() + TRY_EVERY_S
        with contextlib.suppress(BaseException):  # the next try may do better
            line = errand.result()
            if line is not None:
                self._take(line)

    def _try(self, dead: InputStream | None) -> InputStream | None:
        """On an errand's thread: open the microphone again if it is there."""
        if dead is not None:
            with contextlib.suppress(Exception):
                dead.close()
        self._backend.refresh()
        found = same_microphone(self._info, self._backend)
        if found is None:
            return None
        return InputStream(self._backend, replace(self._info, index=found.index), self._config, self._clock)

    def _pass_time(self) -> None:
        until = Fraction(math.floor((self._session_s() - BOUND_BEHIND_S) * 1000), 1000)
        if until - self._reached >= BOUND_EVERY_S:
            self._reached = until
            self._listener.nothing("microphone", float(until))

    def _session_s(self) -> float:
        return self._clock.now_s() - self._zero_s

    def _close(self) -> None:
        """Close what is open, within a bound."""
        closing: AbandonableCall[Any] | None = self._errand
        if closing is not None:
            closing.abandon()
        elif (line := self._dead or self._line) is not None:
            closing = AbandonableCall(line.close)
        self._dead = self._line = self._errand = None
        if closing is not None and not self._clock.sleep(CLOSE_S, closing.done):
            self._backend.abandon()
        self._state = "stopped"


def _close_line(line: InputStream | None) -> None:
    if line is not None:
        line.close()
