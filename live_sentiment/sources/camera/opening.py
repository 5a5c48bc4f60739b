"""OpenCV as cameras need it: quiet, and with the backend of this system."""

from __future__ import annotations

import os
import sys
from typing import Any


def opens(index: int) -> bool:
    """Whether OpenCV opens the camera of this index."""
    cv2 = quiet_cv2()
    capture = cv2.VideoCapture(index, backend(cv2))
    opened = bool(capture.isOpened())
    capture.release()
    return opened


def quiet_cv2() -> Any:
    """OpenCV without its lines on the terminal, which is the dashboard's.

    It also waits no longer than a few seconds for a camera that was pulled out, so that the reader that was
    abandoned there lets go of it soon; OpenCV knows both settings from the environment only.
    """
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "3")
    import cv2

    cv2.utils.logging.setLogLevel(0)
    return cv2


def backend(cv2: Any) -> int:
    """The one that opens cameras of this system promptly and counts them as the listing does."""
    backends = {"linux": cv2.CAP_V4L2, "darwin": cv2.CAP_AVFOUNDATION, "win32": cv2.CAP_DSHOW}
    return int(backends.get(sys.platform, cv2.CAP_ANY))
