"""The shipped experts read labelled samples as a session would: what each says becomes observations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from live_sentiment.core.config import Config
from live_sentiment.core.types import SAMPLE_RATE_HZ, AudioBlock, ImageArray, Modality, Observation
from live_sentiment.models import compute
from live_sentiment.models.face_detector import FaceDetector
from live_sentiment.models.face_reader import load_reader as load_face
from live_sentiment.models.store.store import FACE_DETECTOR, VOICE_ENCODER, ModelStore
from live_sentiment.models.text_reader import load_reader as load_text
from live_sentiment.models.voice_activity import VoiceActivity
from live_sentiment.models.voice_reader import load_reader as load_voice
from live_sentiment.perception.face.align import CROP_PX, TEMPLATE, align, align_colour
from live_sentiment.perception.voice.analyze import VoiceAnalyzer
from live_sentiment.perception.voice.vad import SpeechActivityDetector
from live_sentiment.training.data.face_align import ENLARGED_PX, MARGIN_GREY, MARGIN_PX, MIN_SCORE
from live_sentiment.training.data.raw import RawReader, UnreadableError
from live_sentiment.training.data.samples import Sample
from live_sentiment.training.evaluation.predictions import Predictions

Observations = tuple[Observation, ...]
Told = Callable[[int], None]
"""Told of the samples done."""

SILENCE_S = 5.0
"""Between two clips of a speaker: longer than any context, so that no window holds sound of both."""
CANVAS_PX = ENLARGED_PX + 2 * MARGIN_PX
"""Side of the picture in which the detector looks for a face that fills a small picture."""
PERSON = 1
"""Whose face it is: a sample has one."""


def observe(
    samples: Sequence[Sample], modality: Modality, config: Config, store: ModelStore, told: Told
) -> dict[str, Observations]:
    """What the expert of a modality says of each sample, by key; times relative to the sample's end.

    Samples in which there is nothing to see or hear (no face, no speech) are not in it.

    Raises:
        UsageError: a file cannot be decoded, or the configuration names no such expert.
        RunError: a model cannot be had.
    """
    there = [sample for sample in samples if sample.has(modality)]
    readers = {"text": _texts, "voice": _voices, "vision": _faces}
    return dict(readers[modality](there, config, store, told))


def weights_of(part: str, config: Config) -> str:
    """The trained weights that a configuration names for text, voice, face or fusion."""
    perception = config.perception
    return {
        "text": perception.text.head,
        "voice": perception.voice.head,
        "face": perception.face.encoder,
        "fusion": config.fusion.weights,
    }[part]


def alone(
    samples: Sequence[Sample], modality: Modality, observations: Mapping[str, Observations]
) -> Predictions:
    """What one expert says of the samples that it has read: a face as the mean over its looks, words and
    voices as the last, which has read or heard all."""
    read = [sample for sample in samples if sample.key in observations]
    emotions, polarity = [], []
    for sample in read:
        looks = observations[sample.key]
        chosen = looks if modality == "vision" else looks[-1:]
        emotions.append(np.mean([one.emotions for one in chosen], axis=0))
        polarity.append(np.mean([one.polarity for one in chosen], axis=0))
    return Predictions.of(read, emotion_probabilities=emotions, polarity_probabilities=polarity)


def _texts(
    samples: Sequence[Sample], config: Config, store: ModelStore, told: Told
) -> Iterator[tuple[str, Observations]]:
    """Each text whole and by itself, without what was said before it."""
    named = config.perception.text
    device = compute.apply(config.compute)
    read = load_text(named, store.resolve(named.encoder), store, device, offline=store.offline)
    for done, sample in enumerate(samples, start=1):
        if sample.text and sample.text.strip():
            embedding, emotions, polarity = read(sample.text)
            yield sample.key, (Observation("text", 0.0, embedding, emotions, polarity),)
        told(done)


def _voices(
    samples: Sequence[Sample], config: Config, store: ModelStore, told: Told
) -> Iterator[tuple[str, Observations]]:
    """The clips of a speaker one after the other in one session, since a voice is read relative to itself."""
    named, reader = config.perception.voice, RawReader()
    device = compute.apply(config.compute)
    analyzer = VoiceAnalyzer(named, load_voice(named.head, store.path(VOICE_ENCODER), store, device))
    detector = SpeechActivityDetector(named, VoiceActivity(compute.onnx_options(config.compute)))
    speakers: dict[str, list[Sample]] = {}
    for sample in samples:
        speakers.setdefault(sample.speaker or f"only {sample.key}", []).append(sample)
    silence = np.zeros(round(SILENCE_S * SAMPLE_RATE_HZ), np.float32)
    done = 0
    for clips in speakers.values():
        analyzer.reset()
        detector.reset()
        start_s = 0.0
        for sample in clips:
            done += 1
            try:
                sound = np.asarray(reader.read(sample, "voice")[0].raw, np.float32)
            except UnreadableError:
                continue
            end_s = start_s + len(sound) / SAMPLE_RATE_HZ
            heard: list[Observation] = []
            for samples_of, at_s in ((sound, start_s), (silence, end_s)):
                block = AudioBlock(samples_of, at_s)
                heard += analyzer(block, detector(block)).observations
            start_s = end_s + SILENCE_S
            # Windows that end in the silence have heard no more than the last one of the clip.
            own = [one for one in heard if one.time_s <= end_s + named.hop_s]
            if own:
                yield sample.key, tuple(replace(one, time_s=min(one.time_s - end_s, 0.0)) for one in own)
            told(done)


def _faces(
    samples: Sequence[Sample], config: Config, store: ModelStore, told: Told
) -> Iterator[tuple[str, Observations]]:
    """Pictures of faces, aligned where the detector finds the face in them; videos look by look."""
    detector = store.path(FACE_DETECTOR)
    read = load_face(config.perception.face.encoder, store, compute.apply(config.compute))
    side_px = read.colour_px
    reader, find = RawReader(detector), FaceDetector(detector, CANVAS_PX, MIN_SCORE)
    for done, sample in enumerate(samples, start=1):
        told(done)
        try:
            looks = reader.read(sample, "vision")
        except UnreadableError:
            continue
        seen = []
        for look in looks:
            picture = np.asarray(cv2.cvtColor(np.asarray(look.raw), cv2.COLOR_RGB2BGR), np.uint8)
            # Faces out of a video come in the framing of the network already.
            landmarks = None if sample.video is not None else _landmarks(picture, find)
            if landmarks is None:
                landmarks = (TEMPLATE + 0.5) * (np.array(picture.shape[1::-1]) / CROP_PX) - 0.5
            landmarks = landmarks.astype(np.float32)
            readings = read(
                [align(picture, landmarks) if side_px is None else align_colour(picture, landmarks, side_px)]
            )
            said = readings.embeddings[0], readings.emotions[0], readings.polarity[0]
            seen.append(Observation("vision", look.offset_s, *said, person=PERSON))
        yield sample.key, tuple(seen)


def _landmarks(picture: ImageArray, find: FaceDetector) -> NDArray[np.floating] | None:
    """Where the face's landmarks lie in a picture that it fills, shape (5, 2); None where none is found."""
    height, width = picture.shape[:2]
    canvas = np.full((CANVAS_PX, CANVAS_PX, 3), MARGIN_GREY, np.uint8)
    canvas[MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX] = cv2.resize(
        picture, (ENLARGED_PX, ENLARGED_PX), interpolation=cv2.INTER_CUBIC
    )
    faces = find(canvas)
    if not faces:
        return None
    found: NDArray[np.floating] = (faces[0].landmarks - MARGIN_PX + 0.5) / (
        ENLARGED_PX / np.array([width, height])
    ) - 0.5
    return found
