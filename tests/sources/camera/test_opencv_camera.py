"""Cameras of this machine through OpenCV, with a capture in its place: this is what is asked of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import cv2
import numpy as np
import pytest

from live_sentiment.core.config import CameraConfig
from live_sentiment.core.errors import UsageError
from live_sentiment.sources.camera import opencv_camera
from live_sentiment.sources.camera.camera import Camera
from live_sentiment.sources.camera.info import CameraChoice, CameraInfo
from live_sentiment.sources.camera.opencv_camera import DeviceCamera, StreamCamera, open_error
from live_sentiment.sources.camera.opening import opens
from tests.helpers.virtual_clock import VirtualClock

WEBCAM = CameraChoice("device", "HD Webcam", 2, "/dev/video2")


@dataclass
class Capture:
    """In place of cv2.VideoCapture."""

    target: int | str
    backend: int
    limits: list[int] = field(default_factory=list)
    asked: dict[int, float] = field(default_factory=dict)
    released: bool = False

    made: ClassVar[list[Capture]] = []
    there: ClassVar[set[int | str]] = set()
    image: ClassVar[Any] = np.zeros((4, 6, 3), np.uint8)
    grab_takes_s: ClassVar[Iterator[float]] = iter(())
    clock: ClassVar[VirtualClock] = VirtualClock()

    def __post_init__(self) -> None:
        self.made.append(self)

    def isOpened(self) -> bool:  # noqa: N802 (OpenCV's)
        return self.target in self.there

    def set(self, key: int, value: float) -> bool:
        self.asked[key] = value
        return True

    def get(self, key: int) -> float:
        return 30.0 if key == cv2.CAP_PROP_FPS else 0.0

    def grab(self) -> bool:
        self.clock.advance(next(self.grab_takes_s, 0.033))
        return True

    def retrieve(self) -> tuple[bool, Any]:
        return self.image is not None, self.image

    def release(self) -> None:
        self.released = True


@pytest.fixture(autouse=True)
def capture(monkeypatch: pytest.MonkeyPatch) -> type[Capture]:
    monkeypatch.setattr(cv2, "VideoCapture", Capture)
    monkeypatch.setattr(Capture, "made", [])
    monkeypatch.setattr(Capture, "there", {2})
    monkeypatch.setattr(Capture, "clock", VirtualClock())
    monkeypatch.setattr(sys, "platform", "linux")
    plug(monkeypatch, CameraInfo(0, "Other", "/dev/video0"), CameraInfo(2, "HD Webcam", "/dev/video2"))
    return Capture


def plug(monkeypatch: pytest.MonkeyPatch, *cameras: CameraInfo) -> None:
    monkeypatch.setattr(opencv_camera, "list_cameras", lambda: list(cameras))


def test_size_and_rate_are_asked_for_and_pictures_are_given_as_they_come() -> None:
    device = DeviceCamera(WEBCAM, CameraConfig(width_px=320, height_px=240, rate_hz=60))
    device.open()
    (capture,) = Capture.made
    assert (capture.target, capture.backend) == (2, cv2.CAP_V4L2)
    assert capture.asked == {
        cv2.CAP_PROP_FRAME_WIDTH: 320,
        cv2.CAP_PROP_FRAME_HEIGHT: 240,
        cv2.CAP_PROP_FPS: 60,
    }
    assert device.grab()
    image = device.retrieve()
    assert image is not None and image.shape == (4, 6, 3)
    device.release()
    assert capture.released


def test_large_pictures_are_asked_for_as_jpeg_before_their_size() -> None:
    DeviceCamera(WEBCAM, CameraConfig(width_px=1280, height_px=720)).open()
    assert next(iter(Capture.made[0].asked)) == cv2.CAP_PROP_FOURCC


def test_a_camera_that_was_put_back_is_found_by_its_name_at_its_new_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plug(monkeypatch, CameraInfo(2, "Other", "/dev/video2"), CameraInfo(3, "HD Webcam", "/dev/video3"))
    monkeypatch.setattr(Capture, "there", {2, 3})
    DeviceCamera(WEBCAM, CameraConfig()).open()
    assert Capture.made[0].target == 3


def test_of_two_cameras_of_one_name_the_chosen_number_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    plug(monkeypatch, CameraInfo(0, "HD Webcam", "/dev/video0"), CameraInfo(2, "HD Webcam", "/dev/video2"))
    DeviceCamera(WEBCAM, CameraConfig()).open()
    assert Capture.made[0].target == 2


def test_another_camera_is_never_taken_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    plug(monkeypatch, CameraInfo(2, "Other", "/dev/video2"))
    device = DeviceCamera(WEBCAM, CameraConfig())
    with pytest.raises(UsageError, match="HD Webcam is not there any more"):
        device.open()
    device.release()
    assert not Capture.made


@pytest.mark.parametrize(
    ("platform", "backend", "told"),
    [
        ("linux", "CAP_V4L2", "HD Webcam is in use by another program"),
        ("darwin", "CAP_AVFOUNDATION", "Privacy & Security > Camera"),
        ("win32", "CAP_DSHOW", "Privacy & security > Camera"),
    ],
)
def test_what_does_not_open_says_what_to_do_on_this_system(
    monkeypatch: pytest.MonkeyPatch, platform: str, backend: str, told: str
) -> None:
    monkeypatch.setattr("live_sentiment.sources.camera.v4l2.trouble_with", lambda _: "busy")
    monkeypatch.setattr("live_sentiment.sources.camera.errors.sys.platform", platform)
    monkeypatch.setattr(Capture, "there", set())
    with pytest.raises(UsageError, match=told):
        DeviceCamera(WEBCAM, CameraConfig()).open()
    assert Capture.made[0].backend == getattr(cv2, backend)


def test_elsewhere_a_machine_without_cameras_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    plug(monkeypatch)
    monkeypatch.setattr(sys, "platform", "win32")
    assert "no camera was found" in str(open_error("camera 0", None))


def test_macos_is_asked_for_the_permission_on_the_caller_s_own_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(Capture, "there", {2})
    camera = Camera(WEBCAM, CameraConfig(), Capture.clock)
    camera.open()
    camera.stop()
    asked, opened = Capture.made[:2]
    assert asked.released
    assert asked.target == opened.target == 2


def test_a_network_camera_is_opened_with_limits_to_its_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    choice = CameraChoice("stream", "rtsp://me:***@host/", address="rtsp://me:secret@host/")
    monkeypatch.setattr(Capture, "there", {choice.address})
    device = StreamCamera(choice, CameraConfig(lost_after_s=1.5), Capture.clock)
    device.open()
    (capture,) = Capture.made
    assert (capture.target, capture.backend) == (choice.address, cv2.CAP_FFMPEG)
    limits = dict(zip(capture.limits[::2], capture.limits[1::2], strict=True))
    assert limits == {cv2.CAP_PROP_OPEN_TIMEOUT_MSEC: 5000, cv2.CAP_PROP_READ_TIMEOUT_MSEC: 1500}
    assert device.grab()
    assert device.retrieve() is not None
    device.release()
    assert capture.released


def test_pictures_that_lay_ready_when_a_stream_was_opened_are_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    choice = CameraChoice("stream", "rtsp://host/", address="rtsp://host/")
    monkeypatch.setattr(Capture, "there", {choice.address})
    rest = iter([*[0.002] * 40, 0.03, 0.5, 0.5])
    monkeypatch.setattr(Capture, "grab_takes_s", rest)
    StreamCamera(choice, CameraConfig(), Capture.clock).open()
    assert list(rest) == [0.5, 0.5]


def test_a_stream_that_is_always_quick_is_taken_as_it_is_after_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    choice = CameraChoice("stream", "udp://host/", address="udp://host/")
    monkeypatch.setattr(Capture, "there", {choice.address})
    monkeypatch.setattr(Capture, "grab_takes_s", iter([0.01] * 1000))
    StreamCamera(choice, CameraConfig(), Capture.clock).open()
    assert Capture.clock.now_s() == pytest.approx(2.0, abs=0.02)


def test_a_stream_without_an_answer_is_refused_without_its_password() -> None:
    choice = CameraChoice("stream", "rtsp://me:***@host/", address="rtsp://me:secret@host/")
    device = StreamCamera(choice, CameraConfig(), Capture.clock)
    with pytest.raises(UsageError) as refused:
        device.open()
    device.release()
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 1), (4, 6, 4)])
def test_pictures_of_other_depths_become_bgr(monkeypatch: pytest.MonkeyPatch, shape: tuple[int, ...]) -> None:
    monkeypatch.setattr(Capture, "image", np.full(shape, 7, np.uint8))
    device = DeviceCamera(WEBCAM, CameraConfig())
    device.open()
    image = device.retrieve()
    assert image is not None
    assert image.shape == (4, 6, 3)
    assert image.flags.c_contiguous
    assert (image == 7).all()


@pytest.mark.parametrize("image", [None, np.zeros((0, 0, 3), np.uint8)])
def test_a_picture_that_is_none_is_none(monkeypatch: pytest.MonkeyPatch, image: Any) -> None:
    monkeypatch.setattr(Capture, "image", image)
    device = DeviceCamera(WEBCAM, CameraConfig())
    device.open()
    assert device.retrieve() is None


def test_probing_an_index_lets_it_go() -> None:
    assert opens(2)
    assert not opens(5)
    assert all(capture.released for capture in Capture.made)
