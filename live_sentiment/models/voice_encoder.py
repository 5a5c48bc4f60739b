"""The acoustic encoder: the layers of the Whisper encoder, from the model that transcribes anyway.

What a Whisper encoder (Radford et al. 2022) knows of *how* something is said sits mostly in its first half,
while the later layers turn to the words; all of them together tell more than any alone. Unlike Whisper it
takes any length of sound up to 30 s as it is, without padding.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from live_sentiment.core.errors import RunError
from live_sentiment.core.types import SAMPLE_RATE_HZ, BoolArray, FloatArray
from live_sentiment.models.ctranslate2_reader import read_arrays

LAYERS = 4
"""Blocks of the encoder that are used: all that tiny.en has."""

N_FFT = 400  # samples, 25 ms
HOP = 160  # samples between two mel frames, 10 ms
MELS = 80
FRAME = 2 * HOP  # samples between two encoder frames, 20 ms: the second convolution has stride 2
FRAME_S = FRAME / SAMPLE_RATE_HZ
MAX_SAMPLES = 30 * SAMPLE_RATE_HZ
HEAD_SIZE = 64
"""Dimensions per attention head, the same in every Whisper model."""


class LogMel(nn.Module):
    """The log-mel spectrogram as Whisper has it: (B, n) samples to (B, 80, n // HOP).

    Everything more than 80 dB below the loudest point of the sound is cut to that floor.
    """

    filters: Tensor
    window: Tensor

    def __init__(self) -> None:
        super().__init__()
        from faster_whisper.feature_extractor import FeatureExtractor

        filters = FeatureExtractor.get_mel_filters(SAMPLE_RATE_HZ, N_FFT, MELS)
        self.register_buffer("filters", torch.as_tensor(filters, dtype=torch.float32))
        self.register_buffer("window", torch.hann_window(N_FFT))

    def forward(self, samples: Tensor) -> Tensor:
        """See the class."""
        spectrum = torch.stft(samples, N_FFT, HOP, window=self.window, return_complex=True)
        power = spectrum[..., :-1].abs().square()
        log = (self.filters @ power).clamp(min=1e-10).log10()
        log = log.maximum(log.amax(dim=(1, 2), keepdim=True) - 8.0)
        return (log + 4.0) / 4.0


class Block(nn.Module):
    """One residual attention block: self-attention and a two-layer perceptron, each behind a layer norm."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.heads = width // HEAD_SIZE
        self.attention_norm = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.attention_out = nn.Linear(width, width)
        self.mlp_norm = nn.LayerNorm(width)
        self.mlp_in = nn.Linear(width, 4 * width)
        self.mlp_out = nn.Linear(4 * width, width)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """(B, T, width) to (B, T, width); where `mask` (B, T) is False there is padding."""
        batch, frames, width = x.shape
        parts = self.query_key_value(self.attention_norm(x))
        parts = parts.reshape(batch, frames, 3, self.heads, HEAD_SIZE).permute(2, 0, 3, 1, 4)
        heard = None if mask is None else mask[:, None, None, :]
        attended = functional.scaled_dot_product_attention(parts[0], parts[1], parts[2], attn_mask=heard)
        x = x + self.attention_out(attended.transpose(1, 2).reshape(batch, frames, width))
        hidden: Tensor = self.mlp_out(functional.gelu(self.mlp_in(self.mlp_norm(x))))
        return x + hidden


class WhisperLayers(nn.Module):
    """The convolutional front end, the positions and the first blocks, without the final norm."""

    positions: Tensor

    def __init__(self, width: int, layers: int, positions: int = 1500) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(MELS, width, 3, padding=1)
        self.conv2 = nn.Conv1d(width, width, 3, stride=2, padding=1)
        self.register_buffer("positions", torch.zeros(positions, width))
        self.blocks = nn.ModuleList(Block(width) for _ in range(layers))

    def forward(self, mel: Tensor, mask: Tensor | None = None) -> Tensor:
        """(B, 80, T) log-mel frames to (B, ⌈T / 2⌉, width); where `mask` (B, T) is False there is padding."""
        return self.levels(mel, mask)[-1]

    def levels(self, mel: Tensor, mask: Tensor | None = None) -> list[Tensor]:
        """The same of every block, first to last."""
        x = functional.gelu(self.conv1(mel))
        if mask is not None:
            x = x * mask[:, None]
            mask = mask[:, ::2]
        x = functional.gelu(self.conv2(x)).transpose(1, 2)
        x = x + self.positions[: x.shape[1]]
        levels: list[Tensor] = []
        for block in self.blocks:
            x = block(x, mask)
            levels.append(x)
        return levels


class VoiceEncoder:
    """Sound to acoustic frames, and frames to one embedding.

    Attributes:
        embedding_dim: the mean and the deviation of every feature of every layer.
        fingerprint: SHA-256 of the arrays in use; a head fits only the encoder it was trained on.
    """

    def __init__(self, folder: Path, device: torch.device, layers: int = LAYERS) -> None:
        """Read the encoder from a folder that holds a Whisper model for CTranslate2.

        Raises:
            RunError: there is no such model, or it is not Whisper.
        """
        network, self.fingerprint = load_layers(folder, layers)
        self._device = device
        self._mel = LogMel().to(device)
        self._network = network.to(device).eval().requires_grad_(False)
        self.embedding_dim = 2 * layers * network.conv1.out_channels

    @torch.inference_mode()
    def frames(self, samples: FloatArray) -> Tensor:
        """Acoustic frames of (n,) samples: (T, layers, width), each 20 ms, frame i centred on sample 320 i.

        Raises:
            ValueError: more than 30 s of sound, or less than a window of the spectrum.
        """
        if not N_FFT <= len(samples) <= MAX_SAMPLES:
            raise ValueError(f"the encoder takes 25 ms to 30 s of sound, not {len(samples)} samples")
        sound = torch.from_numpy(np.ascontiguousarray(samples)).to(self._device)
        return torch.stack(self._network.levels(self._mel(sound[None])), dim=2)[0]


def speech_frames(speech: BoolArray) -> BoolArray:
    """Which frames of (n,) samples are speech, by the sample each is centred on; shape as `frames` gives."""
    count = -(-(len(speech) // HOP) // 2)
    return speech[::FRAME][:count]


def pool(frames: Tensor, speech: BoolArray) -> FloatArray:
    """One embedding of the frames that are speech: their means, then their standard deviations.

    Args:
        frames: (T, layers, width).
        speech: (T,), at least one frame true.

    Returns:
        Shape (2 · layers · width,).
    """
    chosen = frames[torch.from_numpy(speech).to(frames.device)]
    deviation, mean = torch.std_mean(chosen, dim=0, correction=0)
    embedding: FloatArray = torch.stack((mean, deviation)).flatten().cpu().numpy()
    return embedding


def load_layers(folder: Path, layers: int) -> tuple[WhisperLayers, str]:
    """The first layers of a Whisper encoder in CTranslate2's format, and the SHA-256 of their arrays.

    Raises:
        RunError: there is no such model in the folder, or it has fewer layers.
    """
    file = folder / "model.bin"
    wanted = ("conv", "position", *(f"layer_{index}/" for index in range(layers)))
    arrays = read_arrays(file, lambda name: name.removeprefix("encoder/").startswith(wanted))
    try:
        network = _network(arrays, layers)
    except (KeyError, RuntimeError) as error:
        raise RunError(f"{file} does not hold a Whisper encoder of {layers} layers: {error}") from error
    return network, _fingerprint(arrays)


def _network(arrays: Mapping[str, NDArray[Any]], layers: int) -> WhisperLayers:
    def tensor(name: str) -> Tensor:
        return torch.as_tensor(arrays[f"encoder/{name}"], dtype=torch.float32)

    names = {
        "attention_norm": "self_attention/layer_norm",
        "query_key_value": "self_attention/linear_0",
        "attention_out": "self_attention/linear_1",
        "mlp_norm": "ffn/layer_norm",
        "mlp_in": "ffn/linear_0",
        "mlp_out": "ffn/linear_1",
    }
    state = {"positions": tensor("position_encodings/encodings")}
    for conv in ("conv1", "conv2"):
        state |= {f"{conv}.{part}": tensor(f"{conv}/{part}") for part in ("weight", "bias")}
    for index in range(layers):
        for ours, theirs in names.items():
            weight, bias = ("gamma", "beta") if "norm" in ours else ("weight", "bias")
            state[f"blocks.{index}.{ours}.weight"] = tensor(f"layer_{index}/{theirs}/{weight}")
            state[f"blocks.{index}.{ours}.bias"] = tensor(f"layer_{index}/{theirs}/{bias}")
    positions, width = state["positions"].shape
    network = WhisperLayers(width, layers, positions)
    network.load_state_dict(state)
    return network


def _fingerprint(arrays: Mapping[str, NDArray[Any]]) -> str:
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(name.encode())
        digest.update(arrays[name].tobytes())
    return digest.hexdigest()
