"""How often what is printed is right, how sure it says it is, how soon it follows a change, how calm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from live_sentiment.core.types import EMOTIONS
from live_sentiment.training.evaluation import metrics
from live_sentiment.training.evaluation.intervals import Estimate, bootstrap
from live_sentiment.training.evaluation.timeline_playing import Answers, Played
from live_sentiment.training.evaluation.timeline_sessions import Course

BINS = 15
SETTLED_S = 2.0
"""What is said of the first seconds of a session is not judged, but of a clip that is a file of its own."""
NEUTRAL = EMOTIONS.index("neutral")
FIGURES = {
    "accuracy": "accuracy",
    "uar": "UAR",
    "macro_f1": "macro F1",
    "confidence": "says",
    "ece": "ECE",
    "followed": "changes followed",
    "delay_p50": "delay p50, s",
    "delay_p95": "delay p95, s",
    "flips": "flips a minute",
    "false": "false emotion",
}
"""Every figure and what people call it."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What one stage said in one session, added up."""

    confusion: NDArray[np.int64]
    """Shape (7, 7), points: row the true emotion, column the one said."""
    bins: NDArray[np.float64]
    """Shape (BINS, 3): points by confidence, the sum of their confidence, and how many are right."""
    delays_s: NDArray[np.float64]
    """For each change, how long until it was followed; until the next one where it never was."""
    followed: NDArray[np.bool_]
    """For each change, whether it was."""
    flips: int
    """How often another emotion was said than at the point before."""
    minutes: float
    neutral: tuple[int, int]
    """Points in neutral talk, and those of them at which an emotion was said."""


def tally(played: Played, said: Answers) -> Tally:
    """Add up a session; of a clip by itself only the last point is judged, which has heard all of it."""
    times_s = np.array([point.time_s for point in played.points])
    true = played.course.at(times_s)
    alone = played.plan.kind == "clips"
    judged = (true >= 0) & (times_s >= SETTLED_S)
    if alone:
        judged = np.zeros(len(times_s), np.bool_)
        judged[-1:] = True
        true[-1:] = played.course.emotions[-1]
    rows = np.flatnonzero(judged)
    leading, known = said.leading[rows], true[rows]
    confidence = said.emotions[rows, leading]
    right = leading == known
    bin_of = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    sums = [np.bincount(bin_of, weights, BINS) for weights in (np.ones(len(rows)), confidence, right)]
    calm = known == NEUTRAL
    return Tally(
        metrics.confusion_matrix(known, leading, len(EMOTIONS)),
        np.stack(sums, axis=1),
        *_delays_s(played.course, times_s, said.leading),
        int((np.diff(leading) != 0).sum()),
        0.0 if alone or not len(rows) else float(times_s[rows[-1]] - times_s[rows[0]]) / 60,
        (int(calm.sum()), int((calm & ~right).sum())),
    )


def measure(
    tallies: Sequence[Tally], groups: Sequence[str], seed: int, resamples: int
) -> dict[str, Estimate]:
    """Every figure of FIGURES with its interval over `groups`, the speaker of each session."""
    return bootstrap(
        lambda rows: figures([tallies[row] for row in rows]),
        len(tallies),
        groups,
        seed=seed,
        resamples=resamples,
    )


def figures(tallies: Sequence[Tally]) -> dict[str, float]:
    """Over all sessions; NaN where there is nothing to judge by."""
    confusion = np.sum([one.confusion for one in tallies], axis=0)
    bins = np.sum([one.bins for one in tallies], axis=0)
    delays_s = np.concatenate([one.delays_s for one in tallies])
    followed = np.concatenate([one.followed for one in tallies])
    minutes = sum(one.minutes for one in tallies)
    calm, false = np.sum([one.neutral for one in tallies], axis=0)
    count, sure, right = bins.T
    total = count.sum()
    nan = float("nan")
    median, late = np.quantile(delays_s, (0.5, 0.95)) if len(delays_s) else (nan, nan)
    return {
        "accuracy": metrics.accuracy(confusion),
        "uar": metrics.mean_recall(confusion),
        "macro_f1": metrics.macro_f1(confusion),
        "confidence": float(sure.sum() / total) if total else nan,
        "ece": float(np.abs(right - sure).sum() / total) if total else nan,
        "followed": float(followed.mean()) if len(followed) else nan,
        "delay_p50": float(median),
        "delay_p95": float(late),
        "flips": sum(one.flips for one in tallies) / minutes if minutes else nan,
        "false": float(false / calm) if calm else nan,
    }


def reliability(tallies: Sequence[Tally]) -> list[dict[str, float]]:
    """Bins of the printed confidence that hold points: how sure, how often right, how many."""
    bins = np.sum([one.bins for one in tallies], axis=0)
    return [
        {"confidence": float(sure / count), "accuracy": float(right / count), "points": float(count)}
        for count, sure, right in bins
        if count
    ]


def recalls(tallies: Sequence[Tally]) -> dict[str, float]:
    """Share of an emotion's points at which it was said; NaN for one that never came."""
    confusion = np.sum([one.confusion for one in tallies], axis=0)
    return dict(zip(EMOTIONS, metrics.recalls(confusion).tolist(), strict=True))


def _delays_s(
    course: Course, times_s: NDArray[np.float64], leading: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    ends_s = [*course.onsets_s[1:], course.length_s]
    delays_s, followed = [], []
    for onset_s, end_s, emotion in list(zip(course.onsets_s, ends_s, course.emotions, strict=True))[1:]:
        found = times_s[(times_s >= onset_s) & (times_s < end_s) & (leading == emotion)]
        followed.append(len(found) > 0)
        delays_s.append((found[0] if len(found) else end_s) - onset_s)
    return np.array(delays_s, np.float64), np.array(followed, np.bool_)
