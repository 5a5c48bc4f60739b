"""What stands between the frames of MP3 files that were joined end to end: tags and headers."""

from __future__ import annotations

_TAGS = (b"ID3", b"TAG", b"APETAGEX")
_HEADERS = {13: (b"Xing", b"Info"), 21: (b"Xing", b"Info"), 36: (b"Xing", b"Info", b"VBRI")}
"""By their place in a frame: behind its header and the side information of its version and channels."""


def holds_no_sound(packet: bytes) -> bool:
    """Whether a packet that FFmpeg's parser cut out of an MP3 file begins with a tag, or is a header.

    A header looks like a frame and would be decoded to 26 ms of silence.
    """
    return packet.startswith(_TAGS) or any(
        packet[place : place + 4] in names for place, names in _HEADERS.items()
    )
