"""What the dashboard costs: the processor time of its frames, on a made-up session that is always busy."""

from __future__ import annotations

import io
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from rich.console import Console

from live_sentiment.core.types import (
    EMOTIONS,
    MODALITIES,
    Affect,
    Event,
    ImageArray,
    Modality,
    Person,
    Presence,
    TimelinePoint,
    Word,
)
from live_sentiment.recording.paths import TIMELINE
from live_sentiment.runtime.snapshot import (
    HISTORY_S,
    LiveHealth,
    Picture,
    RecordingHealth,
    Snapshot,
    StreamHealth,
)
from live_sentiment.sources.capture import DeviceHealth
from live_sentiment.terminal.controls import LiveControls
from live_sentiment.terminal.dashboard import REFRESH_HZ
from live_sentiment.terminal.layout import lay_out
from live_sentiment.terminal.screen import Screen
from live_sentiment.terminal.view import View

PICTURE_HZ = 5
"""Pictures a second that the cost of pictures is told for."""
SIZES = ((80, 24), (120, 40), (200, 60))
"""Terminals that are measured, in cells."""
HOP_S = 0.25
IMAGE_PX = (720, 1280)
PICTURES = 5
"""Different ones, shown in turn."""
BOX = (480.0, 160.0, 320.0, 380.0)


@dataclass(frozen=True, slots=True)
class FrameCost:
    """What frames cost on one terminal."""

    width: int
    height: int
    frame_ms: float
    """Processor time of a frame without the picture."""
    picture_ms: float
    """What a picture adds to a screen with an empty place for it."""
    sent_bytes: float
    """Bytes sent a frame, without the picture ..."""
    picture_sent_bytes: float
    """... and with it."""

    @property
    def dashboard_share(self) -> float:
        """Of one core, at REFRESH_HZ."""
        return self.frame_ms / 1000 * REFRESH_HZ

    @property
    def picture_share(self) -> float:
        """Of one core, at PICTURE_HZ."""
        return self.picture_ms / 1000 * PICTURE_HZ


def measure(frames: int, sizes: Sequence[tuple[int, int]] = SIZES) -> list[FrameCost]:
    """Draw so many frames on each terminal, every one of another moment, without and with the picture.

    The snapshots are made beforehand; what a session spends on making one is not in the figures.
    """
    moments = [busy_session(HISTORY_S + frame / REFRESH_HZ, frame) for frame in range(frames)]
    return [_cost(moments, width, height) for width, height in sizes]


def busy_session(now_s: float, seed: int) -> Snapshot:
    """A live session of two devices with a full minute behind it, in which nothing stands still."""
    random = np.random.default_rng(seed)
    image = _image(seed % PICTURES)
    newest = int(now_s / HOP_S)
    points = [
        _point(tick, final=tick < newest - 8) for tick in range(newest - int(HISTORY_S / HOP_S), newest + 1)
    ]
    said = tuple(
        Word(f"word{number}", number * 0.4, number * 0.4 + 0.3, 0.4 + number % 5 / 8)
        for number in range(int((now_s - HISTORY_S) / 0.4), int(now_s / 0.4))
    )
    devices = (
        DeviceHealth(
            "camera", "Camera", "running", rate_hz=29 + random.random(), width_px=1280, height_px=720
        ),
        DeviceHealth(
            "microphone",
            "Microphone",
            "running",
            rate_hz=48_000,
            channels=2,
            level_dbfs=-60 * random.random(),
            drift_ppm=12.0,
        ),
    )
    folder = Path("recordings/session")
    return Snapshot(
        "Camera and Microphone",
        "running",
        position_s=now_s,
        elapsed_s=now_s,
        latest=points[-1],
        finals=tuple(point for point in points if point.final),
        provisionals=tuple(point for point in points if not point.final),
        words=said,
        partial_words=(Word("and", now_s - 0.3, now_s, 0.5),),
        picture=Picture(image, now_s, (BOX,)),
        events=tuple(Event(now_s - 5.0 * ago, "marker", f"note {ago}") for ago in range(10, 0, -1)),
        streams=tuple(StreamHealth(name, 2, random.random()) for name in ("frames", "sound", "speech")),
        models={"speech": "whisper-tiny.en", "text": "all-minilm-l6-v2"},
        device="cpu",
        outputs=(folder / TIMELINE,),
        live=LiveHealth(
            devices,
            lag_s=random.random(),
            provisional_lag_s=(0.3, 0.6),
            final_lag_s=(1.6, 2.2),
            real_time_factor=random.random(),
            recording=RecordingHealth(folder, int(now_s * 1e6), 48_000_000_000),
            markers=10,
        ),
    )


def _point(tick: int, *, final: bool) -> TimelinePoint:
    turn = tick / 9
    emotions = np.array([1 + math.sin(turn + at) for at in range(len(EMOTIONS))], np.float32)
    emotions /= emotions.sum()
    share = 0.5 + math.sin(turn) / 3
    affect = Affect(
        polarity=np.array([0.2, 0.3, 0.5], np.float32),
        emotions=emotions,
        valence=math.sin(turn) * 0.8,
        arousal=math.cos(turn * 1.3) * 0.6,
        valence_sd=0.3,
        arousal_sd=0.2,
        shares={"text": share, "voice": (1 - share) / 2, "vision": (1 - share) / 2},
        effects={"text": share / 3, "voice": 0.1, "vision": -0.05},
    )
    person = Person(1, True, BOX, emotions)
    present = {modality: Presence(True) for modality in MODALITIES}
    return TimelinePoint(
        tick * HOP_S, affect, EMOTIONS[int(emotions.argmax())], present, (), (person,), final
    )


@cache
def _image(number: int) -> ImageArray:
    """Slopes of colour with the noise of a camera: neighbours are never quite alike."""
    random = np.random.default_rng(number)
    high, wide = IMAGE_PX
    slopes = np.stack(
        np.broadcast_arrays(
            np.linspace(0, 200, wide), np.linspace(40, 220, high)[:, None], np.linspace(180, 20, wide)
        ),
        axis=-1,
    )
    return np.asarray(slopes + random.integers(0, 30, (high, wide, 1)), np.uint8)


def _cost(moments: Sequence[Snapshot], width: int, height: int) -> FrameCost:
    """In turns, so that whatever else the machine does befalls all alike."""
    plain = _Terminal(width, height, picture=False)
    empty, pictured = (_Terminal(width, height, picture=True) for _ in range(2))
    for moment in moments:
        plain.draw(moment)
        empty.draw(replace(moment, picture=None))
        pictured.draw(moment)
    return FrameCost(
        width,
        height,
        frame_ms=plain.frame_ms,
        picture_ms=max(pictured.frame_ms - empty.frame_ms, 0.0),
        sent_bytes=plain.sent_bytes,
        picture_sent_bytes=pictured.sent_bytes,
    )


class _Terminal:
    """Draws as a dashboard does, into memory; the first frame, which sends everything, is not counted."""

    def __init__(self, width: int, height: int, *, picture: bool) -> None:
        self._sent = io.BytesIO()
        self._console = Console(
            file=io.TextIOWrapper(self._sent, "utf-8", write_through=True),
            width=width,
            height=height,
            force_terminal=True,
            color_system="truecolor",
        )
        self._screen, self._picture = Screen(self._console), picture
        self._foot = LiveControls(_Nothing(), View()).foot
        self._frames = -1
        self._spent_s = 0.0
        self._first_bytes = 0

    def draw(self, moment: Snapshot) -> None:
        size = self._console.size
        begin_s = time.thread_time()
        self._screen.draw(lay_out(moment, size.width, size.height, self._foot, picture=self._picture))
        spent_s = time.thread_time() - begin_s
        self._frames += 1
        if self._frames:
            self._spent_s += spent_s
        else:
            self._first_bytes = self._sent.tell()

    @property
    def frame_ms(self) -> float:
        return self._spent_s / max(self._frames, 1) * 1000

    @property
    def sent_bytes(self) -> float:
        return (self._sent.tell() - self._first_bytes) / max(self._frames, 1)


class _Nothing:
    """Stands in for a session whose keys nobody presses."""

    def stop(self) -> None:
        """Nothing."""

    def now_s(self) -> float:
        """The beginning."""
        return 0.0

    def mark(self, note: str, at_s: float) -> None:
        """Nothing."""

    def pause(self) -> None:
        """Nothing."""

    def switch(self, modality: Modality) -> None:
        """Nothing."""
