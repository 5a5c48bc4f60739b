from __future__ import annotations

import pytest

from live_sentiment.core.errors import UsageError
from live_sentiment.sources.camera.errors import Trouble, camera_error

HINTS: dict[tuple[Trouble, str], str] = {
    ("none", "linux"): "ls /dev/video",
    ("none", "darwin"): "System Information",
    ("none", "win32"): "Device Manager",
    ("refused", "linux"): "usermod -aG video",
    ("refused", "darwin"): "Privacy & Security > Camera",
    ("refused", "win32"): "Privacy & security > Camera",
    ("busy", "linux"): "fuser -v /dev/video3",
    ("busy", "darwin"): "FaceTime",
    ("busy", "win32"): "Teams",
    ("gone", "linux"): "plug it in again",
    ("silent", "win32"): "plug it out and in",
    ("refused or busy", "darwin"): "Privacy & Security > Camera",
    ("none", "freebsd14"): "ls /dev/video",
}


@pytest.mark.parametrize(("case", "hint"), HINTS.items())
def test_each_trouble_says_what_to_do_on_each_system(case: tuple[Trouble, str], hint: str) -> None:
    trouble, system = case
    error = camera_error(trouble, "HD Webcam", "/dev/video3", system)
    assert isinstance(error, UsageError)
    assert hint in str(error)
    assert "--no-camera" in str(error)
    assert "HD Webcam" in str(error) or trouble == "none"


def test_no_two_troubles_read_the_same() -> None:
    troubles: list[Trouble] = ["none", "gone", "refused", "busy", "silent", "refused or busy"]
    for system in ("linux", "darwin", "win32"):
        assert len({str(camera_error(trouble, system=system)) for trouble in troubles}) == len(troubles)
