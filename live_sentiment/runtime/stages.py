"""Everything that is loaded once and used for one source after another: perception and fusion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from live_sentiment.core.config import Config, SpeechConfig
from live_sentiment.core.types import FloatArray, ImageArray
from live_sentiment.models import compute
from live_sentiment.models.store.store import FACE_DETECTOR, VOICE_ENCODER, ModelStore

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
    """Everything that looks, listens, reads and fuses, ready to be called."""

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
    """Load every model, pulling what is missing; for a `live` session also what it may have to fall back on.

    One after the other: side by side is 0.8 s quicker, but two threads that import one package for the first
    time, one of them a module inside it, can wait for each other, and Python then fails one of the imports.

    Raises:
        UsageError: a model or weights that do not exist, or that do not fit each other.
        RunError: a model could not be fetched.
    """
    perception = config.perception
    for name in store.needed(perception):
        store.pull(name)
    text_encoder = store.resolve(perception.text.encoder)
    compute.set_environment()
    speech_device = compute.speech_device(config.compute)

    def face() -> FaceAnalyzer:
        from live_sentiment.perception.face.analyze import FaceAnalyzer

        return FaceAnalyzer(perception.face, store.path(FACE_DETECTOR), device, store)

    def activity() -> SpeechActivityDetector:
        from live_sentiment.perception.voice.vad import SpeechActivityDetector

        return SpeechActivityDetector(perception.voice, compute.onnx_options(config.compute))

    def voice() -> VoiceAnalyzer:
        from live_sentiment.perception.voice.analyze import VoiceAnalyzer

        return VoiceAnalyzer(perception.voice, store.path(VOICE_ENCODER), device, store)

    def recogniser(speech: SpeechConfig) -> Recogniser:
        from live_sentiment.models.transcriber_loading import load_recogniser

        return load_recogniser(
            speech,
            store,
            device=speech_device,
            threads=config.compute.speech_threads,
        )

    def transcriber() -> StreamingTranscriber:
        from live_sentiment.perception.speech.streaming import StreamingTranscriber

        return StreamingTranscriber(perception.speech, recogniser(perception.speech))

    def smaller_recogniser() -> Recogniser | None:
        # The voice stage has this one fetched already.
        speech = perception.speech
        if not live or speech.model == VOICE_ENCODER or speech.language != "en":
            return None
        return recogniser(speech.model_copy(update={"model": VOICE_ENCODER, "beam": 1}))

    def text() -> TextAnalyzer:
        from live_sentiment.perception.text import TextAnalyzer

        return TextAnalyzer(perception.text, text_encoder, device, store, offline=store.offline)

    # CTranslate2 goes on by itself, encoding silence, while torch is imported.
    loaded: dict[str, Any] = {one.__name__: one() for one in (transcriber, smaller_recogniser)}
    device = compute.apply(config.compute)
    loaded |= {one.__name__: one() for one in (text, face, voice, activity)}

    from live_sentiment.models.fusion import Fusion

    experts = [loaded[name].expert for name in ("text", "voice", "face")]
    models = {expert.modality: f"{expert.model} {expert.sha256[:12]}" for expert in experts}
    models["speech"] = perception.speech.model
    return Stages(
        fusion=Fusion(experts, config.fusion, device),
        device=device,
        models=dict(sorted(models.items())),
        **loaded,
    )
