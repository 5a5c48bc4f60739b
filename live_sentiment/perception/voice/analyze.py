"""The voice stage: sound in, observations of how it is said out."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from live_sentiment.core.config import ModelsConfig, VoiceConfig
from live_sentiment.core.types import AudioBlock, Expert, Observation, SpeechActivity, StageOutput
from live_sentiment.models.store.store import ModelStore
from live_sentiment.perception.voice.prosody import measure
from live_sentiment.perception.voice.reader import load_reader
from live_sentiment.perception.voice.windows import SpokenWindow, SpokenWindows

if TYPE_CHECKING:
    import torch


class VoiceAnalyzer:
    """One observation each `hop_s` of session time in which someone speaks.

    An observation at time t looks at the speech in the last `context_s` before t, and is final once sound and
    voice activity are known up to t. Its embedding and its opinion are those of the reader that the head asks
    for (`reader`). Its quality is the share of speech in `context_s`.

    Details of an observation: `pitch_hz`, `energy_dbfs`, `rate_hz` (syllables per
    second of speech) and `speech_s`.
    """

    def __init__(
        self,
        config: VoiceConfig,
        whisper_folder: Path,
        device: torch.device,
        store: ModelStore | None = None,
    ) -> None:
        """Load encoder and head; the store is where an expert of the laboratory finds its encoder.

        Raises:
            RunError: the folder holds no Whisper model for CTranslate2.
            UsageError: no such head, or one trained on another encoder.
        """
        self._config = config
        self._reader = load_reader(config.head, whisper_folder, store or ModelStore(ModelsConfig()), device)
        self._windows = SpokenWindows(config)

    @property
    def expert(self) -> Expert:
        """What fusion must know of encoder and head."""
        return self._reader.expert

    def reset(self) -> None:
        """Forget sound and speaker; the next block may start at any time."""
        self._windows.reset()
        self._reader.reset()

    def __call__(self, block: AudioBlock, activity: SpeechActivity) -> StageOutput:
        """Hear a block and the activity decided since the last one, which may lag behind the sound."""
        return self._observe(self._windows(block, activity))

    def finish(self) -> StageOutput:
        """What is left at the end; activity that never came counts as silence."""
        return self._observe(self._windows.finish())

    def _observe(self, windows: list[SpokenWindow]) -> StageOutput:
        return StageOutput(tuple(map(self._read, windows)), self._windows.known_s)

    def _read(self, window: SpokenWindow) -> Observation:
        embedding, emotions, polarity = self._reader(window)
        return Observation(
            modality="voice",
            time_s=window.time_s,
            embedding=embedding,
            emotions=emotions,
            polarity=polarity,
            quality=min(1.0, window.speech_s / self._config.context_s),
            details=asdict(measure(window.samples, window.speech)) | {"speech_s": window.speech_s},
        )
