"""The perception stages of one session, loaded side by side from a configuration."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from live_sentiment import compute
from live_sentiment.config import Config
from live_sentiment.weights.store import ModelStore

if TYPE_CHECKING:
    import torch

    from live_sentiment.perception.face.analyze import FaceAnalyzer
    from live_sentiment.perception.speech.streaming import StreamingTranscriber
    from live_sentiment.perception.text import TextAnalyzer
    from live_sentiment.perception.voice.analyze import VoiceAnalyzer
    from live_sentiment.perception.voice.vad import SpeechActivityDetector
    from live_sentiment.types import Expert


@dataclass(frozen=True, slots=True)
class Stages:
    """Everything that looks, listens and reads, ready to be called."""

    face: FaceAnalyzer
    activity: SpeechActivityDetector
    voice: VoiceAnalyzer
    transcriber: StreamingTranscriber
    text: TextAnalyzer
    device: torch.device

    @property
    def experts(self) -> tuple[Expert, ...]:
        """What fusion must know of each modality's encoder and head."""
        return (self.text.expert, self.voice.expert, self.face.expert)

    def reset(self) -> None:
        """Forget the media seen so far; the models stay loaded."""
        for stage in (self.face, self.activity, self.voice, self.transcriber, self.text):
            stage.reset()


def load_stages(config: Config, store: ModelStore) -> Stages:
    """Load every model, pulling what is missing.

    Pulling comes first and in one thread, since it talks to the user; the loading itself is mostly reading
    files and importing libraries, and runs side by side.

    Raises:
        UsageError: a model or weights that do not exist, or that do not fit each other.
        RunError: a model could not be fetched.
    """
    device = compute.apply(config.compute)
    perception = config.perception
    speech_model = store.resolve(perception.speech.model)
    text_encoder = store.resolve(perception.text.encoder)
    detector, voice_encoder = store.path("yunet-2023mar"), store.path("whisper-tiny.en")

    def face() -> FaceAnalyzer:
        from live_sentiment.perception.face.analyze import FaceAnalyzer

        return FaceAnalyzer(perception.face, detector, device)

    def activity() -> SpeechActivityDetector:
        from live_sentiment.perception.voice.vad import SpeechActivityDetector

        return SpeechActivityDetector(perception.voice, compute.onnx_options(config.compute))

    def voice() -> VoiceAnalyzer:
        from live_sentiment.perception.voice.analyze import VoiceAnalyzer

        return VoiceAnalyzer(perception.voice, voice_encoder, device)

    def transcriber() -> StreamingTranscriber:
        from live_sentiment.perception.speech.recogniser import load_recogniser
        from live_sentiment.perception.speech.streaming import StreamingTranscriber

        return StreamingTranscriber(perception.speech, load_recogniser(speech_model, config))

    def text() -> TextAnalyzer:
        from live_sentiment.perception.text import TextAnalyzer

        return TextAnalyzer(perception.text, text_encoder, device)

    loaders: tuple[Callable[[], Any], ...] = (transcriber, text, face, voice, activity)
    with ThreadPoolExecutor(len(loaders)) as pool:
        futures = {loader.__name__: pool.submit(loader) for loader in loaders}
    return Stages(device=device, **{name: future.result() for name, future in futures.items()})
