from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from live_sentiment.core.config import MicrophoneConfig
from live_sentiment.core.errors import UsageError
from live_sentiment.sources.capture import CapturedSound, DeviceHealth
from live_sentiment.sources.microphone.backend import MicrophoneInfo
from live_sentiment.sources.microphone.microphone import Microphone
from tests.helpers.scripted_sound import LEVEL, TONE_HZ, Listener, Script, ScriptedCard, microphone
from tests.helpers.virtual_clock import VirtualClock

ZERO_S = 100.0
"""Where the clock stands at the session's start."""


class Room:
    """A microphone before a scripted sound card, on a virtual clock."""

    def __init__(
        self, script: Script, *infos: MicrophoneInfo, config: MicrophoneConfig | None = None
    ) -> None:
        self.clock = VirtualClock(ZERO_S)
        self.card = ScriptedCard(self.clock, script, *infos)
        self.listener = Listener()
        self.device = Microphone(
            self.card.infos[0], config or MicrophoneConfig(), self.clock, backend=self.card
        )
        self.healths: list[DeviceHealth] = []

    def run(self, seconds: float, look_at_s: tuple[float, ...] = ()) -> Listener:
        """Record for so long; notes how the microphone was at some session times."""
        with self.clock.taking_part():
            self.device.open()
            self.device.start(self.listener, ZERO_S)
            for until_s in (*look_at_s, seconds):
                self.clock.sleep(ZERO_S + until_s - self.clock.now_s(), threading.Event())
                self.healths.append(self.device.health())
            self.device.stop()
            assert self.device.join()
        return self.listener


def stretches(sounds: list[CapturedSound]) -> list[tuple[float, float, np.ndarray]]:
    """What joins without a gap: start, end, first channel."""
    joined: list[list[CapturedSound]] = []
    for sound in sounds:
        if joined and joined[-1][-1].end == sound.start:
            joined[-1].append(sound)
        else:
            assert (sound.start * 1000).denominator == 1, "a stretch begins at a whole millisecond"
            joined.append([sound])
    return [
        (float(part[0].start), float(part[-1].end), np.concatenate([one.samples[:, 0] for one in part]))
        for part in joined
    ]


def misplaced_s(start_s: float, samples: np.ndarray, rate_hz: int) -> float:
    """By how much later than the truth a stretch of the card's tone is placed, on average."""
    times_s = ZERO_S + start_s + np.arange(len(samples)) / rate_hz
    turns = np.exp(-2j * np.pi * TONE_HZ * times_s)
    phase = np.angle(np.mean(samples * turns) * 1j)  # 0 for the sine as it was
    return float(-phase / (2 * np.pi * TONE_HZ))


@pytest.mark.parametrize(
    ("rate_hz", "offered", "recorded"),
    [(8_000, 1, 1), (16_000, 1, 1), (44_100, 2, 2), (48_000, 6, 6), (96_000, 2, 2), (44_100, 32, 2)],
)
def test_sound_of_any_rate_and_channels_lies_where_it_was_heard(
    rate_hz: int, offered: int, recorded: int
) -> None:
    room = Room(Script(drift_ppm=80), microphone(rate_hz, offered))
    heard = room.run(4.0)
    ((start_s, end_s, samples),) = stretches(heard.sounds)
    assert start_s < 0.05
    assert end_s > 3.9
    assert abs(misplaced_s(start_s, samples, rate_hz)) < 3e-4
    assert {sound.rate_hz for sound in heard.sounds} == {rate_hz}
    assert {sound.samples.shape[1] for sound in heard.sounds} == {recorded}
    # At its very ends a stretch borders on silence, where any filter rings.
    assert np.abs(samples[100:-100]).max() == pytest.approx(LEVEL * 32768, rel=0.01)
    assert not heard.events
    assert not heard.news
    health = room.healths[-1]
    assert (health.state, health.channels, health.rate_hz) == ("running", recorded, rate_hz)
    assert health.level_dbfs == pytest.approx(20 * np.log10(LEVEL / np.sqrt(2)), abs=0.3)
    assert room.device.health().state == "stopped"
    assert room.card.streams[0].closed.is_set()


def test_jitter_of_the_callbacks_does_not_tear_the_sound() -> None:
    heard = Room(Script(jitter_s=0.02, drift_ppm=-100)).run(30.0)
    ((start_s, end_s, samples),) = stretches(heard.sounds)
    assert end_s - start_s > 29.5
    assert abs(misplaced_s(start_s, samples, 48_000)) < 0.02
    steepest = 32768 * LEVEL * 2 * np.pi * TONE_HZ / 48_000
    assert np.abs(np.diff(samples[100:-100].astype(int))).max() < 1.02 * steepest + 1


def _late_to_settle(now_s: float, age_s: float) -> float:
    """As a sound server told it that had recorded ahead: 0.2 s too old, then right within a moment."""
    return age_s + max(0.2 - max(now_s - ZERO_S - 0.3, 0.0), 0.0)


@pytest.mark.parametrize(
    ("age", "within_s"),
    [
        (lambda now_s, age_s: 0.0, 0.03),
        (lambda now_s, age_s: now_s, 0.03),
        (lambda now_s, age_s: -1.0, 0.03),
        (lambda now_s, age_s: float("nan"), 0.03),
        (_late_to_settle, 0.001),
    ],
    ids=["zero", "no time of its own", "negative", "not a number", "wrong at first"],
)
def test_a_library_that_tells_odd_times_does_not_misplace_the_sound(
    age: Callable[[float, float], float], within_s: float
) -> None:
    heard = Room(Script(age=age)).run(5.0)
    (start_s, end_s, samples), *more = stretches(heard.sounds)
    assert not more
    assert end_s > 4.5
    assert abs(misplaced_s(start_s, samples, 48_000)) < within_s


@pytest.mark.parametrize("jitter_s", [0.0, 0.01])
def test_an_overflow_becomes_a_gap_as_long_as_what_was_lost(jitter_s: float) -> None:
    room = Room(Script(lost=[(ZERO_S + 3.0, ZERO_S + 3.2)], jitter_s=jitter_s))
    heard = room.run(6.0)
    before, after = stretches(heard.sounds)
    (event,) = heard.events
    assert event.kind == "gap"
    assert event.time_s == pytest.approx(before[1])
    assert "input overflow" in event.message
    assert after[0] - before[1] == pytest.approx(0.2, abs=0.04 if jitter_s else 0.034)
    assert f"{after[0] - before[1]:.3f} s" in event.message
    for start_s, _, samples in (before, after):
        assert abs(misplaced_s(start_s, samples, 48_000)) < (0.005 if jitter_s else 1e-4)
    health = room.healths[-1]
    assert health.gaps == 1
    assert health.gap_s == pytest.approx(after[0] - before[1])
    assert health.dropped["overflow"] == pytest.approx(health.gap_s * 48_000, abs=1)


def test_sound_that_is_lost_without_a_word_is_noticed_within_two_seconds() -> None:
    heard = Room(Script(stolen=[(ZERO_S + 3.0, ZERO_S + 3.5)])).run(8.0)
    before, after = stretches(heard.sounds)
    assert before[1] < 5.0
    (event,) = heard.events
    assert event.kind == "gap"
    assert abs(misplaced_s(after[0], after[2], 48_000)) < 0.005


def test_a_reader_that_was_kept_for_longer_than_the_ring_holds_makes_a_gap() -> None:
    room = Room(Script(), config=MicrophoneConfig(buffer_s=0.5))
    slow = itertools.count()
    tell = room.listener.sound

    def sound(sound: CapturedSound) -> None:
        tell(sound)
        if next(slow) == 50:
            room.clock.sleep(1.0, threading.Event())

    room.listener.sound = sound  # type: ignore[method-assign]
    heard = room.run(6.0)
    before, after = stretches(heard.sounds)
    (event,) = heard.events
    assert "too slow" in event.message
    assert after[0] - before[1] == pytest.approx(0.5, abs=0.1)
    assert abs(misplaced_s(after[0], after[2], 48_000)) < 2e-4
    assert not heard.news


@pytest.mark.parametrize("how", ["unplugged", "mute"])
def test_a_microphone_that_goes_and_comes_is_told_and_taken_back(how: str) -> None:
    gone = (ZERO_S + 5.0, ZERO_S + 12.0)
    script = Script(unplugged=[gone]) if how == "unplugged" else Script(mute=[gone])
    room = Room(script, microphone(), microphone(name="Other", index=1))
    heard = room.run(20.0, look_at_s=(4.0, 8.0))
    before, after = stretches(heard.sounds)
    (lost, lost_s, reason), (back, back_s, _) = heard.news
    assert (lost, reason, back) == ("lost", "microphone lost", "back")
    assert lost_s == pytest.approx(5.0, abs=0.1)
    assert lost_s == pytest.approx(before[1])
    assert back_s == after[0]
    assert 11.8 < back_s < 14.0
    assert [health.state for health in room.healths] == ["running", "lost", "running"]
    assert room.healths[1].gaps == 1
    assert room.healths[1].gap_s == pytest.approx(3.0, abs=0.1)
    assert room.healths[2].gap_s == pytest.approx(back_s - lost_s)
    assert abs(misplaced_s(after[0], after[2], 48_000)) < 2e-4
    if how == "unplugged":
        assert {stream.info.name for stream in room.card.streams} == {"Desk"}, "never another one"
        assert 5 <= room.card.refreshed <= 9
    # Time is let pass while it is away: never more than half a second behind after the loss is known.
    bounds = [bound for bound in heard.bounds if lost_s < bound <= back_s]
    assert bounds[0] < 7.0
    assert max(np.diff(bounds)) < 0.6
    assert bounds[-1] > back_s - 1.0


def test_a_silent_callback_is_announced_within_the_time_that_was_set() -> None:
    told_s: list[float] = []
    room = Room(Script(mute=[(ZERO_S + 5.0, ZERO_S + 100.0)]))
    room.listener.lost = lambda *_: told_s.append(room.clock.now_s() - ZERO_S)  # type: ignore[method-assign]
    room.run(8.0)
    assert 6.4 < told_s[0] < 6.7
    assert len(told_s) == 1, "each try brings another silent stream, and none of them is news"


def test_one_that_never_gives_anything_is_told_as_lost() -> None:
    heard = Room(Script(mute=[(0.0, 1e9)])).run(10.0)
    assert heard.news == [("lost", 0.0, "microphone lost")]
    assert not heard.sounds
    assert heard.bounds[-1] > 9.0


def test_while_the_microphone_is_busy_or_the_library_hangs_time_passes() -> None:
    script = Script(
        unplugged=[(ZERO_S + 2.0, ZERO_S + 4.0)],
        hangs=[(ZERO_S + 2.0, ZERO_S + 6.0)],
        busy=[(ZERO_S + 6.0, ZERO_S + 8.0)],
    )
    heard = Room(script).run(12.0)
    assert [news[0] for news in heard.news] == ["lost", "back"]
    assert 8.0 < heard.news[1][1] < 9.5
    assert max(np.diff(heard.bounds)) < 0.6
    assert heard.bounds[0] < 3.0


def test_a_library_that_hangs_for_good_holds_up_nobody() -> None:
    script = Script(unplugged=[(ZERO_S + 2.0, 1e9)], hangs=[(ZERO_S + 2.0, ZERO_S + 100.0)])
    room = Room(script)
    room.run(5.0)
    assert room.clock.now_s() - ZERO_S < 6.0
    assert room.card.abandoned
    assert room.device.health().state == "stopped"


def test_a_stream_that_an_abandoned_try_opens_after_all_is_closed() -> None:
    script = Script(unplugged=[(ZERO_S + 2.0, ZERO_S + 3.0)], hangs=[(ZERO_S + 2.0, ZERO_S + 8.0)])
    room = Room(script)
    room.run(5.0)
    room.clock.sleep(10.0, threading.Event())
    assert len(room.card.streams) == 2
    assert all(stream.closed.is_set() for stream in room.card.streams)


def test_closing_that_hangs_holds_up_nobody() -> None:
    room = Room(Script(hangs=[(ZERO_S + 3.0, ZERO_S + 100.0)]))
    heard = room.run(3.5)
    assert room.clock.now_s() - ZERO_S < 4.5
    assert room.card.abandoned
    assert heard.sounds[-1].end > 3.4


def test_an_exception_in_its_thread_is_a_loss_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Room(Script())
    calls = itertools.count()
    take = type(room.device)._fetch

    def fetch(self: Microphone, line: Any) -> None:
        if next(calls) == 60:
            raise RuntimeError("odd")
        take(self, line)

    monkeypatch.setattr(Microphone, "_fetch", fetch)
    heard = room.run(6.0)
    (_, lost_s, reason), (_, back_s, _) = heard.news
    assert reason == "microphone failed (RuntimeError('odd'))"
    assert 1.5 < lost_s < 2.5
    assert back_s < 4.0
    assert stretches(heard.sounds)[-1][1] > 5.5
    assert room.card.streams[0].closed.is_set()


def test_a_process_that_was_stopped_for_a_while_has_not_lost_its_microphone() -> None:
    # Where the whole process stops, the callbacks stop with it, and sound is missing.
    room = Room(Script(mute=[(ZERO_S + 3.0, ZERO_S + 10.0)]))
    tell = room.listener.sound

    def sound(sound: CapturedSound) -> None:
        tell(sound)

    room.listener.sound = sound  # type: ignore[method-assign]
    sleep = room.clock.sleep

    def stopped(seconds: float, wake: threading.Event) -> bool:
        now_s = room.clock.now_s() - ZERO_S
        if threading.current_thread().name == "microphone" and 3.0 <= now_s < 10.0:
            seconds = 10.01 - now_s
        return sleep(seconds, wake)

    room.clock.sleep = stopped  # type: ignore[method-assign]
    heard = room.run(15.0)
    assert not heard.news
    assert len(stretches(heard.sounds)) == 2
    assert [event.kind for event in heard.events] == ["gap"]


def test_what_was_heard_before_the_session_began_is_not_given() -> None:
    clock = VirtualClock(ZERO_S)
    card = ScriptedCard(clock, Script())
    device, listener = Microphone(card.infos[0], MicrophoneConfig(), clock, backend=card), Listener()
    with clock.taking_part():
        device.open()
        clock.sleep(30.0, threading.Event())
        device.start(listener, ZERO_S + 30.0)
        clock.sleep(2.0, threading.Event())
        device.stop()
        device.stop()
        assert device.join()
    assert 0.0 <= listener.sounds[0].start < 0.05
    assert not listener.events


def test_one_that_gives_nothing_but_zeros_is_told_of_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.helpers.scripted_sound.LEVEL", 0.0)
    room = Room(Script())
    heard = room.run(15.0)
    (event,) = heard.events
    assert event.kind == "silent-microphone"
    assert "Desk gives nothing but digital silence" in event.message
    assert event.time_s == pytest.approx(5.0, abs=0.1)
    assert room.healths[-1].level_dbfs == -120.0
    assert not heard.news


def test_a_microphone_that_cannot_be_opened_says_why() -> None:
    room = Room(Script(busy=[(0.0, 1e9)]))
    with pytest.raises(UsageError, match="busy"):
        room.device.open()
    room.device.stop()
    assert room.device.join()


def test_one_that_was_opened_and_never_started_is_closed() -> None:
    room = Room(Script())
    room.device.open()
    assert room.device.health().state == "opening"
    room.device.stop()
    assert room.device.join(0.0)
    assert room.card.streams[0].closed.is_set()
    assert room.device.health().state == "stopped"
