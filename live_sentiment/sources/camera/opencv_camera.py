"""Cameras and network streams through OpenCV."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from live_sentiment.core.clock import Clock
from live_sentiment.core.config import CameraConfig
from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import ImageArray
from live_sentiment.sources.camera.errors import camera_error, stream_error
from live_sentiment.sources.camera.info import CameraChoice
from live_sentiment.sources.camera.listing import list_cameras
from live_sentiment.sources.camera.opening import backend, quiet_cv2

OPEN_WITHIN_S = 5.0
"""A network camera that has not answered by then is not there."""
_UNCOMPRESSED_PX = 640 * 480
"""Up to this size USB carries 30 uncompressed pictures a second; above, the camera is asked for JPEG."""
_CATCH_UP_S = 2.0
_USUAL_RATE_HZ = 25.0


class _Capture:
    """What both have in common once OpenCV has opened them."""

    _capture: Any = None

    def grab(self) -> bool:
        """Wait for the next picture; False where none will come: the end, or silence for too long."""
        return bool(self._capture.grab())

    def retrieve(self) -> ImageArray | None:
        """The grabbed picture in BGR; None where it cannot be decoded."""
        read, image = self._capture.retrieve()
        if not read or image is None or not image.size:
            return None
        if image.ndim == 2 or image.shape[2] == 1:
            cv2 = quiet_cv2()
            image = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
        picture: ImageArray = np.ascontiguousarray(image[:, :, :3])
        return picture

    def release(self) -> None:
        """Close it."""
        if self._capture is not None:
            self._capture.release()


class DeviceCamera(_Capture):
    """A camera of this machine.

    Args:
        choice: which; when its index has come to stand for another camera, it is looked for by its name.
        config: the size and rate asked of it; it may give others.
    """

    def __init__(self, choice: CameraChoice, config: CameraConfig) -> None:
        self._choice, self._config = choice, config

    def open(self) -> None:
        """Open it and ask for size and rate.

        Raises:
            UsageError: gone, refused or in use.
        """
        cv2 = quiet_cv2()
        index, path = self._find()
        self._capture = cv2.VideoCapture(index, backend(cv2))
        if not self._capture.isOpened():
            raise open_error(self._choice.name, path)
        config = self._config
        if config.width_px * config.height_px > _UNCOMPRESSED_PX:
            self._capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, config.width_px)
        self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, config.height_px)
        self._capture.set(cv2.CAP_PROP_FPS, config.rate_hz)

    def _find(self) -> tuple[int, str | None]:
        """Its index now and its node: a camera that was pulled out and put back may get another number."""
        index, path = self._choice.index or 0, self._choice.address or None
        if sys.platform != "linux":  # elsewhere looking would open every camera, or take seconds
            return index, path
        same_name = [camera for camera in list_cameras() if camera.name == self._choice.name]
        if not same_name:
            raise camera_error("gone", self._choice.name, path)
        found = next((camera for camera in same_name if camera.index == index), same_name[0])
        return found.index, found.path


class StreamCamera(_Capture):
    """A network camera.

    Args:
        choice: its address.
        config: how long it may send nothing.
        clock: tells what is past when it comes.
    """

    def __init__(self, choice: CameraChoice, config: CameraConfig, clock: Clock) -> None:
        self._choice, self._config, self._clock = choice, config, clock

    def open(self) -> None:
        """Connect, and pass over what lay ready.

        Raises:
            UsageError: it cannot be reached or sends no pictures.
        """
        cv2 = quiet_cv2()
        limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(OPEN_WITHIN_S * 1000)]
        limits += [cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(self._config.lost_after_s * 1000)]
        self._capture = cv2.VideoCapture(self._choice.address, cv2.CAP_FFMPEG, limits)
        if not self._capture.isOpened():
            raise stream_error(self._choice.name)
        self._catch_up(self._capture.get(cv2.CAP_PROP_FPS))

    def _catch_up(self, stated_hz: float) -> None:
        """Pass over pictures that were read while the stream was probed: their moment of grabbing is none."""
        period_s = 1 / (stated_hz if 1 <= stated_hz <= 240 else _USUAL_RATE_HZ)
        start_s = before_s = self._clock.now_s()
        while before_s - start_s < _CATCH_UP_S and self._capture.grab():
            now_s = self._clock.now_s()
            if now_s - before_s > period_s / 2:  # this one had to be waited for
                return
            before_s = now_s


def open_error(name: str, path: str | None) -> UsageError:
    """Why a camera of this machine does not open, as far as the system tells."""
    if sys.platform != "linux":
        return camera_error("refused or busy" if list_cameras() else "none", name)
    from live_sentiment.sources.camera.v4l2 import trouble_with

    return camera_error(trouble_with(path) if path else "silent", name, path)
