"""The resampler gives torchaudio's bits, which results of earlier versions were computed with."""

import numpy as np
import pytest
import torch
from torchaudio import functional
from torchaudio.transforms import Resample

from live_sentiment.core.resampling import SincResampler


@pytest.mark.parametrize("from_hz", [8_000, 11_025, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000, 192_000])
@pytest.mark.parametrize("count", [1, 37, 20_011])
def test_a_sound_at_another_rate(from_hz: int, count: int) -> None:
    sound = torch.from_numpy(np.random.default_rng(count).normal(0, 0.2, count).astype(np.float32))
    wanted = Resample(from_hz, 16_000, lowpass_filter_width=16, rolloff=0.99)(sound)
    assert torch.equal(SincResampler(from_hz, 16_000, zero_crossings=16)(sound), wanted)


def test_filters_of_single_precision() -> None:
    sound = torch.from_numpy(np.random.default_rng(3).normal(0, 0.2, 30_001).astype(np.float32))
    found = SincResampler(16_000, 8_000, precision=torch.float32)(sound)
    assert torch.equal(found, functional.resample(sound, 16_000, 8_000))
