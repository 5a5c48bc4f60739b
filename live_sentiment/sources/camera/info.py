"""What is known of a camera before it is opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

CameraKind: TypeAlias = Literal["device", "stream", "file"]


@dataclass(frozen=True, slots=True)
class CameraMode:
    """A size that a camera offers, and how often."""

    width_px: int
    height_px: int
    rates_hz: tuple[float, ...] = ()
    """Frame rates at that size, highest first; empty where the system does not tell."""


@dataclass(frozen=True, slots=True)
class CameraInfo:
    """A camera of this machine."""

    index: int
    """As OpenCV counts them."""
    name: str
    """As the system calls it; "camera 0" where it does not say."""
    path: str | None = None
    """The device node, where there are such: "/dev/video0"."""
    modes: tuple[CameraMode, ...] = ()
    """Largest first; empty where the system does not tell without opening it."""
    problem: str | None = None
    """Why it cannot be used, for people; None where nothing is known to be wrong."""


@dataclass(frozen=True, slots=True)
class CameraChoice:
    """Where pictures are to come from."""

    kind: CameraKind
    name: str
    """What a person calls it; an address is without its password."""
    index: int | None = None
    """Of a device."""
    address: str = ""
    """Of a stream, with its password; of a file, its path."""
    loop: bool = False
    """Of a file: begin again at its end."""
