"""A session as tiers of annotations, as ELAN and Praat have them: intervals and marks, in milliseconds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from live_sentiment.core.types import MODALITIES, POLARITIES
from live_sentiment.export.captions import cues
from live_sentiment.export.recorded import RecordedSession
from live_sentiment.export.writing import told
from live_sentiment.sinks.lines import Fields

if TYPE_CHECKING:
    from live_sentiment.export import Progress


@dataclass(frozen=True, slots=True)
class Interval:
    """One annotation."""

    start_ms: int
    end_ms: int
    """Later than `start_ms`."""
    label: str


@dataclass(frozen=True, slots=True)
class Mark:
    """An annotation of a moment."""

    time_ms: int
    label: str


@dataclass(slots=True)
class Tiers:
    """Everything in order of time: the intervals of a tier never overlap, its marks share no time."""

    words: list[Interval] = field(default_factory=list)
    transcript: list[Interval] = field(default_factory=list)
    """The words in cues, as captions show them."""
    emotion: list[Interval] = field(default_factory=list)
    """Episodes; one for each of the session's, in their order."""
    polarity: list[Interval] = field(default_factory=list)
    """Stretches in which one is the most probable."""
    presence: dict[str, list[Interval]] = field(default_factory=dict)
    """By modality: stretches in which it was "present", or why it was not."""
    valence: list[Mark] = field(default_factory=list)
    arousal: list[Mark] = field(default_factory=list)
    turning_points: list[Mark] = field(default_factory=list)
    events: list[Mark] = field(default_factory=list)
    end_ms: int = 0
    """Where the last of them ends."""


def tiers_of(session: RecordedSession, progress: Progress) -> Tiers:
    """Go through the session once."""
    tiers = Tiers(
        words=_apart((w["start"], w["end"], " ".join(w["text"].split())) for w in session.words),
        transcript=[Interval(cue.start_ms, cue.end_ms, " ".join(cue.words)) for cue in cues(session)],
        emotion=_apart((e["start"], e["end"], e["emotion"]) for e in session.episodes),
        turning_points=_marks((t["time"], t["kind"]) for t in session.turning_points),
        events=_marks(sorted((e["time"], f"{e['kind']}: {e['message']}") for e in session.events)),
    )
    polarity = _Runs()
    presence: dict[str, _Runs] = {modality: _Runs() for modality in MODALITIES}
    before_ms = round(session.start_s * 1000)
    for point in told(session.points(), session.point_count, progress):
        time_ms = round(point["time"] * 1000)
        polarity.add(before_ms, time_ms, max(POLARITIES, key=lambda name: point["polarity"][name]))
        for modality, runs in presence.items():
            runs.add(before_ms, time_ms, _present(point["presence"][modality]))
        tiers.valence.append(Mark(time_ms, str(point["valence"])))
        tiers.arousal.append(Mark(time_ms, str(point["arousal"])))
        before_ms = time_ms
    tiers.polarity = polarity.intervals
    tiers.presence = {modality: runs.intervals for modality, runs in presence.items()}
    intervals = (tiers.words, tiers.transcript, tiers.emotion, tiers.polarity)
    marks = (tiers.valence, tiers.turning_points, tiers.events)
    tiers.end_ms = max(
        [tier[-1].end_ms for tier in intervals if tier] + [tier[-1].time_ms for tier in marks if tier],
        default=0,
    )
    return tiers


def _present(presence: Fields) -> str:
    return "present" if presence["present"] else f"absent: {presence['reason']}"


def _apart(stretches: Iterable[tuple[float, float, str]]) -> list[Interval]:
    """Intervals that do not overlap: one that begins too early begins where the one before ends."""
    intervals: list[Interval] = []
    end_ms = 0
    for start_s, end_s, label in stretches:
        start_ms = max(round(start_s * 1000), end_ms)
        end_ms = max(round(end_s * 1000), start_ms + 1)
        intervals.append(Interval(start_ms, end_ms, label))
    return intervals


def _marks(moments: Iterable[tuple[float, str]]) -> list[Mark]:
    """Marks that share no time: those of one millisecond become one."""
    labels: dict[int, list[str]] = {}
    for time_s, label in moments:
        labels.setdefault(round(time_s * 1000), []).append(label)
    return [Mark(time_ms, "; ".join(of_one)) for time_ms, of_one in labels.items()]


class _Runs:
    """Joins neighbours with the same label."""

    def __init__(self) -> None:
        self.intervals: list[Interval] = []

    def add(self, start_ms: int, end_ms: int, label: str) -> None:
        last = self.intervals[-1] if self.intervals else None
        if last is not None and last.label == label and last.end_ms == start_ms:
            self.intervals[-1] = Interval(last.start_ms, end_ms, label)
        elif end_ms > start_ms:
            self.intervals.append(Interval(start_ms, end_ms, label))
