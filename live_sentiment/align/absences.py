"""Why a modality was missing, and when: lost devices and what was switched off."""

from __future__ import annotations

import math
from dataclasses import dataclass

from live_sentiment.core.types import Absence, Modality


@dataclass(slots=True)
class _Span:
    absence: Absence
    end_s: float = math.inf


class Absences:
    """Absences by time. Several of one modality may overlap, each with a reason of its own."""

    def __init__(self) -> None:
        self._spans: list[_Span] = []

    def begin(self, absence: Absence) -> None:
        """From `absence.start_s` on the modality is missing; one that lasts till then goes on."""
        span = self._reaching(absence.modality, absence.reason, absence.start_s)
        if span is None:
            self._spans.append(_Span(absence))
        else:
            span.end_s = math.inf

    def end(self, modality: Modality, reason: str, end_s: float) -> None:
        """The modality is no longer missing for that reason; nothing where it was not."""
        span = self._reaching(modality, reason, math.inf)
        if span is not None:
            span.end_s = end_s

    def masked(self, modality: Modality, time_s: float) -> bool:
        """Whether the modality is not to be used in a window that ends at `time_s`."""
        return any(
            span.absence.masked and span.absence.modality == modality and _holds(span, time_s)
            for span in self._spans
        )

    def reason(self, modality: Modality, start_s: float, end_s: float) -> str | None:
        """Why the modality was missing in (start_s, end_s]: the latest reason; None without any."""
        reasons = [
            span.absence.reason
            for span in self._spans
            if span.absence.modality == modality and span.absence.start_s < end_s and span.end_s > start_s
        ]
        return reasons[-1] if reasons else None

    def forget(self, start_s: float) -> None:
        """Drop what ended at or before `start_s`: no later window reaches it."""
        self._spans = [span for span in self._spans if span.end_s > start_s]

    def _reaching(self, modality: Modality, reason: str, time_s: float) -> _Span | None:
        for span in self._spans:
            if (span.absence.modality, span.absence.reason) == (modality, reason) and span.end_s >= time_s:
                return span
        return None


def _holds(span: _Span, time_s: float) -> bool:
    return span.absence.start_s < time_s <= span.end_s
