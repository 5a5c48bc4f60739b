"""In which surroundings the clips of the corpora are heard: to train on, and to be judged in."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from live_sentiment.training.augment.acoustic_environments import (
    HARDSHIPS,
    AcousticEnvironment,
    draw,
    hardship,
)
from live_sentiment.training.data.voice_corpora import Clip

STUDIO = "studio"
STUDIO_CLIPS = 1200
"""Of one corpus as it is: what has more is thinned out, for no corpus weighs more than another anyway."""
COPY_CLIPS = 600
"""Of one corpus in a copy; each copy has others."""
HARDSHIP_CLIPS = 200
"""Of one corpus where it is judged in a hardship."""
COPY_WINDOWS = 2
"""Of one clip in a copy: its last, and another."""
SEED = 5
COPIES = 1
"""In how many other surroundings each speaker is heard to train on, unless another number is asked for."""


@dataclass(frozen=True, slots=True)
class AcousticCondition:
    """Some clips, where they are heard, and how many windows of each are kept."""

    name: str
    clips: tuple[int, ...]
    """Their numbers."""
    place: Callable[[int], AcousticEnvironment]
    """Of a clip's number."""
    keep: int | None = None
    """Windows of a clip; None keeps them all."""

    def random(self, number: int) -> np.random.Generator:
        """For the noise and the room of a clip: the same in every run."""
        return np.random.default_rng([SEED, zlib.crc32(self.name.encode()), number])


def studio(clips: Sequence[Clip]) -> AcousticCondition:
    """The clips as they are."""
    return AcousticCondition(STUDIO, _thinned(clips, STUDIO_CLIPS, 0), lambda number: AcousticEnvironment())


def copy(clips: Sequence[Clip], number: int) -> AcousticCondition:
    """A copy in which every speaker has surroundings of their own, the same for all of their clips."""
    name = f"copy {number}"

    def place(clip: int) -> AcousticEnvironment:
        return draw(np.random.default_rng([SEED, number, zlib.crc32(clips[clip].speaker.encode())]))

    return AcousticCondition(name, _thinned(clips, COPY_CLIPS, number), place, COPY_WINDOWS)


def hardships(clips: Sequence[Clip]) -> list[AcousticCondition]:
    """One hearing per name of HARDSHIPS."""
    chosen = _thinned(clips, HARDSHIP_CLIPS, 0)
    return [AcousticCondition(name, chosen, partial(hardship, name), 1) for name in HARDSHIPS]


def _thinned(clips: Sequence[Clip], most: int, first: int) -> tuple[int, ...]:
    """Every n-th clip of a corpus, so that at most so many are left."""
    steps = {corpus: -(-count // most) for corpus, count in Counter(clip.corpus for clip in clips).items()}
    seen: Counter[str] = Counter()
    kept = []
    for number, clip in enumerate(clips):
        if seen[clip.corpus] % steps[clip.corpus] == first % steps[clip.corpus]:
            kept.append(number)
        seen[clip.corpus] += 1
    return tuple(kept)
