"""Windows with labels, and the sessions they are heard in.

Live, an embedding is taken relative to what its speaker has said so far. So a head is trained on embeddings
relative to imagined sessions of every length and mixture, mostly neutral ones included, and judged on clips
played one after the other through the normaliser that the voice stage uses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from live_sentiment.core.types import BoolArray, FloatArray
from live_sentiment.perception.voice.normalise import PRIOR_S, SpeakerNormaliser
from live_sentiment.training.augment.acoustic_conditions import STUDIO
from live_sentiment.training.data.voice_corpora import Clip
from live_sentiment.training.data.voice_windows import Windows

Mode = Literal["first", "session", "offline"]
"""How clips are played: each as the first thing its speaker says, or all of a speaker's in one session; or
relative to the mean over the whole session, which nobody knows before its end."""

NEUTRAL = frozenset({"neutral", "calm"})

SESSIONS = 8
"""Imagined sessions per speaker and place, until they are drawn anew."""
SESSION_WINDOWS = 16
NEUTRAL_SHARES = (0.0, 0.0, 0.5, 0.9)
"""Share of a session's windows that are drawn from the speaker's neutral ones; the rest come as they are."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """Windows whose clips mean one of a set of classes."""

    names: tuple[str, ...]
    """The classes."""
    embedding: FloatArray
    """Shape (N, dim)."""
    label: NDArray[np.int64]
    """Shape (N,), numbers of the classes."""
    speaker: NDArray[np.str_]
    corpus: NDArray[np.str_]
    clip: NDArray[np.int64]
    neutral: BoolArray
    speech_s: FloatArray
    new_speech_s: FloatArray
    last: BoolArray
    """Whether the window is its clip's last."""
    place: NDArray[np.str_]
    """Where it is heard: nobody takes a session from one place to another."""

    def __len__(self) -> int:
        return len(self.label)

    def where(self, chosen: BoolArray) -> Labelled:
        """The windows for which `chosen`, of shape (N,), is true."""
        arrays = {name: getattr(self, name)[chosen] for name in self.__slots__ if name != "names"}
        return replace(self, **arrays)

    def voices(self) -> NDArray[np.str_]:
        """Shape (N,), who speaks where."""
        return np.char.add(np.char.add(self.speaker, " in "), self.place)

    def weights(self) -> NDArray[np.float64]:
        """Shape (N,), sum 1: every class weighs the same, in a class every corpus that has it, and of that
        the studio as much as all copies."""
        copied = self.place != STUDIO
        weights = np.zeros(len(self))
        for label in np.unique(self.label):
            of_class = self.label == label
            cells = {
                corpus: of_class & (self.corpus == corpus) for corpus in np.unique(self.corpus[of_class])
            }
            for cell in cells.values():
                halves = [half for half in (cell & copied, cell & ~copied) if half.any()]
                for half in halves:
                    weights[half] = 1 / (len(cells) * len(halves) * half.sum())
        normalised: NDArray[np.float64] = weights / weights.sum()
        return normalised

    def possible(self) -> dict[str, BoolArray]:
        """Which classes each corpus has, shape (classes,)."""
        return {
            str(corpus): np.isin(np.arange(len(self.names)), self.label[self.corpus == corpus])
            for corpus in np.unique(self.corpus)
        }


def join(parts: Sequence[Labelled]) -> Labelled:
    """Windows with labels of the same names, one part after the other."""
    arrays: dict[str, Any] = {
        field.name: np.concatenate([getattr(part, field.name) for part in parts])
        for field in fields(Labelled)
        if field.name != "names"
    }
    return replace(parts[0], **arrays)


def labelled(
    clips: Sequence[Clip],
    windows: Windows,
    names: Sequence[str],
    meaning: Callable[[Clip], str | None],
    place: str = STUDIO,
) -> Labelled:
    """The windows of those clips that mean one of the classes.

    Args:
        clips: those that the windows were made of.
        windows: of all clips.
        names: the classes, in order.
        meaning: the class that a clip stands for; a clip that stands for none of them is left out.
        place: where the windows were heard.
    """
    of_clip = [meaning(clip) for clip in clips]
    number = np.array([names.index(name) if name in names else -1 for name in of_clip], np.int64)
    label = number[windows.clip]
    everything = Labelled(
        names=tuple(names),
        embedding=windows.embedding,
        label=label,
        speaker=np.array([clip.speaker for clip in clips])[windows.clip],
        corpus=np.array([clip.corpus for clip in clips])[windows.clip],
        clip=windows.clip,
        neutral=np.array([clip.label in NEUTRAL for clip in clips])[windows.clip],
        speech_s=windows.speech_s,
        new_speech_s=windows.new_speech_s,
        last=windows.last,
        place=np.full(len(label), place),
    )
    return everything.where(label >= 0)


def statistics(data: Labelled) -> tuple[FloatArray, FloatArray]:
    """Mean embedding and deviation within a speaker and place, both (dim,): every corpus, and in it every
    speaker, alike."""
    means, variances = [], []
    voices = data.voices()
    for corpus in np.unique(data.corpus):
        here = data.corpus == corpus
        own = [data.embedding[here & (voices == voice)] for voice in np.unique(voices[here])]
        means.append(np.mean([part.mean(axis=0, dtype=np.float64) for part in own], axis=0))
        variances.append(np.mean([part.var(axis=0, dtype=np.float64) for part in own], axis=0))
    deviation = np.sqrt(np.mean(variances, axis=0)) + 1e-3
    return np.mean(means, axis=0).astype(np.float32), deviation.astype(np.float32)


def folds(data: Labelled, count: int, seed: int) -> list[BoolArray]:
    """Held-out windows of each fold, shape (N,): no speaker is in two of them, every corpus is spread over
    all."""
    fold_of = speaker_folds(zip(data.corpus, data.speaker, strict=True), count, seed)
    of_window = np.array([fold_of[str(speaker)] for speaker in data.speaker])
    return [of_window == fold for fold in range(count)]


def speaker_folds(voices: Iterable[tuple[str, str]], count: int, seed: int) -> dict[str, int]:
    """The fold of every speaker, given pairs of a corpus and a speaker of it, in any order."""
    random = np.random.default_rng(seed)
    fold_of: dict[str, int] = {}
    speakers_of: dict[str, set[str]] = {}
    for corpus, speaker in voices:
        speakers_of.setdefault(str(corpus), set()).add(str(speaker))
    for _, speakers in sorted(speakers_of.items()):
        shuffled = random.permutation(sorted(speakers))
        fold_of |= {str(speaker): index % count for index, speaker in enumerate(shuffled)}
    return fold_of


def play(data: Labelled, mean: FloatArray, deviation: FloatArray, mode: Mode, seed: int) -> FloatArray:
    """Every window normalised as the voice stage would, shape (N, dim); a session's clips come in random
    order."""
    random = np.random.default_rng(seed)
    normalised = np.zeros_like(data.embedding)
    speaker = SpeakerNormaliser(mean, deviation)
    voices = data.voices()
    for voice in np.unique(voices):
        own = np.flatnonzero(voices == voice)
        if mode == "offline":
            whole = np.average(data.embedding[own], axis=0, weights=data.new_speech_s[own])
            normalised[own] = (data.embedding[own] - whole) / deviation
            continue
        speaker.reset()
        for clip in random.permutation(np.unique(data.clip[own])):
            if mode == "first":
                speaker.reset()
            for window in own[data.clip[own] == clip]:
                normalised[window] = speaker(data.embedding[window], float(data.new_speech_s[window]))
    return normalised


class ImaginedSessions:
    """Training batches relative to sessions that their speakers might have had before."""

    def __init__(self, data: Labelled, mean: FloatArray, deviation: FloatArray, seed: int) -> None:
        self._random = torch.Generator().manual_seed(seed)
        self._embedding = torch.from_numpy((data.embedding - mean) / deviation)
        self._label = torch.from_numpy(data.label)
        self._speech_s = torch.from_numpy(data.speech_s)
        self._weights = torch.from_numpy(data.weights())
        possible = data.possible()
        self._possible = torch.from_numpy(np.array(list(possible.values())))
        self._corpus = torch.from_numpy(np.searchsorted(list(possible), data.corpus))
        speakers, number = np.unique(data.voices(), return_inverse=True)
        self._speaker = torch.from_numpy(number)
        own = [np.flatnonzero(number == index) for index in range(len(speakers))]
        self._own = [torch.from_numpy(windows) for windows in own]
        self._neutral = [torch.from_numpy(windows[data.neutral[windows]]) for windows in own]
        self.renew()

    def renew(self) -> None:
        """Imagine other sessions."""
        sessions = [self._sessions(own, calm) for own, calm in zip(self._own, self._neutral, strict=True)]
        self._means = torch.stack([means for means, _ in sessions])
        self._seconds = torch.stack([seconds for _, seconds in sessions])

    def batch(self, size: int) -> tuple[Tensor, Tensor, Tensor]:
        """Normalised embeddings (size, dim), labels (size,) and which classes were possible (size, classes).

        Classes and corpora are balanced.
        """
        chosen = torch.multinomial(self._weights, size, replacement=True, generator=self._random)
        session = torch.randint(SESSIONS, (size,), generator=self._random)
        speaker, own_s = self._speaker[chosen], self._speech_s[chosen, None]
        before_s = self._seconds[speaker, session][:, None]
        # Relative to the corpora's mean, which is therefore zero here and counts PRIOR_S. In place, as every
        # copy of so many numbers costs as much as the arithmetic.
        total_s = PRIOR_S + before_s + own_s
        mean = self._means[speaker, session].mul_(before_s / total_s)
        x = self._embedding[chosen].mul_(1 - own_s / total_s).sub_(mean)
        return x, self._label[chosen], self._possible[self._corpus[chosen]]

    def _sessions(self, own: Tensor, neutral: Tensor) -> tuple[Tensor, Tensor]:
        shape = (SESSIONS, SESSION_WINDOWS)
        windows = own[torch.randint(len(own), shape, generator=self._random)]
        if len(neutral):
            shares = torch.tensor(NEUTRAL_SHARES)
            share = shares[torch.randint(len(shares), (SESSIONS, 1), generator=self._random)]
            calm = neutral[torch.randint(len(neutral), shape, generator=self._random)]
            windows = torch.where(torch.rand(shape, generator=self._random) < share, calm, windows)
        count = torch.randint(SESSION_WINDOWS + 1, (SESSIONS, 1), generator=self._random)
        seconds = self._speech_s[windows] * (torch.arange(SESSION_WINDOWS) < count)
        total = seconds.sum(dim=1)
        means = torch.einsum("sw,swd->sd", seconds, self._embedding[windows]) / total.clamp(min=1e-6)[:, None]
        # The same mixture may have gone on for up to twelve times as long.
        longer = torch.exp(2.5 * torch.rand(SESSIONS, generator=self._random))
        return means, total * longer
