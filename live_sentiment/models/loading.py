"""Every model that a configuration asks for, loaded: weights and nothing else, for any number of streams."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from live_sentiment.core.config import Config, SpeechConfig
from live_sentiment.models import compute
from live_sentiment.models.store.store import FACE_DETECTOR, VOICE_ENCODER, ModelStore

if TYPE_CHECKING:
    import torch

    from live_sentiment.models.face import FaceModels
    from live_sentiment.models.fusion import Fusion
    from live_sentiment.models.text_reader import TextReader
    from live_sentiment.models.transcriber import Recogniser
    from live_sentiment.models.voice_activity import VoiceActivity
    from live_sentiment.models.voice_reader import VoiceReader


@dataclass(frozen=True, slots=True)
class Models:
    """Stateless and safe to call from several threads; what a stream remembers is its own."""

    face: FaceModels
    activity: VoiceActivity
    voice: VoiceReader
    transcriber: Recogniser
    text: TextReader
    fusion: Fusion
    device: torch.device
    names: Mapping[str, str]
    """Which model does what, by name and hash, for the record."""
    smaller_transcriber: Recogniser | None = None
    """A quicker one, for a live session that cannot keep up; None if there is none."""


@contextmanager
def _collecting_later() -> Iterator[None]:
    """What is imported and loaded stays: searching it for garbage again and again is 8 % of the start."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


@_collecting_later()
def load_models(config: Config, store: ModelStore, *, live: bool = False) -> Models:
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

    # CTranslate2 goes on by itself, encoding silence, while torch is imported.
    transcriber = _load_transcriber(perception.speech, config, store)
    smaller = load_smaller_transcriber(config, store) if live else None
    device = compute.apply(config.compute)

    from live_sentiment.models.face import load_face
    from live_sentiment.models.fusion import Fusion
    from live_sentiment.models.text_reader import load_reader as load_text
    from live_sentiment.models.voice_activity import VoiceActivity
    from live_sentiment.models.voice_reader import load_reader as load_voice

    text = load_text(perception.text, text_encoder, store, device, offline=store.offline)
    face = load_face(perception.face, store.path(FACE_DETECTOR), device, store)
    voice = load_voice(perception.voice.head, store.path(VOICE_ENCODER), store, device)
    experts = [text.expert, voice.expert, face.read.expert]
    names = {expert.modality: f"{expert.model} {expert.sha256[:12]}" for expert in experts}
    return Models(
        face=face,
        activity=VoiceActivity(compute.onnx_options(config.compute)),
        voice=voice,
        transcriber=transcriber,
        text=text,
        fusion=Fusion(experts, config.fusion, device),
        device=device,
        names=dict(sorted((*names.items(), ("speech", perception.speech.model)))),
        smaller_transcriber=smaller,
    )


def load_smaller_transcriber(config: Config, store: ModelStore) -> Recogniser | None:
    """The quickest one, which the voice reader has fetched already; None where it is the configured one, or
    does not know the language."""
    speech = config.perception.speech
    if speech.model == VOICE_ENCODER or speech.language != "en":
        return None
    return _load_transcriber(speech.model_copy(update={"model": VOICE_ENCODER}), config, store)


def _load_transcriber(speech: SpeechConfig, config: Config, store: ModelStore) -> Recogniser:
    from live_sentiment.models.transcriber_loading import load_recogniser

    device, threads = compute.speech_device(config.compute), config.compute.speech_threads
    return load_recogniser(speech, store, device=device, threads=threads)
