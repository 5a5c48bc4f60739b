"""What a microphone needs of the system's sound library, so that a test can stand in for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from numpy.typing import NDArray

Heard: TypeAlias = Callable[[NDArray[Any], float, bool], None]
"""Is called from the library's own thread with samples, float32 of shape (n, channels), the age of the first
of them in seconds as the library tells it (0 or nonsense where it does not know), and whether the system lost
sound before them. The samples are only lent."""


MOST_CHANNELS = 8
"""A microphone that offers more than 7.1 sound or an array of eight is taken for a sound server's."""


@dataclass(frozen=True, slots=True)
class MicrophoneInfo:
    """A microphone as the system lists it."""

    index: int
    """Its place in the list; another one as soon as a device comes or goes."""
    name: str
    host_api: str
    """The system's sound interface that offers it: "ALSA", "Core Audio", "Windows WASAPI", …"""
    channels: int
    """The most that it offers; sound servers say any number."""
    rate_hz: int
    """Its default sample rate."""
    is_default: bool = False
    """Whether the system takes it where none is named."""

    @property
    def recorded_channels(self) -> int:
        """How many of its channels are recorded: all, but of a sound server that makes up any number two."""
        return self.channels if self.channels <= MOST_CHANNELS else 2


class SoundStream(Protocol):
    """A microphone that was opened and gives sound, until it is closed or fails."""

    rate_hz: int
    channels: int
    latency_s: float
    """Delay between the microphone and the program, as the library states it."""

    @property
    def active(self) -> bool:
        """False once it has ended by itself: it was unplugged or failed."""
        ...

    def close(self) -> None:
        """Give no more sound. May block for as long as the driver does."""
        ...


class SoundBackend(Protocol):
    """The library; its calls may block and raise anything, and none of them runs beside another one."""

    def microphones(self) -> list[MicrophoneInfo]:
        """What the library knows of by now."""
        ...

    def refresh(self) -> None:
        """Have it look for devices anew, where none of its streams is open."""
        ...

    def abandon(self) -> None:
        """A call hangs and is waited for no more: see that the process can end all the same."""
        ...

    def open(self, info: MicrophoneInfo, block_s: float, heard: Heard) -> SoundStream:
        """Open it and let it give blocks of about `block_s` to `heard`.

        Raises:
            UsageError: it cannot be opened; says what to do.
        """
        ...
