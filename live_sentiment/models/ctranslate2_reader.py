"""Arrays out of a CTranslate2 `model.bin`, without CTranslate2 and without executing anything.

The file, little-endian: binary version u32; name of the model's kind; its revision u32; number of arrays u32;
then per array its name, rank u8, dimensions u32 each, type u8, length in bytes u32 and the data; last,
aliases (two names each). A name is its length u16 followed by that many bytes, the last of which is zero.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from io import SEEK_CUR
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from live_sentiment.core.errors import RunError

BINARY_VERSION = 6
"""The version whose layout is described above; CTranslate2 has written it since 2022."""

_TYPES: dict[int, str] = {0: "<f4", 1: "|i1", 2: "<i2", 3: "<i4", 4: "<f2"}
"""Array types by their number; 5, bfloat16, has no numpy type and is refused."""


def read_arrays(file: Path, wanted: Callable[[str], bool]) -> dict[str, NDArray[Any]]:
    """Read the arrays whose names are wanted, and pass over the others.

    Raises:
        RunError: the file is missing, cut short, or of another version or type.
    """
    try:
        with file.open("rb") as stream:
            return _parse(stream, wanted, file.stat().st_size)
    except (OSError, ValueError) as error:
        raise RunError(
            f"cannot read the model {file}: {error}; fetch it again with `live-sentiment models`"
        ) from error


def _parse(stream: BinaryIO, wanted: Callable[[str], bool], size: int) -> dict[str, NDArray[Any]]:
    (version,) = _numbers(stream, "<I")
    if version != BINARY_VERSION:
        raise ValueError(f"CTranslate2 binary version {version}, not {BINARY_VERSION}")
    _name(stream)
    _revision, count = _numbers(stream, "<II")
    arrays: dict[str, NDArray[Any]] = {}
    for _ in range(count):
        name = _name(stream)
        (rank,) = _numbers(stream, "<B")
        shape = _numbers(stream, f"<{rank}I")
        kind, length = _numbers(stream, "<BI")
        if stream.tell() + length > size:
            raise ValueError("it is cut short")
        if not wanted(name):
            stream.seek(length, SEEK_CUR)
            continue
        if kind not in _TYPES:
            raise ValueError(f"{name} has the unknown type {kind}")
        arrays[name] = np.frombuffer(_exactly(stream, length), _TYPES[kind]).reshape(shape)
    return arrays


def _exactly(stream: BinaryIO, length: int) -> bytearray:
    raw = bytearray(stream.read(length))
    if len(raw) < length:
        raise ValueError("it is cut short")
    return raw


def _numbers(stream: BinaryIO, layout: str) -> tuple[int, ...]:
    return struct.unpack(layout, _exactly(stream, struct.calcsize(layout)))


def _name(stream: BinaryIO) -> str:
    (length,) = _numbers(stream, "<H")
    return _exactly(stream, length).removesuffix(b"\0").decode()
