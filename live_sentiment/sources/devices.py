"""From what a person or a program names to a camera or a microphone, opened, and released at the end."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from live_sentiment.core.clock import Clock
    from live_sentiment.core.config import Config
    from live_sentiment.sources.capture import CaptureDevice

RELEASE_S = 2.0
"""What a device is given to be released."""


def camera(named: str | None, config: Config, clock: Clock, *, loop: bool = False) -> CaptureDevice:
    """A camera by number, name, address or file, not yet open; None is the system's own choice.

    Raises:
        UsageError: there is none such.
    """
    from live_sentiment.sources.camera.camera import Camera
    from live_sentiment.sources.camera.listing import choose_camera

    return Camera(choose_camera(named, loop), config.camera, clock)


def microphone(named: str | None, config: Config, clock: Clock) -> CaptureDevice:
    """A microphone by number or name, not yet open; None is the system's own choice.

    Raises:
        UsageError: there is none such.
    """
    from live_sentiment.sources.microphone.listing import choose_microphone
    from live_sentiment.sources.microphone.microphone import Microphone

    return Microphone(choose_microphone(named), config.microphone, clock)


def open_until(closing: ExitStack, device: CaptureDevice) -> CaptureDevice:
    """The device, open until the stack is closed.

    Raises:
        UsageError: it cannot be opened.
    """

    def release() -> None:
        device.stop()
        device.join(RELEASE_S)

    closing.callback(release)
    device.open()
    return device
