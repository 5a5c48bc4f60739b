"""Free memory that glibc keeps goes back to the system: a session takes what it needs, not the most ever.

By itself glibc gives back what lies at the end of a heap, and nearly every thread has a heap of its own: a
few bytes in use behind pictures that waited keep the pages of all of them. It matters most under load, where
queues fill and empty again.
"""

from __future__ import annotations

import ctypes
import platform

GIVE_BACK_EVERY_S = 30.0
"""How often a session does so: a page that was given back costs a fault when it is wanted again."""


LARGE_BYTES = 8 << 20
"""A block of this size and more is given back as soon as it is free; each time that takes its pages anew. A
picture of 1920 × 1080 pixels is smaller: it comes too often."""
_M_MMAP_THRESHOLD = -3


def give_back_large_blocks() -> None:
    """From now on free blocks of LARGE_BYTES and more are given back at once.

    By itself glibc raises this limit, up to 32 MiB, to the size of the largest block that was freed.
    """
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES)


def give_back_memory() -> None:
    """Give back free pages, wherever in a heap they lie; without glibc nothing happens."""
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).malloc_trim(0)
