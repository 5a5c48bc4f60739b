"""The MP4 that is embedded in place of a recording: the same pictures and sound, at their times."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from live_sentiment.core.errors import RunError
from live_sentiment.report.playable import can_be_mp4, write_mp4

DEMO = Path(__file__).parents[2] / "recordings" / "demo.mp4"
RATE_HZ = 48_000
CLICKS_S = (2.0, 5.0)
"""Moments of a click in the sound; between them, from 3 to 4 s, there is a gap."""


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As a live session leaves it: the demo clip's pictures from 0.5 s on, PCM from 1 s on, with a gap."""
    path = tmp_path_factory.mktemp("recording") / "media.mkv"
    with av.open(str(DEMO)) as clip, av.open(str(path), "w") as made:
        pictures = clip.streams.video[0]
        video = made.add_stream_from_template(pictures)
        sound = made.add_stream("pcm_s16le", rate=RATE_HZ, layout="mono")
        for packet in clip.demux(pictures):
            if packet.pts is not None and packet.pts * packet.time_base < 6:
                shift = round(Fraction(1, 2) / packet.time_base)
                packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                packet.stream = video
                made.mux(packet)
        for start_s, end_s in ((1.0, 3.0), (4.0, 6.0)):
            samples = np.zeros(round((end_s - start_s) * RATE_HZ), np.int16)
            for click_s in CLICKS_S:
                if start_s <= click_s < end_s:
                    at = round((click_s - start_s) * RATE_HZ)
                    samples[at : at + 240] = 20_000
            frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
            frame.sample_rate, frame.time_base = RATE_HZ, Fraction(1, RATE_HZ)
            frame.pts = round(start_s * RATE_HZ)
            made.mux(sound.encode(frame))
    return path


def pictures_of(path: Path) -> list[tuple[Fraction, bytes]]:
    with av.open(str(path)) as media:
        return [
            (frame.pts * frame.time_base, frame.to_ndarray(format="gray").tobytes())
            for frame in media.decode(video=0)
        ]


def loud_s(path: Path) -> list[float]:
    """When each click begins."""
    with av.open(str(path)) as media:
        onsets: list[float] = []
        for frame in media.decode(audio=0):
            loud = np.flatnonzero(np.abs(frame.to_ndarray()[0]) > 0.3)
            start_s = float(frame.pts * frame.time_base)
            if len(loud) and (not onsets or start_s + loud[0] / RATE_HZ - onsets[-1] > 0.1):
                onsets.append(start_s + loud[0] / RATE_HZ)
        return onsets


def test_pictures_are_the_same_at_the_same_times(recording: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.mp4"
    write_mp4(recording, copy)
    before, after = pictures_of(recording), pictures_of(copy)
    assert [picture for _, picture in after] == [picture for _, picture in before]
    assert [float(time) for time, _ in after[1:]] == pytest.approx(
        [float(t) for t, _ in before[1:]], abs=0.002
    )
    assert after[0][0] == 0, "the first stands from the beginning, so that browsers can seek to the end"


def test_sound_keeps_its_times_across_a_gap(recording: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.mp4"
    write_mp4(recording, copy)
    assert loud_s(copy) == pytest.approx(CLICKS_S, abs=0.01)


def test_what_browsers_play_already_is_left_alone(recording: Path, tmp_path: Path) -> None:
    assert can_be_mp4(recording)
    assert not can_be_mp4(DEMO)
    damaged = tmp_path / "damaged.mkv"
    damaged.write_bytes(b"\x1a\x45\xdf\xa3 nothing that can be read")
    assert not can_be_mp4(damaged)
    with pytest.raises(RunError, match="cannot make an MP4"):
        write_mp4(damaged, tmp_path / "copy.mp4")
