"""Cameras on macOS and Windows, by the systems' own tools; OpenCV itself tells neither names nor numbers.

On macOS OpenCV counts cameras in the order of their unique ids, which `system_profiler` states. On Windows
nothing that comes with the system tells DirectShow's order, so a name is given only where there is one
camera: a name on the wrong camera is worse than none.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

from live_sentiment.sources.camera.info import CameraInfo

Run = Callable[[list[str]], str]

PROBED = 4
"""Indexes tried where the system does not tell how many cameras there are."""
_ANSWER_WITHIN_S = 10.0

_MACOS = ["system_profiler", "-json", "SPCameraDataType"]
_WINDOWS = [
    "powershell",
    "-NoProfile",
    "-Command",
    "[Console]::OutputEncoding = [Text.Encoding]::UTF8; "
    "Get-CimInstance Win32_PnPEntity -Filter \"PNPClass='Camera' OR PNPClass='Image'\" "
    "| Where-Object Present | ForEach-Object Name",
]


def run_tool(command: list[str]) -> str:
    """What a tool of the system prints; nothing where it is missing, fails or takes too long."""
    try:
        done = subprocess.run(
            command, capture_output=True, check=True, timeout=_ANSWER_WITHIN_S, encoding="utf-8"
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ""
    return done.stdout


def macos_cameras(run: Run = run_tool) -> list[CameraInfo]:
    """What `system_profiler` lists, counted as OpenCV does."""
    try:
        listed = json.loads(run(_MACOS))["SPCameraDataType"]
        known = sorted((str(camera.get("spcamera_unique-id", "")), str(camera["_name"])) for camera in listed)
    except (ValueError, KeyError, TypeError, AttributeError):
        return []
    return [CameraInfo(index, name) for index, (_, name) in enumerate(known)]


def windows_cameras(opens: Callable[[int], bool], run: Run = run_tool) -> list[CameraInfo]:
    """The indexes that open, with their name where there is no doubt.

    Args:
        opens: whether OpenCV opens the camera of an index; takes a second or so for each.
        run: runs a tool of the system.
    """
    names = [line.strip() for line in run(_WINDOWS).splitlines() if line.strip()]
    indexes = [index for index in range(PROBED) if opens(index)]
    if len(indexes) == len(names) == 1:
        return [CameraInfo(indexes[0], names[0])]
    return [CameraInfo(index, f"camera {index}") for index in indexes]
