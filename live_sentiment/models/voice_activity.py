"""Voice activity of one chunk of sound: Silero VAD v6, the file that faster-whisper carries. Stateless."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from live_sentiment.core.types import FloatArray

if TYPE_CHECKING:
    import onnxruntime

CHUNK = 512
"""Samples that one probability speaks of, at 16 kHz: 32 ms."""
CONTEXT = 64
"""Samples before the chunk that the network sees too."""
_STATE = (1, 1, 128)


class ActivityState(NamedTuple):
    """What the network remembers of one stream; replaced with each chunk and never written into."""

    context: FloatArray
    """The last CONTEXT samples."""
    hidden: FloatArray
    cell: FloatArray


AT_REST = ActivityState(
    np.zeros(CONTEXT, np.float32), np.zeros(_STATE, np.float32), np.zeros(_STATE, np.float32)
)
"""Before any sound."""


class VoiceActivity:
    """Chunks in, probabilities of speech out; safe to call from several threads."""

    def __init__(self, options: onnxruntime.SessionOptions) -> None:
        import onnxruntime
        from faster_whisper.utils import get_assets_path

        file = Path(get_assets_path()) / "silero_vad_v6.onnx"
        self._session: Any = onnxruntime.InferenceSession(
            str(file), sess_options=options, providers=["CPUExecutionProvider"]
        )

    def __call__(self, chunk: FloatArray, state: ActivityState) -> tuple[float, ActivityState]:
        """The probability of speech in the CHUNK samples that follow, and the state behind them.

        What is not finite would stay in the state for ever: it is probability 0, and the network at rest.
        """
        heard = np.concatenate((state.context, chunk))
        probability, hidden, cell = self._session.run(
            None, {"input": heard[None], "h": state.hidden, "c": state.cell}
        )
        if not np.isfinite(probability[0]):
            return 0.0, AT_REST
        return float(probability[0]), ActivityState(heard[-CONTEXT:], hidden, cell)
