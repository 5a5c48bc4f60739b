"""Arrays out of a CTranslate2 `model.bin`, without CTranslate2 and without executing anything.

The file, little-endian: binary version u32; name of the model's kind; its revision u32; number of arrays u32;
then per array its name, rank u8, dimensions u32 each, type u8, length in bytes u32 and the data; last,
aliases (two names each). A name is its length u16 followed by that many bytes, the last of which is zero.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from live_sentiment.errors import RunError

BINARY_VERSION = 6
"""The version whose layout is described above; CTranslate2 has written it since 2022."""

_TYPES: dict[int, str] = {0: "<f4", 1: "|i1", 2: "<i2", 3: "<i4", 4: "<f2"}
"""Array types by their number; 5, bfloat16, has no numpy type and is refused."""


def read_arrays(file: Path, wanted: Callable[[str], bool]) -> dict[str, NDArray[Any]]:
    """Copy the arrays whose names are wanted.

    Raises:
        RunError: the file is missing, cut short, or of another version or type.
    """
    try:
        with file.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _parse(memoryview(data), wanted)
    except (OSError, ValueError, struct.error) as error:
        raise RunError(
            f"cannot read the model {file}: {error}; fetch it again with `live-sentiment models`"
        ) from error


def _parse(data: memoryview, wanted: Callable[[str], bool]) -> dict[str, NDArray[Any]]:
    with data:
        cursor = _Cursor(data)
        (version,) = cursor.take("<I")
        if version != BINARY_VERSION:
            raise ValueError(f"CTranslate2 binary version {version}, not {BINARY_VERSION}")
        cursor.name()
        _revision, count = cursor.take("<II")
        arrays: dict[str, NDArray[Any]] = {}
        for _ in range(count):
            name = cursor.name()
            (rank,) = cursor.take("<B")
            shape = cursor.take(f"<{rank}I")
            kind, length = cursor.take("<BI")
            raw = cursor.bytes(length)
            if wanted(name):
                if kind not in _TYPES:
                    raise ValueError(f"{name} has the unknown type {kind}")
                arrays[name] = np.frombuffer(raw, _TYPES[kind]).reshape(shape).copy()
            raw.release()
        return arrays


class _Cursor:
    """Reads forward through the bytes and never past their end."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._at = 0

    def take(self, layout: str) -> tuple[int, ...]:
        values = struct.unpack_from(layout, self._data, self._at)
        self._at += struct.calcsize(layout)
        return values

    def bytes(self, length: int) -> memoryview:
        if self._at + length > len(self._data):
            raise ValueError("the file is cut short")
        self._at += length
        return self._data[self._at - length : self._at]

    def name(self) -> str:
        (length,) = self.take("<H")
        raw = self.bytes(length)
        text = bytes(raw).removesuffix(b"\0").decode()
        raw.release()
        return text
