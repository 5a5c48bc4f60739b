"""An open microphone and the ring that it fills."""

from __future__ import annotations

import math
from typing import Any

from numpy.typing import NDArray

from live_sentiment.core.clock import Clock
from live_sentiment.core.config import MicrophoneConfig
from live_sentiment.sources.microphone.backend import MicrophoneInfo, SoundBackend, SoundStream
from live_sentiment.sources.microphone.ring import SampleRing


class InputStream:
    """Opens the microphone; what it gives goes nowhere until it is `wanted`.

    Raises:
        UsageError: it cannot be opened; says what to do.
    """

    def __init__(
        self, backend: SoundBackend, info: MicrophoneInfo, config: MicrophoneConfig, clock: Clock
    ) -> None:
        self.ring = SampleRing(math.ceil(config.buffer_s * info.rate_hz), info.recorded_channels)
        self.wanted = False
        """Whether sound is kept."""
        self.since_s = clock.now_s()
        """From when on, on the clock, the silence of its callback counts."""

        def heard(samples: NDArray[Any], age_s: float, overflow: bool) -> None:
            if self.wanted:
                self.ring.write(samples, clock.now_s(), age_s, overflow)

        self.stream: SoundStream = backend.open(info, config.block_s, heard)

    def close(self) -> None:
        """Let go of the microphone; may block for as long as the driver does."""
        self.stream.close()
