"""Sessions with a known course, joined out of acted clips of one speaker: what an evaluation plays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from live_sentiment.core.types import EMOTIONS, SAMPLE_RATE_HZ, FloatArray
from live_sentiment.training.augment.acoustic_environments import AcousticEnvironment
from live_sentiment.training.data.voice_corpora import Clip
from live_sentiment.training.data.voice_sessions import NEUTRAL, speaker_folds
from live_sentiment.training.data.voice_windows import read_sound

Kind: TypeAlias = Literal["sustained", "changes", "neutral", "clips", "noise", "telephone"]

KINDS: Mapping[Kind, str] = {
    "sustained": "four clips of one emotion",
    "changes": "another emotion every two clips, 5 to 10 s",
    "neutral": "nothing but neutral clips, up to three minutes",
    "clips": "every clip as a file of its own",
    "noise": "sustained, pink noise at 10 dB",
    "telephone": "sustained, over a telephone line",
}
PLACES: Mapping[Kind, AcousticEnvironment] = {
    "noise": AcousticEnvironment(noise="pink", snr_db=10),
    "telephone": AcousticEnvironment(line="telephone"),
}
SUSTAINED_CLIPS, CHANGE_CLIPS, CHANGES = 4, 2, 10
NEUTRAL_CLIPS = 60
CLIPS_OF_EMOTION = 2
"""Of a speaker, each played as a file of its own."""
PAUSE_S = 0.3
"""Between two clips."""
FOLDS, FOLD_SEED = 5, 0
FOLD_OF = {"test": 0, "development": 1}
"""The folds of `train fusion`: its weights were fitted on readings of the speakers of the second, and have
seen nothing of those of the first."""
FRAME = 320  # samples, 20 ms
QUIET_DB = 30.0
"""A clip's voice begins with the first frame that is at most so far below its loudest one."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is played in one session."""

    kind: Kind
    name: str
    speaker: str
    corpus: str
    clips: tuple[Clip, ...]


@dataclass(frozen=True, slots=True)
class Course:
    """What is true when: an emotion holds from its onset to the next one's."""

    onsets_s: NDArray[np.float64]
    """Shape (n,): when the voice of a stretch begins, rising."""
    emotions: NDArray[np.int64]
    """Shape (n,): numbers of EMOTIONS; neighbours differ."""
    length_s: float

    def at(self, times_s: NDArray[np.float64]) -> NDArray[np.int64]:
        """The emotion at these times, -1 before the first onset."""
        index = np.searchsorted(self.onsets_s, times_s, side="right") - 1
        found: NDArray[np.int64] = np.where(index < 0, -1, self.emotions[np.maximum(index, 0)])
        return found


def held_out(clips: Iterable[Clip], split: str) -> frozenset[str]:
    """The speakers of a split, "development" or "test"; every corpus has some in each."""
    known = ((clip.corpus, clip.speaker) for clip in clips if clip.emotion is not None)
    return frozenset(
        speaker for speaker, fold in speaker_folds(known, FOLDS, FOLD_SEED).items() if fold == FOLD_OF[split]
    )


def plans(
    clips: Sequence[Clip], speakers: Iterable[str], kinds: Sequence[Kind], limit: int | None, seed: int
) -> list[Plan]:
    """Sessions of these speakers, at most `limit` of a kind, drawn by the seed."""
    made: list[Plan] = []
    for kind in kinds:
        random = np.random.default_rng(seed)
        of_kind: list[Plan] = []
        for speaker in sorted(speakers):
            own: dict[str, list[Clip]] = {}
            for clip in clips:
                if clip.speaker == speaker and clip.emotion is not None:
                    own.setdefault(clip.emotion, []).append(clip)
            of_kind += _PLANNED[kind](kind, dict(sorted(own.items())), random)
        order = random.permutation(len(of_kind))[:limit]
        made += [of_kind[number] for number in sorted(order)]
    return made


def play(plan: Plan, seed: int) -> tuple[FloatArray, Course]:
    """The sound of a session, 16 kHz mono of shape (n,), and its course.

    Raises:
        UsageError: a clip cannot be decoded.
    """
    pause = np.zeros(round(PAUSE_S * SAMPLE_RATE_HZ), np.float32)
    pieces: list[FloatArray] = []
    onsets_s: list[float] = []
    emotions: list[int] = []
    count = 0
    for clip in plan.clips:
        sound = read_sound(clip.file)
        emotion = EMOTIONS.index(str(clip.emotion))
        if not emotions or emotions[-1] != emotion:
            onsets_s.append(count / SAMPLE_RATE_HZ + _onset_s(sound))
            emotions.append(emotion)
        pieces += (sound, pause)
        count += len(sound) + len(pause)
    whole: FloatArray = np.concatenate(pieces[:-1])
    if plan.kind in PLACES:
        whole = PLACES[plan.kind](whole, (), np.random.default_rng(seed))
    return whole, Course(np.array(onsets_s), np.array(emotions), len(whole) / SAMPLE_RATE_HZ)


Own: TypeAlias = Mapping[str, Sequence[Clip]]
"""A speaker's clips by emotion."""


def _drawn(clips: Sequence[Clip], count: int, random: np.random.Generator) -> tuple[Clip, ...]:
    return tuple(clips[number] for number in random.permutation(len(clips))[:count])


def _plan(kind: Kind, what: str, clips: tuple[Clip, ...]) -> Plan:
    first = clips[0]
    return Plan(kind, f"{kind} {first.speaker} {what}", first.speaker, first.corpus, clips)


def _sustained(kind: Kind, own: Own, random: np.random.Generator) -> list[Plan]:
    drawn = {emotion: _drawn(clips, SUSTAINED_CLIPS, random) for emotion, clips in own.items()}
    return [_plan(kind, emotion, clips) for emotion, clips in drawn.items() if len(clips) == SUSTAINED_CLIPS]


def _changes(kind: Kind, own: Own, random: np.random.Generator) -> list[Plan]:
    possible = [emotion for emotion, clips in own.items() if len(clips) >= CHANGE_CLIPS]
    if len(possible) < 2:
        return []
    chosen: list[Clip] = []
    last = ""
    for _ in range(CHANGES):
        last = str(random.choice([emotion for emotion in possible if emotion != last]))
        chosen += _drawn(own[last], CHANGE_CLIPS, random)
    return [_plan(kind, "", tuple(chosen))]


def _neutral(kind: Kind, own: Own, random: np.random.Generator) -> list[Plan]:
    clips = [clip for clip in own.get("neutral", ()) if clip.label in NEUTRAL]
    return [_plan(kind, "", _drawn(clips, NEUTRAL_CLIPS, random))] if clips else []


def _clips(kind: Kind, own: Own, random: np.random.Generator) -> list[Plan]:
    drawn = [clip for clips in own.values() for clip in _drawn(clips, CLIPS_OF_EMOTION, random)]
    return [_plan(kind, clip.file.stem, (clip,)) for clip in drawn]


_PLANNED: Mapping[Kind, Callable[[Kind, Own, np.random.Generator], list[Plan]]] = {
    "sustained": _sustained,
    "changes": _changes,
    "neutral": _neutral,
    "clips": _clips,
    "noise": _sustained,
    "telephone": _sustained,
}


def _onset_s(sound: FloatArray) -> float:
    whole = len(sound) // FRAME * FRAME
    power = np.square(sound[:whole], dtype=np.float64).reshape(-1, FRAME).mean(axis=1)
    if not power.size or not power.max():
        return 0.0
    return float(np.argmax(power >= power.max() * 10 ** (-QUIET_DB / 10))) * FRAME / SAMPLE_RATE_HZ
