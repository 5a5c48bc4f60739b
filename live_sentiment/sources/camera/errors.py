"""Why a camera cannot be used, each with what to do about it on this system."""

from __future__ import annotations

import sys
from typing import Literal, TypeAlias

from live_sentiment.core.errors import UsageError

Trouble: TypeAlias = Literal["none", "gone", "refused", "busy", "silent", "refused or busy"]

_WHAT: dict[Trouble, str] = {
    "none": "no camera was found",
    "gone": "{name} is not there any more",
    "refused": "{name} may not be used by this program",
    "busy": "{name} is in use by another program",
    "silent": "{name} gives no picture",
    "refused or busy": "{name} cannot be opened: it is not allowed, or another program uses it",
}

_TODO: dict[str, dict[Trouble, str]] = {
    "linux": {
        "none": "plug one in, and see that `ls /dev/video*` shows it (a container or a virtual machine must "
        "be given it)",
        "gone": "plug it in again; `ls /dev/video*` must show it",
        "refused": "join the group that may: `sudo usermod -aG video $USER`, then log in again",
        "busy": "close that program; `fuser -v {path}` names it",
        "silent": "plug it out and in again, into another socket if need be, and close other programs that "
        "may use it (`fuser -v {path}` names them)",
        "refused or busy": "`ls -l {path}` says who may use it, `fuser -v {path}` who does",
    },
    "darwin": {
        "none": "plug one in, and see that System Information > Camera shows it",
        "gone": "plug it in again; System Information > Camera must show it",
        "refused": "allow your terminal program under System Settings > Privacy & Security > Camera, then "
        "start it anew",
        "busy": "close FaceTime, Zoom, browsers and whatever else may use it",
        "silent": "plug it out and in again, and close other programs that may use it",
        "refused or busy": "allow your terminal program under System Settings > Privacy & Security > Camera "
        "and start it anew, and close FaceTime, Zoom and browsers",
    },
    "win32": {
        "none": "plug one in, and see that Device Manager > Cameras shows it",
        "gone": "plug it in again; Device Manager > Cameras must show it",
        "refused": "allow desktop apps under Settings > Privacy & security > Camera",
        "busy": "close Teams, Zoom, the Camera app and whatever else may use it",
        "silent": "plug it out and in again, and close other programs that may use it",
        "refused or busy": "allow desktop apps under Settings > Privacy & security > Camera, and close "
        "Teams, Zoom and the Camera app",
    },
}


def camera_error(
    trouble: Trouble, name: str = "the camera", path: str | None = None, system: str | None = None
) -> UsageError:
    """The error to raise.

    Args:
        trouble: what is wrong.
        name: what a person calls the camera.
        path: its device node, where there are such.
        system: as `sys.platform` has it; None is this one.
    """
    steps = _TODO.get(system or sys.platform, _TODO["linux"])
    node = path or "/dev/video0"
    what, todo = _WHAT[trouble].format(name=name), steps[trouble].format(path=node)
    return UsageError(f"{what}: {todo}; or go on without one: --no-camera")


def stream_error(name: str) -> UsageError:
    """Of a network camera that cannot be reached or sends no picture."""
    return UsageError(
        f"no picture comes from {name}: check the address, name and password included, "
        f"and that the camera is on and reachable from here (`ffplay {name}` must show it)"
    )
