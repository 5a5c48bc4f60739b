"""The log-mel spectrogram that the voice networks from scratch hear."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from live_sentiment.core.config import EncoderConfig
from live_sentiment.core.libraries import load_torchaudio
from live_sentiment.core.types import SAMPLE_RATE_HZ
from live_sentiment.models.encoders.encoder import Encoder, Raw, as_sound

N_FFT = 400  # samples, 25 ms
MELS = 64
FLOOR = 1e-6
"""Power below which it is silence: −60 dB of a full-scale sine, about."""
FLAT = 0.1
"""Deviation of the log-mel below which a sound is not amplified further."""


class MelEncoder(Encoder):
    """Base of the encoders that start from a log-mel spectrogram.

    Every sound is standardised first, which takes out the level and most of the microphone's tone.

    Args:
        config: the settings.
        hop: samples between two frames.
    """

    modality = "voice"

    def __init__(self, config: EncoderConfig, hop: int) -> None:
        super().__init__(config)
        self.dim = config.width
        self.hop = hop
        transforms = load_torchaudio().transforms
        mel = transforms.MelSpectrogram(SAMPLE_RATE_HZ, n_fft=N_FFT, hop_length=hop, n_mels=MELS)
        self._mel: list[nn.Module] = [mel]  # in a list, as it stays on the CPU and is not saved

    def prepare(self, raw: Raw) -> Tensor:
        """Standardised log-mel frames, float32 (L, MELS), frame i centred on sample i · hop."""
        sound = as_sound(raw)
        if len(sound) < N_FFT:
            sound = functional.pad(sound, (N_FFT - len(sound), 0))
        with torch.no_grad():
            log: Tensor = self._mel[0](sound).clamp(min=FLOOR).log().T
            return (log - log.mean()) / log.std().clamp(min=FLAT)


def frame_times(mask: Tensor, frame_s: float) -> Tensor:
    """Times (B, T) of frames that are `frame_s` apart, the last real one at the sample's end."""
    places = torch.arange(mask.shape[1], device=mask.device)[None]
    last = mask.sum(dim=1, keepdim=True) - 1
    return (places - last).clamp(max=0) * frame_s
