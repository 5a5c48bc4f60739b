"""Whose face goes with the voice?

While there is voice in a window, the person whose mouth moves most; otherwise whoever was chosen before, and
with nobody chosen yet the largest face. A rival must be clearly ahead to take over, so that the choice does
not flicker between two equals. Who has left while others are in view, as at a cut, is not chosen any more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from live_sentiment.core.types import Observation, Person, Window

VOICED = 0.2
"""Share of a window with voice activity above which somebody is taken to speak."""

MARGIN = 1.3
"""How many times the present speaker's mouth motion a rival needs to take over."""

STILL = 0.01
"""Mean mouth motion up to which a mouth is taken to be at rest; in clips of people speaking it was 0.018 to
0.08 over a window."""


GONE_S = 0.5
"""Who was not seen for so long before the last face of a window has left it. Were it shorter, a face that is
not found in one frame or two would hand the window to somebody else."""


class SpeakerSelector:
    """Chooses the person to fuse, window by window.

    It reads of vision observations `person` and the details `mouth_motion` (how much the mouth changed since
    the look before, in [0, 1]) and `box` (left, top, width, height in pixels); observations without a person
    are passed over.
    """

    def __init__(self) -> None:
        self._chosen: int | None = None

    def select(self, window: Window) -> int | None:
        """The person of a final window, None if there is no face; windows come in order of time."""
        self._chosen = self.peek(window)
        return self._chosen

    def peek(self, window: Window) -> int | None:
        """What `select` would say of the window now; the choice so far stays as it is."""
        seen = _in_view(_by_person(window))
        if not seen:
            return None
        if window.activity >= VOICED:
            motion = {person: _mouth_motion(looks) for person, looks in seen.items()}
            mover = max(seen, key=lambda person: motion[person])
            held = motion.get(self._chosen, 0.0) if self._chosen is not None else 0.0
            if motion[mover] > MARGIN * max(held, STILL):
                return mover
        if self._chosen in seen:
            return self._chosen
        return max(seen, key=lambda person: _area_px(seen[person]))

    def reset(self) -> None:
        """Forget who was chosen."""
        self._chosen = None


def people(window: Window, chosen: int | None) -> tuple[Person, ...]:
    """Everybody seen in the window, by number, with the mean of their faces' emotions weighted by quality."""
    return tuple(
        Person(
            person=person,
            speaking=person == chosen,
            box=looks[-1].details["box"],
            emotions=_mean_emotions(looks),
        )
        for person, looks in sorted(_by_person(window).items())
    )


def _by_person(window: Window) -> Mapping[int, Sequence[Observation]]:
    seen: dict[int, list[Observation]] = defaultdict(list)
    for observation in window.observations.get("vision", ()):
        if observation.person is not None:
            seen[observation.person].append(observation)
    return dict(sorted(seen.items()))


def _in_view(seen: Mapping[int, Sequence[Observation]]) -> Mapping[int, Sequence[Observation]]:
    """Those who have not left the window."""
    last_s = max((looks[-1].time_s for looks in seen.values()), default=0.0)
    return {person: looks for person, looks in seen.items() if last_s - looks[-1].time_s <= GONE_S}


def _mouth_motion(looks: Sequence[Observation]) -> float:
    return float(np.mean([look.details.get("mouth_motion", 0.0) for look in looks]))


def _area_px(looks: Sequence[Observation]) -> float:
    return float(np.mean([look.details["box"][2] * look.details["box"][3] for look in looks]))


def _mean_emotions(looks: Sequence[Observation]) -> np.ndarray:
    quality = np.array([look.quality for look in looks], np.float64)
    weights = quality if quality.sum() > 0 else np.ones_like(quality)
    mean = weights @ np.stack([look.emotions for look in looks]) / weights.sum()
    return np.asarray(mean / mean.sum(), np.float32)
