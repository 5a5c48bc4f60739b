"""A video file that is shown as a camera would."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from live_sentiment.core.config import CameraConfig
from live_sentiment.core.errors import UsageError
from live_sentiment.sources.camera.camera import Camera
from live_sentiment.sources.camera.file_camera import FileCamera
from live_sentiment.sources.camera.frame_device import EndedError
from live_sentiment.sources.camera.listing import choose_camera
from tests.helpers.heard import Heard
from tests.helpers.media_factory import greys, steady, tone, write_media
from tests.helpers.virtual_clock import VirtualClock

ODD_TIMES = [0.5, 0.54, 0.58, 1.3, 1.34, 1.5]
"""The sound begins before the picture, and the frame rate is anything but constant."""


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    return write_media(tmp_path / "odd.mkv", pictures=greys(ODD_TIMES), sound=tone(2.0))


def shown(file: Path, seconds: float, loop: bool = False) -> tuple[Heard, Camera]:
    """What a session of so many seconds hears of a file; the camera is stopped at its end."""
    clock, heard = VirtualClock(50.0), Heard()
    with clock.taking_part():
        camera = Camera(choose_camera(str(file), loop), CameraConfig(), clock)
        camera.open()
        clock.sleep(3.0, threading.Event())  # models are loaded: the file must not run on meanwhile
        camera.start(heard, clock.now_s())
        clock.sleep(seconds, threading.Event())
        camera.stop()
        assert camera.join(5.0)
    return heard, camera


def test_each_picture_is_shown_at_its_own_time_from_the_start_of_the_session(odd: Path) -> None:
    heard, _ = shown(odd, 1.2)
    assert heard.times == pytest.approx([time_s - 0.5 for time_s in ODD_TIMES], abs=0.0011)
    assert [frame.image.mean() for frame in heard.pictures] == sorted(
        frame.image.mean() for frame in heard.pictures
    )


def test_a_file_that_is_over_is_told_as_such_and_not_begun_again(odd: Path) -> None:
    heard, camera = shown(odd, 20.0)
    assert len(heard.times) == len(ODD_TIMES)
    assert heard.losses == [(heard.times[-1], "video file ended")]
    assert heard.bounds[-1] == pytest.approx(20.0, abs=0.3)
    assert not heard.events
    assert (camera.health().state, camera.health().gaps) == ("stopped", 1)
    assert camera.health().gap_s == pytest.approx(20.0 - heard.times[-1], abs=0.01)


def test_a_loop_goes_on_without_a_jump_in_time(tmp_path: Path) -> None:
    file = write_media(tmp_path / "loop.mp4", pictures=greys(steady(0.6)))
    heard, _ = shown(file, 6.05, loop=True)
    assert len(heard.times) == pytest.approx(6 * 25, abs=3)
    assert np.diff(heard.times) == pytest.approx(0.04, abs=0.0011)
    assert not heard.losses
    first, again = heard.pictures[0].image, heard.pictures[15].image
    assert np.array_equal(first, again)


def test_a_file_that_shows_one_picture_or_none_at_all_is_neither_frozen_nor_blank(tmp_path: Path) -> None:
    black = ((time_s, np.zeros((64, 64, 3), np.uint8)) for time_s in steady(20.0))
    heard, _ = shown(write_media(tmp_path / "black.mp4", pictures=black), 15.0)
    assert {what for what, _ in heard.said} == {"picture"}


def test_a_file_that_vanishes_before_the_session_starts_is_a_loss(odd: Path) -> None:
    clock, heard = VirtualClock(), Heard()
    with clock.taking_part():
        camera = Camera(choose_camera(str(odd)), CameraConfig(), clock)
        odd.unlink()
        camera.start(heard, 0.0)
        clock.sleep(2.0, threading.Event())
        camera.stop()
        assert camera.join(5.0)
    assert heard.kinds == ["camera-failed"]
    assert "no such file" in heard.events[0].message
    assert heard.losses == [(0.0, "camera failed")]


def test_the_device_itself_waits_for_each_picture_and_ends_after_the_last(odd: Path) -> None:
    clock = VirtualClock(7.0)
    device = FileCamera(odd, clock, loop=False)
    device.open()
    due_s = []
    while len(due_s) < len(ODD_TIMES):
        assert device.grab()
        assert device.retrieve() is not None
        due_s.append(clock.now_s() - 7.0)
    assert due_s == pytest.approx([time_s - 0.5 for time_s in ODD_TIMES], abs=0.001)
    with pytest.raises(EndedError):
        device.grab()
    device.release()


def test_sound_alone_is_no_camera(tmp_path: Path) -> None:
    sound = write_media(tmp_path / "voice.wav", sound=tone(0.2), audio_codec="pcm_s16le")
    with pytest.raises(UsageError, match="no pictures"):
        FileCamera(sound, VirtualClock(), loop=False).open()
