"""The voice stage: sound in, observations of how it is said out."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial

from live_sentiment.core.config import VoiceConfig
from live_sentiment.core.types import AudioBlock, Expert, FloatArray, Observation, SpeechActivity, StageOutput
from live_sentiment.models.voice_reader import VoiceReader
from live_sentiment.perception.voice.normalise import SpeakerNormaliser
from live_sentiment.perception.voice.prosody import measure
from live_sentiment.perception.voice.windows import SpokenWindow, SpokenWindows


class VoiceAnalyzer:
    """One observation each `hop_s` of session time in which someone speaks.

    An observation at time t looks at the speech in the last `context_s` before t, and is final once sound and
    voice activity are known up to t. Its embedding and its opinion are those of the reader, relative to the
    speaker where it wants that. Its quality is the share of speech in `context_s`.

    Details of an observation: `pitch_hz`, `energy_dbfs`, `rate_hz` (syllables per
    second of speech) and `speech_s`.

    Args:
        config: length of a window, and hop.
        reader: shared with other streams.
    """

    def __init__(self, config: VoiceConfig, reader: VoiceReader) -> None:
        self._config, self._reader = config, reader
        self._windows = SpokenWindows(config)
        self._speaker = None if reader.usual is None else SpeakerNormaliser(*reader.usual)

    @property
    def expert(self) -> Expert:
        """What fusion must know of encoder and head."""
        return self._reader.expert

    def reset(self) -> None:
        """Forget sound and speaker; the next block may start at any time."""
        self._windows.reset()
        if self._speaker is not None:
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
        normalise = partial(self._normalised, window.new_speech_s)
        embedding, emotions, polarity = self._reader(window.samples, window.speech, normalise)
        return Observation(
            modality="voice",
            time_s=window.time_s,
            embedding=embedding,
            emotions=emotions,
            polarity=polarity,
            quality=min(1.0, window.speech_s / self._config.context_s),
            details=asdict(measure(window.samples, window.speech)) | {"speech_s": window.speech_s},
        )

    def _normalised(self, new_speech_s: float, embedding: FloatArray) -> FloatArray:
        return embedding if self._speaker is None else self._speaker(embedding, new_speech_s)
