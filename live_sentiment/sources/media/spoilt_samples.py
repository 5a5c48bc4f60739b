"""Single samples of float sound that can be none: a flipped bit makes 3e38 or no number of 0.1.

One of them fills a filter's whole reach, and what is scaled by the loudest sample loses all the rest.
"""

from __future__ import annotations

import numpy as np

from live_sentiment.core.types import FloatArray

LOUDEST = 32.0
"""30 dB above full scale: a sample beyond it is spoilt, ..."""
FEW, FEW_SHARE = 4, 0.01
"""... unless more than so many samples around it, and more than this share, are as loud: then it is another
scale ..."""
LARGEST_SCALE = 2.0**31
"""... as long as that is one of an integer of 32 bits."""


class SpoiltSamples:
    """Fills in spoilt samples between the good ones beside them, and counts them."""

    def __init__(self) -> None:
        self.count = 0
        """Samples filled in so far, those of several channels at one moment as several."""

    def __call__(self, samples: FloatArray) -> FloatArray:
        """The next samples, shape (channels, n), as they are or mended."""
        loud = ~(np.abs(samples) <= LOUDEST)
        if not loud.any():
            return samples
        impossible = ~(np.abs(samples) <= LARGEST_SCALE)
        as_loud = int((loud & ~impossible).sum())
        spoilt = impossible if as_loud > max(FEW, FEW_SHARE * samples.size) else loud
        if not spoilt.any():
            return samples
        self.count += int(spoilt.sum())
        mended = samples.copy()
        places = np.arange(samples.shape[1])
        for channel, bad in zip(mended, spoilt, strict=True):
            good = ~bad
            channel[bad] = np.interp(places[bad], places[good], channel[good]) if good.any() else 0.0
        return mended
