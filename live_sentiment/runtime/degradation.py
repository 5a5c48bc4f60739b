"""What a live session gives up, step by step, when the computer cannot keep up.

The order is: pictures looked at, then how often the transcriber listens, then the width of its search, then
its model. A step that would change nothing with the present configuration is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from live_sentiment.core.config import PerceptionConfig

if TYPE_CHECKING:
    from live_sentiment.models.transcriber import Recogniser
    from live_sentiment.runtime.stages import Stages


@dataclass(frozen=True, slots=True)
class DegradationStep:
    """One step down and the way back."""

    kind: str
    """A later step of the same kind goes on from an earlier one."""
    lowered: str
    """What there is instead, for people."""
    down: Callable[[], None]
    up: Callable[[], None]


class Degradation:
    """Takes the steps, and remembers how many.

    Args:
        steps: in the order in which they are taken.
    """

    def __init__(self, steps: tuple[DegradationStep, ...]) -> None:
        self._steps, self._level = steps, 0

    def __len__(self) -> int:
        """Steps there are."""
        return len(self._steps)

    @property
    def level(self) -> int:
        """Steps taken."""
        return self._level

    @property
    def lowered(self) -> tuple[str, ...]:
        """What has been given up, in order; of steps of one kind the last."""
        return tuple({step.kind: step.lowered for step in self._steps[: self._level]}.values())

    def set_level(self, level: int) -> Iterator[str]:
        """Go to `level` steps below full quality; yields a line for people for each step on the way."""
        while self._level < level:
            step = self._steps[self._level]
            step.down()
            self._level += 1
            yield f"quality lowered to keep up: {step.lowered}"
        while self._level > level:
            self._level -= 1
            step = self._steps[self._level]
            step.up()
            yield f"quality restored: no longer {step.lowered}"


def degradation_steps(
    config: PerceptionConfig, stages: Stages, smaller: Recogniser | None
) -> tuple[DegradationStep, ...]:
    """The steps that this configuration leaves room for.

    Args:
        config: what the stages were loaded with.
        stages: whose quality is lowered.
        smaller: a quicker recogniser than the present one, where there is any.
    """
    full_hz = config.face.rate_hz
    steps = [_faces(stages, full_hz, full_hz / 2), _faces(stages, full_hz / 2, full_hz / 4)]
    transcriber = stages.transcriber
    recogniser = transcriber.recogniser

    def hear_with(other: Recogniser) -> None:
        transcriber.recogniser = other

    def search(beam: int) -> None:
        transcriber.beam = beam

    hop_s = config.speech.hop_s
    if 4 * hop_s <= config.speech.buffer_s:
        steps.append(
            DegradationStep(
                "hop",
                f"words every {2 * hop_s:g} s",
                lambda: transcriber.set_hop_s(2 * hop_s),
                lambda: transcriber.set_hop_s(hop_s),
            )
        )
    if config.speech.beam > 1:
        steps.append(
            DegradationStep(
                "search",
                "speech followed by its first guess alone",
                lambda: search(1),
                lambda: search(config.speech.beam),
            )
        )
    if smaller is not None:
        steps.append(
            DegradationStep(
                "model",
                "a smaller speech model",
                lambda: hear_with(smaller),
                lambda: hear_with(recogniser),
            )
        )
    return tuple(steps)


def _faces(stages: Stages, from_hz: float, to_hz: float) -> DegradationStep:
    return DegradationStep(
        "faces",
        f"faces analysed {to_hz:.3g} times a second",
        lambda: stages.face.set_rate_hz(to_hz),
        lambda: stages.face.set_rate_hz(from_hz),
    )
