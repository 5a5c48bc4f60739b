"""Which cameras there are, and which one is meant.

A camera may be named by its number, its name or a part of it, its device node, the address of a network
camera, or a video file that is to be shown as a camera would.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from live_sentiment.core.errors import UsageError
from live_sentiment.sources.camera.errors import camera_error
from live_sentiment.sources.camera.info import CameraChoice, CameraInfo, CameraMode
from live_sentiment.sources.camera.names import PROBED, macos_cameras, windows_cameras
from live_sentiment.sources.camera.opening import opens

__all__ = ["CameraChoice", "CameraInfo", "CameraMode", "choose_camera", "list_cameras"]

STREAMS = frozenset({"http", "https", "rtmp", "rtmps", "rtp", "rtsp", "rtsps", "srt", "tcp", "udp"})
"""Schemes of addresses that are network cameras."""


def list_cameras() -> list[CameraInfo]:
    """The cameras of this machine, by index.

    On Linux the kernel is asked, which opens no camera. On macOS the system's own list is read; where it is
    empty, and on Windows always, the first few indexes are opened one after the other, which takes a while.
    """
    if sys.platform == "linux":
        from live_sentiment.sources.camera.v4l2 import linux_cameras

        return linux_cameras()
    if sys.platform == "win32":
        return windows_cameras(opens)
    return macos_cameras() or [CameraInfo(i, f"camera {i}") for i in range(PROBED) if opens(i)]


def choose_camera(choice: str | None, loop: bool = False) -> CameraChoice:
    """The camera that a user means.

    Args:
        choice: a number, a name or a part of it, a device node, an address or a file; None is the first
            camera that may be used.
        loop: show a video file over and over.

    Raises:
        UsageError: there is no such camera, or more than one; the cameras nearest in name are listed. There
            is no such file, or there are no pictures in it.
    """
    choice = choice if choice is None else choice.strip()
    if choice and "://" in choice:
        chosen = _stream(choice)
    elif choice and _is_file(choice):
        chosen = _file(choice, loop)
    elif sys.platform == "win32" and (not choice or choice.isdecimal()):
        index = int(choice or 0)  # to list them would open every one, and opening it will tell
        chosen = CameraChoice("device", f"camera {index}", index)
    else:
        chosen = _device(choice or None, list_cameras())
    if loop and chosen.kind != "file":
        raise UsageError(f"only a video file can be shown over and over, not {chosen.name}: leave out --loop")
    return chosen


def _stream(address: str) -> CameraChoice:
    scheme = address.partition("://")[0].lower()
    if scheme not in STREAMS:
        known = ", ".join(f"{name}://" for name in sorted(STREAMS))
        raise UsageError(f"{scheme}:// is no address of a camera; it begins with one of {known}")
    try:
        parts = urlsplit(address)
        hidden = parts.password is not None
    except ValueError as error:
        raise UsageError(f"{address} is no address: {error}") from error
    if not parts.netloc:
        raise UsageError(f"{address} names no host")
    host = parts.netloc.rpartition("@")[2]
    shown = parts._replace(netloc=f"{parts.username}:***@{host}") if hidden else parts
    return CameraChoice("stream", urlunsplit(shown), address=address)


def _is_file(choice: str) -> bool:
    if choice.isdecimal() or choice.startswith("/dev/"):
        return False
    from live_sentiment.sources.media.inputs import MEDIA_SUFFIXES

    path = Path(choice).expanduser()
    return path.is_file() or path.suffix.lower() in MEDIA_SUFFIXES


def _file(choice: str, loop: bool) -> CameraChoice:
    from live_sentiment.sources.media.container import probe

    path = Path(choice).expanduser()
    if not probe(path).has_video:
        raise UsageError(f"{path} holds sound but no pictures, so it cannot be shown as a camera")
    return CameraChoice("file", path.name, address=str(path), loop=loop)


def _device(choice: str | None, cameras: Sequence[CameraInfo]) -> CameraChoice:
    if not cameras:
        raise camera_error("none")
    if choice is None:
        camera = next((camera for camera in cameras if camera.problem is None), cameras[0])
    elif choice.isdecimal() or choice.startswith("/dev/"):
        camera = _by_number(choice, cameras)
    else:
        camera = _by_name(choice, cameras)
    return CameraChoice("device", camera.name, camera.index, camera.path or "")


def _by_number(choice: str, cameras: Sequence[CameraInfo]) -> CameraInfo:
    node = str(Path(choice).resolve()) if choice.startswith("/dev/") else None
    for camera in cameras:
        if node == camera.path if node else camera.index == int(choice):
            return camera
    raise UsageError(f"there is no camera {choice}; there are {_listed(cameras)}")


def _by_name(choice: str, cameras: Sequence[CameraInfo]) -> CameraInfo:
    wanted = choice.casefold()
    same = [camera for camera in cameras if camera.name.casefold() == wanted]
    meant = same or [camera for camera in cameras if wanted in camera.name.casefold()]
    if len(meant) == 1:
        return meant[0]
    if meant:
        raise UsageError(f"{choice!r} may mean {_listed(meant)}; choose by number")
    folded = [camera.name.casefold() for camera in cameras]
    near = difflib.get_close_matches(wanted, folded, n=3, cutoff=0.5)
    nearest = [camera for camera in cameras if camera.name.casefold() in near]
    if nearest:
        raise UsageError(f"there is no camera {choice!r}; did you mean {_listed(nearest)}?")
    raise UsageError(f"there is no camera {choice!r}, and no file of that name; there are {_listed(cameras)}")


def _listed(cameras: Sequence[CameraInfo]) -> str:
    return ", ".join(f"{camera.index} ({camera.name})" for camera in cameras)
