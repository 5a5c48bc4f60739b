"""Cameras on Linux, with made-up nodes and a driver that answers as linux/videodev2.h says."""

from __future__ import annotations

import errno
import os
import struct
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from live_sentiment.sources.camera.info import CameraMode
from live_sentiment.sources.camera.v4l2 import (
    ENUMERATE_FORMATS,
    ENUMERATE_INTERVALS,
    ENUMERATE_SIZES,
    QUERY_CAPABILITIES,
    REQUEST_BUFFERS,
    linux_cameras,
    trouble_with,
)

CAPTURE, METADATA, DEVICE_CAPS = 0x1, 0x0080_0000, 0x8000_0000
YUYV, MJPG = 0x56595559, 0x47504A4D


@dataclass
class Driver:
    """Answers `ioctl` for files by their names."""

    capabilities: dict[str, int] = field(default_factory=dict)
    sizes: dict[int, list[tuple[int, ...]]] = field(default_factory=dict)
    """By pixel format: kind, then width and height or a range of them."""
    intervals: dict[tuple[int, int, int], list[tuple[int, int]]] = field(default_factory=dict)
    busy: bool = False

    def __call__(self, node: int, request: int, answer: bytearray) -> int:
        name = os.path.realpath(f"/proc/self/fd/{node}").rpartition("/")[2]
        if request == QUERY_CAPABILITIES:
            if name not in self.capabilities:
                raise OSError(errno.ENOTTY, "no driver")
            everything = CAPTURE | METADATA | DEVICE_CAPS
            struct.pack_into("=2I", answer, 84, everything, self.capabilities[name])
        elif request == REQUEST_BUFFERS:
            if self.busy:
                raise OSError(errno.EBUSY, "busy")
        else:
            self._list(request, answer)
        return 0

    def _list(self, request: int, answer: bytearray) -> None:
        index, *asked = struct.unpack_from("=4I", answer)
        try:
            if request == ENUMERATE_FORMATS:
                struct.pack_into("=I", answer, 44, list(self.sizes)[index])
            elif request == ENUMERATE_SIZES:
                entry = self.sizes[asked[0]][index]
                struct.pack_into(f"={len(entry)}I", answer, 8, *entry)
            else:
                assert request == ENUMERATE_INTERVALS
                seconds, per = self.intervals[asked[0], asked[1], asked[2]][index]
                struct.pack_into("=3I", answer, 16, 1, seconds, per)
        except (IndexError, KeyError):
            raise OSError(errno.EINVAL, "no more") from None


@dataclass
class Machine:
    system: Path
    devices: Path

    def plug(self, number: int, name: str, index: int = 0, mode: int = 0o600) -> None:
        entry = self.system / f"video{number}"
        entry.mkdir(parents=True)
        (entry / "name").write_text(f"{name}\n")
        (entry / "index").write_text(f"{index}\n")
        node = self.devices / f"video{number}"
        node.touch()
        node.chmod(mode)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    (tmp_path / "dev").mkdir()
    return Machine(tmp_path / "sys", tmp_path / "dev")


def test_capture_nodes_are_listed_by_number_with_their_modes(machine: Machine) -> None:
    machine.plug(10, "Capture Card")
    machine.plug(2, "HD Webcam")
    machine.plug(3, "HD Webcam", index=1)
    driver = Driver(
        {"video10": CAPTURE, "video2": CAPTURE, "video3": METADATA},
        {YUYV: [(1, 640, 480)], MJPG: [(1, 640, 480), (1, 1280, 720)]},
        {
            (YUYV, 640, 480): [(1, 30), (1, 15)],
            (MJPG, 640, 480): [(1, 60), (1, 30)],
            (MJPG, 1280, 720): [(1001, 30000), (0, 30)],
        },
    )
    webcam, card = linux_cameras(machine.system, machine.devices, driver)
    assert (webcam.index, webcam.name, webcam.path) == (2, "HD Webcam", str(machine.devices / "video2"))
    assert webcam.modes == (CameraMode(1280, 720, (29.97,)), CameraMode(640, 480, (60.0, 30.0, 15.0)))
    assert webcam.problem is None
    assert (card.index, card.name) == (10, "Capture Card")


def test_in_a_container_a_node_may_be_all_there_is(machine: Machine) -> None:
    (machine.devices / "video1").touch()
    (camera,) = linux_cameras(machine.system, machine.devices, Driver({"video1": CAPTURE}))
    assert (camera.index, camera.name) == (1, "camera 1")


def test_of_a_range_of_sizes_the_largest_is_shown(machine: Machine) -> None:
    machine.plug(0, "Loopback")
    driver = Driver({"video0": CAPTURE}, {YUYV: [(3, 16, 1920, 2, 16, 1080, 2)]})
    (camera,) = linux_cameras(machine.system, machine.devices, driver)
    assert camera.modes == (CameraMode(1920, 1080),)


def test_a_camera_that_may_not_be_opened_is_listed_with_the_reason(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.plug(0, "HD Webcam")
    machine.plug(1, "HD Webcam", index=1)

    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, "refused")

    monkeypatch.setattr(os, "open", refuse)
    (camera,) = linux_cameras(machine.system, machine.devices, Driver())
    assert (camera.index, camera.name, camera.problem) == (0, "HD Webcam", "not permitted")


def test_a_machine_without_video_devices_has_no_cameras(machine: Machine) -> None:
    assert linux_cameras(machine.system, machine.devices, Driver()) == []
    machine.plug(0, "Gone in the meantime")
    (machine.devices / "video0").unlink()
    assert linux_cameras(machine.system, machine.devices, Driver()) == []
    machine.plug(1, "Without a driver")
    assert linux_cameras(machine.system, machine.devices, Driver()) == []


def test_a_node_tells_why_it_gives_nothing(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.plug(0, "HD Webcam")
    path = str(machine.devices / "video0")
    assert trouble_with(path, Driver()) == "silent"
    assert trouble_with(path, Driver(busy=True)) == "busy"
    assert trouble_with(str(machine.devices / "video7"), Driver()) == "gone"

    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, "refused")

    monkeypatch.setattr(os, "open", refuse)
    assert trouble_with(path, Driver()) == "refused"
