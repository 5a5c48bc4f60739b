"""The recording: what is read back from it, what a full queue or a full disk costs, what a kill leaves."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from live_sentiment.core.config import RecordingConfig
from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import AudioBlock, VideoFrame
from live_sentiment.recording import matroska, recorder, tracks
from live_sentiment.recording.recorder import MediaRecorder
from live_sentiment.recording.remux import is_closed
from live_sentiment.sources.capture import CapturedSound
from live_sentiment.sources.media.blocks import BlockAssembler
from live_sentiment.sources.media.media import MediaSource
from live_sentiment.sources.media.mixdown import Mixdown
from live_sentiment.sources.media.sound import device_planes
from tests.helpers.virtual_clock import VirtualClock

CONFIG = RecordingConfig()


def picture(time_s: float, shade: int = 128, size_px: tuple[int, int] = (64, 48)) -> VideoFrame:
    return VideoFrame(np.full((size_px[1], size_px[0], 3), shade, np.uint8), time_s)


def noise(seconds: float, rate_hz: int, channels: int, seed: int = 0) -> np.ndarray:
    count = round(seconds * rate_hz)
    return np.random.default_rng(seed).integers(-9000, 9000, (count, channels), np.int16)


def stretch(samples: np.ndarray, rate_hz: int, start: Fraction, piece: int = 512) -> Iterator[CapturedSound]:
    """Sound as a device gives it: in pieces that join."""
    for first in range(0, len(samples), piece):
        yield CapturedSound(samples[first : first + piece], rate_hz, start + Fraction(first, rate_hz))


def recorded(path: Path, items: list, **options) -> MediaRecorder:
    """Record in order of time and close."""
    has = {"has_video": any(isinstance(item, VideoFrame) for item in items)}
    has["has_audio"] = any(isinstance(item, CapturedSound) for item in items)
    writer = MediaRecorder(path, CONFIG, **{**has, **options})
    for item in sorted(items, key=lambda item: item.time_s if isinstance(item, VideoFrame) else item.start):
        writer.picture(item) if isinstance(item, VideoFrame) else writer.sound(item)
    writer.close()
    return writer


def packets(path: Path) -> dict[str, list]:
    with av.open(str(path)) as container:
        found: dict[str, list] = {"video": [], "audio": []}
        for packet in container.demux():
            if packet.size:
                found[packet.stream.type].append(packet)
        return found


def played(path: Path) -> MediaSource:
    """The recording as a replay reads it."""
    return MediaSource(path, recording=True)


def times_ms(path: Path) -> list[int]:
    return [packet.pts for packet in packets(path)["video"]]


def blocks(assembler: BlockAssembler, sounds: list[CapturedSound]) -> list[AudioBlock]:
    """What the live path makes of the same sound."""
    items = []
    mixdown = Mixdown()
    for sound in sounds:
        mono = mixdown.mix(*device_planes(sound.samples), sound.rate_hz)
        items += assembler.add(mono, sound.rate_hz, sound.start)
    return [item for item in [*items, *assembler.finish()] if isinstance(item, AudioBlock)]


def test_every_picture_keeps_its_time_and_its_looks(tmp_path):
    times = [400, 433, 500, 501, 734, 1000, 1999, 2001, 4500]
    frames = [picture(time / 1000, shade=20 * place) for place, time in enumerate(times)]
    writer = recorded(tmp_path / "media.mkv", frames)
    assert times_ms(tmp_path / "media.mkv") == times
    read = [item for item in played(tmp_path / "media.mkv") if isinstance(item, VideoFrame)]
    assert [frame.image.shape for frame in read] == [(48, 64, 3)] * len(times)
    for shown, given in zip(read, frames, strict=True):
        assert abs(shown.image.astype(int) - given.image).max() < 8
    assert writer.dropped == {}
    assert writer.health().stopped is None
    assert writer.health().bytes_written == (tmp_path / "media.mkv").stat().st_size


def test_a_key_frame_a_second_and_no_picture_after_a_later_one(tmp_path):
    recorded(tmp_path / "media.mkv", [picture(time / 1000, time % 251) for time in range(0, 5000, 40)])
    video = packets(tmp_path / "media.mkv")["video"]
    keys = [packet.pts for packet in video if packet.is_keyframe]
    assert keys == [0, 1000, 2000, 3000, 4000]
    assert all(packet.pts == packet.dts for packet in video)


@pytest.mark.parametrize("piece", [512, 13_001])
@pytest.mark.parametrize(
    ("rate_hz", "channels"), [(8_000, 1), (16_000, 1), (44_100, 2), (48_000, 6), (96_000, 1), (48_000, 9)]
)
def test_sound_read_back_is_what_the_analysis_heard_live(tmp_path, rate_hz, channels, piece):
    samples = noise(2.5, rate_hz, channels)
    sounds = list(stretch(samples, rate_hz, Fraction(37, 1000), piece))
    recorded(tmp_path / "media.mkv", [picture(0.0), *sounds])
    live = blocks(BlockAssembler(), sounds)
    read = [item for item in played(tmp_path / "media.mkv") if not isinstance(item, VideoFrame)]
    assert [block.start_s for block in read] == [block.start_s for block in live]
    assert live[0].start_s == 0.037
    for again, once in zip(read, live, strict=True):
        np.testing.assert_array_equal(again.samples, once.samples)


def test_a_gap_in_the_sound_stays_as_long_as_it_was(tmp_path):
    before = list(stretch(noise(1.01, 44_100, 1), 44_100, Fraction(0)))
    after = list(stretch(noise(1.0, 44_100, 1, seed=1), 44_100, Fraction(3217, 1000)))
    recorded(tmp_path / "media.mkv", [*before, *after])
    live = blocks(BlockAssembler(), [*before, *after])
    read = [item for item in played(tmp_path / "media.mkv") if isinstance(item, AudioBlock)]
    assert [block.start_s for block in read] == [block.start_s for block in live]
    assert 3.217 in [block.start_s for block in read]
    np.testing.assert_array_equal(
        np.concatenate([block.samples for block in read]), np.concatenate([block.samples for block in live])
    )


def test_tracks_are_interleaved_by_time_though_they_come_apart(tmp_path):
    writer = MediaRecorder(tmp_path / "media.mkv", CONFIG, has_video=True, has_audio=True)
    for tenth in range(20):
        for time_ms in range(100 * tenth, 100 * tenth + 100, 20):
            writer.picture(picture(time_ms / 1000))
        for sound in stretch(noise(0.1, 16_000, 1), 16_000, Fraction(tenth, 10), 400):
            writer.sound(sound)
    writer.close()
    with av.open(str(tmp_path / "media.mkv")) as container:
        order = [packet.pts for packet in container.demux() if packet.size]
    assert order == sorted(order)
    assert len(order) == 100 + 80


def test_a_lost_camera_does_not_hold_the_sound_back(tmp_path):
    writer = MediaRecorder(tmp_path / "media.mkv", CONFIG, has_video=True, has_audio=True)
    writer.picture(picture(0.0))
    for sound in stretch(noise(8.0, 16_000, 1), 16_000, Fraction(0)):
        writer.sound(sound)
    writer.picture(picture(8.0))
    writer.close()
    found = packets(tmp_path / "media.mkv")
    assert [packet.pts for packet in found["video"]] == [0, 8000]
    assert found["audio"][-1].pts > 7900


def test_a_device_that_comes_late_is_fitted_to_what_was_declared(tmp_path):
    sounds = list(stretch(noise(6.0, 16_000, 1), 16_000, Fraction(0)))
    frames = [picture(5.0, 200, (1280, 960)), picture(5.5, 200, (480, 480))]
    recorded(tmp_path / "media.mkv", [*sounds, *frames])
    read = [item for item in played(tmp_path / "media.mkv") if isinstance(item, VideoFrame)]
    assert [frame.time_s for frame in read] == [5.0, 5.5]
    assert [frame.image.shape for frame in read] == [(480, 640, 3)] * 2
    assert read[0].image.min() > 190
    assert read[1].image[:, 80:560].min() > 150
    assert read[1].image[:, :70].max() < 30


def test_a_microphone_that_comes_late_is_fitted_too(tmp_path):
    frames = [picture(time / 10) for time in range(60)]
    tone = np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000) * 8000
    sounds = list(stretch(tone.astype(np.int16)[:, None], 16_000, Fraction(4)))
    recorded(tmp_path / "media.mkv", [*frames, *sounds])
    source = played(tmp_path / "media.mkv")
    assert (source.info.audio_rate_hz, source.info.audio_channels) == (48_000, 1)
    heard = [item for item in source if isinstance(item, AudioBlock)]
    assert heard[0].start_s == pytest.approx(4.0, abs=0.001)
    samples = np.concatenate([block.samples for block in heard])
    assert len(samples) == pytest.approx(16_000, abs=32)
    assert np.sqrt((samples**2).mean()) == pytest.approx(8000 / 32768 / np.sqrt(2), rel=0.01)


def test_a_track_of_which_nothing_came_harms_no_one(tmp_path):
    recorded(tmp_path / "media.mkv", [picture(0.0), picture(0.5)], has_audio=True)
    source = played(tmp_path / "media.mkv")
    assert source.info.has_audio
    assert [item.time_s for item in source] == [0.0, 0.5]


def test_a_device_that_comes_back_different_goes_on_in_the_same_file(tmp_path):
    before = list(stretch(noise(1.0, 48_000, 2), 48_000, Fraction(0)))
    after = list(stretch(noise(1.0, 44_100, 1), 44_100, Fraction(2)))
    writer = recorded(tmp_path / "media.mkv", [*before, *after, picture(0.0), picture(2.0, 128, (96, 48))])
    source = played(tmp_path / "media.mkv")
    heard = [item for item in source if isinstance(item, AudioBlock)]
    assert (source.info.audio_rate_hz, source.info.audio_channels) == (48_000, 2)
    assert sum(len(block.samples) for block in heard) == pytest.approx(32_000, abs=64)
    assert 2.0 in [round(block.start_s, 3) for block in heard]
    assert writer.dropped == {}


def test_odd_sizes_lose_no_row_and_no_column(tmp_path):
    recorded(tmp_path / "media.mkv", [picture(0.0, 200, (65, 49))])
    (shown,) = played(tmp_path / "media.mkv")
    assert shown.image.shape == (50, 66, 3)
    assert shown.image.min() > 190


def test_what_comes_out_of_order_or_before_the_start_is_left_out_and_counted(tmp_path):
    writer = MediaRecorder(tmp_path / "media.mkv", CONFIG, has_video=True, has_audio=True)
    for time_s in (0.5, 0.4, 0.5, 0.6, -0.1):
        writer.picture(picture(time_s))
    for start in (Fraction(0), Fraction(1, 20), Fraction(-1)):
        writer.sound(CapturedSound(noise(0.1, 16_000, 1), 16_000, start))
    writer.close()
    assert times_ms(tmp_path / "media.mkv") == [500, 600]
    assert writer.dropped == {"picture out of order": 3, "sound out of order": 2}


class HeldUp:
    """A disk that takes nothing until it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.go, write = threading.Event(), matroska.ClusterFile.write

        def wait_and_write(file: matroska.ClusterFile, data: bytes) -> int:
            self.go.wait()
            return write(file, data)

        monkeypatch.setattr(matroska.ClusterFile, "write", wait_and_write)


@pytest.mark.parametrize("bound", ["QUEUE_BYTES", "QUEUE_S"])
def test_a_slow_disk_makes_it_drop_and_count_but_never_wait(tmp_path, monkeypatch, bound):
    disk = HeldUp(monkeypatch)
    frames = [picture(time / 10) for time in range(100)]
    monkeypatch.setattr(recorder, bound, {"QUEUE_BYTES": 20 * frames[0].image.nbytes, "QUEUE_S": 2.0}[bound])
    writer = MediaRecorder(tmp_path / "media.mkv", CONFIG, has_video=True, has_audio=False)
    for frame in frames:
        writer.picture(frame)
    disk.go.set()
    writer.close()
    kept = len(times_ms(tmp_path / "media.mkv"))
    assert 20 <= kept < 30
    assert writer.dropped == {"picture overrun": 100 - kept}


def test_a_virtual_clock_waits_for_the_recorder(tmp_path, monkeypatch):
    monkeypatch.setattr(recorder, "QUEUE_S", 0.25)
    clock, never = VirtualClock(), threading.Event()
    writer = MediaRecorder(tmp_path / "media.mkv", CONFIG, has_video=True, has_audio=False, clock=clock)
    with clock.taking_part():
        for tenth in range(300):
            writer.picture(picture(tenth / 10))
            clock.sleep(0.1, never)
        writer.close()
    assert writer.dropped == {}
    assert len(times_ms(tmp_path / "media.mkv")) == 300


def test_a_disk_that_takes_for_ever_does_not_keep_the_session_from_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr(recorder, "CLOSE_S", 0.01)
    disk = HeldUp(monkeypatch)
    writer = MediaRecorder(tmp_path / "media.mkv", CONFIG, has_video=True, has_audio=False)
    writer.picture(picture(0.0))
    writer.close()
    assert "the disk has not taken the last of it" in str(writer.health().stopped)
    disk.go.set()
    writer._thread.join()


def test_after_the_end_nothing_is_taken_and_closing_again_does_nothing(tmp_path):
    writer = recorded(tmp_path / "media.mkv", [picture(0.0)])
    size = (tmp_path / "media.mkv").stat().st_size
    writer.picture(picture(1.0))
    writer.close()
    assert writer.dropped == {"picture stopped": 1}
    assert (tmp_path / "media.mkv").stat().st_size == size


def test_a_session_in_which_nothing_came_ends_well(tmp_path):
    writer = MediaRecorder(tmp_path / "media.mkv", CONFIG, has_video=True, has_audio=True)
    writer.close()
    assert writer.health().stopped is None


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"cannot write .*missing"):
        MediaRecorder(tmp_path / "missing" / "media.mkv", CONFIG, has_video=True, has_audio=True)


def test_without_x264_pictures_are_encoded_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(tracks, "ENCODERS", ("no such encoder", "mpeg4"))
    times = [0, 33, 500, 1200]
    writer = recorded(tmp_path / "media.mkv", [picture(time / 1000) for time in times])
    assert writer.encoder == "mpeg4"
    assert times_ms(tmp_path / "media.mkv") == times
    assert all(abs(item.image.astype(int) - 128).max() < 8 for item in played(tmp_path / "media.mkv"))


def test_it_stops_before_the_disk_is_full_and_completes_the_file(tmp_path, monkeypatch):
    free = iter([10**9] + [200, 100] * 1000)
    usage = type("Usage", (), {"total": 10**12})
    monkeypatch.setattr(
        recorder.shutil, "disk_usage", lambda _: (setattr(usage, "free", next(free)), usage)[1]
    )
    monkeypatch.setattr(recorder, "CHECK_BYTES", 20_000)
    sounds = list(stretch(noise(9.0, 16_000, 1), 16_000, Fraction(0)))
    writer = recorded(tmp_path / "media.mkv", sounds)
    assert writer.health().stopped == "the disk is full"
    assert writer.health().free_bytes == 200
    assert writer.dropped["sound stopped"] > 100
    with av.open(str(tmp_path / "media.mkv")) as container:
        assert 0.5 < container.duration / av.time_base < 1.5
        samples = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    np.testing.assert_array_equal(samples, noise(9.0, 16_000, 1)[: len(samples), 0])


@pytest.mark.parametrize("error", [ValueError, SystemExit])
def test_an_encoder_that_fails_ends_the_recording_not_the_session(tmp_path, monkeypatch, error):
    def fail(*_: object) -> None:
        raise error("no encoder today")

    monkeypatch.setattr(matroska.PictureTrack, "encode", fail)
    writer = recorded(tmp_path / "media.mkv", [picture(0.0), picture(1.0)])
    assert "no encoder today" in str(writer.health().stopped)


FULL = """
import resource, signal, sys
from fractions import Fraction
from pathlib import Path
import numpy as np
from live_sentiment.core.config import RecordingConfig
from live_sentiment.recording.recorder import MediaRecorder
from live_sentiment.recording.remux import is_closed
from live_sentiment.sources.capture import CapturedSound

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (150_001, 150_001))
writer = MediaRecorder(Path(sys.argv[1]), RecordingConfig(), has_video=False, has_audio=True)
samples = np.arange(160_000).astype(np.int16)[:, None]
for first in range(0, 160_000, 400):
    writer.sound(CapturedSound(samples[first : first + 400], 16_000, Fraction(first, 16_000)))
writer.close()
print(writer.health().stopped)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no limit of file size")
def test_what_a_failing_disk_has_taken_is_intact(tmp_path):
    path = tmp_path / "media.mkv"
    done = subprocess.run([sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout == "the file system takes no larger file\n"
    assert 100_000 < path.stat().st_size <= 150_001
    with av.open(str(path)) as container:
        samples = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    assert len(samples) > 50_000
    np.testing.assert_array_equal(samples, np.arange(len(samples)).astype(np.int16))


def untold(_: Path) -> None:
    raise OSError(errno.ENOSYS, "the system does not say what is free")


@pytest.mark.parametrize("watched", [True, False])
def test_on_a_full_disk_what_was_recorded_is_intact(small_disk, monkeypatch, watched):
    if not watched:
        monkeypatch.setattr(recorder.shutil, "disk_usage", untold)
    monkeypatch.setattr(recorder, "QUEUE_S", 1000.0)
    path = small_disk / "media.mkv"
    sounds = list(stretch(noise(40.0, 48_000, 1), 48_000, Fraction(0), 4800))
    writer = recorded(path, sounds)
    assert writer.health().stopped == "the disk is full"
    assert is_closed(path) == watched
    with av.open(str(path)) as container:
        samples = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    assert len(samples) > 1_000_000
    np.testing.assert_array_equal(samples, noise(40.0, 48_000, 1)[: len(samples), 0])
    if watched:
        (small_disk / "timeline.jsonl").write_bytes(bytes(100_000))


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_disk_that_fails_is_named(tmp_path, monkeypatch, code):
    def fail(file: matroska.ClusterFile, data: bytes) -> int:
        file.error = OSError(code, os.strerror(code))
        raise file.error

    monkeypatch.setattr(matroska.ClusterFile, "write", fail)
    writer = recorded(tmp_path / "media.mkv", [picture(0.0), picture(1.0)])
    expected = {errno.ENOSPC: "the disk is full", errno.EIO: "Input/output error"}[code]
    assert expected in str(writer.health().stopped)
