"""Which microphones there are, and which one is meant."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from live_sentiment.core.errors import UsageError
from live_sentiment.sources.microphone.backend import MicrophoneInfo, SoundBackend
from live_sentiment.sources.microphone.errors import microphone_error
from live_sentiment.sources.microphone.portaudio import PortAudio

__all__ = ["MicrophoneInfo", "choose_microphone", "list_microphones", "same_microphone"]


def list_microphones(backend: SoundBackend | None = None) -> list[MicrophoneInfo]:
    """The microphones of this machine, by index. On some systems one of them is listed once per host API.

    Raises:
        UsageError: the PortAudio library is missing; says how to install it.
    """
    return (backend or PortAudio()).microphones()


def choose_microphone(choice: str | None, backend: SoundBackend | None = None) -> MicrophoneInfo:
    """The microphone that a user means.

    Args:
        choice: an index, a name, a name with its host API ("Headset, MME"), or a part of a name, in upper or
            lower case; None is the system's default. Of one that several host APIs offer, the default's is
            taken, or else the first.
        backend: None is PortAudio.

    Raises:
        UsageError: there is no such microphone, or more than one; the nearest in name are listed. There is
            none at all, or no PortAudio library.
    """
    microphones = list_microphones(backend)
    choice = choice.strip() if choice else None
    if not microphones:
        raise microphone_error("none")
    if choice is None:
        return next((info for info in microphones if info.is_default), microphones[0])
    if choice.isdecimal():
        return _by_index(int(choice), microphones)
    return _by_name(choice, microphones)


def same_microphone(wanted: MicrophoneInfo, backend: SoundBackend) -> MicrophoneInfo | None:
    """The microphone of the same name and host API as one listed earlier; None while it is not there."""
    known = [info for info in backend.microphones() if info.name == wanted.name]
    return next((info for info in known if info.host_api == wanted.host_api), None)


def _by_index(index: int, microphones: Sequence[MicrophoneInfo]) -> MicrophoneInfo:
    for info in microphones:
        if info.index == index:
            return info
    raise UsageError(f"there is no microphone {index}; there are {_listed(microphones)}")


def _by_name(choice: str, microphones: Sequence[MicrophoneInfo]) -> MicrophoneInfo:
    wanted = choice.casefold()
    matching = (
        [info for info in microphones if wanted in (info.name.casefold(), _full_name(info).casefold())]
        or [info for info in microphones if wanted in info.name.casefold()]
        or [info for info in microphones if wanted in _full_name(info).casefold()]
    )
    if not matching:
        raise UsageError(f"there is no microphone named {choice!r}; {_near(choice, microphones)}")
    if len({info.name for info in matching}) > 1:
        raise UsageError(f"{choice!r} may mean {_listed(matching)}; give more of the name, or the number")
    usual = next((info.host_api for info in microphones if info.is_default), None)
    return next((info for info in matching if info.host_api == usual), matching[0])


def _near(choice: str, microphones: Sequence[MicrophoneInfo]) -> str:
    names = {info.name.casefold(): info for info in reversed(microphones)}
    close = difflib.get_close_matches(choice.casefold(), names, n=3, cutoff=0.5)
    if close:
        return f"near to it are {_listed([names[name] for name in close])}"
    return f"there are {_listed(microphones)}"


def _listed(microphones: Sequence[MicrophoneInfo]) -> str:
    return ", ".join(f"{info.index} ({_full_name(info)})" for info in microphones)


def _full_name(info: MicrophoneInfo) -> str:
    return f"{info.name}, {info.host_api}"
