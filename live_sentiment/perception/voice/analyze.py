"""The voice stage: sound in, observations of how it is said out."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from live_sentiment.config import VoiceConfig
from live_sentiment.errors import UsageError
from live_sentiment.perception.voice.encode import VoiceEncoder, pool, speech_frames
from live_sentiment.perception.voice.head import load_head, polarity
from live_sentiment.perception.voice.normalise import SpeakerNormaliser
from live_sentiment.perception.voice.prosody import measure
from live_sentiment.perception.voice.windows import SpokenWindow, SpokenWindows
from live_sentiment.types import AudioBlock, Expert, Observation, SpeechActivity, StageOutput

if TYPE_CHECKING:
    import torch


class VoiceAnalyzer:
    """One observation each `hop_s` of session time in which someone speaks.

    An observation at time t looks at the speech in the last `context_s` before t, and is final once sound and
    voice activity are known up to t. Its embedding is the encoder's relative to the speaker's running mean,
    and its opinion rests on that. Its quality is the share of speech in `context_s`.

    Details of an observation: `pitch_hz`, `energy_dbfs`, `rate_hz` (syllables per
    second of speech) and `speech_s`.
    """

    def __init__(self, config: VoiceConfig, whisper_folder: Path, device: torch.device) -> None:
        """Load encoder and head.

        Raises:
            RunError: the folder holds no Whisper model for CTranslate2.
            UsageError: no such head, or one trained on another encoder.
        """
        self._config = config
        self._head = load_head(config.head)
        self._encoder = VoiceEncoder(whisper_folder, device)
        if self._head.encoder != self._encoder.fingerprint:
            raise UsageError(
                f"the voice head {config.head!r} was trained on another encoder than {whisper_folder} holds; "
                "train one on it with `live-sentiment train voice`"
            )
        self._windows = SpokenWindows(config)
        self._speaker = SpeakerNormaliser(self._head.mean, self._head.deviation)

    @property
    def expert(self) -> Expert:
        """What fusion must know of encoder and head."""
        return self._head.expert

    def reset(self) -> None:
        """Forget sound and speaker; the next block may start at any time."""
        self._windows.reset()
        self._speaker.reset()

    def __call__(self, block: AudioBlock, activity: SpeechActivity) -> StageOutput:
        """Hear a block and the activity decided since the last one, which may lag behind the sound."""
        return self._observe(self._windows(block, activity))

    def finish(self) -> StageOutput:
        """What is left at the end; activity that never came counts as silence."""
        return self._observe(self._windows.finish())

    def _observe(self, windows: list[SpokenWindow]) -> StageOutput:
        return StageOutput(tuple(map(self._read, windows)), self._windows.known_s)

    def _read(self, window: SpokenWindow) -> Observation:
        embedding = pool(self._encoder.frames(window.samples), speech_frames(window.speech))
        normalised = self._speaker(embedding, window.new_speech_s)
        emotions = self._head(normalised)
        return Observation(
            modality="voice",
            time_s=window.time_s,
            embedding=normalised,
            emotions=emotions,
            polarity=polarity(emotions),
            quality=min(1.0, window.speech_s / self._config.context_s),
            details=asdict(measure(window.samples, window.speech)) | {"speech_s": window.speech_s},
        )
