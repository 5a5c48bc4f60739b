"""Cameras on Linux, as Video4Linux shows them: names from sysfs, capabilities and modes from the driver.

The structures and numbers are those of linux/videodev2.h. A camera may have several nodes, of which only
some capture pictures; the others (metadata, output, codecs) are left out.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

from live_sentiment.sources.camera.errors import Trouble
from live_sentiment.sources.camera.info import CameraInfo, CameraMode

Ioctl = Callable[[int, int, bytearray], object]

SYSTEM = Path("/sys/class/video4linux")
DEVICES = Path("/dev")

_READ, _READ_WRITE = 2, 3
_VIDEO_CAPTURE = 1
"""Both the capability and the type of buffer."""
_HAS_DEVICE_CAPS = 0x8000_0000
_DISCRETE = 1
_MEMORY_MAPPED = 1
_MOST = 1000
"""Entries asked for of any list: a driver that never ends one must not hang us."""


def _request(direction: int, number: int, size: int) -> int:
    return direction << 30 | size << 16 | ord("V") << 8 | number


QUERY_CAPABILITIES = _request(_READ, 0, 104)
ENUMERATE_FORMATS = _request(_READ_WRITE, 2, 64)
REQUEST_BUFFERS = _request(_READ_WRITE, 8, 20)
ENUMERATE_SIZES = _request(_READ_WRITE, 74, 44)
ENUMERATE_INTERVALS = _request(_READ_WRITE, 75, 52)


def linux_cameras(
    system: Path = SYSTEM, devices: Path = DEVICES, ioctl: Ioctl = fcntl.ioctl
) -> list[CameraInfo]:
    """Every capture node, in the order of their numbers.

    Args:
        system: where the kernel lists video devices.
        devices: where the device nodes are.
        ioctl: as `fcntl.ioctl`; fills the structure it is given.
    """
    nodes = map(_NODE.fullmatch, _names(system) + _names(devices))  # a container may show only the latter
    numbers = {int(match[1]) for match in nodes if match}
    found = (_camera(number, system, devices, ioctl) for number in sorted(numbers))
    return [camera for camera in found if camera is not None]


def trouble_with(path: str, ioctl: Ioctl = fcntl.ioctl) -> Trouble:
    """Why a camera that was asked for gives nothing, as far as its node tells."""
    try:
        node = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    except OSError as error:
        return _by_errno(error)
    try:
        # The driver refuses a second program buffers to stream into. Asking for none takes none.
        ioctl(node, REQUEST_BUFFERS, bytearray(struct.pack("=5I", 0, _VIDEO_CAPTURE, _MEMORY_MAPPED, 0, 0)))
    except OSError as error:
        return _by_errno(error)
    finally:
        os.close(node)
    return "silent"


_NODE = re.compile(r"video(\d+)")


def _names(folder: Path) -> list[str]:
    try:
        return [entry.name for entry in folder.iterdir()]
    except OSError:
        return []


def _by_errno(error: OSError) -> Trouble:
    if error.errno in {errno.EACCES, errno.EPERM}:
        return "refused"
    if error.errno == errno.EBUSY:
        return "busy"
    return "gone" if error.errno in {errno.ENOENT, errno.ENODEV, errno.ENXIO} else "silent"


def _camera(number: int, system: Path, devices: Path, ioctl: Ioctl) -> CameraInfo | None:
    path = devices / f"video{number}"
    name = _text(system / path.name / "name") or f"camera {number}"
    try:
        node = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    except OSError as error:
        # Nobody may ask it what it can do, but the first node of a camera is the one that captures.
        if _text(system / path.name / "index") not in {"", "0"} or not path.exists():
            return None
        problem = {"refused": "not permitted", "busy": "in use"}.get(_by_errno(error), "cannot be opened")
        return CameraInfo(number, name, str(path), problem=problem)
    try:
        if not _captures(node, ioctl):
            return None
        return CameraInfo(number, name, str(path), _modes(node, ioctl))
    except OSError:
        return None
    finally:
        os.close(node)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _captures(node: int, ioctl: Ioctl) -> bool:
    answer = bytearray(104)
    ioctl(node, QUERY_CAPABILITIES, answer)
    of_device, of_node = struct.unpack_from("=2I", answer, 84)
    return bool((of_node if of_device & _HAS_DEVICE_CAPS else of_device) & _VIDEO_CAPTURE)


def _modes(node: int, ioctl: Ioctl) -> tuple[CameraMode, ...]:
    """Every size with the rates of all its pixel formats, largest first."""
    rates: dict[tuple[int, int], set[float]] = {}
    for description in _entries(node, ioctl, ENUMERATE_FORMATS, 64, struct.pack("=I", _VIDEO_CAPTURE)):
        (pixels,) = struct.unpack_from("=I", description, 44)
        for size in _entries(node, ioctl, ENUMERATE_SIZES, 44, struct.pack("=I", pixels)):
            kind, *bounds = struct.unpack_from("=7I", size, 8)
            # Of a range of sizes (least, most, step, for width and height) the largest is shown.
            width, height = bounds[:2] if kind == _DISCRETE else (bounds[1], bounds[4])
            asked = struct.pack("=3I", pixels, width, height)
            of_size = rates.setdefault((width, height), set())
            for interval in _entries(node, ioctl, ENUMERATE_INTERVALS, 52, asked):
                seconds, per = struct.unpack_from("=2I", interval, 20)
                if seconds:
                    of_size.add(round(per / seconds, 3))
            # A range of rates is one entry, of which the first figure is the shortest interval.
    largest_first = sorted(rates.items(), key=lambda item: item[0][0] * item[0][1], reverse=True)
    return tuple(CameraMode(w, h, tuple(sorted(found, reverse=True))) for (w, h), found in largest_first)


def _entries(node: int, ioctl: Ioctl, request: int, size: int, asked: bytes) -> Iterator[bytearray]:
    """The entries of a driver's list, counted in the first field, up to the one that it refuses."""
    for index in range(_MOST):
        entry = bytearray(size)
        struct.pack_into("=I", entry, 0, index)
        entry[4 : 4 + len(asked)] = asked
        try:
            ioctl(node, request, entry)
        except OSError:
            return
        yield entry
        if request != ENUMERATE_FORMATS and _is_range(request, entry):
            return


def _is_range(request: int, entry: bytearray) -> bool:
    (kind,) = struct.unpack_from("=I", entry, 8 if request == ENUMERATE_SIZES else 16)
    return bool(kind != _DISCRETE)
