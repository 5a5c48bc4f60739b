"""The fundamental frequency of a voice, by normalised cross-correlation and median smoothing.

The method of Ghahremani et al. 2014 (Kaldi) without its tracking, as torchaudio's `detect_pitch_frequency`
has it and with the same bits; in plain torch, for the reason that `live_sentiment.core.resampling` gives.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

SMOOTHED_FRAMES = 30
"""Frames whose median is taken; so many the sound must have at least."""
_NEARLY = 0.99
"""A peak in the first half of the lags wins from this share of the highest: octave errors downwards."""
_TINY = 1e-9


def pitch_hz(samples: Tensor, rate_hz: int, frame: int, low_hz: float, high_hz: float) -> Tensor:
    """Fundamental frequency of each frame.

    Args:
        samples: (n,), float32, of at least SMOOTHED_FRAMES frames.
        rate_hz: of the samples.
        frame: samples a frame.
        low_hz: the lowest frequency looked for.
        high_hz: the highest.

    Returns:
        (⌈n / frame⌉ − SMOOTHED_FRAMES // 2,), the frames at the end lack the smoothing's future.
    """
    correlation = _correlation(samples, frame, lags=math.ceil(rate_hz / low_hz))
    lag = _best_lag(correlation, first=math.ceil(rate_hz / high_hz))
    past = (SMOOTHED_FRAMES - 1) // 2
    windows = torch.cat([lag[:1].expand(past), lag]).unfold(0, SMOOTHED_FRAMES, 1)
    return rate_hz / (_TINY + windows.median(dim=-1).values.float())


def _correlation(samples: Tensor, frame: int, lags: int) -> Tensor:
    """Normalised correlation of each frame with the sound 1 to `lags` samples later, (frames, lags)."""
    frames = math.ceil(len(samples) / frame)
    padded = functional.pad(samples, (0, lags + frames * frame - len(samples)))
    now = padded[: frames * frame].reshape(frames, frame)
    energy = (_TINY + torch.linalg.vector_norm(now, dim=-1)) ** 2
    columns = []
    for lag in range(1, lags + 1):
        later = padded[lag : lag + frames * frame].reshape(frames, frame)
        products = (now * later).sum(dim=-1)
        columns.append(products / energy / (_TINY + torch.linalg.vector_norm(later, dim=-1)) ** 2)
    return torch.stack(columns, dim=-1)


def _best_lag(correlation: Tensor, first: int) -> Tensor:
    """The lag of the highest correlation from `first` on, (frames,), in samples."""
    highest, lag = correlation[:, first:].max(dim=-1)
    early, early_lag = correlation[:, first : correlation.shape[1] // 2].max(dim=-1)
    # Column 0 is lag 1; torchaudio adds one more, by experience.
    return torch.where(early > _NEARLY * highest, early_lag, lag) + first + 1
