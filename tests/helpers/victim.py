"""A session that records made-up pictures, sound and results into a folder until it is killed.

Usage, in the project's folder: python -m tests.helpers.victim FOLDER. It writes the session time in ms up to
which everything has been handed over, and goes as fast as its own recorder: many times faster than real time.
"""

from __future__ import annotations

import itertools
import sys
import time
from fractions import Fraction
from pathlib import Path

import numpy as np

from live_sentiment.core.config import RecordingConfig
from live_sentiment.core.types import Transcript, VideoFrame
from live_sentiment.recording.recorder import MediaRecorder
from live_sentiment.recording.session_file import RecordingRecord, SessionFile, SessionRecord, local_now
from live_sentiment.sinks.captions import CaptionWriter
from live_sentiment.sinks.jsonl import TimelineWriter
from live_sentiment.sources.capture import CapturedSound
from tests.helpers.story import point, word

RATE_HZ = 16_000
STEP_MS = 20
PICTURE_MS = 40
TICK_MS = 200
RECORD_MS = 1000


def sound(first: int, count: int) -> np.ndarray:
    """Samples of which each tells its place."""
    return (np.arange(first, first + count) % 30_011).astype(np.int16)[:, None]


def main(folder: Path) -> None:
    started = local_now()
    recorder = MediaRecorder(folder / "media.mkv", RecordingConfig(), has_video=True, has_audio=True)
    timeline = TimelineWriter(folder / "timeline.jsonl", {"source": {"name": "camera"}})
    captions, session = CaptionWriter(folder / "transcript.vtt"), SessionFile(folder)
    per_step = RATE_HZ * STEP_MS // 1000
    for step in itertools.count():
        now_ms = step * STEP_MS
        if now_ms % RECORD_MS == 0:
            kept = RecordingRecord(files=("media.mkv",), encoder=recorder.encoder)
            session.write(
                SessionRecord(started=started, state="recording", duration_s=now_ms / 1000, recording=kept)
            )
        if now_ms % PICTURE_MS == 0:
            image = np.full((48, 64, 3), now_ms % 256, np.uint8)
            recorder.picture(VideoFrame(image, now_ms / 1000))
        if now_ms and now_ms % TICK_MS == 0:
            said = word(f"word-{now_ms}.", now_ms / 1000)
            captions.words(Transcript((said,), (), said.end_s))
            timeline.point(point(now_ms / 1000, words=(said,)))
        recorder.sound(CapturedSound(sound(step * per_step, per_step), RATE_HZ, Fraction(now_ms, 1000)))
        while recorder._items:
            time.sleep(0.0002)
        sys.stdout.write(f"{now_ms + STEP_MS}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
