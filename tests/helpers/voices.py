"""Sounds that pass for speech, and models that pass for Whisper, made on the spot."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

RATE = 16_000


def hum(seconds: float, pitch_hz: float = 140.0) -> np.ndarray:
    """A buzzing vowel whose formants glide, which the network takes for speech."""
    t = np.arange(int(seconds * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(pitch_hz * (1 + 0.1 * np.sin(2 * np.pi * 3 * t))) / RATE
    voice = np.zeros_like(t)
    for harmonic in range(1, 25):
        hz = harmonic * pitch_hz
        first, second = 500 + 250 * np.sin(2 * np.pi * 2 * t), 1500 + 500 * np.sin(2 * np.pi * 1.5 * t)
        gain = np.exp(-(((hz - first) / 120) ** 2)) + 0.5 * np.exp(-(((hz - second) / 180) ** 2))
        voice += gain * np.sin(harmonic * phase)
    return (0.3 * voice * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * t))).astype(np.float32)


def silence(seconds: float) -> np.ndarray:
    noise = np.random.default_rng(3).normal(0, 1e-3, int(seconds * RATE))
    return noise.astype(np.float32)


def write_model(file: Path, arrays: dict[str, np.ndarray], version: int = 6) -> None:
    """A CTranslate2 model.bin."""

    def name(text: str) -> bytes:
        return struct.pack("<H", len(text) + 1) + text.encode() + b"\0"

    kinds = {"float32": 0, "int8": 1, "float16": 4}
    body = struct.pack("<I", version) + name("WhisperSpec") + struct.pack("<II", 3, len(arrays))
    for key, array in arrays.items():
        kind = kinds.get(str(array.dtype), 9)
        body += name(key) + struct.pack(f"<B{array.ndim}I", array.ndim, *array.shape)
        body += struct.pack("<BI", kind, array.nbytes) + array.tobytes()
    file.write_bytes(body + struct.pack("<I", 0))


def write_whisper(folder: Path, width: int = 64, layers: int = 4, positions: int = 400) -> Path:
    """A folder with a small Whisper encoder of random weights, as CTranslate2 would have it."""
    random = np.random.default_rng(0)

    def linear(outputs: int, *inputs: int) -> dict[str, np.ndarray]:
        scale = np.prod(inputs) ** -0.5
        weight = random.normal(0, scale, (outputs, *inputs)).astype(np.float32)
        return {"weight": weight, "bias": np.zeros(outputs, np.float32)}

    norm = {"gamma": np.ones(width, np.float32), "beta": np.zeros(width, np.float32)}
    parts = {"conv1": linear(width, 80, 3), "conv2": linear(width, width, 3)}
    for layer in range(layers):
        parts |= {
            f"layer_{layer}/self_attention/layer_norm": norm,
            f"layer_{layer}/self_attention/linear_0": linear(3 * width, width),
            f"layer_{layer}/self_attention/linear_1": linear(width, width),
            f"layer_{layer}/ffn/layer_norm": norm,
            f"layer_{layer}/ffn/linear_0": linear(4 * width, width),
            f"layer_{layer}/ffn/linear_1": linear(width, 4 * width),
        }
    arrays = {
        f"encoder/{part}/{kind}": array for part, kinds in parts.items() for kind, array in kinds.items()
    }
    arrays["encoder/position_encodings/encodings"] = np.zeros((positions, width), np.float32)
    folder.mkdir(parents=True, exist_ok=True)
    write_model(folder / "model.bin", arrays)
    return folder
