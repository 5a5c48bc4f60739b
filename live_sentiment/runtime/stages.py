"""The stages of one session: what its streams remember, over models that are shared with other sessions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Self

from live_sentiment.core.config import Config
from live_sentiment.core.types import FloatArray, ImageArray
from live_sentiment.models.loading import Models, load_models
from live_sentiment.models.pool import discard, shared_models
from live_sentiment.models.store.store import ModelStore

if TYPE_CHECKING:
    import torch

    from live_sentiment.models.fusion import Fusion
    from live_sentiment.models.transcriber import Recogniser
    from live_sentiment.perception.face.analyze import FaceAnalyzer
    from live_sentiment.perception.speech.streaming import StreamingTranscriber
    from live_sentiment.perception.text import TextAnalyzer
    from live_sentiment.perception.voice.analyze import VoiceAnalyzer
    from live_sentiment.perception.voice.vad import SpeechActivityDetector


@dataclass(frozen=True, slots=True)
class Stages:
    """One state for each stream of a session, for one source after another, and the fusion."""

    face: FaceAnalyzer
    activity: SpeechActivityDetector
    voice: VoiceAnalyzer
    transcriber: StreamingTranscriber
    text: TextAnalyzer
    fusion: Fusion
    device: torch.device
    models: Mapping[str, str]
    """Which model does what, by name and hash, for the record."""
    smaller_recogniser: Recogniser | None = None
    """A quicker one than the transcriber's, for a live session that cannot keep up; None if there is none."""
    discard_models: Callable[[], None] = lambda: None
    """Keeps the models from the next session: one of them hangs."""

    @classmethod
    def of(cls, models: Models, config: Config) -> Self:
        """Fresh ones over these models, which were loaded with this configuration."""
        from live_sentiment.perception.face.analyze import FaceAnalyzer
        from live_sentiment.perception.speech.streaming import StreamingTranscriber
        from live_sentiment.perception.text import TextAnalyzer
        from live_sentiment.perception.voice.analyze import VoiceAnalyzer
        from live_sentiment.perception.voice.vad import SpeechActivityDetector

        perception = config.perception
        return cls(
            face=FaceAnalyzer(perception.face, models.face),
            activity=SpeechActivityDetector(perception.voice, models.activity),
            voice=VoiceAnalyzer(perception.voice, models.voice),
            transcriber=StreamingTranscriber(perception.speech, models.transcriber),
            text=TextAnalyzer(perception.text, models.text),
            fusion=models.fusion,
            device=models.device,
            models=models.names,
            smaller_recogniser=models.smaller_transcriber,
            discard_models=partial(discard, models),
        )

    def speech(self, samples: FloatArray) -> float:
        """How much of a sound, 16 kHz mono, is speech, in [0, 1]; no part of any stream."""
        return self.activity.speech_share(samples)

    def face_px(self, image: ImageArray) -> float:
        """Size of the largest face in a BGR picture; 0 without one. No part of any stream."""
        return self.face.face_px(image)

    def reset(self) -> None:
        """Forget the media seen so far; the models stay loaded."""
        for stage in (self.face, self.activity, self.voice, self.transcriber, self.text):
            stage.reset()


def load_stages(config: Config, store: ModelStore, *, live: bool = False) -> Stages:
    """Those of the only session of a process.

    Raises:
        UsageError, RunError: see `load_models`.
    """
    return Stages.of(load_models(config, store, live=live), config)


@contextmanager
def open_stages(config: Config, *, live: bool = False) -> Iterator[Stages]:
    """Those of one session among several, over one copy of the models.

    Raises:
        UsageError, RunError: see `load_models`.
    """
    with shared_models(config, live=live) as models:
        yield Stages.of(models, config)
