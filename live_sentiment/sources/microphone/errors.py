"""Why a microphone cannot be used, each with what to do about it on this system."""

from __future__ import annotations

import errno
import sys
from typing import Literal, TypeAlias

from live_sentiment.core.errors import UsageError

Trouble: TypeAlias = Literal["no library", "none", "gone", "refused", "busy", "failed", "silent", "hangs"]

_WHAT: dict[Trouble, str] = {
    "no library": "the PortAudio library, by which microphones are heard, is not installed",
    "none": "no microphone was found",
    "gone": "the microphone {name} is not there any more",
    "refused": "the microphone {name} may not be used by this program",
    "busy": "the microphone {name} is in use by another program",
    "failed": "the microphone {name} cannot be opened ({detail})",
    "silent": "the microphone {name} gives nothing but digital silence",
    "hangs": "the system's sound library hangs in a call",
}

_TODO: dict[str, dict[Trouble, str]] = {
    "linux": {
        "no library": "`sudo apt install libportaudio2` (Debian, Ubuntu) or `sudo dnf install portaudio` "
        "(Fedora)",
        "none": "plug one in, and see that `arecord -l` or `pactl list short sources` shows it (a container "
        "or a virtual machine must be given it)",
        "gone": "plug it in again; `arecord -l` or `pactl list short sources` must show it",
        "refused": "join the group that may: `sudo usermod -aG audio $USER`, then log in again; a Flatpak or "
        "Snap terminal must be allowed to record",
        "busy": "close that program (`fuser -v /dev/snd/*` names it), or choose the microphone that shares "
        "it: --microphone default",
        "hangs": "pull out the sound device it waits for, restart the sound server (`systemctl --user "
        "restart pipewire pulseaudio`), and begin again",
        "silent": "see that neither a switch on it nor `pavucontrol` or `alsamixer` mutes it",
        "failed": "see that `arecord -d 2 test.wav` records, and choose another one with --microphone",
    },
    "darwin": {
        "no library": "`pip install --force-reinstall sounddevice`, which brings it, or `brew install "
        "portaudio`",
        "none": "plug one in, and see that System Settings > Sound > Input shows it",
        "gone": "plug it in again; System Settings > Sound > Input must show it",
        "refused": "allow your terminal program under System Settings > Privacy & Security > Microphone, "
        "then start it anew",
        "hangs": "pull out the sound device it waits for, `sudo killall coreaudiod`, and begin again",
        "busy": "close Zoom, Teams, Logic and whatever else may use it alone",
        "silent": "allow your terminal program under System Settings > Privacy & Security > Microphone, "
        "start it anew, and see that the microphone is not muted",
        "failed": "see that System Settings > Sound > Input shows its level, and that your terminal program "
        "is allowed under Privacy & Security > Microphone",
    },
    "win32": {
        "no library": "`pip install --force-reinstall sounddevice`, which brings it",
        "none": "plug one in, and see that Settings > System > Sound > Input shows it",
        "gone": "plug it in again; Settings > System > Sound > Input must show it",
        "refused": "allow desktop apps under Settings > Privacy & security > Microphone",
        "hangs": "pull out the sound device it waits for, restart the service Windows Audio, and begin again",
        "busy": "close Teams, Zoom and whatever else may use it, and take away the right of exclusive use "
        "under Sound > Recording > Properties > Advanced",
        "silent": "see that it is not muted under Settings > System > Sound > Input, nor by a switch on it",
        "failed": "see that Settings > System > Sound > Input shows its level, and that desktop apps are "
        "allowed under Privacy & security > Microphone",
    },
}

# PortAudio's own codes (portaudio.h), and those it passes on from the system below it.
_UNAVAILABLE = -9985
_INVALID_DEVICE = -9996
_HOST_ERROR = -9999
_BUSY = {-errno.EBUSY, -2004287478}  # ALSA; AUDCLNT_E_DEVICE_IN_USE
_REFUSED = {-errno.EACCES, -errno.EPERM, -2147024891}  # ALSA; E_ACCESSDENIED
_GONE = {-errno.ENODEV, -errno.ENOENT, -errno.ENXIO, -2004287484}  # ALSA; AUDCLNT_E_DEVICE_INVALIDATED


def microphone_error(
    trouble: Trouble, name: str = "", detail: str = "", system: str = sys.platform
) -> UsageError:
    """The error to raise.

    Args:
        trouble: what is wrong.
        name: what the system calls the microphone.
        detail: what the library says, where that is all that is known.
        system: as `sys.platform` has it.
    """
    explained = _explained(trouble, name, detail, system)
    return UsageError(f"{explained}; or go on without one: --no-microphone")


def silence_message(name: str, system: str = sys.platform) -> str:
    """What to tell of a microphone that can be opened and yet gives nothing."""
    return _explained("silent", name, "", system)


def opening_error(error: Exception, name: str, system: str = sys.platform) -> UsageError:
    """What to tell of an error that came when the microphone was opened.

    Args:
        error: a `sounddevice.PortAudioError` (message, code, then what the system below said), or any other.
        name: what the system calls the microphone.
        system: as `sys.platform` has it.
    """
    code = error.args[1] if len(error.args) > 1 else 0
    host_code, host_text = 0, ""
    if len(error.args) > 2:
        _, host_code, host_text = error.args[2]
    detail = host_text or str(error.args[0] if error.args else error)
    return microphone_error(_trouble(code, host_code), name, detail, system)


def _trouble(code: int, host_code: int) -> Trouble:
    if code == _UNAVAILABLE or host_code in _BUSY:
        return "busy"
    if code == _INVALID_DEVICE or host_code in _GONE:
        return "gone"
    if code == _HOST_ERROR and host_code in _REFUSED:
        return "refused"
    return "failed"


def _explained(trouble: Trouble, name: str, detail: str, system: str) -> str:
    what = _WHAT[trouble].format(name=name, detail=detail)
    return f"{what}: {_TODO.get(system, _TODO['linux'])[trouble]}"
